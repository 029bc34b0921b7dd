//! How often one value is in one sum: an integer, and the digits of all its shortest signed-digit forms.
//!
//! A number has one canonical form, and often others with as few digits: `3 = 4 - 1 = 2 + 1`. A digit belongs to one of
//! them if and only if what is left without it needs one digit less.

use std::fmt::Debug;
use std::hash::Hash;

use num_traits::{AsPrimitive, One, PrimInt, Zero};

use crate::csd::{self, weight};

/// An unsigned integer with a bit for each digit position.
pub(crate) trait Bits: PrimInt + Hash + Debug + Send + Sync + 'static {
    /// A signed integer with room for digits at the positions below [`POSITIONS`](Bits::POSITIONS).
    type Value: PrimInt + Hash + Debug + Send + Sync + AsPrimitive<i128>;
    /// Positions that a digit can have.
    const POSITIONS: u32;
    fn value(v: i128) -> Self::Value;
}

impl Bits for u32 {
    type Value = i32;
    const POSITIONS: u32 = 30;
    fn value(v: i128) -> i32 {
        v as i32
    }
}

impl Bits for u128 {
    type Value = i128;
    const POSITIONS: u32 = 126;
    fn value(v: i128) -> i128 {
        v
    }
}

/// The positions at which a shortest form has a digit 1, a digit -1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Word<B: Bits> {
    value: B::Value,
    pub plus: B,
    pub minus: B,
}

impl<B: Bits> Word<B> {
    pub fn zero() -> Word<B> {
        Word { value: B::Value::zero(), plus: B::zero(), minus: B::zero() }
    }

    pub fn of(value: i128) -> Word<B> {
        Word::from(B::value(value))
    }

    fn from(value: B::Value) -> Word<B> {
        let wanted = weight(value);
        let mut word = Word { value, plus: B::zero(), minus: B::zero() };
        if wanted == 0 {
            return word;
        }
        let mut bit = B::one();
        let mut power = B::Value::one();
        loop {
            // Below the lowest set bit there is no digit; above the highest, one position at most has one.
            if !(value & (power + power - B::Value::one())).is_zero() {
                if weight(value - power) < wanted {
                    word.plus = word.plus | bit;
                }
                if weight(value + power) < wanted {
                    word.minus = word.minus | bit;
                }
                let rest = value >> (power.trailing_zeros() as usize);
                if rest.is_zero() || (rest + B::Value::one()).is_zero() {
                    return word;
                }
            }
            bit = bit << 1;
            power = power << 1;
        }
    }

    pub fn is_zero(self) -> bool {
        self.value.is_zero()
    }

    /// Digits of a shortest form.
    pub fn count(self) -> u32 {
        weight(self.value)
    }

    pub fn value(self) -> i128 {
        self.value.as_()
    }

    pub fn plus(self, more: i128) -> Word<B> {
        Word::from(self.value + B::value(more))
    }

    /// `(position, negative)` of the canonical form.
    pub fn digits(self) -> impl Iterator<Item = (u32, bool)> {
        csd::digits(self.value.as_()).into_iter().map(|d| (d.shift, d.negative))
    }

    /// The same of all shortest forms.
    pub fn choices(self) -> impl Iterator<Item = (u32, bool)> {
        let positions = |mut rest: B, negative| {
            std::iter::from_fn(move || {
                let position = (!rest.is_zero()).then(|| rest.trailing_zeros())?;
                rest = rest & (rest - B::one());
                Some((position, negative))
            })
        };
        positions(self.plus, false).chain(positions(self.minus, true))
    }
}

/// Where `low ± high * 2^shift` can be taken out of both words: the positions of `low` with a digit 1, with a digit -1.
#[inline]
pub(crate) fn starts<B: Bits>(low: Word<B>, high: Word<B>, shift: u32, subtract: bool) -> (B, B) {
    let (plus, minus) = if subtract { (high.minus, high.plus) } else { (high.plus, high.minus) };
    (low.plus & (plus >> shift as usize), low.minus & (minus >> shift as usize))
}

/// Takes out as many occurrences as there are, up to `most`, the lowest first. How many, the sum of their powers of two
/// with signs, and what is left of the words.
pub(crate) fn take<B: Bits>(
    low: Word<B>,
    high: Word<B>,
    shift: u32,
    subtract: bool,
    most: u32,
) -> (u32, i128, Word<B>, Word<B>) {
    let (mut low, mut high) = (low, high);
    let (mut count, mut sum) = (0, 0);
    while count < most {
        let (plus, minus) = starts(low, high, shift, subtract);
        let any = plus | minus;
        if any.is_zero() {
            break;
        }
        let at = any.trailing_zeros();
        let negative = (plus >> at as usize & B::one()).is_zero();
        let digit = if negative { -(1 << at) } else { 1 << at };
        let above = if subtract { -(digit << shift) } else { digit << shift };
        low = low.plus(-digit);
        high = high.plus(-above);
        (count, sum) = (count + 1, sum + digit);
    }
    (count, sum, low, high)
}

/// The same where both are one word.
pub(crate) fn take_own<B: Bits>(word: Word<B>, shift: u32, subtract: bool, most: u32) -> (u32, i128, Word<B>) {
    let mut word = word;
    let (mut count, mut sum) = (0, 0);
    while count < most {
        let (plus, minus) = starts(word, word, shift, subtract);
        let mut rest = plus | minus;
        let mut found = None;
        while !rest.is_zero() && found.is_none() {
            let at = rest.trailing_zeros();
            rest = rest & (rest - B::one());
            for negative in [false, true] {
                let mask = if negative { minus } else { plus };
                if (mask >> at as usize & B::one()).is_zero() {
                    continue;
                }
                let digit: i128 = if negative { -(1 << at) } else { 1 << at };
                let left = word.plus(-digit - if subtract { -(digit << shift) } else { digit << shift });
                if left.count() + 2 == word.count() {
                    found = Some((digit, left));
                    break;
                }
            }
        }
        let Some((digit, left)) = found else { break };
        word = left;
        (count, sum) = (count + 1, sum + digit);
    }
    (count, sum, word)
}
