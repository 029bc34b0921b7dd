//! Our design as a rust_hdl block whose widths are known at run time: hand-written signals instead of `Signal<_, Bits<N>>`.

use gatewright_dsl::ir::Design;
use gatewright_dsl::ty::Ty;
use gatewright_dsl::value::Value;
use rust_hdl_core::ast::VerilogLiteral;
use rust_hdl_core::prelude::*;
use rust_hdl_core::signal::get_signal_id;

use crate::engine::{Drives, Engine, Role, Status, Takes};
use crate::error::InteropError;

/// A signal of rust_hdl whose width is a value.
#[derive(Clone, Debug)]
pub struct RunTimePort {
    /// What it will be after the next `update_all`.
    pub next: Value,
    name: String,
    val: Value,
    ty: Ty,
    kind: AtomKind,
    changed: bool,
    driven: bool,
    id: usize,
}

impl RunTimePort {
    fn new(name: &str, ty: Ty, kind: AtomKind) -> RunTimePort {
        let (next, val) = (ty.power_up(), ty.power_up());
        RunTimePort { next, name: name.into(), val, ty, kind, changed: false, driven: false, id: get_signal_id() }
    }
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// The present value.
    pub fn val(&self) -> Value {
        match self.kind {
            AtomKind::InputParameter => self.val.clone(),
            // As a `Signal<Out, T>`.
            _ => self.next.clone(),
        }
    }
    /// Its type.
    pub fn ty(&self) -> Ty {
        self.ty
    }
}

impl Logic for RunTimePort {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.driven = true;
    }
}

impl Block for RunTimePort {
    fn connect_all(&mut self) {}
    fn update_all(&mut self) {
        self.changed = self.val != self.next;
        if self.changed {
            self.val.clone_from(&self.next);
        }
    }
    fn has_changed(&self) -> bool {
        self.changed
    }
    fn accept(&self, name: &str, probe: &mut dyn Probe) {
        probe.visit_atom(name, self);
    }
}

impl Atom for RunTimePort {
    fn bits(&self) -> usize {
        self.ty.width() as usize
    }
    fn connected(&self) -> bool {
        self.driven
    }
    fn changed(&self) -> bool {
        self.changed
    }
    fn kind(&self) -> AtomKind {
        self.kind
    }
    fn descriptor(&self) -> TypeDescriptor {
        let bits = Atom::bits(self);
        match self.ty {
            Ty::Int(range) if range.is_signed() => {
                TypeDescriptor { name: format!("Signed::<{bits}>"), kind: TypeKind::Signed(bits) }
            }
            _ => TypeDescriptor { name: format!("Bits::<{bits}>"), kind: TypeKind::Bits(bits) },
        }
    }
    fn vcd(&self) -> VCDValue {
        let bits = (0..self.ty.width()).rev().map(|n| VCDValue::from(self.val.bit(n)));
        let mut all: Vec<_> =
            bits.filter_map(|v| if let VCDValue::Single(bit) = v { Some(bit) } else { None }).collect();
        match all.len() {
            1 => VCDValue::Single(all.remove(0)),
            _ => VCDValue::Vector(all),
        }
    }
    fn id(&self) -> usize {
        self.id
    }
    /// The low 128 bits; rust_hdl asks constants only, which ports are not.
    fn verilog(&self) -> VerilogLiteral {
        let words = self.val.to_words(128);
        words.iter().rev().fold(0u128, |all, word| all << 32 | u128::from(*word)).into()
    }
    fn constraints(&self) -> Vec<PinConstraint> {
        Vec::new()
    }
}

impl Drives for RunTimePort {
    fn value(&self) -> Value {
        self.val.clone()
    }
    fn moved(&self) -> bool {
        self.changed
    }
}

impl Takes for RunTimePort {
    fn take(&mut self, value: &Value) {
        self.next.clone_from(value);
    }
}

/// An elaborated design as a rust_hdl block. Its data ports are [`RunTimePort`]s, found by name.
pub struct Embedded {
    /// The clock; without effect where the design has none.
    pub clock: Signal<In, Clock>,
    /// The reset; without effect where the design has none.
    pub reset: Signal<In, Bit>,
    clock_name: Option<String>,
    reset_name: Option<String>,
    inputs: Vec<RunTimePort>,
    outputs: Vec<RunTimePort>,
    engine: Engine,
}

impl Embedded {
    /// The design at power-up, with its reset inactive.
    ///
    /// # Errors
    /// As [`Engine::new`].
    pub fn new(design: &Design) -> Result<Embedded, InteropError> {
        let engine = Engine::new(design)?;
        let mut this = Embedded {
            clock: Signal::default(),
            reset: Signal::default(),
            clock_name: None,
            reset_name: None,
            inputs: Vec::new(),
            outputs: Vec::new(),
            engine,
        };
        for port in this.engine.ports() {
            match port.role {
                Role::Clock => this.clock_name = Some(port.name.clone()),
                Role::Reset(active) => {
                    this.reset_name = Some(port.name.clone());
                    this.reset.next = !active;
                }
                Role::Input(_) => this.inputs.push(RunTimePort::new(&port.name, port.ty, AtomKind::InputParameter)),
                Role::Output(_) => this.outputs.push(RunTimePort::new(&port.name, port.ty, AtomKind::OutputParameter)),
            }
        }
        Ok(this)
    }

    /// Sets an input's next value.
    ///
    /// # Errors
    /// There is no such input, or the value is not in its range.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) -> Result<(), InteropError> {
        let Some(port) = self.inputs.iter_mut().find(|p| p.name == name) else {
            return Err(no_port(self.engine.top(), "input", name, &self.inputs));
        };
        let value = value.into();
        if !port.ty.contains(&value) {
            let (port, ty) = (name.to_string(), port.ty.to_string());
            return Err(gatewright_sim::SimError::OutOfRange { port, value, ty }.into());
        }
        port.next = value;
        Ok(())
    }

    /// The value of an output.
    ///
    /// # Errors
    /// There is no such output.
    pub fn get(&self, name: &str) -> Result<Value, InteropError> {
        let found = self.outputs.iter().find(|p| p.name == name);
        found.map(RunTimePort::val).ok_or_else(|| no_port(self.engine.top(), "output", name, &self.outputs))
    }

    /// What went wrong; ask it after the simulation.
    pub fn status(&self) -> Status {
        self.engine.status()
    }
}

fn no_port(block: &str, wanted: &'static str, name: &str, known: &[RunTimePort]) -> InteropError {
    let known = known.iter().map(|p| p.name.clone()).collect();
    InteropError::NoPort { block: block.into(), wanted, name: name.into(), known }
}

impl Logic for Embedded {
    fn update(&mut self) {
        let mut inputs: Vec<(&str, &dyn Drives)> = self.inputs.iter().map(|p| (&*p.name, p as &dyn Drives)).collect();
        if let Some(name) = &self.clock_name {
            inputs.push((name, &self.clock));
        }
        if let Some(name) = &self.reset_name {
            inputs.push((name, &self.reset));
        }
        let names: Vec<String> = self.outputs.iter().map(|p| p.name.clone()).collect();
        let outputs = names.iter().zip(&mut self.outputs).map(|(n, p)| (n.as_str(), p as &mut dyn Takes));
        self.engine.exchange(&inputs, &mut outputs.collect::<Vec<_>>());
    }
    fn connect(&mut self) {
        self.outputs.iter_mut().for_each(Logic::connect);
    }
    fn hdl(&self) -> Verilog {
        self.engine.hdl()
    }
}

impl Block for Embedded {
    fn connect_all(&mut self) {
        self.connect();
    }
    fn update_all(&mut self) {
        self.update();
        self.clock.update_all();
        self.reset.update_all();
        self.inputs.iter_mut().chain(&mut self.outputs).for_each(Block::update_all);
    }
    fn has_changed(&self) -> bool {
        self.engine.failed()
            || self.clock.has_changed()
            || self.reset.has_changed()
            || self.inputs.iter().chain(&self.outputs).any(Block::has_changed)
    }
    fn accept(&self, name: &str, probe: &mut dyn Probe) {
        probe.visit_start_scope(name, self);
        if let Some(name) = &self.clock_name {
            self.clock.accept(name, probe);
        }
        if let Some(name) = &self.reset_name {
            self.reset.accept(name, probe);
        }
        self.inputs.iter().chain(&self.outputs).for_each(|p| p.accept(&p.name, probe));
        probe.visit_end_scope(name, self);
    }
}
