//! Functions of one integer, kept exact while they are collected between two integer tensors.

use std::sync::Arc;

use num_traits::{One, Signed, ToPrimitive, Zero};

use crate::exact::{Ratio, approximate, exact, whole};
use crate::graph::Unary;

/// One number for all elements, or one for each.
#[derive(Clone, Debug, PartialEq)]
pub struct Vals(pub Arc<Vec<Ratio>>);

impl Vals {
    /// The same for all.
    pub fn one(value: Ratio) -> Vals {
        Vals(Arc::new(vec![value]))
    }

    /// Of element `e`.
    pub fn at(&self, e: usize) -> &Ratio {
        if self.0.len() == 1 { &self.0[0] } else { &self.0[e] }
    }

    /// The only one, where all are equal.
    pub fn uniform(&self) -> Option<&Ratio> {
        self.0.iter().all(|v| *v == self.0[0]).then(|| &self.0[0])
    }

    /// Those of other elements: `from` says which.
    pub fn pick(&self, from: impl Iterator<Item = usize>) -> Vals {
        if self.0.len() == 1 {
            return self.clone();
        }
        Vals(Arc::new(from.map(|e| self.0[e].clone()).collect()))
    }

    /// Element by element.
    pub fn zip(&self, other: &Vals, f: impl Fn(&Ratio, &Ratio) -> Ratio) -> Vals {
        let count = self.0.len().max(other.0.len());
        Vals(Arc::new((0..count).map(|e| f(self.at(e), other.at(e))).collect()))
    }
}

/// One step of a function.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// `x * scale + offset`.
    Affine(Vals, Vals),
    /// A function of the model.
    Unary(Unary),
    /// x where it is at least 0, else `x * slope`.
    PRelu(Vals),
}

/// Stages from the integer on.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Function(pub Vec<Stage>);

impl Function {
    /// With one stage more; affine stages melt into one.
    pub fn then(mut self, stage: Stage) -> Function {
        match (self.0.last_mut(), stage) {
            (Some(Stage::Affine(a, b)), Stage::Affine(c, d)) => {
                *b = b.zip(&c, |b, c| b * c).zip(&d, |b, d| b + d);
                *a = a.zip(&c, |a, c| a * c);
            }
            (_, stage) => self.0.push(stage),
        }
        self
    }

    /// Scale and offset, where there is nothing else.
    pub fn affine(&self) -> Option<(Vals, Vals)> {
        match &self.0[..] {
            [] => Some((Vals::one(Ratio::one()), Vals::one(Ratio::zero()))),
            [Stage::Affine(a, b)] => Some((a.clone(), b.clone())),
            _ => None,
        }
    }

    /// The function of other elements.
    pub fn pick(&self, from: &[usize]) -> Function {
        let vals = |v: &Vals| v.pick(from.iter().copied());
        Function(
            self.0
                .iter()
                .map(|stage| match stage {
                    Stage::Affine(a, b) => Stage::Affine(vals(a), vals(b)),
                    Stage::Unary(f) => Stage::Unary(*f),
                    Stage::PRelu(s) => Stage::PRelu(vals(s)),
                })
                .collect(),
        )
    }

    /// The value at `n` for element `e`. Exact, but for exponentials, which are computed in float64 and exact from there.
    pub fn at(&self, e: usize, n: i64) -> Ratio {
        let mut x = whole(n);
        for stage in &self.0 {
            x = match stage {
                Stage::Affine(a, b) => x * a.at(e) + b.at(e),
                Stage::Unary(f) => unary(*f, x),
                Stage::PRelu(slope) if x.is_negative() => x * slope.at(e),
                Stage::PRelu(_) => x,
            };
        }
        x
    }

    /// `Some(true)` where it never falls in element `e`, `Some(false)` where it never rises, `None` where neither is known.
    pub fn rises(&self, e: usize) -> Option<bool> {
        let mut rises = true;
        for stage in &self.0 {
            match stage {
                Stage::Affine(a, _) => rises ^= a.at(e).is_negative(),
                Stage::PRelu(slope) if slope.at(e).is_negative() => return None,
                Stage::PRelu(_) => {}
                Stage::Unary(f) => match *f {
                    Unary::Neg => rises = !rises,
                    Unary::Abs => return None,
                    Unary::LeakyRelu(alpha) | Unary::Elu(alpha) if alpha < 0.0 => return None,
                    Unary::HardSigmoid(alpha, _) => rises ^= alpha < 0.0,
                    Unary::Selu(alpha, gamma) if alpha < 0.0 || gamma < 0.0 => return None,
                    _ => {}
                },
            }
        }
        Some(rises)
    }

    /// A key that is equal for elements with the same function.
    pub fn key(&self, e: usize) -> Vec<&Ratio> {
        let mut key = Vec::new();
        for stage in &self.0 {
            match stage {
                Stage::Affine(a, b) => key.extend([a.at(e), b.at(e)]),
                Stage::PRelu(s) => key.push(s.at(e)),
                Stage::Unary(_) => {}
            }
        }
        key
    }
}

fn float(value: f64) -> Ratio {
    exact(value).unwrap_or_else(Ratio::zero)
}

fn unary(f: Unary, x: Ratio) -> Ratio {
    let zero = Ratio::zero();
    match f {
        Unary::Neg => -x,
        Unary::Relu => x.max(zero),
        Unary::LeakyRelu(alpha) if x.is_negative() => x * float(alpha),
        Unary::LeakyRelu(_) => x,
        Unary::Clip(low, high) => {
            let x = if low.is_finite() { x.max(float(low)) } else { x };
            if high.is_finite() { x.min(float(high)) } else { x }
        }
        Unary::Sign => x.signum(),
        Unary::Abs => x.abs(),
        Unary::HardSigmoid(alpha, beta) => (x * float(alpha) + float(beta)).max(zero).min(Ratio::one()),
        Unary::Sigmoid => {
            let x = approximate(&x);
            float(1.0 / (1.0 + (-x).exp()))
        }
        Unary::Tanh => float(approximate(&x).tanh()),
        Unary::Elu(alpha) if x.is_negative() => float(alpha * approximate(&x).exp_m1()),
        Unary::Elu(_) => x,
        Unary::Selu(_, gamma) if x.is_positive() => x * float(gamma),
        Unary::Selu(alpha, gamma) => float(gamma * alpha * approximate(&x).exp_m1()),
        Unary::Round => Ratio::from_integer(crate::exact::round(&x, crate::graph::Rounding::HalfEven)),
        Unary::Floor => x.floor(),
        Unary::Ceil => x.ceil(),
    }
}

/// An integer of 63 bits.
pub fn small(value: &num_bigint::BigInt) -> Option<i64> {
    value.to_i64().filter(|v| v.unsigned_abs() < 1 << 62)
}
