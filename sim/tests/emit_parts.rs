//! Designs written in the language: their Verilog is clean under all tools.

use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_dsl::parts::fifo::{Fifo, FifoStyle};
use gatewright_dsl::prelude::*;
use gatewright_sim::lint::{expect_clean, lint};

#[path = "clocks/designs.rs"]
#[allow(dead_code)]
mod clocks;
#[path = "parts/mod.rs"]
#[allow(dead_code)]
mod parts;

/// Counts and wraps; shows the count under the register's own name, and a claim.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Counter {
    top: u64,
}

#[derive(Bundle)]
struct CounterIn {
    enable: Bool,
    clear: Bool,
    step: Int,
}

#[derive(Bundle)]
struct CounterOut {
    count: Int,
    total: Int,
}

impl Generator for Counter {
    type In = CounterIn;
    type Out = CounterOut;

    fn shape(&self) -> CounterInShape {
        CounterInShape { enable: BOOL, clear: BOOL, step: range(-3..=12) }
    }

    fn build(&self, m: &Module, i: CounterIn) -> CounterOut {
        let count = m.reg("count", range(0..=self.top)).reset(0);
        let total = m.reg("total", sint(12)).reset(0);
        m.when(i.clear, || count.set(lit(0)))
            .elsewhen(i.enable, || {
                count.set(count.q().next_wrapping(self.top + 1));
                total.set((total.q() + i.step * count.q()).claim(sint(12)));
            })
            .otherwise(|| total.set(total.q().wrap(sint(4))));
        CounterOut { count: count.q(), total: total.q() }
    }
}

fn check(design: Design) {
    let name = design.modules[design.top].name.clone();
    check_as(&name, design);
}

fn check_as(name: &str, design: Design) {
    let output = emit(&design, &EmitOptions::default());
    assert_eq!(output, emit(&design, &EmitOptions::default()));
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("part_{name}"));
    let _ = std::fs::remove_dir_all(&dir);
    output.write_to(&dir).expect("a writable folder");
    expect_clean(lint(&dir, &output.top));
}

#[test]
fn a_counter() {
    check(elaborate(&Counter { top: 9 }).expect("a correct generator"));
}

#[test]
fn fifos() {
    for style in [FifoStyle::Registers, FifoStyle::LutRam, FifoStyle::BlockRam] {
        let fifo = Fifo::new(range(-3..=12), 5).style(style);
        check(elaborate(&fifo).expect("a correct generator"));
        check(elaborate(&fifo.fall_through()).expect("a correct generator"));
    }
}

#[test]
fn parts_for_streams() {
    for case in parts::behaviour::cases() {
        check_as(&case.name, case.design);
    }
}

/// A port of the module's own name, and a register.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Sum;

#[derive(Bundle)]
struct SumOut {
    sum: Int,
}

impl Generator for Sum {
    type In = Int;
    type Out = SumOut;
    fn shape(&self) -> IntTy {
        sint(8)
    }
    fn build(&self, m: &Module, i: Int) -> SumOut {
        SumOut { sum: m.delay("last", i) + i }
    }
}

/// Instances of the names of their child's module, port, register and clock.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Names;

impl Generator for Names {
    type In = Int;
    type Out = Int;
    fn shape(&self) -> IntTy {
        sint(8)
    }
    fn build(&self, m: &Module, i: Int) -> Int {
        ["sum", "last", "out", "names"].iter().fold(i, |i, name| m.inst(name, &Sum, i.wrap(sint(8))).sum)
    }
}

#[test]
fn names_that_a_tool_confuses() {
    let sum = elaborate(&Sum).expect("a correct generator");
    assert_eq!(sum.modules[sum.top].name, "sum_top");
    check(sum);
    check(elaborate(&Names).expect("a correct generator"));
}

/// What Yosys makes of a large FIFO.
#[test]
fn fifos_are_where_their_style_says() {
    // Cells for two families of chips, by style: block RAM, LUT RAM.
    for (style, block, lut) in [(FifoStyle::BlockRam, true, false), (FifoStyle::LutRam, false, true)] {
        let fifo = Fifo::new(uint(17), 512).style(style);
        let output = emit(&elaborate(&fifo).expect("a correct generator"), &EmitOptions::default());
        let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("inferred_{style:?}"));
        let _ = std::fs::remove_dir_all(&dir);
        output.write_to(&dir).expect("a writable folder");
        for synthesis in ["synth_xilinx -family xcup", "synth_ecp5"] {
            let script = format!("read_verilog {top}.v; {synthesis} -top {top}; stat", top = output.top);
            let run = match std::process::Command::new("yosys").current_dir(&dir).args(["-p", &script]).output() {
                Ok(run) => run,
                Err(e) if std::env::var_os("CI").is_none() => return eprintln!("skipped: no yosys: {e}"),
                Err(e) => panic!("yosys: {e}"),
            };
            assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
            let said = String::from_utf8_lossy(&run.stdout).into_owned();
            // Behind the last heading are the cells of the result.
            let cells = said.rsplit("Number of cells").next().unwrap_or_default().to_owned();
            let has = |names: &[&str]| names.iter().any(|name| cells.contains(name));
            assert_eq!(has(&["RAMB18", "RAMB36", "DP16KD", "PDPW16KD"]), block, "{style:?}, {synthesis}: {cells}");
            assert_eq!(has(&["RAM32M", "RAM64M", "RAM128", "RAM256", "RAM512", "TRELLIS_DPR16X4"]), lut, "{cells}");
        }
    }
}

#[path = "small_parts/designs.rs"]
mod designs;

/// In one design, so that each tool runs once.
#[test]
fn small_parts() {
    let all = designs::all();
    let batch = gatewright_sim::Batch::new(all.iter().map(|(_, design)| design)).expect("designs that fit together");
    check(batch.design);
}

#[test]
fn parts_between_clocks() {
    for (name, design) in clocks::all() {
        check_as(&name.replace(' ', "_"), design);
    }
}
