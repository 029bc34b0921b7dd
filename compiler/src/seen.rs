//! What samples reach: the ranges of all tensors, and the values that lie near a tie.
//!
//! A value is near a tie where its distance from a boundary of the quantiser behind it is less than 1/10000 of the
//! quantiser's step; where it has none, as a sign, of the step that the integer behind the value makes there. The result
//! of float32 arithmetic, which a stored reference usually is, may then be on the other side; ours is that of exact
//! arithmetic.

use std::sync::Arc;

use gatewright_layers::layer::{Layer, Requantise};
use gatewright_layers::network::{Batch, Range};

use crate::eval;
use crate::graph::{Graph, Node, Op, Operand, Tensor};
use crate::run::RunError;
use crate::streamline::Model;

/// One part of so many of a step is near.
pub const NEAR: u32 = 10_000;

/// What samples reached.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Seen {
    /// Their number.
    pub samples: usize,
    /// Per tensor of the network: the integers reached, over all elements; none without samples or elements.
    pub ranges: Vec<Option<Range>>,
    /// Values near a tie at the quantisers before the hardware.
    pub near_ties_before: u64,
    /// The same for each layer.
    pub near_ties: Vec<u64>,
    /// Samples with such a value anywhere.
    pub samples_near_ties: usize,
}

impl Seen {
    /// Values near a tie, in all.
    pub fn values_near_ties(&self) -> u64 {
        self.near_ties_before + self.near_ties.iter().sum::<u64>()
    }
}

/// Whether `x` is near a tie of `layer`.
fn near(layer: &Requantise, x: i64) -> bool {
    // Fraction bits in which a tie and its neighbours can be told apart.
    const FINE: u32 = 15;
    let scaled = i128::from(x) * i128::from(layer.factor) + i128::from(layer.offset);
    if layer.shift == 0 || layer.shift > 60 || scaled.unsigned_abs() >> (126 - FINE) != 0 {
        return false;
    }
    let margin = ((1_i128 << (layer.shift + FINE)) / i128::from(NEAR)).max(1);
    let side = |margin: i128| {
        let rounded = layer.rounding.divide((scaled << FINE) + margin, layer.shift + FINE);
        rounded.clamp(layer.lo.into(), layer.hi.into())
    };
    side(margin) != side(-margin)
}

/// Values of one sample that are near a tie of a quantiser in `graph`, of which all `values` are given.
fn near_in(graph: &Graph, values: &[Tensor]) -> u64 {
    let at = |node: &Node, by: f64| -> Option<Vec<f64>> {
        let (Some(Operand::Value(x)), shape) = (node.inputs.first(), &graph.values[node.output.0].shape) else {
            return None;
        };
        let mut operands: Vec<Tensor> = Vec::new();
        for input in &node.inputs {
            operands.push(match input {
                Operand::Value(id) => values[id.0].clone(),
                Operand::Const(c) => (**c).clone(),
            });
        }
        let step = match node.op {
            Op::Quant { .. } => eval::spread(&operands[1], &values[x.0].shape).collect(),
            _ => vec![1.0; operands[0].data.len()],
        };
        operands[0].data.iter_mut().zip(step).for_each(|(x, step)| *x += by * step);
        eval::apply(&node.op, &operands.iter().collect::<Vec<_>>(), shape).ok().map(|t| t.data)
    };
    let quantises = |node: &&Node| matches!(node.op, Op::Quant { .. } | Op::BipolarQuant | Op::MultiThreshold { .. });
    let count = |node: &Node| {
        let margin = 1.0 / f64::from(NEAR);
        match (at(node, margin), at(node, -margin)) {
            (Some(above), Some(below)) => above.iter().zip(&below).filter(|(a, b)| a != b).count() as u64,
            _ => 0,
        }
    };
    graph.nodes.iter().filter(quantises).map(count).sum()
}

impl Model {
    /// The golden model on samples and their [`integers`](Model::integers): the network's outputs, and what was reached
    /// on the way. Works in blocks, so memory is for the outputs only.
    ///
    /// # Errors
    /// Where a sample does not fit.
    pub fn see(&self, samples: &[Vec<Tensor>], integers: &[Batch]) -> Result<(Vec<Batch>, Seen), RunError> {
        let network = &self.network;
        let mut seen = Seen {
            samples: samples.len(),
            ranges: vec![None; network.tensors()],
            near_ties: vec![0; network.nodes.len()],
            ..Seen::default()
        };
        let mut is_near = vec![false; samples.len()];
        for (sample, inputs) in samples.iter().enumerate() {
            let values = eval::values(&self.head, inputs).map_err(|error| RunError::Host { sample, error })?;
            let count = near_in(&self.head, &values);
            seen.near_ties_before += count;
            is_near[sample] = count > 0;
        }
        let mut outputs: Vec<Vec<i64>> = vec![Vec::new(); network.outputs.len()];
        network.run_blocks(samples.len(), integers, |first, tensors| {
            for (kept, (_, tensor)) in outputs.iter_mut().zip(&network.outputs) {
                kept.extend_from_slice(tensors[*tensor]);
            }
            for (range, values) in seen.ranges.iter_mut().zip(tensors) {
                if let (Some(&lo), Some(&hi)) = (values.iter().min(), values.iter().max()) {
                    let before = range.unwrap_or(Range { lo, hi });
                    *range = Some(Range { lo: before.lo.min(lo), hi: before.hi.max(hi) });
                }
            }
            for (k, node) in network.nodes.iter().enumerate() {
                let lists = self.near_ties.get(k).map_or(&[][..], Vec::as_slice);
                if lists.is_empty() {
                    continue;
                }
                let elements = node.ty.ranges.len().max(1);
                for (at, x) in node.inputs.first().map_or(&[][..], |&t| tensors[t]).iter().enumerate() {
                    let hit = match &node.layer {
                        Layer::Requantise(layer) => near(layer, *x),
                        Layer::Steps(steps) => {
                            let of = if steps.of.len() == 1 { steps.of[0] } else { steps.of[at % elements] };
                            lists.get(of as usize).is_some_and(|near| {
                                let above = near.partition_point(|(_, hi)| hi < x);
                                near.get(above).is_some_and(|(lo, _)| lo <= x)
                            })
                        }
                        _ => break,
                    };
                    if hit {
                        seen.near_ties[k] += 1;
                        is_near[first + at / elements] = true;
                    }
                }
            }
        })?;
        seen.samples_near_ties = is_near.iter().filter(|near| **near).count();
        Ok((outputs.into_iter().map(Arc::new).collect(), seen))
    }
}
