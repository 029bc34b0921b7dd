//! Width converters: several narrow beats as one wide one, and back.

use super::misuse::refuse;
use crate::hw::bits::{BOOL, Bits, Bool, concat};
use crate::hw::bundle::{Bundle, Shape};
use crate::hw::context::Loc;
use crate::hw::int::Int;
use crate::hw::module::Generator;
use crate::hw::module::{Module, abort};
use crate::hw::select::select;
use crate::hw::stream::{Stream, StreamIn, StreamInShape, StreamOut, StreamTy};
use crate::ty::{IntTy, range};

/// A wide beat: several narrow ones, the first of them in front.
#[derive(Clone, Bundle)]
pub struct Wide<T: Bundle> {
    /// The parts. Those from `count` on have no meaning.
    pub parts: Vec<T>,
    /// How many there are: `1..=parts.len()`. Fewer than all only in the last beat of a packet.
    pub count: Int,
}

impl<T: Bundle> Wide<T> {
    /// The keep mask: one bit for each part that is there, the first in front.
    #[track_caller]
    pub fn keep(&self) -> Vec<Bool> {
        (0..self.parts.len()).map(|n| self.count.gt(n)).collect()
    }
}

impl Wide<Bits> {
    /// The parts as one word, the first in the low bits.
    #[track_caller]
    pub fn word(&self) -> Bits {
        let parts: Vec<Bits> = self.parts.iter().rev().copied().collect();
        concat(&parts)
    }
}

/// `ratio` beats in, one wide beat out; `last` ends a wide beat early, whose `count` then says how many parts it has.
///
/// Latency 1 clock from the last part to the offer; throughput one part a clock. `valid` and payload come from
/// registers; `ready` goes combinationally from the output to the input.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Widen<S: Shape> {
    /// The shape of a part.
    pub part: S,
    /// Parts of a wide beat, at least 1.
    pub ratio: usize,
}

/// A wide beat in, its parts out one by one, only those that `count` says are there; `last` stays with the last of them.
///
/// Latency 0, throughput one part a clock. No register but the number of the part: `valid` and payload go
/// combinationally from the input to the output, `ready` back; it also depends on the input's `count`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Narrow<S: Shape> {
    /// The shape of a part.
    pub part: S,
    /// Parts of a wide beat, at least 1.
    pub ratio: usize,
}

const NONE: &str = "a wide beat needs at least one part";
const WAY_OUT: &str = "give the number of parts";

fn count_ty(ratio: usize) -> IntTy {
    range(1..=ratio.max(1))
}

impl<S: Shape> Generator for Widen<S>
where
    S::Value: Clone,
{
    type In = StreamIn<S::Value>;
    type Out = StreamOut<Wide<S::Value>>;

    fn shape(&self) -> StreamInShape<S::Value> {
        StreamInShape { input: StreamTy(self.part.clone()) }
    }

    fn build(&self, m: &Module, i: Self::In) -> Self::Out {
        if self.ratio == 0 {
            refuse(Loc::caller(), NONE, WAY_OUT);
            abort()
        }
        let ratio = self.ratio as u64;
        let parts: Vec<_> = (0..ratio).map(|n| m.reg(&format!("part_{n}"), self.part.clone()).no_reset()).collect();
        let at = m.reg("at", range(0..=ratio - 1)).reset(0);
        let count = m.reg("count", count_ty(self.ratio)).reset(1);
        let full = m.reg("full", BOOL).reset(false);
        let last = m.reg("last", BOOL).reset(false);

        let wide = Wide { parts: parts.iter().map(|p| p.q()).collect(), count: count.q() };
        let (output, ready) = m.stream("output", full.q(), last.q(), wide);
        let beat = i.input.accept(!full.q() | ready);
        let done = beat.last | at.q().eq(ratio - 1);
        m.when(beat.fire, || {
            for (n, part) in parts.iter().enumerate() {
                m.when(at.q().eq(n), || part.set(beat.payload.clone()));
            }
            at.set(done.mux::<Int>(0, at.q().next_wrapping(ratio)));
            count.set(at.q() + 1);
            last.set(beat.last);
            full.set(done);
        })
        .elsewhen(ready, || full.set(false));
        m.assert("starts_anew", !full.q() | at.q().eq(0), "a wide beat is offered while its parts are gathered");
        StreamOut { output }
    }
}

impl<S: Shape> Generator for Narrow<S>
where
    S::Value: Clone,
{
    type In = StreamIn<Wide<S::Value>>;
    type Out = StreamOut<S::Value>;

    fn shape(&self) -> StreamInShape<Wide<S::Value>> {
        let parts = vec![self.part.clone(); self.ratio];
        StreamInShape { input: StreamTy(WideShape { parts, count: count_ty(self.ratio) }) }
    }

    fn build(&self, m: &Module, i: Self::In) -> Self::Out {
        if self.ratio == 0 {
            refuse(Loc::caller(), NONE, WAY_OUT);
            abort()
        }
        let ratio = self.ratio as u64;
        let at = m.reg("at", range(0..=ratio - 1)).reset(0);
        let (valid, last, wide) = (i.input.valid(), i.input.last(), i.input.payload());
        let end = (at.q() + 1).ge(wide.count).named("at_end");
        let (output, ready) = m.stream("output", valid, last & end, select(at.q(), &wide.parts));
        let taken = valid & ready;
        let _: Bool = i.input.accept(ready & end).fire;
        m.when(taken, || at.set(end.mux::<Int>(0, at.q().next_wrapping(ratio))));
        m.assert("in_count", !valid | at.q().lt(wide.count), "the input's count changed while its parts went out");
        StreamOut { output }
    }
}

impl<T: Bundle + Clone> Stream<T> {
    /// `ratio` beats as one. See [`Widen`].
    #[track_caller]
    pub fn widen(self, m: &Module, ratio: usize) -> Stream<Wide<T>> {
        if ratio == 0 {
            refuse(Loc::caller(), NONE, WAY_OUT);
            abort()
        }
        let part = self.payload().shape();
        self.through(m, "widen", &Widen { part, ratio })
    }
}

impl<T: Bundle + Clone> Stream<Wide<T>> {
    /// The parts of each beat one by one. See [`Narrow`].
    #[track_caller]
    pub fn narrow(self, m: &Module) -> Stream<T> {
        let parts = self.payload().parts;
        let Some(first) = parts.first() else {
            refuse(Loc::caller(), NONE, WAY_OUT);
            abort()
        };
        let (part, ratio) = (first.shape(), parts.len());
        self.through(m, "narrow", &Narrow { part, ratio })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::testing::*;
    use crate::prelude::{elaborate, uint};

    #[test]
    fn without_parts() {
        expect_error(
            StreamTy(uint(8)),
            |m, s| s.widen(m, 0), //~ widen
            "E0109: a wide beat needs at least one part
            at widen
            help: give the number of parts",
        );
        assert_eq!(elaborate(&Widen { part: uint(8), ratio: 0 }).unwrap_err().codes(), ["E0109"]);
        assert_eq!(elaborate(&Narrow { part: uint(8), ratio: 0 }).unwrap_err().codes(), ["E0109"]);
    }

    #[test]
    fn one_part_is_a_register() {
        let design = build(StreamTy(uint(8)), |m, s| s.widen(m, 1).narrow(m));
        assert_eq!(design.modules.len(), 3);
    }
}
