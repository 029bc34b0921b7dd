//! `==` would compare wires.

use gatewright_dsl::prelude::*;

fn same(a: Int, b: Int) -> bool {
    a == b
}

fn main() {}
