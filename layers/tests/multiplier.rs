//! Step functions as multipliers: found ones against every value, and that none is missed.

#![allow(missing_docs)]

use std::sync::Arc;

use gatewright_layers::layer::{Form, Layer, Made, Requantise, Rounding, StepFunction, Steps};
use gatewright_layers::network::{Range, TensorTy};
use gatewright_sim::rng::Rng;
use proptest::prelude::*;

fn between(rng: &mut Rng, lo: i64, hi: i64) -> i64 {
    lo + rng.between(0, (hi - lo) as u64) as i64
}

/// The steps of the values over a range.
fn steps(range: Range, f: impl Fn(i64) -> i64) -> StepFunction {
    let first = f(range.lo);
    let mut last = first;
    let mut steps = Vec::new();
    for x in range.lo + 1..=range.hi {
        let value = f(x);
        if value != last {
            steps.push((x, value));
            last = value;
        }
    }
    StepFunction { first, steps }
}

/// The multiplier of a function with a step; none where there is none.
fn multiplier(function: StepFunction, range: Range) -> Option<Requantise> {
    let steps = Steps { functions: Arc::new(vec![function]), of: Arc::new(vec![0]), form: Form::Multiplier };
    let ty = TensorTy::uniform(vec![3], range);
    Layer::Steps(steps.clone()).output(&[&ty]).ok()?;
    match &steps.forms(&ty)[..] {
        [(Made::Multiplier(found), 3)] => Some(found.clone()),
        other => panic!("{other:?}"),
    }
}

/// `floor((x m + c) / 2^k)`, clipped.
fn computed(form: &Requantise, x: i64) -> i128 {
    assert_eq!(form.rounding, Rounding::Floor);
    let product = i128::from(form.factor) * i128::from(x) + i128::from(form.offset);
    assert!(product.unsigned_abs() < 1 << 62, "{form:?} at {x}");
    product.div_euclid(1 << form.shift).max(form.lo.into()).min(form.hi.into())
}

/// How `n / d` becomes an integer, in the words of the operators that need it.
const MODES: [fn(i128, i128) -> i128; 6] = [
    |n, d| n.div_euclid(d),
    |n, d| -(-n).div_euclid(d),
    |n, d| n / d,
    // Half up, half down, half to even.
    |n, d| (2 * n + d).div_euclid(2 * d),
    |n, d| -(d - 2 * n).div_euclid(2 * d),
    |n, d| {
        let up = (2 * n + d).div_euclid(2 * d);
        if (2 * n + d) % (2 * d) == 0 && up % 2 != 0 { up - 1 } else { up }
    },
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Quantisers with any scale and offset: what is found is right everywhere. Those whose steps are all alike have a
    /// multiplier, where the range is small enough for the greatest shift.
    #[test]
    fn quantisers(seed: u64, bits in 2..9_u32, width in 3..17_u32, mode in 0..6_usize) {
        let mut rng = Rng::new(seed);
        let lo = between(&mut rng, -(1 << (width - 1)), 0);
        let range = Range { lo, hi: lo + (1 << width) - 1 };
        let (least, levels) = if rng.chance(0.5) { (0, 1_i128 << bits) } else { (-(1 << (bits - 1)), 1 << bits) };
        // x * n / d + o / d with about as many levels as there are, or a few more or less; rising or falling.
        let d = i128::from(between(&mut rng, 1, 1 << width));
        let n = i128::from(between(&mut rng, 1, 300)) * levels * d / (1 << width) / 100;
        let n = if rng.chance(0.3) { -n } else { n };
        let o = i128::from(between(&mut rng, -(1 << width), 1 << width));
        let f = |x: i64| MODES[mode](i128::from(x) * n + o, d).max(least).min(least + levels - 1) as i64;
        let function = steps(range, f);
        prop_assume!(!function.steps.is_empty());
        let found = multiplier(function, range);
        if let Some(form) = &found {
            for x in range.lo..=range.hi {
                prop_assert_eq!(computed(form, x), i128::from(f(x)), "{:?} at {}", form, x);
            }
        }
        let alike = mode != 2 && mode != 5;
        prop_assert!(found.is_some() || !alike || width > 10, "{}/{} + {}/{}", n, d, o, d);
    }

    /// Any small function that goes one way: a multiplier is found exactly where trying all finds one.
    #[test]
    fn none_is_missed(seed: u64, count in 2..9_i64, falls: bool) {
        let mut rng = Rng::new(seed);
        let lo = between(&mut rng, -6, 3);
        let range = Range { lo, hi: lo + count };
        let mut values = vec![between(&mut rng, -3, 3)];
        for _ in 0..count {
            let up = [0, 0, 1, 1, 1, 2, 3][rng.between(0, 6) as usize];
            values.push(values[values.len() - 1] + if falls { -up } else { up });
        }
        let f = |x: i64| values[(x - lo) as usize];
        let function = steps(range, f);
        prop_assume!(!function.steps.is_empty());
        let found = multiplier(function, range);
        if let Some(form) = &found {
            prop_assert!((range.lo..=range.hi).all(|x| computed(form, x) == f(x).into()), "{:?}", form);
        }
        prop_assert_eq!(found.is_some(), exists(range, &f), "{:?} over {:?}", values, range);
    }
}

/// Whether a factor, an offset and a shift give the values, by trying. Ranges have at most nine values and jumps are of at
/// most 3, so slopes of up to 4 are enough. Lines through
/// so few points that are apart have slopes that differ by more than 1/72.
fn exists(range: Range, f: &impl Fn(i64) -> i64) -> bool {
    const SHIFT: u32 = 8;
    let (a, b) = (f(range.lo), f(range.hi));
    let (lo, hi) = (a.min(b), a.max(b));
    (-4_i64 << SHIFT..=4 << SHIFT).any(|m| {
        // Where floor((m x + c) / 2^SHIFT) must give f(x): c in an interval, clipped ends open.
        let interval = |x: i64| {
            let low = if f(x) == lo { i64::MIN } else { (f(x) << SHIFT) - m * x };
            let high = if f(x) == hi { i64::MAX } else { ((f(x) + 1) << SHIFT) - 1 - m * x };
            (low, high)
        };
        let all = (range.lo..=range.hi).map(interval);
        let (low, high) = all.fold((i64::MIN, i64::MAX), |s, i| (s.0.max(i.0), s.1.min(i.1)));
        low <= high
    })
}
