//! Elements in a new order and shape: transposition, reshaping, concatenation, slices. No hardware.

use gatewright_dsl::prelude::Int;

use crate::error::Error;
use crate::layer::Pick;
use crate::network::TensorTy;

impl Pick {
    pub(crate) fn output(&self, types: &[&TensorTy]) -> Result<TensorTy, Error> {
        let mut ranges = Vec::with_capacity(self.from.len());
        for &(operand, element) in self.from.iter() {
            let ty = types.get(operand as usize);
            match ty.and_then(|t| t.ranges.get(element as usize)) {
                Some(range) => ranges.push(*range),
                None => {
                    let has = ty.map_or("is not there".to_owned(), |t| format!("has {} elements", t.ranges.len()));
                    return Err(Error::layer(format!("it picks element {element} of operand {operand}, which {has}")));
                }
            }
        }
        let ty = TensorTy { shape: self.shape.clone(), ranges };
        ty.check()?;
        Ok(ty)
    }

    pub(crate) fn golden(&self, samples: usize, operands: &[&[i64]], types: &[&TensorTy]) -> Vec<i64> {
        let mut y = Vec::with_capacity(samples * self.from.len());
        for s in 0..samples {
            let sample = |o: usize| &operands[o][s * types[o].ranges.len()..];
            y.extend(self.from.iter().map(|&(o, e)| sample(o as usize)[e as usize]));
        }
        y
    }

    pub(crate) fn unrolled(&self, operands: &[Vec<Int>]) -> Vec<Int> {
        self.from.iter().map(|&(o, e)| operands[o as usize][e as usize]).collect()
    }
}
