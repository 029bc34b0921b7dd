//! The standard parts on the interpreter and Verilator in lock step: against plain Rust models, and with
//! random inputs. One build of Verilator for those between streams, and one for the others.

use gatewright_sim::rng::Rng;
use gatewright_verilator_tests::lockstep::{self, Body};

#[path = "../../sim/tests/parts/mod.rs"]
mod parts;

use parts::behaviour::Case;

fn right_and_equal(cases: &[Case]) {
    let cases: Vec<_> = cases.iter().map(|c| (c.name.as_str(), &c.design, &*c.body as Body<'_>)).collect();
    lockstep::right_and_equal(&cases);
}

#[test]
fn streams_right_and_equal_on_verilator() {
    right_and_equal(&parts::behaviour::cases());
}

/// State machines, memories and lines; and all parts with parameters drawn at random, by `GATEWRIGHT_RANDOM_SEED` others.
#[test]
fn others_right_and_equal_on_verilator() {
    let seed = parts::seed();
    println!("parameters of GATEWRIGHT_RANDOM_SEED={seed}");
    let mut rng = Rng::new(seed);
    let mut cases = parts::behaviour::other_cases();
    cases.extend((0..20).map(|_| parts::behaviour::random_case(&mut rng)));
    right_and_equal(&cases);
}
