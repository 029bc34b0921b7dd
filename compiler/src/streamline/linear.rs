//! Products with constant matrices.

use std::sync::Arc;

use num_traits::{One, Zero};

use gatewright_layers::layer::{Dense, Layer, Matrix};

use super::StreamlineError;
use super::function::{Vals, small};
use super::integer::{Tensor, quotient, stripped, unquantised};
use super::track::{Builder, error};
use crate::exact::{Ratio, common_grid, exact};
use crate::graph::{Node, Operand, count};

/// Most bits of a weight: beyond it the weights are real numbers that nothing has quantised.
const MAX_WEIGHT_BITS: u32 = 24;

impl Builder<'_> {
    /// numpy's `matmul` with one constant operand.
    pub fn matmul(
        &mut self,
        node: &Node,
        mut tensors: Vec<Tensor>,
        shape: &[usize],
    ) -> Result<Tensor, StreamlineError> {
        let (x, weights) = match (tensors.len(), &node.inputs[..]) {
            (1, [Operand::Value(_), Operand::Const(w)]) => (tensors.swap_remove(0), w.clone()),
            (1, [Operand::Const(_), Operand::Value(_)]) => {
                let help = "write it as x·W, with the weights transposed";
                return Err(error(node, "the constant stands on the left", help));
            }
            _ => {
                let help = "only products with constant weights are supported";
                return Err(error(node, "both operands depend on the inputs", help));
            }
        };
        let [inputs, outputs] = weights.shape[..] else {
            return Err(error(node, format!("its weights have the shape {:?}", weights.shape), "use two axes"));
        };
        let x = self.linear(node, x)?;
        let (scale, offset) = x.function.affine().ok_or_else(|| unquantised(node))?;
        let source = self.shaped(node, &x)?;
        let last = *stripped(&x.shape).last().unwrap_or(&0);
        if last != inputs || inputs == 0 || outputs == 0 {
            let problem = format!("{:?} does not go with weights of shape {:?}", x.shape, weights.shape);
            return Err(error(node, problem, "repair the model"));
        }
        // Positions share their weights, so their scales have to be the same.
        let positions = count(&x.shape) / inputs;
        let same = |v: &Vals| (0..positions).all(|p| (0..inputs).all(|i| v.at(p * inputs + i) == v.at(i)));
        if positions > 1 && !same(&scale) {
            let help = "use one scale per tensor or per channel of the last axis before it";
            return Err(error(node, "its input has other scales from position to position", help));
        }
        let mut data = Vec::with_capacity(inputs * outputs);
        let (mut grids, mut row_sums) = (Vec::new(), Vec::new());
        let mut exact_weights = Vec::with_capacity(weights.data.len());
        for w in &weights.data {
            let Some(w) = exact(*w) else {
                return Err(error(node, "a weight is infinite or no number", "repair the model"));
            };
            exact_weights.push(w);
        }
        for o in 0..outputs {
            let row: Vec<Ratio> = (0..inputs).map(|i| &exact_weights[i * outputs + o] * scale.at(i)).collect();
            let grid = Some(common_grid(&row)).filter(|g| !g.is_zero()).unwrap_or_else(Ratio::one);
            for (i, c) in row.iter().enumerate() {
                let n = small(&quotient(c, &grid).to_integer()).filter(|n| n.unsigned_abs() >> MAX_WEIGHT_BITS == 0);
                let Some(n) = n else {
                    let problem = format!(
                        "the weights of output {o} have no common grid of at most {MAX_WEIGHT_BITS} bits (input {i})"
                    );
                    let help = match scale.uniform() {
                        Some(_) => "quantise the weights in training, with one scale per tensor or per output",
                        None => {
                            "its inputs have different scales, which go into the weights: put a quantiser with one scale \
                             before it (behind the batch-norm or the concatenation)"
                        }
                    };
                    return Err(error(node, problem, help));
                };
                data.push(n);
            }
            grids.push(grid);
        }
        // What the offset of the input adds to each output.
        let no_offset = offset.uniform().is_some_and(Zero::is_zero);
        for p in 0..positions {
            for o in 0..outputs {
                row_sums.push(match no_offset {
                    true => Ratio::zero(),
                    false => (0..inputs)
                        .map(|i| &exact_weights[i * outputs + o] * offset.at(p * inputs + i))
                        .fold(Ratio::zero(), |a, b| a + b),
                });
            }
        }
        let scale = if positions == 1 {
            Vals(Arc::new(grids))
        } else {
            Vals(Arc::new((0..positions).flat_map(|_| grids.iter().cloned()).collect()))
        };
        let offset = if no_offset { Vals::one(Ratio::zero()) } else { Vals(Arc::new(row_sums)) };
        let matrix = Matrix { rows: outputs, cols: inputs, data };
        let dense = Layer::Dense(Dense { weights: Arc::new(matrix), bias: Vec::new() });
        let meaning = (scale.clone(), Vals::one(Ratio::zero()));
        let tensor = self.layer(node, "", dense, vec![source], meaning)?;
        Ok(Tensor::new(tensor, scale, offset, shape.to_vec()))
    }
}
