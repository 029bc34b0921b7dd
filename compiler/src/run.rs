//! A model on real samples: the host's part before the hardware, the integers, and the host's part behind it.

use std::sync::Arc;

use gatewright_layers::network::Batch;

use crate::eval::{self, EvalError};
use crate::graph::{Tensor, count};
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
                    ((x - offset) / scale).round() as i64
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
            let mut values = eval::values(&self.tail, &inputs).map_err(|error| RunError::Host { sample, error })?;
            let outputs = self.tail.outputs.iter().map(|o| {
                let empty = Tensor { shape: Vec::new(), data: Vec::new() };
                // An output can stand twice.
                let again = values[o.0].clone();
                if self.tail.outputs.iter().filter(|other| *other == o).count() > 1 {
                    again
                } else {
                    std::mem::replace(&mut values[o.0], empty)
                }
            });
            all.push(outputs.collect());
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
