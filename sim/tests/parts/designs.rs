//! Designs around the parts that are no generators by themselves.

use gatewright_dsl::parts::join::join;
use gatewright_dsl::parts::mux::{mux, mux_by};
use gatewright_dsl::prelude::*;

#[derive(Bundle)]
pub struct Inputs {
    inputs: Vec<Stream<Int>>,
}

fn inputs(ways: usize) -> InputsShape {
    InputsShape { inputs: vec![StreamTy(uint(12)); ways] }
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct JoinTop {
    pub ways: usize,
}

impl Generator for JoinTop {
    type In = Inputs;
    type Out = StreamOut<Vec<Int>>;
    fn shape(&self) -> InputsShape {
        inputs(self.ways)
    }
    fn build(&self, m: &Module, i: Inputs) -> Self::Out {
        StreamOut { output: join(m, i.inputs) }
    }
}

#[derive(Bundle)]
pub struct Pair {
    left: Stream<Int>,
    right: Stream<Int>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ZipTop;

impl Generator for ZipTop {
    type In = Pair;
    type Out = StreamOut<(Int, Int)>;
    fn shape(&self) -> PairShape {
        PairShape { left: StreamTy(uint(12)), right: StreamTy(uint(12)) }
    }
    fn build(&self, m: &Module, i: Pair) -> Self::Out {
        StreamOut { output: i.left.zip(m, i.right) }
    }
}

#[derive(Bundle)]
pub struct Outputs {
    outputs: Vec<Stream<Int>>,
}

/// A lazy fork to register slices, which stay ready until they take a beat.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LazyTop {
    pub outputs: usize,
}

impl Generator for LazyTop {
    type In = StreamIn<Int>;
    type Out = Outputs;
    fn shape(&self) -> StreamInShape<Int> {
        StreamInShape { input: StreamTy(uint(12)) }
    }
    fn build(&self, m: &Module, i: StreamIn<Int>) -> Outputs {
        let outputs = i.input.fork_lazy(m, self.outputs);
        Outputs { outputs: outputs.into_iter().map(|s| s.regslice(m)).collect() }
    }
}

/// A fork whose outputs meet again behind a FIFO of another depth each.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ForkJoinTop {
    pub ways: usize,
}

impl Generator for ForkJoinTop {
    type In = StreamIn<Int>;
    type Out = StreamOut<Vec<Int>>;
    fn shape(&self) -> StreamInShape<Int> {
        StreamInShape { input: StreamTy(uint(12)) }
    }
    fn build(&self, m: &Module, i: StreamIn<Int>) -> Self::Out {
        let ways = i.input.fork(m, self.ways).into_iter().enumerate();
        StreamOut { output: join(m, ways.map(|(n, s)| s.fifo(m, n as u64 + 2)).collect()) }
    }
}

/// One beat of each input in turn.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MuxTop {
    pub ways: usize,
}

impl Generator for MuxTop {
    type In = Inputs;
    type Out = StreamOut<Int>;
    fn shape(&self) -> InputsShape {
        inputs(self.ways)
    }
    fn build(&self, m: &Module, i: Inputs) -> Self::Out {
        let turn = m.reg("turn", range(0..=self.ways - 1)).reset(0);
        let output = mux(m, turn.q(), i.inputs);
        m.when(output.valid() & output.ready(), || turn.set(turn.q().next_wrapping(self.ways as u64)));
        StreamOut { output }
    }
}

#[derive(Bundle)]
pub struct Indexed {
    indices: Stream<Int>,
    inputs: Vec<Stream<Int>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MuxByTop {
    pub ways: usize,
}

impl Generator for MuxByTop {
    type In = Indexed;
    type Out = StreamOut<Int>;
    fn shape(&self) -> IndexedShape {
        IndexedShape { indices: StreamTy(range(0..=self.ways - 1)), inputs: inputs(self.ways).inputs }
    }
    fn build(&self, m: &Module, i: Indexed) -> Self::Out {
        // Nobody asks where a packet of indices ends.
        StreamOut { output: mux_by(m, i.indices, i.inputs) }
    }
}

#[derive(Clone, Bundle)]
pub struct Kept {
    word: Bits,
    keep: Vec<Bool>,
}

/// Bytes as words with a keep mask.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct WordTop {
    pub ratio: usize,
}

impl Generator for WordTop {
    type In = StreamIn<Bits>;
    type Out = StreamOut<Kept>;
    fn shape(&self) -> StreamInShape<Bits> {
        StreamInShape { input: StreamTy(word(8)) }
    }
    fn build(&self, m: &Module, i: StreamIn<Bits>) -> Self::Out {
        StreamOut { output: i.input.widen(m, self.ratio).map(|w| Kept { word: w.word(), keep: w.keep() }) }
    }
}

/// Beats over a line of registers that nothing can stop, to a FIFO with a place for each credit.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CreditLink {
    pub payload: IntTy,
    pub limit: u64,
    pub stages: u64,
}

impl Generator for CreditLink {
    type In = StreamIn<Int>;
    type Out = StreamOut<Int>;
    fn shape(&self) -> StreamInShape<Int> {
        StreamInShape { input: StreamTy(self.payload) }
    }
    fn build(&self, m: &Module, i: StreamIn<Int>) -> Self::Out {
        let give = m.wire("give", BOOL);
        let sent = i.input.credited(m, self.limit, give.get()).accept(true);
        let mut line = (sent.fire, (sent.last, sent.payload));
        for n in 0..self.stages {
            let there = m.reg(&format!("there_{n}"), BOOL).reset(false);
            there.set(line.0);
            line = (there.q(), m.delay(&format!("beat_{n}"), line.1));
        }
        let (arrived, room) = m.stream("arrived", line.0, line.1.0, line.1.1);
        m.assert("room", !line.0 | room, "a beat came for which there is no place");
        let output = arrived.fifo(m, self.limit);
        give.set(output.valid() & output.ready());
        StreamOut { output }
    }
}
