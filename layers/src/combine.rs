//! Sums of scaled operands, element by element.

use gatewright_dsl::prelude::Int;

use crate::cost::Cost;
use crate::error::Error;
use crate::layer::Combine;
use crate::linear::{self, Row};
use crate::network::{Range, TensorTy};

/// A list of one entry for all elements, or of one for each; empty for `absent`.
fn at(list: &[i64], element: usize, absent: i64) -> i64 {
    match list {
        [] => absent,
        [all] => *all,
        each => each[element],
    }
}

/// # Errors
/// Where the operands do not have one shape.
pub(crate) fn same_shape(types: &[&TensorTy]) -> Result<(), Error> {
    match types.iter().find(|t| t.shape != types[0].shape) {
        Some(odd) => {
            Err(Error::layer(format!("its operands have the shapes {:?} and {:?}", types[0].shape, odd.shape)))
        }
        None => Ok(()),
    }
}

impl Combine {
    fn row(&self, element: usize) -> Row {
        let terms = self.factors.iter().enumerate().map(|(k, f)| (k, i128::from(at(f, element, 0))));
        Row { terms: terms.collect(), constant: at(&self.offset, element, 0).into() }
    }

    /// The ranges of one element of the operands.
    fn inputs(types: &[&TensorTy], element: usize) -> Vec<Range> {
        types.iter().map(|t| t.ranges[element]).collect()
    }

    pub(crate) fn output(&self, types: &[&TensorTy]) -> Result<TensorTy, Error> {
        if self.factors.len() != types.len() || types.is_empty() {
            let (factors, operands) = (self.factors.len(), types.len());
            return Err(Error::layer(format!("{operands} operands have {factors} lists of factors")));
        }
        same_shape(types)?;
        let count = types[0].ranges.len();
        for factors in &self.factors {
            if factors.len() != 1 && factors.len() != count {
                return Err(Error::layer(format!("{count} elements have {} factors", factors.len())));
            }
        }
        if self.offset.len() > 1 && self.offset.len() != count {
            return Err(Error::layer(format!("{count} elements have {} offsets", self.offset.len())));
        }
        let ranges = (0..count).map(|e| self.row(e).range(&Self::inputs(types, e))).collect::<Result<_, _>>()?;
        Ok(TensorTy { shape: types[0].shape.clone(), ranges })
    }

    /// Modulo 2^64, which is exact as the result fits.
    pub(crate) fn golden(&self, operands: &[&[i64]], count: usize) -> Vec<i64> {
        if count == 0 {
            return Vec::new();
        }
        let offsets: Vec<i64> = (0..count).map(|e| at(&self.offset, e, 0)).collect();
        let mut y: Vec<i64> = offsets.iter().copied().cycle().take(operands[0].len()).collect();
        for (x, factors) in operands.iter().zip(&self.factors) {
            if let [factor] = factors[..] {
                y.iter_mut().zip(*x).for_each(|(y, x)| *y = y.wrapping_add(x.wrapping_mul(factor)));
                continue;
            }
            for (y, x) in y.chunks_exact_mut(count).zip(x.chunks_exact(count)) {
                let sums = y.iter_mut().zip(x).zip(factors.iter());
                sums.for_each(|((y, x), f)| *y = y.wrapping_add(x.wrapping_mul(*f)));
            }
        }
        y
    }

    pub(crate) fn unrolled(&self, operands: &[Vec<Int>], types: &[&TensorTy]) -> Vec<Int> {
        let element = |e: usize| {
            let inputs: Vec<Int> = operands.iter().map(|o| o[e]).collect();
            linear::unrolled(&inputs, &Self::inputs(types, e), &[self.row(e)])
        };
        (0..types[0].ranges.len()).flat_map(element).collect()
    }

    pub(crate) fn cost(&self, types: &[&TensorTy]) -> Cost {
        let element = |e| linear::cost(&Self::inputs(types, e), &[self.row(e)]);
        (0..types[0].ranges.len()).map(element).fold(Cost::default(), Cost::beside)
    }
}
