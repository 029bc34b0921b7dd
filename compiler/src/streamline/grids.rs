//! The grids of quantisers: which integers they give, and what these stand for.

use std::sync::Arc;

use num_traits::{Signed, ToPrimitive, Zero};

use gatewright_layers::network::Range;

use super::StreamlineError;
use super::function::{Vals, small};
use super::pick::broadcast;
use super::quantise::Grid;
use super::track::error;
use crate::exact::{Ratio, exact, whole};
use crate::graph::{self, Node, Op, Operand, count};

/// The constant operand `k` of a node, for each element of `shape`.
pub fn constant(node: &Node, k: usize, shape: &[usize]) -> Result<Vals, StreamlineError> {
    let Some(Operand::Const(tensor)) = node.inputs.get(k) else {
        let problem = format!("its operand {k} depends on the inputs");
        return Err(error(node, problem, "make it a constant of the model"));
    };
    vals(node, tensor, shape)
}

fn vals(node: &Node, tensor: &graph::Tensor, shape: &[usize]) -> Result<Vals, StreamlineError> {
    let exact =
        |v: &f64| exact(*v).ok_or_else(|| error(node, "a constant is infinite or no number", "repair the model"));
    let values = tensor.data.iter().map(exact).collect::<Result<Vec<Ratio>, _>>()?;
    if values.len() == 1 {
        return Ok(Vals(Arc::new(values)));
    }
    let Some(from) = broadcast(&tensor.shape, shape) else {
        let problem = format!("a constant of shape {:?} does not go with {shape:?}", tensor.shape);
        return Err(error(node, problem, "repair the model"));
    };
    Ok(Vals(Arc::new(from.into_iter().map(|e| values[e].clone()).collect())))
}

/// The grids behind a quantiser, per element.
pub struct Grids {
    pub of: Vec<Grid>,
    /// Added to the integers of the grid.
    minus: Vec<i64>,
}

impl Grids {
    /// The grid of element `e`, and what is taken off its integers.
    pub fn at(&self, e: usize) -> (&Grid, i64) {
        let k = if self.of.len() == 1 { 0 } else { e };
        (&self.of[k], self.minus[k])
    }

    /// The integers of element `e`.
    pub fn range(&self, e: usize) -> Range {
        match self.at(e) {
            (Grid::Integers { lo, hi, .. }, minus) => Range { lo: lo - minus, hi: hi - minus },
            (Grid::Sign, _) => Range { lo: 0, hi: 1 },
            (Grid::Thresholds(steps), _) => Range { lo: 0, hi: steps.len() as i64 },
        }
    }
}

/// The grids of a quantising node, and what their integers (less the zero point) stand for: scale and offset.
pub fn grids(node: &Node, shape: &[usize]) -> Result<(Grids, Vals, Vals), StreamlineError> {
    let zero = || Vals::one(Ratio::zero());
    match &node.op {
        Op::Quant { signed, narrow, rounding } => {
            let (scale, point, bits) =
                (constant(node, 1, shape)?, constant(node, 2, shape)?, constant(node, 3, shape)?);
            let elements = scale.0.len().max(point.0.len()).max(bits.0.len());
            let (mut of, mut minus) = (Vec::new(), Vec::new());
            for e in 0..elements {
                if !scale.at(e).is_positive() {
                    return Err(error(node, "a scale is not positive", "train again with positive scales"));
                }
                let whole_bits = bits.at(e).is_integer().then(|| bits.at(e).to_integer().to_u32()).flatten();
                let Some(bits) = whole_bits.filter(|b| (1..=32).contains(b)) else {
                    let problem = format!("a bit width is {}", bits.at(e));
                    return Err(error(node, problem, "use whole bit widths of 1 to 32"));
                };
                let Some(point) = point.at(e).is_integer().then(|| small(&point.at(e).to_integer())).flatten() else {
                    return Err(error(node, "a zero point is no integer", "use integer zero points"));
                };
                let (span, narrow) = (1i64 << bits, i64::from(*narrow));
                let (lo, hi) = if *signed { (-span / 2 + narrow, span / 2 - 1) } else { (0, span - 1 - narrow) };
                of.push(Grid::Integers { scale: scale.at(e).clone(), zero: point, lo, hi, rounding: *rounding });
                minus.push(point);
            }
            Ok((Grids { of, minus }, scale, zero()))
        }
        Op::Trunc(rounding) => {
            let [scale, point, from, to] = [1, 2, 3, 4].map(|k| constant(node, k, shape));
            let (scale, point, from, to) = (scale?, point?, from?, to?);
            if !point.0.iter().all(Zero::is_zero) {
                return Err(error(node, "its zero point is not 0", "use a symmetric quantiser before it"));
            }
            let bits = |v: &Ratio| v.is_integer().then(|| v.to_integer().to_u32()).flatten().filter(|b| *b <= 32);
            let mut of = Vec::new();
            for e in 0..scale.0.len().max(from.0.len()).max(to.0.len()) {
                let (Some(from), Some(to)) = (bits(from.at(e)), bits(to.at(e))) else {
                    return Err(error(node, "its bit widths are no whole numbers of up to 32", "repair the model"));
                };
                // All that is left of `from` bits fits.
                let (most, cut) = (1i64 << to, whole(1 << from) / whole(1 << to));
                let scale = scale.at(e) * cut;
                of.push(Grid::Integers { scale, zero: 0, lo: -most, hi: most, rounding: *rounding });
            }
            let minus = vec![0; of.len()];
            Ok((Grids { of, minus }, scale, zero()))
        }
        Op::BipolarQuant => {
            let scale = constant(node, 1, shape)?;
            let two = Vals::one(whole(2));
            let minus = Vals::one(whole(-1));
            let offset = scale.zip(&minus, |s, m| s * m);
            Ok((Grids { of: vec![Grid::Sign], minus: vec![0] }, scale.zip(&two, |s, t| s * t), offset))
        }
        Op::MultiThreshold { out_scale, out_bias, axis } => {
            let Some(Operand::Const(table)) = node.inputs.get(1) else {
                return Err(error(node, "its thresholds depend on the inputs", "make them a constant"));
            };
            let [channels, steps] = table.shape[..] else {
                return Err(error(node, "its thresholds have no two axes", "give channels × steps"));
            };
            let mut rows = Vec::new();
            for row in table.data.chunks(steps.max(1)) {
                let row = graph::Tensor { shape: vec![row.len()], data: row.to_vec() };
                let row = vals(node, &row, &row.shape)?;
                rows.push(Grid::Thresholds(row.0.to_vec()));
            }
            let of = if channels == 1 {
                rows
            } else {
                if shape.get(*axis) != Some(&channels) {
                    let problem = format!("{channels} rows of thresholds do not go with the shape {shape:?}");
                    return Err(error(node, problem, "repair the model"));
                }
                let inner: usize = shape[axis + 1..].iter().product();
                (0..count(shape)).map(|e| rows[e / inner % channels].clone()).collect()
            };
            let scalar =
                |v: f64| Ok(Vals::one(exact(v).ok_or_else(|| error(node, "a scale is infinite", "repair it"))?));
            let minus = vec![0; of.len()];
            Ok((Grids { of, minus }, scalar(*out_scale)?, scalar(*out_bias)?))
        }
        _ => Err(error(node, "it is no quantiser", "report this as a mistake of the compiler")),
    }
}
