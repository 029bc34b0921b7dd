//! Constant matrix-vector products.

use super::super::matvec::{Wrong, form_range};
use super::super::{Matvec, Module};
use super::{Checker, Errors};
use crate::ids::NodeId;
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
        let ty = |x: &NodeId| m.nodes.get(*x).map(|n| n.ty);
        if matvec.inputs.iter().any(|x| matches!(ty(x), Some(Ty::Bits(_)))) {
            errors.push(32, &m.name, id, matvec.place, "an input is not an integer");
        }
    }
}

/// What stands at a number that counts the steps, then the outputs.
fn named(matvec: &Matvec, at: usize) -> String {
    match at.checked_sub(matvec.steps.len()) {
        None => format!("x{}", matvec.inputs.len() + at),
        Some(output) => format!("sum{output}"),
    }
}

impl Checker<'_> {
    /// V17, V33 and V34 of the products; their names are right.
    pub(super) fn matvecs(&mut self) {
        let m = self.m;
        for (id, matvec) in m.matvecs.iter() {
            matvec.inputs.iter().for_each(|&x| self.plain_use(x, id, matvec.place));
            let types: Vec<IntTy> = matvec.inputs.iter().map(|&x| m.nodes[x].ty.range()).collect();
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

    /// The range of a sum, for V10.
    pub(super) fn sum_range(&self, matvec: &Matvec, output: usize) -> IntTy {
        let output = &matvec.outputs[output];
        form_range(&output.weights, &output.constant, |i| self.m.nodes[matvec.inputs[i]].ty.range())
    }
}
