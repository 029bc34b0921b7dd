//! The layers, as one type: what a node of a [`Network`](crate::network::Network) can be.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

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
