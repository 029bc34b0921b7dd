//! The unrolled architecture: a sample per clock, all multiplications as shifts and additions.
//!
//! All layers are one combinational region, and the language places registers over the whole of it for the wanted clock.
//! The names of a layer's values begin with the layer's.

use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;

use gatewright_dsl::diag::Diagnostics;
use gatewright_dsl::prelude::*;

use crate::hardware::Hardware;
use crate::network::Network;
use crate::ports::{Ports, PortsShape, int_types, tensor_names};
use crate::target::Target;

/// A network with one input vector per clock.
///
/// Ports: `in_valid`, and for each input one port per element, `x_0`, `x_1`, …; `out_valid` and the outputs in the same
/// way ([`tensor_names`] says the names). Each has exactly its element's range. Interval 1; latency as
/// [`elaborate`](Timed::elaborate) says, and 0 without a clock. The results are of meaning while `out_valid`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Unrolled {
    /// What is computed.
    pub network: Arc<Network>,
    /// What registers are placed for.
    pub target: Target,
}

/// A generator that knows its latency once it is built.
pub trait Timed: Generator {
    /// As [`Generator::build`]; also the clocks from an input to its output.
    fn build_timed(&self, m: &Module, i: Self::In) -> (Self::Out, u32);

    /// The design and its latency in clocks.
    ///
    /// # Errors
    /// All mistakes found, such as a clock that is too fast for an operation.
    fn elaborate(&self, options: &Options) -> Result<(Design, u32), Diagnostics> {
        let recorded = Recorded { generator: self.clone(), latency: Rc::new(Cell::new(0)) };
        let (design, _) = elaborate_with(&recorded, options)?;
        Ok((design, recorded.latency.get()))
    }
}

/// A generator that writes down its latency.
#[derive(Clone)]
struct Recorded<G> {
    generator: G,
    latency: Rc<Cell<u32>>,
}

impl<G: Timed> PartialEq for Recorded<G> {
    fn eq(&self, other: &Self) -> bool {
        self.generator == other.generator
    }
}
impl<G: Timed> Eq for Recorded<G> {}
impl<G: Timed> Hash for Recorded<G> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.generator.hash(state);
    }
}
impl<G: Timed> Generator for Recorded<G> {
    type In = G::In;
    type Out = G::Out;
    fn shape(&self) -> <G::In as Bundle>::Shape {
        self.generator.shape()
    }
    fn build(&self, m: &Module, i: G::In) -> G::Out {
        let (out, latency) = self.generator.build_timed(m, i);
        self.latency.set(latency);
        out
    }
    fn name(&self) -> String {
        self.generator.name()
    }
}

impl Generator for Unrolled {
    type In = Ports;
    type Out = Ports;

    fn shape(&self) -> PortsShape {
        let (names, _) = tensor_names(&self.network);
        let types = self.network.inputs.iter().map(|(_, ty)| int_types(ty));
        PortsShape { valid: "in_valid".into(), tensors: names.into_iter().zip(types).collect() }
    }

    fn build(&self, m: &Module, i: Ports) -> Ports {
        self.build_timed(m, i).0
    }

    fn name(&self) -> String {
        self.network.name.clone()
    }
}

impl Timed for Unrolled {
    fn build_timed(&self, m: &Module, i: Ports) -> (Ports, u32) {
        let inputs = i.tensors.into_iter().map(|(_, elements)| elements).collect();
        let flight = Flight { valid: i.valid.1, last: None };
        let (flight, outputs, latency) = layers(m, self, flight, inputs);
        let (_, names) = tensor_names(&self.network);
        let tensors = names.into_iter().zip(outputs).collect();
        (Ports { valid: ("out_valid".into(), flight.valid), tensors }, latency)
    }
}

/// What goes along with a sample.
#[derive(Clone, Copy)]
pub(crate) struct Flight {
    pub valid: Bool,
    pub last: Option<Bool>,
}

/// The network behind registers, with what goes along: valid through registers that are reset.
pub(crate) fn layers(
    m: &Module,
    unrolled: &Unrolled,
    flight: Flight,
    inputs: Vec<Vec<Int>>,
) -> (Flight, Vec<Vec<Int>>, u32) {
    let network = &unrolled.network;
    let (ins, outs) = tensor_names(network);
    let mut region = "net".to_owned();
    while ins.iter().chain(&outs).any(|name| name.starts_with(&region)) {
        region.push('_');
    }
    let flags = [Some(flight.valid), flight.last].into_iter().flatten().collect();
    let hardware = Arc::new(Hardware::of(network, unrolled.target.family));
    let body = Body { hardware, flags: 1 + usize::from(flight.last.is_some()) };
    let ((flags, outputs), latency) = m.pipelined(&region, &body, (flags, inputs), &unrolled.target.delays());
    let mut valid = flight.valid;
    for stage in 1..=latency {
        let next = m.reg(&format!("valid_s{stage}"), BOOL).reset(false);
        next.set(valid);
        valid = next.q();
    }
    if let (Some(carried), true) = (flags.first(), latency > 0) {
        // The flag that went through the layers' registers, which are not reset.
        let message = format!("a result follows its inputs by {latency} clocks");
        m.assert("latency", !valid | *carried, &message);
    }
    (Flight { valid, last: flight.last.and(flags.get(1).copied()) }, outputs, latency)
}

/// The layers, without registers; flags pass by.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Body {
    hardware: Arc<Hardware>,
    flags: usize,
}

impl Generator for Body {
    type In = (Vec<Bool>, Vec<Vec<Int>>);
    type Out = (Vec<Bool>, Vec<Vec<Int>>);

    fn shape(&self) -> <Self::In as Bundle>::Shape {
        (vec![BOOL; self.flags], self.hardware.network.inputs.iter().map(|(_, ty)| int_types(ty)).collect())
    }

    fn build(&self, m: &Module, (flags, inputs): Self::In) -> Self::Out {
        let tensors = self.hardware.build(m, inputs);
        let outputs = &self.hardware.network.outputs;
        (flags, outputs.iter().map(|(_, t)| tensors[*t].clone()).collect())
    }
}
