//! Offsets of step functions, moved into the sums before them.
//!
//! A staircase wants its operand at round numbers ([`gatewright_arith::staircase`]). Where the operand is a sum that nothing
//! else reads, the offset is one more constant among the addends, instead of an adder behind them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use crate::layer::{Dense, Layer, StepFunction, Steps};
use crate::network::Network;

/// A network with the same results, whose sums stand where the step functions behind them want them.
pub(crate) fn moved(network: &Network) -> Network {
    rebuilt(network).unwrap_or_else(|| network.clone())
}

/// None where a moved sum would leave 63 bits.
fn rebuilt(network: &Network) -> Option<Network> {
    let first = network.inputs.len();
    let mut layers: Vec<Layer> = network.nodes.iter().map(|n| n.layer.clone()).collect();
    for (n, node) in network.nodes.iter().enumerate() {
        let (Layer::Steps(steps), [tensor]) = (&node.layer, &node.inputs[..]) else { continue };
        let readers = network.nodes.iter().flat_map(|n| &n.inputs).filter(|t| *t == tensor).count();
        let shown = network.outputs.iter().any(|(_, t)| t == tensor);
        let Some(source) = tensor.checked_sub(first).filter(|_| readers == 1 && !shown) else { continue };
        let Layer::Dense(dense) = &network.nodes[source].layer else { continue };
        let offsets = shared(&steps.offsets(network.ty(*tensor)), dense.weights.rows);
        layers[source] = Layer::Dense(biased(dense, &offsets)?);
        layers[n] = Layer::Steps(shifted(steps, &offsets, network.ty(*tensor).ranges.len())?);
    }
    let mut net = Network { name: network.name.clone(), inputs: network.inputs.clone(), ..Network::default() };
    for (node, layer) in network.nodes.iter().zip(layers) {
        net.push(node.name.clone(), layer, node.inputs.clone()).ok()?;
    }
    net.outputs = network.outputs.clone();
    Some(net)
}

/// One offset for each row of a matrix: positions share its constants. 0 where they want different ones.
fn shared(offsets: &[i64], rows: usize) -> Vec<i64> {
    let row = |r: usize| {
        let mut of_row = offsets.iter().skip(r).step_by(rows.max(1)).copied();
        let first = of_row.next().unwrap_or(0);
        if of_row.all(|o| o == first) { first } else { 0 }
    };
    (0..rows).map(row).collect()
}

fn biased(dense: &Dense, offsets: &[i64]) -> Option<Dense> {
    let sum = |(r, offset): (usize, &i64)| dense.bias.get(r).copied().unwrap_or(0).checked_add(*offset);
    let bias = offsets.iter().enumerate().map(sum).collect::<Option<Vec<i64>>>()?;
    let bias = if bias.iter().all(|b| *b == 0) { Vec::new() } else { bias };
    Some(Dense { weights: dense.weights.clone(), bias })
}

fn shifted(steps: &Steps, offsets: &[i64], count: usize) -> Option<Steps> {
    let mut known: HashMap<(u32, i64), u32> = HashMap::new();
    let mut functions = Vec::new();
    let mut of = Vec::with_capacity(count);
    for element in 0..count {
        let (number, offset) = (steps.number(element), offsets[element % offsets.len()]);
        let function = &steps.functions[number as usize];
        let number = match known.entry((number, offset)) {
            Entry::Occupied(there) => *there.get(),
            Entry::Vacant(new) => {
                let moved = function.steps.iter().map(|(p, value)| Some((p.checked_add(offset)?, *value)));
                functions.push(StepFunction { first: function.first, steps: moved.collect::<Option<_>>()? });
                *new.insert(functions.len() as u32 - 1)
            }
        };
        of.push(number);
    }
    Some(Steps { functions: Arc::new(functions), of: Arc::new(of), form: steps.form })
}
