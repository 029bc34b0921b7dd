//! All inputs are given, in a shape and at an instance.

use gatewright_dsl::prelude::*;

#[derive(Bundle)]
struct Pair {
    a: Int,
    b: Int,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Adder;

impl Generator for Adder {
    type In = Pair;
    type Out = Int;
    fn shape(&self) -> PairShape {
        PairShape { a: uint(8) }
    }
    fn build(&self, _: &Module, i: Pair) -> Int {
        i.a + i.b
    }
}

fn instance(m: &Module, x: Int) -> Int {
    m.inst("adder", &Adder, Pair { b: x })
}

fn main() {}
