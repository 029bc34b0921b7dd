//! A network of layers on integer tensors.
//!
//! One sample is a list of integers per tensor. The golden model is [`Network::run`]; the hardware of the unrolled
//! architecture is [`Unrolled`](crate::unrolled::Unrolled). Both come from the same [`Layer`] values.

use std::sync::Arc;

use crate::Error;
use crate::layer::{Golden, Layer};

/// An inclusive range of integers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub struct Range {
    /// Least value.
    pub lo: i64,
    /// Greatest value.
    pub hi: i64,
}

/// The least and greatest value that a tensor can hold: 63 bits, so that a sum of two fits `i64`.
const LIMITS: (i128, i128) = (-(1 << 62), (1 << 62) - 1);

impl Range {
    /// The range of one value.
    pub fn of(value: i64) -> Range {
        Range { lo: value, hi: value }
    }

    /// A range whose ends were computed with room to spare.
    ///
    /// # Errors
    /// Where it leaves 63 bits.
    pub fn fitted(lo: i128, hi: i128) -> Result<Range, Error> {
        if lo < LIMITS.0 || hi > LIMITS.1 {
            return Err(Error::layer(format!("an element reaches {lo}..={hi}, which takes more than 63 bits")));
        }
        Ok(Range { lo: lo as i64, hi: hi as i64 })
    }

    /// The only value of a range of one.
    pub fn only(self) -> Option<i64> {
        (self.lo == self.hi).then_some(self.lo)
    }

    /// The number of values.
    pub fn count(self) -> u64 {
        self.hi.abs_diff(self.lo).saturating_add(1)
    }

    /// Bits that hold it, with a sign where it reaches below zero.
    pub fn width(self) -> u32 {
        gatewright_arith::shift_adds::width(self.wide())
    }

    /// The ends, for arithmetic.
    pub fn wide(self) -> (i128, i128) {
        (self.lo.into(), self.hi.into())
    }
}

/// The shape of a tensor and the exact range of each of its elements, row-major.
#[derive(Clone, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub struct TensorTy {
    /// Length of each axis, without the batch.
    pub shape: Vec<usize>,
    /// One range per element.
    pub ranges: Vec<Range>,
}

impl TensorTy {
    /// A tensor whose elements all have one range.
    pub fn uniform(shape: Vec<usize>, range: Range) -> TensorTy {
        let count = shape.iter().product();
        TensorTy { shape, ranges: vec![range; count] }
    }

    /// # Errors
    /// Where the number of ranges is not that of the elements, a range is empty, or one leaves 63 bits.
    pub fn check(&self) -> Result<(), Error> {
        let count = self.shape.iter().try_fold(1_usize, |n, &len| n.checked_mul(len));
        if count != Some(self.ranges.len()) {
            let (shape, found) = (&self.shape, self.ranges.len());
            return Err(Error::layer(format!("a tensor of shape {shape:?} has {found} ranges")));
        }
        for range in &self.ranges {
            if range.lo > range.hi {
                return Err(Error::layer(format!("the range {}..={} is empty", range.lo, range.hi)));
            }
            let (lo, hi) = range.wide();
            Range::fitted(lo, hi)?;
        }
        Ok(())
    }
}

/// One layer in its place.
#[derive(Clone, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub struct Node {
    /// From the model file, a Verilog identifier, unique in the network.
    pub name: String,
    /// What is computed.
    pub layer: Layer,
    /// The tensors it reads: inputs of the network first, then the results of the nodes.
    pub inputs: Vec<usize>,
    /// Its result.
    pub ty: TensorTy,
}

/// A network. Tensor `t` is input `t`, or the result of node `t - inputs.len()`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Network {
    /// A Verilog identifier.
    pub name: String,
    /// Names and types of the inputs.
    pub inputs: Vec<(String, TensorTy)>,
    /// Layers, operands first.
    pub nodes: Vec<Node>,
    /// Names of the outputs, and their tensors.
    pub outputs: Vec<(String, usize)>,
}

/// About the elements of the largest tensor in a block of samples.
const BLOCK_ELEMENTS: usize = 100_000;

/// A batch of samples of one tensor: sample-major, each sample row-major.
pub type Batch = Arc<Vec<i64>>;

impl Network {
    /// The type of a tensor.
    pub fn ty(&self, tensor: usize) -> &TensorTy {
        match tensor.checked_sub(self.inputs.len()) {
            Some(node) => &self.nodes[node].ty,
            None => &self.inputs[tensor].1,
        }
    }

    /// The number of tensors.
    pub fn tensors(&self) -> usize {
        self.inputs.len() + self.nodes.len()
    }

    /// Adds a layer behind the tensors `inputs`; its type follows from theirs. Returns the new tensor.
    ///
    /// # Errors
    /// Where there is no such tensor, the shapes do not fit, or a range leaves 63 bits.
    pub fn push(&mut self, name: String, layer: Layer, inputs: Vec<usize>) -> Result<usize, Error> {
        if let Some(missing) = inputs.iter().find(|&&t| t >= self.tensors()) {
            return Err(Error::layer(format!("there is no tensor {missing} yet")).of(&name));
        }
        let types: Vec<&TensorTy> = inputs.iter().map(|&t| self.ty(t)).collect();
        let ty = layer.output(&types).map_err(|e| e.of(&name))?;
        self.nodes.push(Node { name, layer, inputs, ty });
        Ok(self.tensors() - 1)
    }

    /// The golden model: all tensors of a batch of `samples`, of which `inputs` are given.
    ///
    /// # Errors
    /// Where the number of inputs or elements is wrong, or an element is out of its range; input, sample and element
    /// are named.
    pub fn run(&self, samples: usize, inputs: Vec<Batch>) -> Result<Vec<Batch>, Error> {
        let all: Vec<usize> = (self.inputs.len()..self.tensors()).collect();
        let computed = self.tensors_of(samples, &inputs, &all)?;
        Ok(inputs.into_iter().chain(computed).collect())
    }

    /// As [`run`](Network::run), but only what the outputs are: for large batches, of which all tensors take much memory.
    ///
    /// # Errors
    /// As [`run`](Network::run).
    pub fn outputs(&self, samples: usize, inputs: &[Batch]) -> Result<Vec<Batch>, Error> {
        let outputs: Vec<usize> = self.outputs.iter().map(|(_, t)| *t).collect();
        self.tensors_of(samples, inputs, &outputs)
    }

    fn tensors_of(&self, samples: usize, inputs: &[Batch], wanted: &[usize]) -> Result<Vec<Batch>, Error> {
        let mut kept: Vec<Vec<i64>> =
            wanted.iter().map(|&t| Vec::with_capacity(samples * self.ty(t).ranges.len())).collect();
        self.run_blocks(samples, inputs, |_, tensors| {
            kept.iter_mut().zip(wanted).for_each(|(kept, &t)| kept.extend_from_slice(tensors[t]));
        })?;
        Ok(kept.into_iter().map(Arc::new).collect())
    }

    /// The golden model, some samples at a time: calls `f` with the number of the first sample and all tensors of each
    /// block of samples, in order. Blocks are such that they stay in the cache.
    ///
    /// # Errors
    /// As [`run`](Network::run); then `f` is not called.
    pub fn run_blocks(
        &self,
        samples: usize,
        inputs: &[Batch],
        mut f: impl FnMut(usize, &[&[i64]]),
    ) -> Result<(), Error> {
        self.check_inputs(samples, inputs)?;
        let prepared = self.nodes.iter().map(|node| {
            let types: Vec<&TensorTy> = node.inputs.iter().map(|&t| self.ty(t)).collect();
            node.layer.prepared(samples, &types, &node.ty)
        });
        let prepared: Vec<Golden> = prepared.collect();
        let largest = (0..self.tensors()).map(|t| self.ty(t).ranges.len()).max().unwrap_or(0);
        let block = (BLOCK_ELEMENTS / largest.max(1)).clamp(16, 1024);
        for first in (0..samples).step_by(block) {
            let count = block.min(samples - first);
            let mut computed: Vec<Vec<i64>> = Vec::with_capacity(self.nodes.len());
            for (node, golden) in self.nodes.iter().zip(&prepared) {
                let operands: Vec<&[i64]> =
                    node.inputs.iter().map(|&t| self.block(inputs, &computed, t, first, count)).collect();
                let result = golden(count, &operands);
                computed.push(result);
            }
            let tensors: Vec<&[i64]> =
                (0..self.tensors()).map(|t| self.block(inputs, &computed, t, first, count)).collect();
            f(first, &tensors);
        }
        Ok(())
    }

    /// Tensor `t` of a block of samples.
    fn block<'b>(
        &self,
        inputs: &'b [Batch],
        computed: &'b [Vec<i64>],
        t: usize,
        first: usize,
        count: usize,
    ) -> &'b [i64] {
        match t.checked_sub(inputs.len()) {
            Some(node) => &computed[node],
            None => {
                let elements = self.ty(t).ranges.len();
                &inputs[t][first * elements..(first + count) * elements]
            }
        }
    }

    /// Whether all types are those of the layers, as [`push`](Network::push) makes them: to be asked of a network that was
    /// read from a file.
    ///
    /// # Errors
    /// The first layer, input or output that is wrong.
    pub fn check(&self) -> Result<(), Error> {
        for (name, ty) in &self.inputs {
            ty.check().map_err(|e| e.of(name))?;
        }
        for (k, node) in self.nodes.iter().enumerate() {
            if let Some(late) = node.inputs.iter().find(|&&t| t >= self.inputs.len() + k) {
                return Err(Error::layer(format!("it reads tensor {late}, which comes later")).of(&node.name));
            }
            let types: Vec<&TensorTy> = node.inputs.iter().map(|&t| self.ty(t)).collect();
            if node.layer.output(&types).map_err(|e| e.of(&node.name))? != node.ty {
                return Err(Error::layer("its type is not the one that it computes".to_owned()).of(&node.name));
            }
        }
        match self.outputs.iter().find(|(_, t)| *t >= self.tensors()) {
            Some((name, t)) => Err(Error::layer(format!("there is no tensor {t} for this output")).of(name)),
            None => Ok(()),
        }
    }

    fn check_inputs(&self, samples: usize, inputs: &[Batch]) -> Result<(), Error> {
        if inputs.len() != self.inputs.len() {
            return Err(Error::Inputs { wanted: self.inputs.len(), found: inputs.len() });
        }
        for ((name, ty), batch) in self.inputs.iter().zip(inputs) {
            let count = ty.ranges.len();
            if Some(batch.len()) != samples.checked_mul(count) {
                return Err(Error::Elements {
                    input: name.clone(),
                    wanted: samples.saturating_mul(count),
                    found: batch.len(),
                });
            }
            for (sample, values) in batch.chunks_exact(count.max(1)).enumerate() {
                let outside = |(value, range): (&i64, &Range)| !(range.lo..=range.hi).contains(value);
                if let Some(element) = values.iter().zip(&ty.ranges).position(outside) {
                    let (value, range) = (values[element], ty.ranges[element]);
                    return Err(Error::OutOfRange { input: name.clone(), sample, element, value, range });
                }
            }
        }
        Ok(())
    }
}
