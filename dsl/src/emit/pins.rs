//! Which ports a module has in Verilog: the clocks and resets that something inside needs, then the data ports that
//! have wires.

use crate::ids::{Arena, ModuleId, PortId};
use crate::ir::{CheckKind, Design, Dir, Module, ModuleKind, Polarity};
use crate::ty::Ty;

use super::graph::{at, width};

/// What a pin carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PinKind {
    /// A clock, used at the rising edge.
    Clock,
    /// A reset, with the level that resets.
    Reset(Polarity),
    /// The wires of a data port.
    Data(PortId, Dir),
}

/// A port of a Verilog module.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pin {
    /// Its name.
    pub name: String,
    /// What it carries.
    pub kind: PinKind,
    /// The type of the data; one bit for clocks and resets.
    pub ty: Ty,
}

/// Whether a domain of a module needs its clock and its reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    pub clock: bool,
    pub reset: bool,
}

/// For each module the needs of its domains; children come before parents, so one sweep is enough.
pub(crate) fn needs(design: &Design) -> Arena<ModuleId, Vec<Needs>> {
    let mut all: Arena<ModuleId, Vec<Needs>> = Arena::new();
    for m in design.modules.values() {
        let needs = needs_of(m, &all);
        all.push(needs);
    }
    all
}

fn needs_of(m: &Module, children: &Arena<ModuleId, Vec<Needs>>) -> Vec<Needs> {
    let has_reset: Vec<bool> =
        m.domains.iter().map(|(id, d)| d.reset.is_some() && m.reset_wire(id).is_none()).collect();
    let mut needs = vec![Needs::default(); m.domains.len()];
    let mut need = |domain: usize, reset: bool| {
        if let Some(n) = needs.get_mut(domain) {
            n.clock = true;
            n.reset |= reset && has_reset[domain];
        }
    };
    if let ModuleKind::Extern { clocked, .. } = m.kind {
        for d in m.domains.ids().filter(|_| clocked) {
            need(at(d), true);
        }
        return needs;
    }
    for r in m.regs.values().filter(|r| width(r.ty) > 0) {
        need(at(r.domain), r.reset.is_some());
    }
    for mem in m.mems.values() {
        if mem.reads.is_empty() || mem.fields.iter().all(|f| width(f.ty) == 0) {
            continue;
        }
        let domains = mem.reads.iter().filter_map(|r| r.sync).chain(mem.writes.iter().map(|w| w.domain));
        domains.for_each(|d| need(at(d), false));
    }
    for inst in m.insts.values() {
        let child = children.get(inst.module).map_or(&[][..], |n| n);
        for (n, &d) in child.iter().zip(&inst.domains) {
            if n.clock {
                need(at(d), n.reset);
            }
        }
    }
    for check in m.checks.values() {
        let vacuous = match &check.kind {
            CheckKind::InputRange(p) => m.ports[*p].ty.range().is_full(),
            _ => false,
        };
        if !vacuous {
            need(at(check.domain), true);
        }
    }
    needs
}

/// The pins of module `id`, given the needs of all modules.
pub(crate) fn pins_of(design: &Design, needs: &Arena<ModuleId, Vec<Needs>>, id: ModuleId) -> Vec<Pin> {
    let m = &design.modules[id];
    let mut pins: Vec<Pin> = Vec::new();
    for (domain, need) in m.domains.values().zip(&needs[id]) {
        let reset = domain.reset.as_ref().filter(|_| need.reset);
        let clock = need.clock.then_some((&domain.clock, PinKind::Clock));
        for (name, kind) in clock.into_iter().chain(reset.map(|r| (&r.name, PinKind::Reset(r.polarity)))) {
            if !pins.iter().any(|p| p.name == *name) {
                pins.push(Pin { name: name.clone(), kind, ty: Ty::BOOL });
            }
        }
    }
    let data = m.ports.iter().filter(|(_, p)| width(p.ty) > 0);
    pins.extend(data.map(|(id, p)| Pin { name: p.name.clone(), kind: PinKind::Data(id, p.dir), ty: p.ty }));
    pins
}

/// The ports that module `id` has in Verilog, in their order.
pub fn pins(design: &Design, id: ModuleId) -> Vec<Pin> {
    pins_of(design, &needs(design), id)
}
