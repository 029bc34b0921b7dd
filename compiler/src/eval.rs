//! The meaning of a [`Graph`] in `float64`, by plain loops: what an importer is checked against, and how it folds
//! constants. Quantisers round without error ([`quantise`]).

use crate::graph::{Graph, Op, Operand, Tensor, Unary, ValueId, count};
use crate::quantise::{Limits, MAX_BITS, quantise, round};
use crate::shape::{self, stretched, strides, walk};

/// Why a graph cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// A number of inputs.
    #[error("the graph has {wanted} inputs, and {found} are given")]
    Inputs {
        /// Inputs of the graph.
        wanted: usize,
        /// Inputs given.
        found: usize,
    },
    /// An input's elements.
    #[error("input `{name}` has {wanted} elements, and {found} are given")]
    Elements {
        /// Its name.
        name: String,
        /// Elements of its shape.
        wanted: usize,
        /// Elements given.
        found: usize,
    },
    /// An operator and operands that do not fit.
    #[error("node `{node}`: {problem}")]
    Node {
        /// Its name.
        node: String,
        /// What does not fit.
        problem: String,
    },
}

/// Every value of the graph for one sample, by [`ValueId`]; only the numbers of `inputs` count, not their shapes.
///
/// # Errors
/// Where inputs do not fit the graph, or nodes do not fit each other.
pub fn values(graph: &Graph, inputs: &[Tensor]) -> Result<Vec<Tensor>, EvalError> {
    if inputs.len() != graph.inputs.len() {
        return Err(EvalError::Inputs { wanted: graph.inputs.len(), found: inputs.len() });
    }
    let mut made: Vec<Option<Tensor>> = vec![None; graph.values.len()];
    for (&id, input) in graph.inputs.iter().zip(inputs) {
        let info = &graph.values[id.0];
        if count(&info.shape) != input.data.len() {
            let (wanted, found) = (count(&info.shape), input.data.len());
            return Err(EvalError::Elements { name: info.name.clone(), wanted, found });
        }
        made[id.0] = Some(Tensor { shape: info.shape.clone(), data: input.data.clone() });
    }
    for node in &graph.nodes {
        let fail = |problem: String| EvalError::Node { node: node.name.clone(), problem };
        let mut operands = Vec::with_capacity(node.inputs.len());
        for input in &node.inputs {
            operands.push(match input {
                Operand::Const(tensor) => &**tensor,
                Operand::Value(id) => {
                    made[id.0].as_ref().ok_or_else(|| fail("an operand is made later, or not at all".into()))?
                }
            });
        }
        let result = apply(&node.op, &operands, &graph.values[node.output.0].shape).map_err(fail)?;
        made[node.output.0] = Some(result);
    }
    let missing = |k: usize| EvalError::Node { node: graph.values[k].name.clone(), problem: "nothing makes it".into() };
    made.into_iter().enumerate().map(|(k, value)| value.ok_or_else(|| missing(k))).collect()
}

/// The outputs of the graph for one sample.
///
/// # Errors
/// As [`values`].
pub fn outputs(graph: &Graph, inputs: &[Tensor]) -> Result<Vec<Tensor>, EvalError> {
    let values = values(graph, inputs)?;
    Ok(graph.outputs.iter().map(|&ValueId(k)| values[k].clone()).collect())
}

/// One operator; `shape` is that of the result.
///
/// # Errors
/// Where the operands do not fit.
pub fn apply(op: &Op, operands: &[&Tensor], shape: &[usize]) -> Result<Tensor, String> {
    let shapes: Vec<&[usize]> = operands.iter().map(|t| t.shape.as_slice()).collect();
    if shape::result(op, &shapes)?.is_some_and(|right| right != shape) {
        return Err(format!("the result does not have the shape {shape:?}"));
    }
    let data = match op {
        Op::Quant { signed, narrow, rounding } => {
            let parameters = [operands[1], operands[2], operands[3]].map(|p| spread(p, shape));
            let [scale, zero, bits] = parameters;
            let each = operands[0].data.iter().zip(scale).zip(zero).zip(bits);
            // Bits are mostly the same for all.
            let mut last = (f64::NAN, Limits { lo: 0.0, hi: 0.0 });
            each.map(|(((&x, scale), zero), bits)| {
                if bits != last.0 {
                    last = (bits, Limits::of(whole_bits(bits)?, *signed, *narrow));
                }
                let limits = last.1;
                let integer = quantise(x, positive(scale)?, zero, limits, *rounding);
                Ok((integer - zero) * scale)
            })
            .collect::<Result<_, String>>()?
        }
        Op::BipolarQuant => {
            let each = operands[0].data.iter().zip(spread(operands[1], shape));
            each.map(|(&x, scale)| if x >= 0.0 { scale } else { -scale }).collect()
        }
        Op::Trunc(rounding) => {
            let parameters = [operands[1], operands[2], operands[3], operands[4]].map(|p| spread(p, shape));
            let [scale, zero, from, to] = parameters;
            let each = operands[0].data.iter().zip(scale).zip(zero).zip(from).zip(to);
            each.map(|((((&x, scale), zero), from), to)| {
                let integer = (x / positive(scale)? + zero).round_ties_even();
                let cut = f64::from(whole_bits(from)?) - f64::from(whole_bits(to)?);
                Ok((round(integer / 2f64.powf(cut), *rounding) - zero) * scale)
            })
            .collect::<Result<_, String>>()?
        }
        Op::MultiThreshold { out_scale, out_bias, axis } => {
            let [channels, steps] = operands[1].shape[..] else { return Err("thresholds are a matrix".into()) };
            let inner = count(&shape[axis + 1..]);
            let row = |k: usize| if channels == 1 { 0 } else { k / inner % channels };
            let reached = |k: usize, x: f64| {
                operands[1].data[row(k) * steps..][..steps].iter().filter(|&&threshold| x >= threshold).count()
            };
            let each = operands[0].data.iter().enumerate();
            each.map(|(k, &x)| reached(k, x) as f64 * out_scale + out_bias).collect()
        }
        Op::MatMul => matmul(operands[0], operands[1], shape),
        Op::Add => pairs(operands, shape, |x, y| x + y),
        Op::Sub => pairs(operands, shape, |x, y| x - y),
        Op::Mul => pairs(operands, shape, |x, y| x * y),
        Op::Div => pairs(operands, shape, |x, y| x / y),
        Op::Pow => pairs(operands, shape, f64::powf),
        Op::PRelu => pairs(operands, shape, |x, slope| if x >= 0.0 { x } else { x * slope }),
        Op::Unary(function) => operands[0].data.iter().map(|&x| unary(*function, x)).collect(),
        Op::Pick(from) => {
            if from.len() != count(shape) {
                return Err(format!("{} elements do not make the shape {shape:?}", from.len()));
            }
            let element = |&(operand, element): &(u32, u32)| {
                operands.get(operand as usize).and_then(|t| t.data.get(element as usize)).copied()
            };
            from.iter().map(element).collect::<Option<_>>().ok_or("an element is outside of its operand")?
        }
        Op::Sum { axes, .. } => sum(operands[0], axes),
        Op::Mean { axes, .. } => {
            let terms: usize = axes.iter().map(|&axis| operands[0].shape[axis]).product();
            sum(operands[0], axes).into_iter().map(|s| s / terms as f64).collect()
        }
        Op::Max { axis, .. } => {
            let greatest = |line: &[f64]| vec![line.iter().copied().fold(f64::NEG_INFINITY, f64::max)];
            lines(operands[0], *axis, 1, greatest)
        }
        Op::Softmax { axis } => lines(operands[0], *axis, operands[0].shape[*axis], |line| {
            let top = line.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let powers: Vec<f64> = line.iter().map(|x| (x - top).exp()).collect();
            let total: f64 = powers.iter().sum();
            powers.into_iter().map(|p| p / total).collect()
        }),
        Op::ArgMax { axis, last, .. } => lines(operands[0], *axis, 1, |line| {
            let mut best = 0;
            for (k, &x) in line.iter().enumerate() {
                if x > line[best] || (*last && x == line[best]) {
                    best = k;
                }
            }
            vec![best as f64]
        }),
        Op::TopKIndices { axis, k } => lines(operands[0], *axis, *k, |line| {
            let mut order: Vec<usize> = (0..line.len()).collect();
            order.sort_by(|&a, &b| line[b].total_cmp(&line[a]));
            order.into_iter().take(*k).map(|index| index as f64).collect()
        }),
    };
    Ok(Tensor { shape: shape.to_vec(), data })
}

fn unary(function: Unary, x: f64) -> f64 {
    match function {
        Unary::Neg => -x,
        Unary::Relu => x.max(0.0),
        Unary::LeakyRelu(alpha) => {
            if x >= 0.0 {
                x
            } else {
                x * alpha
            }
        }
        Unary::Clip(low, high) => x.max(low).min(high),
        Unary::Sign => {
            if x == 0.0 {
                0.0
            } else {
                x.signum()
            }
        }
        Unary::Abs => x.abs(),
        Unary::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Unary::Tanh => x.tanh(),
        Unary::HardSigmoid(alpha, beta) => (alpha * x + beta).clamp(0.0, 1.0),
        Unary::Elu(alpha) => {
            if x >= 0.0 {
                x
            } else {
                alpha * x.exp_m1()
            }
        }
        Unary::Selu(alpha, gamma) => gamma * if x > 0.0 { x } else { alpha * x.exp_m1() },
        Unary::Round => x.round_ties_even(),
        Unary::Floor => x.floor(),
        Unary::Ceil => x.ceil(),
    }
}

fn positive(scale: f64) -> Result<f64, String> {
    if scale > 0.0 && scale.is_finite() { Ok(scale) } else { Err(format!("the scale {scale} is not positive")) }
}

fn whole_bits(bits: f64) -> Result<u32, String> {
    if bits >= 1.0 && bits <= f64::from(MAX_BITS) && bits.fract() == 0.0 {
        Ok(bits as u32)
    } else {
        Err(format!("{bits} bits: not a whole number from 1 to {MAX_BITS}"))
    }
}

/// The elements of a tensor stretched to a shape.
pub(crate) fn spread<'a>(tensor: &'a Tensor, shape: &[usize]) -> impl Iterator<Item = f64> + 'a {
    // The two ways that most operands go need no walk over the axes.
    let walked: Vec<usize> = match tensor.data.len() {
        1 => Vec::new(),
        _ if tensor.shape == shape => Vec::new(),
        _ => walk(shape, stretched(&tensor.shape, shape), 0).collect(),
    };
    let mask = if tensor.data.len() == 1 { 0 } else { usize::MAX };
    (0..count(shape)).map(move |k| tensor.data[if walked.is_empty() { k & mask } else { walked[k] }])
}

fn pairs(operands: &[&Tensor], shape: &[usize], function: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    spread(operands[0], shape).zip(spread(operands[1], shape)).map(|(x, y)| function(x, y)).collect()
}

fn matmul(a: &Tensor, b: &Tensor, shape: &[usize]) -> Vec<f64> {
    let (rows, outer_a) = match a.shape[..] {
        [ref outer @ .., rows, _] => (rows, outer),
        _ => (1, &[][..]),
    };
    let terms = a.shape[a.shape.len() - 1];
    let (columns, outer_b) = match b.shape[..] {
        [ref outer @ .., _, columns] => (columns, outer),
        _ => (1, &[][..]),
    };
    let outer = shape::broadcast(outer_a, outer_b).unwrap_or_default();
    let mut out = Vec::with_capacity(count(shape));
    let matrices = walk(&outer, stretched(outer_a, &outer), 0).zip(walk(&outer, stretched(outer_b, &outer), 0));
    for (of_a, of_b) in matrices {
        let (a, b) = (&a.data[of_a * rows * terms..], &b.data[of_b * terms * columns..]);
        for row in 0..rows {
            let start = out.len();
            out.resize(start + columns, 0.0);
            for term in 0..terms {
                let factor = a[row * terms + term];
                let line = &b[term * columns..][..columns];
                for (sum, weight) in out[start..].iter_mut().zip(line) {
                    *sum += factor * weight;
                }
            }
        }
    }
    out
}

fn sum(x: &Tensor, axes: &[usize]) -> Vec<f64> {
    let kept = shape::reduced(&x.shape, axes, true);
    let mut out = vec![0.0; count(&kept)];
    for (value, k) in x.data.iter().zip(walk(&x.shape, stretched(&kept, &x.shape), 0)) {
        out[k] += value;
    }
    out
}

/// Replaces each line along an axis by `length` numbers.
fn lines(x: &Tensor, axis: usize, length: usize, function: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let (old, inner) = (x.shape[axis], count(&x.shape[axis + 1..]));
    let outer = count(&x.shape[..axis]);
    let mut out = vec![0.0; outer * length * inner];
    let step = strides(&x.shape)[axis] as usize;
    for o in 0..outer {
        for i in 0..inner {
            let line: Vec<f64> = (0..old).map(|k| x.data[o * old * inner + k * step + i]).collect();
            for (k, value) in function(&line).into_iter().enumerate() {
                out[(o * length + k) * inner + i] = value;
            }
        }
    }
    out
}
