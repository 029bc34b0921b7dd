//! The standard parts for streams on the interpreter, and what they report.

use gatewright_dsl::ids::{Id, PortId};
use gatewright_dsl::ir::{Dir, order};
use gatewright_dsl::parts::arbiter::{Arbiter, Grant, Policy};
use gatewright_dsl::parts::credit::Credits;
use gatewright_dsl::parts::fifo::{DelayLine, Fifo, RegSlice};
use gatewright_dsl::parts::fork::{Fork, LazyFork};
use gatewright_dsl::parts::width::{Narrow, Widen};
use gatewright_dsl::prelude::{Generator, elaborate, uint};
use gatewright_sim::rng::Rng;
use gatewright_sim::*;

#[path = "../parts/mod.rs"]
mod parts;

#[test]
fn right_under_stalls() {
    for case in parts::behaviour::cases().into_iter().chain(parts::behaviour::other_cases()) {
        let done = (case.body)(&mut Interpreter::new(&case.design).unwrap());
        done.unwrap_or_else(|e| panic!("{}: {e}", case.name));
    }
}

/// Parameters drawn at random; `GATEWRIGHT_RANDOM_SEED` draws others.
#[test]
fn right_with_random_parameters() {
    let mut rng = Rng::new(parts::seed());
    for n in 0..60 {
        let case = parts::behaviour::random_case(&mut rng);
        let done = (case.body)(&mut Interpreter::new(&case.design).unwrap());
        done.unwrap_or_else(|e| panic!("case {n} of seed {}, {}: {e}", parts::seed(), case.name));
    }
}

/// The combinational paths of a part as the book's catalogue names them: `valid` stands for payload and `last` too.
fn paths(part: &impl Generator) -> String {
    let design = elaborate(part).unwrap();
    let top = &design.modules[design.top];
    let side = |port: PortId| match top.streams.iter().any(|s| s.ready == port) {
        true => "ready",
        false => "valid",
    };
    let depends = &order::summaries(&design).unwrap()[design.top].depends;
    let outputs = top.ports.iter().filter(|(_, port)| port.dir == Dir::Output);
    let mut found: Vec<String> = outputs
        .flat_map(|(to, _)| depends[to.index()].iter().map(move |&from| (side(from), side(to))))
        .map(|(from, to)| if from == to { from.to_string() } else { format!("{from} to {to}") })
        .collect();
    found.sort();
    found.dedup();
    found.join(", ")
}

#[test]
fn combinational_paths_are_those_of_the_catalogue() {
    use parts::designs::*;
    let (part, payload, outputs) = (uint(4), uint(4), 3);
    assert_eq!(paths(&Fifo::new(payload, 2)), "");
    assert_eq!(paths(&RegSlice { payload }), "");
    assert_eq!(paths(&DelayLine { payload, stages: 2 }), "ready");
    assert_eq!(paths(&JoinTop { ways: 3 }), "ready, valid, valid to ready");
    assert_eq!(paths(&ZipTop), "ready, valid, valid to ready");
    assert_eq!(paths(&Fork { payload, outputs }), "ready, valid");
    assert_eq!(paths(&LazyFork { payload, outputs }), "ready, ready to valid, valid");
    for (policy, grant) in [(Policy::Priority, Grant::Packet), (Policy::RoundRobin, Grant::Beat)] {
        assert_eq!(paths(&Arbiter { payload, inputs: 3, policy, grant }), "ready, valid, valid to ready");
    }
    assert_eq!(paths(&MuxTop { ways: 3 }), "ready, valid");
    assert_eq!(paths(&MuxByTop { ways: 3 }), "ready, valid, valid to ready");
    assert_eq!(paths(&Widen { part, ratio: 3 }), "ready");
    assert_eq!(paths(&Narrow { part, ratio: 3 }), "ready, valid, valid to ready");
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
