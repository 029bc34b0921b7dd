//! What a network becomes in hardware.
//!
//! The layers of the network as they are, but for what concerns several of them: offsets of step functions are moved into
//! the sums before them, and neurons with few input bits become tables of these bits. The results are the same.

use gatewright_dsl::prelude::{Int, Module};

use crate::cost::Cost;
use crate::layer::{Layer, Made};
use crate::lookup::{Lookups, with_lookups};
use crate::moved::moved;
use crate::network::{Network, TensorTy};
use crate::target::Family;

/// A network whose hardware has been decided on.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Hardware {
    /// Sums that tables stand for are 0 here, and the layers behind them have the types that they have with the tables.
    pub(crate) network: Network,
    /// For each node.
    pub(crate) lookups: Vec<Option<Lookups>>,
}

impl Hardware {
    /// Decides what is smallest on devices of a family, by the estimates.
    pub fn of(network: &Network, family: Family) -> Hardware {
        with_lookups(moved(network), family)
    }

    fn types(&self, node: usize) -> Vec<&TensorTy> {
        self.network.nodes[node].inputs.iter().map(|&t| self.network.ty(t)).collect()
    }

    /// An estimate of what a node takes.
    pub fn cost(&self, node: usize) -> Cost {
        let own = self.network.nodes[node].layer.cost(&self.types(node), &self.network.nodes[node].ty);
        let lookups = self.lookups[node].as_ref();
        lookups.map_or(own, |lookups| own.beside(lookups.cost()))
    }

    /// How many elements of a node are made by tables from the operands of sums: of this node, or of the one before it.
    pub fn lookups(&self, node: usize) -> usize {
        self.lookups[node].as_ref().map_or(0, Lookups::count)
    }

    /// How many sums of a node are not made, since tables of the node that reads them stand for them.
    pub fn left_out(&self, node: usize) -> usize {
        let tensor = self.network.inputs.len() + node;
        let readers = self.network.nodes.iter().zip(&self.lookups).filter(|(n, _)| n.inputs == [tensor]);
        readers
            .filter_map(|(_, lookups)| lookups.as_ref())
            .filter(|l| l.behind == Some(tensor))
            .map(Lookups::count)
            .sum()
    }

    /// What the functions of a node become, where it has step functions, and of how many elements.
    pub fn forms(&self, node: usize) -> Vec<(Made, usize)> {
        let (Layer::Steps(steps), [x]) = (&self.network.nodes[node].layer, &self.types(node)[..]) else {
            return Vec::new();
        };
        let made = |e: usize| self.lookups[node].as_ref().is_some_and(|l| l.elements[e].is_some());
        steps.forms_where(x, |e| !made(e))
    }

    /// All tensors, from those of the inputs; every layer in the scope of its name.
    pub(crate) fn build(&self, m: &Module, inputs: Vec<Vec<Int>>) -> Vec<Vec<Int>> {
        let mut tensors = inputs;
        for (n, node) in self.network.nodes.iter().enumerate() {
            let operands: Vec<Vec<Int>> = node.inputs.iter().map(|&t| tensors[t].clone()).collect();
            let result = m.scope(&node.name, || {
                let mut result = node.layer.unrolled(&operands, &self.types(n), &node.ty);
                if let Some(lookups) = &self.lookups[n] {
                    lookups.unrolled(&tensors[lookups.of], &node.ty, &mut result);
                }
                // What is picked has a name where it comes from.
                if !matches!(node.layer, Layer::Pick(_)) {
                    for (n, element) in result.iter().enumerate() {
                        let _ = element.named(&n.to_string());
                    }
                }
                result
            });
            tensors.push(result);
        }
        tensors
    }
}
