//! Constants: integers of any size, the common ones inline.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use num_bigint::{BigInt, Sign};
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive, Zero};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An exact integer of any size. Values that fit `i64` are always held inline, so that equality and hashing agree
/// with the number.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Value(Repr);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    Small(i64),
    Big(Box<BigInt>),
}

impl Value {
    /// Zero.
    pub const ZERO: Value = Value(Repr::Small(0));
    /// One.
    pub const ONE: Value = Value(Repr::Small(1));

    /// A small constant.
    pub const fn small(v: i64) -> Value {
        Value(Repr::Small(v))
    }
    /// The value where it fits an `i64`.
    pub fn to_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Small(v) => Some(*v),
            Repr::Big(_) => None,
        }
    }
    /// The value where it fits a `u64`.
    pub fn to_u64(&self) -> Option<u64> {
        match &self.0 {
            Repr::Small(v) => u64::try_from(*v).ok(),
            Repr::Big(b) => b.to_u64(),
        }
    }
    /// The value where it fits a `usize`.
    pub fn to_usize(&self) -> Option<usize> {
        self.to_u64().and_then(|v| usize::try_from(v).ok())
    }
    /// The value as a big integer.
    pub fn to_bigint(&self) -> BigInt {
        match &self.0 {
            Repr::Small(v) => BigInt::from(*v),
            Repr::Big(b) => (**b).clone(),
        }
    }
    /// The nearest `f64`.
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            Repr::Small(v) => *v as f64,
            Repr::Big(b) => b.to_f64().unwrap_or(f64::NAN),
        }
    }
    /// 2 to the power `n`.
    pub fn pow2(n: u32) -> Value {
        if n < 63 { Value::small(1 << n) } else { Value::from(BigInt::from(1) << n) }
    }
    /// True below zero.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Small(v) => *v < 0,
            Repr::Big(b) => b.is_negative(),
        }
    }
    /// True for zero.
    pub fn is_zero(&self) -> bool {
        matches!(self.0, Repr::Small(0))
    }
    /// The magnitude.
    pub fn abs(&self) -> Value {
        if self.is_negative() { -self } else { self.clone() }
    }
    /// Multiplied by 2 to the power `n`.
    pub fn shl(&self, n: u32) -> Value {
        match &self.0 {
            Repr::Small(v) if n < 64 => Value::from((*v as i128) << n),
            _ => Value::from(self.to_bigint() << n),
        }
    }
    /// Divided by 2 to the power `n`, rounded toward minus infinity.
    pub fn shr(&self, n: u32) -> Value {
        match &self.0 {
            Repr::Small(v) => Value::small(v >> n.min(63)),
            Repr::Big(b) => Value::from((**b).clone() >> n),
        }
    }
    /// The quotient rounded toward zero. `None` for a zero divisor.
    pub fn div_trunc(&self, d: &Value) -> Option<Value> {
        if d.is_zero() {
            return None;
        }
        Some(match (&self.0, &d.0) {
            (Repr::Small(a), Repr::Small(b)) => Value::from(*a as i128 / *b as i128),
            _ => Value::from(self.to_bigint() / d.to_bigint()),
        })
    }
    /// The remainder of [`Value::div_trunc`]; its sign is the dividend's. `None` for a zero divisor.
    pub fn rem_trunc(&self, d: &Value) -> Option<Value> {
        if d.is_zero() {
            return None;
        }
        Some(match (&self.0, &d.0) {
            (Repr::Small(a), Repr::Small(b)) => Value::from(*a as i128 % *b as i128),
            _ => Value::from(self.to_bigint() % d.to_bigint()),
        })
    }
    /// The value modulo 2 to the power `width`, in `0..2^width` (`signed` false) or `-2^(width-1)..2^(width-1)`.
    pub fn wrap(&self, width: u32, signed: bool) -> Value {
        if width == 0 {
            return Value::ZERO;
        }
        if let Repr::Small(v) = self.0 {
            if width < 63 {
                let low = v & ((1 << width) - 1);
                let negative = signed && (low >> (width - 1)) & 1 == 1;
                return Value::small(if negative { low - (1 << width) } else { low });
            }
            if signed && width >= 64 || !signed && v >= 0 {
                return self.clone();
            }
        }
        let modulus = BigInt::from(1) << width;
        let low = self.to_bigint().mod_floor(&modulus);
        let negative = signed && low.bit(u64::from(width) - 1);
        Value::from(if negative { low - modulus } else { low })
    }
    /// Bit `n` of the two's-complement form (sign-extended without end).
    pub fn bit(&self, n: u32) -> bool {
        match &self.0 {
            Repr::Small(v) => (v >> n.min(63)) & 1 == 1,
            Repr::Big(b) => b.bit(u64::from(n)),
        }
    }
    /// The number of bits that hold the value in two's complement: without a sign bit where `signed` is false.
    pub fn bits(&self, signed: bool) -> u32 {
        let magnitude_bits = match &self.0 {
            Repr::Small(v) => 64 - (if *v < 0 { !*v } else { *v }).leading_zeros(),
            Repr::Big(b) if b.sign() == Sign::Minus => (-(**b).clone() - 1u32).bits() as u32,
            Repr::Big(b) => b.bits() as u32,
        };
        magnitude_bits + u32::from(signed)
    }
    /// The low `width` bits of the two's-complement form as little-endian 32-bit words, the last one zero-padded.
    pub fn to_words(&self, width: u32) -> Vec<u32> {
        let count = width.div_ceil(32) as usize;
        let mut words = match self.wrap(width, false).0 {
            Repr::Small(v) => vec![v as u32, (v >> 32) as u32],
            Repr::Big(b) => b.magnitude().to_u32_digits(),
        };
        words.resize(count, 0);
        words
    }
    /// The value of `width` bits given as little-endian 32-bit words.
    pub fn from_words(words: &[u32], width: u32, signed: bool) -> Value {
        Value::from(BigInt::from_slice(Sign::Plus, words)).wrap(width, signed)
    }
}

macro_rules! from_small {
    ($($t:ty)*) => {$(
        impl From<$t> for Value {
            fn from(v: $t) -> Value { Value::small(v as i64) }
        }
    )*};
}
from_small!(i8 i16 i32 i64 isize u8 u16 u32 bool);

macro_rules! from_wide {
    ($($t:ty)*) => {$(
        impl From<$t> for Value {
            fn from(v: $t) -> Value {
                match i64::try_from(v) {
                    Ok(small) => Value::small(small),
                    Err(_) => Value(Repr::Big(Box::new(BigInt::from(v)))),
                }
            }
        }
    )*};
}
from_wide!(u64 usize i128 u128);

impl From<BigInt> for Value {
    fn from(v: BigInt) -> Value {
        match v.to_i64() {
            Some(small) => Value::small(small),
            None => Value(Repr::Big(Box::new(v))),
        }
    }
}

macro_rules! arithmetic {
    ($($trait:ident $method:ident $op:tt;)*) => {$(
        impl std::ops::$trait<&Value> for &Value {
            type Output = Value;
            fn $method(self, rhs: &Value) -> Value {
                match (&self.0, &rhs.0) {
                    (Repr::Small(a), Repr::Small(b)) => Value::from(*a as i128 $op *b as i128),
                    _ => Value::from(self.to_bigint() $op rhs.to_bigint()),
                }
            }
        }
    )*};
}
arithmetic! { Add add +; Sub sub -; Mul mul *; BitAnd bitand &; BitOr bitor |; BitXor bitxor ^; }

impl std::ops::Neg for &Value {
    type Output = Value;
    fn neg(self) -> Value {
        &Value::ZERO - self
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Small(a), Repr::Small(b)) => a.cmp(b),
            // A big value lies outside the range of `i64`, so its sign decides against a small one.
            (Repr::Big(a), Repr::Small(_)) => a.as_ref().cmp(&BigInt::zero()),
            (Repr::Small(_), Repr::Big(b)) => BigInt::zero().cmp(b),
            (Repr::Big(a), Repr::Big(b)) => a.cmp(b),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Small(v) => fmt::Display::fmt(v, f),
            Repr::Big(b) => fmt::Display::fmt(b, f),
        }
    }
}
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl FromStr for Value {
    type Err = num_bigint::ParseBigIntError;
    fn from_str(s: &str) -> Result<Value, Self::Err> {
        s.parse::<BigInt>().map(Value::from)
    }
}

/// A number where it fits `i64`, else a decimal string.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Repr::Small(v) => s.serialize_i64(*v),
            Repr::Big(b) => s.serialize_str(&b.to_string()),
        }
    }
}
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Value, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer, or a decimal string")
            }
            fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
                Ok(Value::from(v))
            }
            fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
                Ok(Value::from(v))
            }
            fn visit_str<E: serde::de::Error>(self, v: &str) -> Result<Value, E> {
                v.parse().map_err(|_| E::custom(format!("`{v}` is not an integer")))
            }
        }
        d.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn big() -> impl Strategy<Value = BigInt> {
        (any::<i128>(), 0u32..130).prop_map(|(v, s)| (BigInt::from(v) << s) >> 64)
    }

    proptest! {
        #[test]
        fn arithmetic_is_that_of_big_integers(a in big(), b in big(), n in 0u32..140) {
            let (x, y) = (Value::from(a.clone()), Value::from(b.clone()));
            prop_assert_eq!((&x + &y).to_bigint(), &a + &b);
            prop_assert_eq!((&x - &y).to_bigint(), &a - &b);
            prop_assert_eq!((&x * &y).to_bigint(), &a * &b);
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
            prop_assert_eq!(x.shl(n).to_bigint(), &a << n);
            prop_assert_eq!(x.shr(n).to_bigint(), a.div_floor(&(BigInt::from(1) << n)));
            if !b.is_zero() {
                prop_assert_eq!(x.div_trunc(&y).unwrap().to_bigint(), &a / &b);
                prop_assert_eq!(x.rem_trunc(&y).unwrap().to_bigint(), &a % &b);
            }
        }

        #[test]
        fn wrapping_is_modular_and_in_range(a in big(), width in 1u32..140) {
            let modulus = BigInt::from(1) << width;
            let x = Value::from(a.clone());
            let (u, s) = (x.wrap(width, false).to_bigint(), x.wrap(width, true).to_bigint());
            prop_assert!((&u - &a).is_multiple_of(&modulus) && u >= BigInt::zero() && u < modulus);
            prop_assert!((&s - &a).is_multiple_of(&modulus));
            prop_assert!(&s * 2 >= -&modulus && &s * 2 < modulus);
            let words = x.to_words(width);
            prop_assert_eq!(Value::from_words(&words, width, true).to_bigint(), s);
        }

        #[test]
        fn bit_counts_are_least(a in big()) {
            let x = Value::from(a.clone());
            let n = x.bits(true);
            prop_assert_eq!(x.wrap(n, true), x.clone());
            if n > 1 { prop_assert_ne!(x.wrap(n - 1, true), x); }
        }

        #[test]
        fn serde_round_trip(a in big()) {
            let x = Value::from(a);
            let text = serde_json::to_string(&x).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), x);
        }
    }
}
