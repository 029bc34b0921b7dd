//! Buses and register banks on the interpreter and Verilator in lock step: against plain Rust models, and with random inputs.
//! One build of Verilator for all.

use gatewright_verilator_tests::lockstep::{self, Body};

#[path = "../../sim/tests/buses/mod.rs"]
mod buses;

#[test]
fn right_and_equal_on_verilator() {
    let cases = buses::behaviour::cases();
    let cases: Vec<_> = cases.iter().map(|c| (c.name.as_str(), &c.design, &*c.body as Body<'_>)).collect();
    lockstep::right_and_equal(&cases);
}
