//! A model as an importer gives it: operators on real numbers, constants folded, shapes static.
//!
//! Every importer brings its format to the few operators of [`Op`]. What they compute is meant in exact real arithmetic;
//! how the numbers become integers is the business of [`streamline`](crate::streamline).
//!
//! Shapes have the batch as their first axis where the file has one, and it is 1 there: a graph is what happens to one
//! sample.

use std::sync::Arc;

/// A constant: row-major numbers of a shape. A `float32` or an integer of up to 53 bits is kept exactly.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Tensor {
    /// Length of each axis; empty for a scalar.
    pub shape: Vec<usize>,
    /// The elements, as many as the product of the lengths.
    pub data: Vec<f64>,
}

impl Tensor {
    /// A scalar.
    pub fn scalar(value: f64) -> Tensor {
        Tensor { shape: Vec::new(), data: vec![value] }
    }

    /// The only element, where there is one.
    pub fn as_scalar(&self) -> Option<f64> {
        if let [only] = self.data[..] { Some(only) } else { None }
    }
}

/// The most elements of a value.
const MAX_ELEMENTS: usize = 1 << 26;

/// The number of elements of a shape.
pub fn count(shape: &[usize]) -> usize {
    shape.iter().product()
}

/// The position of a value in [`Graph::values`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub struct ValueId(pub usize);

/// What a node reads.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Operand {
    /// An input of the graph, or what an earlier node made.
    Value(ValueId),
    /// A constant.
    Const(Arc<Tensor>),
}

/// A tensor that depends on the inputs.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ValueInfo {
    /// The name in the file.
    pub name: String,
    /// The shape.
    pub shape: Vec<usize>,
}

/// One operator. Operands and result follow numpy's rules of broadcasting where nothing else is said.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Node {
    /// The name in the file, or the name of its first output where it has none.
    pub name: String,
    /// The operator's name in the file: several nodes come from one where that is composed (`Gemm`).
    pub kind: String,
    /// What is computed.
    pub op: Op,
    /// The operands.
    pub inputs: Vec<Operand>,
    /// The result.
    pub output: ValueId,
}

/// How a quantiser rounds, by QONNX's names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub enum Rounding {
    /// To the nearest, ties to the even one: `ROUND`, `HALF_EVEN`.
    HalfEven,
    /// To the nearest, ties away from zero: `HALF_UP`.
    HalfUp,
    /// To the nearest, ties toward zero: `HALF_DOWN`.
    HalfDown,
    /// Toward plus infinity: `CEIL`.
    Ceil,
    /// Toward minus infinity: `FLOOR`.
    Floor,
    /// Away from zero: `UP`.
    Up,
    /// Toward zero: `DOWN`, and `ROUND_TO_ZERO` of Brevitas.
    Down,
}

/// An operator.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Op {
    /// `(round(clip(x / scale + zero_point, lo, hi)) - zero_point) * scale`; operands x, scale, zero_point, bits, of which
    /// all but x are constants that broadcast to x. Signed: `lo = -2^(bits-1) (+1 if narrow)`, `hi = 2^(bits-1) - 1`;
    /// unsigned: `lo = 0`, `hi = 2^bits - 1 (-1 if narrow)`. Scales are positive, bits whole from 1 to 53; one signed bit
    /// becomes a [`BipolarQuant`](Op::BipolarQuant).
    Quant {
        /// The integers have a sign.
        signed: bool,
        /// One value less at the end.
        narrow: bool,
        /// How.
        rounding: Rounding,
    },
    /// `scale` where x is at least 0, else `-scale`; operands x and the constant scale.
    BipolarQuant,
    /// QONNX's `Trunc`, version 1: x / scale + zero_point is an integer of `in_bits`, of which the low bits are cut off down to
    /// `out_bits` with this rounding: `(round((x / scale + zero_point) / 2^(in_bits - out_bits)) - zero_point) * scale`; operands
    /// x, scale, zero_point, in_bits, out_bits, all but x constants. Version 2 becomes a [`Quant`](Op::Quant).
    Trunc(Rounding),
    /// The number of thresholds that x reaches, `* out_scale + out_bias`; operands x and the constant thresholds,
    /// channels × steps, ascending; channels run along `axis` of x, or are one for all.
    MultiThreshold {
        /// Scale of the count.
        out_scale: f64,
        /// Added after.
        out_bias: f64,
        /// The axis of x that counts channels.
        axis: usize,
    },
    /// numpy's `matmul`.
    MatMul,
    /// x + y.
    Add,
    /// x - y.
    Sub,
    /// x * y.
    Mul,
    /// x / y, where y is a constant.
    Div,
    /// x to the power of y, where y is a constant.
    Pow,
    /// A function of each element.
    Unary(Unary),
    /// x where it is at least 0, else x * slope; operands x and the constant slope.
    PRelu,
    /// Elements of the operands in a new order and shape: `(operand, element)` for each, row-major. All of reshape,
    /// transpose, slice, gather, split, expand, concatenation.
    Pick(Arc<Vec<(u32, u32)>>),
    /// Sum over axes; `keep` leaves axes of length 1.
    Sum {
        /// Ascending.
        axes: Vec<usize>,
        /// Axes stay with length 1.
        keep: bool,
    },
    /// Arithmetic mean over axes.
    Mean {
        /// Ascending.
        axes: Vec<usize>,
        /// Axes stay with length 1.
        keep: bool,
    },
    /// Greatest element over one axis: values.
    Max {
        /// The axis.
        axis: usize,
        /// The axis stays with length 1.
        keep: bool,
    },
    /// `exp(x) / sum(exp(x))` along the axis.
    Softmax {
        /// The axis.
        axis: usize,
    },
    /// The position of the greatest element along the axis; of equal ones the first, or the last.
    ArgMax {
        /// The axis.
        axis: usize,
        /// The axis stays with length 1.
        keep: bool,
        /// Of equal elements the last counts.
        last: bool,
    },
    /// The positions of the `k` greatest elements along the axis, greatest first; of equal ones the first.
    TopKIndices {
        /// The axis.
        axis: usize,
        /// How many.
        k: usize,
    },
}

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Unary {
    /// -x.
    Neg,
    /// max(x, 0).
    Relu,
    /// x where it is at least 0, else x * alpha.
    LeakyRelu(f64),
    /// min(max(x, low), high).
    Clip(f64, f64),
    /// -1, 0 or 1.
    Sign,
    /// |x|.
    Abs,
    /// 1 / (1 + exp(-x)).
    Sigmoid,
    /// tanh(x).
    Tanh,
    /// min(max(alpha * x + beta, 0), 1).
    HardSigmoid(f64, f64),
    /// x where it is at least 0, else alpha * (exp(x) - 1).
    Elu(f64),
    /// gamma * x where x is greater than 0, else gamma * alpha * (exp(x) - 1).
    Selu(f64, f64),
    /// To the nearest integer, ties to the even one.
    Round,
    /// To the next integer below.
    Floor,
    /// To the next integer above.
    Ceil,
}

/// A model.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Graph {
    /// The model's name in the file.
    pub name: String,
    /// Every tensor that depends on the inputs.
    pub values: Vec<ValueInfo>,
    /// The inputs in the order of the file, without initialisers.
    pub inputs: Vec<ValueId>,
    /// The outputs in the order of the file.
    pub outputs: Vec<ValueId>,
    /// Operators, operands first; all of them lead to an output.
    pub nodes: Vec<Node>,
}

impl Graph {
    /// Whether every value that is named is there, and constants have as many elements as their shapes say: to be asked of
    /// a graph that was read from a file.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), String> {
        let known = |id: &ValueId| match id.0 < self.values.len() {
            true => Ok(()),
            false => Err(format!("there is no value {}", id.0)),
        };
        self.inputs.iter().chain(&self.outputs).try_for_each(known)?;
        let size = |shape: &[usize]| shape.iter().try_fold(1usize, |n, &length| n.checked_mul(length));
        for info in &self.values {
            if size(&info.shape).is_none_or(|n| n > MAX_ELEMENTS) {
                return Err(format!("value `{}` is too large", info.name));
            }
        }
        for node in &self.nodes {
            known(&node.output)?;
            for input in &node.inputs {
                match input {
                    Operand::Value(id) => known(id)?,
                    Operand::Const(c) if size(&c.shape) == Some(c.data.len()) => {}
                    Operand::Const(_) => return Err(format!("a constant of node `{}` has no such shape", node.name)),
                }
            }
        }
        Ok(())
    }
}
