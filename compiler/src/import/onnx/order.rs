//! Who makes which tensor, what leads to the outputs, and in which order.

use std::collections::{BinaryHeap, HashMap};

use crate::import::{Place, Problem, Short};

use super::proto::{GraphProto, TensorProto};
use super::wrong::{place, wrong};

/// Where a tensor comes from.
#[derive(Clone, Copy)]
pub enum Source {
    Input,
    Constant(usize),
    /// Node, and which of its outputs.
    Node(usize, usize),
}

/// What is read of a graph.
pub struct Order<'a> {
    pub sources: HashMap<&'a str, Source>,
    /// Nodes that lead to an output, operands first.
    pub nodes: Vec<usize>,
    /// For each node, which of its outputs are read.
    pub wanted: Vec<Vec<bool>>,
    /// Constants that are read.
    pub constants: Vec<bool>,
}

/// All names of tensors, each made once.
fn sources<'a>(graph: &'a GraphProto, problems: &mut Vec<Problem>) -> HashMap<&'a str, Source> {
    let mut sources = HashMap::new();
    let mut add = |name: &'a str, source| {
        // An empty name is an output that nobody reads.
        let double = !name.is_empty() && sources.insert(name, source).is_some();
        if double {
            let problem = wrong("two nodes, inputs or constants have this name").or("give each tensor its own name");
            problems.push(problem.at(Place::Tensor(name.to_owned())));
        }
    };
    for (k, constant) in graph.initializer.iter().enumerate() {
        add(constant.name(), Source::Constant(k));
    }
    for (k, node) in graph.node.iter().enumerate() {
        for (output, name) in node.output.iter().enumerate() {
            add(name, Source::Node(k, output));
        }
    }
    let constants: std::collections::HashSet<&str> = graph.initializer.iter().map(TensorProto::name).collect();
    for input in &graph.input {
        // Old files list constants as inputs too.
        if !constants.contains(input.name()) {
            add(input.name(), Source::Input);
        }
    }
    sources
}

/// Finds the order; problems are names without a source, and cycles.
pub fn order<'a>(graph: &'a GraphProto, problems: &mut Vec<Problem>) -> Order<'a> {
    let sources = sources(graph, problems);
    let count = graph.node.len();
    let mut wanted: Vec<Vec<bool>> = graph.node.iter().map(|n| vec![false; n.output.len()]).collect();
    let mut constants = vec![false; graph.initializer.len()];
    let mut live = vec![false; count];
    let mut open = Vec::new();
    let mut want = |name: &str, open: &mut Vec<usize>| match sources.get(name) {
        Some(&Source::Node(k, output)) => {
            wanted[k][output] = true;
            if !std::mem::replace(&mut live[k], true) {
                open.push(k);
            }
            true
        }
        Some(&Source::Constant(k)) => {
            constants[k] = true;
            true
        }
        Some(Source::Input) => true,
        None => false,
    };
    for output in &graph.output {
        if !want(output.name(), &mut open) {
            let problem = wrong("it is an output of the graph, and nothing makes it");
            problems.push(problem.at(Place::Tensor(output.name().to_owned())));
        }
    }
    while let Some(k) = open.pop() {
        let mut missing = None;
        for name in graph.node[k].input.iter().filter(|name| !name.is_empty()) {
            if !want(name, &mut open) {
                missing = missing.or(Some(name));
            }
        }
        if let Some(name) = missing {
            let what = format!("it reads the tensor `{}`, which nothing makes", Short(name));
            problems.push(wrong(what).at(place(&graph.node[k], k)));
        }
    }
    let nodes = sort(graph, &sources, &live, problems);
    Order { sources, nodes, wanted, constants }
}

/// Operands first, else as in the file.
fn sort(graph: &GraphProto, sources: &HashMap<&str, Source>, live: &[bool], problems: &mut Vec<Problem>) -> Vec<usize> {
    let mut waits = vec![0usize; live.len()];
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); live.len()];
    let mut ready = BinaryHeap::new();
    for (k, node) in graph.node.iter().enumerate().filter(|&(k, _)| live[k]) {
        for name in &node.input {
            if let Some(&Source::Node(maker, _)) = sources.get(name.as_str()) {
                waits[k] += 1;
                readers[maker].push(k);
            }
        }
        if waits[k] == 0 {
            ready.push(std::cmp::Reverse(k));
        }
    }
    let mut nodes = Vec::new();
    while let Some(std::cmp::Reverse(k)) = ready.pop() {
        nodes.push(k);
        for &reader in &readers[k] {
            waits[reader] -= 1;
            if waits[reader] == 0 {
                ready.push(std::cmp::Reverse(reader));
            }
        }
    }
    if let Some(k) = (0..live.len()).find(|&k| live[k] && waits[k] > 0) {
        let problem = wrong("its result depends on itself: the graph has a cycle");
        problems.push(problem.or("write out the steps of a recurrence").at(place(&graph.node[k], k)));
    }
    nodes
}
