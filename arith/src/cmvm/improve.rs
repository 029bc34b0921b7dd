//! Improvement by undoing a little and sharing anew (P. Shaw, Using constraint programming and local search methods to
//! solve vehicle routing problems, 1998), accepted as in simulated annealing.

use std::time::Instant;

use super::greedy::{Greedy, Taste};
use super::random::Random;
use super::state::State;
use super::word::Bits;

/// Values undone in one step.
const MOST: usize = 3;
/// Worse results, in bits, that are accepted one time in three: at the start.
const HEAT: f32 = 10.0;
const TASTE: Taste = Taste { noise: 0.1, uneven: 0.04 };

/// Works on until so many patterns have been looked at, or the time has come. The state is the best one then. `None` where
/// there are too many values.
pub(super) fn improve<B: Bits>(
    state: &mut State<B>,
    greedy: &mut Greedy,
    random: &mut Random,
    work: u64,
    until: Option<Instant>,
) -> Option<()> {
    if state.sums() == 0 {
        return Some(());
    }
    let (start, begun) = (greedy.work, Instant::now());
    let mut cost = state.cost();
    state.commit();
    let mut best = cost;
    loop {
        let done = match until {
            Some(until) => begun.elapsed().as_secs_f32() / (until - begun).as_secs_f32().max(1e-9),
            None => (greedy.work - start) as f32 / work as f32,
        };
        if done.is_nan() || done >= 1.0 {
            break;
        }
        let mark = state.mark();
        // There may be nothing that can be undone.
        greedy.work += 1;
        undo(state, random.below(state.sums()) as u32, random);
        if state.over_limit() || state.fresh.is_empty() {
            state.undo(mark);
            continue;
        }
        greedy.run(state, TASTE, random)?;
        let after = state.cost();
        let worse = after as f32 - cost as f32;
        let heat = HEAT * (1.0 - done);
        if worse > 0.0 && random.unit() >= (-worse / heat.max(1e-3)).exp() {
            state.undo(mark);
            continue;
        }
        cost = after;
        if cost < best {
            best = cost;
            state.commit();
        }
    }
    state.undo(0);
    Some(())
}

/// Takes some values in this sum apart, in all sums, or exchanges terms of it for others of the same sum.
fn undo<B: Bits>(state: &mut State<B>, sum: u32, random: &mut Random) {
    let mut left = 1 + random.below(MOST);
    for _ in 0..16 * MOST {
        let values = state.values(sum);
        if left == 0 || values.is_empty() {
            return;
        }
        let value = values[random.below(values.len())];
        let done = match random.below(2) {
            0 => exchange(state, value, sum, random),
            _ => remove(state, value),
        };
        left -= usize::from(done);
    }
}

/// `x + y` for a value made of `x` and `y`, at a place where that makes no more terms, or one more.
fn exchange<B: Bits>(state: &mut State<B>, value: u32, sum: u32, random: &mut Random) -> bool {
    let users = &state.nodes[value as usize].users;
    if users.is_empty() {
        return false;
    }
    let user = users[random.below(users.len())];
    let positions = 128 - state.word(value, sum).value().unsigned_abs().leading_zeros();
    let digit = 1_i128 << random.below(positions as usize + 1);
    let negative = random.below(2) == 1;
    let more = i32::from(random.below(8) == 0);
    state.exchange(user, sum, if negative { -digit } else { digit }, more)
}

/// Removes a value and all that is made of it, where these are not too many.
fn remove<B: Bits>(state: &mut State<B>, value: u32) -> bool {
    if !state.is_live(value) {
        return false;
    }
    let mut all = vec![value];
    let mut at = 0;
    while at < all.len() {
        for &user in &state.nodes[all[at] as usize].users {
            if !all.contains(&user) {
                all.push(user);
            }
        }
        at += 1;
        if all.len() > MOST + 2 {
            return false;
        }
    }
    while let Some(last) = all.iter().position(|v| state.nodes[*v as usize].users.is_empty()) {
        let value = all.swap_remove(last);
        state.remove(value);
    }
    true
}
