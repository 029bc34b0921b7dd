//! Generators are compared and hashed.

use gatewright_dsl::prelude::*;

#[derive(Clone)]
struct Unequal;

impl Generator for Unequal {
    type In = Int;
    type Out = Int;
    fn shape(&self) -> IntTy {
        uint(8)
    }
    fn build(&self, _: &Module, x: Int) -> Int {
        x
    }
}

fn main() {}
