//! The walk over the graph: which values are real and before the hardware, integers in it, or real and behind it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use num_traits::Zero;

use gatewright_layers::layer::Form;
use gatewright_layers::network::{Network, TensorTy};

use super::function::{Stage, Vals};
use super::integer::{self, Tensor};
use super::{Model, NearTies, StreamlineError, decision};
use crate::exact::approximate;
use crate::graph::{self, Graph, Node, Op, Operand, Rounding, Unary, ValueId, ValueInfo, count};
use crate::number::NumberType;

/// Most elements of an integer tensor: each has a range of its own, and each layer a function for it.
const MAX_ELEMENTS: usize = 1 << 22;

/// What is known of a value of the graph.
#[derive(Clone)]
enum Tracked {
    /// Computed by the host from the inputs; its value in the head.
    Head(ValueId),
    /// A function of an integer tensor.
    Integer(Tensor),
    /// Computed by the host from integers; its value in the tail.
    Tail(ValueId),
}

/// Options of [`streamline`].
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The types of the hardware's inputs, one per input of the graph or one for all; none where the model quantises them.
    pub input_types: Vec<NumberType>,
    /// The hardware ends with the position of the greatest output.
    pub decision: bool,
    /// A softmax at an output is computed in hardware, with so many bits ([`SOFTMAX_BITS`](super::SOFTMAX_BITS)), each
    /// probability within a unit of the last place of the exact one; otherwise the host computes it.
    pub softmax_bits: Option<u32>,
    /// The form of step functions in hardware, by the name of the node in the file or of the layer in the network.
    pub forms: BTreeMap<String, Form>,
}

pub(super) struct Builder<'a> {
    pub graph: &'a Graph,
    pub network: Network,
    /// Per tensor: what its integers stand for.
    pub scales: Vec<(Vals, Vals)>,
    /// Per layer: see [`Model::near_ties`].
    pub near_ties: Vec<Vec<NearTies>>,
    /// Decisions belong to the hardware, whatever it takes.
    decides: bool,
    /// Bits of a softmax in the hardware.
    pub softmax_bits: Option<u32>,
    /// How far values can be from exact ones, where they are not.
    pub bounds: HashMap<ValueId, f64>,
    forms: BTreeMap<String, Form>,
    /// Names under which a form can be chosen.
    choices: BTreeSet<String>,
    tracked: Vec<Option<Tracked>>,
    head: Graph,
    grids: Vec<(Vals, Vals)>,
    tail: Graph,
    /// Inputs of the tail, by tensor.
    tail_inputs: HashMap<usize, ValueId>,
    /// Values of the tail that show integers, by value of the graph.
    shown: HashMap<ValueId, ValueId>,
    names: HashMap<String, u32>,
}

/// An error at a node.
pub(super) fn error(node: &Node, problem: impl Into<String>, help: impl Into<String>) -> StreamlineError {
    StreamlineError { node: node.name.clone(), kind: node.kind.clone(), problem: problem.into(), help: help.into() }
}

/// The integers of a model.
///
/// # Errors
/// At the first node that has no exact form on integers, with the way out.
pub fn streamline(graph: &Graph, options: &Options) -> Result<Model, StreamlineError> {
    match options.decision {
        true => walk(&decision::decided(graph)?, options),
        false => walk(graph, options),
    }
}

fn walk(graph: &Graph, options: &Options) -> Result<Model, StreamlineError> {
    let mut b = Builder {
        graph,
        network: Network { name: integer::identifier(&graph.name, "network"), ..Network::default() },
        scales: Vec::new(),
        near_ties: Vec::new(),
        decides: options.decision,
        softmax_bits: options.softmax_bits,
        bounds: HashMap::new(),
        forms: options.forms.clone(),
        choices: BTreeSet::new(),
        tracked: vec![None; graph.values.len()],
        head: Graph { name: graph.name.clone(), ..Graph::default() },
        grids: Vec::new(),
        tail: Graph { name: graph.name.clone(), ..Graph::default() },
        tail_inputs: HashMap::new(),
        shown: HashMap::new(),
        names: HashMap::new(),
    };
    b.inputs(options)?;
    // The network's inputs have to be known before its first layer: quantisers of the head come first.
    for pass in [Pass::Head, Pass::Rest] {
        for node in &graph.nodes {
            if b.tracked[node.output.0].is_none() {
                b.node(node, pass)?;
            }
        }
    }
    b.finish()
}

/// # Errors
/// Where a tensor is too large for hardware.
fn check_size(node: &Node, shape: &[usize]) -> Result<(), StreamlineError> {
    match count(shape) {
        0..=MAX_ELEMENTS => Ok(()),
        n => Err(error(
            node,
            format!(
                "its result of the shape {shape:?} has {n} elements, and hardware of at most {MAX_ELEMENTS} is made"
            ),
            "export the model for one sample, or reduce its tensors",
        )),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Pass {
    /// What depends on no integer, and the quantisers behind it.
    Head,
    Rest,
}

fn push(graph: &mut Graph, info: ValueInfo) -> ValueId {
    graph.values.push(info);
    ValueId(graph.values.len() - 1)
}

impl Builder<'_> {
    fn inputs(&mut self, options: &Options) -> Result<(), StreamlineError> {
        let graph = self.graph;
        for (k, &input) in graph.inputs.iter().enumerate() {
            let info = &graph.values[input.0];
            let id = push(&mut self.head, info.clone());
            self.head.inputs.push(id);
            self.tracked[input.0] = Some(Tracked::Head(id));
            let types = &options.input_types;
            let Some(ty) = types.get(k).or(types.first().filter(|_| types.len() == 1)) else { continue };
            // The type as a quantiser: what it cannot hold is rounded, and `verify` reports it.
            let node = Node {
                name: info.name.clone(),
                kind: "input type".into(),
                op: Op::Quant { signed: ty.signed, narrow: false, rounding: Rounding::HalfEven },
                inputs: vec![Operand::Value(input), constant(ty.step()), constant(0.0), constant(f64::from(ty.bits))],
                output: input,
            };
            let tensor = self.head_quantiser(&node, id, info.clone())?;
            self.tracked[input.0] = Some(Tracked::Integer(tensor));
        }
        Ok(())
    }

    fn node(&mut self, node: &Node, pass: Pass) -> Result<(), StreamlineError> {
        let mut operands = Vec::new();
        for input in &node.inputs {
            match input {
                Operand::Const(_) => {}
                Operand::Value(v) => match &self.tracked[v.0] {
                    Some(t) => operands.push(t.clone()),
                    None => return Ok(()), // Behind integers: the next pass.
                },
            }
        }
        let info = self.graph.values[node.output.0].clone();
        let all_head = operands.iter().all(|t| matches!(t, Tracked::Head(_)));
        if pass == Pass::Head && !all_head {
            return Ok(());
        }
        let tracked = if all_head {
            match (&node.op, &operands[..]) {
                (Op::Quant { .. } | Op::BipolarQuant | Op::MultiThreshold { .. }, [Tracked::Head(x)]) => {
                    Tracked::Integer(self.head_quantiser(node, *x, info)?)
                }
                (Op::MatMul, _) => return Err(no_quantiser(node)),
                _ => {
                    let new = copy(&mut self.head, node, &info, |v| match &self.tracked[v.0] {
                        Some(Tracked::Head(h)) => *h,
                        _ => v,
                    });
                    Tracked::Head(new)
                }
            }
        } else if operands.iter().any(|t| matches!(t, Tracked::Tail(_))) || self.host_only(node, &operands) {
            Tracked::Tail(self.tail_node(node, &info)?)
        } else {
            let mut tensors = Vec::new();
            for operand in &operands {
                match operand {
                    Tracked::Integer(t) => tensors.push(t.clone()),
                    _ => return Err(no_quantiser(node)),
                }
            }
            check_size(node, &info.shape)?;
            Tracked::Integer(self.integer(node, tensors, &info.shape)?)
        };
        self.tracked[node.output.0] = Some(tracked);
        Ok(())
    }

    /// Softmax that is not wanted in the hardware, and decisions that the hardware does not take at once.
    fn host_only(&self, node: &Node, operands: &[Tracked]) -> bool {
        match (&node.op, operands) {
            (Op::Softmax { .. }, _) => self.softmax_bits.is_none() || !self.graph.outputs.contains(&node.output),
            (Op::ArgMax { .. } | Op::TopKIndices { .. }, [Tracked::Integer(x)]) => {
                !self.decides && !self.can_decide(node, x)
            }
            _ => false,
        }
    }

    /// A quantiser of a real value of the host: an input of the network.
    fn head_quantiser(&mut self, node: &Node, x: ValueId, info: ValueInfo) -> Result<Tensor, StreamlineError> {
        let shape = info.shape.clone();
        check_size(node, &shape)?;
        let (grids, scale, offset) = super::grids::grids(node, &shape)?;
        let name = self.name(&info.name);
        let id = push(&mut self.head, info);
        let mut head = node.clone();
        head.inputs[0] = Operand::Value(x);
        head.output = id;
        self.head.nodes.push(head);
        self.head.outputs.push(id);
        let ranges = (0..count(&shape)).map(|e| grids.range(e)).collect();
        self.network.inputs.push((name, TensorTy { shape: integer::stripped(&shape), ranges }));
        self.grids.push((scale.clone(), offset.clone()));
        self.scales.push((scale.clone(), offset.clone()));
        let tensor = self.network.inputs.len() - 1;
        Ok(Tensor::new(tensor, scale, offset, shape))
    }

    /// The form that was chosen for the step functions of a node.
    pub fn form(&mut self, node: &Node) -> Form {
        let name = integer::identifier(&node.name, "layer");
        let chosen = self.forms.get(&node.name).or_else(|| self.forms.get(&name)).copied().unwrap_or_default();
        self.choices.extend([node.name.clone(), name]);
        chosen
    }

    /// A name that is free in the network.
    pub fn name(&mut self, name: &str) -> String {
        let base = integer::identifier(name, "layer");
        let number = self.names.entry(base.clone()).or_insert(0);
        *number += 1;
        let number = *number;
        if number == 1 { base } else { self.name(&format!("{base}_{number}")) }
    }

    /// The value in the tail.
    fn in_tail(&mut self, v: ValueId, node: &Node) -> Result<ValueId, StreamlineError> {
        let tensor = match &self.tracked[v.0] {
            Some(Tracked::Tail(t)) => return Ok(*t),
            Some(Tracked::Integer(tensor)) => tensor.clone(),
            _ => return Err(no_quantiser(node)),
        };
        if let Some(shown) = self.shown.get(&v) {
            return Ok(*shown);
        }
        let info = self.graph.values[v.0].clone();
        let shown = self.show(&tensor, &info);
        self.shown.insert(v, shown);
        Ok(shown)
    }

    /// The real values of a tensor, as nodes of the tail.
    fn show(&mut self, tensor: &Tensor, info: &ValueInfo) -> ValueId {
        let source = match self.tail_inputs.get(&tensor.tensor) {
            Some(id) => *id,
            None => {
                let id = push(&mut self.tail, ValueInfo { name: info.name.clone(), shape: tensor.shape.clone() });
                self.tail.inputs.push(id);
                self.tail_inputs.insert(tensor.tensor, id);
                let name = integer::identifier(&info.name, "output");
                self.network.outputs.push((name, tensor.tensor));
                id
            }
        };
        let shape = tensor.shape.clone();
        let mut at = source;
        let tail = &mut self.tail;
        let mut add = |op: Op, constant: Option<&Vals>, at: ValueId| {
            let output = push(tail, ValueInfo { name: info.name.clone(), shape: shape.clone() });
            let mut inputs = vec![Operand::Value(at)];
            inputs.extend(constant.map(|v| floats(v, &shape)));
            tail.nodes.push(Node { name: info.name.clone(), kind: "real value".into(), op, inputs, output });
            output
        };
        // The integers have the network's shape there, without the batch.
        if self.network.ty(tensor.tensor).shape != shape {
            let from: Vec<(u32, u32)> = (0..count(&shape) as u32).map(|e| (0, e)).collect();
            at = add(Op::Pick(Arc::new(from)), None, at);
        }
        for stage in &tensor.function.0 {
            at = match stage {
                Stage::Affine(scale, offset) => {
                    let scaled = add(Op::Mul, Some(scale), at);
                    if offset.uniform().is_some_and(Zero::is_zero) {
                        scaled
                    } else {
                        add(Op::Add, Some(offset), scaled)
                    }
                }
                Stage::Unary(f) => add(Op::Unary(*f), None, at),
                Stage::PRelu(slope) => add(Op::PRelu, Some(slope), at),
            };
        }
        at
    }

    fn tail_node(&mut self, node: &Node, info: &ValueInfo) -> Result<ValueId, StreamlineError> {
        let mut inputs = Vec::new();
        for input in &node.inputs {
            inputs.push(match input {
                Operand::Value(v) => Operand::Value(self.in_tail(*v, node)?),
                Operand::Const(c) => Operand::Const(c.clone()),
            });
        }
        let output = push(&mut self.tail, info.clone());
        self.tail.nodes.push(Node { inputs, output, ..node.clone() });
        Ok(output)
    }

    fn finish(mut self) -> Result<Model, StreamlineError> {
        if let Some(name) = self.forms.keys().find(|name| !self.choices.contains(*name)) {
            let known: Vec<&str> = self.choices.iter().map(String::as_str).collect();
            return Err(StreamlineError {
                node: name.clone(),
                kind: "configuration".into(),
                problem: "a form is chosen for it, and it is no quantiser in the hardware".into(),
                help: format!("choose among {}", known.join(", ")),
            });
        }
        if self.softmax_bits.is_some() && self.bounds.is_empty() {
            let outputs: Vec<&str> = self.graph.outputs.iter().map(|o| self.graph.values[o.0].name.as_str()).collect();
            return Err(StreamlineError {
                node: outputs.join(", "),
                kind: "output".into(),
                problem: "no softmax stands there right behind integers, with nothing behind itself".into(),
                help: "export the model without quantisers and reshapes behind the softmax, or leave the softmax to the host".into(),
            });
        }
        for &output in self.graph.outputs.iter().filter(|_| self.decides) {
            if matches!(self.tracked[output.0], Some(Tracked::Tail(_))) {
                return Err(StreamlineError {
                    node: self.graph.values[output.0].name.clone(),
                    kind: "output".into(),
                    problem: "its decision would be left to the host: something stands before it that has no integers, such as a \
                              softmax with a quantiser behind it or over another axis"
                        .into(),
                    help: "export the model without what stands behind the last layer, or compile without the decision".into(),
                });
            }
        }
        for &output in &self.graph.outputs {
            let info = &self.graph.values[output.0];
            let at = Node {
                name: info.name.clone(),
                kind: "output".into(),
                op: Op::Unary(Unary::Neg),
                inputs: Vec::new(),
                output,
            };
            let value = self.in_tail(output, &at)?;
            self.tail.outputs.push(value);
        }
        let pairs = |(scale, offset): &(Vals, Vals)| -> Vec<(f64, f64)> {
            let count = scale.0.len().max(offset.0.len());
            (0..count).map(|e| (approximate(scale.at(e)), approximate(offset.at(e)))).collect()
        };
        Ok(Model {
            head: self.head,
            grids: self.grids.iter().map(pairs).collect(),
            scales: self.scales.iter().map(pairs).collect(),
            network: self.network,
            tail: self.tail,
            indices: self.graph.outputs.iter().map(|o| decision::positions(self.graph, *o)).collect(),
            bounds: self.graph.outputs.iter().map(|o| self.bounds.get(o).copied().unwrap_or(0.0)).collect(),
            near_ties: self.near_ties,
        })
    }
}

fn constant(value: f64) -> Operand {
    Operand::Const(Arc::new(graph::Tensor::scalar(value)))
}

/// The numbers as a constant of the shape, or a scalar where they are one.
fn floats(vals: &Vals, shape: &[usize]) -> Operand {
    if let Some(only) = vals.uniform() {
        return constant(approximate(only));
    }
    let data = vals.0.iter().map(approximate).collect();
    Operand::Const(Arc::new(graph::Tensor { shape: shape.to_vec(), data }))
}

fn copy(to: &mut Graph, node: &Node, info: &ValueInfo, new: impl Fn(ValueId) -> ValueId) -> ValueId {
    let output = push(to, info.clone());
    let inputs = node.inputs.iter().map(|i| match i {
        Operand::Value(v) => Operand::Value(new(*v)),
        constant => constant.clone(),
    });
    to.nodes.push(Node { inputs: inputs.collect(), output, ..node.clone() });
    output
}

fn no_quantiser(node: &Node) -> StreamlineError {
    error(
        node,
        "its input is a real number: nothing on the way from the model's input quantises it",
        "say what the hardware gets with --input-type, for example --input-type 'fixed<16,6>', or train with a quantiser at \
         the input",
    )
}
