//! Proofs with z3. The designs that are proved are written in the language: a part, sources that keep their contract, and
//! a watcher that asserts what the part promises. What is broken on purpose has to be found, and its trace has to lead
//! the interpreter to the same failure.

#![allow(missing_docs)]

mod arbiters;
mod broken;
mod fifos;
mod meaning;
mod order;
mod parts;
mod pipelined;
mod sums;

use gatewright_dsl::prelude::*;
use gatewright_sim::prove::{self, Checked, ProveError, Trace, Verdict};
use gatewright_sim::{Interpreter, SimError};

/// True where z3 is there; says so where it is not.
fn has_z3() -> bool {
    match prove::version() {
        Ok(_) => true,
        Err(e @ ProveError::NoZ3 { .. }) if std::env::var_os("CI").is_none() => {
            eprintln!("SKIPPED: {e}");
            false
        }
        Err(e) => panic!("{e}"),
    }
}

fn design<G: Generator>(generator: &G) -> Design {
    elaborate(generator).unwrap_or_else(|e| panic!("{e}"))
}

/// All checks of a harness are proved, and its cover points are reached.
#[track_caller]
fn proved<G: Generator>(what: &str, generator: &G, options: &prove::Options) {
    let checked = prove::asserts(&design(generator), options).unwrap_or_else(|e| panic!("{what}: {e}"));
    for check in &checked {
        assert!(check.is_proved(), "{what}: {check}");
    }
    assert!(checked.iter().any(|c| matches!(c.verdict, Verdict::Reached(_))), "{what}: nothing is reached");
    println!("{what}: {} proved or reached", checked.len());
}

/// The traces of the checks that fail; each leads the interpreter to the same outputs and the same failure.
#[track_caller]
fn failures(design: &Design, options: &prove::Options) -> Vec<Checked> {
    let checked = prove::asserts(design, options).unwrap_or_else(|e| panic!("{e}"));
    let failed: Vec<Checked> = checked.into_iter().filter(|c| c.failure().is_some()).collect();
    for check in &failed {
        let trace = check.failure().expect("a trace");
        let found = trace.replay(&mut Interpreter::new(design).expect("a simulation")).expect("a replay");
        assert_eq!(found.outputs, trace.outputs, "{check}");
        let last = trace.clocks() as u64 - 1;
        let same = found.failures.iter().any(|f| f.path == check.path && f.check == check.check && f.cycle == last);
        assert!(same, "{check}\nthe interpreter has {:?}", found.failures);
    }
    failed
}

/// The trace leads interpreters of the two designs to its outputs.
#[track_caller]
fn replays(trace: &Trace, first: &Design, second: &Design) -> Result<(), SimError> {
    let (one, other) = (trace.replay(&mut Interpreter::new(first)?)?, trace.replay(&mut Interpreter::new(second)?)?);
    assert_eq!(one.outputs, trace.outputs);
    assert_eq!(other.outputs, trace.others);
    Ok(())
}
