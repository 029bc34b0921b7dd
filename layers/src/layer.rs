//! The layers, as one type: what a node of a [`Network`](crate::network::Network) can be.
//!
//! Each kind of layer has a file of its own that says its output type, its golden model, its generator and its cost;
//! here they are told apart.

use std::sync::Arc;

use gatewright_arith::staircase::Plan;
use gatewright_dsl::prelude::{Int, lit};
use serde::{Deserialize, Serialize};

use crate::cost::Cost;
use crate::elementwise::{clip, mul, wrap};
use crate::error::Error;
use crate::network::{Range, TensorTy};
use crate::reduce::{max, sum};
use crate::topk::TopK;

/// An integer matrix, row-major.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Matrix {
    /// Outputs.
    pub rows: usize,
    /// Inputs.
    pub cols: usize,
    /// `rows * cols` elements.
    pub data: Vec<i64>,
}

/// `y[.., o] = sum over i of weights[o][i] * x[.., i] + bias[o]`: the last axis of x has `weights.cols` elements, the
/// last of y `weights.rows`; every position of the other axes shares the weights.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Dense {
    /// Outputs × inputs.
    pub weights: Arc<Matrix>,
    /// One per output; empty for none.
    pub bias: Vec<i64>,
}

/// A function from integers to integers that is constant between steps: `first` below all steps, and from each step's
/// position on its value.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct StepFunction {
    /// Value below the first step.
    pub first: i64,
    /// Position and the value from there on; positions ascend.
    pub steps: Vec<(i64, i64)>,
}

/// A step function for each element: activation and quantiser in one.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Steps {
    /// The different functions.
    pub functions: Arc<Vec<StepFunction>>,
    /// The function of each element, row-major; a single entry for all.
    pub of: Arc<Vec<u32>>,
    /// What they are in hardware; they compute the same in every form.
    #[serde(default)]
    pub form: Form,
}

/// The form of step functions in hardware. Functions that are constant on their range need none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// For each function the one with the fewest LUTs by the estimates; a deeper one only where it saves more than a fifth.
    #[default]
    Auto,
    /// A tree of comparisons, one per step.
    Comparisons,
    /// A table addressed by the value: of ranges of up to 16 bits, and 14 where nobody asks for it.
    Table,
    /// A multiplier, shift and clip: of functions for which one is found that is proved equal on the whole range, which
    /// quantisers with uniform steps mostly are.
    Multiplier,
    /// Tables of few bits, and comparisons of the low bits with a threshold that the high bits choose: see
    /// [`gatewright_arith::staircase`].
    Staircase,
}

/// What a step function became.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Made {
    /// It has no step on its range.
    Constant,
    /// A tree of comparisons.
    Comparisons,
    /// A table.
    Table,
    /// This multiplier.
    Multiplier(Requantise),
    /// Tables of few bits, and comparisons.
    Staircase(Plan),
}

/// How a requantiser rounds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Rounding {
    /// To the nearest, ties to the even one.
    HalfEven,
    /// To the nearest, ties away from zero.
    HalfAway,
    /// To the nearest, ties toward zero.
    HalfToZero,
    /// Up.
    Ceil,
    /// Down.
    Floor,
    /// Away from zero.
    Away,
    /// Toward zero.
    ToZero,
}

/// `y = clip(round((x * factor + offset) / 2^shift), lo, hi)`, the same for all elements: a quantiser whose scales are in the
/// ratio of a power of two, or a fixed-point multiplier that was proved to give the same.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Requantise {
    /// Multiplies first.
    pub factor: i64,
    /// Added then.
    pub offset: i64,
    /// Fraction bits that are rounded away.
    pub shift: u32,
    /// How.
    pub rounding: Rounding,
    /// Least result.
    pub lo: i64,
    /// Greatest result.
    pub hi: i64,
}

/// `y = sum over the operands k of factors[k] * x_k + offset`, element by element; operands have the result's shape.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Combine {
    /// Per operand: one factor for all elements, or one for each.
    pub factors: Vec<Arc<Vec<i64>>>,
    /// One for all elements, or one for each; empty for none.
    pub offset: Arc<Vec<i64>>,
}

/// Elements of the operands in a new order and shape: `(operand, element)` for each, row-major.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Pick {
    /// The new shape.
    pub shape: Vec<usize>,
    /// Where each element comes from.
    pub from: Arc<Vec<(u32, u32)>>,
}

/// A golden model made ready: from a number of samples and the operands to the results.
pub(crate) type Golden<'l> = Box<dyn Fn(usize, &[&[i64]]) -> Vec<i64> + 'l>;

/// The same of one operand, whatever the number of samples.
pub(crate) type OfOne<'l> = Box<dyn Fn(&[i64]) -> Vec<i64> + 'l>;

/// What a node computes.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Layer {
    /// A constant matrix times the last axis.
    Dense(Dense),
    /// A function by its steps, per element.
    Steps(Steps),
    /// Scale by a power of two (or a proved multiplier), round, clip.
    Requantise(Requantise),
    /// `min(max(x, lo), hi)`; either end may be absent. ReLU is `lo: Some(0)`.
    Clip {
        /// Least value.
        lo: Option<i64>,
        /// Greatest value.
        hi: Option<i64>,
    },
    /// `x mod 2^bits`, which is not negative: the lowest `bits` bits.
    Wrap(u32),
    /// Sum of scaled operands, element by element.
    Combine(Combine),
    /// Product of two operands, element by element.
    Mul,
    /// A new order and shape.
    Pick(Pick),
    /// Sum over these axes, ascending; they vanish.
    Sum(Vec<usize>),
    /// Greatest over one axis, which vanishes.
    Max(usize),
    /// The positions of the `k` greatest along the axis, greatest first, of equal ones the first (`last`: the last); the axis
    /// has length `k` then.
    TopK {
        /// The axis.
        axis: usize,
        /// How many.
        k: usize,
        /// Of equal elements the last counts.
        last: bool,
    },
}

impl Layer {
    /// The kind, in a word.
    pub fn kind(&self) -> &'static str {
        match self {
            Layer::Dense(_) => "dense",
            Layer::Steps(_) => "steps",
            Layer::Requantise(_) => "requantise",
            Layer::Clip { .. } => "clip",
            Layer::Wrap(_) => "wrap",
            Layer::Combine(_) => "combine",
            Layer::Mul => "mul",
            Layer::Pick(_) => "pick",
            Layer::Sum(_) => "sum",
            Layer::Max(_) => "max",
            Layer::TopK { .. } => "topk",
        }
    }

    /// The number of operands; `None` where any number will do.
    fn arity(&self) -> Option<usize> {
        match self {
            Layer::Combine(_) | Layer::Pick(_) => None,
            Layer::Mul => Some(2),
            _ => Some(1),
        }
    }

    /// The result's shape, and for each element the exact range of the values that it takes for independent operands.
    ///
    /// # Errors
    /// Where the number or the shapes of the operands do not fit, or a range leaves 63 bits.
    pub fn output(&self, types: &[&TensorTy]) -> Result<TensorTy, Error> {
        if let Some(wanted) = self.arity().filter(|n| *n != types.len()) {
            let found = types.len();
            return Err(Error::layer(format!(
                "a layer `{}` takes {wanted} operands, and {found} are given",
                self.kind()
            )));
        }
        types.iter().try_for_each(|t| t.check())?;
        match self {
            Layer::Dense(l) => l.output(types[0]),
            Layer::Steps(l) => l.output(types[0]),
            Layer::Requantise(l) => l.output(types[0]),
            Layer::Clip { lo, hi } => clip::output(*lo, *hi, types[0]),
            Layer::Wrap(bits) => wrap::output(*bits, types[0]),
            Layer::Combine(l) => l.output(types),
            Layer::Mul => mul::output(types),
            Layer::Pick(l) => l.output(types),
            Layer::Sum(axes) => sum::output(axes, types[0]),
            Layer::Max(axis) => max::output(*axis, types[0]),
            &Layer::TopK { axis, k, last } => TopK { axis, k, last }.output(types[0]),
        }
    }

    /// The results of `samples` samples, which lie in the ranges of `types`; `out` is the layer's
    /// [`output`](Layer::output).
    pub fn golden(&self, samples: usize, operands: &[&[i64]], types: &[&TensorTy], out: &TensorTy) -> Vec<i64> {
        self.prepared(samples, types, out)(samples, operands)
    }

    /// The golden model for many calls of `samples` samples in all: tables and matrices are made here.
    pub(crate) fn prepared<'l>(&'l self, samples: usize, types: &[&'l TensorTy], out: &'l TensorTy) -> Golden<'l> {
        let first = types.first().copied().unwrap_or(out);
        let of_one = |f: OfOne<'l>| -> Golden<'l> { Box::new(move |_, x| f(x[0])) };
        match self {
            Layer::Dense(l) => of_one(l.prepared(first)),
            Layer::Steps(l) => of_one(l.prepared(samples, first)),
            Layer::Requantise(l) => of_one(l.prepared(samples, first)),
            Layer::Clip { lo, hi } => of_one(Box::new(|x| clip::golden(*lo, *hi, x))),
            Layer::Wrap(bits) => of_one(Box::new(|x| wrap::golden(*bits, x))),
            Layer::Combine(l) => Box::new(|_, x| l.golden(x, out.ranges.len())),
            Layer::Mul => Box::new(|_, x| mul::golden(x[0], x[1])),
            Layer::Pick(l) => {
                let types = types.to_vec();
                Box::new(move |samples, x| l.golden(samples, x, &types))
            }
            Layer::Sum(axes) => Box::new(move |samples, x| sum::golden(axes, samples, x[0], first, out)),
            Layer::Max(axis) => of_one(Box::new(|x| max::golden(*axis, x, first))),
            &Layer::TopK { axis, k, last } => of_one(Box::new(move |x| TopK { axis, k, last }.golden(x, first, out))),
        }
    }

    /// The results in hardware, without registers: one handle per element, of the type that `out` says.
    pub fn unrolled(&self, operands: &[Vec<Int>], types: &[&TensorTy], out: &TensorTy) -> Vec<Int> {
        let mut y = match self {
            Layer::Dense(l) => l.unrolled(&operands[0], types[0]),
            Layer::Steps(l) => l.unrolled(&operands[0], types[0]),
            Layer::Requantise(l) => l.unrolled(&operands[0], types[0]),
            Layer::Clip { lo, hi } => {
                let elements = operands[0].iter().zip(&types[0].ranges);
                elements.map(|(x, r)| clip::element(*x, *r, *lo, *hi)).collect()
            }
            Layer::Wrap(bits) => {
                let elements = operands[0].iter().zip(&types[0].ranges);
                elements.map(|(x, r)| wrap::element(*bits, *x, *r)).collect()
            }
            Layer::Combine(l) => l.unrolled(operands, types),
            Layer::Mul => operands[0].iter().zip(&operands[1]).map(|(x, y)| mul::element(*x, *y)).collect(),
            Layer::Pick(l) => l.unrolled(operands),
            Layer::Sum(axes) => sum::unrolled(axes, &operands[0], types[0]),
            Layer::Max(axis) => max::unrolled(*axis, &operands[0], types[0]),
            &Layer::TopK { axis, k, last } => TopK { axis, k, last }.unrolled(&operands[0], types[0], out),
        };
        // Elements that can have one value only need no logic, even where it was built.
        for (y, range) in y.iter_mut().zip(&out.ranges) {
            if let Some(only) = range.only() {
                *y = lit(only);
            }
        }
        y
    }

    /// A function of one operand, element by element, as it is of one element with this range; none of other layers, and of
    /// step functions for which a form is asked.
    pub(crate) fn of_element(&self, element: usize, range: Range) -> Option<Layer> {
        match self {
            Layer::Steps(steps) => steps.of_element(element, range).map(Layer::Steps),
            Layer::Requantise(_) | Layer::Clip { .. } | Layer::Wrap(_) => Some(self.clone()),
            _ => None,
        }
    }

    /// An estimate of what the layer takes, unrolled.
    pub fn cost(&self, types: &[&TensorTy], _out: &TensorTy) -> Cost {
        match self {
            Layer::Dense(l) => l.cost(types[0]),
            Layer::Steps(l) => l.cost(types[0]),
            Layer::Requantise(l) => l.cost(types[0]),
            Layer::Clip { lo, hi } => clip::cost(*lo, *hi, types[0]),
            Layer::Combine(l) => l.cost(types),
            Layer::Mul => mul::cost(types),
            Layer::Pick(_) | Layer::Wrap(_) => Cost::default(),
            Layer::Sum(axes) => sum::cost(axes, types[0]),
            Layer::Max(axis) => max::cost(*axis, types[0]),
            &Layer::TopK { axis, k, last } => TopK { axis, k, last }.cost(types[0]),
        }
    }
}
