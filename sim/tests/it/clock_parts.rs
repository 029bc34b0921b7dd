//! Parts between clocks on the interpreter.

#[path = "../clocks/mod.rs"]
mod clocks;

use gatewright_sim::Interpreter;

#[test]
fn nothing_is_lost_or_doubled_at_any_ratio() {
    for (name, design) in clocks::designs::all() {
        for seed in 0..4 {
            let done = clocks::behaviour::body(&name, &mut Interpreter::new(&design).unwrap(), seed);
            done.unwrap_or_else(|e| panic!("{name}: {e}"));
        }
    }
}
