//! Decision trees, registers, wires, memories, instances and checks.

use std::collections::HashSet;

use super::super::{Block, CheckKind, Collision, Dir, MAX_WORDS, Op, Stmt, UnOp};
use super::Checker;
use crate::ids::{PlaceId, PortId};
use crate::ty::{IntTy, Ty};
use crate::value::Value;

impl Checker<'_> {
    pub(super) fn state(&mut self) {
        let m = self.m;
        for (id, r) in m.regs.iter() {
            for (what, v) in [("reset value", &r.reset), ("value at power-up", &r.init)] {
                if let Some(v) = v.as_ref().filter(|v| !r.ty.contains(v)) {
                    self.fail(22, id, r.place, format!("the {what} {v} is not in {}", r.ty));
                }
            }
            if r.reset.is_some() && r.init.is_some() {
                self.fail(22, id, r.place, "the reset value is the one at power-up, so there cannot be another");
            }
            self.block(&r.next, r.ty, &id.to_string(), r.place, &mut None);
        }
        for (id, w) in m.wires.iter() {
            if !self.block(&w.driver, w.ty, &id.to_string(), w.place, &mut None) {
                self.fail(20, id, w.place, "not driven on every path");
            }
        }
        self.mems();
        self.insts();
        self.checks();
    }

    /// Checks a decision tree for a target of type `ty`; true where it sets the target on every path.
    fn block(&mut self, block: &Block, ty: Ty, what: &str, place: PlaceId, last: &mut Option<u32>) -> bool {
        let m = self.m;
        let mut driven = false;
        for stmt in block {
            let (Stmt::Set { seq, .. } | Stmt::When { seq, .. } | Stmt::Switch { seq, .. }) = stmt;
            if last.is_some_and(|l| l >= *seq) {
                self.fail(31, what, place, format!("#{seq} does not rise"));
            }
            *last = Some(*seq);
            match stmt {
                Stmt::Set { value, place, .. } => {
                    let from = m.nodes[*value].ty;
                    if !from.fits(ty) {
                        self.fail(19, what, *place, format!("{value} is {from} and does not fit {ty}"));
                    }
                    driven = true;
                }
                Stmt::When { arms, otherwise, .. } => {
                    let mut all = true;
                    for (condition, body) in arms {
                        self.one_bit(*condition, what, place);
                        self.plain_use(*condition, what, place);
                        all &= self.block(body, ty, what, place, last);
                    }
                    all &= self.block(otherwise, ty, what, place, last);
                    driven |= all;
                }
                Stmt::Switch { subject, arms, default, .. } => {
                    self.plain_use(*subject, what, place);
                    let subject = m.nodes[*subject].ty;
                    let mut all = true;
                    let mut seen = HashSet::new();
                    for (values, body) in arms {
                        for v in values {
                            if !subject.contains(v) {
                                self.fail(21, what, place, format!("a switch on {subject} lists {v}"));
                            } else if !seen.insert(v) {
                                self.fail(21, what, place, format!("a switch lists {v} twice"));
                            }
                        }
                        all &= self.block(body, ty, what, place, last);
                    }
                    let complete = Value::from(seen.len()) == subject.range().count();
                    let default = self.block(default, ty, what, place, last);
                    driven |= all && (default || complete);
                }
            }
        }
        driven
    }

    fn mems(&mut self) {
        let m = self.m;
        for (id, mem) in m.mems.iter() {
            if mem.fields.is_empty() || mem.depth == 0 {
                self.fail(23, id, mem.place, "a memory without fields or words");
                continue;
            }
            if mem.depth > MAX_WORDS {
                self.fail(23, id, mem.place, format!("{} words, more than {MAX_WORDS}", mem.depth));
            }
            if !mem.init.is_empty() && mem.init.len() as u64 != mem.depth {
                self.fail(23, id, mem.place, format!("contents for {} of {} words", mem.init.len(), mem.depth));
            }
            for (n, word) in mem.init.iter().enumerate() {
                if word.len() != mem.fields.len() {
                    self.fail(23, id, mem.place, format!("word {n} has {} fields", word.len()));
                }
                for (v, field) in word.iter().zip(&mem.fields) {
                    if !field.ty.contains(v) {
                        self.fail(22, id, mem.place, format!("{v} in word {n} is not in {}", field.ty));
                    }
                }
            }
            let addresses = IntTy::new(0, Value::from(mem.depth - 1));
            for (n, read) in mem.reads.iter().enumerate() {
                let what = format!("{id}.read{n}");
                let ty = m.nodes[read.addr].ty;
                if !ty.fits(Ty::Int(addresses)) {
                    self.fail(24, &what, read.place, format!("the address {ty} is not inside of {addresses}"));
                }
                self.plain_use(read.addr, &what, read.place);
                if let Some(enable) = read.enable {
                    self.one_bit(enable, &what, read.place);
                    if read.sync.is_none() {
                        self.fail(24, &what, read.place, "an asynchronous read with an enable");
                    }
                }
                let clock = |d| &m.domains[d].clock;
                let other_clock = |d| mem.writes.iter().any(|w| clock(w.domain) != clock(d));
                if mem.collision != Collision::Undefined && read.sync.is_some_and(other_clock) {
                    self.fail(24, &what, read.place, "written with another clock, and collisions are not undefined");
                }
            }
            for (n, write) in mem.writes.iter().enumerate() {
                let what = format!("{id}.write{n}");
                if !matches!(m.nodes[write.addr].ty, Ty::Int(_)) {
                    self.fail(24, &what, write.place, "the address is not an integer");
                }
                if write.data.len() != mem.fields.len() || ![0, mem.fields.len()].contains(&write.mask.len()) {
                    self.fail(24, &what, write.place, "not one value per field, or not one mask bit");
                }
                for (&x, field) in write.data.iter().zip(&mem.fields) {
                    let ty = m.nodes[x].ty;
                    if !ty.fits(field.ty) {
                        self.fail(24, &what, write.place, format!("{x} is {ty} and does not fit {}", field.ty));
                    }
                }
                for &x in [write.enable].iter().chain(&write.mask) {
                    self.one_bit(x, &what, write.place);
                }
            }
        }
    }

    fn insts(&mut self) {
        for (id, inst) in self.m.insts.iter() {
            let child = &self.design.modules[inst.module];
            if inst.domains.len() != child.domains.len() {
                let message = format!("{} domains for {}", inst.domains.len(), child.domains.len());
                self.fail(25, id, inst.place, message);
            }
            let wanted: Vec<PortId> = child.ports.iter().filter(|(_, p)| p.dir == Dir::Input).map(|(p, _)| p).collect();
            if !inst.inputs.iter().map(|&(p, _)| p).eq(wanted) {
                self.fail(25, id, inst.place, "its inputs are not those of the child, in order");
            }
            for &(port, x) in &inst.inputs {
                let (from, to) = (self.m.nodes[x].ty, child.ports[port].ty);
                if !from.fits(to) {
                    self.fail(25, id, inst.place, format!("{x} is {from} and does not fit {port}, {to}"));
                }
                self.plain_use(x, id, inst.place);
            }
        }
    }

    fn checks(&mut self) {
        let m = self.m;
        for (id, check) in m.checks.iter() {
            let place = check.place;
            check.kind.for_each_node(|x| self.plain_use(x, id, place));
            match &check.kind {
                CheckKind::Assert(x) | CheckKind::Assume(x) | CheckKind::Cover(x) => self.one_bit(*x, id, place),
                CheckKind::Claim { claim, enable } => {
                    if !matches!(m.nodes[*claim].op, Op::Un(UnOp::Claim, _)) {
                        self.fail(29, id, place, format!("{claim} is not a claim"));
                    }
                    enable.iter().for_each(|&x| self.one_bit(x, id, place));
                }
                CheckKind::InputRange(port) => {
                    if m.ports[*port].dir != Dir::Input {
                        self.fail(29, id, place, format!("{port} is not an input"));
                    }
                }
                CheckKind::NoCollision(mem) => {
                    if m.mems[*mem].collision != Collision::Undefined {
                        self.fail(29, id, place, format!("collisions of {mem} are defined"));
                    }
                }
                CheckKind::Stable { valid, ready, .. } => {
                    self.one_bit(*valid, id, place);
                    self.one_bit(*ready, id, place);
                }
            }
        }
    }
}
