//! The last step: only what leads to an output stays.

use crate::graph::{Graph, Operand, ValueId};

/// Leaves out what the outputs do not need. Inputs stay, used or not.
pub fn prune(mut graph: Graph) -> Graph {
    let mut live = vec![false; graph.values.len()];
    for id in graph.outputs.iter().chain(&graph.inputs) {
        live[id.0] = true;
    }
    for node in graph.nodes.iter().rev() {
        if live[node.output.0] {
            node.inputs.iter().filter_map(value).for_each(|id| live[id.0] = true);
        }
    }
    graph.nodes.retain(|node| live[node.output.0]);
    let mut new = vec![ValueId(0); live.len()];
    for (kept, (id, _)) in new.iter_mut().zip(&live).filter(|&(_, live)| *live).enumerate() {
        *id = ValueId(kept);
    }
    let mut is_live = live.into_iter();
    graph.values.retain(|_| is_live.next().unwrap_or(false));
    for id in graph.inputs.iter_mut().chain(&mut graph.outputs) {
        *id = new[id.0];
    }
    for node in &mut graph.nodes {
        node.output = new[node.output.0];
        for input in &mut node.inputs {
            if let Operand::Value(id) = input {
                *id = new[id.0];
            }
        }
    }
    graph
}

fn value(operand: &Operand) -> Option<ValueId> {
    match operand {
        Operand::Value(id) => Some(*id),
        Operand::Const(_) => None,
    }
}
