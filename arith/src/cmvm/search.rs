//! Runs with other random choices, and improvement of the best ones; the best of all is kept.

use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::greedy::{Greedy, Taste};
use super::improve::improve;
use super::list;
use super::random::Random;
use super::state::State;
use super::word::{Bits, Word};
use super::{Effort, Options, Problem};
use crate::shift_adds::ShiftAdds;

/// Patterns looked at in all runs of a small matrix: about a millisecond.
const LEAST_WORK: u64 = 10_000;
/// Most runs of a fast search.
const MOST_RUNS: u64 = 12;
/// Thorough searches: runs, and the patterns looked at in each of two improvements, in units of those of one run. There each
/// takes about four times as long.
const MORE_RUNS: u64 = 4;
const IMPROVEMENT: f64 = 0.5;
/// Runs and improvements at the same time where the time is given.
const BATCH: u64 = 4;

/// Longest time, in seconds, so that a clock can show its end: thirty years.
const LONGEST: f64 = 1e9;

/// A finished run, with what it takes to go on.
struct Run<B: Bits> {
    cost: u64,
    number: u64,
    state: State<B>,
    greedy: Greedy,
    random: Random,
}

struct Search<'p, B: Bits> {
    problem: &'p Problem,
    sums: Vec<Vec<(u32, Word<B>)>>,
    seed: u64,
}

impl<B: Bits> Search<'_, B> {
    /// `None` where there are too many values.
    fn run(&self, number: u64) -> Option<Run<B>> {
        let problem = self.problem;
        let mut random = Random::new(self.seed.wrapping_mul(0x1_0000_0000).wrapping_add(number));
        let mut state = State::new(problem.cost, problem.depth, &problem.inputs, &self.sums);
        let mut greedy = Greedy::default();
        let taste =
            Taste { noise: [0.0, 0.05, 0.1, 0.2][number as usize % 4], uneven: [0.03, 0.06][number as usize / 2 % 2] };
        greedy.run(&mut state, taste, &mut random)?;
        let cost = state.cost();
        Some(Run { cost, number, state, greedy, random })
    }

    /// The best of these runs and what was there before.
    fn more(&self, best: Run<B>, numbers: std::ops::Range<u64>) -> Option<Run<B>> {
        let runs: Option<Vec<Run<B>>> = numbers.into_par_iter().map(|number| self.run(number)).collect();
        runs.map(|runs| runs.into_iter().chain([best]).min_by_key(|r| (r.cost, r.number)))?
    }
}

/// The best additions found; `None` where there are too many values.
pub(super) fn solve(problem: &Problem, options: &Options) -> Option<ShiftAdds> {
    match super::greatest_weight(problem) {
        0..0x800_0000 => best::<u32>(problem, options),
        _ => best::<u128>(problem, options),
    }
}

fn best<B: Bits>(problem: &Problem, options: &Options) -> Option<ShiftAdds> {
    let sums = super::wanted(problem)
        .iter()
        .map(|output| output.iter().map(|&(input, weight)| (input as u32, Word::of(weight))).collect())
        .collect();
    let search = Search::<B> { problem, sums, seed: options.seed };
    let started = Instant::now();
    let mut best = search.run(0)?;
    let work = best.greedy.work.max(1);
    if let Some(time) = options.seconds.map(|s| Duration::try_from_secs_f64(s.min(LONGEST)).unwrap_or_default()) {
        let mut next = 1;
        while started.elapsed() < time / 4 {
            best = search.more(best, next..next + BATCH)?;
            next += BATCH;
        }
        let rest = time.saturating_sub(started.elapsed());
        return Some(list::of(problem, &improved(best, u64::MAX, Some(rest))?.state));
    }
    let runs = (LEAST_WORK / work).clamp(1, MOST_RUNS);
    best = search.more(best, 1..runs)?;
    let fast = list::of(problem, &best.state);
    if options.effort == Effort::Fast {
        return Some(fast);
    }
    let more = (LEAST_WORK / work).clamp(MORE_RUNS, 2 * MOST_RUNS);
    best = improved(search.more(best, runs..more)?, (IMPROVEMENT * work as f64) as u64, None)?;
    // Runs are ranked before it is known which operands depend on each other.
    [list::of(problem, &best.state), fast].into_iter().min_by_key(|adds| adds.price(problem.cost))
}

/// The better of two ways from one run.
fn improved<B: Bits>(run: Run<B>, work: u64, time: Option<Duration>) -> Option<Run<B>> {
    let Run { cost, number, state, greedy: _, random } = run;
    let ways: Option<Vec<Run<B>>> = (0..2_u64)
        .into_par_iter()
        .map(|way| {
            let (mut state, mut greedy) = (state.clone(), Greedy::default());
            let mut random = Random::new(random.clone().next().wrapping_add(way));
            improve(&mut state, &mut greedy, &mut random, work, time.map(|t| Instant::now() + t))?;
            let cost = state.cost();
            Some(Run { cost, number: number + way, state, greedy, random })
        })
        .collect();
    let best = ways?.into_iter().min_by_key(|r| (r.cost, r.number))?;
    debug_assert!(best.cost <= cost);
    Some(best)
}
