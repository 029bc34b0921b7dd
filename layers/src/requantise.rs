//! Scaling by a fixed-point constant, rounding and clipping.

use std::cmp::Ordering;

use gatewright_dsl::hw::int::Rounding as Mode;
use gatewright_dsl::prelude::{Int, range};

use crate::cost::Cost;
use crate::error::Error;
use crate::layer::{OfOne, Requantise, Rounding};
use crate::linear::{self, Row};
use crate::network::{Range, TensorTy};
use crate::table;

/// Fraction bits at most: products have 126 bits.
const MAX_SHIFT: u32 = 126;

impl Rounding {
    /// `v / 2^shift`, rounded; `shift` is at most 126.
    pub fn divide(self, v: i128, shift: u32) -> i128 {
        if shift == 0 {
            return v;
        }
        let floor = v >> shift;
        let rest = v - (floor << shift);
        let tie = |up: bool| match rest.cmp(&(1 << (shift - 1))) {
            Ordering::Less => false,
            Ordering::Equal => up,
            Ordering::Greater => true,
        };
        let up = match self {
            Rounding::Floor => false,
            Rounding::Ceil => rest != 0,
            Rounding::ToZero => rest != 0 && v < 0,
            Rounding::Away => rest != 0 && v > 0,
            Rounding::HalfEven => tie(floor & 1 == 1),
            Rounding::HalfAway => tie(v > 0),
            Rounding::HalfToZero => tie(v < 0),
        };
        floor + i128::from(up)
    }

    fn unrolled(self, v: Int, shift: u32) -> Int {
        let mode = match self {
            Rounding::Floor => return v >> shift,
            Rounding::Ceil => Mode::Ceiling,
            Rounding::ToZero => Mode::TowardZero,
            Rounding::HalfEven => Mode::HalfEven,
            Rounding::HalfAway => Mode::HalfAway,
            Rounding::HalfToZero => Mode::HalfTowardZero,
            // Down below zero, up above it.
            Rounding::Away if !v.ty().is_signed() => Mode::Ceiling,
            Rounding::Away if v.ty().hi().is_negative() => Mode::Floor,
            Rounding::Away if shift > 0 => {
                let all = (1_i128 << shift) - 1;
                return (v + v.lt(0).mux::<Int>(0, all)) >> shift;
            }
            Rounding::Away => Mode::Floor,
        };
        v.round(mode, shift)
    }
}

impl Requantise {
    fn at(&self, x: i64) -> i64 {
        let scaled = i128::from(x) * i128::from(self.factor) + i128::from(self.offset);
        let rounded = self.rounding.divide(scaled, self.shift);
        rounded.clamp(self.lo.into(), self.hi.into()) as i64
    }

    fn row(&self) -> Row {
        Row { terms: vec![(0, self.factor.into())], constant: self.offset.into() }
    }

    /// The range of a result: the function has one direction.
    fn range(&self, x: Range) -> Range {
        let (a, b) = (self.at(x.lo), self.at(x.hi));
        Range { lo: a.min(b), hi: a.max(b) }
    }

    pub(crate) fn output(&self, x: &TensorTy) -> Result<TensorTy, Error> {
        if self.shift > MAX_SHIFT {
            return Err(Error::layer(format!("{} fraction bits are more than {MAX_SHIFT}", self.shift)));
        }
        if self.lo > self.hi {
            return Err(Error::layer(format!("its least value {} is above its greatest, {}", self.lo, self.hi)));
        }
        let ty = TensorTy { shape: x.shape.clone(), ranges: x.ranges.iter().map(|r| self.range(*r)).collect() };
        ty.check()?;
        Ok(ty)
    }

    pub(crate) fn prepared(&self, samples: usize, ty: &TensorTy) -> OfOne<'_> {
        table::prepared(&ty.ranges, samples.saturating_mul(ty.ranges.len()), |x| self.at(x))
    }

    /// Whether everything on the way has 63 bits.
    pub(crate) fn fits(&self, x: Range) -> bool {
        self.row().range(&[x]).is_ok()
    }

    pub(crate) fn element(&self, x: Int, r: Range) -> Int {
        let scaled = linear::unrolled(&[x], &[r], &[self.row()])[0];
        self.rounding.unrolled(scaled, self.shift).sat(range(self.lo..=self.hi))
    }

    pub(crate) fn element_cost(&self, r: Range) -> Cost {
        let scaled = linear::cost(&[r], &[self.row()]);
        let ends = [r.lo, r.hi].map(|x| i128::from(x) * i128::from(self.factor) + i128::from(self.offset));
        let (lo, hi) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
        let divide = |v| self.rounding.divide(v, self.shift);
        let (low, high) = (divide(lo), divide(hi));
        let bits = gatewright_arith::shift_adds::width((low, high));
        let round = match self.rounding {
            _ if self.shift == 0 => Cost::default(),
            Rounding::Floor => Cost::default(),
            _ => {
                let adder_bits = u64::from(bits);
                Cost { adders: 1, adder_bits, luts: adder_bits, depth: 1, comparators: 0 }
            }
        };
        let clips = u64::from(low < self.lo.into()) + u64::from(high > self.hi.into());
        let clip = Cost::compare_constant(bits).then(Cost::choose(bits));
        (0..clips).fold(scaled.then(round), |cost, _| cost.then(clip))
    }

    pub(crate) fn unrolled(&self, x: &[Int], ty: &TensorTy) -> Vec<Int> {
        x.iter().zip(&ty.ranges).map(|(x, r)| self.element(*x, *r)).collect()
    }

    pub(crate) fn cost(&self, x: &TensorTy) -> Cost {
        x.ranges.iter().map(|r| self.element_cost(*r)).fold(Cost::default(), Cost::beside)
    }
}
