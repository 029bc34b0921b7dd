//! Step functions as fixed-point multipliers, where the two are proved equal.
//!
//! Let a rising function have the value `a` below a step at `p`, and `b` from there on. With `m > 0`,
//! `clip(floor((m x + c) / 2^k))` to the function's first and last value equals it on the whole range if and only if at
//! every step `m p + c >= b 2^k` and `m (p - 1) + c < (a + 1) 2^k`: between steps the form rises, too. So the line
//! `(m x + c) / 2^k` has to pass above some points and below others, of which the corners of their hulls suffice. For
//! given `m` and `k` the possible `c` are an interval, whose length is concave in `m`; the possible `m` are therefore an
//! interval around its greatest, found by bisection. A falling function is a rising one of `-x`.

use crate::cost::Cost;
use crate::layer::{Requantise, Rounding, StepFunction};
use crate::network::Range;

/// Greatest shift.
const MAX_SHIFT: u32 = 30;
/// Shifts that are tried beyond the least possible one; each doubles the choice of factors. More of them changed no estimate
/// of quantisers to 4, 6 and 8 bits.
const MORE_SHIFTS: u32 = 4;
/// Factors that are tried for each shift.
const FACTORS: usize = 1 << (MORE_SHIFTS + 1);
/// Magnitudes of positions and values, so that 128 bits hold everything here.
const MAX_MAGNITUDE: u64 = 1 << 40;
/// No jump between such values at the greatest shift needs a greater factor.
const MAX_FACTOR: i128 = 1 << 72;

type Point = (i128, i128);

/// The points between which a line has to pass, as corners of hulls.
struct Corridor {
    /// At or above these.
    above: Vec<Point>,
    /// Below these, turned by half a turn: `(-x, -y)`.
    below: Vec<Point>,
}

impl Corridor {
    /// Of the steps as `(position, value before, value after)`, which all go one way; and whether they fall.
    fn of(steps: &[(i64, i64, i64)]) -> Option<(Corridor, bool)> {
        let falls = steps.first()?.2 < steps.first()?.1;
        let small = |v: i64| v.unsigned_abs() < MAX_MAGNITUDE;
        if !steps.iter().all(|&(p, a, b)| (b < a) == falls && small(p) && small(a) && small(b)) {
            return None;
        }
        let wide = |&(p, a, b): &(i64, i64, i64)| (i128::from(p), i128::from(a), i128::from(b));
        let steps = steps.iter().map(wide);
        Some(if falls {
            let above = corners(steps.clone().rev().map(|(p, a, _)| (1 - p, a)));
            (Corridor { above, below: corners(steps.map(|(p, _, b)| (p, -b - 1))) }, true)
        } else {
            let above = corners(steps.clone().map(|(p, _, b)| (p, b)));
            (Corridor { above, below: corners(steps.rev().map(|(p, a, _)| (1 - p, -a - 1))) }, false)
        })
    }

    /// The least and the greatest `c`; none where the least is greater.
    fn offsets(&self, m: i128, k: u32) -> (i128, i128) {
        let most = |points: &[Point]| points.iter().map(|(x, y)| (y << k) - m * x).max().unwrap_or(0);
        (most(&self.above), -most(&self.below) - 1)
    }

    /// The least and the greatest `m`.
    fn factors(&self, k: u32) -> Option<(i128, i128)> {
        let slack = |m| {
            let (lo, hi) = self.offsets(m, k);
            hi - lo
        };
        let best = first(1, MAX_FACTOR, |m| slack(m + 1) <= slack(m));
        (slack(best) >= 0).then(|| (first(1, best, |m| slack(m) >= 0), first(best, MAX_FACTOR, |m| slack(m + 1) < 0)))
    }
}

/// The corners of the upper hull of points from left to right.
fn corners(points: impl Iterator<Item = Point>) -> Vec<Point> {
    let mut hull: Vec<Point> = Vec::new();
    for p in points {
        while let [.., a, b] = hull[..]
            && (b.0 - a.0) * (p.1 - a.1) >= (b.1 - a.1) * (p.0 - a.0)
        {
            hull.pop();
        }
        hull.push(p);
    }
    hull
}

/// The first of `lo..hi` from which on `there` holds, else `hi`.
fn first(mut lo: i128, mut hi: i128, there: impl Fn(i128) -> bool) -> i128 {
    while lo < hi {
        let middle = lo + (hi - lo) / 2;
        if there(middle) { hi = middle } else { lo = middle + 1 }
    }
    lo
}

/// The number in `lo..=hi` with the most zeros at its end.
fn roundest(lo: i128, hi: i128) -> i128 {
    let up = |bits: u32| -((-lo) >> bits) << bits;
    (0..120).rev().map(up).find(|c| *c <= hi).unwrap_or(lo)
}

/// The cheapest multiplier that equals `function`, which has been made for `range` and has a step, on all of `range`;
/// and its cost.
pub(crate) fn find(function: &StepFunction, range: Range) -> Option<(Requantise, Cost)> {
    let before = std::iter::once(function.first).chain(function.steps.iter().map(|s| s.1));
    let steps: Vec<(i64, i64, i64)> = function.steps.iter().zip(before).map(|(&(p, b), a)| (p, a, b)).collect();
    let (corridor, falls) = Corridor::of(&steps)?;
    // What one shift allows, greater ones allow as well.
    corridor.factors(MAX_SHIFT)?;
    let least = (0..=MAX_SHIFT).find(|&k| corridor.factors(k).is_some())?;
    let Range { lo, hi } = function.values();
    let mut best: Option<(Requantise, Cost)> = None;
    for shift in least..=MAX_SHIFT.min(least + MORE_SHIFTS) {
        let (from, to) = corridor.factors(shift)?;
        // An even factor does what its half does at a shift of one less.
        for m in (from..=to).take(FACTORS).filter(|m| shift == 0 || m % 2 == 1) {
            let (least, greatest) = corridor.offsets(m, shift);
            let numbers = (i64::try_from(if falls { -m } else { m }), i64::try_from(roundest(least, greatest)));
            let (Ok(factor), Ok(offset)) = numbers else { continue };
            let form = Requantise { factor, offset, shift, rounding: Rounding::Floor, lo, hi };
            if !form.fits(range) {
                continue;
            }
            let cost = form.element_cost(range);
            if best.as_ref().is_none_or(|(_, b)| (cost.luts, cost.depth) < (b.luts, b.depth)) {
                best = Some((form, cost));
            }
        }
    }
    best
}
