//! State, resets, memories, hierarchy and checks on the interpreter, against values worked out by hand.

use gatewright_dsl::ids::*;
use gatewright_dsl::ir::*;
use gatewright_dsl::ty::Ty;
use gatewright_dsl::value::Value;
use gatewright_sim::{Dut, DutExt, Interpreter, OnFailure, SimError};

use crate::build::*;

fn sim(b: B) -> Interpreter {
    Interpreter::new(&b.done()).unwrap()
}

#[track_caller]
fn shows(dut: &mut impl Dut, port: &str, value: i64) {
    assert_eq!(dut.get(port).unwrap(), Value::from(value), "{port} at cycle {}", dut.cycle());
}

/// `when en { when clear { 0 } else { q + d } }`, output after the last assignment.
pub fn accumulator(kind: ResetKind, polarity: Polarity) -> B {
    let mut b = B::with_reset("acc", kind, polarity);
    let (en, clear, d) = (b.input("en", Ty::BOOL), b.input("clear", Ty::BOOL), b.input("d", sint(8)));
    let (r, q) = b.reg("sum", sint(16), Some(5));
    let sum = b.add(q, d);
    let wrapped = b.to(UnOp::Wrap, sum, sint(16));
    let zero = b.int(0);
    let (set_sum, set_zero) = (b.set(wrapped), b.set(zero));
    let inner = b.when(vec![(clear, vec![set_zero])], vec![]);
    let outer = b.when(vec![(en, vec![set_sum, inner])], vec![]);
    b.m.regs[r].next = vec![outer];
    b.output("q", q);
    b
}

#[test]
fn registers_hold_take_and_reset() {
    for polarity in [Polarity::High, Polarity::Low] {
        let mut s = sim(accumulator(ResetKind::Sync, polarity));
        shows(&mut s, "q", 5);
        s.set("d", -100).unwrap();
        s.step().unwrap();
        shows(&mut s, "q", 5);
        s.set("en", 1).unwrap();
        s.step_n(2).unwrap();
        shows(&mut s, "q", -195);
        s.set("clear", true).unwrap();
        s.step().unwrap();
        shows(&mut s, "q", 0);
        s.set("clear", false).unwrap();
        s.reset(true).unwrap();
        shows(&mut s, "q", 0);
        s.step().unwrap();
        shows(&mut s, "q", 5);
        s.step().unwrap();
        shows(&mut s, "q", 5);
        s.reset(false).unwrap();
        s.step().unwrap();
        shows(&mut s, "q", -95);
        assert_eq!(s.cycle(), 7);
    }
}

#[test]
fn asynchronous_reset_acts_at_once() {
    for polarity in [Polarity::High, Polarity::Low] {
        let mut s = sim(accumulator(ResetKind::Async, polarity));
        s.set("en", 1).unwrap();
        s.set("d", 7).unwrap();
        s.step().unwrap();
        shows(&mut s, "q", 12);
        s.reset(true).unwrap();
        shows(&mut s, "q", 5);
        s.step().unwrap();
        shows(&mut s, "q", 5);
        s.reset(false).unwrap();
        shows(&mut s, "q", 5);
        s.step().unwrap();
        shows(&mut s, "q", 12);
    }
}

#[test]
fn power_up_values() {
    let mut b = B::new("m");
    let d = b.input("d", int(-9, -2));
    let (mut outs, cases) =
        (vec![], [("a", sint(8), 0), ("b", int(3, 9), 3), ("c", int(-9, -2), -2), ("e", Ty::Bits(4), 0)]);
    for (name, ty, _) in &cases {
        let (_, q) = b.reg(&format!("{name}_r"), *ty, None);
        outs.push(b.output(name, q));
    }
    b.output("echo", d);
    let mut s = sim(b);
    for (name, _, v) in cases {
        shows(&mut s, name, v);
    }
    shows(&mut s, "echo", -2);
    assert!(matches!(s.pin("ech"), Err(SimError::NoPort { near, .. }) if near == ["echo"]));
}

#[test]
fn a_register_without_reset_keeps_running_under_reset() {
    let mut b = B::new("m");
    let d = b.input("d", uint(8));
    let q = b.delay("r", d, None);
    b.output("q", q);
    let mut s = sim(b);
    s.reset(true).unwrap();
    s.set("d", 9).unwrap();
    s.step().unwrap();
    shows(&mut s, "q", 9);
}

#[test]
fn shift_registers_move_one_place_per_edge() {
    let mut b = B::new("m");
    let d = b.input("d", Ty::Bits(100));
    let (q1, q2);
    q1 = b.delay("r1", d, Some(0));
    q2 = b.delay("r2", q1, Some(0));
    b.output("q1", q1);
    b.output("q2", q2);
    let mut s = sim(b);
    let big = Value::pow2(99);
    s.set("d", big.clone()).unwrap();
    s.step().unwrap();
    assert_eq!((s.get("q1").unwrap(), s.get("q2").unwrap()), (big.clone(), Value::ZERO));
    s.set("d", 1).unwrap();
    s.step().unwrap();
    assert_eq!((s.get("q1").unwrap(), s.get("q2").unwrap()), (Value::ONE, big));
}

#[test]
fn last_assignment_on_a_path_wins() {
    let mut b = B::new("m");
    let (c, e) = (b.input("c", Ty::BOOL), b.input("e", Ty::BOOL));
    let v: Vec<NodeId> = (0..6).map(|n| b.int(n)).collect();
    let sets: Vec<Stmt> = v.iter().map(|&n| b.set(n)).collect();
    let set = |n: usize| sets[n].clone();
    // 0; when c { 1; when e { 2 } } elsewhen e { 3; 4 }; when c & e { } otherwise { }
    let inner = b.when(vec![(e, vec![set(2)])], vec![]);
    let outer = b.when(vec![(c, vec![set(1), inner]), (e, vec![set(3), set(4)])], vec![]);
    let w = b.wire("w", int(0, 5), vec![set(0), outer]);
    b.output("y", w);
    let mut s = sim(b);
    for (c, e, y) in [(0, 0, 0), (1, 0, 1), (1, 1, 2), (0, 1, 4)] {
        s.set("c", c).unwrap();
        s.set("e", e).unwrap();
        shows(&mut s, "y", y);
    }
}

#[test]
fn switches_by_table_and_by_comparison() {
    // Close values (a table), far values (comparisons), and a subject wider than a machine word.
    let cases: [(Ty, Vec<Vec<i64>>); 3] = [
        (int(-4, 11), vec![vec![-3, 2], vec![0], vec![5]]),
        (sint(40), vec![vec![-3, 1 << 30], vec![0], vec![5]]),
        (Ty::Bits(90), vec![vec![3, 1 << 30], vec![0], vec![5]]),
    ];
    for (ty, lists) in cases {
        let mut b = B::new("m");
        let x = b.input("x", ty);
        let mut arms = Vec::new();
        for (n, list) in lists.iter().enumerate() {
            let v = b.int(10 + n as i64);
            arms.push((list.clone(), vec![b.set(v)]));
        }
        let default = b.int(99);
        let default = vec![b.set(default)];
        let switch = b.switch(x, arms, default);
        let w = b.wire("w", uint(7), vec![switch]);
        b.output("y", w);
        let mut s = sim(b);
        for x in [-4i64, -3, -1, 0, 1, 2, 3, 5, 6, 11, 1 << 30] {
            if s.set("x", x).is_err() {
                assert!(!ty.contains(&Value::from(x)));
                continue;
            }
            let y = lists.iter().position(|l| l.contains(&x)).map_or(99, |n| 10 + n as i64);
            shows(&mut s, "y", y);
        }
    }
}

#[test]
fn deep_decision_trees_do_not_overflow_the_stack() {
    let mut b = B::new("m");
    let c = b.input("c", Ty::BOOL);
    let (zero, one) = (b.int(0), b.int(1));
    let (first, last) = (b.set(zero), b.set(one));
    let mut block = vec![last];
    for _ in 0..20_000 {
        block = vec![b.when(vec![(c, block)], vec![])];
    }
    block.insert(0, first);
    let mut at = b.wire("w", uint(1), block);
    for _ in 0..200_000 {
        at = b.to(UnOp::Wrap, at, uint(1));
    }
    b.output("y", at);
    let mut design = b.done();
    let mut s = Interpreter::new(&design).unwrap();
    s.set("c", 1).unwrap();
    shows(&mut s, "y", 1);
    // Dropping nested blocks is recursive in Rust; take them apart.
    let top = design.top;
    let w = design.modules[top].wires.ids().next().unwrap();
    let mut rest = std::mem::take(&mut design.modules[top].wires[w].driver);
    while let Some(stmt) = rest.pop() {
        if let Stmt::When { arms, .. } = stmt {
            rest.extend(arms.into_iter().flat_map(|a| a.1));
        }
    }
}

pub fn memory(collision: Collision, sync: bool) -> B {
    let mut b = B::new("m");
    let (ra, wa) = (b.input("ra", uint(2)), b.input("wa", uint(2)));
    let (re, we) = (b.input("re", Ty::BOOL), b.input("we", Ty::BOOL));
    let (d0, d1) = (b.input("d0", uint(8)), b.input("d1", sint(70)));
    let (m0, m1) = (b.input("m0", Ty::BOOL), b.input("m1", Ty::BOOL));
    let mem = b.mem("ram", &[uint(8), sint(70)], 4, collision);
    b.m.mems[mem].init = (0..4).map(|n| vec![Value::from(10 + n), Value::from(-n)]).collect();
    let data = b.read(mem, ra, sync, sync.then_some(re));
    b.write(mem, wa, &[d0, d1], we, &[m0, m1]);
    if collision == Collision::Undefined {
        b.check("clash", CheckKind::NoCollision(mem));
    }
    b.output("q0", data[0]);
    b.output("q1", data[1]);
    b
}

fn put(s: &mut impl Dut, values: &[(&str, i64)]) {
    for &(name, v) in values {
        s.set(name, v).unwrap();
    }
}

#[test]
fn synchronous_memories_keep_their_contract() {
    for (collision, during) in [(Collision::Old, 12), (Collision::New, 77), (Collision::Undefined, 12)] {
        let mut s = sim(memory(collision, true));
        s.on_failure(OnFailure::Collect);
        shows(&mut s, "q0", 0);
        put(&mut s, &[("ra", 2), ("re", 1)]);
        s.step().unwrap();
        shows(&mut s, "q0", 12);
        shows(&mut s, "q1", -2);
        // Written and read at one edge; only field 0 is written.
        put(&mut s, &[("wa", 2), ("we", 1), ("d0", 77), ("d1", -5), ("m0", 1)]);
        s.step().unwrap();
        shows(&mut s, "q0", during);
        shows(&mut s, "q1", -2);
        let failures = s.take_failures();
        assert_eq!(failures.len(), usize::from(collision == Collision::Undefined));
        if let Some(f) = failures.first() {
            assert_eq!((f.check.as_str(), f.cycle, f.path.as_str()), ("clash", 1, "m"));
            assert_eq!(f.values, [("address".to_string(), Value::from(2))]);
        }
        // Not enabled: the data is held although the word changes.
        put(&mut s, &[("re", 0), ("m1", 1), ("d0", 78)]);
        s.step().unwrap();
        shows(&mut s, "q0", during);
        shows(&mut s, "q1", -2);
        put(&mut s, &[("re", 1), ("we", 0)]);
        s.step().unwrap();
        shows(&mut s, "q0", 78);
        shows(&mut s, "q1", -5);
        assert!(s.take_failures().is_empty());
    }
}

#[test]
fn asynchronous_reads_follow_address_and_contents() {
    let mut s = sim(memory(Collision::Old, false));
    shows(&mut s, "q0", 10);
    put(&mut s, &[("ra", 3), ("wa", 3), ("we", 1), ("d0", 200), ("m0", 1)]);
    shows(&mut s, "q0", 13);
    s.step().unwrap();
    shows(&mut s, "q0", 200);
    shows(&mut s, "q1", -3);
}

#[test]
fn the_later_write_port_wins_and_addresses_beyond_the_end_write_nothing() {
    let mut b = B::new("m");
    let (a, d) = (b.input("a", uint(2)), b.input("d", uint(8)));
    let one = b.word(1, 1);
    let seven = b.int(7);
    let below = b.int(3);
    let mem = b.mem("ram", &[uint(8)], 3, Collision::Old);
    let in_depth = b.bin(BinOp::Lt, a, below);
    let zero = b.int(0);
    let safe = b.to(UnOp::Refine, a, uint(2));
    let index = b.mux(in_depth, safe, zero);
    let index = b.to(UnOp::Refine, index, int(0, 2));
    let q = b.read(mem, index, false, None)[0];
    b.write(mem, a, &[d], one, &[]);
    b.write(mem, index, &[seven], in_depth, &[]);
    b.output("q", q);
    let mut s = sim(b);
    put(&mut s, &[("a", 1), ("d", 50)]);
    s.step().unwrap();
    shows(&mut s, "q", 7);
    put(&mut s, &[("a", 3)]);
    s.step().unwrap();
    shows(&mut s, "q", 0);
}

/// A child that adds 1 through a register, twice, with a black box whose model is the child.
#[test]
fn hierarchy_models_and_probes() {
    let mut c = B::new("child");
    let x = c.input("x", uint(8));
    let one = c.int(1);
    let sum = c.add(x, one);
    c.name(sum, "sum");
    let q = c.delay("r", sum, Some(0));
    let y = c.output("y", q);
    let mut e = B::new("box");
    e.m.kind = ModuleKind::Extern { params: vec![], model: Some(ModuleId(0)), clocked: true, paths: Some(vec![]) };
    let x9 = e.input("x", uint(8));
    e.port("y", Dir::Output, uint(9), Format::Plain, None);
    let _ = x9;
    let mut t = B::new("top");
    let d = t.input("d", uint(8));
    let a = t.inst("first", ModuleId(0), &[(PortId(0), d)]);
    let mid = t.out_of(a, y, Ty::Int(gatewright_dsl::ty::range(1..=256)));
    let cut = t.to(UnOp::Wrap, mid, uint(8));
    let b2 = t.inst("second", ModuleId(1), &[(PortId(0), cut)]);
    let out = t.out_of(b2, PortId(1), uint(9));
    t.output("y", out);
    let d = design([c.m.clone(), e.m.clone(), t.m.clone()]);
    let mut s = Interpreter::new(&d).unwrap();
    s.set("d", 41).unwrap();
    assert_eq!(s.probe("first.sum").unwrap(), Value::from(42));
    s.step_n(2).unwrap();
    shows(&mut s, "y", 43);
    assert_eq!(s.probe("second.r").unwrap(), Value::from(43));
    assert_eq!(s.probe("second.x").unwrap(), Value::from(42));
    assert!(matches!(s.probe("second.sun"), Err(SimError::NoSignal { near, .. }) if near == ["sum"]));

    e.m.kind = ModuleKind::Extern { params: vec![], model: None, clocked: true, paths: None };
    let d = design([c.m, e.m, t.m]);
    match Interpreter::new(&d) {
        Err(SimError::NoModel { path, module }) => assert_eq!((&*path, &*module), ("top.second", "box")),
        other => panic!("{:?}", other.err()),
    }
}

#[test]
fn loops_are_named() {
    let mut b = B::new("m");
    let d = b.input("d", uint(4));
    let w = b.m.wires.next_id();
    let at = b.node(Op::Wire(w), uint(4));
    let sum = b.add(at, d);
    let cut = b.to(UnOp::Wrap, sum, uint(4));
    b.name(cut, "back");
    let set = b.set(cut);
    b.wire("w", uint(4), vec![set]);
    b.output("y", at);
    match Interpreter::new(&b.done()) {
        Err(SimError::CombinationalLoop(names)) => {
            assert!(names.contains(&"m.back".to_string()), "{names:?}");
            assert_eq!(names.first(), names.last());
        }
        other => panic!("{:?}", other.err()),
    }
    // A loop of nothing but names.
    let mut b = B::new("m");
    let w = b.m.wires.next_id();
    let at = b.node(Op::Wire(w), uint(4));
    let set = b.set(at);
    b.wire("w", uint(4), vec![set]);
    b.output("y", at);
    assert!(matches!(Interpreter::new(&b.done()), Err(SimError::CombinationalLoop(n)) if n.contains(&"m.w".into())));
}

#[test]
fn ports_refuse_what_does_not_fit() {
    let mut b = B::new("m");
    let d = b.input("d", int(-3, 12));
    let k = b.input("k", int(5, 5));
    b.output("y", d);
    b.output("z", k);
    let mut s = sim(b);
    assert_eq!(s.set("d", 13).unwrap_err().to_string(), "value 13 does not fit port `d`, which is sint<5> [-3..=12]");
    assert!(matches!(s.set("y", 0), Err(SimError::NotInput { .. })));
    s.set("k", 5).unwrap();
    assert!(matches!(s.set("k", 4), Err(SimError::OutOfRange { .. })));
    shows(&mut s, "z", 5);
    shows(&mut s, "k", 5);
    s.set("d", -3).unwrap();
    shows(&mut s, "y", -3);
    assert!(matches!(s.peek(gatewright_sim::Pin(9)), Err(SimError::BadPin { count: 4, .. })));
}

#[test]
fn checks_are_reported_outside_of_reset() {
    let mut b = B::new("m");
    let (x, en) = (b.input("x", uint(8)), b.input("en", Ty::BOOL));
    let limit = b.int(100);
    let small = b.bin(BinOp::Lt, x, limit);
    b.check("small", CheckKind::Assert(small));
    b.check("seen", CheckKind::Cover(en));
    let claim = b.claim("four", x, int(0, 9), Some(en));
    b.output("y", claim);
    let mut s = sim(b);
    s.set("x", 200).unwrap();
    s.reset(true).unwrap();
    s.step().unwrap();
    s.reset(false).unwrap();
    match s.step() {
        Err(SimError::CheckFailed(f)) => {
            assert_eq!(f.len(), 1);
            assert_eq!(f[0].to_string(), "check `m.small` failed at cycle 1: small must hold\n  --> test.rs:7:3");
        }
        other => panic!("{other:?}"),
    }
    s.on_failure(OnFailure::Collect);
    s.set("en", 1).unwrap();
    s.set("x", 10).unwrap();
    // A failed claim is cut to the width: 10 stays in four bits.
    shows(&mut s, "y", 10);
    s.step_n(3).unwrap();
    let failures = s.take_failures();
    assert_eq!(
        failures.iter().map(|f| (f.check.as_str(), f.cycle)).collect::<Vec<_>>(),
        [("four", 2), ("four", 3), ("four", 4)]
    );
    assert_eq!(failures[0].values, [("value".to_string(), Value::from(10))]);
    s.set("x", 0x5c).unwrap();
    shows(&mut s, "y", 0xc);
    assert_eq!(s.covers().iter().map(|c| (c.check.as_str(), c.count)).collect::<Vec<_>>(), [("seen", 3)]);
}

#[test]
fn stream_contracts_are_checked() {
    let mut b = B::new("m");
    let (valid, ready) = (b.input("valid", Ty::BOOL), b.input("ready", Ty::BOOL));
    let data = b.input("data", uint(8));
    b.check("stable", CheckKind::Stable { valid, ready, payload: vec![data] });
    let mut s = sim(b);
    s.on_failure(OnFailure::Collect);
    let beats: &[(i64, i64, i64, bool)] = &[
        (0, 0, 3, true),
        (1, 0, 4, true),
        (1, 0, 4, true),
        (1, 1, 5, false), // the payload changed while waiting
        (1, 0, 6, true),  // taken before, so a new beat
        (0, 0, 6, false), // withdrawn
        (1, 0, 7, true),
    ];
    for &(v, r, d, fine) in beats {
        put(&mut s, &[("valid", v), ("ready", r), ("data", d)]);
        s.step().unwrap();
        assert_eq!(s.take_failures().is_empty(), fine, "valid {v} ready {r} data {d}");
    }
    // Reset takes the obligation away.
    s.reset(true).unwrap();
    put(&mut s, &[("valid", 0)]);
    s.step().unwrap();
    s.reset(false).unwrap();
    s.step().unwrap();
    assert!(s.take_failures().is_empty());
}
