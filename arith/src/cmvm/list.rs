//! The list of additions of a finished state.

use super::Problem;
use super::cost::{Adder, CostModel};
use super::state::State;
use super::tree;
use super::word::Bits;
use crate::shift_adds::{ShiftAdds, Step, Term, width};

pub(super) fn of<B: Bits>(problem: &Problem, state: &State<B>) -> ShiftAdds {
    let mut adds = ShiftAdds { ranges: problem.inputs.iter().map(|i| i.range).collect(), ..ShiftAdds::default() };
    // Where each value is in the list.
    let mut place: Vec<usize> = (0..state.nodes.len()).collect();
    for value in state.order() {
        let Some(p) = state.nodes[value as usize].made else { continue };
        let a = Term::of(place[p.low as usize]);
        let b = Term { value: place[p.high as usize], shift: p.shift, negative: p.subtract };
        place[value as usize] = push(&mut adds, Step { a, b });
    }
    let mut terms = Vec::new();
    for sum in 0..state.sums() as u32 {
        state.terms(sum, &mut terms);
        let merges = tree::merges(state.model(), state.limit(), &state.nodes, &terms);
        let mut made: Vec<Term> = terms
            .iter()
            .map(|&(value, shift, negative)| Term { value: place[value as usize], shift, negative })
            .collect();
        for (a, b) in merges {
            let (x, y) = (made[a], made[b]);
            let (low, high) = if x.shift <= y.shift { (x, y) } else { (y, x) };
            let shift = high.shift - low.shift;
            let last = made.len() + 2 == 2 * terms.len();
            let (step, negative) = if last && low.negative && !high.negative {
                // An output is better not negative.
                let step = Step { a: Term { shift, ..high }, b: Term { shift: 0, ..low } };
                (step, false)
            } else {
                let b = Term { shift, negative: low.negative != high.negative, ..high };
                (Step { a: Term { shift: 0, negative: false, ..low }, b }, low.negative)
            };
            made.push(Term { value: push(&mut adds, step), shift: low.shift, negative });
        }
        adds.outputs.push(made.last().copied());
    }
    adds.set_ranges();
    if problem.cost == CostModel::FullAdders {
        turn_negative_outputs(&mut adds);
    }
    adds
}

/// Adds a step, whose range is set later, and returns its value.
fn push(adds: &mut ShiftAdds, step: Step) -> usize {
    adds.steps.push(step);
    adds.ranges.push((0, 0));
    adds.ranges.len() - 1
}

/// Where an output is the negative of a value that nobody else needs: makes the negative of that value instead, if that
/// costs less than a subtraction from zero.
fn turn_negative_outputs(adds: &mut ShiftAdds) {
    let inputs = adds.inputs();
    let mut uses = vec![0_u32; adds.ranges.len()];
    for step in &adds.steps {
        uses[step.a.value] += 1;
        uses[step.b.value] += 1;
    }
    adds.outputs.iter().flatten().for_each(|t| uses[t.value] += 1);
    for o in 0..adds.outputs.len() {
        let Some(term) = adds.outputs[o].filter(|t| t.negative && t.value >= inputs) else { continue };
        let free = i64::from(width((-adds.ranges[term.value].1, -adds.ranges[term.value].0)));
        let turned = turned(adds, &uses, term.value);
        if let Some((_, steps)) = turned.filter(|(more, _)| *more < free) {
            steps.into_iter().for_each(|(at, step)| adds.steps[at] = step);
            adds.outputs[o] = Some(Term { negative: false, ..term });
            adds.set_ranges();
        }
    }
}

/// The steps that make the negative of a value which is used once, and how many bits more they cost.
fn turned(adds: &ShiftAdds, uses: &[u32], value: usize) -> Option<(i64, Vec<(usize, Step)>)> {
    let at = value.checked_sub(adds.inputs())?;
    if uses[value] != 1 {
        return None;
    }
    let Step { a, b } = adds.steps[at];
    let bits = |a: Term, b: Term| i64::from(bits(adds, a, b));
    if b.negative {
        let (x, y) = (Term { negative: false, ..b }, Term { negative: true, ..a });
        return Some((bits(x, y) - bits(a, b), vec![(at, Step { a: x, b: y })]));
    }
    // -a - b with -a or -b in the place of what it was.
    let by = |x: Term, y: Term| {
        let (more, mut steps) = turned(adds, uses, x.value)?;
        let y = Term { negative: true, ..y };
        steps.push((at, Step { a: x, b: y }));
        Some((more + bits(x, y) - bits(a, b), steps))
    };
    [by(a, b), by(b, a)].into_iter().flatten().min_by_key(|t| t.0)
}

/// Bits of an adder; of operands as they are in the list, whatever their sign.
fn bits(adds: &ShiftAdds, a: Term, b: Term) -> u32 {
    let (low, high) = if a.shift <= b.shift { (a, b) } else { (b, a) };
    let (l, h) = (adds.ranges[low.value], adds.ranges[high.value]);
    let adder = Adder::new(l, h, high.shift - low.shift, a.negative != b.negative);
    CostModel::FullAdders.last(&adder, low.negative, high.negative)
}
