//! Pipelined regions: every path has the promised number of registers.

#![allow(missing_docs)]

#[path = "../src/diag/testing.rs"]
mod testing;

use std::collections::{BTreeMap, BTreeSet};

use gatewright_dsl::ids::NodeId;
use gatewright_dsl::ir::{CheckKind, Module as Ir, Op, Stmt, UnOp, order, visit};
use gatewright_dsl::prelude::*;
use testing::*;

/// How many registers lie on the paths from the inputs to each node. Loops of registers do not occur.
fn depths(m: &Ir, node: NodeId, known: &mut BTreeMap<NodeId, BTreeSet<usize>>) -> BTreeSet<usize> {
    if let Some(depths) = known.get(&node) {
        return depths.clone();
    }
    let mut from = Vec::new();
    let mut more = 0;
    let op = &m.nodes[node].op;
    match op {
        Op::Input(_) => return [0].into(),
        Op::Reg(reg) => {
            more = 1;
            m.regs[*reg]
                .next
                .iter()
                .for_each(|s| visit::for_each_in_block(std::slice::from_ref(s), &mut |n| from.push(n)));
        }
        Op::Wire(wire) => visit::for_each_in_block(&m.wires[*wire].driver, &mut |n| from.push(n)),
        Op::MemRead { mem, port, .. } => from.push(m.mems[*mem].reads[*port as usize].addr),
        op => m.for_each_operand(op, |n| from.push(n)),
    }
    let all: BTreeSet<usize> = from.into_iter().flat_map(|n| depths(m, n, known)).map(|depth| depth + more).collect();
    known.insert(node, all.clone());
    all
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Leaf;
impl Generator for Leaf {
    type In = (Int, Int);
    type Out = Int;
    fn shape(&self) -> (IntTy, IntTy) {
        (sint(12), sint(12))
    }
    fn build(&self, m: &Module, (a, b): (Int, Int)) -> Int {
        let larger = m.wire("larger", sint(12));
        m.when(a.lt(b), || larger.set(b)).otherwise(|| larger.set(a));
        let squares = m.rom("squares", uint(8), (0..16u32).map(|n| n * n));
        let index = larger.get().wrap(uint(4));
        larger.get() * a + squares.read(index)
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Region;
impl Generator for Region {
    type In = Vec<Int>;
    type Out = (Int, Bool, Int);
    fn shape(&self) -> Vec<IntTy> {
        vec![sint(12); 4]
    }
    fn build(&self, m: &Module, x: Vec<Int>) -> (Int, Bool, Int) {
        let one = m.inst("one", &Leaf, (x[0], x[1])).named("left");
        let two = m.inst("two", &Leaf, (x[2], x[3]));
        let total = (one + two).claim(sint(20));
        m.assert("small", total.lt(500_000), "the total is small");
        // A refined value in a late stage.
        let slow = (x[0] * x[1]).abs() + x[2];
        let bound = (slow * x[3]).lt(9).mux(x[1].ge(0).mux(x[1], 0), 5);
        // The fields of a word have one address, which comes late.
        let words = (0..16).map(|n| vec![Value::from(n), Value::from(n % 2)]).collect();
        let table = m.mem("table", (uint(8), BOOL), 16).contents_of(words).collision(Collision::Old);
        let (value, odd) = table.read((x[0] * x[1] + x[2]).wrap(uint(4)));
        // A claim that is there before the condition under which it counts.
        let claimed = m.wire("claimed", sint(12));
        claimed.set(0);
        m.when(slow.lt(9), || claimed.set(x[3].claim(range(-2000..=2000))));
        (total, x[3].lt(3), bound + odd.mux(value, claimed.get()))
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Top(u32);
thread_local! {
    static LATENCY: std::cell::Cell<u32> = const { std::cell::Cell::new(u32::MAX) };
}
impl Generator for Top {
    type In = Vec<Int>;
    type Out = (Int, Bool, Int);
    fn shape(&self) -> Vec<IntTy> {
        Region.shape()
    }
    fn build(&self, m: &Module, x: Vec<Int>) -> Self::Out {
        let (out, latency) = m.pipelined("region", &Region, x, &Target::lut6(f64::from(self.0)));
        LATENCY.set(latency);
        out
    }
}

fn top(mhz: u32) -> (Design, u32) {
    match elaborate(&Top(mhz)) {
        Ok(design) => (checked(design), LATENCY.get()),
        Err(errors) => panic!("{errors}"),
    }
}

#[test]
fn every_path_has_the_latency() {
    let latencies = [0, 50, 100, 200, 300].map(|mhz| (mhz, top(mhz).1));
    assert_eq!(latencies[0].1, 0);
    assert!(latencies.windows(2).all(|w| w[0].1 <= w[1].1) && latencies[4].1 > 2, "{latencies:?}");
    for (mhz, latency) in latencies {
        let (design, _) = top(mhz);
        assert_eq!(design.modules.len(), 1, "children are inlined");
        let m = &design.modules[design.top];
        let mut known = BTreeMap::new();
        for port in m.ports.values() {
            let found: BTreeSet<usize> = port.driver.map(|n| depths(m, n, &mut known)).unwrap_or_default();
            assert!(found.iter().all(|&n| n == latency as usize), "{} at {mhz} MHz: {found:?}", port.name);
        }
        // Registers carry values, not facts about them.
        for reg in m.regs.values() {
            assert!(reg.reset.is_none());
            if let [Stmt::Set { value, .. }] = &reg.next[..] {
                assert!(!matches!(m.nodes[*value].op, Op::Un(UnOp::Refine, _)), "{} carries a refinement", reg.name);
            }
        }
        // Checks compare values of one time, and wait until the first ones are there.
        let mut claims = 0;
        for check in m.checks.values() {
            match &check.kind {
                CheckKind::Claim { enable, claim } => {
                    claims += 1;
                    let time = depths(m, *claim, &mut known);
                    assert!(time.len() == 1 && (enable.is_some() || time.contains(&0)), "at {mhz} MHz: {time:?}");
                    let condition = enable.map(|e| depths(m, e, &mut known)).unwrap_or_default();
                    assert!(condition.is_subset(&time), "at {mhz} MHz: {condition:?} for {time:?}");
                }
                CheckKind::Assert(n) => {
                    let inside: BTreeSet<usize> = depths(m, *n, &mut known);
                    assert!(inside.len() <= 1, "{inside:?}");
                }
                _ => {}
            }
        }
        assert_eq!(claims, 2);
        assert!(m.names.values().any(|n| n == "region_left"), "{:?}", m.names);
        assert!(m.wires.values().any(|w| w.name == "region_one_larger"));
        // A register is named after the scope in which its value is made.
        let regs: Vec<&str> = m.regs.values().map(|r| r.name.as_str()).collect();
        assert!(mhz < 300 || regs.iter().any(|r| r.starts_with("region_two_pipe_s")), "at {mhz} MHz: {regs:?}");
        assert!(order::order(m, &Default::default()).is_ok());
    }
}

#[test]
fn regions_check_their_inputs() {
    let found = codes(vec![sint(13); 4], |m, x| m.pipelined("region", &Region, x, &Target::lut6(100.0)).0);
    assert_eq!(found, ["E0102"; 4]);
    let found = codes(vec![sint(12); 3], |m, x| m.pipelined("region", &Region, x, &Target::lut6(100.0)).0);
    assert_eq!(found, ["E0112"]);
    let child = codes(sint(13), |m, x| {
        let outer = one_off(sint(13), |m, x| m.inst("leaf", &Leaf, (x, x.wrap(sint(12)))));
        m.pipelined("region", &outer, x, &Target::lut6(100.0)).0
    });
    assert_eq!(child, ["E0102"]);
}
