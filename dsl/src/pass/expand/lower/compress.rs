//! Sums in gates: rows of full adders bring the words of a sum to two, and one addition makes it whole.
//!
//! A value that is used once is not added up: its words go into the sum that takes it (carry-save addition; C. S. Wallace,
//! A suggestion for a fast multiplier, 1964). One that is used more often is brought to two words for all, and made whole where
//! that takes fewer gates than what each user spends on a second word. Of the words those that are there first go into the
//! next row. Constants that words without sign add up to, and the output's own, are one more word.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::write::Write;
use super::{Nodes, Plan, Result, is_constant, needed};
use crate::ids::NodeId;
use crate::ir::matvec::{Form, form_range};
use crate::ir::{BinOp, Matvec, MatvecOutput, ShiftAdd, UnOp};
use crate::ty::{IntTy, MAX_WIDTH, Ty};
use crate::value::Value;

/// Gates of a full adder, as Yosys 0.23 counts them: two exclusive ors and a choice.
const FULL_ADDER: u64 = 3;
/// Gates of an addition by a bit at which both words have one: propagate, generate, a share in the prefixes, and the sum.
const ADDITION: u64 = 7;
/// And by a bit above the shorter word.
const INCREMENT: u64 = 3;

/// Bits of a sum, the lowest at `low`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Word {
    /// Levels of gates before it.
    arrival: u32,
    /// The position above its highest bit.
    top: u32,
    low: u32,
    bits: NodeId,
    /// The bits are to be inverted.
    inverted: bool,
}

/// A value: the sum of the words is `±value + offset`.
#[derive(Clone)]
struct Held {
    words: Vec<Word>,
    negative: bool,
    offset: Value,
}

impl Held {
    fn constant(value: &Value) -> Held {
        Held { words: Vec::new(), negative: false, offset: -value }
    }

    fn shifted(mut self, by: u32) -> Held {
        self.words.iter_mut().for_each(|w| (w.low, w.top) = (w.low + by, w.top + by));
        Held { offset: self.offset.shl(by), ..self }
    }

    fn inverted(mut self) -> Held {
        let all = self.words.iter().fold(Value::ZERO, |all, w| &all + &(&Value::pow2(w.top) - &Value::pow2(w.low)));
        self.words.iter_mut().for_each(|w| w.inverted = !w.inverted);
        Held { offset: &all - &self.offset, negative: !self.negative, ..self }
    }

    /// The sum of the two, or the difference.
    fn joined(self, other: Held, subtract: bool) -> Held {
        let differ = self.negative != (other.negative != subtract);
        let (a, b) = match (differ, other.words.len() <= self.words.len()) {
            (false, _) => (self, other),
            (true, true) => (self, other.inverted()),
            (true, false) => (self.inverted(), other),
        };
        let words = a.words.into_iter().chain(b.words).collect();
        Held { words, negative: a.negative, offset: &a.offset + &b.offset }
    }
}

/// Whether no word gets wider than the widest that there can be, whichever are inverted.
pub(super) fn fits(m: &Matvec, types: &[IntTy]) -> bool {
    let mut widths: Vec<u64> = types.iter().map(|ty| ty.width().into()).collect();
    for step in &m.steps {
        let width = |(value, shift): (usize, u32)| widths[value] + u64::from(shift);
        // A step at most doubles what its words can hold together, and two words for them do so once more.
        widths.push(width(step.a).max(width(step.b)) + 2);
    }
    let output = |o: &MatvecOutput| {
        let value = o.value.map_or(0, |(value, shift)| widths[value] + u64::from(shift));
        value.max(o.constant.bits(true).into())
    };
    widths.iter().copied().chain(m.outputs.iter().map(output)).all(|width| width + 3 <= u64::from(MAX_WIDTH))
}

/// As [`lower`](super::lower).
pub(super) fn lower<N: Nodes>(
    m: &Matvec,
    forms: &[Form],
    wanted: &[bool],
    nodes: &mut N,
) -> Result<Vec<Option<NodeId>>> {
    let types: Vec<IntTy> = m.inputs.iter().map(|&x| nodes.ty(x).range()).collect();
    let ranges: Vec<IntTy> = m.outputs.iter().map(|o| o.range(|i| types[i])).collect();
    let needed = needed(m, &ranges, wanted);
    let ends: Vec<(&MatvecOutput, IntTy)> = (m.outputs.iter().zip(ranges.iter().copied()).zip(wanted))
        .filter_map(|(end, wanted)| wanted.then_some(end))
        .filter(|(_, range)| !is_constant(*range))
        .collect();
    let mut uses = vec![0_u32; needed.len()];
    let steps = m.steps.iter().zip(&needed[m.inputs.len()..]).filter(|(_, needed)| **needed);
    steps.flat_map(|(s, _)| [s.a.0, s.b.0]).for_each(|value| uses[value] += 1);
    ends.iter().filter_map(|(o, _)| o.value).for_each(|(value, _)| uses[value] += 1);
    let mut write = Write { nodes };
    let mut ends_of: Vec<Vec<(&MatvecOutput, IntTy)>> = vec![Vec::new(); needed.len()];
    for (o, range) in ends {
        o.value.iter().for_each(|(value, _)| ends_of[*value].push((o, range)));
    }
    let mut values: Vec<Option<Held>> = Vec::with_capacity(needed.len());
    // Taken by its last user, so that words are not copied from step to step.
    let take = |values: &mut [Option<Held>], (value, shift): (usize, u32)| {
        let held = if uses[value] == 1 { values[value].take() } else { values[value].clone() };
        held.map_or_else(|| Held::constant(&Value::ZERO), |held| held.shifted(shift))
    };
    for value in 0..needed.len() {
        let held = match value.checked_sub(m.inputs.len()) {
            _ if !needed[value] => None,
            None => Some(write.held_input(m.inputs[value])?),
            Some(k) => {
                let ShiftAdd { a, b, subtract } = m.steps[k];
                let held = take(&mut values, a).joined(take(&mut values, b), subtract);
                let range = form_range(&forms[value], &Value::ZERO, |i| types[i]);
                let as_it_is = ends_of[value].iter().any(|(o, range)| takes_as_it_is(o, *range, &held));
                Some(write.shared(held, range, uses[value], as_it_is)?)
            }
        };
        values.push(held);
    }
    let mut end = |o: &MatvecOutput, range: IntTy| match (range.as_constant(), o.value) {
        (Some(only), _) => Ok(write.lit(only)),
        (None, None) => Ok(write.lit(o.constant.clone())),
        (None, Some(value)) => write.end(o, range, take(&mut values, value)),
    };
    let ends = m.outputs.iter().zip(ranges).zip(wanted);
    ends.map(|((o, range), wanted)| wanted.then(|| end(o, range)).transpose()).collect()
}

/// What an output adds to the words of its value, in its own width.
fn added(output: &MatvecOutput, range: IntTy, offset: &Value) -> Value {
    (&output.constant - offset).wrap(range.width(), false)
}

/// Whether an output is a value's word, of which it may invert the highest bit.
fn takes_as_it_is(output: &MatvecOutput, range: IntTy, held: &Held) -> bool {
    let shift = output.value.map_or(0, |v| v.1);
    let constant = added(output, range, &held.offset.shl(shift));
    output.negative == held.negative && (constant.is_zero() || constant == Value::pow2(range.width() - 1))
}

impl<N: Nodes> Write<'_, N> {
    fn held_input(&mut self, x: NodeId) -> Result<Held> {
        let ty = self.nodes.ty(x).range();
        if let Some(only) = ty.as_constant() {
            return Ok(Held::constant(&only));
        }
        let plan = Plan::input(ty);
        let word = self.input(x, &plan)?;
        let bits = self.unary(UnOp::ToBits, word)?;
        let word = Word { arrival: 0, top: self.nodes.ty(bits).width(), low: 0, bits, inverted: false };
        Ok(Held { words: vec![word], negative: false, offset: plan.offset })
    }

    /// The words of a value for all its users. `range` is the value's.
    fn shared(&mut self, held: Held, range: IntTy, uses: u32, as_it_is: bool) -> Result<Held> {
        let value = if held.negative { IntTy::constant(0).minus(range) } else { range };
        let sum = value.plus(IntTy::constant(held.offset.clone()));
        if let Some(only) = sum.as_constant() {
            return Ok(Held { words: Vec::new(), offset: &held.offset - &only, ..held });
        }
        if uses < 2 {
            return Ok(held);
        }
        let width = sum.width();
        let mut words = self.compressed(held.words, width)?;
        if let [x, y] = words[..] {
            let both = u64::from(x.top.min(y.top).saturating_sub(x.low.max(y.low)));
            let above = u64::from(x.top.abs_diff(y.top));
            if as_it_is || u64::from(uses) * FULL_ADDER * both >= ADDITION * both + INCREMENT * above {
                words = vec![self.added_words(x, y, width)?];
            }
        }
        Ok(Held { words, ..held })
    }

    /// An output that is no constant, from the words of its value.
    fn end(&mut self, output: &MatvecOutput, range: IntTy, held: Held) -> Result<NodeId> {
        let mut held = if held.negative == output.negative { held } else { held.inverted() };
        let width = range.width();
        let constant = added(output, range, &held.offset);
        let half = constant == Value::pow2(width - 1);
        if !half && !constant.is_zero() {
            held.words.push(self.constant_word(constant));
        }
        let words = self.compressed(held.words, width)?;
        let word = match words[..] {
            [x, y] => Some(self.added_words(x, y, width)?),
            _ => words.first().copied(),
        };
        let bits = match word {
            Some(word) => self.part(word, 0, width)?,
            None => self.nodes.constant(Value::ZERO, Ty::Bits(width)),
        };
        let bits = if half { self.top_inverted(bits)? } else { bits };
        let sum = self.unary(if range.is_signed() { UnOp::ToSint } else { UnOp::ToUint }, bits)?;
        self.known(sum, range)
    }

    /// A constant that is not 0, from its lowest one.
    fn constant_word(&mut self, value: Value) -> Word {
        let top = value.bits(false);
        let low = (0..top).find(|&k| value.bit(k)).unwrap_or(0);
        let bits = self.nodes.constant(value.shr(low), Ty::Bits(top - low));
        Word { arrival: 0, top, low, bits, inverted: false }
    }

    /// At most two words with the same sum, in so many bits.
    fn compressed(&mut self, words: Vec<Word>, width: u32) -> Result<Vec<Word>> {
        let mut words: BinaryHeap<Reverse<Word>> =
            words.into_iter().filter(|w| w.low < width).map(|w| Reverse(self.clipped(w, width))).collect();
        while words.len() > 2 {
            let first: Vec<Word> = std::iter::from_fn(|| words.pop()).take(3).map(|w| w.0).collect();
            words.extend(self.row([first[0], first[1], first[2]], width)?.into_iter().map(Reverse));
        }
        Ok(words.into_iter().map(|w| w.0).collect())
    }

    /// Two words for three of at most so many bits, of which the last one is there last.
    fn row(&mut self, words: [Word; 3], width: u32) -> Result<Vec<Word>> {
        for (i, j, other) in [(0, 1, 2), (0, 2, 1), (1, 2, 0)] {
            if let Some(both) = self.side_by_side(words[i], words[j])? {
                return Ok(vec![both, words[other]]);
            }
        }
        let arrival = (words[0].arrival.max(words[1].arrival) + 2).max(words[2].arrival + 1);
        let [mut by_low, mut by_top] = [words; 2];
        by_low.sort_by_key(|w| w.low);
        by_top.sort_by_key(|w| w.top);
        // Adders stand from where all three have bits to where two have; below at most two have, which are as they were.
        let (from, to) = (by_low[2].low, by_top[1].top);
        let [a, b, c] = words;
        let (a, b, c) = (self.part(a, from, to)?, self.part(b, from, to)?, self.part(c, from, to)?);
        let propagate = self.binary(BinOp::Xor, a, b)?;
        let sum = self.binary(BinOp::Xor, propagate, c)?;
        let other = self.binary(BinOp::Xor, a, c)?;
        let choice = self.binary(BinOp::And, propagate, other)?;
        let carry = self.binary(BinOp::Xor, a, choice)?;
        let sum = Word { arrival, top: to, low: from, bits: sum, inverted: false };
        let sum = self.with_above(sum, by_top[2])?;
        let sum = self.with_below(sum, by_low[0])?;
        let carries = to.min(width - 1) - from;
        let below = (by_low[1].low < from).then(|| self.clipped(by_low[1], from));
        if carries == 0 {
            return Ok([Some(sum), below].into_iter().flatten().collect());
        }
        let bits = self.slice(carry, 0, carries);
        let carry = Word { arrival, top: from + 1 + carries, low: from + 1, bits, inverted: false };
        let carry = match below {
            Some(below) => self.with_below(carry, below)?,
            None => carry,
        };
        Ok(vec![sum, carry])
    }

    /// A word with those bits of another that are above it.
    fn with_above(&mut self, word: Word, other: Word) -> Result<Word> {
        if other.top <= word.top {
            return Ok(word);
        }
        let above = self.part(other, word.top, other.top)?;
        Ok(Word { top: other.top, bits: self.concat(above, word.bits), ..word })
    }

    /// A word with those bits of another that are below it.
    fn with_below(&mut self, word: Word, other: Word) -> Result<Word> {
        if other.low >= word.low {
            return Ok(word);
        }
        let below = self.part(other, other.low, word.low)?;
        Ok(Word { low: other.low, bits: self.concat(word.bits, below), ..word })
    }

    /// One word for two where one ends before the other begins.
    fn side_by_side(&mut self, x: Word, y: Word) -> Result<Option<Word>> {
        let (low, high) = if x.low <= y.low { (x, y) } else { (y, x) };
        if low.top > high.low {
            return Ok(None);
        }
        let bits = self.part(high, high.low, high.top)?;
        let high = Word { arrival: x.arrival.max(y.arrival), bits, inverted: false, ..high };
        self.with_below(high, low).map(Some)
    }

    /// The word of the sum of two, in so many bits.
    fn added_words(&mut self, x: Word, y: Word, width: u32) -> Result<Word> {
        if let Some(both) = self.side_by_side(x, y)? {
            return Ok(both);
        }
        let (low, high) = if x.low <= y.low { (x, y) } else { (y, x) };
        let mut operand = |word: Word| {
            let bits = self.part(word, word.low, word.top)?;
            let int = self.unary(UnOp::ToUint, bits)?;
            self.shifted(int, word.low - low.low)
        };
        let (a, b) = (operand(low)?, operand(high)?);
        let sum = self.binary(BinOp::Add, a, b)?;
        let bits = self.unary(UnOp::ToBits, sum)?;
        let top = low.low + self.nodes.ty(bits).width();
        let arrival = x.arrival.max(y.arrival) + addition_levels(top - low.low);
        Ok(self.clipped(Word { arrival, top, low: low.low, bits, inverted: false }, width))
    }

    /// A word's bits below a position that is above its lowest one.
    fn clipped(&mut self, word: Word, width: u32) -> Word {
        let top = word.top.min(width);
        Word { top, bits: self.slice(word.bits, 0, top - word.low), ..word }
    }

    /// A word's bits at positions from one to before another, with zeros where it has none.
    fn part(&mut self, word: Word, from: u32, to: u32) -> Result<NodeId> {
        let (low, top) = (word.low.clamp(from, to), word.top.clamp(from, to));
        if low >= top {
            return Ok(self.nodes.constant(Value::ZERO, Ty::Bits(to - from)));
        }
        let mut bits = self.slice(word.bits, low - word.low, top - low);
        if word.inverted {
            bits = self.unary(UnOp::Not, bits)?;
        }
        if top < to {
            let zeros = self.nodes.constant(Value::ZERO, Ty::Bits(to - top));
            bits = self.concat(zeros, bits);
        }
        if low > from {
            let zeros = self.nodes.constant(Value::ZERO, Ty::Bits(low - from));
            bits = self.concat(bits, zeros);
        }
        Ok(bits)
    }
}

/// Levels of gates of an addition with a parallel prefix.
fn addition_levels(width: u32) -> u32 {
    2 + 2 * width.next_power_of_two().ilog2()
}
