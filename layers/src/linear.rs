//! Constant-weighted sums in hardware: what dense layers, combinations and multipliers have in common.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use gatewright_arith::cmvm::{self, CostModel, Input, Options, Problem};
use gatewright_arith::shift_adds::{ShiftAdds, Term};
use gatewright_arith::sum;
use gatewright_dsl::prelude::{Int, LinearOutput, ShiftAdd, const_matvec};

use crate::cost::Cost;
use crate::error::Error;
use crate::network::Range;

/// `sum of weight * input + constant`, each input at most once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub terms: Vec<(usize, i128)>,
    pub constant: i128,
}

impl Row {
    /// The exact range.
    pub fn range(&self, inputs: &[Range]) -> Result<Range, Error> {
        const LIMIT: u128 = 1 << 119;
        let (mut lo, mut hi, mut magnitude) = (self.constant, self.constant, self.constant.unsigned_abs());
        for &(input, weight) in &self.terms {
            if weight == 0 {
                continue;
            }
            let (a, b) = inputs[input].wide();
            let most = a.unsigned_abs().max(b.unsigned_abs());
            magnitude = weight.unsigned_abs().saturating_mul(most).saturating_add(magnitude);
            if magnitude >= LIMIT {
                return Err(Error::layer("its products take more than 119 bits".to_owned()));
            }
            let (a, b) = (a * weight, b * weight);
            lo += a.min(b);
            hi += a.max(b);
        }
        Range::fitted(lo, hi)
    }
}

/// The additions for `rows` without their constants, and these with what constant inputs add to them. Equal matrices are
/// solved once.
fn adds(inputs: &[Range], rows: &[Row]) -> (Arc<ShiftAdds>, Vec<i128>) {
    let split = |row: &Row| {
        let mut constant = row.constant;
        let mut terms = Vec::with_capacity(row.terms.len());
        for &(input, weight) in &row.terms {
            match inputs[input].only() {
                Some(only) => constant += weight * i128::from(only),
                None if weight == 0 => {}
                None => terms.push((input, weight)),
            }
        }
        (terms, constant)
    };
    let (outputs, constants): (Vec<_>, Vec<_>) = rows.iter().map(split).unzip();
    let inputs = inputs.iter().map(|r| Input { range: r.wide(), arrival: 0 }).collect();
    (solved(Problem { inputs, outputs, cost: CostModel::CarryChains, ..Problem::default() }), constants)
}

/// Solutions that are kept.
const KEPT: usize = 256;

fn solved(problem: Problem) -> Arc<ShiftAdds> {
    static KNOWN: Mutex<Option<HashMap<Problem, Arc<ShiftAdds>>>> = Mutex::new(None);
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(adds) = known().get_or_insert_default().get(&problem) {
        return adds.clone();
    }
    let adds = Arc::new(cmvm::solve(&problem, &Options::default()).unwrap_or_else(|_| {
        // Too large for a search.
        let ranges: Vec<(i128, i128)> = problem.inputs.iter().map(|i| i.range).collect();
        sum::rows(&ranges, &problem.outputs)
    }));
    let mut known = known();
    let known = known.get_or_insert_default();
    if known.len() >= KEPT {
        known.clear();
    }
    known.insert(problem, adds.clone());
    adds
}

/// The sums. Their types are the exact ranges.
pub(crate) fn unrolled(inputs: &[Int], ranges: &[Range], rows: &[Row]) -> Vec<Int> {
    let (list, constants) = adds(ranges, rows);
    let operand = |t: Term| (t.value, t.shift);
    let steps: Vec<ShiftAdd> =
        list.steps.iter().map(|s| ShiftAdd { a: operand(s.a), b: operand(s.b), subtract: s.b.negative }).collect();
    let output = |(term, constant): (&Option<Term>, i128)| LinearOutput {
        value: term.map(operand),
        negative: term.is_some_and(|t| t.negative),
        constant: constant.into(),
    };
    let outputs: Vec<LinearOutput> = list.outputs.iter().zip(constants).map(output).collect();
    const_matvec(inputs, &steps, &outputs)
}

pub(crate) fn cost(ranges: &[Range], rows: &[Row]) -> Cost {
    let adds = adds(ranges, rows).0;
    let additions = adds.carries().into_iter().filter(|carry| !carry).count();
    Cost::adds(gatewright_arith::Cost { depth: adds.levels(), ..adds.cost() }, additions, adds.luts())
}
