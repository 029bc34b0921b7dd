//! VCD and FST files, read back by another library, and compared with Verilator's own trace.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gatewright_dsl::ids::*;
use gatewright_dsl::ir::*;
use gatewright_dsl::ty::Ty;
use gatewright_sim::verilator::Options;
use gatewright_sim::*;

use crate::build::*;

fn temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("gatewright-wave-{}-{name}", std::process::id()))
}

/// A counter with an enable in a child, and a wide value.
fn counter() -> Design {
    let mut c = B::new("child");
    let en = c.input("en", Ty::BOOL);
    let (r, q) = c.reg("count", uint(3), Some(6));
    let one = c.int(1);
    let sum = c.add(q, one);
    c.name(sum, "sum");
    let wrapped = c.to(UnOp::Wrap, sum, uint(3));
    let set = c.set(wrapped);
    c.m.regs[r].next = vec![c.when(vec![(en, vec![set])], vec![])];
    let y = c.output("y", q);
    let mut t = B::new("top");
    let (en, wide) = (t.input("en", Ty::BOOL), t.input("wide", Ty::Bits(70)));
    let inst = t.inst("inner", ModuleId(0), &[(PortId(0), en)]);
    let out = t.out_of(inst, y, uint(3));
    t.output("y", out);
    let flipped = t.un(UnOp::Not, wide);
    t.output("flipped", flipped);
    design([c.m, t.m])
}

/// Every change: time, path, bits.
fn changes(path: &Path) -> BTreeMap<String, Vec<(u64, String)>> {
    let mut wave = wellen::simple::read(path).unwrap();
    let vars: Vec<(String, wellen::SignalRef)> = {
        let h = wave.hierarchy();
        h.all_vars().map(|v| (h[v].full_name(h), h[v].signal_ref())).collect()
    };
    let ids: Vec<wellen::SignalRef> = vars.iter().map(|v| v.1).collect();
    wave.load_signals(&ids);
    let times = wave.time_table().to_vec();
    let mut all = BTreeMap::new();
    for (name, id) in vars {
        let signal = wave.get_signal(id).unwrap();
        let list = signal.iter_changes().map(|(t, v)| (times[t as usize], v.to_bit_string().unwrap())).collect();
        all.insert(name, list);
    }
    all
}

fn drive(dut: &mut impl Dut) {
    for (cycle, (en, wide)) in [(0, 5u64), (1, 5), (1, 5), (0, 9)].into_iter().enumerate() {
        dut.set("en", en).unwrap();
        dut.set("wide", wide).unwrap();
        dut.reset(cycle == 3).unwrap();
        dut.step().unwrap();
    }
}

#[test]
fn files_are_read_back() {
    let mut both = Vec::new();
    for name in ["read.vcd", "read.fst"] {
        let path = temporary(name);
        let dut = Interpreter::new(&counter()).unwrap();
        let file = WaveFile::create(&dut, &path).unwrap();
        let mut dut = Traced::new(dut, file);
        drive(&mut dut);
        dut.into_parts().1.finish().unwrap();
        both.push(changes(&path));
        std::fs::remove_file(path).unwrap();
    }
    assert_eq!(both[0], both[1]);
    let text = |list: &[(u64, &str)]| list.iter().map(|&(t, v)| (t, v.to_string())).collect::<Vec<_>>();
    let seen = &both[0];
    assert_eq!(seen["top.en"], text(&[(0, "0"), (10, "1"), (30, "0")]));
    assert_eq!(seen["top.rst"], text(&[(0, "0"), (30, "1")]));
    assert_eq!(seen["top.inner.count"], text(&[(0, "110"), (15, "111"), (25, "000"), (35, "110")]));
    assert_eq!(seen["top.inner.sum"], text(&[(0, "0111"), (15, "1000"), (25, "0001"), (35, "0111")]));
    assert_eq!(seen["top.y"], seen["top.inner.count"]);
    assert_eq!(seen["top.clk"].len(), 8);
    assert_eq!(seen["top.clk"][..3], text(&[(0, "0"), (5, "1"), (10, "0")]));
    assert_eq!(seen["top.wide"][1], (30, format!("{:070b}", 9)));
}

#[test]
fn verilator_traces_the_same() {
    if !crate::verilator::available() {
        return;
    }
    let design = counter();
    let options = Options { trace: true, ..Options::default() };
    let mut verilated = Verilated::with(&design, &options).unwrap();
    let (theirs, ours) = (temporary("theirs.vcd"), temporary("ours.vcd"));
    verilated.trace_to(&theirs).unwrap();
    drive(&mut verilated);
    drop(verilated);
    let dut = Interpreter::new(&design).unwrap();
    let file = WaveFile::create(&dut, &ours).unwrap();
    let mut dut = Traced::new(dut, file);
    drive(&mut dut);
    dut.into_parts().1.finish().unwrap();
    let (theirs_seen, ours_seen) = (changes(&theirs), changes(&ours));
    let mut compared = 0;
    for (name, list) in &ours_seen {
        let path = name.replacen("top", "gw_top.gw_dut", 1);
        let found = [format!("TOP.{path}"), path].into_iter().find_map(|p| theirs_seen.get(&p));
        if let Some(found) = found {
            assert_eq!(list, found, "{name}");
            compared += 1;
        }
    }
    assert!(compared >= 8, "{compared} of {:?} in {:?}", ours_seen.keys(), theirs_seen.keys());
    std::fs::remove_file(theirs).unwrap();
    std::fs::remove_file(ours).unwrap();
}
