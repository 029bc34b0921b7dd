//! All values of one sample, layer by layer.

use gatewright_compiler::package::Package;
use gatewright_layers::network::Batch;

use crate::Failure;

/// A sample on its way through the network, as `trace-N.json` keeps it.
#[derive(serde::Serialize)]
pub struct Trace {
    /// Counted from 0.
    sample: usize,
    /// Inputs of the network, then the results of the layers.
    tensors: Vec<Values>,
}

/// A tensor of the sample.
#[derive(serde::Serialize)]
struct Values {
    /// Of the input, or of the layer.
    name: String,
    /// Without the batch.
    shape: Vec<usize>,
    /// As the hardware has them, row-major.
    integers: Vec<i64>,
    /// What they stand for in the model: `integer * scale + offset`; for a step on the way there is nothing.
    values: Option<Vec<f64>>,
}

impl Trace {
    /// Of one sample of `inputs`, the integers of the network's inputs.
    pub fn of(package: &Package, inputs: &[Batch], sample: usize) -> Result<Trace, Failure> {
        let network = &package.model.network;
        let one = inputs.iter().zip(&network.inputs).map(|(batch, (_, ty))| {
            let n = ty.ranges.len();
            std::sync::Arc::new(batch[sample * n..(sample + 1) * n].to_vec())
        });
        let tensors = network.run(1, one.collect()).map_err(|e| Failure::Finding(e.to_string()))?;
        let names = network.inputs.iter().map(|(name, _)| name).chain(network.nodes.iter().map(|n| &n.name));
        let values = names.zip(tensors).enumerate().map(|(t, (name, integers))| {
            let scales = package.model.scales.get(t).filter(|s| s.len() == 1 || s.len() == integers.len());
            let real = |scales: &Vec<(f64, f64)>| {
                integers
                    .iter()
                    .enumerate()
                    .map(|(e, n)| {
                        let (scale, offset) = scales[if scales.len() == 1 { 0 } else { e }];
                        *n as f64 * scale + offset
                    })
                    .collect()
            };
            let values = scales.map(real);
            Values { name: name.clone(), shape: network.ty(t).shape.clone(), integers: integers.to_vec(), values }
        });
        Ok(Trace { sample, tensors: values.collect() })
    }
}
