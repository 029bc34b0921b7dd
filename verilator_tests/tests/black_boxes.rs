//! Black boxes with models, and instances whose names give way: the engines agree on values and on failing checks.

use gatewright_dsl::prelude::*;
use gatewright_sim::{Interpreter, RandomStimulus, SimError, Verilated, compare};

/// A multiplier with a register without reset, whose model claims what does not always hold.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Multiplier;

impl ExternModule for Multiplier {
    type In = (Int, Int);
    type Out = Int;
    fn verilog_name(&self) -> String {
        "VENDOR_MULT".into()
    }
    fn shape(&self) -> (IntTy, IntTy) {
        (sint(8), sint(8))
    }
    fn out_shape(&self) -> IntTy {
        sint(16)
    }
    fn model(&self, m: &Module, (a, b): (Int, Int)) -> Option<Int> {
        m.assert("is_small", (a * b).lt(10_000), "the product is small");
        Some(m.delay("p", a * b))
    }
}

/// A count whose assertion fails, in an instance of its register's name.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Counter;

impl Generator for Counter {
    type In = Bool;
    type Out = Int;
    fn shape(&self) -> BoolTy {
        BOOL
    }
    fn build(&self, m: &Module, enable: Bool) -> Int {
        let count = m.reg("count", uint(3)).reset(0);
        m.when(enable, || count.set(count.q().next_wrapping(8)));
        m.assert("low", count.q().lt(6), "the count is low");
        count.q()
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Top;

impl Generator for Top {
    type In = (Int, Int, Bool);
    type Out = (Int, Int);
    fn shape(&self) -> <Self::In as Bundle>::Shape {
        (sint(8), sint(8), BOOL)
    }
    fn build(&self, m: &Module, (a, b, enable): Self::In) -> (Int, Int) {
        (m.extern_inst("multiplier", &Multiplier, (a, b)), m.inst("count", &Counter, enable))
    }
}

#[test]
fn models_and_renamed_instances_agree() {
    let design = elaborate(&Top).unwrap_or_else(|e| panic!("{e}"));
    let mut interpreter = Interpreter::new(&design).unwrap();
    let mut verilated = match Verilated::new(&design) {
        Err(e @ SimError::NoVerilator { .. }) if std::env::var_os("CI").is_none() => return eprintln!("SKIPPED: {e}"),
        other => other.unwrap(),
    };
    // Checks that fail have to fail in both, under one name.
    if let Err(e) = compare(vec![&mut interpreter, &mut verilated], 300, RandomStimulus::new(3)) {
        panic!("{e}");
    }
}
