//! Which steps are written as one.
//!
//! A step whose result only one other step takes, in the same stage, and as it is, can be one carry chain with it. Any chain of
//! two words takes a single bit as well: a bit below both words, whose carry adds it to them. Where a device adds three words with
//! one chain, a LUT brings three bits to two in front of it. Every step is in one such chain at most; the choice is the one that saves most
//! positions: a matching of greatest weight in the forest of these steps.

use super::{Plan, Side, inverts, keeps};
use crate::ir::{Matvec, ShiftAdd};
use crate::ty::MAX_WIDTH;

/// A word's lowest position and the one above its highest.
type Extent = (u32, u32);

/// Positions at which both words have bits.
fn two([x, y]: [Extent; 2]) -> u32 {
    x.1.min(y.1).saturating_sub(x.0.max(y.0))
}

/// Positions at which at least two of the words have bits, and one more for the last carry.
fn three(words: [Extent; 3]) -> u32 {
    let (mut low, mut top) = (words.map(|w| w.0), words.map(|w| w.1));
    low.sort_unstable();
    top.sort_unstable();
    1 + top[1].saturating_sub(low[1])
}

/// The step whose result is this operand of step `k` and nothing else, in the same stage.
fn written_with(m: &Matvec, uses: &[u32], k: usize, (value, _): (usize, u32)) -> Option<usize> {
    let before = value.checked_sub(m.inputs.len())?;
    (uses[value] == 1 && m.step_stage(before) == m.step_stage(k)).then_some(before)
}

/// For each step the operand with whose step it is one chain of two words and a carry into it: the step adds a single bit to
/// it. A chain takes one bit.
pub(super) fn carries(m: &Matvec, plans: &[Plan], uses: &[u32]) -> Vec<Option<Side>> {
    let mut choice: Vec<Option<Side>> = vec![None; m.steps.len()];
    for (k, &ShiftAdd { a, b, .. }) in m.steps.iter().enumerate() {
        let before = written_with(m, uses, k, a).filter(|before| choice[*before].is_none());
        if before.is_some() && a.1 == 0 && b.1 == 0 && plans[b.0].range.width() == 1 {
            choice[k] = Some(Side::A);
        }
    }
    choice
}

/// For each step the operand with whose step it is one chain of three words. `uses`: how often each value is taken.
pub(super) fn chains_of_three(m: &Matvec, plans: &[Plan], uses: &[u32]) -> Vec<Option<Side>> {
    let extent = |(value, shift): (usize, u32), by: u32| (by + shift, by + shift + plans[value].range.width());
    // What the steps of each tree save, and what they save where its last one is not in a chain with one before.
    let (mut most, mut alone) = (vec![0; m.steps.len()], vec![0; m.steps.len()]);
    let mut choice = vec![None; m.steps.len()];
    for (k, step) in m.steps.iter().enumerate() {
        let below = |operand| written_with(m, uses, k, operand);
        let rest = |operand| below(operand).map_or(0, |child| most[child]);
        let rests = (rest(step.a), rest(step.b));
        alone[k] = rests.0 + rests.1;
        most[k] = alone[k];
        let inverted = inverts(step, &plans[step.a.0], &plans[step.b.0], keeps(m, step, uses));
        for (side, operand, other, rest) in [(Side::A, step.a, step.b, rests.1), (Side::B, step.b, step.a, rests.0)] {
            let Some(child) = below(operand).filter(|_| inverted != Some(side)) else { continue };
            let ShiftAdd { a, b, .. } = m.steps[child];
            let words = [extent(a, operand.1), extent(b, operand.1), extent(other, 0)];
            if words.iter().any(|w| w.1 + 3 > MAX_WIDTH) {
                continue;
            }
            let apart = two([words[0], words[1]]) + two([extent(operand, 0), words[2]]);
            let Some(saved) = apart.checked_sub(three(words)) else { continue };
            let saved = saved + alone[child] + rest;
            if saved >= most[k] {
                (most[k], choice[k]) = (saved, Some(side));
            }
        }
    }
    for (k, step) in m.steps.iter().enumerate().rev() {
        if let Some(child) = choice[k].and_then(|side| written_with(m, uses, k, step.operand(side))) {
            choice[child] = None;
        }
    }
    choice
}
