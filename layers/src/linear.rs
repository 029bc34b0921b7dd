//! Constant-weighted sums in hardware: what dense layers, combinations and multipliers have in common.

use gatewright_arith::shift_adds::{ShiftAdds, Term};
use gatewright_arith::sum;
use gatewright_dsl::prelude::{Int, ShiftAdd, lit, shift_adds};

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
        const LIMIT: u128 = 1 << 126;
        let (mut lo, mut hi, mut magnitude) = (self.constant, self.constant, self.constant.unsigned_abs());
        for &(input, weight) in &self.terms {
            if weight == 0 {
                continue;
            }
            let (a, b) = inputs[input].wide();
            let most = a.unsigned_abs().max(b.unsigned_abs());
            magnitude = weight.unsigned_abs().saturating_mul(most).saturating_add(magnitude);
            if magnitude >= LIMIT {
                return Err(Error::layer("its products take more than 126 bits".to_owned()));
            }
            let (a, b) = (a * weight, b * weight);
            lo += a.min(b);
            hi += a.max(b);
        }
        Range::fitted(lo, hi)
    }
}

/// The additions for `rows`, and the constants that are their last inputs.
fn adds(inputs: &[Range], rows: &[Row]) -> (ShiftAdds, Vec<i128>) {
    let mut ranges: Vec<(i128, i128)> = inputs.iter().map(|r| r.wide()).collect();
    let mut constants = Vec::new();
    let mut lists = Vec::with_capacity(rows.len());
    for row in rows {
        let mut constant = row.constant;
        let mut terms = Vec::with_capacity(row.terms.len() + 1);
        for &(input, weight) in &row.terms {
            match inputs[input].only() {
                Some(only) => constant += weight * i128::from(only),
                None if weight == 0 => {}
                None => terms.push((input, weight)),
            }
        }
        if constant != 0 {
            // Subtracted as a magnitude, but where all else is subtracted: a difference then needs no negation.
            let negative = constant < 0 && terms.iter().any(|t| t.1 > 0);
            // Shifted, so that bits below its lowest one pass by.
            let zeros = constant.trailing_zeros();
            let value = if negative { -constant } else { constant } >> zeros;
            terms.push((ranges.len(), if negative { -1 } else { 1 } << zeros));
            ranges.push((value, value));
            constants.push(value);
        }
        lists.push(terms);
    }
    (sum::rows(&ranges, &lists), constants)
}

/// The sums. Their types are the exact ranges.
pub(crate) fn unrolled(inputs: &[Int], ranges: &[Range], rows: &[Row]) -> Vec<Int> {
    let (list, constants) = adds(ranges, rows);
    let mut values = inputs.to_vec();
    values.extend(constants.into_iter().map(lit));
    let operand = |t: Term| (t.value, t.shift);
    let steps: Vec<ShiftAdd> =
        list.steps.iter().map(|s| ShiftAdd { a: operand(s.a), b: operand(s.b), subtract: s.b.negative }).collect();
    values.extend(shift_adds(&values, &steps));
    let output = |term: &Option<Term>| {
        let Some(term) = term else { return lit(0) };
        let value = values[term.value];
        let shifted = if term.shift == 0 { value } else { value << term.shift };
        if term.negative { -shifted } else { shifted }
    };
    list.outputs.iter().map(output).collect()
}

pub(crate) fn cost(ranges: &[Range], rows: &[Row]) -> Cost {
    Cost::adds(adds(ranges, rows).0.cost())
}
