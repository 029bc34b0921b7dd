//! Forks: every beat of a stream goes to each of several outputs.

use super::misuse::refuse;
use crate::hw::bits::{BOOL, Bool};
use crate::hw::bundle::{Bundle, Shape};
use crate::hw::context::Loc;
use crate::hw::int::reduce;
use crate::hw::module::{Generator, Module};
use crate::hw::stream::{Stream, StreamIn, StreamInShape, StreamTy, discard};

/// The outputs of a fork.
#[derive(Bundle)]
pub struct ForkOut<T: Bundle> {
    /// The same beats on each.
    pub outputs: Vec<Stream<T>>,
}

/// Each output takes the beat as soon as it can; a register for each remembers that it did. The input's beat moves in
/// the clock in which the last of them takes it.
///
/// Latency 0; throughput one beat a clock while all outputs are ready. `valid` goes combinationally from the input to the
/// outputs and `ready` from the outputs to the input; no `valid` waits for a `ready`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Fork<S: Shape> {
    /// The payload's shape.
    pub payload: S,
    /// Number of outputs, at least 1.
    pub outputs: usize,
}

/// All outputs take the beat in the same clock. No registers.
///
/// Latency 0; throughput one beat a clock while all outputs are ready. The `valid` of an output waits for the `ready` of the
/// others, which must not wait for it in turn: outputs that meet again in a join make a combinational loop
/// (E0207), for which [`Fork`] is the part. A consumer that is ready has to stay so until it takes a beat, as a FIFO or
/// a register slice does; where it does not, the other outputs withdraw a beat and the simulators report that.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LazyFork<S: Shape> {
    /// The payload's shape.
    pub payload: S,
    /// Number of outputs, at least 1.
    pub outputs: usize,
}

const NONE: &str = "a fork needs at least one output";
const WAY_OUT: &str = "give it at least one, or throw the beats away with .accept(true)";

impl<S: Shape> Generator for Fork<S>
where
    S::Value: Clone,
{
    type In = StreamIn<S::Value>;
    type Out = ForkOut<S::Value>;

    fn shape(&self) -> StreamInShape<S::Value> {
        StreamInShape { input: StreamTy(self.payload.clone()) }
    }

    fn build(&self, m: &Module, i: Self::In) -> Self::Out {
        let input = i.input;
        if self.outputs == 0 {
            refuse(Loc::caller(), NONE, WAY_OUT);
        }
        let (valid, last, payload) = (input.valid(), input.last(), input.payload());
        let done = m.reg("done", vec![BOOL; self.outputs]).reset(false);
        let has = done.q();
        let (mut outputs, mut takes) = (Vec::new(), Vec::new());
        for (n, &has) in has.iter().enumerate() {
            let (output, ready) = m.stream(&format!("output_{n}"), valid & !has, last, payload.clone());
            outputs.push(output);
            takes.push(has | ready);
        }
        let all = reduce(&takes, |a, b| a & b).unwrap_or_else(|| Bool::constant(true));
        let moves = input.accept(all).fire;
        done.set(takes.iter().map(|&take| valid & !moves & take).collect::<Vec<Bool>>());

        if let (Some(any), Some(every)) = (reduce(&has, |a, b| a | b), reduce(&has, |a, b| a & b)) {
            m.assert("input_stays", !any | valid, "the input withdrew a beat that some outputs have taken");
            m.assert("not_all_done", !every, "all outputs have taken a beat that did not move");
        }
        ForkOut { outputs }
    }
    fn name(&self) -> String {
        // `fork` is a word of Verilog.
        "fork_eager".to_string()
    }
}

impl<S: Shape> Generator for LazyFork<S>
where
    S::Value: Clone,
{
    type In = StreamIn<S::Value>;
    type Out = ForkOut<S::Value>;

    fn shape(&self) -> StreamInShape<S::Value> {
        StreamInShape { input: StreamTy(self.payload.clone()) }
    }

    fn build(&self, m: &Module, i: Self::In) -> Self::Out {
        let input = i.input;
        if self.outputs == 0 {
            refuse(Loc::caller(), NONE, WAY_OUT);
        }
        // Wires, as the valid of an output needs the ready of the others, which are not made yet.
        let readies = m.wire("readies", vec![BOOL; self.outputs]);
        let ready = readies.get();
        // before[n]: the outputs below n are ready; after[n]: those above.
        let mut before = vec![Bool::constant(true)];
        let mut after = before.clone();
        for n in 0..self.outputs {
            before.push(before[n] & ready[n]);
            after.push(after[n] & ready[self.outputs - 1 - n]);
        }
        let (mut outputs, mut given) = (Vec::new(), Vec::new());
        for n in 0..self.outputs {
            let others = before[n] & after[self.outputs - 1 - n];
            let valid = input.valid() & others;
            let (output, ready) = m.stream(&format!("output_{n}"), valid, input.last(), input.payload());
            outputs.push(output);
            given.push(ready);
        }
        readies.set(given);
        let _: Bool = input.accept(before[self.outputs]).fire;
        ForkOut { outputs }
    }
}

impl<T: Bundle + Clone> Stream<T> {
    /// Every beat to each of `outputs` streams, each as soon as it can take it. See [`Fork`].
    #[track_caller]
    pub fn fork(self, m: &Module, outputs: usize) -> Vec<Stream<T>> {
        if outputs == 0 {
            return self.no_outputs(Loc::caller());
        }
        let part = Fork { payload: self.payload().shape(), outputs };
        self.into_part(m, "fork_eager", &part).outputs
    }
    /// Every beat to each of `outputs` streams, to all at once. See [`LazyFork`].
    #[track_caller]
    pub fn fork_lazy(self, m: &Module, outputs: usize) -> Vec<Stream<T>> {
        if outputs == 0 {
            return self.no_outputs(Loc::caller());
        }
        let part = LazyFork { payload: self.payload().shape(), outputs };
        self.into_part(m, "fork_lazy", &part).outputs
    }

    fn no_outputs(self, loc: Loc) -> Vec<Stream<T>> {
        refuse(loc, NONE, WAY_OUT);
        discard(&self, loc);
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Fork;
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn to_nothing() {
        expect_error(
            StreamTy(uint(2)),
            |m, s| s.fork(m, 0), //~ fork
            "E0109: a fork needs at least one output
            at fork
            help: give it at least one, or throw the beats away with .accept(true)",
        );
        let errors = elaborate(&Fork { payload: uint(2), outputs: 0 }).unwrap_err();
        assert_eq!(errors.codes(), ["E0109"]);
    }

    #[test]
    fn lazy_outputs_that_meet_again() {
        assert_eq!(codes(StreamTy(uint(2)), |m, s| crate::parts::join::join(m, s.fork_lazy(m, 2))), ["E0207"]);
        assert!(codes(StreamTy(uint(2)), |m, s| crate::parts::join::join(m, s.fork(m, 2))).is_empty());
    }
}
