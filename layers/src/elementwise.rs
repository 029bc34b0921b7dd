//! Products, clipping and low bits, element by element.

use gatewright_dsl::prelude::{Int, product_in_parts, uint};

use crate::combine::same_shape;
use crate::cost::Cost;
use crate::error::Error;
use crate::network::{Range, TensorTy};

pub(crate) mod clip {
    use super::*;

    fn clipped(range: Range, lo: Option<i64>, hi: Option<i64>) -> Range {
        let clip = |v: i64| v.max(lo.unwrap_or(v)).min(hi.unwrap_or(i64::MAX));
        Range { lo: clip(range.lo), hi: clip(range.hi) }
    }

    pub fn output(lo: Option<i64>, hi: Option<i64>, x: &TensorTy) -> Result<TensorTy, Error> {
        if let (Some(lo), Some(hi)) = (lo, hi)
            && lo > hi
        {
            return Err(Error::layer(format!("its least value {lo} is above its greatest, {hi}")));
        }
        let ty = TensorTy { shape: x.shape.clone(), ranges: x.ranges.iter().map(|r| clipped(*r, lo, hi)).collect() };
        ty.check()?;
        Ok(ty)
    }

    pub fn golden(lo: Option<i64>, hi: Option<i64>, x: &[i64]) -> Vec<i64> {
        let (lo, hi) = (lo.unwrap_or(i64::MIN), hi.unwrap_or(i64::MAX));
        x.iter().map(|v| (*v).max(lo).min(hi)).collect()
    }

    pub fn element(x: Int, range: Range, lo: Option<i64>, hi: Option<i64>) -> Int {
        let raised = lo.filter(|lo| *lo > range.lo).map_or(x, |lo| x.max(lo));
        hi.filter(|hi| *hi < range.hi).map_or(raised, |hi| raised.min(hi))
    }

    pub fn cost(lo: Option<i64>, hi: Option<i64>, x: &TensorTy) -> Cost {
        let end = |r: Range| Cost::compare_constant(r.width()).then(Cost::choose(r.width()));
        let element = |r: &Range| {
            let below = lo.filter(|lo| *lo > r.lo).map_or(Cost::default(), |_| end(*r));
            hi.filter(|hi| *hi < r.hi).map_or(below, |_| below.then(end(*r)))
        };
        x.ranges.iter().map(element).fold(Cost::default(), Cost::beside)
    }
}

pub(crate) mod mul {
    use super::*;

    fn range_of(x: Range, y: Range) -> Result<Range, Error> {
        let ((a, b), (c, d)) = (x.wide(), y.wide());
        let ends = [a * c, a * d, b * c, b * d];
        Range::fitted(ends.into_iter().fold(ends[0], i128::min), ends.into_iter().fold(ends[0], i128::max))
    }

    pub fn output(types: &[&TensorTy]) -> Result<TensorTy, Error> {
        same_shape(types)?;
        let each = types[0].ranges.iter().zip(&types[1].ranges);
        let ranges = each.map(|(x, y)| range_of(*x, *y)).collect::<Result<_, _>>()?;
        Ok(TensorTy { shape: types[0].shape.clone(), ranges })
    }

    /// Bits of a factor that are multiplied with at once; registers can go between such parts.
    const PART: u32 = 4;

    pub fn element(x: Int, y: Int) -> Int {
        let (wide, narrow) = if x.ty().width() < y.ty().width() { (y, x) } else { (x, y) };
        product_in_parts(wide, narrow, PART)
    }

    pub fn golden(x: &[i64], y: &[i64]) -> Vec<i64> {
        x.iter().zip(y).map(|(x, y)| x.wrapping_mul(*y)).collect()
    }

    pub fn cost(types: &[&TensorTy]) -> Cost {
        let product = |(x, y): (&Range, &Range)| {
            // An adder for each bit of the narrower one.
            let (narrow, wide) = (x.width().min(y.width()), x.width().max(y.width()));
            let adders = u64::from(narrow.saturating_sub(1));
            let adder_bits = adders * u64::from(wide + 1);
            let depth = narrow.max(1).ilog2() + 1;
            Cost { adders, adder_bits, luts: adder_bits, depth, comparators: 0 }
        };
        types[0].ranges.iter().zip(&types[1].ranges).map(product).fold(Cost::default(), Cost::beside)
    }
}

pub(crate) mod wrap {
    use super::*;

    /// Wider operands do not exist.
    const MOST: u32 = 62;

    fn wrapped(bits: u32, r: Range) -> Range {
        let all = (1_i64 << bits) - 1;
        match r.lo >> bits == r.hi >> bits {
            true => Range { lo: r.lo & all, hi: r.hi & all },
            false => Range { lo: 0, hi: all },
        }
    }

    pub fn output(bits: u32, x: &TensorTy) -> Result<TensorTy, Error> {
        if bits > MOST {
            return Err(Error::layer(format!("{bits} low bits are more than {MOST}")));
        }
        Ok(TensorTy { shape: x.shape.clone(), ranges: x.ranges.iter().map(|r| wrapped(bits, *r)).collect() })
    }

    pub fn golden(bits: u32, x: &[i64]) -> Vec<i64> {
        x.iter().map(|v| v & ((1 << bits) - 1)).collect()
    }

    pub fn element(bits: u32, x: Int, r: Range) -> Int {
        match r.lo >> bits == r.hi >> bits {
            true => x - ((r.lo >> bits) << bits),
            false => x.wrap(uint(bits)),
        }
    }
}
