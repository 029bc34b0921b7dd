//! From real numbers to integers, exactly.
//!
//! Each value of the graph is tracked as a function of an integer tensor: real value = f(integer), where f collects
//! scales, offsets, biases, batch-norms and activations as exact rationals. A quantiser closes f: together they are a function
//! from integers to integers, given by its steps. A product with constants needs f to be affine; the weights' common grid
//! gives their integers. What stands before the first quantiser stays real (the head, computed by the host), and what
//! stands behind the last integer tensor too (the tail).

mod decision;
mod function;
mod grids;
mod integer;
mod linear;
mod pick;
mod quantise;
mod softmax;
mod track;

pub use softmax::BITS as SOFTMAX_BITS;
pub use track::{Options, streamline};

use serde::{Deserialize, Serialize};

use gatewright_layers::network::Network;

use crate::graph::Graph;

/// Ranges of integers, ends included, that ascend.
pub type NearTies = Vec<(i64, i64)>;

/// A model on integers, with what the host does before and behind it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// From the model's inputs to the real values of the network's inputs, which lie on grids: `integer * scale + offset`.
    pub head: Graph,
    /// Per input of the network and element: the grid; a single entry for all elements.
    pub grids: Vec<Vec<(f64, f64)>>,
    /// The hardware.
    pub network: Network,
    /// From the network's outputs, as integers, to the model's outputs.
    pub tail: Graph,
    /// Per tensor of the network and element: scale and offset of the real value that it stands for, a single entry for
    /// all elements; empty where a tensor is only a step on the way.
    pub scales: Vec<Vec<(f64, f64)>>,
    /// Per output of the model: how many positions each decision gives, where it holds the positions of greatest elements.
    pub indices: Vec<Option<usize>>,
    /// Per output of the model: how far from the model's real values its own can be, 0 where they are exact.
    pub bounds: Vec<f64>,
    /// Per layer and step function: the integers whose real value lies [near](crate::seen) a tie. Shifts have
    /// an empty list, and layers that are no quantisers of the model none.
    pub near_ties: Vec<Vec<NearTies>>,
}

/// What has no integers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("node `{node}` ({kind}): {problem}\n  = help: {help}")]
pub struct StreamlineError {
    /// Name of the node in the file.
    pub node: String,
    /// Its operator.
    pub kind: String,
    /// What is wrong.
    pub problem: String,
    /// The way out.
    pub help: String,
}
