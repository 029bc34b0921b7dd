//! The standard parts for streams on the interpreter, and what they report.

use gatewright_dsl::parts::arbiter::{Arbiter, Grant, Policy};
use gatewright_dsl::parts::credit::Credits;
use gatewright_dsl::parts::fork::{Fork, LazyFork};
use gatewright_dsl::prelude::{Generator, elaborate, uint};
use gatewright_sim::*;

#[path = "../parts/mod.rs"]
mod parts;

#[test]
fn right_under_stalls() {
    for case in parts::behaviour::cases() {
        let done = (case.body)(&mut Interpreter::new(&case.design).unwrap());
        done.unwrap_or_else(|e| panic!("{}: {e}", case.name));
    }
}

fn device(part: &impl Generator) -> Interpreter {
    Interpreter::new(&elaborate(part).unwrap()).unwrap()
}

/// The only check that fails in the next clock.
fn failure(dut: &mut Interpreter) -> String {
    match dut.step() {
        Err(SimError::CheckFailed(failures)) if failures.len() == 1 => failures[0].check.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn credits_that_are_not_there() {
    let mut dut = device(&Credits { limit: 1 });
    dut.set("give", true).unwrap();
    assert_eq!(failure(&mut dut), "was_taken");
    dut.set("give", false).unwrap();
    dut.set("take", true).unwrap();
    dut.step().unwrap();
    assert_eq!(failure(&mut dut), "had_one");
    assert!(dut.get("count").unwrap().is_zero());
}

#[test]
fn a_beat_that_only_some_outputs_of_a_fork_have() {
    let mut dut = device(&Fork { payload: uint(4), outputs: 2 });
    dut.set("input_valid", true).unwrap();
    dut.set("outputs_0_ready", true).unwrap();
    dut.step().unwrap();
    assert_eq!(dut.get("outputs_0_valid").unwrap(), 0.into());
    dut.set("input_valid", false).unwrap();
    assert!(matches!(dut.step(), Err(SimError::CheckFailed(_))));
}

#[test]
fn a_waiting_beat_keeps_the_grant() {
    let part = Arbiter { payload: uint(4), inputs: 2, policy: Policy::Priority, grant: Grant::Beat };
    let mut dut = device(&part);
    let offers = |dut: &mut Interpreter, first: bool, ready: bool| {
        dut.set("inputs_0_valid", first).unwrap();
        dut.set("inputs_1_valid", true).unwrap();
        dut.set("output_ready", ready).unwrap();
        let source = dut.get("output_source").unwrap();
        dut.step().unwrap();
        source
    };
    assert_eq!(offers(&mut dut, false, false), 1.into());
    assert_eq!(offers(&mut dut, true, false), 1.into());
    assert_eq!(offers(&mut dut, true, true), 1.into());
    assert_eq!(offers(&mut dut, true, true), 0.into());
    // The input that offered and was not taken takes its beat back.
    assert_eq!(offers(&mut dut, true, false), 0.into());
    dut.set("inputs_0_valid", false).unwrap();
    assert!(matches!(dut.step(), Err(SimError::CheckFailed(_))));
}

/// A consumer of a lazy fork that is ready and then not makes another output withdraw its beat.
#[test]
fn a_lazy_fork_needs_consumers_that_stay_ready() {
    let mut dut = device(&LazyFork { payload: uint(4), outputs: 2 });
    let mut source = StreamSource::new(&dut, "input").unwrap();
    let mut first = StreamSink::new(&dut, "outputs_0", 1).unwrap().stall(Stall::Pattern(vec![true]), 0);
    let mut other = StreamSink::new(&dut, "outputs_1", 1).unwrap().stall(Stall::Pattern(vec![false, true]), 0);
    source.push_packet([5]).unwrap();
    let error = stream::run(&mut dut, &mut [&mut source, &mut first, &mut other], 10).unwrap_err();
    assert!(error.to_string().contains("outputs_0"), "{error}");
}
