//! Buses and register banks on the interpreter and Verilator in lock step: against plain Rust models, and with random inputs.
//! One build of Verilator for all.

use gatewright_sim::{Batch, Dut, Interpreter, Lockstep, RandomStimulus, SimError, Verilated, compare};

#[path = "../../sim/tests/buses/mod.rs"]
mod buses;

#[test]
fn right_and_equal_on_verilator() {
    let cases = buses::behaviour::cases();
    let batch = Batch::new(cases.iter().map(|case| &case.design)).unwrap();
    let mut verilated = match Verilated::new(&batch.design) {
        Ok(made) => made,
        Err(e @ SimError::NoVerilator { .. }) if std::env::var_os("CI").is_none() => {
            return eprintln!("skipped: {e}");
        }
        Err(e) => panic!("{e}"),
    };
    let mut interpreter = Interpreter::new(&batch.design).unwrap();
    for (n, case) in cases.iter().enumerate() {
        // From power-up, as far as this design goes: the others have only waited.
        for dut in [&mut interpreter as &mut dyn Dut, &mut verilated] {
            dut.reset(true).unwrap();
            dut.step().unwrap();
            dut.reset(false).unwrap();
        }
        let mut one = batch.view(&mut interpreter, n).unwrap();
        let mut other = batch.view(&mut verilated, n).unwrap();
        let done = (case.body)(&mut Lockstep::new(vec![&mut one, &mut other]).unwrap());
        done.unwrap_or_else(|e| panic!("{}: {e}", case.name));
    }
    // Random inputs break the contracts of streams, and so some checks: the same ones in both engines.
    for (n, case) in cases.iter().enumerate() {
        let mut one = batch.view(&mut interpreter, n).unwrap();
        let mut other = batch.view(&mut verilated, n).unwrap();
        let done = compare(vec![&mut one, &mut other], 200, RandomStimulus::new(n as u64));
        done.unwrap_or_else(|e| panic!("{}, random inputs: {e}", case.name));
    }
}
