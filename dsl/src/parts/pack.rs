//! Packers: words of one size to words of another, whatever the ratio, and lanes with gaps to dense words.

use super::misuse::refuse;
use crate::hw::bits::{BOOL, Bits, Bool, concat};
use crate::hw::bundle::{Bundle, Shape};
use crate::hw::context::Loc;
use crate::hw::int::{Int, lit, sum};
use crate::hw::module::{Generator, Module, abort};
use crate::hw::select::select;
use crate::hw::stream::{Stream, StreamIn, StreamInShape, StreamOut, StreamTy};
use crate::ty::{IntTy, range};

/// Parts side by side, of which the first `count` are there.
#[derive(Clone, Bundle)]
pub struct Counted<T: Bundle> {
    /// The parts. Those from `count` on have no meaning.
    pub parts: Vec<T>,
    /// How many there are.
    pub count: Int,
}

/// Gathers parts: beats of up to `inputs` parts in, beats of `outputs` parts out, in order and without gaps. `last`
/// flushes: the last beat of a packet has the parts that are left, and `count` says how many.
///
/// Only a last beat can have fewer than all parts; it has none where the packet ends in an empty beat behind full ones (or
/// has no parts at all), which only `counts` from 0 on allow.
///
/// Latency 1 clock from the part that completes a beat to its offer. Throughput, while the output is ready: a beat of
/// the input in every clock where `inputs` is at most `outputs`, else a beat of the output in every clock; a packet
/// whose rest fills more than a beat keeps the next one waiting for a clock. `valid` and payload come from registers;
/// `ready` goes combinationally from the output to the input. It keeps `inputs + outputs - 1` parts.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Pack<S: Shape> {
    /// The shape of a part.
    pub part: S,
    /// Parts of an input beat, at least 1.
    pub inputs: usize,
    /// The range of the input's `count`, in `0..=inputs`: one value where all beats are full.
    pub counts: IntTy,
    /// Parts of an output beat, at least 1.
    pub outputs: usize,
}

impl<S: Shape> Pack<S> {
    /// The range of the output's `count`.
    fn out_counts(&self) -> IntTy {
        let least = if self.counts.lo().is_zero() { 0 } else { 1 };
        range(least..=self.outputs as u64)
    }
}

impl<S: Shape> Generator for Pack<S>
where
    S::Value: Clone,
{
    type In = StreamIn<Counted<S::Value>>;
    type Out = StreamOut<Counted<S::Value>>;

    fn shape(&self) -> StreamInShape<Counted<S::Value>> {
        let parts = vec![self.part.clone(); self.inputs];
        StreamInShape { input: StreamTy(CountedShape { parts, count: self.counts }) }
    }

    fn build(&self, m: &Module, i: Self::In) -> Self::Out {
        if self.inputs == 0 || self.outputs == 0 || !self.counts.fits(range(0..=self.inputs as u64)) {
            let what = "a packer needs at least one part on either side, and counts of parts that there are";
            refuse(Loc::caller(), what, "give the numbers of parts, and counts in 0..=inputs");
            abort()
        }
        let places = self.inputs + self.outputs - 1;
        let parts: Vec<_> = (0..places).map(|n| m.reg(&format!("part_{n}"), self.part.clone()).no_reset()).collect();
        let held = m.reg("held", range(0..=places)).reset(0);
        let ending = m.reg("ending", BOOL).reset(false);

        let full = held.q().ge(self.outputs);
        let ends = (ending.q() & held.q().le(self.outputs)).named("ends");
        let count = held.q().min(self.outputs).max(self.out_counts().lo());
        let oldest = parts[..self.outputs].iter().map(|part| part.q()).collect();
        let (output, ready) = m.stream("output", full | ending.q(), ends, Counted { parts: oldest, count });

        let leaves = (ready & (full | ending.q())).named("leaves");
        // What stays when a beat leaves.
        let rest = full.mux::<Int>(held.q() - self.outputs, 0);
        let left = leaves.mux::<Int>(rest, held.q()).named("left");
        let room = ending.q().mux::<Bool>(leaves & ends, left.lt(self.outputs));
        let beat = i.input.accept(room);
        let at = left.lt(self.outputs).mux::<Int>(left, 0);
        for (n, part) in parts.iter().enumerate() {
            let stays = match parts.get(n + self.outputs) {
                Some(next) => leaves.mux(next.q(), part.q()),
                None => part.q(),
            };
            // By the number of parts that stay: one of those, or one of the new ones.
            let choice = |left: usize| match n.checked_sub(left) {
                Some(new) if new < self.inputs => beat.payload.parts[new].clone(),
                _ => stays.clone(),
            };
            let choices: Vec<S::Value> = (0..self.outputs).map(choice).collect();
            m.when(beat.fire, || part.set(select(at, &choices))).elsewhen(leaves, || part.set(stays.clone()));
        }
        m.when(beat.fire, || {
            held.set(at + beat.payload.count);
            ending.set(beat.last);
        })
        .elsewhen(leaves, || {
            held.set(left);
            m.when(ends, || ending.set(false));
        });
        StreamOut { output }
    }
}

/// Which bits of a word come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// Those of least weight.
    LowFirst,
    /// Those of greatest weight.
    HighFirst,
}

/// A word of which the first `count` bits are there, in the order that the gearbox was asked for.
#[derive(Clone, Copy, Bundle)]
pub struct Packed {
    /// The word.
    pub word: Bits,
    /// How many of its bits are there: all but in the last word of a packet. The others have no meaning.
    pub count: Int,
}

impl Stream<Bits> {
    /// A gearbox: words of another width, with the same bits in the same order. `last` flushes what is left, and `count`
    /// says how many bits the last word has. See [`Pack`], whose parts are here the bits that both widths divide into.
    #[track_caller]
    pub fn gearbox(self, m: &Module, width: u32, order: Order) -> Stream<Packed> {
        let input = self.payload().width();
        if input == 0 || width == 0 {
            refuse(Loc::caller(), "a gearbox needs words of at least one bit", "give widths of at least 1");
            abort()
        }
        let size = common_divisor(input, width);
        let (inputs, outputs) = ((input / size) as usize, (width / size) as usize);
        let split = |word: Bits| {
            let part = |n: u32| word.slice(n * size..(n + 1) * size);
            let mut parts: Vec<Bits> = (0..input / size).map(part).collect();
            if order == Order::HighFirst {
                parts.reverse();
            }
            Counted { parts, count: lit(inputs) }
        };
        let pack = Pack { part: crate::hw::bits::word(size), inputs, counts: IntTy::constant(inputs), outputs };
        self.map(split).through(m, "gearbox", &pack).map(|Counted { mut parts, count }| {
            // `concat` has the greatest weight in front.
            if order == Order::LowFirst {
                parts.reverse();
            }
            Packed { word: concat(&parts), count: count * size }
        })
    }
}

fn common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

/// Values side by side, each with a bit that says whether it is there.
#[derive(Clone, Bundle)]
pub struct Lanes<T: Bundle> {
    /// The values.
    pub values: Vec<T>,
    /// Which of them are there.
    pub there: Vec<Bool>,
}

impl<T: Bundle + Clone> Stream<Lanes<T>> {
    /// The values that are there, in the order of lanes and beats, in beats of as many as there are lanes: a beat has all
    /// but where a packet ends. Values move to their place by a network that grows with the square of the lanes. See
    /// [`Pack`] for latency and throughput.
    #[track_caller]
    pub fn compact(self, m: &Module) -> Stream<Counted<T>> {
        let lanes = self.payload();
        let ways = lanes.values.len();
        if ways == 0 || lanes.there.len() != ways {
            refuse(Loc::caller(), "compact needs lanes, and a bit for each", "give lists of one length, not empty");
            abort()
        }
        let part = lanes.values[0].shape();
        let pack = Pack { part, inputs: ways, counts: range(0..=ways), outputs: ways };
        self.map(|lanes| dense(&lanes)).through(m, "compact", &pack)
    }
}

/// The values that are there in front of the others.
#[track_caller]
fn dense<T: Bundle + Clone>(lanes: &Lanes<T>) -> Counted<T> {
    let bits: Vec<Int> = lanes.there.iter().map(|there| there.to_int()).collect();
    let before: Vec<Int> = (0..bits.len()).map(|n| sum(&bits[..n])).collect();
    // Place `n` holds the first value that has `n` before it, of which only lanes from `n` on can have that many.
    let place = |n: usize| {
        let mut value = lanes.values[lanes.values.len() - 1].clone();
        for lane in (n..lanes.values.len() - 1).rev() {
            let here = lanes.there[lane] & before[lane].eq(n);
            value = here.mux(lanes.values[lane].clone(), value);
        }
        value
    };
    Counted { parts: (0..lanes.values.len()).map(place).collect(), count: sum(&bits) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::testing::*;
    use crate::hw::bits::word;
    use crate::prelude::{elaborate, uint};

    #[test]
    fn of_nothing() {
        expect_error(
            StreamTy(word(8)),
            |m, s| s.gearbox(m, 0, Order::LowFirst), //~ gearbox
            "E0109: a gearbox needs words of at least one bit
            at gearbox
            help: give widths of at least 1",
        );
        let lanes = LanesShape::<Int> { values: Vec::new(), there: Vec::new() };
        assert_eq!(codes(StreamTy(lanes), |m, s| s.compact(m)), ["E0109"]);
        let lanes = LanesShape::<Int> { values: vec![uint(3); 2], there: vec![BOOL; 3] };
        assert_eq!(codes(StreamTy(lanes), |m, s| s.compact(m)), ["E0109"]);
        let pack = |inputs, outputs, counts| Pack { part: uint(4), inputs, counts, outputs };
        for wrong in [pack(0, 1, range(0..=0)), pack(1, 0, range(1..=1)), pack(2, 2, range(0..=3))] {
            assert_eq!(elaborate(&wrong).err().map(|e| e.codes()), Some(vec!["E0109"]));
        }
    }

    #[test]
    fn a_gearbox_keeps_as_little_as_it_can() {
        let design = build(StreamTy(word(8)), |m, s| s.gearbox(m, 12, Order::HighFirst));
        let pack = design.modules.values().find(|m| m.name == "pack").unwrap();
        // Four parts of four bits; the bits of what is held and of the end.
        let bits: u32 = pack.regs.values().map(|r| r.ty.width()).sum();
        assert_eq!(bits, 4 * 4 + 3 + 1);
    }
}
