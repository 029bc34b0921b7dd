//! Buffers for streams: FIFO, register slice, delay line.

use crate::hw::bits::BOOL;
use crate::hw::bits::Bool;
use crate::hw::bundle::{Bundle, Shape};
use crate::hw::int::Int;
use crate::hw::mem::Mem;
use crate::hw::module::{Generator, Module};
use crate::hw::reg::Reg;
use crate::hw::stream::{StreamIn, StreamInShape, StreamOut, StreamTy};
use crate::ir::Collision;
use crate::ty::range;

fn input<S: Shape>(payload: &S) -> StreamInShape<S::Value> {
    StreamInShape { input: StreamTy(payload.clone()) }
}

/// Where a FIFO keeps its beats.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum FifoStyle {
    /// In registers that shift: no multiplexer behind them; for a few beats.
    Registers,
    /// In a memory that is read without a clock, which tools put into LUT RAM.
    #[default]
    LutRam,
    /// In a memory that is read at the clock edge, which tools put into block RAM where it is large enough. A word that was
    /// read waits at the output, so that there is room for one beat more than `depth`.
    BlockRam,
}

/// A first-in first-out buffer of `depth` beats, at least 1.
///
/// Latency from an accepted beat to its offer is 1 clock, and 2 with block RAM; with fall-through 0 where the buffer is empty.
/// Throughput is one beat a clock for `depth` of 2 and more, and one every second clock for `depth` 1. `ready` comes from
/// registers, and so does `valid` without fall-through: neither waits for the other side. With fall-through `valid`, `last`
/// and payload go combinationally from input to output while the buffer is empty.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Fifo<S: Shape> {
    /// The payload's shape.
    pub payload: S,
    /// Beats it can hold.
    pub depth: u64,
    /// Where they are.
    pub style: FifoStyle,
    /// Whether a beat passes an empty buffer at once.
    pub fall_through: bool,
}

impl<S: Shape> Fifo<S> {
    /// In LUT RAM, without fall-through.
    pub fn new(payload: S, depth: u64) -> Self {
        Fifo { payload, depth, style: FifoStyle::default(), fall_through: false }
    }

    /// Keeps the beats there.
    pub fn style(mut self, style: FifoStyle) -> Self {
        self.style = style;
        self
    }

    /// Lets beats pass while it is empty.
    pub fn fall_through(mut self) -> Self {
        self.fall_through = true;
        self
    }
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
        let block = self.style == FifoStyle::BlockRam;
        let shape = (self.payload.clone(), BOOL);
        // Where a word leaves the block RAM for the output; there it is held.
        let fetch = block.then(|| (m.wire("fetch", BOOL), m.reg("held", BOOL).reset(false)));
        let (store, mut oldest) = match self.style {
            FifoStyle::Registers => {
                let place = |n| m.reg(&format!("word_{n}"), shape.clone()).no_reset();
                let places: Vec<_> = (0..depth).map(place).collect();
                let oldest = places[0].q();
                (Store::Registers(places), oldest)
            }
            FifoStyle::LutRam | FifoStyle::BlockRam => {
                let mem = m.mem("mem", shape.clone(), depth).collision(Collision::Old);
                let write_at = m.reg("write_at", range(0..=depth - 1)).reset(0);
                let read_at = m.reg("read_at", range(0..=depth - 1)).reset(0);
                let oldest = match &fetch {
                    Some((fetch, _)) => mem.read_sync_when(read_at.q(), fetch.get()),
                    None => mem.read(read_at.q()),
                };
                (Store::Memory { mem, write_at, read_at }, oldest)
            }
        };
        let count = m.reg("count", range(0..=depth)).reset(0);

        let (offered, new) = (i.input.valid(), (i.input.payload(), i.input.last()));
        let beat = i.input.accept(count.q().lt(depth));
        let any = count.q().gt(0);
        let mut has = fetch.as_ref().map_or(any, |(_, held)| held.q());
        // A beat that fell through an empty block RAM and was not taken has to stay, and a read takes a clock.
        let spare = (block && self.fall_through)
            .then(|| (m.reg("spare_valid", BOOL).reset(false), m.reg("spare", shape).no_reset()));
        if let Some((spare_valid, spare)) = &spare {
            has = has | spare_valid.q();
            oldest = spare_valid.q().mux::<(S::Value, Bool)>(spare.q(), oldest);
        }
        let (valid, (payload, last), empty) = match self.fall_through {
            true => {
                let empty = !has & !any;
                (has | (empty & offered), empty.mux::<(S::Value, Bool)>(new.clone(), oldest), Some(empty))
            }
            false => (has, oldest, None),
        };
        let (output, ready) = m.stream("output", valid, last, payload);
        let stored = match empty {
            None => beat.fire,
            Some(empty) if block => beat.fire & !empty,
            Some(empty) => beat.fire & !(empty & ready),
        };
        let leaves = any & if block { !has | ready } else { ready };
        if let Some((fetch, held)) = &fetch {
            fetch.set(leaves);
            m.when(leaves, || held.set(true)).elsewhen(ready, || held.set(false));
        }
        if let (Some((spare_valid, spare)), Some(empty)) = (&spare, empty) {
            m.when(beat.fire & empty & !ready, || {
                spare.set(new.clone());
                spare_valid.set(true);
            })
            .elsewhen(ready, || spare_valid.set(false));
        }
        match store {
            Store::Registers(places) => {
                for (n, place) in (0u64..).zip(&places) {
                    // Where the beats move on, the new one goes behind the others.
                    let here = leaves.mux::<Bool>(count.q().eq(n + 1), count.q().eq(n));
                    let arrives = m.when(stored & here, || place.set(new.clone()));
                    if let Some(next) = places.get(n as usize + 1) {
                        arrives.elsewhen(leaves, || place.set(next.q()));
                    }
                }
            }
            Store::Memory { mem, write_at, read_at } => {
                m.when(stored, || {
                    mem.write(write_at.q(), new.clone());
                    write_at.set(write_at.q().next_wrapping(depth));
                });
                m.when(leaves, || read_at.set(read_at.q().next_wrapping(depth)));
            }
        }
        // `stored` implies that there is room and `leaves` that there is a beat, so the counter needs no claim.
        m.when(stored & !leaves, || count.set(count.q() + 1)).elsewhen(!stored & leaves, || count.set(count.q() - 1));
        StreamOut { output }
    }
}

/// What holds the beats of a FIFO.
enum Store<T: Bundle> {
    Registers(Vec<Reg<T>>),
    Memory { mem: Mem<T>, write_at: Reg<Int>, read_at: Reg<Int> },
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
