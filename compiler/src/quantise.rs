//! Quantisation of one number, exactly: a `float64` is a fraction with a power of two below, so that division by a scale and
//! the decision between two neighbours can be made without error.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{Float, One, Signed, ToPrimitive, Zero};

use crate::graph::Rounding;

/// The integers of a quantiser, ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Least.
    pub lo: f64,
    /// Greatest.
    pub hi: f64,
}

/// The most bits that a quantiser may have: its integers stay exact in a `float64`.
pub const MAX_BITS: u32 = 53;

impl Limits {
    /// Of so many bits, 1 to [`MAX_BITS`].
    pub fn of(bits: u32, signed: bool, narrow: bool) -> Limits {
        let narrow = f64::from(u8::from(narrow));
        let half = 2f64.powi(bits as i32 - 1);
        if signed {
            Limits { lo: -half + narrow, hi: half - 1.0 }
        } else {
            Limits { lo: 0.0, hi: 2.0 * half - 1.0 - narrow }
        }
    }
}

/// `round(clip(x / scale + zero_point, lo, hi))`, without error; the scale is positive and finite, the zero point finite.
/// Not-a-number stays that.
pub fn quantise(x: f64, scale: f64, zero_point: f64, limits: Limits, rounding: Rounding) -> f64 {
    let quotient = x / scale;
    let near = quotient + zero_point;
    if near.is_nan() {
        return near;
    }
    // Rounding is monotone and the limits are integers: clipping may come last, and far outside nothing else matters.
    if near > limits.hi + 1.0 {
        return limits.hi;
    }
    if near < limits.lo - 1.0 {
        return limits.lo;
    }
    let error = (quotient.abs() + near.abs() + 1.0) * 4.0 * f64::EPSILON;
    let to_nearest = matches!(rounding, Rounding::HalfEven | Rounding::HalfUp | Rounding::HalfDown);
    let nearest = nearest(near);
    if to_nearest && ((near - nearest).abs() - 0.5).abs() > error {
        return nearest.max(limits.lo).min(limits.hi);
    }
    // The decision changes here only.
    let boundary = if to_nearest { near.floor() + 0.5 } else { near.round() };
    let integer = if (near - boundary).abs() > error {
        round(near, rounding)
    } else {
        let (above, below) = fraction(x, scale, zero_point);
        round_fraction(&above, &below, rounding).to_f64().unwrap_or(near)
    };
    integer.max(limits.lo).min(limits.hi)
}

/// The nearest integer, of two the even one; without a call of the mathematical library, which is slow.
pub(crate) fn nearest(x: f64) -> f64 {
    // 1.5 · 2^52: floats of this size are integers, and the sum is rounded to one.
    const MAGIC: f64 = 6_755_399_441_055_744.0;
    if x.abs() < MAGIC / 8.0 { (x + MAGIC) - MAGIC } else { x.round_ties_even() }
}

/// Rounds to an integer.
pub fn round(x: f64, rounding: Rounding) -> f64 {
    match rounding {
        Rounding::HalfEven => x.round_ties_even(),
        Rounding::HalfUp => x.round(),
        Rounding::HalfDown => {
            let whole = x.trunc();
            if (x - whole).abs() > 0.5 { whole + x.signum() } else { whole }
        }
        Rounding::Ceil => x.ceil(),
        Rounding::Floor => x.floor(),
        Rounding::Up => x.abs().ceil().copysign(x),
        Rounding::Down => x.trunc(),
    }
}

/// `x / scale + zero_point` as numerator and positive denominator.
fn fraction(x: f64, scale: f64, zero_point: f64) -> (BigInt, BigInt) {
    let ((x, x_exponent), (scale, s_exponent), (zero, z_exponent)) = (dyadic(x), dyadic(scale), dyadic(zero_point));
    let exponent = (x_exponent - s_exponent).min(z_exponent);
    let above = (x << (x_exponent - s_exponent - exponent)) + ((&scale * zero) << (z_exponent - exponent));
    if exponent >= 0 { (above << exponent, scale) } else { (above, scale << -exponent) }
}

/// `mantissa * 2^exponent`.
fn dyadic(x: f64) -> (BigInt, i32) {
    let (mantissa, exponent, sign) = x.integer_decode();
    if mantissa == 0 {
        return (BigInt::zero(), 0);
    }
    let zeros = mantissa.trailing_zeros();
    (BigInt::from(mantissa >> zeros) * i32::from(sign), i32::from(exponent) + zeros as i32)
}

/// `above / below` rounded to an integer; `below` is positive.
pub(crate) fn round_fraction(above: &BigInt, below: &BigInt, rounding: Rounding) -> BigInt {
    let (floor, rest) = above.div_mod_floor(below);
    let negative = above.is_negative();
    let up = !rest.is_zero()
        && match rounding {
            Rounding::Floor => false,
            Rounding::Ceil => true,
            Rounding::Up => !negative,
            Rounding::Down => negative,
            Rounding::HalfEven | Rounding::HalfUp | Rounding::HalfDown => match (rest * 2u8).cmp(below) {
                std::cmp::Ordering::Less => false,
                std::cmp::Ordering::Greater => true,
                std::cmp::Ordering::Equal => match rounding {
                    Rounding::HalfUp => !negative,
                    Rounding::HalfDown => negative,
                    _ => floor.is_odd(),
                },
            },
        };
    if up { floor + BigInt::one() } else { floor }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_rational::Ratio;
    use proptest::prelude::*;

    const ALL: [Rounding; 7] = [
        Rounding::HalfEven,
        Rounding::HalfUp,
        Rounding::HalfDown,
        Rounding::Ceil,
        Rounding::Floor,
        Rounding::Up,
        Rounding::Down,
    ];
    const WIDE: Limits = Limits { lo: -1e6, hi: 1e6 };

    #[test]
    fn modes_at_quarters() {
        // By numpy: round, sign*floor(abs+.5), sign*ceil(abs-.5), ceil, floor, sign*ceil(abs), fix.
        let expected = [
            (-2.5, [-2., -3., -2., -2., -3., -3., -2.]),
            (-1.75, [-2., -2., -2., -1., -2., -2., -1.]),
            (-0.5, [0., -1., 0., 0., -1., -1., 0.]),
            (0.25, [0., 0., 0., 1., 0., 1., 0.]),
            (0.5, [0., 1., 0., 1., 0., 1., 0.]),
            (1.5, [2., 2., 1., 2., 1., 2., 1.]),
            (3.0, [3.; 7]),
        ];
        for (x, wanted) in expected {
            for (mode, want) in ALL.into_iter().zip(wanted) {
                assert_eq!(round(x, mode), want, "{x} {mode:?}");
                assert_eq!(quantise(x, 1.0, 0.0, WIDE, mode), want, "{x} {mode:?}");
            }
        }
    }

    #[test]
    fn a_tie_that_floats_do_not_see() {
        // x is exactly 2.5 * scale, or the next number above; the scale is 0.1 in float32.
        let scale = f64::from(0.1f32);
        let x = scale * 2.5;
        assert_eq!(quantise(x, scale, 0.0, WIDE, Rounding::HalfEven), 2.0);
        assert_eq!(quantise(x.next_up(), scale, 0.0, WIDE, Rounding::HalfEven), 3.0);
        assert_eq!(quantise(x.next_down(), scale, 0.0, WIDE, Rounding::HalfUp), 2.0);
    }

    #[test]
    fn ends() {
        assert_eq!(Limits::of(4, true, false), Limits { lo: -8.0, hi: 7.0 });
        assert_eq!(Limits::of(4, true, true), Limits { lo: -7.0, hi: 7.0 });
        assert_eq!(Limits::of(4, false, true), Limits { lo: 0.0, hi: 14.0 });
        let limits = Limits::of(4, true, false);
        assert_eq!(quantise(f64::INFINITY, 0.5, 0.0, limits, Rounding::HalfEven), 7.0);
        assert_eq!(quantise(-1e300, 1e-300, 0.0, limits, Rounding::HalfEven), -8.0);
        assert_eq!(quantise(1e300, 1e300, 0.5, limits, Rounding::HalfEven), 2.0);
        assert!(quantise(f64::NAN, 0.5, 0.0, limits, Rounding::HalfEven).is_nan());
    }

    proptest! {
        /// Against fractions of 128 bits.
        #[test]
        fn agrees_with_fractions(half in -400i32..400, s in 1i32..4000, shift in -20i32..20, z in -9i32..9, nudge in -1i32..=1) {
            let scale = f64::from(s) * 2f64.powi(shift);
            // Close to a boundary, on both sides.
            let x = scale * f64::from(half) / 2.0;
            let x = match nudge { 1 => x.next_up(), -1 => x.next_down(), _ => x };
            if x != 0.0 && x.abs() < 1e-200 { return Ok(()); }
            let wide = |v: f64| {
                if v == 0.0 {
                    return 0; // Its exponent is far below the others.
                }
                let (m, e, sign) = v.integer_decode();
                // Everything here is a multiple of 2^-75.
                let e = i32::from(e) + 75;
                let m = i128::from(m) * i128::from(sign);
                if e >= 0 { m << e } else { assert!(m % (1 << -e) == 0); m >> -e }
            };
            let exact = Ratio::new(wide(x), wide(scale)) + Ratio::from_integer(i128::from(z));
            for mode in ALL {
                let half = Ratio::new(1, 2);
                let (abs, sign) = (exact.abs(), exact.signum());
                let want = match mode {
                    Rounding::HalfUp => sign * (abs + half).floor(),
                    Rounding::HalfDown => sign * (abs - half).ceil(),
                    Rounding::Ceil => exact.ceil(),
                    Rounding::Floor => exact.floor(),
                    Rounding::Up => sign * abs.ceil(),
                    Rounding::Down => exact.trunc(),
                    Rounding::HalfEven => {
                        let near = exact.round();
                        let tie = (exact - near).abs() == half;
                        if tie && near.to_integer() % 2 != 0 { near - exact.signum() } else { near }
                    }
                };
                let got = quantise(x, scale, f64::from(z), WIDE, mode);
                prop_assert_eq!(got, want.to_integer() as f64, "{} / {} + {} {:?}", x, scale, z, mode);
            }
        }
    }
}
