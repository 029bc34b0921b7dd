//! What holds values: registers, memories, and modules of which only the pins are known.

use super::lower::{At, Flop, Lowering};
use super::net::{FALSE, Lit, constant};
use super::shared::simple;
use super::words::extend;
use crate::ids::{DomainId, Id, InstId, MemId, PortId, RegId};
use crate::ir::{ModuleKind, Reg, Stmt};

impl Lowering<'_> {
    pub(super) fn register_bits(&mut self, place: usize, reg: RegId) -> Vec<Lit> {
        if let Some(bits) = self.places[place].regs.get(&reg) {
            return bits.clone();
        }
        let module = self.places[place].module;
        let r = &module.regs[reg];
        let there = |at: At| {
            let (place, n) = self.one(at);
            self.places[place].values[n.index()].is_some()
        };
        let known =
            simple(r).filter(|(value, enable)| there((place, *value)) && enable.is_none_or(|e| there((place, e))));
        let bits = match known {
            Some((value, enable)) => {
                let next =
                    extend(&self.known((place, value)), module.nodes[value].ty.is_signed(), r.ty.width() as usize);
                let enable = enable.map(|e| self.known((place, e))[0]);
                self.roots.extend(enable);
                self.reset_wire(place, r);
                let reset = module.domains[r.domain].reset.as_ref().and(r.reset.as_ref());
                let clock = if module.domains.len() == 1 { (0, r.domain) } else { (place, r.domain) };
                let bit = |(k, d)| self.flop(d, enable, reset.map(|v| v.bit(k as u32)), clock);
                next.into_iter().enumerate().map(bit).collect()
            }
            None => {
                self.waiting.push((place, reg));
                self.leaves(r.ty.width())
            }
        };
        self.places[place].regs.insert(reg, bits.clone());
        bits
    }

    /// A reset that the module makes itself is logic, too; at the register it is a pin.
    fn reset_wire(&mut self, place: usize, reg: &Reg) {
        let module = self.places[place].module;
        if let (Some(_), Some(wire)) = (&reg.reset, module.reset_wire(reg.domain)) {
            let (driver, ty) = (&module.wires[wire].driver, module.wires[wire].ty);
            let bits = self.block(place, driver, vec![FALSE], ty);
            self.roots.extend(bits);
        }
    }

    /// The bit of a register that takes `d`: equal ones are one.
    fn flop(&mut self, d: Lit, enable: Option<Lit>, reset: Option<bool>, clock: (usize, DomainId)) -> Lit {
        if let Some(&q) = self.known.get(&(d, enable, reset, clock)) {
            return q;
        }
        let q = self.logic.net.leaf();
        self.known.insert((d, enable, reset, clock), q);
        self.flops.push(Flop { q, d, enable, reset: reset.is_some() });
        q
    }

    pub(super) fn register(&mut self, place: usize, id: RegId) {
        let module = self.places[place].module;
        let reg = &module.regs[id];
        let kept = self.places[place].regs[&id].clone();
        // A condition for everything is the register's enable.
        let (enable, next) = match &reg.next[..] {
            [Stmt::When { arms, otherwise, .. }] if arms.len() == 1 && otherwise.is_empty() => {
                (Some(self.value((place, arms[0].0))[0]), &arms[0].1)
            }
            _ => (None, &reg.next),
        };
        let next = self.block(place, next, kept.clone(), reg.ty);
        self.reset_wire(place, reg);
        let reset = module.domains[reg.domain].reset.is_some() && reg.reset.is_some();
        self.roots.extend(enable);
        self.flops.extend(kept.into_iter().zip(next).map(|(q, d)| Flop { q, d, enable, reset }));
    }

    pub(super) fn output(&mut self, place: usize, inst: InstId, port: PortId, width: usize) -> Vec<Lit> {
        let i = &self.places[place].module.insts[inst];
        let of = &self.design.modules[i.module];
        match (&of.kind, of.ports[port].driver) {
            (ModuleKind::Body, Some(driver)) => {
                let child = self.child(place, inst);
                extend(&self.known((child, driver)), of.nodes[driver].ty.is_signed(), width)
            }
            _ => {
                self.more.extend(i.inputs.iter().map(|(_, n)| (place, *n)));
                self.leaves(width as u32)
            }
        }
    }

    pub(super) fn read(&mut self, place: usize, (id, port): (MemId, u32), field: usize) -> Vec<Lit> {
        let mem = &self.places[place].module.mems[id];
        let read = &mem.reads[port as usize];
        let width = mem.fields[field].ty.width() as usize;
        if mem.writes.is_empty() && read.sync.is_none() && !mem.init.is_empty() {
            let address = self.known((place, read.addr));
            let last = mem.init.len() - 1;
            let bit = |k: usize, bit: usize| constant(mem.init[k][field].bit(bit as u32));
            return (0..width).map(|b| self.select(&address, 0, last, &|k| bit(k, b))).collect();
        }
        if !self.places[place].reads.contains_key(&(id, port)) {
            // The memory itself is not looked into.
            let pins = mem.writes.iter().flat_map(|w| [w.addr, w.enable].into_iter().chain(w.data.iter().copied()));
            let pins = pins.chain(mem.writes.iter().flat_map(|w| w.mask.iter().copied()));
            self.more.extend(pins.chain([read.addr]).chain(read.enable).map(|n| (place, n)));
            let all = mem.fields.iter().map(|f| f.ty.width()).sum();
            let bits = self.leaves(all);
            self.places[place].reads.insert((id, port), bits);
        }
        let before: u32 = mem.fields[..field].iter().map(|f| f.ty.width()).sum();
        self.places[place].reads[&(id, port)][before as usize..][..width].to_vec()
    }
}
