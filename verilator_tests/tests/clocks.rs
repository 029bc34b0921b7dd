//! Parts between clocks on the interpreter and Verilator in lock step. One build of Verilator for all.

use gatewright_dsl::prelude::Design;
use gatewright_sim::rng::Rng;
use gatewright_sim::{Batch, Dut, Interpreter, Lockstep, RandomStimulus, Schedule, SimError, Verilated, compare};

#[path = "../../sim/tests/clocks/mod.rs"]
mod clocks;

use clocks::behaviour::body;
use clocks::designs::{Kind, all};

#[test]
fn right_and_equal_on_verilator() {
    let mut rng = Rng::new(1);
    let mut kinds = all();
    kinds.extend((0..4).map(|_| Kind::random(&mut rng)));
    let designs: Vec<Design> = kinds.iter().map(|kind| kind.design()).collect();
    let batch = Batch::new(&designs).unwrap();
    let mut verilated = match Verilated::new(&batch.design) {
        Ok(made) => made,
        Err(e @ SimError::NoVerilator { .. }) if std::env::var_os("CI").is_none() => {
            return eprintln!("SKIPPED: {e}");
        }
        Err(e) => panic!("{e}"),
    };
    let mut interpreter = Interpreter::new(&batch.design).unwrap();
    for (n, kind) in kinds.iter().enumerate() {
        for seed in 0..2 {
            let mut one = batch.view(&mut interpreter, n).unwrap();
            let mut other = batch.view(&mut verilated, n).unwrap();
            let done = body(*kind, &mut Lockstep::new(vec![&mut one, &mut other]).unwrap(), seed);
            done.unwrap_or_else(|e| panic!("{kind:?}: {e}"));
        }
        // Random inputs and resets break promises, and so some checks: the same ones in both engines.
        for (a, b) in [(3, 10), (7, 7), (10, 3)] {
            let mut one = batch.view(&mut interpreter, n).unwrap();
            let mut other = batch.view(&mut verilated, n).unwrap();
            let clocks = [("from", a, 0), ("to", b, 2)];
            let has = |name: &str| one.interface().clocks.iter().any(|c| c.clock == name);
            let schedule = clocks.into_iter().filter(|c| has(c.0));
            let schedule = schedule.fold(Schedule::new(), |s, (name, period, phase)| s.clock(name, period, phase));
            one.set_schedule(&schedule).unwrap();
            other.set_schedule(&schedule).unwrap();
            let done = compare(vec![&mut one, &mut other], 300, RandomStimulus::new(n as u64));
            done.unwrap_or_else(|e| panic!("{kind:?}, random inputs: {e}"));
        }
    }
}
