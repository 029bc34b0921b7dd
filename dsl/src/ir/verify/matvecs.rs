//! Constant matrix-vector products.

use super::super::matvec::{Wrong, form_range};
use super::super::{Matvec, Module, Op, Pipeline, Stmt};
use super::{Checker, Errors};
use crate::ids::{DomainId, MatvecId, NodeId};
use crate::pass::expand;
use crate::ty::{IntTy, MAX_WIDTH, Ty};

/// V32: what a product names exists.
pub(super) fn check_names(m: &Module, errors: &mut Errors) {
    for (id, matvec) in m.matvecs.iter() {
        if let Some((at, wrong)) = matvec.misnamed() {
            let what = match wrong {
                Wrong::Behind => "names a value that does not stand before it".to_string(),
                Wrong::Shift => format!("shifts by more than {MAX_WIDTH}"),
            };
            errors.push(32, &m.name, id, matvec.place, format!("{} {what}", named(matvec, at)));
        }
        for (k, output) in matvec.outputs.iter().enumerate() {
            let rises = output.weights.windows(2).all(|w| w[0].0 < w[1].0);
            if !rises || output.weights.last().is_some_and(|w| w.0 >= matvec.inputs.len()) {
                let message = format!("the inputs that sum{k} has weights for do not rise, or do not exist");
                errors.push(32, &m.name, id, matvec.place, message);
            }
        }
        let ty = |x: NodeId| m.nodes.get(x).map(|n| n.ty);
        if matvec.nodes().any(|x| matches!(ty(x), Some(Ty::Bits(_)))) {
            errors.push(32, &m.name, id, matvec.place, "an input is not an integer");
        }
        if let Some(p) = &matvec.pipeline {
            let counts = [p.inputs.len(), p.steps.len(), p.outputs.len()];
            if counts != [matvec.inputs.len(), matvec.steps.len(), matvec.outputs.len()] {
                errors.push(
                    35,
                    &m.name,
                    id,
                    matvec.place,
                    "an input, a step or a sum has no stage, or there are more stages",
                );
            }
        }
    }
}

/// The first thing, as [`named`] counts, that is in an earlier stage than what it is computed from, or in a stage for which
/// an input has no node.
fn misplaced(matvec: &Matvec, p: &Pipeline) -> Option<usize> {
    let inputs = matvec.inputs.len();
    let there = |value: usize, stage: u32| match value.checked_sub(inputs) {
        None => p.inputs[value].0 <= stage && (stage - p.inputs[value].0) as usize <= p.inputs[value].1.len(),
        Some(step) => p.steps[step] <= stage,
    };
    let step = matvec.steps.iter().zip(&p.steps).position(|(s, &at)| !there(s.a.0, at) || !there(s.b.0, at));
    step.or_else(|| {
        let output = matvec.outputs.iter().zip(&p.outputs).position(|(o, &at)| {
            o.value.is_some_and(|(value, _)| !there(value, at)) || o.weights.iter().any(|(i, _)| !there(*i, at))
        });
        Some(matvec.steps.len() + output?)
    })
}

/// What stands at a number that counts the steps, then the outputs.
fn named(matvec: &Matvec, at: usize) -> String {
    match at.checked_sub(matvec.steps.len()) {
        None => format!("x{}", matvec.inputs.len() + at),
        Some(output) => format!("sum{output}"),
    }
}

impl Checker<'_> {
    /// V17 and V33 to V35 of the products; their names are right, and there are as many stages as there have to be.
    pub(super) fn matvecs(&mut self) {
        let m = self.m;
        for (id, matvec) in m.matvecs.iter() {
            matvec.nodes().for_each(|x| self.plain_use(x, id, matvec.place));
            if let Some(pipeline) = &matvec.pipeline {
                self.stages(id, matvec, pipeline);
            }
            let types = matvec.input_ranges(|x| m.nodes[x].ty.range());
            let too_wide = |at: usize| format!("{} takes more than {MAX_WIDTH} bits", named(matvec, at));
            let forms = match matvec.forms() {
                Ok(forms) => forms,
                Err(at) => {
                    self.fail(34, id, matvec.place, too_wide(at));
                    continue;
                }
            };
            if let Some(at) = expand::too_wide(matvec, &forms, &types) {
                self.fail(34, id, matvec.place, too_wide(at));
            }
            for (k, output) in matvec.outputs.iter().enumerate() {
                if Matvec::recovered(&forms, output) != output.weights {
                    self.fail(33, id, matvec.place, format!("the graph of sum{k} has other weights"));
                }
            }
        }
    }

    /// V35.
    fn stages(&mut self, id: MatvecId, matvec: &Matvec, pipeline: &Pipeline) {
        if let Some(at) = misplaced(matvec, pipeline) {
            let message = format!("{} is in a stage in which what it is computed from is not there", named(matvec, at));
            self.fail(35, id, matvec.place, message);
        }
        for (k, (&first, (_, later))) in matvec.inputs.iter().zip(&pipeline.inputs).enumerate() {
            let pairs = std::iter::once(first).chain(later.iter().copied()).zip(later);
            for (before, &after) in pairs {
                if !self.follows(before, after, pipeline.domain) {
                    let message = format!("{after} does not have the value that x{k} had in {before} a clock before");
                    self.fail(35, id, matvec.place, message);
                }
            }
        }
    }

    /// Whether a node is a register without reset that takes the value of `before`, or both are one constant.
    fn follows(&self, before: NodeId, after: NodeId, domain: DomainId) -> bool {
        let m = self.m;
        let constant = m.nodes[before].ty.as_constant();
        let Op::Reg(reg) = m.nodes[after].op else {
            return constant.is_some() && constant == m.nodes[after].ty.as_constant();
        };
        let reg = &m.regs[reg];
        let takes = matches!(reg.next[..], [Stmt::Set { value, .. }] if value == before);
        takes && reg.domain == domain && reg.reset.is_none()
    }

    /// The range of a sum, for V10.
    pub(super) fn sum_range(&self, matvec: &Matvec, output: usize) -> IntTy {
        let sum = &matvec.outputs[output];
        form_range(&sum.weights, &sum.constant, |i| self.m.nodes[matvec.input(output, i)].ty.range())
    }
}
