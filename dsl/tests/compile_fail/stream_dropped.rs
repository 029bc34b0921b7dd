//! What comes out of a step of a chain has to be used.

#![deny(unused_must_use)]

use gatewright_dsl::prelude::*;

fn drop_it(m: &Module, s: Stream<Int>) {
    s.fifo(m, 4);
}

fn main() {}
