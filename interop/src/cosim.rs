//! A design with rust_hdl leaves as one device: the interpreter runs our part, rust_hdl's simulation the leaves.
//!
//! The leaves are cut out of the design (see `cut`), and values go to and fro until none changes. At a clock edge every
//! leaf sees its clock rise on the values that were settled before, then our registers take theirs; nothing runs ahead.

use gatewright_dsl::ir::{Design, Dir, ModuleKind};
use gatewright_dsl::ty::Ty;
use gatewright_dsl::value::Value;
use gatewright_sim::error::{CheckFailure, Cover};
use gatewright_sim::{Dut, Interface, Interpreter, OnFailure, Pin, Schedule, SimError};

use crate::cut::{Hole, cut};
use crate::error::InteropError;
use crate::leaf::{AnyLeaf, Model, find};

/// How often values may go to and fro before a loop is reported.
const ROUNDS: usize = 1000;

/// A design with rust_hdl leaves. It is a [`Dut`] as every engine is.
pub struct Cosim {
    interface: Interface,
    ours: Interpreter,
    leaves: Vec<Running>,
    settled: bool,
}

struct Running {
    path: String,
    model: Box<dyn Model>,
    inputs: Vec<Line>,
    outputs: Vec<Line>,
    /// Declared paths as positions (input, output); `None`: any.
    paths: Option<Vec<(usize, usize)>>,
    /// Outputs may change whatever the inputs did: the clock rose, or the run begins.
    free: bool,
}

/// A port of a leaf.
struct Line {
    name: String,
    pin: Pin,
    ty: Ty,
    /// What was last there.
    value: Option<Value>,
}

impl Cosim {
    /// The design at power-up. `leaves` are the values that were instantiated, one for each name.
    ///
    /// # Errors
    /// A black box that is neither among the leaves nor has a model; leaves that do not pass [`Leaf::check`]; more than
    /// one clock.
    ///
    /// [`Leaf::check`]: crate::Leaf::check
    pub fn new(design: &Design, leaves: &[&dyn AnyLeaf]) -> Result<Cosim, InteropError> {
        let interface = Interface::of(design)?;
        if interface.clocks.len() > 1 {
            let clocks = interface.clocks.iter().map(|c| c.clock.clone()).collect();
            return Err(InteropError::Clocks { name: interface.top.clone(), clocks });
        }
        let without = |m: &gatewright_dsl::ir::Module| matches!(m.kind, ModuleKind::Extern { model: None, .. });
        let (rest, holes) = cut(design, without);
        let mut running = Vec::new();
        for hole in holes {
            let module = &design.modules[hole.module];
            let leaf = find(leaves, &module.name)?.ok_or_else(|| InteropError::NoLeaf {
                module: module.name.clone(),
                known: leaves.iter().map(|l| l.name()).collect(),
            })?;
            running.push(Running::new(design, hole, leaf.model()?));
        }
        Ok(Cosim { interface, ours: Interpreter::new(&rest)?, leaves: running, settled: false })
    }

    fn settle(&mut self) -> Result<(), SimError> {
        if self.settled {
            return Ok(());
        }
        for _ in 0..ROUNDS {
            let mut changed = false;
            for leaf in &mut self.leaves {
                changed |= leaf.exchange(&mut self.ours)?;
            }
            if !changed {
                self.settled = true;
                return Ok(());
            }
        }
        Err(SimError::CombinationalLoop(self.leaves.iter().map(|l| l.path.clone()).collect()))
    }
}

impl Running {
    fn new(design: &Design, hole: Hole, model: Box<dyn Model>) -> Running {
        let module = &design.modules[hole.module];
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        let mut places = Vec::new();
        for (port, pin) in hole.ports {
            let p = &module.ports[port];
            let list = if p.dir == Dir::Input { &mut inputs } else { &mut outputs };
            places.push((port, list.len()));
            list.push(Line { name: p.name.clone(), pin, ty: p.ty, value: None });
        }
        let at = |port| places.iter().find(|(p, _)| *p == port).map_or(0, |(_, n)| *n);
        let paths = match &module.kind {
            ModuleKind::Extern { paths: Some(paths), .. } => Some(paths.iter().map(|&(i, o)| (at(i), at(o))).collect()),
            _ => None,
        };
        Running { path: hole.path, model, inputs, outputs, paths, free: true }
    }

    /// Gives the leaf what has changed, and ours what that changes; false where nothing has.
    fn exchange(&mut self, ours: &mut Interpreter) -> Result<bool, SimError> {
        let mut moved = Vec::new();
        for (n, input) in self.inputs.iter_mut().enumerate() {
            let value = ours.peek(input.pin)?;
            if input.value.as_ref() != Some(&value) {
                self.model.set(&input.name, &value);
                input.value = Some(value);
                moved.push(n);
            }
        }
        if moved.is_empty() && !self.free {
            return Ok(false);
        }
        self.run()?;
        let mut changed = false;
        for (n, output) in self.outputs.iter_mut().enumerate() {
            let value = output.ty.cut(&self.model.get(&output.name));
            if output.value.as_ref() == Some(&value) {
                continue;
            }
            let known = |paths: &Vec<(usize, usize)>| moved.iter().any(|&i| paths.contains(&(i, n)));
            if !self.free && self.paths.as_ref().is_some_and(|paths| !known(paths)) {
                let from: Vec<&str> = moved.iter().map(|&i| self.inputs[i].name.as_str()).collect();
                let what = format!(
                    "`{}` changed with `{}` and without a clock edge; name that path in `paths`",
                    output.name,
                    from.join("`, `")
                );
                return Err(SimError::BlackBox { path: self.path.clone(), what });
            }
            ours.poke_value(output.pin, &value)?;
            output.value = Some(value);
            changed = true;
        }
        self.free = false;
        Ok(changed)
    }

    fn run(&mut self) -> Result<(), SimError> {
        if self.model.settle() {
            return Ok(());
        }
        let what = "its values do not settle; look for a loop in the rust_hdl block".to_string();
        Err(SimError::BlackBox { path: self.path.clone(), what })
    }

    /// A rising edge on the inputs as they are.
    fn edge(&mut self) -> Result<(), SimError> {
        for level in [true, false] {
            self.model.set_clock(level);
            self.run()?;
        }
        self.free = true;
        Ok(())
    }
}

impl Dut for Cosim {
    fn interface(&self) -> &Interface {
        &self.interface
    }
    fn engine(&self) -> &'static str {
        "interpreter with rust_hdl"
    }
    fn poke_value(&mut self, pin: Pin, value: &Value) -> Result<(), SimError> {
        // The pins of leaves, which ours has too, are nobody else's.
        self.interface.check_poke(pin, value)?;
        self.settled = false;
        self.ours.poke_value(pin, value)
    }
    fn peek(&mut self, pin: Pin) -> Result<Value, SimError> {
        self.interface.info(pin)?;
        self.settle()?;
        self.ours.peek(pin)
    }
    fn poke_reset(&mut self, clock: usize, active: bool) -> Result<(), SimError> {
        self.settled = false;
        self.ours.poke_reset(clock, active)
    }
    fn set_schedule(&mut self, schedule: &Schedule) -> Result<(), SimError> {
        self.ours.set_schedule(schedule)
    }
    fn ticks(&self, clock: usize) -> bool {
        self.ours.ticks(clock)
    }
    fn time(&self) -> u64 {
        self.ours.time()
    }
    fn step(&mut self) -> Result<(), SimError> {
        self.settle()?;
        for leaf in &mut self.leaves {
            leaf.edge()?;
        }
        self.settled = false;
        self.ours.step()
    }
    fn cycle(&self) -> u64 {
        self.ours.cycle()
    }
    fn on_failure(&mut self, policy: OnFailure) {
        self.ours.on_failure(policy);
    }
    fn take_failures(&mut self) -> Vec<CheckFailure> {
        self.ours.take_failures()
    }
    fn covers(&self) -> Vec<Cover> {
        self.ours.covers()
    }
    fn signals(&self) -> Vec<gatewright_sim::dut::SignalInfo> {
        self.ours.signals()
    }
    fn peek_signal(&mut self, signal: usize) -> Result<Value, SimError> {
        self.settle()?;
        self.ours.peek_signal(signal)
    }
}
