//! Streams.

use super::STAGES;
use super::synchronize::synchronize_gray;
use crate::hw::bits::{BOOL, Bits};
use crate::hw::bundle::{Bundle, Shape};
use crate::hw::int::Int;
use crate::hw::module::{Generator, Module};
use crate::hw::stream::{Stream, StreamIn, StreamInShape, StreamOut, StreamTy};
use crate::ir::{Collision, Crossing, Domain, Polarity, ResetKind};
use crate::parts::encode::{from_gray, to_gray};
use crate::parts::fifo::FifoStyle;
use crate::parts::misuse::refuse_generator;
use crate::ty::uint;

/// A first-in first-out buffer between two clocks, of `depth` beats and one more that waits at the output.
///
/// One beat a clock on each side where the other keeps up; for that over clocks of equal rate it takes a depth of 8
/// with two stages, and of 16 with three or four. With n stages a beat is offered after edge n + 1 of the reading clock
/// that follows its acceptance, and a place that was read can be written from edge n + 1 of the writing clock on. Nothing is
/// lost, doubled or reordered, whatever the ratio of the clocks. `ready` depends on registers of the writing clock alone, `valid` on such
/// of the reading clock. Both resets have to be active together once, for 3 clocks of each side; then the buffer is empty.
/// A reset of one side alone loses beats, repeats others, and is not always seen by an assertion.
///
/// The domains are [`AsyncFifo::writer`] and [`AsyncFifo::reader`], to be bound by [`Module::inst_on`]; [`async_fifo`]
/// does all of that. The depth is a power of two from 2 to 2^23.
///
/// Method: counters in Gray code cross over synchronisers, one bit wider than an address, so that full and empty differ.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AsyncFifo<S: Shape> {
    /// The payload's shape.
    pub payload: S,
    /// Beats it can hold.
    pub depth: u64,
    /// Where they are: block RAM, or LUT RAM (also for [`FifoStyle::Registers`]).
    pub style: FifoStyle,
    /// The kind of the writing clock's reset.
    pub writes: Option<(ResetKind, Polarity)>,
    /// The kind of the reading clock's reset.
    pub reads: Option<(ResetKind, Polarity)>,
    /// Flip-flops in a row on the way to the other clock, at least 2.
    pub stages: u32,
}

/// Most beats of an asynchronous FIFO.
const MAX_DEPTH: u64 = 1 << 23;

impl<S: Shape> AsyncFifo<S> {
    /// In LUT RAM, with two stages, for clocks whose resets are like those of `from` and `to`.
    pub fn new(payload: S, depth: u64, from: &Domain, to: &Domain) -> Self {
        let style = FifoStyle::LutRam;
        AsyncFifo { payload, depth, style, writes: from.kind(), reads: to.kind(), stages: STAGES }
    }

    /// Keeps the beats there.
    pub fn style(mut self, style: FifoStyle) -> Self {
        self.style = style;
        self
    }

    /// The domain of the writing side, as the module names it: clock `wr_clk`.
    pub fn writer(&self) -> Domain {
        formal("wr", self.writes)
    }
    /// The domain of the reading side, as the module names it: clock `rd_clk`.
    pub fn reader(&self) -> Domain {
        formal("rd", self.reads)
    }
}

fn formal(side: &str, kind: Option<(ResetKind, Polarity)>) -> Domain {
    let domain = Domain::new(&format!("{side}_clk"));
    match kind {
        Some((kind, Polarity::High)) => domain.reset(&format!("{side}_rst"), kind, Polarity::High),
        Some((kind, Polarity::Low)) => domain.reset(&format!("{side}_rst_n"), kind, Polarity::Low),
        None => domain,
    }
}

/// A position and its Gray code, both in registers.
struct Position {
    at: crate::hw::reg::Reg<Int>,
    gray: crate::hw::reg::Reg<Bits>,
    width: u32,
}

impl Position {
    fn new(m: &Module, name: &str, width: u32) -> Position {
        let at = m.reg(&format!("{name}_at"), uint(width)).reset(0);
        let gray = m.reg(&format!("{name}_gray"), crate::hw::bits::word(width)).reset(0);
        Position { at, gray, width }
    }
    fn advance(&self) {
        let next = (self.at.q() + 1).wrap(uint(self.width));
        self.at.set(next);
        self.gray.set(to_gray(next.to_bits()));
    }
    /// Without the bit that tells full from empty.
    fn address(&self) -> Int {
        self.at.q().wrap(uint(self.width - 1))
    }
}

impl<S: Shape> Generator for AsyncFifo<S>
where
    S::Value: Clone,
{
    type In = StreamIn<S::Value>;
    type Out = StreamOut<S::Value>;

    fn shape(&self) -> StreamInShape<S::Value> {
        StreamInShape { input: StreamTy(self.payload.clone()) }
    }

    fn build(&self, m: &Module, i: Self::In) -> Self::Out {
        let usable = self.depth.is_power_of_two() && (2..=MAX_DEPTH).contains(&self.depth);
        if !usable {
            let what = format!("an asynchronous FIFO of {} beats", self.depth);
            refuse_generator(&what, &format!("take a power of two from 2 to {MAX_DEPTH}"));
        }
        let depth = if usable { self.depth } else { 2 };
        let width = depth.ilog2() + 1;
        let (writer, reader) = (self.writer(), self.reader());
        let block = self.style == FifoStyle::BlockRam;
        let shape = (self.payload.clone(), BOOL);

        let mem = m.mem("mem", shape.clone(), depth).collision(Collision::Undefined);
        let write = m.domain(&writer, || Position::new(m, "write", width));
        let read = m.domain(&reader, || Position::new(m, "read", width));

        m.domain(&writer, || {
            let gone = from_gray(synchronize_gray(m, "gone", read.gray.q(), self.stages)).to_uint();
            let used = (write.at.q() - gone).wrap(uint(width));
            m.assert("used", used.le(depth), "more beats than places");
            let beat = i.input.accept(used.ne(depth));
            m.when(beat.fire, || {
                mem.write(write.address(), (beat.payload.clone(), beat.last));
                write.advance();
            });
        });
        m.domain(&reader, || {
            let there = synchronize_gray(m, "there", write.gray.q(), self.stages);
            let any = there.ne(read.gray.q());
            let valid = m.reg("valid", BOOL).reset(false);
            let ready = m.wire("ready", BOOL);
            let fetch = any & (!valid.q() | ready.get());
            let (payload, last) = if block {
                mem.read_sync_when(read.address(), fetch)
            } else {
                let word = m.reg("word", shape).crossing(Crossing::Held).no_reset();
                let oldest = mem.read(read.address());
                m.when(fetch, || word.set(oldest));
                word.q()
            };
            let (output, taken) = m.stream("output", valid.q(), last, payload);
            ready.set(taken);
            m.when(fetch, || {
                read.advance();
                valid.set(true);
            })
            .elsewhen(taken, || valid.set(false));
            StreamOut { output }
        })
    }
}

/// Takes a stream from clock `from` to clock `to` through an [`AsyncFifo`] of `depth` beats in LUT RAM, a module of its
/// own.
#[track_caller]
pub fn async_fifo<T: Bundle + Clone>(
    m: &Module,
    name: &str,
    stream: Stream<T>,
    depth: u64,
    from: &Domain,
    to: &Domain,
) -> Stream<T>
where
    T::Shape: Shape<Value = T>,
{
    let fifo = AsyncFifo::new(stream.payload().shape(), depth, from, to);
    let bindings = [(&fifo.writer(), from), (&fifo.reader(), to)];
    m.inst_on(name, &fifo, StreamIn { input: stream }, &bindings).output
}
