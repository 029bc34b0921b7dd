//! A constant matrix times the last axis.

use gatewright_dsl::prelude::Int;
use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, LinalgScalar};

use crate::cost::Cost;
use crate::error::Error;
use crate::layer::{Dense, OfOne};
use crate::linear::{self, Row};
use crate::network::{Range, TensorTy};

/// Positions whose products are computed together: their operands and results stay in the cache.
const BLOCK: usize = 128;

impl Dense {
    pub(crate) fn rows(&self) -> Vec<Row> {
        let (rows, cols) = (self.weights.rows, self.weights.cols);
        let row = |r: usize| {
            let weights = &self.weights.data[r * cols..(r + 1) * cols];
            let terms = weights.iter().enumerate().filter(|(_, w)| **w != 0).map(|(i, &w)| (i, i128::from(w)));
            Row { terms: terms.collect(), constant: self.bias.get(r).copied().unwrap_or(0).into() }
        };
        (0..rows).map(row).collect()
    }

    pub(crate) fn output(&self, x: &TensorTy) -> Result<TensorTy, Error> {
        let (rows, cols) = (self.weights.rows, self.weights.cols);
        if rows.checked_mul(cols) != Some(self.weights.data.len()) {
            let found = self.weights.data.len();
            return Err(Error::layer(format!("a matrix of {rows} × {cols} has {found} weights")));
        }
        if !self.bias.is_empty() && self.bias.len() != rows {
            return Err(Error::layer(format!("{rows} outputs have {} biases", self.bias.len())));
        }
        let Some((&last, outer)) = x.shape.split_last() else {
            return Err(Error::layer(format!("a matrix of {cols} columns cannot take a single number")));
        };
        if last != cols || cols == 0 {
            let shape = &x.shape;
            return Err(Error::layer(format!("a matrix of {cols} columns cannot take the last axis of {shape:?}")));
        }
        let matrix = self.rows();
        let mut ranges = Vec::with_capacity(x.ranges.len() / cols * rows);
        let mut known: Option<(&[Range], Vec<Range>)> = None;
        for position in x.ranges.chunks_exact(cols) {
            // Positions are mostly alike.
            let computed = match known.take().filter(|(inputs, _)| *inputs == position) {
                Some((_, ranges)) => ranges,
                None => matrix.iter().map(|row| row.range(position)).collect::<Result<_, _>>()?,
            };
            ranges.extend_from_slice(&computed);
            known = Some((position, computed));
        }
        let shape = outer.iter().copied().chain([rows]).collect();
        Ok(TensorTy { shape, ranges })
    }

    /// The greatest magnitude that any partial sum of products has, at any position.
    fn bound(&self, x: &TensorTy) -> u128 {
        let cols = self.weights.cols;
        let mut most = vec![0_u64; cols];
        for position in x.ranges.chunks_exact(cols) {
            for (most, range) in most.iter_mut().zip(position) {
                *most = (*most).max(range.lo.unsigned_abs()).max(range.hi.unsigned_abs());
            }
        }
        let row = |weights: &[i64]| {
            let products = weights.iter().zip(&most).map(|(w, m)| u128::from(w.unsigned_abs()) * u128::from(*m));
            products.fold(0_u128, u128::saturating_add)
        };
        self.weights.data.chunks_exact(cols).map(row).max().unwrap_or(0)
    }

    /// Products are computed by the fastest arithmetic in which all partial sums are exact: floating point holds integers
    /// up to 2^24 (2^53) without rounding, in whatever order they are added.
    pub(crate) fn prepared(&self, ty: &TensorTy) -> OfOne<'_> {
        match self.bound(ty) {
            0..=0xff_ffff => self.by_float(|v| v as i32 as f32, |v| i64::from(v as i32)),
            0x100_0000..=0x1f_ffff_ffff_ffff => self.by_float(|v| v as f64, |v| v as i64),
            _ => Box::new(|x| self.by_integer(x)),
        }
    }

    fn by_float<F: LinalgScalar>(
        &self,
        to: impl Fn(i64) -> F + Copy + 'static,
        from: impl Fn(F) -> i64 + Copy + 'static,
    ) -> OfOne<'_> {
        let weights: Vec<F> = self.weights.data.iter().map(|&w| to(w)).collect();
        Box::new(move |x| self.multiply(x, &weights, to, from))
    }

    /// The operand of a zero weight may be anything, also cut: `to` gives finite numbers.
    fn multiply<F: LinalgScalar>(
        &self,
        x: &[i64],
        weights: &[F],
        to: impl Fn(i64) -> F,
        from: impl Fn(F) -> i64,
    ) -> Vec<i64> {
        let (rows, cols) = (self.weights.rows, self.weights.cols);
        let Ok(weights) = ArrayView2::from_shape((rows, cols), weights) else { return self.by_integer(x) };
        let mut operand = vec![F::zero(); BLOCK * cols];
        let mut result = vec![F::zero(); BLOCK * rows];
        let mut y = Vec::with_capacity(x.len() / cols * rows);
        for block in x.chunks(BLOCK * cols) {
            let n = block.len() / cols;
            operand.iter_mut().zip(block).for_each(|(o, &v)| *o = to(v));
            let (Ok(a), Ok(mut c)) = (
                ArrayView2::from_shape((n, cols), &operand[..n * cols]),
                ArrayViewMut2::from_shape((n, rows), &mut result[..n * rows]),
            ) else {
                return self.by_integer(x);
            };
            general_mat_mul(F::one(), &a, &weights.t(), F::zero(), &mut c);
            match self.bias.is_empty() {
                true => y.extend(result[..n * rows].iter().map(|&v| from(v))),
                false => {
                    for sums in result[..n * rows].chunks_exact(rows) {
                        y.extend(sums.iter().zip(&self.bias).map(|(&v, b)| from(v).wrapping_add(*b)));
                    }
                }
            }
        }
        y
    }

    /// Modulo 2^64, which is exact where the result fits, whatever the partial sums are.
    fn by_integer(&self, x: &[i64]) -> Vec<i64> {
        let (rows, cols) = (self.weights.rows, self.weights.cols);
        let mut y = Vec::with_capacity(x.len() / cols * rows);
        for position in x.chunks_exact(cols) {
            for (r, weights) in self.weights.data.chunks_exact(cols).enumerate() {
                let bias = self.bias.get(r).copied().unwrap_or(0);
                let products = weights.iter().zip(position).map(|(w, x)| w.wrapping_mul(*x));
                y.push(products.fold(bias, i64::wrapping_add));
            }
        }
        y
    }

    pub(crate) fn unrolled(&self, x: &[Int], ty: &TensorTy) -> Vec<Int> {
        let (cols, matrix) = (self.weights.cols, self.rows());
        let positions = x.chunks_exact(cols).zip(ty.ranges.chunks_exact(cols));
        positions.flat_map(|(x, ranges)| linear::unrolled(x, ranges, &matrix)).collect()
    }

    pub(crate) fn cost(&self, x: &TensorTy) -> Cost {
        let matrix = self.rows();
        let positions = x.ranges.chunks_exact(self.weights.cols);
        positions.map(|ranges| linear::cost(ranges, &matrix)).fold(Cost::default(), Cost::beside)
    }
}
