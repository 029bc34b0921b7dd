//! Single bits as carries of other additions.
//!
//! A carry chain takes a bit of weight one at its low end for nothing. An output's own additions, whose results nothing else
//! needs, can so take as many bits as they are; as operands these bits would need additions of their own, or places in
//! shared ones. So some inputs of one bit are kept from the search, and go to the additions that it finds, each
//! directly behind one: [`ShiftAdds::carries`] says which steps are no additions then.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::{CostModel, Options, Problem, search};
use crate::shift_adds::{ShiftAdds, Step, Term, width};

/// Fewer bits are not worth the while.
const LEAST: usize = 6;

/// What the search finds for the problem, or something with fewer LUTs beside carry chains; `None` where there are too many
/// values.
pub(super) fn solve(problem: &Problem, options: &Options) -> Option<ShiftAdds> {
    let whole = search::solve(problem, options)?;
    let rank = rank(problem);
    if problem.cost != CostModel::CarryChains || problem.depth.is_some() || rank.len() < LEAST {
        return Some(whole);
    }
    let found = places(problem, &whole);
    // Fewer terms have fewer additions, about in the same ratio; not all of them get a bit, since how many are found varies.
    let count = |output: usize| {
        let (terms, places) = (problem.outputs[output].len(), found[output].len());
        9 * terms * places / (10 * (terms + places)).max(1)
    };
    let (kept_back, rest) = split(problem, &rank, count);
    let adds = search::solve(&rest, options)?;
    let adds = attached(problem, &adds, &kept_back).filter(|adds| adds.luts() < whole.luts());
    Some(adds.unwrap_or(whole))
}

/// An input and whether it is subtracted.
type Bit = (usize, bool);

/// An addition that can take a bit.
struct Place {
    value: usize,
    /// The output has its negative.
    negative: bool,
    /// Additions on the longest path through it.
    depth: u32,
}

/// The shift that all weights of an output have in common.
fn shift(output: &[(usize, i128)]) -> u32 {
    output.iter().filter(|t| t.1 != 0).map(|t| t.1.trailing_zeros()).min().unwrap_or(0)
}

/// Whether a term can be a carry of an addition of its output.
fn is_bit(problem: &Problem, &(input, weight): &(usize, i128), shift: u32) -> bool {
    weight.unsigned_abs() == 1 << shift && width(problem.inputs[input].range) == 1
}

/// The places in an order of the inputs that are single bits of some outputs, of most of them first.
fn rank(problem: &Problem) -> HashMap<usize, usize> {
    let mut uses = vec![0_usize; problem.inputs.len()];
    for output in &problem.outputs {
        let shift = shift(output);
        output.iter().filter(|t| is_bit(problem, t, shift)).for_each(|t| uses[t.0] += 1);
    }
    let mut bits: Vec<usize> = (0..uses.len()).filter(|i| uses[*i] > 0).collect();
    bits.sort_by_key(|i| Reverse(uses[*i]));
    bits.into_iter().enumerate().map(|(n, i)| (i, n)).collect()
}

/// For each output its bits of the first ones of the inputs, as many as `count` says, and the problem without them.
fn split(problem: &Problem, rank: &HashMap<usize, usize>, count: impl Fn(usize) -> usize) -> (Vec<Vec<Bit>>, Problem) {
    let mut rest = problem.clone();
    let split = |(o, output): (usize, &mut Vec<(usize, i128)>)| {
        let shift = shift(output);
        let at = |t: &(usize, i128)| rank.get(&t.0).copied().filter(|_| is_bit(problem, t, shift));
        output.sort_by_key(|t| at(t).unwrap_or(usize::MAX));
        let possible = output.iter().take_while(|t| at(t).is_some()).count();
        let kept_back = output.drain(..count(o).min(possible));
        kept_back.map(|(input, weight)| (input, weight < 0)).collect()
    };
    let kept_back = rest.outputs.iter_mut().enumerate().map(split).collect();
    (kept_back, rest)
}

/// The additions of each output of the problem whose results nothing else needs and that count in it as its bits do; those
/// that come first, first.
fn places(problem: &Problem, adds: &ShiftAdds) -> Vec<Vec<Place>> {
    let (uses, inputs) = (adds.uses(), adds.inputs());
    let depths = adds.depths(vec![0; inputs]);
    let of_output = |(terms, output): (&Vec<(usize, i128)>, &Option<Term>)| {
        let wanted = shift(terms);
        let mut places: Vec<Place> = Vec::new();
        let mut open: Vec<(Term, u32)> = output.iter().map(|t| (*t, 0)).collect();
        while let Some((Term { value, shift, negative }, above)) = open.pop() {
            if value < inputs || uses[value] != 1 || shift > wanted {
                continue;
            }
            if shift == wanted {
                places.push(Place { value, negative, depth: depths[value] + above });
            }
            let Step { a, b } = adds.steps[value - inputs];
            let inside = |t: Term| Term { shift: t.shift + shift, negative: t.negative != negative, ..t };
            open.extend([a, b].map(|t| (inside(t), above + 1)));
        }
        places.sort_unstable_by_key(|p| p.value);
        places
    };
    problem.outputs.iter().zip(&adds.outputs).map(of_output).collect()
}

/// With the bits of each output behind its places: one behind each, and where there are more bits, two more, of which one is
/// the carry of the other's addition, where that makes no path longer if possible. None where an output has bits and no place.
fn attached(problem: &Problem, adds: &ShiftAdds, bits: &[Vec<Bit>]) -> Option<ShiftAdds> {
    let inputs = adds.inputs();
    let mut behind: Vec<Vec<Bit>> = vec![Vec::new(); adds.steps.len()];
    for (bits, places) in bits.iter().zip(places(problem, adds)) {
        let mut shortest: Vec<&Place> = places.iter().collect();
        shortest.sort_by_key(|p| p.depth);
        let mut to = places.iter().chain(shortest.into_iter().flat_map(|place| [place; 2]).cycle());
        for &(input, subtracted) in bits {
            let Place { value, negative, .. } = to.next()?;
            behind[value - inputs].push((input, subtracted != *negative));
        }
    }
    let mut made = ShiftAdds { ranges: adds.ranges[..inputs].to_vec(), ..ShiftAdds::default() };
    let mut push = |step: Step| {
        made.steps.push(step);
        made.ranges.push((0, 0));
        made.ranges.len() - 1
    };
    let mut place: Vec<usize> = (0..inputs).collect();
    for (step, bits) in adds.steps.iter().zip(behind) {
        let [a, b] = [step.a, step.b].map(|t| Term { value: place[t.value], ..t });
        let bit = |(value, negative): Bit| Term { value, shift: 0, negative };
        let sum = push(Step { a, b });
        place.push(bits.into_iter().fold(sum, |sum, b| push(Step { a: Term::of(sum), b: bit(b) })));
    }
    let output = |o: &Option<Term>| o.map(|t| Term { value: place[t.value], ..t });
    made.outputs = adds.outputs.iter().map(output).collect();
    made.set_ranges();
    Some(made)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cmvm::{Input, solve};

    fn problem(ranges: &[(i128, i128)], weights: &[Vec<i128>]) -> Problem {
        let inputs = ranges.iter().map(|r| Input { range: *r, arrival: 0 }).collect();
        let row = |row: &Vec<i128>| row.iter().copied().enumerate().filter(|t| t.1 != 0).collect();
        Problem {
            inputs,
            outputs: weights.iter().map(row).collect(),
            cost: CostModel::CarryChains,
            ..Problem::default()
        }
    }

    fn searched(problem: &Problem) -> ShiftAdds {
        search::solve(problem, &Options::default()).unwrap()
    }

    fn matrices() -> impl Strategy<Value = (Vec<(i128, i128)>, Vec<Vec<i128>>)> {
        (1..40_usize, 1..9_usize, any::<bool>()).prop_flat_map(|(n, rows, dense)| {
            let range = prop_oneof![4 => Just((0, 1)), 3 => Just((-1, 0)), 1 => Just((0, 3)), 1 => Just((-1, 1))];
            let weight = if dense { prop_oneof![Just(-1), Just(1)].boxed() } else { (-2..=2_i128).boxed() };
            let weights = prop::collection::vec(prop::collection::vec(weight, n), rows);
            (prop::collection::vec(range, n), weights)
        })
    }

    proptest! {
        /// What is found has the coefficients (`solve` compares them), takes no more than without carries, and gives the
        /// sums.
        #[test]
        fn never_more((ranges, weights) in matrices(), pick: u64) {
            let problem = problem(&ranges, &weights);
            let adds = solve(&problem, &Options::default()).unwrap();
            prop_assert!(adds.luts() <= searched(&problem).luts());
            let x: Vec<i128> = ranges.iter().enumerate().map(|(i, r)| if pick >> i & 1 == 1 { r.0 } else { r.1 }).collect();
            let sum = |row: &Vec<i128>| row.iter().zip(&x).map(|(w, x)| w * x).sum::<i128>();
            prop_assert_eq!(adds.evaluate(&x), weights.iter().map(sum).collect::<Vec<_>>());
        }
    }

    /// Random signs of `bits` bits for the outputs.
    fn signs(outputs: usize, bits: usize) -> Problem {
        let mut random = crate::cmvm::random::Random::new(1);
        let mut sign = |_| if random.next() & 1 == 1 { 1 } else { -1 };
        let weights: Vec<Vec<i128>> = (0..outputs).map(|_| (0..bits).map(&mut sign).collect()).collect();
        problem(&vec![(0, 1); bits], &weights)
    }

    /// At least a tenth less.
    #[test]
    fn many_bits_take_fewer_luts() {
        let problem = signs(32, 96);
        let (adds, before) = (super::solve(&problem, &Options::default()).unwrap(), searched(&problem));
        assert!(10 * adds.luts() <= 9 * before.luts(), "{} of {}", adds.luts(), before.luts());
        assert!(adds.carries().into_iter().filter(|carry| *carry).count() >= 32);
    }

    #[test]
    fn a_bound_on_depth_is_kept() {
        let bounded = Problem { depth: Some(5), ..problem(&[(0, 1); 32], &[vec![1; 32]]) };
        assert_eq!(solve(&bounded, &Options::default()).unwrap().cost().depth, 5);
    }
}
