//! The fixed designs, on the interpreter and on the models that the build script linked in.

use gatewright_dsl::prelude::*;
use gatewright_sim::{Dut, DutExt, Interpreter, RandomStimulus, SimError, Verilated, compare};
use gatewright_verilator_tests::{fixed, models};

/// The model, or `None` where Verilator is missing and may be.
fn model(make: fn(&Design) -> Result<Verilated, SimError>, design: &Design) -> Option<Verilated> {
    match make(design) {
        Err(e @ SimError::NoVerilator { .. }) if std::env::var_os("CI").is_none() => {
            eprintln!("SKIPPED: {e}");
            None
        }
        other => Some(other.unwrap()),
    }
}

#[test]
fn linked_models_equal_the_interpreter() {
    let makes = [models::counter, models::wide_counter];
    for ((name, design), make) in fixed::all().into_iter().zip(makes) {
        let design = design.unwrap();
        let Some(mut verilated) = model(make, &design) else { return };
        let mut interpreter = Interpreter::new(&design).unwrap();
        if let Err(e) = compare(vec![&mut interpreter, &mut verilated], 1000, RandomStimulus::new(1)) {
            panic!("{name}: {e}");
        }
    }
}

#[test]
fn a_counter_counts() {
    let design = elaborate(&fixed::Counter { top: 9 }).unwrap();
    let Some(mut dut) = model(models::counter, &design) else { return };
    dut.set("enable", 1).unwrap();
    dut.step_n(13).unwrap();
    assert_eq!(dut.get("out").unwrap(), Value::from(3));
    // The model of another design is refused.
    let other = elaborate(&fixed::Counter { top: 8 }).unwrap();
    assert!(matches!(models::counter(&other), Err(SimError::Tool { .. })));
}
