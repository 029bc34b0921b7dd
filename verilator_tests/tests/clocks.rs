//! Parts between clocks on the interpreter and Verilator in lock step. One build of Verilator for all.

use gatewright_sim::{Batch, Interpreter, Lockstep, RandomStimulus, Schedule, SimError, Verilated, compare};

#[path = "../../sim/tests/clocks/mod.rs"]
mod clocks;

#[test]
fn right_and_equal_on_verilator() {
    let designs = clocks::designs::all();
    let batch = Batch::new(designs.iter().map(|(_, design)| design)).unwrap();
    let mut verilated = match Verilated::new(&batch.design) {
        Ok(made) => made,
        Err(e @ SimError::NoVerilator { .. }) if std::env::var_os("CI").is_none() => {
            return eprintln!("skipped: {e}");
        }
        Err(e) => panic!("{e}"),
    };
    let mut interpreter = Interpreter::new(&batch.design).unwrap();
    for seed in 0..2 {
        for (n, (name, _)) in designs.iter().enumerate() {
            let mut one = batch.view(&mut interpreter, n).unwrap();
            let mut other = batch.view(&mut verilated, n).unwrap();
            let mut both = Lockstep::new(vec![&mut one, &mut other]).unwrap();
            let done = clocks::behaviour::body(name, &mut both, seed);
            done.unwrap_or_else(|e| panic!("{name}: {e}"));
        }
    }
    // Random inputs and resets break promises, and so some checks: the same ones in both engines.
    for (n, (name, _)) in designs.iter().enumerate() {
        for (a, b) in [(3, 10), (7, 7), (10, 3)] {
            let mut one = batch.view(&mut interpreter, n).unwrap();
            let mut other = batch.view(&mut verilated, n).unwrap();
            let mut both = Lockstep::new(vec![&mut one, &mut other]).unwrap();
            let clocks = &gatewright_sim::Dut::interface(&both).clocks;
            let has = |clock: &str| clocks.iter().any(|c| c.clock == clock);
            let schedule = if has("from") { Schedule::new().clock("from", a, 0) } else { Schedule::new() };
            let schedule = if has("to") { schedule.clock("to", b, 2) } else { schedule };
            gatewright_sim::Dut::set_schedule(&mut both, &schedule).unwrap();
            let done = compare(vec![&mut one, &mut other], 300, RandomStimulus::new(n as u64));
            done.unwrap_or_else(|e| panic!("{name}, random inputs: {e}"));
        }
    }
}
