//! An instance takes the bundle of its generator.

use gatewright_dsl::prelude::*;

#[derive(Bundle)]
struct Pair {
    a: Int,
    b: Int,
}

#[derive(Bundle)]
struct Other {
    a: Int,
    b: Int,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Adder;

impl Generator for Adder {
    type In = Pair;
    type Out = Int;
    fn shape(&self) -> PairShape {
        PairShape { a: uint(8), b: uint(8) }
    }
    fn build(&self, _: &Module, i: Pair) -> Int {
        i.a + i.b
    }
}

fn instance(m: &Module, x: Int) -> Int {
    m.inst("adder", &Adder, Other { a: x, b: x })
}

fn main() {}
