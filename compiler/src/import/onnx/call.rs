//! One node of the file while it is translated: its operands and attributes, and the builder.

use crate::graph::Op;

use super::attrs::Attrs;
use super::builder::{Builder, Val};
use super::proto::NodeProto;
use super::tensor::Const;
use super::wrong::{Result, wrong};

pub struct Call<'a> {
    pub node: &'a NodeProto,
    pub attrs: Attrs<'a>,
    /// As in the file; `None` for one that is left out.
    pub inputs: Vec<Option<Val>>,
    /// Which outputs somebody reads.
    pub wanted: Vec<bool>,
    /// Version of the operator's domain.
    pub opset: i64,
    pub batch: Batch,
    pub builder: &'a mut Builder,
}

/// What the file says of its batch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Batch {
    /// The fixed length other than 1 that became 1.
    pub foreign: Option<usize>,
    /// The first axis is one of samples whose number is not 1 in the file.
    pub many: bool,
}

impl Call<'_> {
    pub fn optional(&self, k: usize) -> Option<Val> {
        self.inputs.get(k).cloned().flatten()
    }

    pub fn input(&self, k: usize) -> Result<Val> {
        self.optional(k).ok_or_else(|| wrong(format!("operand {k} is missing")))
    }

    /// Every operand, of which none may be missing.
    pub fn all(&self) -> Result<Vec<Val>> {
        (0..self.inputs.len()).map(|k| self.input(k)).collect()
    }

    pub fn shape(&self, value: &Val) -> Vec<usize> {
        self.builder.shape(value).to_vec()
    }

    /// A constant operand; `what` says what it is.
    pub fn constant(&self, k: usize, what: &str) -> Result<Const> {
        self.optional_constant(k, what)?.ok_or_else(|| wrong(format!("operand {k} ({what}) is missing")))
    }

    pub fn optional_constant(&self, k: usize, what: &str) -> Result<Option<Const>> {
        match self.optional(k) {
            None => Ok(None),
            Some(Val::Const(constant)) => Ok(Some(constant)),
            Some(Val::Dyn(_)) => Err(wrong(format!("operand {k} ({what}) depends on the inputs of the model"))
                .or("make it a constant: export with constant folding and fixed shapes")),
        }
    }

    pub fn optional_ints(&self, k: usize, what: &str) -> Result<Option<Vec<i64>>> {
        let Some(constant) = self.optional_constant(k, what)? else { return Ok(None) };
        let ints = constant.ints().ok_or_else(|| wrong(format!("operand {k} ({what}) is not made of integers")))?;
        Ok(Some(ints))
    }

    pub fn ints(&self, k: usize, what: &str) -> Result<Vec<i64>> {
        self.optional_ints(k, what)?.ok_or_else(|| wrong(format!("operand {k} ({what}) is missing")))
    }

    /// The only number of a constant operand.
    pub fn optional_number(&self, k: usize, what: &str) -> Result<Option<f64>> {
        let Some(constant) = self.optional_constant(k, what)? else { return Ok(None) };
        let number = constant.tensor()?.as_scalar();
        number.map(Some).ok_or_else(|| wrong(format!("operand {k} ({what}) is not one number")))
    }

    /// A list that is an attribute in older opsets and an operand in newer ones.
    pub fn list(&self, attribute: &'static str, k: usize) -> Result<Option<Vec<i64>>> {
        match self.attrs.ints(attribute)? {
            Some(list) => Ok(Some(list)),
            None => self.optional_ints(k, attribute),
        }
    }

    /// Whether output `k` is read by somebody.
    pub fn wants(&self, k: usize) -> bool {
        self.wanted.get(k).copied().unwrap_or(false)
    }

    pub fn emit(&mut self, op: Op, operands: Vec<Val>) -> Result<Val> {
        self.builder.emit(op, operands)
    }
}

/// An axis of a tensor with so many, counted from the end if it is negative.
pub fn axis(axis: i64, rank: usize) -> Result<usize> {
    let counted = if axis < 0 { axis.checked_add(rank as i64) } else { Some(axis) };
    let found = counted.and_then(|a| usize::try_from(a).ok()).filter(|&a| a < rank);
    found.ok_or_else(|| wrong(format!("axis {axis} is outside of a tensor with {rank} axes")))
}

/// Different axes, ascending.
pub fn axes(list: &[i64], rank: usize) -> Result<Vec<usize>> {
    let mut out = list.iter().map(|&a| axis(a, rank)).collect::<Result<Vec<_>>>()?;
    out.sort_unstable();
    if out.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(wrong(format!("an axis is listed twice in {list:?}")));
    }
    Ok(out)
}
