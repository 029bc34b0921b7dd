//! The hierarchy becomes one graph: every instance gets its own vertices, and ports are aliases of what drives them.

use std::sync::Arc;

use gatewright_dsl::ids::{DomainId, Id, InstId, MemId, ModuleId, NodeId, PortId, RegId, WireId};
use gatewright_dsl::ir::{Collision, Design, Dir, Module, ModuleKind, Op, Polarity, ResetKind, UnOp};
use gatewright_dsl::ty::Ty;
use gatewright_dsl::value::Value;

use super::graph::{Def, Graph, Sum, V};
use super::lower::{self, vertex};
use crate::error::SimError;

/// An instance of a module with a body.
pub(super) struct FlatInst {
    pub(super) module: ModuleId,
    pub(super) name: Arc<str>,
    /// Index of the parent; of the top, itself.
    pub(super) parent: u32,
    /// The instance in the parent.
    inst: InstId,
    pub(super) nodes: V,
    wires: V,
    pub(super) regs: u32,
    pub(super) mems: u32,
    children: u32,
    /// For each domain of the module, the clock of the top.
    pub(super) clocks: Vec<u32>,
    /// For each domain of the module, its reset among [`Flat::resets`].
    pub(super) resets: Vec<u32>,
}

/// A reset.
pub(super) struct FlatReset<T> {
    pub(super) kind: ResetKind,
    pub(super) polarity: Polarity,
    /// What drives it; `None`: a pin of the top, or nothing.
    pub(super) wire: Option<T>,
}

pub(super) struct FlatReg {
    pub(super) source: V,
    pub(super) next: V,
    pub(super) clock: u32,
    pub(super) init: Value,
    /// The reset that sets it to `init`.
    pub(super) reset: Option<u32>,
}

pub(super) struct FlatRead {
    pub(super) clock: u32,
    pub(super) addr: V,
    pub(super) enable: Option<V>,
    /// One per field.
    pub(super) data: Vec<V>,
}

pub(super) struct FlatWrite {
    pub(super) clock: u32,
    pub(super) addr: V,
    pub(super) enable: V,
    pub(super) data: Vec<V>,
    pub(super) mask: Vec<V>,
}

pub(super) struct FlatMem {
    /// The first of its stores, one per field.
    pub(super) stores: u32,
    pub(super) fields: Vec<Ty>,
    pub(super) depth: usize,
    pub(super) collision: Collision,
    /// The synchronous read ports.
    pub(super) reads: Vec<FlatRead>,
    pub(super) writes: Vec<FlatWrite>,
    /// Where it comes from.
    pub(super) inst: u32,
    pub(super) mem: MemId,
}

/// The flattened design.
pub(super) struct Flat {
    pub(super) graph: Graph,
    pub(super) insts: Vec<FlatInst>,
    pub(super) regs: Vec<FlatReg>,
    pub(super) mems: Vec<FlatMem>,
    /// One per domain of the top, then those that modules make.
    pub(super) resets: Vec<FlatReset<V>>,
    /// For each port of the top: the input, or what drives the output.
    pub(super) pins: Vec<V>,
}

/// Words of one memory that the interpreter keeps.
const MEMORY_LIMIT: u64 = 1 << 28;

/// Flattens a verified design.
pub(super) fn flatten(design: &Design) -> Result<Flat, SimError> {
    let mut flat = Flat {
        graph: Graph::default(),
        insts: Vec::new(),
        regs: Vec::new(),
        mems: Vec::new(),
        resets: Vec::new(),
        pins: Vec::new(),
    };
    flat.instances(design)?;
    let top = &design.modules[design.top];
    for port in top.ports.values() {
        let v = flat.graph.push(Def::Source, port.ty);
        if let Some(only) = port.ty.as_constant() {
            flat.graph.set(v, Def::Const(only), port.ty);
        }
        flat.pins.push(v);
    }
    for n in 0..flat.insts.len() {
        flat.memories(design, n)?;
    }
    for n in 0..flat.insts.len() {
        flat.nodes(design, n);
    }
    for n in 0..flat.insts.len() {
        flat.targets(design, n);
    }
    for (id, port) in top.ports.iter() {
        if let (Dir::Output, None, Some(driver)) = (port.dir, port.ty.as_constant(), port.driver) {
            let driver = vertex(0, driver);
            flat.graph.set(flat.pins[id.index()], Def::Alias(driver), port.ty);
        }
    }
    Ok(flat)
}

/// The module that stands for `id` in simulation.
fn body(design: &Design, id: ModuleId, path: impl Fn() -> String) -> Result<ModuleId, SimError> {
    let mut id = id;
    loop {
        match &design.modules[id].kind {
            ModuleKind::Body => return Ok(id),
            // Children come before parents, so that the way to a model ends.
            ModuleKind::Extern { model: Some(model), .. } if *model != id => id = *model,
            ModuleKind::Extern { .. } => {
                return Err(SimError::NoModel { path: path(), module: design.modules[id].name.clone() });
            }
        }
    }
}

impl Flat {
    /// The path of an instance, from the top's name down.
    pub(super) fn path(insts: &[FlatInst], inst: u32) -> String {
        let (mut names, mut at) = (vec![&*insts[inst as usize].name], inst);
        while insts[at as usize].parent != at {
            at = insts[at as usize].parent;
            names.push(&insts[at as usize].name);
        }
        names.reverse();
        names.join(".")
    }

    fn instances(&mut self, design: &Design) -> Result<(), SimError> {
        let top_name = &design.modules[design.top].name;
        let top = body(design, design.top, || top_name.clone())?;
        let domains = &design.modules[top].domains;
        self.resets.extend(domains.values().map(|d| {
            let (kind, polarity) = d.kind().unwrap_or((ResetKind::Sync, Polarity::High));
            FlatReset { kind, polarity, wire: None }
        }));
        let clocks: Vec<u32> = (0..domains.len() as u32).collect();
        let name: Arc<str> = top_name.as_str().into();
        self.instance(design, top, name, (0, InstId(0)), clocks.clone(), clocks);
        let mut at = 0;
        while at < self.insts.len() {
            self.insts[at].children = self.insts.len() as u32;
            let module = &design.modules[self.insts[at].module];
            for (id, inst) in module.insts.iter() {
                let path = || format!("{}.{}", Flat::path(&self.insts, at as u32), inst.name);
                let child = body(design, inst.module, path)?;
                let clock = |d: &DomainId| self.insts[at].clocks.get(d.index()).copied();
                let clocks: Option<Vec<u32>> = inst.domains.iter().map(clock).collect();
                let clocks = clocks.filter(|c| c.len() >= design.modules[child].domains.len()).ok_or_else(|| {
                    SimError::Malformed(format!("instance `{}` does not connect every clock of its module", path()))
                })?;
                let resets = inst.domains.iter().map(|d| self.insts[at].resets[d.index()]).collect();
                self.instance(design, child, inst.name.as_str().into(), (at as u32, id), clocks, resets);
            }
            at += 1;
        }
        Ok(())
    }

    fn instance(
        &mut self,
        design: &Design,
        id: ModuleId,
        name: Arc<str>,
        (parent, inst): (u32, InstId),
        clocks: Vec<u32>,
        mut resets: Vec<u32>,
    ) {
        let module = &design.modules[id];
        let nodes = self.graph.reserve(module.nodes.len());
        let wires = self.graph.reserve(module.wires.len());
        for (id, domain) in module.domains.iter() {
            if let (Some(wire), Some((kind, polarity))) = (module.reset_wire(id), domain.kind()) {
                resets[id.index()] = self.resets.len() as u32;
                self.resets.push(FlatReset { kind, polarity, wire: Some(wires + wire.index() as V) });
            }
        }
        let regs = self.regs.len() as u32;
        for reg in module.regs.values() {
            let source = self.graph.push(Def::Source, reg.ty);
            self.regs.push(FlatReg {
                source,
                next: source,
                clock: clocks.get(reg.domain.index()).copied().unwrap_or(0),
                init: reg.power_up(),
                reset: (reg.reset.is_some() && module.domains[reg.domain].reset.is_some())
                    .then(|| resets[reg.domain.index()]),
            });
        }
        let flat =
            FlatInst { module: id, name, parent, inst, nodes, wires, regs, mems: 0, children: 0, clocks, resets };
        self.insts.push(flat);
    }

    fn memories(&mut self, design: &Design, n: usize) -> Result<(), SimError> {
        let module = &design.modules[self.insts[n].module];
        let nodes = self.insts[n].nodes;
        self.insts[n].mems = self.mems.len() as u32;
        for (id, mem) in module.mems.iter() {
            if mem.depth.saturating_mul(mem.fields.len() as u64) > MEMORY_LIMIT {
                let path = format!("{}.{}", Flat::path(&self.insts, n as u32), mem.name);
                return Err(SimError::TooLarge { path, depth: mem.depth, limit: MEMORY_LIMIT });
            }
            let stores = self.mems.last().map_or(0, |m| m.stores + m.fields.len() as u32);
            let clocks = self.insts[n].clocks.clone();
            let clock = |d: DomainId| clocks.get(d.index()).copied().unwrap_or(0);
            let reads = mem.reads.iter().map(|read| FlatRead {
                clock: read.sync.map_or(0, clock),
                addr: vertex(nodes, read.addr),
                enable: read.enable.map(|e| vertex(nodes, e)),
                data: match read.sync {
                    Some(_) => mem.fields.iter().map(|f| self.graph.push(Def::Source, f.ty)).collect(),
                    None => Vec::new(),
                },
            });
            let reads = reads.collect();
            let writes = mem.writes.iter().map(|w| FlatWrite {
                clock: clock(w.domain),
                addr: vertex(nodes, w.addr),
                enable: vertex(nodes, w.enable),
                data: w.data.iter().map(|&d| vertex(nodes, d)).collect(),
                mask: w.mask.iter().map(|&m| vertex(nodes, m)).collect(),
            });
            self.mems.push(FlatMem {
                stores,
                fields: mem.fields.iter().map(|f| f.ty).collect(),
                depth: mem.depth as usize,
                collision: mem.collision,
                reads,
                writes: writes.collect(),
                inst: n as u32,
                mem: id,
            });
        }
        Ok(())
    }

    /// What comes into instance `n` through `port`.
    pub(super) fn input(&self, design: &Design, n: usize, port: PortId) -> Option<V> {
        let inst = &self.insts[n];
        let parent = inst.parent as usize;
        if parent == n {
            return self.pins.get(port.index()).copied();
        }
        let outer = &design.modules[self.insts[parent].module].insts[inst.inst];
        let node = match outer.inputs.binary_search_by_key(&port, |&(p, _)| p) {
            Ok(at) => outer.inputs[at].1,
            Err(_) => outer.inputs.iter().find(|(p, _)| *p == port)?.1,
        };
        Some(vertex(self.insts[parent].nodes, node))
    }

    fn nodes(&mut self, design: &Design, n: usize) {
        let module = &design.modules[self.insts[n].module];
        for (id, node) in module.nodes.iter() {
            let v = vertex(self.insts[n].nodes, id);
            // The types of all operands come first, because operands may come later than their users.
            self.graph.set(v, Def::Source, node.ty);
        }
        for (id, _) in module.nodes.iter() {
            let v = vertex(self.insts[n].nodes, id);
            let def = self.define(design, module, n, id);
            self.graph.defs[v as usize] = def;
        }
    }

    fn define(&mut self, design: &Design, module: &Module, n: usize, id: NodeId) -> Def {
        let node = &module.nodes[id];
        let nodes = self.insts[n].nodes;
        let of = |x: NodeId| vertex(nodes, x);
        let width = |x: NodeId| module.nodes[x].ty.width();
        if let Some(only) = node.ty.as_constant() {
            return Def::Const(only);
        }
        let undriven = || Def::Const(node.ty.power_up());
        match &node.op {
            Op::Const(value) => Def::Const(node.ty.cut(value)),
            Op::Input(port) => match self.input(design, n, *port) {
                Some(v) => self.place(v, module.ports[*port].ty, node.ty),
                None => undriven(),
            },
            Op::Reg(reg) => {
                let v = self.regs[self.insts[n].regs as usize + reg.index()].source;
                self.graph.through(v, node.ty)
            }
            Op::Wire(wire) => {
                let v = self.insts[n].wires + wire.index() as V;
                self.place(v, module.wires[*wire].ty, node.ty)
            }
            Op::MemRead { mem, port, field } => {
                let flat = &self.mems[self.insts[n].mems as usize + mem.index()];
                let read = &flat.reads[*port as usize];
                let ty = flat.fields[*field as usize];
                match read.data.get(*field as usize) {
                    Some(&v) => self.graph.through(v, node.ty),
                    None => {
                        let def = Def::Read(flat.stores + field, read.addr);
                        let v = self.graph.push(def, ty);
                        self.graph.through(v, node.ty)
                    }
                }
            }
            Op::Matvec { matvec, output } => {
                let (matvec, at) = (&module.matvecs[*matvec], *output as usize);
                let output = &matvec.outputs[at];
                let weights = output.weights.iter().filter(|(_, weight)| !weight.is_zero());
                let first = self.graph.args.len() as u32;
                self.graph.args.extend(weights.clone().map(|(i, _)| of(matvec.input(at, *i))));
                let weights = weights.map(|(_, weight)| weight.clone()).collect();
                self.graph.sums.push(Sum { first, weights, constant: output.constant.clone() });
                Def::Sum(self.graph.sums.len() as u32 - 1)
            }
            Op::Inst(inst, port) => {
                let child = (self.insts[n].children + inst.0) as usize;
                let port = &design.modules[self.insts[child].module].ports[*port];
                match port.driver {
                    Some(driver) => self.place(vertex(self.insts[child].nodes, driver), port.ty, node.ty),
                    None => undriven(),
                }
            }
            Op::Un(op, x) => match op {
                UnOp::Wrap | UnOp::Claim | UnOp::Refine | UnOp::ToUint | UnOp::ToBits => Def::Cut(of(*x)),
                op => Def::Un(*op, of(*x), width(*x)),
            },
            Op::Bin(op, a, b) => Def::Bin(*op, of(*a), of(*b)),
            Op::Mux(c, a, b) => Def::Mux(of(*c), of(*a), of(*b)),
            Op::Select(index, choices) => {
                let first = self.graph.args.len() as u32;
                self.graph.args.extend(choices.iter().map(|&x| of(x)));
                match choices.len() as u32 {
                    0 => undriven(),
                    len => Def::Table { index: of(*index), lo: 0, first, len: len - 1 },
                }
            }
            Op::Slice(x, lo) => Def::Slice(of(*x), *lo),
            Op::Concat(parts) => self.concat(module, nodes, parts),
        }
    }

    /// `v` connected to a place of type `place` and read as `ty`. The vertex may have no type yet, so both types of the
    /// way are given.
    fn place(&self, v: V, place: Ty, ty: Ty) -> Def {
        if super::graph::full(place).fits(super::graph::full(ty)) { Def::Alias(v) } else { Def::Cut(v) }
    }

    fn concat(&mut self, module: &Module, nodes: V, parts: &[NodeId]) -> Def {
        let Some((&first, rest)) = parts.split_first() else {
            return Def::Const(Value::ZERO);
        };
        let mut def = Def::Alias(vertex(nodes, first));
        let mut width = module.nodes[first].ty.width();
        for &part in rest {
            let high = self.graph.push(def, Ty::Bits(width));
            let low = module.nodes[part].ty.width();
            def = Def::Join(high, vertex(nodes, part), low);
            width += low;
        }
        def
    }

    fn targets(&mut self, design: &Design, n: usize) {
        let module = &design.modules[self.insts[n].module];
        let (nodes, wires, regs) = (self.insts[n].nodes, self.insts[n].wires, self.insts[n].regs as usize);
        for (id, wire) in module.wires.iter() {
            let driver = lower::block(&mut self.graph, nodes, &wire.driver, wire.ty, None);
            let def = match (wire.ty.as_constant(), driver) {
                (Some(only), _) => Def::Const(only),
                (None, Some(v)) => Def::Alias(v),
                (None, None) => Def::Const(wire.ty.power_up()),
            };
            self.graph.set(wires + id.index() as V, def, wire.ty);
        }
        for (id, reg) in module.regs.iter() {
            let source = self.regs[regs + id.index()].source;
            let next = lower::block(&mut self.graph, nodes, &reg.next, reg.ty, Some(source));
            self.regs[regs + id.index()].next = next.unwrap_or(source);
        }
    }

    /// The vertex of a wire of instance `n`.
    pub(super) fn wire(&self, n: usize, wire: WireId) -> V {
        self.insts[n].wires + wire.index() as V
    }
    /// The vertex of a register of instance `n`.
    pub(super) fn reg(&self, n: usize, reg: RegId) -> V {
        self.regs[self.insts[n].regs as usize + reg.index()].source
    }

    /// Where a vertex comes from, for messages: the name of its node or wire, or the node's source place.
    pub(super) fn describe(&self, design: &Design, v: V) -> Option<String> {
        let n = self.insts.partition_point(|i| i.nodes <= v).checked_sub(1)?;
        let inst = &self.insts[n];
        let module = &design.modules[inst.module];
        let path = Flat::path(&self.insts, n as u32);
        let (node, wire) = ((v - inst.nodes) as usize, v.checked_sub(inst.wires).map(|w| w as usize));
        if let Some(wire) = wire.filter(|&w| w < module.wires.len()) {
            return Some(format!("{path}.{}", module.wires[WireId::new(wire)].name));
        }
        if node >= module.nodes.len() {
            return None;
        }
        let id = NodeId::new(node);
        if let Some(name) = module.names.get(&id) {
            return Some(format!("{path}.{name}"));
        }
        let what = match &module.nodes[id].op {
            Op::Bin(op, ..) => format!("{op:?}").to_lowercase(),
            Op::Un(op, _) => format!("{op:?}").to_lowercase(),
            Op::Mux(..) => "mux".into(),
            Op::Select(..) => "select".into(),
            Op::Matvec { .. } => "const_matvec".into(),
            Op::MemRead { mem, .. } => return Some(format!("{path}.{}", module.mems[*mem].name)),
            _ => return None,
        };
        Some(match design.places.0.get(module.nodes[id].place) {
            Some(p) => format!("{path}: {what} at {}:{}:{}", p.file, p.line, p.column),
            None => format!("{path}: {what} {id}"),
        })
    }
}
