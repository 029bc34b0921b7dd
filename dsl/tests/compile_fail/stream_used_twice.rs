//! A stream has one consumer.

use gatewright_dsl::prelude::*;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Twice;

impl Generator for Twice {
    type In = StreamIn<Int>;
    type Out = (Stream<Int>, Stream<Int>);
    fn shape(&self) -> StreamInShape<Int> {
        StreamInShape { input: StreamTy(uint(8)) }
    }
    fn build(&self, m: &Module, i: StreamIn<Int>) -> Self::Out {
        (i.input.fifo(m, 4), i.input.regslice(m))
    }
}

fn main() {}
