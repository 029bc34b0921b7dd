//! Buffers for streams: FIFO, register slice, delay line.

use crate::hw::bits::BOOL;
use crate::hw::bits::Bool;
use crate::hw::bundle::{Bundle, Shape};
use crate::hw::module::{Generator, Module};
use crate::hw::stream::{StreamIn, StreamInShape, StreamOut, StreamTy};
use crate::ir::Collision;
use crate::ty::range;

fn input<S: Shape>(payload: &S) -> StreamInShape<S::Value> {
    StreamInShape { input: StreamTy(payload.clone()) }
}

/// A first-in first-out buffer of `depth` beats, at least 1, in a memory that is read asynchronously (LUT RAM).
///
/// Latency 1 clock from an accepted beat to its offer; throughput one beat a clock for `depth` of 2 and more, one every
/// second clock for `depth` 1. `ready` and `valid` come from registers: neither waits for the other side.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Fifo<S: Shape> {
    /// The payload's shape.
    pub payload: S,
    /// Beats it can hold.
    pub depth: u64,
}

impl<S: Shape> Generator for Fifo<S>
where
    S::Value: Clone,
{
    type In = StreamIn<S::Value>;
    type Out = StreamOut<S::Value>;

    fn shape(&self) -> StreamInShape<S::Value> {
        input(&self.payload)
    }

    fn build(&self, m: &Module, i: Self::In) -> Self::Out {
        let depth = self.depth.max(1);
        let mem = m.mem("mem", (self.payload.clone(), BOOL), depth).collision(Collision::Old);
        let write_at = m.reg("write_at", range(0..=depth - 1)).reset(0);
        let read_at = m.reg("read_at", range(0..=depth - 1)).reset(0);
        let count = m.reg("count", range(0..=depth)).reset(0);

        let beat = i.input.accept(count.q().lt(depth));
        let (payload, last) = mem.read(read_at.q());
        let valid = count.q().gt(0);
        let (output, ready) = m.stream("output", valid, last, payload);
        let taken = valid & ready;

        m.when(beat.fire, || {
            mem.write(write_at.q(), (beat.payload.clone(), beat.last));
            write_at.set(write_at.q().next_wrapping(depth));
        });
        m.when(taken, || read_at.set(read_at.q().next_wrapping(depth)));
        // `fire` implies that there is room and `taken` that there is a beat, so the counter needs no claim.
        m.when(beat.fire & !taken, || count.set(count.q() + 1))
            .elsewhen(!beat.fire & taken, || count.set(count.q() - 1));
        StreamOut { output }
    }
}

/// A buffer of two beats with registers in both directions: no combinational path from input to output, neither for
/// `valid` and payload nor for `ready`. Latency 1 clock, throughput one beat a clock. Also called skid buffer.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RegSlice<S: Shape> {
    /// The payload's shape.
    pub payload: S,
}

impl<S: Shape> Generator for RegSlice<S>
where
    S::Value: Clone,
{
    type In = StreamIn<S::Value>;
    type Out = StreamOut<S::Value>;

    fn shape(&self) -> StreamInShape<S::Value> {
        input(&self.payload)
    }

    fn build(&self, m: &Module, i: Self::In) -> Self::Out {
        let word = (self.payload.clone(), BOOL);
        let out_valid = m.reg("out_valid", BOOL).reset(false);
        let out = m.reg("out", word.clone()).no_reset();
        let spare_valid = m.reg("spare_valid", BOOL).reset(false);
        let spare = m.reg("spare", word).no_reset();

        let beat = i.input.accept(!spare_valid.q());
        let (payload, last) = out.q();
        let (output, ready) = m.stream("output", out_valid.q(), last, payload);
        let word_in = (beat.payload.clone(), beat.last);

        m.when(ready | !out_valid.q(), || {
            m.when(spare_valid.q(), || {
                out.set(spare.q());
                out_valid.set(true);
                spare_valid.set(false);
            })
            .otherwise(|| {
                out.set(word_in.clone());
                out_valid.set(beat.fire);
            });
        })
        .elsewhen(beat.fire, || {
            spare.set(word_in.clone());
            spare_valid.set(true);
        });
        StreamOut { output }
    }
}

/// `stages` registers in a row that all move or all wait: latency `stages` clocks, throughput one beat a clock.
/// `ready` goes combinationally from output to input.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DelayLine<S: Shape> {
    /// The payload's shape.
    pub payload: S,
    /// Number of registers.
    pub stages: u64,
}

impl<S: Shape> Generator for DelayLine<S>
where
    S::Value: Clone,
{
    type In = StreamIn<S::Value>;
    type Out = StreamOut<S::Value>;

    fn shape(&self) -> StreamInShape<S::Value> {
        input(&self.payload)
    }

    fn build(&self, m: &Module, i: Self::In) -> Self::Out {
        let (mut valid, mut word) = (i.input.valid(), (i.input.payload(), i.input.last()));
        let moves = m.wire("moves", BOOL);
        for stage in 0..self.stages {
            let valid_reg = m.reg(&format!("valid_{stage}"), BOOL).reset(false);
            let word_reg = m.reg(&format!("word_{stage}"), word.shape()).no_reset();
            m.when(moves.get(), || {
                valid_reg.set(valid);
                word_reg.set(word.clone());
            });
            (valid, word) = (valid_reg.q(), word_reg.q());
        }
        let _: Bool = i.input.accept(moves.get()).fire;
        let (output, ready) = m.stream("output", valid, word.1, word.0);
        moves.set(if self.stages == 0 { ready } else { ready | !valid });
        StreamOut { output }
    }
}
