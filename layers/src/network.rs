//! A network of layers on integer tensors.
//!
//! One sample is a list of integers per tensor. The golden model is [`Network::run`]; the hardware of the unrolled
//! architecture is [`Unrolled`](crate::unrolled::Unrolled). Both come from the same [`Layer`] values.

use std::sync::Arc;

use crate::Error;
use crate::layer::Layer;

/// An inclusive range of integers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub struct Range {
    /// Least value.
    pub lo: i64,
    /// Greatest value.
    pub hi: i64,
}

/// The shape of a tensor and the exact range of each of its elements, row-major.
#[derive(Clone, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub struct TensorTy {
    /// Length of each axis, without the batch.
    pub shape: Vec<usize>,
    /// One range per element.
    pub ranges: Vec<Range>,
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

    /// Adds a layer behind the tensors `inputs`; its type follows from theirs. Returns the new tensor.
    ///
    /// # Errors
    /// Where the shapes do not fit, or a range leaves 63 bits.
    pub fn push(&mut self, name: String, layer: Layer, inputs: Vec<usize>) -> Result<usize, Error> {
        let types: Vec<&TensorTy> = inputs.iter().map(|&t| self.ty(t)).collect();
        let ty = layer.output(&types).map_err(|e| e.of(&name))?;
        self.nodes.push(Node { name, layer, inputs, ty });
        Ok(self.inputs.len() + self.nodes.len() - 1)
    }

    /// The golden model: all tensors of a batch of `samples`, of which `inputs` are given.
    ///
    /// # Errors
    /// Where the number of inputs or elements is wrong, or an element is out of its range; input, sample and element
    /// are named.
    pub fn run(&self, samples: usize, inputs: Vec<Batch>) -> Result<Vec<Batch>, Error> {
        self.check_inputs(samples, &inputs)?;
        let mut tensors = inputs;
        for node in &self.nodes {
            let operands: Vec<&[i64]> = node.inputs.iter().map(|&t| tensors[t].as_slice()).collect();
            let types: Vec<&TensorTy> = node.inputs.iter().map(|&t| self.ty(t)).collect();
            tensors.push(Arc::new(node.layer.golden(samples, &operands, &types, &node.ty)));
        }
        Ok(tensors)
    }

    fn check_inputs(&self, samples: usize, inputs: &[Batch]) -> Result<(), Error> {
        if inputs.len() != self.inputs.len() {
            return Err(Error::Inputs { wanted: self.inputs.len(), found: inputs.len() });
        }
        for ((name, ty), batch) in self.inputs.iter().zip(inputs) {
            let count = ty.ranges.len();
            if batch.len() != samples * count {
                return Err(Error::Elements { input: name.clone(), wanted: samples * count, found: batch.len() });
            }
            for (k, &value) in batch.iter().enumerate() {
                let range = ty.ranges[k % count];
                if !(range.lo..=range.hi).contains(&value) {
                    let (sample, element) = (k / count, k % count);
                    return Err(Error::OutOfRange { input: name.clone(), sample, element, value, range });
                }
            }
        }
        Ok(())
    }
}
