//! Many designs in one: a top level that instantiates each, so that hundreds of small designs share one build of a
//! compiled engine.
//!
//! Design number 17 becomes the instance `d17`; its ports get the prefix `d17_`, and so do the names of its modules.
//! Clocks with the same kind of reset are shared. [`Batch::view`] shows one design of a running batch as a device.

use gatewright_dsl::ids::{Arena, DomainId, Id, ModuleId, PlaceId, PortId};
use gatewright_dsl::ir::{
    Block, Design, Dir, Domain, Inst, Module, ModuleKind, Node, Op, Place, Places, Port, Reset, Stmt, StreamPort,
};
use gatewright_dsl::value::Value;

use crate::clocks::Schedule;
use crate::dut::{Dut, Interface, OnFailure, Pin};
use crate::error::{CheckFailure, Cover, SimError};

/// Designs merged into one.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The merged design; its top is `batch`.
    pub design: Design,
    parts: Vec<Part>,
}

/// One design of a batch.
#[derive(Clone, Debug)]
struct Part {
    interface: Interface,
    /// The pin of the batch for each pin.
    pins: Vec<Pin>,
    /// The clock of the batch for each clock.
    clocks: Vec<usize>,
}

/// The name of design number `n` in a batch.
pub fn name_of(n: usize) -> String {
    format!("d{n}")
}

impl Batch {
    /// Merges designs, which stay as they are.
    pub fn new<'d>(designs: impl IntoIterator<Item = &'d Design>) -> Result<Batch, SimError> {
        let here = Place { file: "batch".into(), line: 1, column: 1, caller: None, scope: None };
        let mut modules = Arena::new();
        let mut places: Arena<PlaceId, Place> = [here].into_iter().collect();
        let mut top = empty_top();
        // Inputs come before outputs in a module's ports.
        let mut outputs: Vec<(usize, PortId, Port)> = Vec::new();
        let mut parts = Vec::new();
        for (n, design) in designs.into_iter().enumerate() {
            let interface = Interface::of(design)?;
            let first = modules.len();
            add_modules(&mut modules, &mut places, design, n);
            let child = &modules[ModuleId::new(first + design.top.index())];
            let domains: Vec<DomainId> = child.domains.values().map(|d| shared(&mut top.domains, d)).collect();
            let mut pins = vec![Pin(0); child.ports.len()];
            let inst = top.insts.next_id();
            let mut inputs = Vec::new();
            for (id, port) in child.ports.iter() {
                let name = format!("{}_{}", name_of(n), port.name);
                let port = Port { name, driver: None, place: PlaceId(0), ..port.clone() };
                let ty = port.ty;
                if port.dir == Dir::Output {
                    let node = top.nodes.push(Node { op: Op::Inst(inst, id), ty, place: PlaceId(0) });
                    outputs.push((n, id, Port { driver: Some(node), ..port }));
                } else {
                    let at = top.ports.push(port);
                    pins[id.index()] = Pin::of(at);
                    inputs.push((id, top.nodes.push(Node { op: Op::Input(at), ty, place: PlaceId(0) })));
                }
            }
            let clocks = domains.iter().map(|d| d.index()).collect();
            let module = ModuleId::new(first + design.top.index());
            top.insts.push(Inst { name: name_of(n), module, domains, inputs, place: PlaceId(0) });
            parts.push(Part { interface, pins, clocks });
        }
        for (n, id, port) in outputs {
            let at = top.ports.push(port);
            parts[n].pins[id.index()] = Pin::of(at);
        }
        for (n, part) in parts.iter().enumerate() {
            let port = |pin: Pin| PortId(part.pins[pin.index()].0);
            top.streams.extend(part.interface.streams.iter().map(|s| StreamPort {
                name: format!("{}_{}", name_of(n), s.name),
                dir: s.dir,
                valid: port(s.valid),
                ready: port(s.ready),
                last: port(s.last),
                payload: s.payload.iter().map(|&p| port(p)).collect(),
            }));
        }
        let top = modules.push(top);
        Ok(Batch { design: Design { modules, top, places: Places(places) }, parts })
    }

    /// The number of designs.
    pub fn len(&self) -> usize {
        self.parts.len()
    }
    /// True where there is no design.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
    /// Design number `n` of a device that runs this batch. A step of the view is a step of all, and its schedule is the
    /// schedule of all.
    pub fn view<'a>(&'a self, dut: &'a mut dyn Dut, n: usize) -> Option<SubDut<'a>> {
        let part = self.parts.get(n)?;
        Some(SubDut { dut, part, scope: format!("{}.{}", self.design.modules[self.design.top].name, name_of(n)) })
    }
}

fn empty_top() -> Module {
    Module::new("batch".into(), PlaceId(0))
}

/// The domain of the top for a clock of this name with a reset of this name and kind.
fn shared(domains: &mut Arena<DomainId, Domain>, wanted: &Domain) -> DomainId {
    let reset = wanted.reset.as_ref().map(|r| {
        let name = format!("{}_{:?}_{:?}_shared", r.name, r.kind, r.polarity).to_lowercase();
        Reset { name, kind: r.kind, polarity: r.polarity }
    });
    let domain = Domain { clock: format!("{}_shared", wanted.clock), reset };
    let known = domains.iter().find(|(_, d)| **d == domain).map(|(id, _)| id);
    known.unwrap_or_else(|| domains.push(domain))
}

/// Copies the modules of a design, with ids of modules and places shifted and unique names.
fn add_modules(modules: &mut Arena<ModuleId, Module>, places: &mut Arena<PlaceId, Place>, design: &Design, n: usize) {
    let (first_module, first_place) = (modules.len() as u32, places.len() as u32);
    let shift = |p: &mut PlaceId| p.0 += first_place;
    for place in design.places.0.values() {
        let mut place = place.clone();
        place.caller.iter_mut().for_each(shift);
        places.push(place);
    }
    for module in design.modules.values() {
        let mut module = module.clone();
        match &mut module.kind {
            // The name is that of Verilog from elsewhere.
            ModuleKind::Extern { model: None, .. } => {}
            ModuleKind::Extern { model: Some(model), .. } => {
                model.0 += first_module;
                module.name = format!("{}_{}", name_of(n), module.name);
            }
            ModuleKind::Body => module.name = format!("{}_{}", name_of(n), module.name),
        }
        module.insts.values_mut().for_each(|i| i.module.0 += first_module);
        for_each_place(&mut module, shift);
        modules.push(module);
    }
}

fn for_each_place(m: &mut Module, f: impl Fn(&mut PlaceId)) {
    f(&mut m.place);
    m.ports.values_mut().for_each(|x| f(&mut x.place));
    m.nodes.values_mut().for_each(|x| f(&mut x.place));
    m.insts.values_mut().for_each(|x| f(&mut x.place));
    m.checks.values_mut().for_each(|x| f(&mut x.place));
    m.matvecs.values_mut().for_each(|x| f(&mut x.place));
    for mem in m.mems.values_mut() {
        f(&mut mem.place);
        mem.reads.iter_mut().for_each(|x| f(&mut x.place));
        mem.writes.iter_mut().for_each(|x| f(&mut x.place));
    }
    m.regs.values_mut().for_each(|x| f(&mut x.place));
    m.wires.values_mut().for_each(|x| f(&mut x.place));
    let mut open: Vec<&mut Block> = m.regs.values_mut().map(|r| &mut r.next).collect();
    open.extend(m.wires.values_mut().map(|w| &mut w.driver));
    while let Some(block) = open.pop() {
        for stmt in block {
            match stmt {
                Stmt::Set { place, .. } => f(place),
                Stmt::When { arms, otherwise, .. } => {
                    open.extend(arms.iter_mut().map(|a| &mut a.1));
                    open.push(otherwise);
                }
                Stmt::Switch { arms, default, .. } => {
                    open.extend(arms.iter_mut().map(|a| &mut a.1));
                    open.push(default);
                }
            }
        }
    }
}

/// One design of a running batch.
pub struct SubDut<'a> {
    dut: &'a mut dyn Dut,
    part: &'a Part,
    /// The path of its instance.
    scope: String,
}

impl SubDut<'_> {
    fn own(&self, path: &str) -> Option<String> {
        let rest = path.strip_prefix(&self.scope)?;
        (rest.is_empty() || rest.starts_with('.')).then(|| format!("{}{rest}", self.part.interface.top))
    }
    fn own_failures(&self, failures: Vec<CheckFailure>) -> Vec<CheckFailure> {
        failures.into_iter().filter_map(|f| Some(CheckFailure { path: self.own(&f.path)?, ..f })).collect()
    }
}

impl Dut for SubDut<'_> {
    fn interface(&self) -> &Interface {
        &self.part.interface
    }
    fn engine(&self) -> &'static str {
        self.dut.engine()
    }
    fn poke_value(&mut self, pin: Pin, value: &Value) -> Result<(), SimError> {
        self.part.interface.check_poke(pin, value)?;
        self.dut.poke_value(self.part.pins[pin.index()], value)
    }
    fn peek(&mut self, pin: Pin) -> Result<Value, SimError> {
        self.part.interface.info(pin)?;
        self.dut.peek(self.part.pins[pin.index()])
    }
    fn poke_reset(&mut self, clock: usize, active: bool) -> Result<(), SimError> {
        crate::dut::check_clock(&self.part.interface, clock)?;
        self.dut.poke_reset(self.part.clocks[clock], active)
    }
    fn set_schedule(&mut self, schedule: &Schedule) -> Result<(), SimError> {
        let mut outer = Schedule::new();
        for (name, period, phase) in schedule.clocks() {
            let of_part = self.part.interface.clocks.iter().position(|c| c.clock == *name);
            let name = of_part.map_or(name, |n| &self.dut.interface().clocks[self.part.clocks[n]].clock);
            outer = outer.clock(name, period, phase);
        }
        self.dut.set_schedule(&outer)
    }
    fn ticks(&self, clock: usize) -> bool {
        self.part.clocks.get(clock).is_some_and(|&n| self.dut.ticks(n))
    }
    fn time(&self) -> u64 {
        self.dut.time()
    }
    fn step(&mut self) -> Result<(), SimError> {
        match self.dut.step() {
            Err(SimError::CheckFailed(failures)) => match self.own_failures(failures) {
                own if own.is_empty() => Ok(()),
                own => Err(SimError::CheckFailed(own)),
            },
            other => other,
        }
    }
    fn cycle(&self) -> u64 {
        self.dut.cycle()
    }
    fn on_failure(&mut self, policy: OnFailure) {
        self.dut.on_failure(policy);
    }
    fn take_failures(&mut self) -> Vec<CheckFailure> {
        let all = self.dut.take_failures();
        self.own_failures(all)
    }
    fn covers(&self) -> Vec<Cover> {
        let all = self.dut.covers().into_iter();
        all.filter_map(|c| Some(Cover { path: self.own(&c.path)?, ..c })).collect()
    }
}
