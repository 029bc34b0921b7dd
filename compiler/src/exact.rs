//! Exact numbers: rationals, and how the values of a file become them.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{Float, One, Signed, ToPrimitive, Zero};

use crate::graph::Rounding;
use crate::quantise::round_fraction;

/// An exact number.
pub type Ratio = num_rational::Ratio<BigInt>;

/// The number that a float is; `None` for infinities and NaN.
pub fn exact(value: f64) -> Option<Ratio> {
    if !value.is_finite() {
        return None;
    }
    let (mantissa, exponent, sign) = Float::integer_decode(value);
    let numerator = BigInt::from(mantissa) * sign;
    Some(match exponent {
        0.. => Ratio::from_integer(numerator << exponent),
        _ => Ratio::new(numerator, BigInt::one() << exponent.unsigned_abs()),
    })
}

/// An integer.
pub fn whole(value: i64) -> Ratio {
    Ratio::from_integer(value.into())
}

/// The nearest float, for people and for the float tail; beyond the exponents of floats, 0 or infinite.
pub fn approximate(value: &Ratio) -> f64 {
    // 66 bits of the quotient, the last one set where something is left: enough to round once.
    let shift = 66 + value.denom().bits() as i64 - value.numer().bits() as i64;
    let (numerator, denominator) = match shift {
        0.. => (value.numer() << shift, value.denom().clone()),
        _ => (value.numer().clone(), value.denom() << -shift),
    };
    let (quotient, rest) = numerator.abs().div_rem(&denominator);
    let sticky = if rest.is_zero() { quotient } else { quotient | BigInt::one() };
    // In two steps, since the power alone can be beyond the exponents of floats.
    let half = shift / 2;
    let scaled = sticky.to_f64().unwrap_or(f64::INFINITY) * (-half as f64).exp2();
    let magnitude = scaled * (-(shift - half) as f64).exp2();
    if value.is_negative() { -magnitude } else { magnitude }
}

/// The greatest number of which all are multiples; 0 where all are 0.
pub fn common_grid<'a>(values: impl IntoIterator<Item = &'a Ratio>) -> Ratio {
    let (mut numerator, mut denominator) = (BigInt::zero(), BigInt::one());
    for value in values {
        // gcd(a/b, c/d) = gcd(a·d, c·b) / (b·d); both fractions are in lowest terms.
        let joint = denominator.lcm(value.denom());
        let here = value.numer().abs() * (&joint / value.denom());
        numerator = (numerator * (&joint / &denominator)).gcd(&here);
        denominator = joint;
    }
    Ratio::new(numerator, denominator)
}

/// Rounds to an integer.
pub fn round(value: &Ratio, rounding: Rounding) -> BigInt {
    round_fraction(value.numer(), value.denom(), rounding)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(n: i64, d: i64) -> Ratio {
        Ratio::new(n.into(), d.into())
    }

    #[test]
    fn floats_and_back() {
        for value in [0.0, 1.0, -0.1, 3.5e-20, 7.25e30, f64::from(0.3f32), f64::MAX, f64::MIN_POSITIVE] {
            assert_eq!(approximate(&exact(value).unwrap()), value);
        }
        assert_eq!(exact(f64::NAN), None);
        // A third, rounded once.
        assert_eq!(approximate(&ratio(1, 3)), 1.0 / 3.0);
        assert_eq!(approximate(&ratio(-2, 3)), -2.0 / 3.0);
    }

    #[test]
    fn grids() {
        let grid = |values: &[Ratio]| common_grid(values);
        assert_eq!(grid(&[ratio(3, 4), ratio(-9, 8), ratio(0, 1)]), ratio(3, 8));
        assert_eq!(grid(&[ratio(1, 6), ratio(1, 10)]), ratio(1, 30));
        assert_eq!(grid(&[ratio(0, 1)]), ratio(0, 1));
        assert_eq!(grid(&[]), ratio(0, 1));
    }

    #[test]
    fn every_mode() {
        use Rounding::*;
        // Value in quarters, and the results as the modes' definitions give them.
        let table = [
            (10, [2, 3, 2, 3, 2, 3, 2]),
            (-10, [-2, -3, -2, -2, -3, -3, -2]),
            (14, [4, 4, 3, 4, 3, 4, 3]),
            (11, [3, 3, 3, 3, 2, 3, 2]),
            (-9, [-2, -2, -2, -2, -3, -3, -2]),
            (8, [2, 2, 2, 2, 2, 2, 2]),
        ];
        for (quarters, wanted) in table {
            for (mode, wanted) in [HalfEven, HalfUp, HalfDown, Ceil, Floor, Up, Down].into_iter().zip(wanted) {
                assert_eq!(round(&ratio(quarters, 4), mode), wanted.into(), "{quarters}/4 {mode:?}");
            }
        }
    }
}
