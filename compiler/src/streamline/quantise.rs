//! Quantisers of integer tensors: the step function that a [`Function`] and the rounding behind it make of an integer.

use num_bigint::BigInt;
use num_traits::{Signed, Zero};

use gatewright_layers::layer::StepFunction;
use gatewright_layers::network::Range;

use super::function::{Function, small};
use crate::exact::{Ratio, round};
use crate::graph::Rounding;
use crate::seen::NEAR;

/// Most integers that are tried one by one, where a function is not monotone.
const MAX_LISTED: i64 = 1 << 20;
/// Most steps of one function.
pub const MAX_STEPS: usize = 1 << 14;

/// What comes behind a real value: `clip(round(x / scale + zero), lo, hi)`, or a comparison with zero.
#[derive(Clone, Debug, PartialEq)]
pub enum Grid {
    /// To the integers `lo..=hi`.
    Integers {
        /// Step of the grid.
        scale: Ratio,
        /// The integer that stands for 0.
        zero: i64,
        /// Least integer.
        lo: i64,
        /// Greatest integer.
        hi: i64,
        /// How.
        rounding: Rounding,
    },
    /// 1 where the value is at least 0, else 0.
    Sign,
    /// The number of thresholds, ascending, that the value reaches.
    Thresholds(Vec<Ratio>),
}

impl Grid {
    /// The integer for a value.
    pub fn at(&self, x: &Ratio) -> i64 {
        match self {
            Grid::Integers { scale, zero, lo, hi, rounding } => {
                let exact = x / scale + Ratio::from_integer(BigInt::from(*zero));
                let (low, high) = (BigInt::from(*lo), BigInt::from(*hi));
                let clipped = round(&exact, *rounding).max(low).min(high);
                small(&clipped).unwrap_or(*lo)
            }
            Grid::Sign => i64::from(*x >= Ratio::zero()),
            Grid::Thresholds(steps) => steps.partition_point(|t| t <= x) as i64,
        }
    }

    /// The mean distance of two boundaries, where there are two.
    fn unit(&self) -> Option<Ratio> {
        match self {
            Grid::Integers { scale, .. } => Some(scale.clone()),
            Grid::Thresholds(steps) => match &steps[..] {
                [first, .., last] => Some((last - first) / Ratio::from_integer((steps.len() - 1).into())),
                _ => None,
            },
            Grid::Sign => None,
        }
    }

    /// True where a greater value never has a smaller integer.
    fn rises(&self) -> bool {
        !matches!(self, Grid::Integers { scale, .. } if *scale < Ratio::zero())
    }
}

/// Why there is no step function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TooMuch {
    /// Not monotone, and this many integers to try.
    Range(i64),
    /// More steps than [`MAX_STEPS`].
    Steps,
}

/// The function of element `e` on the integers of `range`.
///
/// # Errors
/// Where finding it would take too long, or it has too many steps.
pub fn steps(function: &Function, e: usize, grid: &Grid, range: Range) -> Result<StepFunction, TooMuch> {
    let at = |n: i64| grid.at(&function.at(e, n));
    let first = at(range.lo);
    let mut found = StepFunction { first, steps: Vec::new() };
    if function.rises(e).is_none() || !grid.rises() {
        let count = range.hi - range.lo;
        if count > MAX_LISTED {
            return Err(TooMuch::Range(count));
        }
        let mut last = first;
        for n in range.lo + 1..=range.hi {
            let value = at(n);
            if value != last {
                push(&mut found, n, value)?;
                last = value;
            }
        }
        return Ok(found);
    }
    // Monotone: the next step is found by bisection between the last one and the end.
    let (end, mut here, mut value) = (at(range.hi), range.lo, first);
    while value != end {
        // The value at `low` is still the old one, at `high` it is another.
        let (mut low, mut high) = (here, gallop(here, range.hi, |n| at(n) != value));
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if at(middle) == value { low = middle } else { high = middle }
        }
        (here, value) = (high, at(high));
        push(&mut found, here, value)?;
    }
    Ok(found)
}

/// A place above `from` where `there` holds, at the latest `to`, found in growing strides.
fn gallop(from: i64, to: i64, there: impl Fn(i64) -> bool) -> i64 {
    let mut stride = 1;
    while to - from > stride && !there(from + stride) {
        stride *= 2;
    }
    to.min(from + stride)
}

/// The integers whose value lies near a boundary of the grid, as ranges that ascend; they stand beside the steps.
pub fn near_ties(function: &Function, e: usize, grid: &Grid, range: Range, steps: &StepFunction) -> Vec<(i64, i64)> {
    let mut all: Vec<(i64, i64)> = Vec::new();
    let (mut before, mut begin) = (steps.first, range.lo);
    for (k, &(position, value)) in steps.steps.iter().enumerate() {
        let unit = grid.unit().unwrap_or_else(|| (function.at(e, position) - function.at(e, position - 1)).abs());
        let margin = unit / Ratio::from_integer(NEAR.into());
        // On the other side of this step where the value is shifted by the margin against the way that it goes, or along it.
        let up = value > before;
        let shifted = |n: i64, up: bool| {
            let x = function.at(e, n);
            grid.at(&if up { x + &margin } else { x - &margin })
        };
        let after = |n: i64| if up { shifted(n, !up) < value } else { shifted(n, !up) > value };
        let ahead = |n: i64| if up { shifted(n, up) >= value } else { shifted(n, up) <= value };
        // As far as the next steps, behind which others begin.
        let end = steps.steps.get(k + 1).map_or(range.hi + 1, |next| next.0);
        let above = reach(end - position, |k| after(position + k));
        let below = reach(position - begin, |k| ahead(position - 1 - k));
        (before, begin) = (value, position);
        if above + below > 0 {
            let (lo, hi) = (position - below, position + above - 1);
            match all.last_mut().filter(|last| lo <= last.1 + 1) {
                Some(last) => *last = (last.0.min(lo), last.1.max(hi)),
                None => all.push((lo, hi)),
            }
        }
    }
    all
}

/// How many of `0..count` there are before `near` ends.
fn reach(count: i64, near: impl Fn(i64) -> bool) -> i64 {
    if count <= 0 || !near(0) {
        return 0;
    }
    let (mut low, mut high) = (0, gallop(0, count, |k| !near(k)));
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if near(middle) { low = middle } else { high = middle }
    }
    high
}

fn push(function: &mut StepFunction, position: i64, value: i64) -> Result<(), TooMuch> {
    if function.steps.len() == MAX_STEPS {
        return Err(TooMuch::Steps);
    }
    function.steps.push((position, value));
    Ok(())
}
