//! Codes of positions and counts: priority encoders, one-hot, leading zeros, thermometer and Gray code.
//!
//! All are combinational, and of a depth that grows with the logarithm of the width.

use super::misuse::refuse;
use crate::diag;
use crate::hw::bits::{Bits, Bool, from_bools};
use crate::hw::bundle::Bundle;
use crate::hw::context::{Loc, Raw, with};
use crate::hw::int::{Int, lit, reduce};
use crate::ty::{IntTy, MAX_WIDTH, Ty};

/// What a priority encoder finds in a word.
#[derive(Bundle, Clone, Copy, Debug)]
pub struct Found {
    /// The number of the bit, `0..=width - 1`.
    pub index: Int,
    /// Whether there is a bit that is 1.
    pub valid: Bool,
}

/// The bits of a word that has some. `None` after a report, or where the word is poison.
fn bits_of(word: Bits, what: &str, loc: Loc) -> Option<Vec<Bool>> {
    if word.raw().is_poison() {
        return None;
    }
    let bools = word.to_bools();
    if bools.is_empty() {
        refuse(loc, &format!("{what} needs a word of at least one bit"), "give it a word that is not empty");
        return None;
    }
    Some(bools)
}

fn poison() -> Int {
    Int::new(Raw::POISON)
}

/// The first or the last bit that is 1, as a tree of pairs; where there is none, the index at the other end.
fn find(bools: &[Bool], last: bool) -> Found {
    let mut level: Vec<Found> = bools.iter().map(|&valid| Found { index: lit(0), valid }).collect();
    let mut span = 1u64;
    while level.len() > 1 {
        let pair = |pair: &[Found]| match pair {
            [a, b] => {
                let high = b.index + span;
                let index = if last { b.valid.mux(high, a.index) } else { a.valid.mux(a.index, high) };
                Found { index, valid: a.valid | b.valid }
            }
            _ => pair[0],
        };
        level = level.chunks(2).map(pair).collect();
        span *= 2;
    }
    level.first().copied().unwrap_or(Found { index: poison(), valid: Bool::new(Raw::POISON) })
}

/// The lowest bit that is 1: a priority encoder. Where there is none, the index is `width - 1`.
#[track_caller]
pub fn lowest_one(word: Bits) -> Found {
    find(&bits_of(word, "lowest_one", Loc::caller()).unwrap_or_default(), false)
}

/// The highest bit that is 1: a priority encoder. Where there is none, the index is 0.
#[track_caller]
pub fn highest_one(word: Bits) -> Found {
    find(&bits_of(word, "highest_one", Loc::caller()).unwrap_or_default(), true)
}

/// How many bits above the highest 1 are 0: `0..=width`, the width for a word of zeros.
#[track_caller]
pub fn leading_zeros(word: Bits) -> Int {
    let mut bools = word.to_bools();
    bools.reverse();
    zeros_before(word, &bools)
}

/// How many bits below the lowest 1 are 0: `0..=width`, the width for a word of zeros.
#[track_caller]
pub fn trailing_zeros(word: Bits) -> Int {
    zeros_before(word, &word.to_bools())
}

fn zeros_before(word: Bits, bools: &[Bool]) -> Int {
    if word.raw().is_poison() {
        return poison();
    }
    if bools.is_empty() {
        return lit(0);
    }
    let found = find(bools, false);
    found.valid.mux(found.index, bools.len())
}

/// The word in the other order of bits.
#[track_caller]
pub fn reverse(word: Bits) -> Bits {
    let mut bools = word.to_bools();
    bools.reverse();
    if word.raw().is_poison() { word } else { from_bools(&bools) }
}

/// True where exactly one bit is 1.
#[track_caller]
pub fn is_one_hot(word: Bits) -> Bool {
    let (any, many) = any_and_many(word);
    any & !many
}

/// True where one bit or none is 1.
#[track_caller]
pub fn is_at_most_one(word: Bits) -> Bool {
    !any_and_many(word).1
}

/// Whether a bit is 1, and whether more than one is.
fn any_and_many(word: Bits) -> (Bool, Bool) {
    let leaves: Vec<(Bool, Option<Bool>)> = word.to_bools().into_iter().map(|b| (b, None)).collect();
    let both = |x: Option<Bool>, y: Option<Bool>| match (x, y) {
        (Some(x), Some(y)) => Some(x | y),
        (x, y) => x.or(y),
    };
    let top = reduce(&leaves, |a, b| (a.0 | b.0, both(both(a.1, b.1), Some(a.0 & b.0))));
    if word.raw().is_poison() {
        return (Bool::new(Raw::POISON), Bool::new(Raw::POISON));
    }
    match top {
        Some((any, many)) => (any, many.unwrap_or_else(|| Bool::constant(false))),
        None => (Bool::constant(false), Bool::constant(false)),
    }
}

/// The word of `width` bits of which only number `index` is 1: a decoder. The index lies in `0..width`.
#[track_caller]
pub fn one_hot(index: Int, width: u32) -> Bits {
    let loc = Loc::caller();
    if index.raw().is_poison() || too_wide(width, "this word", loc) {
        return Bits::new(Raw::POISON);
    }
    let ty = index.ty();
    if width == 0 || !ty.fits(IntTy::new(0, width - 1)) {
        with(|c| {
            let place = c.place(loc);
            c.report(diag::e0110::new(place, &[Ty::Int(ty), Ty::Int(IntTy::constant(width))]));
        });
        return Bits::new(Raw::POISON);
    }
    from_bools(&(0..width).map(|n| index.eq(n)).collect::<Vec<_>>())
}

fn too_wide(width: u32, what: &str, loc: Loc) -> bool {
    if width > MAX_WIDTH {
        with(|c| {
            let place = c.place(loc);
            c.report(diag::e0105::declared(place, what));
        });
    }
    width > MAX_WIDTH
}

/// The number of the only bit that is 1. Without priority: the numbers of all bits that are 1, ORed together, and so 0
/// where there is none. The range is that of the word of numbers, `0..=2^n - 1` with the least `n`.
#[track_caller]
pub fn one_hot_index(word: Bits) -> Int {
    let Some(bools) = bits_of(word, "one_hot_index", Loc::caller()) else { return poison() };
    let width = usize::BITS - (bools.len() - 1).leading_zeros();
    if width == 0 {
        return lit(0);
    }
    let bit = |n: u32| {
        let with_bit: Vec<Bool> = (0..bools.len()).filter(|k| k >> n & 1 == 1).map(|k| bools[k]).collect();
        from_bools(&with_bit).any()
    };
    from_bools(&(0..width).map(bit).collect::<Vec<_>>()).to_uint()
}

/// The word of `width` bits whose `count` lowest are 1. A count below 0 gives none, one above the width all.
#[track_caller]
pub fn thermometer(count: Int, width: u32) -> Bits {
    if count.raw().is_poison() || too_wide(width, "this word", Loc::caller()) {
        return Bits::new(Raw::POISON);
    }
    from_bools(&(0..width).map(|n| count.gt(n)).collect::<Vec<_>>())
}

/// How many bits are 1 below the lowest 0: the count of a thermometer code, `0..=width`. Where a code may have bubbles,
/// [`Bits::count_ones`] says more.
#[track_caller]
pub fn thermometer_count(word: Bits) -> Int {
    trailing_zeros(!word)
}

/// The Gray code of a binary number: neighbours differ in one bit.
#[track_caller]
pub fn to_gray(word: Bits) -> Bits {
    word ^ (word >> 1)
}

/// The binary number of a Gray code.
#[track_caller]
pub fn from_gray(word: Bits) -> Bits {
    let (mut result, mut shift) = (word, 1);
    while shift < word.width() {
        result = result ^ (result >> shift);
        shift *= 2;
    }
    result
}

/// Only the lowest 1 of the word: the grant of an arbiter with fixed priority. A word of zeros gives zeros.
#[track_caller]
pub fn lowest_one_hot(word: Bits) -> Bits {
    // 1 at the lowest 1 and everywhere above.
    let (mut above, mut shift) = (word, 1);
    while shift < word.width() {
        above = above | (above << shift);
        shift *= 2;
    }
    word & !(above << 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::testing::*;
    use crate::hw::bits::word;
    use crate::ty::uint;

    #[test]
    fn a_word_without_bits() {
        expect_error(
            word(4),
            |_, i| lowest_one(i.slice(0..0)), //~ here
            "E0109: lowest_one needs a word of at least one bit
            at here
            help: give it a word that is not empty",
        );
        assert_eq!(codes(word(4), |_, i| highest_one(i.slice(1..1)).index + 1), ["E0109"]);
        assert_eq!(codes(word(4), |_, i| one_hot_index(i.slice(4..4)) + 1), ["E0109"]);
        let none: Vec<&str> = Vec::new();
        assert_eq!(codes(word(4), |_, i| (leading_zeros(i.slice(0..0)), is_at_most_one(i.slice(0..0)))), none);
        assert_eq!(codes(word(4), |_, i| (reverse(i.slice(0..0)), from_gray(i.slice(0..0)))), none);
    }

    #[test]
    fn an_index_beyond_the_word() {
        expect_error(
            uint(3),
            |_, i| one_hot(i, 7), //~ here
            "E0110: the index can lie outside of the choices
            at here
            | index is uint<3> [0..=7]
            | there are 7 choices
            help: narrow the index with .wrap(), .sat() or .claim(), or give a choice for every value of its range",
        );
        assert_eq!(codes(uint(3), |_, i| one_hot(i - 1, 8)), ["E0110"]);
        assert_eq!(codes(uint(3), |_, i| one_hot(i, 0)), ["E0110"]);
        assert_eq!(codes(uint(3), |_, i| (one_hot(i, u32::MAX), thermometer(i, u32::MAX))), ["E0105", "E0105"]);
    }

    #[test]
    fn mistakes_before_are_not_repeated() {
        let found = errors((word(4), word(5)), |_, (w, v)| {
            let bad = w & v;
            let found = lowest_one(reverse(to_gray(from_gray(bad))));
            let one = one_hot(found.index, 4);
            (is_one_hot(one), thermometer(leading_zeros(bad), 4), thermometer_count(bad), lowest_one_hot(bad))
        });
        assert_eq!(found.codes(), ["E0108"], "{found}");
    }
}
