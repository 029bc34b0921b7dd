//! Buses and register banks on the interpreter.

use gatewright_sim::Interpreter;

#[path = "../buses/mod.rs"]
mod buses;

#[test]
fn right_under_stalls() {
    for case in buses::behaviour::cases() {
        let done = (case.body)(&mut Interpreter::new(&case.design).unwrap());
        done.unwrap_or_else(|e| panic!("{}: {e}", case.name));
    }
}
