//! Parts between clocks on the interpreter.

#[path = "../clocks/mod.rs"]
mod clocks;

use clocks::behaviour::body;
use clocks::designs::{Kind, all};
use gatewright_sim::Interpreter;
use gatewright_sim::rng::Rng;

#[test]
fn nothing_is_lost_or_doubled_at_any_ratio() {
    for seed in 0..4 {
        let mut rng = Rng::new(seed);
        let random = (0..6).map(|_| Kind::random(&mut rng)).collect::<Vec<_>>();
        for kind in all().into_iter().chain(random) {
            let done = body(kind, &mut Interpreter::new(&kind.design()).unwrap(), seed);
            done.unwrap_or_else(|e| panic!("{kind:?}: {e}"));
        }
    }
}
