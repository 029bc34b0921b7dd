//! Runs with other random choices, and improvement of the best; the best of all is kept.

use std::time::{Duration, Instant};

use super::greedy::{Greedy, Taste};
use super::improve::improve;
use super::list;
use super::random::Random;
use super::state::State;
use super::word::{Bits, Word};
use super::{Effort, Options, Problem};
use crate::shift_adds::ShiftAdds;

/// Patterns looked at in runs of small matrices together: about a millisecond.
const LEAST_WORK: u64 = 10_000;
/// How much more is done where the effort is thorough: by runs, and by improvement.
const MORE_RUNS: u64 = 4;
const MORE_IMPROVEMENT: u64 = 5;

pub(super) fn best<B: Bits>(problem: &Problem, options: &Options) -> Option<ShiftAdds> {
    let sums: Vec<Vec<(u32, Word<B>)>> = super::wanted(problem)
        .iter()
        .map(|output| output.iter().map(|&(input, weight)| (input as u32, Word::of(weight))).collect())
        .collect();
    let until = options.seconds.map(|s| Instant::now() + Duration::try_from_secs_f64(s).unwrap_or_default());
    let mut greedy = Greedy::default();
    let mut random = Random::new(options.seed);
    let mut best: Option<(u64, State<B>)> = None;
    let (mut runs, mut budget) = (0_u64, None);
    loop {
        let mut state = State::new(problem.cost, problem.depth, &problem.inputs, &sums);
        let taste =
            Taste { noise: [0.0, 0.05, 0.1, 0.2][runs as usize % 4], uneven: [0.03, 0.06][runs as usize / 2 % 2] };
        greedy.run(&mut state, taste, &mut random)?;
        let cost = state.cost();
        if best.as_ref().is_none_or(|b| cost < b.0) {
            best = Some((cost, state));
        }
        runs += 1;
        let budget = *budget.get_or_insert(match options.effort {
            Effort::Fast => LEAST_WORK,
            Effort::Thorough => (MORE_RUNS * greedy.work).max(20 * LEAST_WORK),
        });
        let more = match until {
            // Half of the time for runs.
            Some(until) => {
                let now = Instant::now();
                now < until
                    && until - now
                        > Duration::try_from_secs_f64(options.seconds.unwrap_or(0.0) / 2.0).unwrap_or_default()
            }
            None => greedy.work + greedy.work / runs < budget,
        };
        if !more {
            break;
        }
    }
    let (_, mut state) = best?;
    if options.effort == Effort::Thorough || until.is_some() {
        let work = match until {
            Some(_) => u64::MAX,
            None => (greedy.work / runs * MORE_IMPROVEMENT).max(20 * LEAST_WORK),
        };
        improve(&mut state, &mut greedy, &mut random, work, until)?;
    }
    Some(list::of(problem, &state))
}
