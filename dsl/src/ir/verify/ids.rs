//! What must hold before anything else can be looked at: nesting, ids and widths.

use std::fmt::Display;

use super::super::visit::{MAX_NESTING, for_each_in_block};
use super::super::{Block, CheckKind, Design, Module, ModuleKind, Op, Stmt};
use super::Errors;
use crate::ids::{Arena, DomainId, Id, ModuleId, PlaceId};
use crate::ty::{MAX_WIDTH, Ty};

pub(super) fn check(design: &Design, errors: &mut Errors) {
    for m in design.modules.values() {
        let trees = m.regs.iter().map(|(id, r)| (id.to_string(), &r.next, r.place));
        for (what, block, place) in trees.chain(m.wires.iter().map(|(id, w)| (id.to_string(), &w.driver, w.place))) {
            if too_deep(block, 0) {
                errors.push(27, &m.name, what, place, format!("more than {MAX_NESTING} levels"));
            }
        }
    }
    if !errors.0.is_empty() {
        return;
    }
    match design.modules.get(design.top) {
        None => errors.push(1, "", design.top, PlaceId(0), "the top does not exist"),
        Some(m) if m.kind != ModuleKind::Body => errors.push(1, &m.name, "", m.place, "the top is a black box"),
        _ => {}
    }
    for (id, place) in design.places.0.iter() {
        if let Some(caller) = place.caller
            && caller >= id
        {
            let rule = if caller.index() < design.places.0.len() { 3 } else { 2 };
            errors.push(rule, "", id, PlaceId(0), format!("its caller {caller} does not stand before it"));
        }
    }
    for (id, m) in design.modules.iter() {
        Ids { design, id, m, errors }.module();
    }
}

fn too_deep(block: &Block, depth: usize) -> bool {
    if depth > MAX_NESTING {
        return true;
    }
    block.iter().any(|stmt| match stmt {
        Stmt::Set { .. } => false,
        Stmt::When { arms, otherwise, .. } => {
            arms.iter().any(|(_, b)| too_deep(b, depth + 1)) || too_deep(otherwise, depth + 1)
        }
        Stmt::Switch { arms, default, .. } => {
            arms.iter().any(|(_, b)| too_deep(b, depth + 1)) || too_deep(default, depth + 1)
        }
    })
}

struct Ids<'a> {
    design: &'a Design,
    id: ModuleId,
    m: &'a Module,
    errors: &'a mut Errors,
}

impl Ids<'_> {
    /// V02: `id` is in `arena`.
    fn is_in<K: Id + Display, V>(&mut self, arena: &Arena<K, V>, id: K, what: impl Display, place: PlaceId) -> bool {
        let known = id.index() < arena.len();
        if !known {
            self.errors.push(2, &self.m.name, what, place, format!("{id} does not exist"));
        }
        known
    }

    fn place(&mut self, place: PlaceId, what: impl Display) {
        let count = self.design.places.0.len();
        if place.index() >= count && (count > 0 || place.0 > 0) {
            self.errors.push(2, &self.m.name, what, PlaceId(0), format!("place {place} does not exist"));
        }
    }

    /// V06.
    fn ty(&mut self, ty: Ty, what: impl Display, place: PlaceId) {
        if ty.width() > MAX_WIDTH {
            let message = format!("its type has {} bits, and {MAX_WIDTH} is the most", ty.width());
            self.errors.push(6, &self.m.name, what, place, message);
        }
    }

    /// V03 and V02: the other module exists and stands before this one.
    fn before(&mut self, other: ModuleId, what: impl Display, place: PlaceId) -> bool {
        let known = self.is_in(&self.design.modules, other, &what, place);
        if known && other >= self.id {
            let message = format!("{other} does not stand before {}", self.id);
            self.errors.push(3, &self.m.name, what, place, message);
        }
        known && other < self.id
    }

    fn block(&mut self, block: &Block, what: impl Display, place: PlaceId) {
        let m = self.m;
        for_each_in_block(block, &mut |x| {
            self.is_in(&m.nodes, x, &what, place);
        });
        let mut open = vec![block];
        while let Some(block) = open.pop() {
            for stmt in block {
                match stmt {
                    Stmt::Set { place, .. } => self.place(*place, &what),
                    Stmt::When { arms, otherwise, .. } => {
                        open.push(otherwise);
                        open.extend(arms.iter().map(|(_, b)| b));
                    }
                    Stmt::Switch { arms, default, .. } => {
                        open.push(default);
                        open.extend(arms.iter().map(|(_, b)| b));
                    }
                }
            }
        }
    }

    fn module(&mut self) {
        let m = self.m;
        self.place(m.place, "");
        if let ModuleKind::Extern { model, paths, .. } = &m.kind {
            if let Some(model) = *model {
                self.before(model, "model", m.place);
            }
            for &(a, b) in paths.iter().flatten() {
                self.is_in(&m.ports, a, "paths", m.place);
                self.is_in(&m.ports, b, "paths", m.place);
            }
        }
        for (&domain, &wire) in &m.reset_wires {
            self.is_in(&m.domains, domain, "resets", m.place);
            self.is_in(&m.wires, wire, domain, m.place);
        }
        for (id, p) in m.ports.iter() {
            self.place(p.place, id);
            self.ty(p.ty, id, p.place);
            if let Some(x) = p.driver {
                self.is_in(&m.nodes, x, id, p.place);
            }
            // A module without clocks has no implicit one.
            if p.domain != DomainId(0) {
                self.is_in(&m.domains, p.domain, id, p.place);
            }
        }
        for s in &m.streams {
            for &p in [s.valid, s.ready, s.last].iter().chain(&s.payload) {
                self.is_in(&m.ports, p, format_args!("stream {}", s.name), m.place);
            }
        }
        for (id, node) in m.nodes.iter() {
            self.place(node.place, id);
            self.ty(node.ty, id, node.place);
            self.op(&node.op, id, node.place);
        }
        for &id in m.names.keys() {
            self.is_in(&m.nodes, id, "names", m.place);
        }
        self.state();
        for (id, matvec) in m.matvecs.iter() {
            self.place(matvec.place, id);
            for x in matvec.nodes() {
                self.is_in(&m.nodes, x, id, matvec.place);
            }
            if let Some(pipeline) = &matvec.pipeline {
                self.is_in(&m.domains, pipeline.domain, id, matvec.place);
            }
        }
        super::matvecs::check_names(m, self.errors);
        for (id, i) in m.insts.iter() {
            self.place(i.place, id);
            if self.before(i.module, id, i.place) {
                let child = &self.design.modules[i.module];
                i.inputs.iter().for_each(|(p, _)| {
                    self.is_in(&child.ports, *p, id, i.place);
                });
            }
            for &(_, x) in &i.inputs {
                self.is_in(&m.nodes, x, id, i.place);
            }
            for &d in &i.domains {
                self.is_in(&m.domains, d, id, i.place);
            }
        }
        for (id, c) in m.checks.iter() {
            self.place(c.place, id);
            self.is_in(&m.domains, c.domain, id, c.place);
            match c.kind {
                CheckKind::InputRange(p) => drop(self.is_in(&m.ports, p, id, c.place)),
                CheckKind::NoCollision(x) => drop(self.is_in(&m.mems, x, id, c.place)),
                _ => c.kind.for_each_node(|x| {
                    self.is_in(&m.nodes, x, id, c.place);
                }),
            }
        }
    }

    fn op(&mut self, op: &Op, what: impl Display, place: PlaceId) {
        let m = self.m;
        match op {
            Op::Input(p) => drop(self.is_in(&m.ports, *p, what, place)),
            Op::Reg(x) => drop(self.is_in(&m.regs, *x, what, place)),
            Op::Wire(x) => drop(self.is_in(&m.wires, *x, what, place)),
            Op::MemRead { mem, port, field } => {
                if self.is_in(&m.mems, *mem, &what, place) {
                    let found = &m.mems[*mem];
                    if *port as usize >= found.reads.len() {
                        self.errors.push(2, &m.name, &what, place, format!("{mem}.read{port} does not exist"));
                    }
                    if *field as usize >= found.fields.len() {
                        self.errors.push(2, &m.name, what, place, format!("{mem} has no field{field}"));
                    }
                }
            }
            Op::Matvec { matvec, output } => {
                if self.is_in(&m.matvecs, *matvec, &what, place) && *output as usize >= m.matvecs[*matvec].outputs.len()
                {
                    self.errors.push(2, &m.name, what, place, format!("{matvec} has no sum{output}"));
                }
            }
            Op::Inst(inst, port) => {
                if self.is_in(&m.insts, *inst, &what, place)
                    && let Some(child) = self.design.modules.get(m.insts[*inst].module)
                {
                    self.is_in(&child.ports, *port, what, place);
                }
            }
            op => op.for_each_operand(|x| {
                self.is_in(&m.nodes, x, &what, place);
            }),
        }
    }

    fn state(&mut self) {
        let m = self.m;
        for (id, w) in m.wires.iter() {
            self.place(w.place, id);
            self.ty(w.ty, id, w.place);
            self.block(&w.driver, id, w.place);
        }
        for (id, r) in m.regs.iter() {
            self.place(r.place, id);
            self.ty(r.ty, id, r.place);
            self.is_in(&m.domains, r.domain, id, r.place);
            self.block(&r.next, id, r.place);
        }
        for (id, mem) in m.mems.iter() {
            self.place(mem.place, id);
            mem.fields.iter().for_each(|f| self.ty(f.ty, id, mem.place));
            for r in &mem.reads {
                self.place(r.place, id);
                if let Some(d) = r.sync {
                    self.is_in(&m.domains, d, id, r.place);
                }
                for &x in [r.addr].iter().chain(&r.enable) {
                    self.is_in(&m.nodes, x, id, r.place);
                }
            }
            for w in &mem.writes {
                self.place(w.place, id);
                self.is_in(&m.domains, w.domain, id, w.place);
                for &x in [w.addr, w.enable].iter().chain(&w.data).chain(&w.mask) {
                    self.is_in(&m.nodes, x, id, w.place);
                }
            }
        }
    }
}
