//! Decomposition over related columns: an output as another output, or its negative, and a difference.
//!
//! A spanning tree over the outputs, with zero as one more of them, says which differences to make: those with the fewest
//! digits (O. Gustafsson, A difference based adder graph heuristic for multiple constant multiplication problems, 2007; C. Sun
//! and others, da4ml, 2025). The differences are a matrix of their own, and the outputs are sums of its results.

use std::collections::HashMap;

use super::{Input, Options, Problem, carries};
use crate::csd;
use crate::shift_adds::{ShiftAdds, Step, Term};

/// Digits of a difference, of those of the output, from which on it takes its place; and of all, for a search.
const WORTH: f64 = 0.8;
/// Differences between a root and an output. Most of what a tree saves is there with one, and each further one is additions in a
/// row.
const MOST_STEPS: u32 = 2;

/// For each output the one before it in the tree, and whether that is subtracted from zero; `None` at the root.
pub(super) type Parents = Vec<Option<(usize, bool)>>;

/// Additions by way of the tree; `None` where the bound on depth leaves no room.
pub(super) fn solve(problem: &Problem, parents: &Parents, options: &Options) -> Option<ShiftAdds> {
    let outputs = problem.outputs.iter().zip(parents).map(|(output, parent)| match *parent {
        None => output.clone(),
        Some((p, negative)) => difference(output, &problem.outputs[p], negative),
    });
    let depth = match problem.depth {
        Some(depth) => Some(depth.checked_sub(1)?),
        None => None,
    };
    let first = Problem { outputs: outputs.collect(), depth, ..problem.clone() };
    let differences = run(&first, options)?;
    // What the outputs are made of: the values of the differences, once each.
    let depths = differences.depths(problem.inputs.iter().map(|i| i.arrival).collect());
    let mut values: Vec<usize> = Vec::new();
    let mut places: HashMap<usize, usize> = HashMap::new();
    let mut sums: Vec<Vec<(usize, i128)>> = Vec::with_capacity(parents.len());
    for output in 0..parents.len() {
        let mut weights: HashMap<usize, i128> = HashMap::new();
        let (mut at, mut sign) = (Some(output), 1);
        while let Some(o) = at {
            if let Some(term) = differences.outputs[o] {
                let place = *places.entry(term.value).or_insert_with(|| {
                    values.push(term.value);
                    values.len() - 1
                });
                *weights.entry(place).or_default() += sign * term.factor();
            }
            at = parents[o].map(|(parent, negative)| {
                sign = if negative { -sign } else { sign };
                parent
            });
        }
        let mut sum: Vec<(usize, i128)> = weights.into_iter().filter(|w| w.1 != 0).collect();
        sum.sort_unstable();
        sums.push(sum);
    }
    let input = |v: &usize| Input { range: differences.ranges[*v], arrival: depths[*v] };
    let inputs = values.iter().map(input).collect();
    let second = Problem { inputs, outputs: sums, ..problem.clone() };
    Some(joined(differences, &values, &run(&second, options)?))
}

fn run(problem: &Problem, options: &Options) -> Option<ShiftAdds> {
    super::check(problem).ok()?;
    carries::solve(problem, options)
}

/// The steps of both, of which the second's inputs are these values of the first.
fn joined(first: ShiftAdds, values: &[usize], second: &ShiftAdds) -> ShiftAdds {
    let made = first.ranges.len();
    let place = |t: Term| Term { value: values.get(t.value).map_or(t.value + made - values.len(), |v| *v), ..t };
    let mut all = first;
    all.steps.extend(second.steps.iter().map(|s| Step { a: place(s.a), b: place(s.b) }));
    all.ranges.resize(made + second.steps.len(), (0, 0));
    all.outputs = second.outputs.iter().map(|o| o.map(place)).collect();
    all.set_ranges();
    all
}

/// `a - b`, or `a + b`.
fn difference(a: &[(usize, i128)], b: &[(usize, i128)], negative: bool) -> Vec<(usize, i128)> {
    let mut weights: HashMap<usize, i128> = a.iter().copied().collect();
    for &(input, weight) in b {
        *weights.entry(input).or_default() += if negative { weight } else { -weight };
    }
    let mut difference: Vec<(usize, i128)> = weights.into_iter().filter(|w| w.1 != 0).collect();
    difference.sort_unstable();
    difference
}

/// The tree of least digits (R. Prim, Shortest connection networks, 1957); `None` where outputs are not related. With a
/// bound on depth each output is a root or one addition from one.
pub(super) fn tree(problem: &Problem) -> Option<Parents> {
    let most = if problem.depth.is_some() { 1 } else { MOST_STEPS };
    let outputs = problem.outputs.len();
    let mut columns = vec![0_i128; problem.inputs.len() * outputs];
    let column = |o: usize| o * problem.inputs.len()..(o + 1) * problem.inputs.len();
    for (o, output) in problem.outputs.iter().enumerate() {
        output.iter().for_each(|&(input, weight)| columns[column(o)][input] = weight);
    }
    let digits = |v: i128| u64::from(csd::weight(v));
    let alone: Vec<u64> = (0..outputs).map(|o| columns[column(o)].iter().map(|w| digits(*w)).sum()).collect();
    let mut parents: Parents = vec![None; outputs];
    let mut least = alone.clone();
    let mut enough: Vec<u64> = alone.iter().map(|digits| (WORTH * *digits as f64) as u64).collect();
    let mut open: Vec<usize> = (0..outputs).collect();
    let mut steps = vec![0; outputs];
    let mut total = 0;
    while let Some(at) = (0..open.len()).min_by_key(|&k| (least[open[k]], open[k])) {
        let next = open.swap_remove(at);
        total += least[next];
        steps[next] = parents[next].map_or(0, |(p, _): (usize, bool)| steps[p] + 1);
        if steps[next] == most {
            continue;
        }
        for &o in &open {
            for negative in [false, true] {
                let sign = if negative { -1 } else { 1 };
                let (a, b) = (&columns[column(o)], &columns[column(next)]);
                // The addition to the parent counts as a digit.
                let mut apart = 1;
                for (x, y) in a.iter().zip(b) {
                    apart += digits(x - sign * y);
                    if apart >= enough[o] {
                        break;
                    }
                }
                if apart < enough[o] {
                    (least[o], enough[o], parents[o]) = (apart, apart, Some((next, negative)));
                }
            }
        }
    }
    let worth = (total as f64) < WORTH * alone.iter().sum::<u64>() as f64;
    worth.then_some(parents)
}
