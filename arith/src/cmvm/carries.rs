//! Single bits as carries of other additions.
//!
//! A carry chain takes a bit of weight one at its low end for nothing. An output's own additions, whose results nothing else
//! needs, can so take as many bits as they are; as operands these bits would need additions of their own, or places in
//! shared ones. So some inputs of one bit are kept from the search, and go to the additions that it finds, each
//! directly behind one: [`ShiftAdds::carries`] says which steps are no additions then.

use super::{CostModel, Error, Options, Problem};
use crate::shift_adds::{ShiftAdds, Step, Term, width};

/// Fewer bits are not worth the while.
const LEAST: usize = 6;

/// What `search` finds for the problem, or something with fewer LUTs beside carry chains.
pub(super) fn best(
    problem: &Problem,
    options: &Options,
    search: impl Fn(&Problem, &Options) -> Option<ShiftAdds>,
) -> Result<ShiftAdds, Error> {
    let whole = search(problem, options).ok_or(Error::TooLarge)?;
    let bits = bits(problem);
    if problem.cost != CostModel::CarryChains || problem.depth.is_some() || bits.len() < LEAST {
        return Ok(whole);
    }
    let found = places(&whole);
    // Fewer terms have fewer additions, about in the same ratio; not all of them get a bit, since how many are found varies.
    let count = |output: usize| {
        let (terms, places) = (problem.outputs[output].len(), found[output].len());
        9 * terms * places / (10 * (terms + places)).max(1)
    };
    let (kept_back, rest) = split(problem, &bits, count);
    let adds = search(&rest, options).ok_or(Error::TooLarge)?;
    let adds = attached(&adds, &kept_back).filter(|adds| adds.luts() < whole.luts());
    Ok(adds.unwrap_or(whole))
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

/// Inputs of one bit with weights of one only, those of most outputs first.
fn bits(problem: &Problem) -> Vec<usize> {
    let mut uses = vec![0_usize; problem.inputs.len()];
    for &(input, weight) in problem.outputs.iter().flatten() {
        let possible = uses[input] < usize::MAX && weight.abs() == 1 && width(problem.inputs[input].range) == 1;
        uses[input] = if possible { uses[input] + 1 } else { usize::MAX };
    }
    let mut bits: Vec<usize> = (0..uses.len()).filter(|i| (1..usize::MAX).contains(&uses[*i])).collect();
    bits.sort_by_key(|i| std::cmp::Reverse(uses[*i]));
    bits
}

/// For each output its terms of the first ones of these inputs, as many as `count` says, and the problem without them.
fn split(problem: &Problem, bits: &[usize], count: impl Fn(usize) -> usize) -> (Vec<Vec<Bit>>, Problem) {
    let mut rank = vec![usize::MAX; problem.inputs.len()];
    bits.iter().enumerate().for_each(|(n, i)| rank[*i] = n);
    let mut rest = problem.clone();
    let split = |(o, output): (usize, &mut Vec<(usize, i128)>)| {
        output.sort_by_key(|t| rank[t.0]);
        let possible = output.iter().take_while(|t| rank[t.0] < usize::MAX).count();
        let kept_back = output.drain(..count(o).min(possible));
        kept_back.map(|(input, weight)| (input, weight < 0)).collect()
    };
    let kept_back = rest.outputs.iter_mut().enumerate().map(split).collect();
    (kept_back, rest)
}

/// The additions of each output whose results nothing else needs and that count once in it; those that come first, first.
fn places(adds: &ShiftAdds) -> Vec<Vec<Place>> {
    let (uses, inputs) = (adds.uses(), adds.inputs());
    let mut depths = vec![0; inputs];
    for Step { a, b } in &adds.steps {
        depths.push(1 + depths[a.value].max(depths[b.value]));
    }
    let of_output = |output: &Option<Term>| {
        let mut places: Vec<Place> = Vec::new();
        let mut open: Vec<(Term, u32)> = output.iter().map(|t| (*t, 0)).collect();
        while let Some((Term { value, shift, negative }, above)) = open.pop() {
            if value < inputs || uses[value] != 1 || shift != 0 {
                continue;
            }
            places.push(Place { value, negative, depth: depths[value] + above });
            let Step { a, b } = adds.steps[value - inputs];
            let operands = [Term { negative, ..a }, Term { negative: b.negative != negative, ..b }];
            open.extend(operands.map(|t| (t, above + 1)));
        }
        places.sort_unstable_by_key(|p| p.value);
        places
    };
    adds.outputs.iter().map(of_output).collect()
}

/// With the bits of each output behind its places: one behind each, and where there are more bits, two more, of which one is
/// the carry of the other's addition, where that makes no path longer if possible. None where an output has bits and no place.
fn attached(adds: &ShiftAdds, bits: &[Vec<Bit>]) -> Option<ShiftAdds> {
    let inputs = adds.inputs();
    let mut behind: Vec<Vec<Bit>> = vec![Vec::new(); adds.steps.len()];
    for (bits, places) in bits.iter().zip(places(adds)) {
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
        Problem { inputs, outputs: weights.iter().map(row).collect(), cost: CostModel::CarryChains, ..Problem::default() }
    }

    fn searched(problem: &Problem) -> ShiftAdds {
        crate::cmvm::by_words(problem, &Options::default()).unwrap()
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

    /// Signs of 96 bits for 32 outputs: at least a tenth less.
    #[test]
    fn many_bits_take_fewer_luts() {
        let sign = |r: u64, c: u64| {
            let mixed = (r * 96 + c + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            if (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 63 == 1 { 1 } else { -1 }
        };
        let weights: Vec<Vec<i128>> = (0..32).map(|r| (0..96).map(|c| sign(r, c)).collect()).collect();
        let problem = problem(&[(0, 1); 96], &weights);
        let (adds, before) = (solve(&problem, &Options::default()).unwrap(), searched(&problem));
        assert!(10 * adds.luts() <= 9 * before.luts(), "{} of {}", adds.luts(), before.luts());
        assert!(adds.carries().into_iter().filter(|carry| *carry).count() >= 32);
    }

    #[test]
    fn a_bound_on_depth_is_kept() {
        let bounded = Problem { depth: Some(5), ..problem(&[(0, 1); 32], &[vec![1; 32]]) };
        assert_eq!(solve(&bounded, &Options::default()).unwrap().cost().depth, 5);
    }
}
