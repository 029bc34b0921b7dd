//! Types: exact integer ranges, raw words, and what the language shows of them.
//!
//! [`IntTy`] is a range `lo..=hi` of any size; width and sign follow from it. [`Ty`] is the type of an IR node: an
//! integer range or a raw word (`Bool` is a word of one bit).

use std::collections::HashSet;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::{Mutex, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::value::Value;

/// The widest value the language makes; a wider result is a diagnostic (E0105).
pub const MAX_WIDTH: u32 = 1 << 16;

/// An exact range of integers, `lo..=hi`.
///
/// `Copy`: ranges beyond `i64` are kept once for the life of the process.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct IntTy(Range);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Range {
    Small(i64, i64),
    /// Unique per content, so that comparing the content is comparing the type.
    Big(&'static (Value, Value)),
}

fn intern(range: (Value, Value)) -> &'static (Value, Value) {
    static RANGES: OnceLock<Mutex<HashSet<&'static (Value, Value)>>> = OnceLock::new();
    let mut ranges = RANGES.get_or_init(Mutex::default).lock().unwrap_or_else(|e| e.into_inner());
    if let Some(known) = ranges.get(&range) {
        return known;
    }
    let kept: &'static (Value, Value) = Box::leak(Box::new(range));
    ranges.insert(kept);
    kept
}

impl IntTy {
    /// The range `lo..=hi`; the ends are swapped where they are given in the wrong order.
    pub fn new(lo: impl Into<Value>, hi: impl Into<Value>) -> IntTy {
        let (lo, hi) = (lo.into(), hi.into());
        let (lo, hi) = if lo <= hi { (lo, hi) } else { (hi, lo) };
        match (lo.to_i64(), hi.to_i64()) {
            (Some(lo), Some(hi)) => IntTy(Range::Small(lo, hi)),
            _ => IntTy(Range::Big(intern((lo, hi)))),
        }
    }
    /// The range of one value.
    pub fn constant(v: impl Into<Value>) -> IntTy {
        let v = v.into();
        IntTy::new(v.clone(), v)
    }
    /// The full range of `width` bits, unsigned or two's complement. Width 0 is the range of the value 0. A width beyond
    /// [`MAX_WIDTH`], which nothing in a design can have, is cut to one bit more than that.
    pub fn full(width: u32, signed: bool) -> IntTy {
        match (width.min(MAX_WIDTH + 1), signed) {
            (0, _) => IntTy::constant(0),
            (w, false) => IntTy::new(0, &Value::pow2(w) - &Value::ONE),
            (w, true) => IntTy::new(-&Value::pow2(w - 1), &Value::pow2(w - 1) - &Value::ONE),
        }
    }
    /// The least value.
    pub fn lo(self) -> Value {
        match self.0 {
            Range::Small(lo, _) => Value::small(lo),
            Range::Big(r) => r.0.clone(),
        }
    }
    /// The greatest value.
    pub fn hi(self) -> Value {
        match self.0 {
            Range::Small(_, hi) => Value::small(hi),
            Range::Big(r) => r.1.clone(),
        }
    }
    /// Both ends where they fit `i64`.
    pub fn small(self) -> Option<(i64, i64)> {
        match self.0 {
            Range::Small(lo, hi) => Some((lo, hi)),
            Range::Big(_) => None,
        }
    }
    /// True where the range reaches below zero; such a value is held in two's complement.
    pub fn is_signed(self) -> bool {
        match self.0 {
            Range::Small(lo, _) => lo < 0,
            Range::Big(r) => r.0.is_negative(),
        }
    }
    /// The least number of bits that hold every value of the range, sign bit included. 0 for the range `0..=0`.
    pub fn width(self) -> u32 {
        let signed = self.is_signed();
        match self.0 {
            Range::Small(lo, hi) => {
                let bits = |v: i64| 64 - (if v < 0 { !v } else { v }).leading_zeros() + u32::from(signed);
                bits(lo).max(bits(hi))
            }
            Range::Big(r) => r.0.bits(signed).max(r.1.bits(signed)),
        }
    }
    /// The only value of a range of one.
    pub fn as_constant(self) -> Option<Value> {
        match self.0 {
            Range::Small(lo, hi) => (lo == hi).then(|| Value::small(lo)),
            Range::Big(r) => (r.0 == r.1).then(|| r.0.clone()),
        }
    }
    /// True where the range is all values of its width and sign.
    pub fn is_full(self) -> bool {
        self == IntTy::full(self.width(), self.is_signed())
    }
    /// The full range of this range's width and sign.
    pub fn widened_to_full(self) -> IntTy {
        IntTy::full(self.width(), self.is_signed())
    }
    /// True where `v` lies in the range.
    pub fn contains(self, v: &Value) -> bool {
        self.lo() <= *v && *v <= self.hi()
    }
    /// True where every value of `self` lies in `other`.
    pub fn fits(self, other: IntTy) -> bool {
        match (self.0, other.0) {
            (Range::Small(a, b), Range::Small(c, d)) => c <= a && b <= d,
            _ => other.lo() <= self.lo() && self.hi() <= other.hi(),
        }
    }
    /// The least range that holds both.
    pub fn hull(self, other: IntTy) -> IntTy {
        match (self.0, other.0) {
            (Range::Small(a, b), Range::Small(c, d)) => IntTy(Range::Small(a.min(c), b.max(d))),
            _ => IntTy::new(self.lo().min(other.lo()), self.hi().max(other.hi())),
        }
    }
    /// The values in both, or `None` where there are none.
    pub fn intersect(self, other: IntTy) -> Option<IntTy> {
        let (lo, hi) = (self.lo().max(other.lo()), self.hi().min(other.hi()));
        (lo <= hi).then(|| IntTy::new(lo, hi))
    }
    /// The range of a sum of at most `n` values of this range (0 included, as the empty sum).
    pub fn times(self, n: u64) -> IntTy {
        let n = Value::from(n);
        IntTy::constant(0).hull(IntTy::new(&self.lo() * &n, &self.hi() * &n))
    }
    /// The number of values in the range.
    pub fn count(self) -> Value {
        &(&self.hi() - &self.lo()) + &Value::ONE
    }
    /// The value in the range that is nearest to zero: what a register without reset holds at power-up.
    pub fn nearest_zero(self) -> Value {
        if self.is_signed() { self.hi().min(Value::ZERO) } else { self.lo() }
    }
    /// The range of the sum.
    pub fn plus(self, other: IntTy) -> IntTy {
        IntTy::new(&self.lo() + &other.lo(), &self.hi() + &other.hi())
    }
    /// The range of the difference.
    pub fn minus(self, other: IntTy) -> IntTy {
        IntTy::new(&self.lo() - &other.hi(), &self.hi() - &other.lo())
    }
    /// The range of the product: the extremes of the four products of the ends.
    pub fn product(self, other: IntTy) -> IntTy {
        let (a, b, c, d) = (self.lo(), self.hi(), other.lo(), other.hi());
        let products = [&a * &c, &a * &d, &b * &c, &b * &d];
        let (lo, hi) = (products.iter().min().cloned(), products.iter().max().cloned());
        IntTy::new(lo.unwrap_or(Value::ZERO), hi.unwrap_or(Value::ZERO))
    }
}

/// The unsigned range of `width` bits, `0..=2^width - 1`.
pub fn uint(width: u32) -> IntTy {
    IntTy::full(width, false)
}
/// The two's-complement range of `width` bits, `-2^(width-1)..=2^(width-1) - 1`.
pub fn sint(width: u32) -> IntTy {
    IntTy::full(width, true)
}
/// Any range, such as `range(-3..=12)`.
pub fn range<T: Into<Value> + Clone>(r: RangeInclusive<T>) -> IntTy {
    IntTy::new(r.start().clone(), r.end().clone())
}

/// `uint<8> [0..=255]`, `sint<5> [-3..=12]`.
impl fmt::Display for IntTy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_signed() { "sint" } else { "uint" };
        write!(f, "{kind}<{}> [{}..={}]", self.width(), self.lo(), self.hi())
    }
}
impl fmt::Debug for IntTy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..={}", self.lo(), self.hi())
    }
}
impl Serialize for IntTy {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        (self.lo(), self.hi()).serialize(s)
    }
}
impl<'de> Deserialize<'de> for IntTy {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<IntTy, D::Error> {
        let (lo, hi) = <(Value, Value)>::deserialize(d)?;
        if lo > hi {
            return Err(serde::de::Error::custom(format!("the range {lo}..={hi} is empty")));
        }
        Ok(IntTy::new(lo, hi))
    }
}

/// The type of an IR node.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ty {
    /// An integer in an exact range.
    Int(IntTy),
    /// A raw word of so many bits; its value is the unsigned number they spell. `Bool` is a word of one bit.
    Bits(u32),
}

impl Ty {
    /// A word of one bit.
    pub const BOOL: Ty = Ty::Bits(1);

    /// The number of bits in hardware: of a range, [`IntTy::width`].
    pub fn width(self) -> u32 {
        match self {
            Ty::Int(t) => t.width(),
            Ty::Bits(w) => w,
        }
    }
    /// True for a range that reaches below zero.
    pub fn is_signed(self) -> bool {
        matches!(self, Ty::Int(t) if t.is_signed())
    }
    /// The range of values; of a word, the unsigned range of its width.
    pub fn range(self) -> IntTy {
        match self {
            Ty::Int(t) => t,
            Ty::Bits(w) => uint(w),
        }
    }
    /// The range of an integer type.
    pub fn as_int(self) -> Option<IntTy> {
        match self {
            Ty::Int(t) => Some(t),
            Ty::Bits(_) => None,
        }
    }
    /// The only value of a type of one value: it has no wires.
    pub fn as_constant(self) -> Option<Value> {
        match self {
            Ty::Int(t) => t.as_constant(),
            Ty::Bits(w) => (w == 0).then_some(Value::ZERO),
        }
    }
    /// True where `v` is a value of the type.
    pub fn contains(self, v: &Value) -> bool {
        self.range().contains(v)
    }
    /// True where a value of this type can be connected to `place`: a range inside a range, or equal word widths.
    pub fn fits(self, place: Ty) -> bool {
        match (self, place) {
            (Ty::Int(a), Ty::Int(b)) => a.fits(b),
            (Ty::Bits(a), Ty::Bits(b)) => a == b,
            _ => false,
        }
    }
    /// `v` cut to the width of the type and read with its sign: what hardware does with a value that does not fit.
    pub fn cut(self, v: &Value) -> Value {
        v.wrap(self.width(), self.is_signed())
    }
    /// The value held at power-up where nothing else is said: the one nearest to zero.
    pub fn power_up(self) -> Value {
        self.range().nearest_zero()
    }
}

/// `uint<8> [0..=255]`, `bits<4>`, `bool`.
impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ty::Int(t) => t.fmt(f),
            Ty::Bits(1) => f.write_str("bool"),
            Ty::Bits(w) => write!(f, "bits<{w}>"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_around_machine_words() {
        for w in [1, 2, 8, 31, 32, 33, 62, 63, 64, 65, 128, 200] {
            assert_eq!(uint(w).width(), w);
            assert_eq!(sint(w).width(), w);
            assert!(!uint(w).is_signed() && sint(w).is_signed());
            assert!(uint(w).is_full() && sint(w).is_full());
            assert_eq!(uint(w).plus(uint(w)).width(), w + 1);
            assert_eq!(sint(w).product(sint(w)).hi(), Value::pow2(2 * w - 2));
        }
        assert_eq!(range(-8..=-5).width(), 4);
        assert_eq!(range(-3..=12).width(), 5);
        assert_eq!(range(5..=5).width(), 3);
        assert_eq!(range(0..=0).width(), 0);
        assert_eq!(range(-1..=-1).width(), 1);
        assert_eq!(range(-1..=0).width(), 1);
    }

    #[test]
    fn big_ranges_compare_by_content() {
        assert_eq!(uint(200), uint(200));
        assert_ne!(uint(200), uint(201));
        assert!(uint(64).fits(uint(65)) && !uint(65).fits(uint(64)));
        assert!(sint(8).fits(sint(200)) && !sint(8).fits(uint(200)));
    }

    #[test]
    fn nearest_to_zero() {
        assert_eq!(range(-3..=12).nearest_zero(), Value::ZERO);
        assert_eq!(range(-8..=-5).nearest_zero(), Value::small(-5));
        assert_eq!(range(7..=9).nearest_zero(), Value::small(7));
    }

    #[test]
    fn sums_of_several() {
        assert_eq!(range(-3..=12).times(4), range(-12..=48));
        assert_eq!(range(5..=10).times(4), range(0..=40));
    }
}
