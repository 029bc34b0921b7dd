//! The interpreter: what a design means.
//!
//! [`Interpreter::new`] flattens the hierarchy into one graph (`flatten`), lowers decision trees to choices (`lower`),
//! and schedules what is needed as runs of equal operations over slots (`schedule`, `program`). A clock edge settles
//! the values, evaluates the checks (`checks`), takes the next state of every register and memory port (`memory`), and
//! then writes it.
//!
//! A black box is replaced by its simulation model.

mod checks;
pub(crate) use checks::place_text;
mod flatten;
mod graph;
mod lower;
mod memory;
mod program;
mod schedule;
mod signals;
mod wide;

use gatewright_dsl::ir::{Design, Dir, Polarity, ResetKind};
use gatewright_dsl::value::Value;

use self::checks::{Checks, When};
use self::flatten::{Flat, FlatMem, FlatReset};
use self::graph::{V, is_small};
use self::memory::{Memory, Now, ReadPort, Store, WritePort};
use self::program::{Program, Slot};
use self::schedule::Schedule;
use self::signals::{Paths, Signals};
use crate::clocks::{self, Timeline};
use crate::dut::{Dut, Failures, Interface, OnFailure, Pin, SignalInfo, check_clock, sharing_reset};
use crate::error::{CheckFailure, Cover, SimError, near_names};

/// What has to be computed again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dirty {
    Nothing,
    Inputs,
    All,
}

/// Registers with one clock and reset, side by side in the state.
struct Group {
    clock: usize,
    /// The reset that sets them to their initial values.
    reset: Option<usize>,
    small: std::ops::Range<usize>,
    wide: std::ops::Range<usize>,
}

/// A simulation of a verified design on exact values.
pub struct Interpreter {
    interface: Interface,
    paths: Paths,
    program: Program,
    small: Vec<i64>,
    wide: Vec<Value>,
    stores: Vec<Store>,
    memories: Vec<Memory>,
    groups: Vec<Group>,
    /// For each register's slot, in order: where its next value is, and its initial value.
    next_small: Vec<u32>,
    init_small: Vec<i64>,
    next_wide: Vec<Slot>,
    init_wide: Vec<Value>,
    /// The state to come: registers, then read data.
    buffer_small: Vec<i64>,
    buffer_wide: Vec<Value>,
    /// Slots below these are set from outside of the program.
    first_computed: (u32, u32),
    pins: Vec<Slot>,
    signals: Signals<Slot>,
    checks: Checks<Slot>,
    resets: Vec<FlatReset<Slot>>,
    /// Some of them are wires.
    makes_resets: bool,
    /// For each of them, whether it is active.
    in_reset: Vec<bool>,
    timeline: Timeline,
    dirty: Dirty,
    cycle: u64,
    failures: Failures,
}

impl Interpreter {
    /// A simulation of `design`, at power-up.
    pub fn new(design: &Design) -> Result<Interpreter, SimError> {
        let interface = Interface::of(design)?;
        let mut flat = flatten::flatten(design)?;
        let checks = checks::collect(design, &flat);
        let signals = signals::collect(design, &flat);
        let loop_error = |flat: &Flat, vs: &[V]| {
            let mut names: Vec<String> = vs.iter().filter_map(|&v| flat.describe(design, v)).collect();
            names.dedup();
            names.extend(names.first().cloned());
            SimError::CombinationalLoop(names)
        };
        let target = schedule::resolve(&mut flat.graph).map_err(|vs| loop_error(&flat, &vs))?;
        let to = |v: V| target[v as usize];

        flat.regs.sort_by_key(|r| (r.clock, r.reset.is_none(), r.reset));
        let mut state: Vec<V> = flat.regs.iter().map(|r| r.source).collect();
        state.extend(flat.mems.iter().flat_map(|m| m.reads.iter().flat_map(|r| r.data.iter().copied())));
        let inputs: Vec<V> = (interface.pins.iter().zip(&flat.pins))
            .filter(|(info, _)| info.dir == Dir::Input)
            .map(|(_, &v)| v)
            .collect();
        let mut roots: Vec<V> = flat.regs.iter().map(|r| to(r.next)).collect();
        roots.extend(flat.pins.iter().map(|&v| to(v)));
        roots.extend(flat.resets.iter().filter_map(|r| r.wire).map(to));
        roots.extend(checks.roots().into_iter().map(to));
        roots.extend(signals.values.iter().map(|&v| to(v)));
        for mem in &flat.mems {
            roots.extend(mem.reads.iter().flat_map(|r| [Some(r.addr), r.enable]).flatten().map(to));
            for w in &mem.writes {
                roots.extend([w.addr, w.enable].iter().chain(&w.data).chain(&w.mask).map(|&v| to(v)));
            }
        }
        let schedule = schedule::schedule(&flat, &inputs, &state, &roots).map_err(|vs| loop_error(&flat, &vs))?;
        let slot = |v: V| schedule.slot(to(v));
        let checks = checks.placed(slot);
        let signals = signals.placed(slot);
        let paths = flat.insts.iter().map(|i| (i.parent, i.name.clone())).collect();
        let mut this = Interpreter {
            paths,
            small: vec![0; schedule.small],
            wide: vec![Value::ZERO; schedule.wide],
            stores: Vec::new(),
            memories: Vec::new(),
            groups: Vec::new(),
            next_small: Vec::new(),
            init_small: Vec::new(),
            next_wide: Vec::new(),
            init_wide: Vec::new(),
            buffer_small: Vec::new(),
            buffer_wide: Vec::new(),
            first_computed: schedule.first_computed,
            pins: flat.pins.iter().map(|&v| slot(v)).collect(),
            signals,
            checks,
            in_reset: vec![false; flat.resets.len()],
            makes_resets: flat.resets.iter().any(|r| r.wire.is_some()),
            resets: (flat.resets.iter())
                .map(|r| FlatReset { kind: r.kind, polarity: r.polarity, wire: r.wire.map(slot) })
                .collect(),
            timeline: Timeline::new(interface.clocks.len()),
            dirty: Dirty::All,
            cycle: 0,
            failures: Failures::default(),
            program: Program::default(),
            interface,
        };
        this.place_registers(&flat, slot);
        for mem in &flat.mems {
            this.place_memory(design, &flat, mem, slot);
        }
        this.power_up(schedule);
        Ok(this)
    }

    /// The value of a named signal inside, by its path below the top, joined with dots: `pe_3.acc`.
    pub fn probe(&mut self, path: &str) -> Result<Value, SimError> {
        let found = self.signals.find(&self.paths, path).map_err(|names| SimError::NoSignal {
            top: self.interface.top.clone(),
            path: path.to_string(),
            near: near_names(path.rsplit('.').next().unwrap_or(path), names.into_iter()),
        })?;
        self.peek_signal(found)
    }

    fn place_registers(&mut self, flat: &Flat, slot: impl Fn(V) -> Slot) {
        for reg in &flat.regs {
            let key = (reg.clock as usize, reg.reset.map(|r| r as usize));
            if self.groups.last().is_none_or(|g| (g.clock, g.reset) != key) {
                let (s, w) = (self.next_small.len(), self.next_wide.len());
                self.groups.push(Group { clock: key.0, reset: key.1, small: s..s, wide: w..w });
            }
            if slot(reg.source).is_wide() {
                self.next_wide.push(slot(reg.next));
                self.init_wide.push(reg.init.clone());
            } else {
                self.init_small.push(reg.init.to_i64().unwrap_or_default());
                self.next_small.push(slot(reg.next).index());
            }
            if let Some(group) = self.groups.last_mut() {
                group.small.end = self.next_small.len();
                group.wide.end = self.next_wide.len();
            }
        }
        self.buffer_small = self.init_small.clone();
        self.buffer_wide = self.init_wide.clone();
    }

    fn place_memory(&mut self, design: &Design, flat: &Flat, mem: &FlatMem, slot: impl Fn(V) -> Slot) {
        let source = &design.modules[flat.insts[mem.inst as usize].module].mems[mem.mem];
        for (n, &ty) in mem.fields.iter().enumerate() {
            let word = |w: usize| match source.init.get(w).and_then(|fields| fields.get(n)) {
                Some(value) => ty.cut(value),
                None => ty.power_up(),
            };
            self.stores.push(if is_small(ty) {
                let small = |v: Value| v.to_i64().unwrap_or_default();
                let outside = small(ty.power_up());
                let words = if source.init.is_empty() {
                    vec![outside; mem.depth]
                } else {
                    (0..mem.depth).map(|w| small(word(w))).collect()
                };
                Store::Small { words, outside }
            } else {
                Store::Wide { words: (0..mem.depth).map(word).collect(), outside: ty.power_up() }
            });
        }
        let slots = |vs: &[V]| vs.iter().map(|&v| slot(v)).collect();
        let mut reads = Vec::new();
        for read in mem.reads.iter().filter(|r| !r.data.is_empty()) {
            let (addr, enable) = (slot(read.addr), read.enable.map(&slot));
            reads.push(ReadPort { clock: read.clock, addr, enable, data: slots(&read.data) });
            for (&data, ty) in read.data.iter().zip(&mem.fields) {
                if slot(data).is_wide() {
                    self.buffer_wide.push(ty.power_up());
                } else {
                    self.buffer_small.push(ty.power_up().to_i64().unwrap_or_default());
                }
            }
        }
        let write = |w: &flatten::FlatWrite| WritePort {
            clock: w.clock,
            addr: slot(w.addr),
            enable: slot(w.enable),
            data: slots(&w.data),
            mask: slots(&w.mask),
        };
        let writes = mem.writes.iter().map(write).collect();
        self.memories.push(Memory { stores: mem.stores, collision: mem.collision, reads, writes });
    }

    fn power_up(&mut self, schedule: Schedule) {
        self.program = schedule.program;
        self.small[..self.buffer_small.len()].copy_from_slice(&self.buffer_small);
        self.wide[..self.buffer_wide.len()].clone_from_slice(&self.buffer_wide);
        for (slot, value) in schedule.constants {
            wide::write(&mut self.small, &mut self.wide, slot, value);
        }
        for (n, info) in self.interface.pins.iter().enumerate() {
            if info.dir == Dir::Input {
                wide::write(&mut self.small, &mut self.wide, self.pins[n], info.ty.power_up());
            }
        }
    }

    fn settle(&mut self) {
        while self.dirty != Dirty::Nothing {
            let inputs_only = self.dirty == Dirty::Inputs;
            self.program.run(&mut self.small, &mut self.wide, &self.stores, inputs_only);
            self.dirty = Dirty::Nothing;
            self.resets_made_inside();
        }
    }

    /// Looks at the resets that are wires; one that acts at once does so.
    fn resets_made_inside(&mut self) {
        for n in 0..self.resets.len() {
            let Some(wire) = self.resets[n].wire else { continue };
            let high = Now { small: &self.small, wide: &self.wide }.bit(wire);
            let active = high == (self.resets[n].polarity == Polarity::High);
            if active && !self.in_reset[n] && self.resets[n].kind == ResetKind::Async {
                self.reset_now(n);
            }
            self.in_reset[n] = active;
        }
    }

    /// Puts the registers of a reset to their initial values.
    fn reset_now(&mut self, reset: usize) {
        for group in self.groups.iter().filter(|g| g.reset == Some(reset)) {
            for state in [&mut self.small, &mut self.buffer_small] {
                state[group.small.clone()].copy_from_slice(&self.init_small[group.small.clone()]);
            }
            for state in [&mut self.wide, &mut self.buffer_wide] {
                state[group.wide.clone()].clone_from_slice(&self.init_wide[group.wide.clone()]);
            }
        }
        self.dirty = Dirty::All;
    }

    fn value(&mut self, slot: Slot) -> Value {
        let computed = if slot.is_wide() { self.first_computed.1 } else { self.first_computed.0 };
        // A reset that is made inside changes registers when values settle.
        if slot.index() >= computed || self.makes_resets {
            self.settle();
        }
        wide::read(&self.small, &self.wide, slot)
    }

    /// The state after the edge.
    fn edge(&mut self) {
        let now = Now { small: &self.small, wide: &self.wide };
        for group in &self.groups {
            if !self.timeline.ticks(group.clock) {
                continue;
            }
            if group.reset.is_some_and(|r| self.in_reset[r]) {
                self.buffer_small[group.small.clone()].copy_from_slice(&self.init_small[group.small.clone()]);
                self.buffer_wide[group.wide.clone()].clone_from_slice(&self.init_wide[group.wide.clone()]);
                continue;
            }
            for n in group.small.clone() {
                self.buffer_small[n] = self.small[self.next_small[n] as usize];
            }
            for n in group.wide.clone() {
                self.buffer_wide[n] = now.get(self.next_wide[n]);
            }
        }
        for memory in &self.memories {
            memory.edge(now, &self.timeline, &mut self.buffer_small, &mut self.buffer_wide, &mut self.stores);
        }
        self.small[..self.buffer_small.len()].copy_from_slice(&self.buffer_small);
        for (to, from) in self.wide.iter_mut().zip(&self.buffer_wide) {
            if to != from {
                to.clone_from(from);
            }
        }
        self.dirty = Dirty::All;
    }
}

fn path_of(paths: &Paths, inst: u32) -> String {
    let (mut names, mut at) = (vec![&*paths[inst as usize].1], inst);
    while paths[at as usize].0 != at {
        at = paths[at as usize].0;
        names.push(&paths[at as usize].1);
    }
    names.reverse();
    names.join(".")
}

impl Dut for Interpreter {
    fn interface(&self) -> &Interface {
        &self.interface
    }
    fn engine(&self) -> &'static str {
        "interpreter"
    }

    fn poke_value(&mut self, pin: Pin, value: &Value) -> Result<(), SimError> {
        self.interface.check_poke(pin, value)?;
        let slot = self.pins[pin.index()];
        let n = slot.index() as usize;
        match value.to_i64() {
            Some(v) if !slot.is_wide() => {
                if self.small[n] == v {
                    return Ok(());
                }
                self.small[n] = v;
            }
            _ => wide::write(&mut self.small, &mut self.wide, slot, value.clone()),
        }
        if self.dirty == Dirty::Nothing {
            self.dirty = Dirty::Inputs;
        }
        Ok(())
    }

    fn peek(&mut self, pin: Pin) -> Result<Value, SimError> {
        self.interface.info(pin)?;
        Ok(self.value(self.pins[pin.index()]))
    }

    fn poke_reset(&mut self, clock: usize, active: bool) -> Result<(), SimError> {
        check_clock(&self.interface, clock)?;
        let Some(reset) = &self.interface.clocks[clock].reset else {
            return Ok(());
        };
        let at_once = active && reset.kind == ResetKind::Async;
        let sharing: Vec<usize> = sharing_reset(&self.interface, clock).collect();
        for clock in sharing {
            self.in_reset[clock] = active;
            if at_once {
                self.reset_now(clock);
            }
        }
        // What it resets at once may be the reset of others.
        if self.makes_resets {
            self.settle();
        }
        Ok(())
    }

    fn set_schedule(&mut self, schedule: &clocks::Schedule) -> Result<(), SimError> {
        self.timeline.set(&self.interface, schedule)
    }
    fn ticks(&self, clock: usize) -> bool {
        self.timeline.ticks(clock)
    }
    fn time(&self) -> u64 {
        self.timeline.time()
    }

    fn step(&mut self) -> Result<(), SimError> {
        self.settle();
        let now = Now { small: &self.small, wide: &self.wide };
        let paths = &self.paths;
        let when = When { in_reset: &self.in_reset, timeline: &self.timeline, cycle: self.cycle };
        let failed = self.checks.evaluate(now, &when, &self.memories, |inst| path_of(paths, inst));
        self.edge();
        self.timeline.advance();
        self.cycle += 1;
        self.failures.settle(failed)
    }

    fn cycle(&self) -> u64 {
        self.cycle
    }
    fn on_failure(&mut self, policy: OnFailure) {
        self.failures.policy = policy;
    }
    fn take_failures(&mut self) -> Vec<CheckFailure> {
        self.failures.take()
    }
    fn covers(&self) -> Vec<Cover> {
        self.checks.covers(|inst| path_of(&self.paths, inst))
    }

    fn signals(&self) -> Vec<SignalInfo> {
        self.signals.list(&self.paths)
    }
    fn peek_signal(&mut self, signal: usize) -> Result<Value, SimError> {
        match self.signals.values.get(signal) {
            Some(&slot) => Ok(self.value(slot)),
            None => Err(SimError::NoSignal {
                top: self.interface.top.clone(),
                path: format!("#{signal}"),
                near: Vec::new(),
            }),
        }
    }
}
