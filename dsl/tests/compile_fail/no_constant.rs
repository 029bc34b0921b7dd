//! What stands beside a hardware value is one, or a constant of its kind.

use gatewright_dsl::prelude::*;

#[derive(Clone)]
struct Plain {
    a: Int,
}

fn add(a: Int, flag: Bool) -> Int {
    a + flag
}

fn register(m: &Module, x: Plain) -> Plain {
    m.delay("x", x)
}

fn main() {}
