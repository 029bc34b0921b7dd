//! Decisions in hardware: the positions of the greatest elements, without the real values.
//!
//! The order of real values `n * scale + offset` is that of integers: all on the common grid of the scales, with the whole
//! part of each offset, and below it as many bits as it takes to number the different fractions of offsets in their order. So
//! a bias off the accumulator's grid decides exactly, in a few bits.

use std::sync::Arc;

use num_traits::{One, Zero};

use gatewright_layers::layer::{Combine, Layer};

use super::StreamlineError;
use super::function::{Stage, Vals};
use super::integer::{Tensor, integers, quotient, stripped, unquantised};
use super::track::{Builder, error};
use crate::exact::{Ratio, common_grid, exact, whole};
use crate::graph::{Graph, Node, Op, Operand, Unary, ValueId, ValueInfo};

/// The graph with a decision over the last axis at each output that has none; a softmax before it does not change the order
/// and falls away.
///
/// # Errors
/// Where an output has nothing to choose from.
pub fn decided(graph: &Graph) -> Result<Graph, StreamlineError> {
    let mut decided = graph.clone();
    for k in 0..graph.outputs.len() {
        let id = graph.outputs[k];
        let made_by = |id: ValueId| graph.nodes.iter().position(|n| n.output == id);
        let info = &graph.values[id.0];
        let own = own(graph, id);
        let (source, axis) = match own {
            Some(n) => (operand(&graph.nodes[n]), axis_of(&graph.nodes[n].op)),
            None => (Some(id), info.shape.len().checked_sub(1)),
        };
        let (Some(mut source), Some(axis)) = (source, axis) else { continue };
        if let Some(n) = made_by(source)
            && let (Op::Softmax { axis: over }, Some(before)) = (&graph.nodes[n].op, operand(&graph.nodes[n]))
            && *over == axis
        {
            source = before;
        }
        match own {
            Some(n) => decided.nodes[n].inputs[0] = Operand::Value(source),
            None => {
                let node = Node {
                    name: format!("{}_decision", info.name),
                    kind: "decision".into(),
                    op: Op::ArgMax { axis, keep: false, last: false },
                    inputs: vec![Operand::Value(source)],
                    output: ValueId(decided.values.len()),
                };
                if info.shape[axis] < 2 {
                    let problem =
                        format!("output `{}` has the shape {:?}: one number, no choice", info.name, info.shape);
                    return Err(error(&node, problem, "compile without --decision"));
                }
                let shape = info.shape[..axis].to_vec();
                decided.values.push(ValueInfo { name: node.name.clone(), shape });
                decided.outputs[k] = node.output;
                decided.nodes.push(node);
            }
        }
    }
    // What only the softmax led to an output.
    let mut needed = vec![false; decided.values.len()];
    decided.outputs.iter().for_each(|o| needed[o.0] = true);
    for node in decided.nodes.iter().rev() {
        if needed[node.output.0] {
            for input in &node.inputs {
                if let Operand::Value(id) = input {
                    needed[id.0] = true;
                }
            }
        }
    }
    decided.nodes.retain(|n| needed[n.output.0]);
    Ok(decided)
}

/// The model's own decision that an output holds, whatever shape it has at last.
fn own(graph: &Graph, output: ValueId) -> Option<usize> {
    let mut last = output;
    loop {
        let n = graph.nodes.iter().position(|n| n.output == last)?;
        match &graph.nodes[n].op {
            Op::Pick(_) => last = operand(&graph.nodes[n])?,
            op => return axis_of(op).map(|_| n),
        }
    }
}

/// How many positions each decision has that an output holds, where it holds decisions.
pub fn positions(graph: &Graph, output: ValueId) -> Option<usize> {
    let node = &graph.nodes[own(graph, output)?];
    match node.op {
        Op::TopKIndices { axis, k } if axis + 1 == graph.values[node.output.0].shape.len() => Some(k),
        _ => Some(1),
    }
}

fn operand(node: &Node) -> Option<ValueId> {
    match node.inputs.first() {
        Some(Operand::Value(id)) => Some(*id),
        _ => None,
    }
}

/// The axis of a decision.
fn axis_of(op: &Op) -> Option<usize> {
    match op {
        Op::ArgMax { axis, .. } | Op::TopKIndices { axis, .. } => Some(*axis),
        _ => None,
    }
}

/// What puts the elements in the order of their real values: all factors 1 and offsets 0 where they are already.
struct Order {
    factors: Arc<Vec<i64>>,
    offsets: Arc<Vec<i64>>,
}

fn in_order(node: &Node, scale: &Vals, offset: &Vals) -> Result<Order, StreamlineError> {
    let grid = Some(common_grid(scale.0.iter())).filter(|g| !g.is_zero()).unwrap_or_else(Ratio::one);
    let grid = Vals::one(grid);
    let offsets = offset.zip(&grid, quotient);
    let mut fractions: Vec<Ratio> = offsets.0.iter().map(|o| o - o.floor()).collect();
    fractions.sort_unstable();
    fractions.dedup();
    let bits = fractions.len().next_power_of_two().ilog2();
    let fine = whole(1 << bits);
    let factors = integers(node, &scale.zip(&grid, |s, g| quotient(s, g) * &fine))?;
    let rank = |o: &Ratio| {
        let fraction = o - o.floor();
        o.floor() * &fine + whole(fractions.partition_point(|f| *f < fraction) as i64)
    };
    let ranked = Vals(Arc::new(offsets.0.iter().map(rank).collect()));
    // A part that all have changes nothing.
    let least = ranked.0.iter().min().cloned().unwrap_or_else(Ratio::zero);
    let offsets = integers(node, &ranked.zip(&Vals::one(least), |r, least| r - least))?;
    Ok(Order { factors, offsets })
}

impl Builder<'_> {
    /// Whether a decision over this tensor needs no other layers but alignments and clips.
    pub fn can_decide(&self, node: &Node, x: &Tensor) -> bool {
        let (mut scale, mut offset) = (Vals::one(Ratio::one()), Vals::one(Ratio::zero()));
        for stage in &x.function.0 {
            let bounds = match stage {
                Stage::Affine(a, b) => {
                    offset = offset.zip(a, |o, a| o * a).zip(b, |o, b| o + b);
                    scale = scale.zip(a, |s, a| s * a);
                    continue;
                }
                Stage::Unary(Unary::Relu) => vec![Ratio::zero()],
                Stage::Unary(Unary::Clip(lo, hi)) => [lo, hi].into_iter().filter_map(|b| exact(*b)).collect(),
                _ => return false,
            };
            // A clip takes a grid for all elements and its bounds.
            let grid = Vals::one(common_grid(scale.0.iter().chain(offset.0.iter()).chain(&bounds)));
            if integers(node, &scale.zip(&grid, quotient)).and(integers(node, &offset.zip(&grid, quotient))).is_err() {
                return false;
            }
            (scale, offset) = (grid, Vals::one(Ratio::zero()));
        }
        in_order(node, &scale, &offset).is_ok()
    }

    /// The positions of the greatest elements.
    pub fn decision(&mut self, node: &Node, x: Tensor, shape: &[usize]) -> Result<Tensor, StreamlineError> {
        let x = self.linear(node, x)?;
        let (scale, offset) = x.function.affine().ok_or_else(|| unquantised(node))?;
        let Order { factors, offsets } = in_order(node, &scale, &offset)?;
        let (axis, k, last) = match node.op {
            Op::ArgMax { axis, last, .. } => (axis, 1, last),
            Op::TopKIndices { axis, k } => (axis, k, false),
            _ => return Err(error(node, "it is no decision", "report this as a mistake of the compiler")),
        };
        let Some(axis) = axis.checked_sub(x.shape.len() - stripped(&x.shape).len()) else {
            return Err(error(node, "it decides between the samples of a batch", "decide over another axis"));
        };
        let mut source = self.shaped(node, &x)?;
        let ordered = factors.iter().all(|f| *f == factors[0]) && factors[0] > 0 && offsets.iter().all(|o| *o == 0);
        if !ordered {
            let meaning = (Vals::one(Ratio::one()), Vals::one(Ratio::zero()));
            let combine = Layer::Combine(Combine { factors: vec![factors], offset: offsets });
            source = self.layer(node, "_order", combine, vec![source], meaning)?;
        }
        let meaning = (Vals::one(Ratio::one()), Vals::one(Ratio::zero()));
        let tensor = self.layer(node, "", Layer::TopK { axis, k, last }, vec![source], meaning)?;
        Ok(Tensor::new(tensor, Vals::one(Ratio::one()), Vals::one(Ratio::zero()), shape.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Any two elements compare as their real values do.
        #[test]
        fn order_is_kept(
            elements in proptest::collection::vec((1i64..6, -40i64..40, 1i64..9), 2..6),
            a in -30i64..30, b in -30i64..30,
        ) {
            let scale = Vals(Arc::new(elements.iter().map(|e| Ratio::new(e.0.into(), 4.into())).collect()));
            let offset = Vals(Arc::new(elements.iter().map(|e| Ratio::new(e.1.into(), e.2.into())).collect()));
            let node = Node { name: "n".into(), kind: "k".into(), op: Op::Add, inputs: vec![], output: ValueId(0) };
            let Order { factors, offsets } = in_order(&node, &scale, &offset).unwrap();
            for i in 0..elements.len() {
                for j in 0..elements.len() {
                    let real = |n: i64, e: usize| whole(n) * scale.at(e) + offset.at(e);
                    let at = |v: &[i64], e: usize| if v.len() == 1 { v[0] } else { v[e] };
                    let integer = |n: i64, e: usize| n * at(&factors, e) + at(&offsets, e);
                    prop_assert_eq!(real(a, i).cmp(&real(b, j)), integer(a, i).cmp(&integer(b, j)));
                }
            }
            // No more bits than the fractions need.
            let most = factors.iter().max().unwrap();
            prop_assert!(*most <= 5 * 8);
        }
    }
}
