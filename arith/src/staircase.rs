//! Functions that are constant between steps, on a range of integers, as networks of few LUTs.
//!
//! The operand is moved first, so that steps come to lie at round numbers: `z = x + offset`, of which the low bits that tell
//! all values apart are read. An offset costs nothing where an adder comes before that takes a constant. Then, whichever
//! takes the fewest LUTs:
//!
//! - The low bits of `z` matter by few comparisons only (all steps are at the same few places between multiples of a power of
//!   two): these comparisons stand for them. Rounding to even with a power of two is of this kind.
//! - The high bits of `z` choose between segments of which each holds at most one step, at a threshold that they choose,
//!   too: one comparison of the low bits finds on which side the operand lies, and tables do the rest.
//!
//! The function of what is left is decomposed by [`truth`]. Clipping, where many of the high bits
//! say no more than that the operand is outside, is found there.
//!
//! ```
//! use gatewright_arith::staircase::{Staircase, plan};
//!
//! // Half to even of x / 8, clipped to 0..=63: fewer than one LUT for a bit more than the clipping takes.
//! let round = |x: i64| ((x.div_euclid(8) + i64::from(x.rem_euclid(8) > 4 - x.div_euclid(8).rem_euclid(2))).clamp(0, 63));
//! let plan = plan(&Staircase::of(-5000..=5000, round)).unwrap();
//! assert!((-5000..=5000).all(|x| plan.evaluate(x) == round(x)));
//! assert!(plan.net.cost().luts <= 10);
//! ```

mod codes;
mod networks;

use std::ops::RangeInclusive;

use rayon::prelude::*;

use crate::net::{Luts, Net};
use codes::Codes;
use networks::networks;

/// Greatest width of an operand.
const MAX_WIDTH: u32 = 24;
/// Offsets, and widths of the moved operand, that are tried: the ones at which the steps are at the fewest places.
const MAX_VIEWS: usize = 8;
/// Of these, so many with all their networks.
const MAX_WHOLE: usize = 2;

/// A function on a range: `first` from its low end, and from each step's position on its value.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Staircase {
    /// Least operand.
    pub lo: i64,
    /// Greatest operand.
    pub hi: i64,
    /// The value at `lo`.
    pub first: i64,
    /// Positions above `lo` and at most `hi`, ascending, and the values from there on, each different from the one before.
    pub steps: Vec<(i64, i64)>,
}

/// How a function is computed: the low `net.inputs` bits of `x + offset` go into a network, whose output word is the result in
/// as many bits as the results need, with a sign if one is below zero.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Plan {
    /// Added first.
    pub offset: i64,
    /// From bits to bits.
    pub net: Net,
    /// Whether the highest output is a sign.
    pub signed: bool,
}

impl Plan {
    /// The result for `x` of the range.
    pub fn evaluate(&self, x: i64) -> i64 {
        let mask = u64::MAX >> (64 - self.net.inputs.clamp(1, 64));
        let word = self.net.evaluate((x.wrapping_add(self.offset)) as u64 & mask) as i64;
        let bits = self.net.outputs.len();
        if self.signed && word >> (bits - 1) & 1 == 1 { word - (1 << bits) } else { word }
    }

    /// What it takes. An offset is a level, and no LUT: one operand of a carry chain that is constant needs none.
    pub fn cost(&self) -> Luts {
        let Luts { luts, depth } = self.net.cost();
        Luts { luts, depth: depth + u32::from(self.offset != 0) }
    }
}

impl Staircase {
    /// The steps of a function, found by evaluating it everywhere.
    pub fn of(range: RangeInclusive<i64>, f: impl Fn(i64) -> i64) -> Staircase {
        let (lo, hi) = (*range.start(), *range.end());
        let first = f(lo);
        let mut steps: Vec<(i64, i64)> = Vec::new();
        for x in range.skip(1) {
            let value = f(x);
            if value != steps.last().map_or(first, |s| s.1) {
                steps.push((x, value));
            }
        }
        Staircase { lo, hi, first, steps }
    }

    /// The value at `x`.
    pub fn at(&self, x: i64) -> i64 {
        match self.steps.partition_point(|s| s.0 <= x) {
            0 => self.first,
            n => self.steps[n - 1].1,
        }
    }

    /// Bits of the results, and whether there is a sign.
    fn results(&self) -> (u32, bool) {
        let values = || std::iter::once(self.first).chain(self.steps.iter().map(|s| s.1));
        let (lo, hi) = (values().fold(self.first, i64::min), values().fold(self.first, i64::max));
        (crate::shift_adds::width((lo.into(), hi.into())), lo < 0)
    }

    /// Offsets by which steps come to lie at round numbers.
    fn offsets(&self) -> Vec<i64> {
        let n = self.steps.len();
        let mut found = vec![0];
        let mut add = |c: i64| {
            if !found.contains(&c) {
                found.push(c);
            }
        };
        for step in [0, n / 2, n - 1] {
            add(-self.steps[step].0);
        }
        if let (Some(first), Some(last)) = (self.steps.first(), self.steps.last())
            && n > 1
        {
            // The mean distance for a change of one, between powers of two; values then are the high bits of z, or of its
            // complement.
            let (run, rise) = (last.0 - first.0, last.1 - first.1);
            let slope = (run / rise.abs().max(1)).max(1);
            let falls = rise < 0;
            for shift in [slope.ilog2(), slope.ilog2() + 1] {
                for &(position, value) in &self.steps {
                    let level = if falls { -1 - value } else { value };
                    add((level << shift) - position);
                }
            }
        }
        found
    }
}

/// The cheapest plan found; none for functions whose operands are too wide or whose steps are too many and too irregular.
///
/// A function without steps has no plan, and neither has one with values of more than 30 bits.
pub fn plan(f: &Staircase) -> Option<Plan> {
    let count = f.hi.checked_sub(f.lo).filter(|n| *n < 1 << MAX_WIDTH)? as u64 + 1;
    let (results, signed) = f.results();
    if f.steps.is_empty() || results > crate::truth::MOST_OUTPUTS || f.lo.unsigned_abs() >= 1 << 40 {
        return None;
    }
    let least = count.next_power_of_two().ilog2().max(1);
    // All values as different codes; and where a sign takes a bit more than that, with it.
    let views = f.offsets().into_iter().flat_map(|offset| {
        let natural = crate::shift_adds::width(((f.lo + offset).into(), (f.hi + offset).into()));
        let bits = [least, least + 1].into_iter().filter(move |b| *b == least || *b == natural);
        bits.map(move |bits| (offset, Codes::of(f, offset, bits)))
    });
    let mut views: Vec<(i64, Codes)> = views.filter(|(_, codes)| codes.bits <= MAX_WIDTH).collect();
    views.sort_by_cached_key(|(offset, codes)| (codes.roughness(), *offset != 0));
    views.truncate(MAX_VIEWS);
    let cost = |offset: i64, codes: &Codes, net: &Net| {
        let Luts { luts, depth } = net.cost();
        // A bit more of the operand is a bit more of the adder; an offset has to save something.
        let beside = u64::from(codes.bits - least) + u64::from(offset != 0);
        Luts { luts: luts + beside, depth: depth + u32::from(offset != 0) }
    };
    let best_of = |(offset, codes): &(i64, Codes), all: bool| {
        let nets = networks(codes, results, all).into_iter();
        nets.map(|net| (cost(*offset, codes, &net), *offset, net)).min_by_key(|found| found.0)
    };
    // All networks only of the views that look best.
    let mut looks: Vec<(Option<Luts>, &(i64, Codes))> =
        views.par_iter().map(|view| (best_of(view, false).map(|found| found.0), view)).collect();
    looks.sort_by_key(|(cost, _)| (cost.is_none(), *cost));
    looks.truncate(MAX_WHOLE);
    let found: Vec<_> = looks.par_iter().filter_map(|(_, view)| best_of(view, true)).collect();
    found.into_iter().min_by_key(|found| found.0).map(|(_, offset, net)| Plan { offset, net, signed })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Functions of all kinds: near a slope, irregular, rising, falling, neither; one step to many.
    fn staircases(width: u32) -> impl Strategy<Value = Staircase> {
        let size = 1_i64 << width;
        let range = (-size..=size / 2, 2..=size).prop_map(|(lo, count)| (lo, lo + count - 1));
        let kinds = (0..4_u8, 1..66_usize, any::<u64>(), -40..40_i64);
        (range, kinds).prop_map(|((lo, hi), (kind, count, seed, first))| {
            let mut state = seed | 1;
            let mut random = move |n: i64| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (state >> 33) as i64 % n
            };
            let middle = lo + random(hi - lo + 1);
            let spacing = 1 + random(((hi - lo) / count as i64).max(1) + 1);
            let position = |n: i64, jitter: i64| middle + (n - count as i64 / 2) * spacing + jitter;
            let mut positions: Vec<i64> = match kind {
                0 => (0..count).map(|_| lo + random(hi - lo + 1)).collect(),
                1 => (0..count as i64).map(|n| position(n, 0)).collect(),
                _ => (0..count as i64).map(|n| position(n, random(2))).collect(),
            };
            positions.sort_unstable();
            positions.dedup();
            positions.retain(|p| *p > lo && *p <= hi);
            let direction = [1, -1, 0][random(3) as usize];
            let mut value = first;
            let steps = positions.into_iter().map(|p| {
                value += if direction == 0 { 1 + random(9) - 11 * random(2) } else { direction };
                (p, value)
            });
            let mut last = first;
            let steps = steps.filter(|s| std::mem::replace(&mut last, s.1) != s.1).collect();
            Staircase { lo, hi, first, steps }
        })
    }

    fn equal(f: &Staircase) -> Result<(), TestCaseError> {
        let Some(plan) = plan(f) else {
            prop_assert!(f.steps.is_empty() || f.steps.len() > 7, "{:?} has no plan", f);
            return Ok(());
        };
        for x in f.lo..=f.hi {
            prop_assert_eq!(plan.evaluate(x), f.at(x), "at {} of {:?}", x, f);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn narrow_plans_are_right(f in staircases(7)) {
            equal(&f)?;
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn wide_plans_are_right(f in staircases(15)) {
            equal(&f)?;
        }
    }

    fn luts(range: RangeInclusive<i64>, f: impl Fn(i64) -> i64) -> u64 {
        let f = Staircase::of(range, f);
        let plan = plan(&f).unwrap();
        assert!((f.lo..=f.hi).all(|x| plan.evaluate(x) == f.at(x)));
        plan.net.cost().luts
    }

    /// Forms of which it is known what they take at most.
    #[test]
    fn plans_are_small() {
        let at_least = |steps: &'static [i64]| move |x: i64| steps.iter().filter(|s| **s <= x).count() as i64;
        // A sign.
        assert_eq!(luts(-370..=414, at_least(&[-7])), 0);
        // Two thresholds: a sign and one LUT, and another one for bits that do not fit it.
        assert!(luts(-49..=49, |x| at_least(&[-3, 2])(x) - 1) <= 2);
        assert!(luts(-233..=233, |x| at_least(&[-58, -47])(x) - 1) <= 3);
        // Clipping to six bits: one LUT for each, and one for the bits above.
        assert!(luts(-500..=500, |x| (x >> 3).clamp(0, 63)) <= 7);
        // Fifteen thresholds without a pattern, of 13 bits: one LUT for each bit of a segment, two for each output, clipping.
        let steps = &[-207, -169, -132, -94, -56, -18, 19, 57, 95, 133, 171, 208, 246, 284, 322];
        assert!(luts(-2821..=1581, at_least(steps)) <= 5 + 2 * 4 + 2);
    }

    #[test]
    fn what_has_no_plan() {
        let f = |lo, hi, steps: &[(i64, i64)]| Staircase { lo, hi, first: 0, steps: steps.to_vec() };
        assert_eq!(plan(&f(0, 7, &[])), None);
        assert_eq!(plan(&f(0, 7, &[(3, 1 << 40)])), None);
        assert_eq!(plan(&f(i64::MIN, i64::MAX, &[(3, 1)])), None);
        assert_eq!(plan(&f(1 << 50, (1 << 50) + 7, &[((1 << 50) + 3, 1)])), None);
    }
}
