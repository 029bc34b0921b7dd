//! All outputs are driven.

use gatewright_dsl::prelude::*;

#[derive(Bundle)]
struct Both {
    sum: Int,
    product: Int,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Forgets;

impl Generator for Forgets {
    type In = (Int, Int);
    type Out = Both;
    fn shape(&self) -> (IntTy, IntTy) {
        (uint(8), uint(8))
    }
    fn build(&self, _: &Module, (a, b): (Int, Int)) -> Both {
        Both { sum: a + b }
    }
}

fn main() {}
