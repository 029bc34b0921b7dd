//! Designs written in the language: their Verilog is clean under all tools.

use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_dsl::parts::fifo::Fifo;
use gatewright_dsl::prelude::*;
use gatewright_sim::lint::{expect_clean, lint};

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
    let output = emit(&design, &EmitOptions::default());
    assert_eq!(output, emit(&design, &EmitOptions::default()));
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("part_{}", output.top));
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
    check(elaborate(&Fifo { payload: range(-3..=12), depth: 5 }).expect("a correct generator"));
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

#[path = "small_parts/designs.rs"]
mod designs;

/// In one design, so that each tool runs once.
#[test]
fn small_parts() {
    let all = designs::all();
    let batch = gatewright_sim::Batch::new(all.iter().map(|(_, design)| design)).expect("designs that fit together");
    check(batch.design);
}
