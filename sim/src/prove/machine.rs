//! A design as a state machine: what its state is, and one clock of it as terms.
//!
//! The intermediate representation is read here once more, apart from the interpreter, so that each checks the other:
//! a trace found by a proof is replayed there. The hierarchy is flattened, items are put in an order in which each comes
//! after those that it depends on, and `clock` computes them for any state and inputs.

use std::collections::HashMap;

use gatewright_dsl::ids::{Id, InstId, ModuleId, NodeId, PortId, WireId};
use gatewright_dsl::ir::visit::for_each_in_block;
use gatewright_dsl::ir::{CheckKind, Design, Dir, Mem, Module, ModuleKind, Op, Port, ResetKind};
use gatewright_dsl::ty::Ty;
use gatewright_dsl::value::Value;

use super::clock::Inputs;
use super::error::ProveError;
use super::operators::{Num, constant, width_of};
use super::terms::{T, Terms};
use crate::rng::Rng;

/// Words of all memories together, beyond which a design is too large to be proved.
pub const MOST_WORDS: u64 = 1 << 14;

pub(super) struct Inst {
    pub(super) module: ModuleId,
    pub(super) path: String,
    /// Index of the parent with the instance there; of the top, itself.
    pub(super) parent: usize,
    pub(super) of_parent: usize,
    /// Where its items begin: nodes, then wires.
    pub(super) nodes: usize,
    pub(super) wires: usize,
    /// Where its state begins: registers, then memories (words by field, then the data of clocked reads by field).
    pub(super) regs: usize,
    pub(super) mems: Vec<usize>,
    pub(super) children: Vec<usize>,
}

/// A part of the state.
pub(super) struct Element {
    /// Its path, which is the same before and after a pass. The data of all read ports of a memory have one name: a pass
    /// can drop ports, and those behind get other numbers.
    pub(super) name: String,
    pub(super) ty: Ty,
    /// At power-up, and under reset where `resets`.
    pub(super) init: Value,
    pub(super) resets: bool,
    register: bool,
}

/// A check of an instance.
pub(super) struct CheckAt {
    pub(super) inst: usize,
    pub(super) index: usize,
    /// The instance's path from the top's name down.
    pub(super) path: String,
    pub(super) name: String,
    pub(super) message: String,
    pub(super) place: String,
    pub(super) kind: Role,
    /// Of a stream's contract: where the offer held at the last edge is kept.
    pub(super) held: usize,
}

/// What a check is to a proof.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// To be proved: an assertion, a contract, a collision.
    Demand,
    /// To be proved; passes rely on it: a claim, or the range of a child's input.
    Range,
    /// Relied on.
    Assume,
    /// To be reached.
    Cover,
}

/// A port of the top.
pub(super) struct PinOf {
    pub(super) name: String,
    pub(super) dir: Dir,
    pub(super) ty: Ty,
}

/// A flattened design.
pub(super) struct Machine<'a> {
    pub(super) design: &'a Design,
    pub(super) insts: Vec<Inst>,
    pub(super) items: usize,
    pub(super) order: Vec<u32>,
    pub(super) state: Vec<Element>,
    pub(super) checks: Vec<CheckAt>,
    pub(super) pins: Vec<PinOf>,
    /// The name of the reset and its kind.
    pub(super) reset: Option<(String, ResetKind)>,
}

fn body(design: &Design, id: ModuleId, path: &str) -> Result<ModuleId, ProveError> {
    let mut id = id;
    loop {
        match &design.modules[id].kind {
            ModuleKind::Body => return Ok(id),
            ModuleKind::Extern { model: Some(model), .. } if *model != id => id = *model,
            ModuleKind::Extern { .. } => {
                return Err(ProveError::NoModel { path: path.into(), module: design.modules[id].name.clone() });
            }
        }
    }
}

impl<'a> Machine<'a> {
    /// The machine of a verified design with at most one clock.
    pub(super) fn new(design: &'a Design) -> Result<Machine<'a>, ProveError> {
        let top = &design.modules[design.top];
        let pin = |p: &Port| PinOf { name: p.name.clone(), dir: p.dir, ty: p.ty };
        let mut this = Machine {
            design,
            insts: Vec::new(),
            items: 0,
            order: Vec::new(),
            state: Vec::new(),
            checks: Vec::new(),
            pins: top.ports.values().map(pin).collect(),
            reset: top.domains.values().next().and_then(|d| d.reset.as_ref()).map(|r| (r.name.clone(), r.kind)),
        };
        let id = body(design, design.top, &top.name)?;
        this.instance(id, top.name.clone(), 0, 0)?;
        let mut at = 0;
        while at < this.insts.len() {
            for (id, inst) in design.modules[this.insts[at].module].insts.iter() {
                let path = format!("{}.{}", this.insts[at].path, inst.name);
                let module = body(design, inst.module, &path)?;
                let child = this.insts.len();
                this.instance(module, path, at, id.index())?;
                this.insts[at].children.push(child);
            }
            at += 1;
        }
        this.find_checks();
        this.sort()?;
        Ok(this)
    }

    fn instance(&mut self, id: ModuleId, path: String, parent: usize, of_parent: usize) -> Result<(), ProveError> {
        let module = &self.design.modules[id];
        // Also a second reset on one clock, which a module can make for itself.
        if module.domains.len() > 1 {
            let clocks = module.domains.values().map(|d| d.clock.clone()).collect();
            return Err(ProveError::Clocks { top: module.name.clone(), clocks });
        }
        let nodes = self.items;
        let wires = nodes + module.nodes.len();
        self.items = wires + module.wires.len();
        // Below the top's name, which a pass or a caller may give another.
        let below = path.split_once('.').map_or(String::new(), |(_, rest)| format!("{rest}."));
        let regs = self.state.len();
        for reg in module.regs.values() {
            self.state.push(Element {
                name: format!("{below}{}", reg.name),
                ty: reg.ty,
                init: reg.power_up(),
                resets: reg.reset.is_some() && module.domains[reg.domain].reset.is_some(),
                register: true,
            });
        }
        let mut mems = Vec::new();
        for mem in module.mems.values() {
            mems.push(self.state.len());
            let words = mem.depth.saturating_mul(mem.fields.len() as u64);
            if (self.state.len() as u64).saturating_add(words) > MOST_WORDS {
                let path = format!("{path}.{}", mem.name);
                return Err(ProveError::TooLarge { path, depth: mem.depth, most: MOST_WORDS });
            }
            for (f, field) in mem.fields.iter().enumerate() {
                for n in 0..words_of(mem) {
                    self.state.push(Element {
                        name: format!("{below}{}[{n}].{f}", mem.name),
                        ty: field.ty,
                        init: at_first(mem, n, f),
                        resets: false,
                        register: false,
                    });
                }
            }
            for _ in mem.reads.iter().filter(|r| r.sync.is_some()) {
                for (f, field) in mem.fields.iter().enumerate() {
                    self.state.push(Element {
                        name: format!("{below}{} read.{f}", mem.name),
                        ty: field.ty,
                        init: field.ty.power_up(),
                        resets: false,
                        register: false,
                    });
                }
            }
        }
        self.insts.push(Inst { module: id, path, parent, of_parent, nodes, wires, regs, mems, children: Vec::new() });
        Ok(())
    }

    fn find_checks(&mut self) {
        for (n, inst) in self.insts.iter().enumerate() {
            let module = &self.design.modules[inst.module];
            for (id, check) in module.checks.iter() {
                let held = self.state.len();
                if let CheckKind::Stable { payload, .. } = &check.kind {
                    // Whether an offer is held, and what was offered; forgotten under reset.
                    let below = inst.path.split_once('.').map_or("", |(_, rest)| rest);
                    let mut push = |what: String, ty: Ty, resets| {
                        let name = format!("{below} {} {what}", check.name);
                        self.state.push(Element { name, ty, init: ty.power_up(), resets, register: false });
                    };
                    push("held".into(), Ty::BOOL, true);
                    payload.iter().enumerate().for_each(|(k, &x)| push(format!("held {k}"), module.nodes[x].ty, false));
                }
                let kind = match &check.kind {
                    CheckKind::Assert(_) | CheckKind::NoCollision(_) | CheckKind::Stable { .. } => Role::Demand,
                    CheckKind::Claim { .. } => Role::Range,
                    CheckKind::InputRange(_) => Role::Range,
                    CheckKind::Assume(_) => Role::Assume,
                    CheckKind::Cover(_) => Role::Cover,
                };
                self.checks.push(CheckAt {
                    inst: n,
                    index: id.index(),
                    path: inst.path.clone(),
                    name: check.name.clone(),
                    message: check.message.clone(),
                    place: crate::interpreter::place_text(self.design, check.place),
                    kind,
                    held,
                });
            }
        }
    }

    pub(super) fn module(&self, inst: &Inst) -> &'a Module {
        &self.design.modules[inst.module]
    }

    /// The instance that an item belongs to.
    pub(super) fn inst_of(&self, item: usize) -> usize {
        self.insts.partition_point(|i| i.nodes <= item) - 1
    }

    /// The item in the parent that drives an input of an instance.
    pub(super) fn outer(&self, inst: &Inst, port: PortId) -> Option<usize> {
        let parent = &self.insts[inst.parent];
        let inputs = &self.module(parent).insts[InstId::new(inst.of_parent)].inputs;
        let at = inputs.iter().find(|(p, _)| *p == port)?;
        Some(parent.nodes + at.1.index())
    }

    fn depends(&self, item: usize, f: &mut dyn FnMut(usize)) {
        let n = self.inst_of(item);
        let inst = &self.insts[n];
        let module = self.module(inst);
        if item >= inst.wires {
            let wire = &module.wires[WireId::new(item - inst.wires)];
            return for_each_in_block(&wire.driver, &mut |x| f(inst.nodes + x.index()));
        }
        match &module.nodes[NodeId::new(item - inst.nodes)].op {
            Op::Input(port) if n > 0 => self.outer(inst, *port).into_iter().for_each(f),
            Op::Wire(wire) => f(inst.wires + wire.index()),
            Op::Inst(child, port) => {
                let child = &self.insts[inst.children[child.index()]];
                if let Some(driver) = self.module(child).ports[*port].driver {
                    f(child.nodes + driver.index());
                }
            }
            Op::MemRead { mem, port, .. } => {
                let read = &module.mems[*mem].reads[*port as usize];
                if read.sync.is_none() {
                    f(inst.nodes + read.addr.index());
                }
            }
            op => module.for_each_operand(op, |x| f(inst.nodes + x.index())),
        }
    }

    /// Puts all items in an order in which each comes after those that it depends on.
    fn sort(&mut self) -> Result<(), ProveError> {
        const OPEN: u8 = 1;
        const DONE: u8 = 2;
        let mut marks = vec![0u8; self.items];
        let mut order = Vec::with_capacity(self.items);
        let mut stack = Vec::new();
        for root in 0..self.items {
            stack.push((root, false));
            while let Some((item, expanded)) = stack.pop() {
                if expanded {
                    marks[item] = DONE;
                    order.push(item as u32);
                } else if marks[item] == 0 {
                    marks[item] = OPEN;
                    stack.push((item, true));
                    let mut looped = false;
                    self.depends(item, &mut |x| match marks[x] {
                        0 => stack.push((x, false)),
                        mark => looped |= mark == OPEN,
                    });
                    if looped {
                        let inst = &self.insts[self.inst_of(item)];
                        return Err(ProveError::Malformed(format!("there is a combinational loop in `{}`", inst.path)));
                    }
                }
            }
        }
        self.order = order;
        Ok(())
    }

    /// The top's name.
    pub(super) fn name(&self) -> &str {
        &self.design.modules[self.design.top].name
    }

    /// The state at power-up.
    pub(super) fn power_up(&self, b: &mut Terms) -> Vec<T> {
        (0..self.state.len()).map(|n| self.at_power_up(b, n)).collect()
    }

    /// A part of the state at power-up.
    pub(super) fn at_power_up(&self, b: &mut Terms, n: usize) -> T {
        b.constant(&self.state[n].init, width_of(self.state[n].ty))
    }

    /// Registers that keep their first value in a short run with random inputs.
    pub(super) fn unchanged(&self) -> Vec<usize> {
        const CLOCKS: usize = 24;
        let (mut b, mut rng) = (Terms::default(), Rng::new(1));
        let first = self.power_up(&mut b);
        let mut state = first.clone();
        let mut list: Vec<usize> = (0..state.len()).filter(|&n| self.state[n].register).collect();
        for _ in 0..CLOCKS {
            // With constants for inputs and state, the clock's terms are constants, too.
            let pins = self.pins.iter().map(|pin| constant(&mut b, &rng.value(pin.ty), pin.ty)).collect();
            let reset = b.bit(false);
            state = self.clock(&mut b, &state, &Inputs { pins, reset }).next;
            list.retain(|&n| state[n] == first[n]);
        }
        list
    }

    /// A state of which nothing is known.
    pub(super) fn any_state(&self, b: &mut Terms) -> Vec<T> {
        let any = |e: &Element| match e.ty.as_constant() {
            Some(only) => b.constant(&only, width_of(e.ty)),
            None => b.var(width_of(e.ty)),
        };
        self.state.iter().map(any).collect()
    }

    /// The value of a part of a state.
    pub(super) fn value(&self, state: &[T], n: usize) -> Num {
        Num { t: state[n], signed: self.state[n].ty.is_signed() }
    }

    /// Inputs of which nothing is known, and the condition that they are in their ranges. The reset is active where the
    /// solver wishes, if `resets`.
    pub(super) fn any_inputs(&self, b: &mut Terms, resets: bool) -> (Inputs, T) {
        let mut within = b.bit(true);
        let mut pins = Vec::with_capacity(self.pins.len());
        for pin in &self.pins {
            let value = match (pin.dir, pin.ty.as_constant()) {
                (Dir::Input, None) => Num { t: b.var(width_of(pin.ty)), signed: pin.ty.is_signed() },
                _ => constant(b, &pin.ty.power_up(), pin.ty),
            };
            let inside = value.is_in(b, pin.ty);
            within = b.and(within, inside);
            pins.push(value);
        }
        let reset = if resets && self.reset.is_some() { b.var(1) } else { b.bit(false) };
        (Inputs { pins, reset }, within)
    }

    /// Which parts of the state have one name, here and in `other`: all pairs.
    pub(super) fn matched(&self, other: &Machine<'_>) -> Vec<(usize, usize)> {
        let mut theirs: HashMap<&str, Vec<usize>> = HashMap::new();
        for (n, e) in other.state.iter().enumerate() {
            theirs.entry(&e.name).or_default().push(n);
        }
        let pairs = |(n, e): (usize, &Element)| {
            let found = theirs.get(e.name.as_str()).into_iter().flatten();
            found.map(|&k| (n, k)).collect::<Vec<_>>()
        };
        self.state.iter().enumerate().flat_map(pairs).collect()
    }
}

/// The words of a memory that are part of the state: none of a table that nobody writes.
pub(super) fn words_of(mem: &Mem) -> usize {
    if mem.writes.is_empty() { 0 } else { mem.depth as usize }
}

/// What a memory holds at power-up.
pub(super) fn at_first(mem: &Mem, word: usize, field: usize) -> Value {
    let ty = mem.fields[field].ty;
    mem.init.get(word).map_or_else(|| ty.power_up(), |w| ty.cut(&w[field]))
}
