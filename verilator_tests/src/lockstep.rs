//! Designs on the interpreter and Verilator in lock step, in one build of Verilator for all.

use gatewright_dsl::ir::Design;
use gatewright_sim::{Batch, Dut, Interpreter, Lockstep, RandomStimulus, SimError, Verilated, compare};

/// What is tried with a design.
pub type Body<'a> = &'a dyn Fn(&mut dyn Dut) -> Result<(), SimError>;

/// Runs each design's body, from power-up and a reset on, and then random inputs, which break the contracts of streams, and
/// so some checks: the same ones in both engines. Without Verilator it says so, and fails in CI.
pub fn right_and_equal(cases: &[(&str, &Design, Body<'_>)]) {
    let batch = Batch::new(cases.iter().map(|case| case.1)).unwrap();
    let mut verilated = match Verilated::new(&batch.design) {
        Ok(made) => made,
        Err(e @ SimError::NoVerilator { .. }) if std::env::var_os("CI").is_none() => {
            return eprintln!("SKIPPED: {e}");
        }
        Err(e) => panic!("{e}"),
    };
    let mut interpreter = Interpreter::new(&batch.design).unwrap();
    for (n, (name, _, body)) in cases.iter().enumerate() {
        // From power-up, as far as this design goes: the others have only waited.
        for dut in [&mut interpreter as &mut dyn Dut, &mut verilated] {
            dut.reset(true).unwrap();
            dut.step().unwrap();
            dut.reset(false).unwrap();
        }
        let mut one = batch.view(&mut interpreter, n).unwrap();
        let mut other = batch.view(&mut verilated, n).unwrap();
        let done = body(&mut Lockstep::new(vec![&mut one, &mut other]).unwrap());
        done.unwrap_or_else(|e| panic!("{name}: {e}"));
        let done = compare(vec![&mut one, &mut other], 200, RandomStimulus::new(n as u64));
        done.unwrap_or_else(|e| panic!("{name}, random inputs: {e}"));
    }
}
