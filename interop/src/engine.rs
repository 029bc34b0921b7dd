//! Our interpreter behind the signals of a rust_hdl block.
//!
//! rust_hdl calls `update` again and again until nothing changes; the engine then has seen each rising edge once, on the
//! values that the block's inputs had when the edge came, as rust_hdl's own flip-flops do.

use std::sync::{Arc, Mutex, PoisonError};

use gatewright_dsl::emit::{self, EmitOptions, OutputFile, PinKind};
use gatewright_dsl::ir::{Design, Dir};
use gatewright_dsl::ty::Ty;
use gatewright_dsl::value::Value;
use gatewright_sim::{Dut, Interpreter, Pin, SimError};
use rust_hdl_core::prelude::*;
use sha2::{Digest, Sha256};

use crate::error::InteropError;
use crate::outside::{self, Kind};
use crate::word::{Wire, Word};

/// A signal that drives the engine.
pub trait Drives {
    /// Its value.
    fn value(&self) -> Value;
    /// Whether it has just changed.
    fn moved(&self) -> bool;
}

impl<T: Word> Drives for Signal<In, T> {
    fn value(&self) -> Value {
        self.get()
    }
    fn moved(&self) -> bool {
        self.changed
    }
}

/// A signal that the engine drives.
pub trait Takes {
    /// Takes a value.
    fn take(&mut self, value: &Value);
}

impl<T: Word> Takes for Signal<Out, T> {
    fn take(&mut self, value: &Value) {
        self.set(value);
    }
}

/// What went wrong in a simulation, to be asked after it; a clone tells of the same simulation.
#[derive(Clone, Debug, Default)]
pub struct Status(Arc<Mutex<Option<SimError>>>);

impl Status {
    /// The first check that failed, or the first input outside of its range.
    ///
    /// # Errors
    /// That.
    pub fn check(&self) -> Result<(), InteropError> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().map_or(Ok(()), |e| Err(e.clone().into()))
    }
    fn keep(&self, e: SimError) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(e);
    }
    fn failed(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

/// A port as it stands in Verilog.
#[derive(Clone, Debug)]
pub(crate) struct EnginePort {
    pub name: String,
    pub role: Role,
    pub ty: Ty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Clock,
    /// Active at this level.
    Reset(bool),
    Input(Pin),
    Output(Pin),
}

/// An elaborated design that a rust_hdl block runs and contains.
pub struct Engine {
    top: String,
    ports: Vec<EnginePort>,
    ours: Interpreter,
    cores: String,
    data: Vec<OutputFile>,
    status: Status,
}

impl Engine {
    /// The design at power-up.
    ///
    /// # Errors
    /// More than one clock; a module called `top`, as rust_hdl's own is; a black box without a model.
    pub fn new(design: &Design) -> Result<Engine, InteropError> {
        let top = design.modules[design.top].name.clone();
        if let Some(m) = design.modules.values().find(|m| m.name == "top") {
            return Err(InteropError::TakenName(m.name.clone()));
        }
        let mut ports = Vec::new();
        for pin in emit::pins(design, design.top) {
            let role = match pin.kind {
                PinKind::Clock => Role::Clock,
                PinKind::Reset(polarity) => Role::Reset(polarity == gatewright_dsl::ir::Polarity::High),
                PinKind::Data(port, Dir::Input) => Role::Input(Pin::of(port)),
                PinKind::Data(port, Dir::Output) => Role::Output(Pin::of(port)),
            };
            ports.push(EnginePort { name: pin.name, role, ty: pin.ty });
        }
        let clocks: Vec<String> = ports.iter().filter(|p| p.role == Role::Clock).map(|p| p.name.clone()).collect();
        if clocks.len() > 1 {
            return Err(InteropError::Clocks { name: top, clocks });
        }
        let options =
            EmitOptions { checks: false, source_map: false, comments: false, models: true, ..Default::default() };
        let (verilog, others): (Vec<_>, Vec<_>) =
            emit::emit(design, &options).files.into_iter().partition(|f| f.name.ends_with(".v"));
        let data = others.into_iter().filter(|f| !f.name.ends_with(".f")).collect();
        let cores = verilog.iter().map(|f| guarded(&f.text)).collect();
        Ok(Engine { top, ports, ours: Interpreter::new(design)?, cores, data, status: Status::default() })
    }

    /// Whether the ports of `block` are those of the design: names, directions, widths and signs.
    ///
    /// # Errors
    /// All that does not fit.
    pub fn check(&self, block: &dyn Block) -> Result<(), InteropError> {
        let theirs = outside::ports_of(block);
        let mut found = Vec::new();
        for port in &self.ports {
            let Some(other) = theirs.iter().find(|p| p.name() == port.name) else {
                found.push(format!("the block has no signal `{}`", port.name));
                continue;
            };
            match (port.role, other.kind) {
                (Role::Clock, Kind::Clock) => {}
                (Role::Clock, _) => found.push(format!("`{}` is the design's clock; make it a `Clock`", port.name)),
                (role, _) => {
                    found.extend(outside::differ(&port.name, port.ty, matches!(role, Role::Output(_)), other));
                }
            }
        }
        for other in &theirs {
            let name = other.name();
            if !self.ports.iter().any(|p| p.name == name) {
                let why = if other.kind == Kind::Clock { ", as nothing in it has state" } else { "" };
                found.push(format!("the design has no port `{name}`{why}"));
            }
        }
        if found.is_empty() { Ok(()) } else { Err(InteropError::Ports { block: self.top.clone(), found }) }
    }

    /// What `update` does: the inputs by name, the clock and the reset among them, and the outputs.
    pub fn exchange(&mut self, inputs: &[(&str, &dyn Drives)], outputs: &mut [(&str, &mut dyn Takes)]) {
        if let Err(e) = self.try_exchange(inputs, outputs) {
            self.status.keep(e);
        }
    }

    fn try_exchange(
        &mut self,
        inputs: &[(&str, &dyn Drives)],
        outputs: &mut [(&str, &mut dyn Takes)],
    ) -> Result<(), SimError> {
        let mut rises = false;
        let mut outside = Ok(());
        for (name, signal) in inputs {
            match self.ports.iter().find(|p| p.name == *name).map(|p| (p.role, p.ty)) {
                Some((Role::Clock, _)) => rises = signal.moved() && !signal.value().is_zero(),
                Some((Role::Reset(active), _)) => self.ours.poke_reset(0, signal.value().is_zero() != active)?,
                Some((Role::Input(pin), ty)) => {
                    let poked = self.ours.poke_value(pin, &ty.cut(&signal.value()));
                    outside = outside.and(poked);
                }
                _ => {}
            }
        }
        // As every simulator, at the edge only: before its first value a signal of rust_hdl is 0. A design without a clock has
        // no such ranges.
        if rises {
            outside?;
        }
        // The step moves the state on also where a check fails.
        let stepped = if rises { self.ours.step() } else { Ok(()) };
        for (name, signal) in outputs {
            if let Some(Role::Output(pin)) = self.ports.iter().find(|p| p.name == *name).map(|p| p.role) {
                signal.take(&self.ours.peek(pin)?);
            }
        }
        stepped
    }

    /// What `hdl` returns: an instance of the design's top, with its modules beside.
    pub fn hdl(&self) -> Verilog {
        let pins: Vec<String> = self.ports.iter().map(|p| format!("    .{0}({0})", p.name)).collect();
        let code = format!("{} inner (\n{}\n);\n", self.top, pins.join(",\n"));
        Verilog::Wrapper(Wrapper { code, cores: self.cores.clone() })
    }

    /// Contents of large memories, to be put beside rust_hdl's file under their names.
    pub fn data_files(&self) -> &[OutputFile] {
        &self.data
    }

    /// To be asked after the simulation, into which the block itself is moved.
    pub fn status(&self) -> Status {
        self.status.clone()
    }

    /// Something failed: the block then says that it never settles, so that rust_hdl's simulation ends in
    /// `FailedToConverge`.
    pub fn failed(&self) -> bool {
        self.status.failed()
    }

    pub(crate) fn ports(&self) -> &[EnginePort] {
        &self.ports
    }
    pub(crate) fn top(&self) -> &str {
        &self.top
    }
}

/// A module that is defined once however often it is written: rust_hdl writes what a wrapper brings along once for each
/// instance. Equal texts only have one guard.
fn guarded(module: &str) -> String {
    let digest = Sha256::digest(module.as_bytes());
    let guard = format!("GATEWRIGHT_{}", digest[..8].iter().map(|b| format!("{b:02X}")).collect::<String>());
    format!("`ifndef {guard}\n`define {guard}\n{module}`endif\n")
}
