//! A model on real samples: the host's part before the hardware, the integers, and the host's part behind it.

use std::sync::Arc;

use gatewright_layers::network::Batch;

use crate::eval::{self, EvalError};
use crate::graph::{Tensor, count};
use crate::quantise::nearest;
use crate::streamline::Model;

/// Why samples cannot be run.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RunError {
    /// The host's part.
    #[error("sample {sample}: {error}")]
    Host {
        /// The sample.
        sample: usize,
        /// What is wrong.
        error: EvalError,
    },
    /// The network.
    #[error(transparent)]
    Network(#[from] gatewright_layers::Error),
}

impl Model {
    /// Whether all parts fit each other: to be asked of a model that was read from a file.
    ///
    /// # Errors
    /// The first thing that does not.
    pub fn check(&self) -> Result<(), String> {
        self.network.check().map_err(|e| e.to_string())?;
        self.head.check()?;
        self.tail.check()?;
        let lengths = [self.head.outputs.len(), self.grids.len()];
        let outputs = self.tail.outputs.len();
        let fits = self.tail.inputs.len() == self.network.outputs.len()
            && [self.bounds.len(), self.indices.len()] == [outputs; 2];
        if lengths != [self.network.inputs.len(); 2] || !fits {
            return Err("the host's parts do not fit the network".into());
        }
        for ((grid, (name, ty)), output) in self.grids.iter().zip(&self.network.inputs).zip(&self.head.outputs) {
            let elements = ty.ranges.len();
            let given = count(&self.head.values[output.0].shape);
            if given != elements || !(grid.len() == 1 || grid.len() == elements) {
                return Err(format!("input `{name}` does not fit the host's part"));
            }
        }
        for (input, (name, tensor)) in self.tail.inputs.iter().zip(&self.network.outputs) {
            if count(&self.tail.values[input.0].shape) != self.network.ty(*tensor).ranges.len() {
                return Err(format!("output `{name}` does not fit the host's part"));
            }
        }
        Ok(())
    }

    /// The integers of the network's inputs, for samples that give one tensor for each input of the model.
    ///
    /// # Errors
    /// Where a sample does not fit the model's inputs.
    pub fn integers(&self, samples: &[Vec<Tensor>]) -> Result<Vec<Batch>, RunError> {
        let mut batches: Vec<Vec<i64>> = vec![Vec::new(); self.network.inputs.len()];
        for (sample, inputs) in samples.iter().enumerate() {
            let values = eval::values(&self.head, inputs).map_err(|error| RunError::Host { sample, error })?;
            for ((batch, output), grid) in batches.iter_mut().zip(&self.head.outputs).zip(&self.grids) {
                batch.extend(values[output.0].data.iter().enumerate().map(|(e, x)| {
                    let (scale, offset) = grid[if grid.len() == 1 { 0 } else { e }];
                    nearest((x - offset) / scale) as i64
                }));
            }
        }
        Ok(batches.into_iter().map(Arc::new).collect())
    }

    /// The model's outputs for the integers of the network's outputs, sample by sample.
    ///
    /// # Errors
    /// Where the number of elements is wrong.
    pub fn outputs(&self, samples: usize, integers: &[Batch]) -> Result<Vec<Vec<Tensor>>, RunError> {
        let mut all = Vec::with_capacity(samples);
        for sample in 0..samples {
            let mut inputs = Vec::new();
            for (input, batch) in self.tail.inputs.iter().zip(integers) {
                let shape = &self.tail.values[input.0].shape;
                let elements = count(shape);
                let own = batch.get(sample * elements..(sample + 1) * elements).unwrap_or_default();
                inputs.push(Tensor { shape: shape.clone(), data: own.iter().map(|&n| n as f64).collect() });
            }
            all.push(eval::outputs(&self.tail, &inputs).map_err(|error| RunError::Host { sample, error })?);
        }
        Ok(all)
    }

    /// The golden model: the outputs for samples.
    ///
    /// # Errors
    /// Where a sample does not fit.
    pub fn golden(&self, samples: &[Vec<Tensor>]) -> Result<Vec<Vec<Tensor>>, RunError> {
        let tensors = self.network.run(samples.len(), self.integers(samples)?)?;
        let integers: Vec<Batch> = self.network.outputs.iter().map(|(_, t)| tensors[*t].clone()).collect();
        self.outputs(samples.len(), &integers)
    }
}
