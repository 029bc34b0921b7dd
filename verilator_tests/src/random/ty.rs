//! Types of the recipes' values, with ranges computed here from the language's definition: the front end's own types are
//! compared with these.

use gatewright_dsl::prelude::IntTy;
use gatewright_dsl::value::Value;
use num_bigint::BigInt;

/// The integers `lo..=hi`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Range {
    /// The least.
    pub lo: BigInt,
    /// The greatest.
    pub hi: BigInt,
}

/// 2 to the power `n`.
pub fn pow2(n: u32) -> BigInt {
    BigInt::from(1) << n
}

impl Range {
    /// `lo..=hi`, the ends in either order.
    pub fn new(a: impl Into<BigInt>, b: impl Into<BigInt>) -> Range {
        let (a, b) = (a.into(), b.into());
        if a <= b { Range { lo: a, hi: b } } else { Range { lo: b, hi: a } }
    }
    /// The least range that holds all of `values`, of which there is at least one.
    pub fn of(values: impl IntoIterator<Item = BigInt>) -> Range {
        let mut values = values.into_iter();
        let first = values.next().unwrap_or_default();
        values.fold(Range::new(first.clone(), first), |r, v| r.hull(&Range::new(v.clone(), v)))
    }
    /// One value.
    pub fn constant(v: impl Into<BigInt>) -> Range {
        let v = v.into();
        Range { lo: v.clone(), hi: v }
    }
    /// All values of so many bits.
    pub fn full(width: u32, signed: bool) -> Range {
        match (width, signed) {
            (0, _) => Range::constant(0),
            (w, false) => Range::new(0, pow2(w) - 1),
            (w, true) => Range::new(-pow2(w - 1), pow2(w - 1) - 1),
        }
    }
    /// True where the range reaches below zero.
    pub fn is_signed(&self) -> bool {
        self.lo < BigInt::from(0)
    }
    /// The bits that two's complement needs, or the bits of a natural number where none is negative.
    pub fn width(&self) -> u32 {
        let zero = BigInt::from(0);
        if !self.is_signed() {
            return self.hi.bits() as u32;
        }
        let magnitude = |v: &BigInt| if *v < zero { (-v - 1i32).bits() } else { v.bits() };
        magnitude(&self.lo).max(magnitude(&self.hi)) as u32 + 1
    }
    /// True for a value inside.
    pub fn contains(&self, v: &BigInt) -> bool {
        self.lo <= *v && *v <= self.hi
    }
    /// True where every value lies in `other`.
    pub fn fits(&self, other: &Range) -> bool {
        other.contains(&self.lo) && other.contains(&self.hi)
    }
    /// The least range around both.
    pub fn hull(&self, other: &Range) -> Range {
        Range { lo: (&self.lo).min(&other.lo).clone(), hi: (&self.hi).max(&other.hi).clone() }
    }
    /// The values in both.
    pub fn intersect(&self, other: &Range) -> Option<Range> {
        let (lo, hi) = ((&self.lo).max(&other.lo).clone(), (&self.hi).min(&other.hi).clone());
        (lo <= hi).then_some(Range { lo, hi })
    }
    /// The value in the range nearest to `v`.
    pub fn clamp(&self, v: &BigInt) -> BigInt {
        v.max(&self.lo).min(&self.hi).clone()
    }
    /// The value nearest to zero.
    pub fn nearest_zero(&self) -> BigInt {
        self.clamp(&BigInt::from(0))
    }
    /// The front end's form.
    pub fn int_ty(&self) -> IntTy {
        IntTy::new(Value::from(self.lo.clone()), Value::from(self.hi.clone()))
    }
    /// From the front end's form.
    pub fn of_int_ty(ty: IntTy) -> Range {
        Range { lo: ty.lo().to_bigint(), hi: ty.hi().to_bigint() }
    }
}

/// How many names [`super::build::Phase`] has.
pub const PHASES: usize = 5;

/// The type of a value.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Type {
    /// `Int`.
    Int(Range),
    /// `Bits`.
    Bits(u32),
    /// `Bool`.
    Bool,
    /// `Fixed`: the underlying integer and the bits behind the point.
    Fixed(Range, i32),
    /// The enum [`super::build::Phase`].
    Enum,
}

impl Type {
    /// The numbers that stand for the values.
    pub fn range(&self) -> Range {
        match self {
            Type::Int(r) | Type::Fixed(r, _) => r.clone(),
            Type::Bits(w) => Range::full(*w, false),
            Type::Bool => Range::new(0, 1),
            Type::Enum => Range::new(0, PHASES as i32 - 1),
        }
    }
    /// True where a value of this type can be stored in a place of type `place`.
    pub fn fits(&self, place: &Type) -> bool {
        match (self, place) {
            (Type::Int(a), Type::Int(b)) => a.fits(b),
            (Type::Fixed(a, p), Type::Fixed(b, q)) => p == q && a.fits(b),
            _ => self == place,
        }
    }
    /// The type of a choice between the two.
    pub fn choice(&self, other: &Type) -> Option<Type> {
        match (self, other) {
            (Type::Int(a), Type::Int(b)) => Some(Type::Int(a.hull(b))),
            (Type::Fixed(a, p), Type::Fixed(b, q)) if p == q => Some(Type::Fixed(a.hull(b), *p)),
            _ => (self == other).then(|| self.clone()),
        }
    }
    /// The value at power-up where nothing is said.
    pub fn power_up(&self) -> BigInt {
        self.range().nearest_zero()
    }
    /// The range of an integer.
    pub fn int(&self) -> Option<&Range> {
        match self {
            Type::Int(r) => Some(r),
            _ => None,
        }
    }
    /// The width of a word.
    pub fn bits(&self) -> Option<u32> {
        match self {
            Type::Bits(w) => Some(*w),
            _ => None,
        }
    }
    /// Range and binary point.
    pub fn fixed(&self) -> Option<(&Range, i32)> {
        match self {
            Type::Fixed(r, p) => Some((r, *p)),
            _ => None,
        }
    }
}
