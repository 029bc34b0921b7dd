//! One clock of a machine as terms: the values of all items, the checks at the edge, and the state after it.

use gatewright_dsl::ids::{CheckId, Id, NodeId, PortId, WireId};
use gatewright_dsl::ir::{BinOp, Block, CheckKind, Collision, Dir, Mem, Op, ResetKind, Stmt};
use gatewright_dsl::ty::{IntTy, Ty};
use gatewright_dsl::value::Value;

use super::machine::{CheckAt, Inst, Machine, Role, at_first, words_of};
use super::operators::{Num, binary, choose, constant, table, unary, width_of};
use super::terms::{T, Terms};

/// The inputs of one clock.
#[derive(Clone)]
pub(super) struct Inputs {
    /// One per port of the top; those of outputs are not looked at.
    pub(super) pins: Vec<Num>,
    /// The reset is active; a condition.
    pub(super) reset: T,
}

/// One clock as terms.
pub(super) struct Clock {
    /// The value of every port.
    pub(super) pins: Vec<Num>,
    /// For each check, whether it is content at the edge, as it always is under reset; for a cover, whether it is reached.
    pub(super) checks: Vec<T>,
    /// For each check, whether it would be content without a reset.
    pub(super) strict: Vec<T>,
    /// The state after the edge.
    pub(super) next: Vec<T>,
}

impl Machine<'_> {
    /// One clock from `state`, with the edge at its end.
    pub(super) fn clock(&self, b: &mut Terms, state: &[T], inputs: &Inputs) -> Clock {
        // An asynchronous reset acts at once.
        let at_once = self.reset.as_ref().is_some_and(|r| r.1 == ResetKind::Async);
        let mut now: Vec<T> = state.to_vec();
        for (t, e) in now.iter_mut().zip(&self.state) {
            if at_once && e.resets {
                let init = b.constant(&e.init, width_of(e.ty));
                *t = b.ite(inputs.reset, init, *t);
            }
        }
        let none = Num { t: b.bit(false), signed: false };
        let mut run = Run { m: self, b, now: &now, inputs, items: vec![none; self.items] };
        for &item in &self.order {
            run.items[item as usize] = run.item(item as usize);
        }
        let pins = self.pins.iter().enumerate().map(|(n, pin)| match pin.dir {
            Dir::Input => inputs.pins[n],
            Dir::Output => run.output(n),
        });
        let pins = pins.collect();
        let mut next = now.clone();
        for n in 0..self.insts.len() {
            run.registers(n, &mut next);
            run.memories(n, &mut next);
        }
        let strict: Vec<T> = self.checks.iter().map(|check| run.check(check, &mut next)).collect();
        let running = b.not(inputs.reset);
        let checks = strict.iter().zip(&self.checks).map(|(&t, check)| match check.kind {
            Role::Cover => b.and(running, t),
            _ => b.or(inputs.reset, t),
        });
        let checks = checks.collect();
        for (t, e) in next.iter_mut().zip(&self.state) {
            if e.resets {
                let init = b.constant(&e.init, width_of(e.ty));
                *t = b.ite(inputs.reset, init, *t);
            }
        }
        Clock { pins, checks, strict, next }
    }
}

/// One clock that is being computed.
struct Run<'r, 'a> {
    m: &'r Machine<'a>,
    b: &'r mut Terms,
    now: &'r [T],
    inputs: &'r Inputs,
    items: Vec<Num>,
}

impl Run<'_, '_> {
    fn node(&self, inst: &Inst, x: NodeId) -> Num {
        self.items[inst.nodes + x.index()]
    }

    fn item(&mut self, item: usize) -> Num {
        let m = self.m;
        let n = m.inst_of(item);
        let inst = &m.insts[n];
        let module = m.module(inst);
        if item >= inst.wires {
            let wire = &module.wires[WireId::new(item - inst.wires)];
            let driven = self.block(inst, &wire.driver, wire.ty, None);
            return match driven {
                Some(value) => value.cut(self.b, wire.ty),
                None => constant(self.b, &wire.ty.power_up(), wire.ty),
            };
        }
        let node = &module.nodes[NodeId::new(item - inst.nodes)];
        let ty = node.ty;
        if let Some(only) = ty.as_constant() {
            return constant(self.b, &only, ty);
        }
        let of = |x: NodeId| self.items[inst.nodes + x.index()];
        match &node.op {
            Op::Const(value) => constant(self.b, &ty.cut(value), ty),
            Op::Input(port) if n == 0 => self.inputs.pins[port.index()].cut(self.b, ty),
            Op::Input(port) => match m.outer(inst, *port) {
                Some(outer) => self.items[outer].cut(self.b, ty),
                None => constant(self.b, &ty.power_up(), ty),
            },
            Op::Reg(reg) => m.value(self.now, inst.regs + reg.index()).cut(self.b, ty),
            Op::Wire(wire) => self.items[inst.wires + wire.index()].cut(self.b, ty),
            Op::MemRead { mem, port, field } => {
                let first = inst.mems[mem.index()];
                let (mem, field) = (&module.mems[*mem], *field as usize);
                match data_at(mem, first, *port as usize) {
                    Some(data) => m.value(self.now, data + field),
                    None => {
                        let addr = of(mem.reads[*port as usize].addr);
                        let now = self.now;
                        self.read(mem, first, field, addr, now)
                    }
                }
                .cut(self.b, ty)
            }
            Op::Matvec { matvec, output } => {
                let (matvec, at) = (&module.matvecs[*matvec], *output as usize);
                let output = &matvec.outputs[at];
                let mut sum = constant(self.b, &output.constant, Ty::Int(IntTy::constant(output.constant.clone())));
                // All modulo 2 to the power of the result's width.
                for (i, weight) in output.weights.iter().filter(|(_, weight)| !weight.is_zero()) {
                    let weight = constant(self.b, weight, Ty::Int(IntTy::constant(weight.clone())));
                    let product = binary(self.b, BinOp::Mul, of(matvec.input(at, *i)), weight, ty);
                    sum = binary(self.b, BinOp::Add, sum, product, ty);
                }
                sum.cut(self.b, ty)
            }
            Op::Inst(child, port) => {
                let child = &m.insts[inst.children[child.index()]];
                match m.module(child).ports[*port].driver {
                    Some(driver) => self.node(child, driver).cut(self.b, ty),
                    None => constant(self.b, &ty.power_up(), ty),
                }
            }
            Op::Un(op, x) => {
                let (value, x_ty) = (of(*x), module.nodes[*x].ty);
                unary(self.b, *op, value, x_ty, ty)
            }
            Op::Bin(op, x, y) => {
                let (x, y) = (of(*x), of(*y));
                binary(self.b, *op, x, y, ty)
            }
            Op::Mux(c, x, y) => {
                let (c, x, y) = (of(*c), of(*x), of(*y));
                choose(self.b, c.t, x, y, ty)
            }
            Op::Select(index, list) => {
                let (index, list): (Num, Vec<Num>) = (of(*index), list.iter().map(|&x| of(x)).collect());
                match list.split_last() {
                    Some((&last, _)) => table(self.b, index, &list, last, ty),
                    None => constant(self.b, &ty.power_up(), ty),
                }
            }
            Op::Slice(x, lo) => {
                let x = of(*x);
                Num { t: self.b.extract(x.t, *lo, width_of(ty)), signed: false }
            }
            Op::Concat(parts) => {
                let parts = parts.iter().filter(|&&x| module.nodes[x].ty.width() > 0).map(|&x| of(x).t);
                let parts: Vec<T> = parts.collect();
                let joined = parts.into_iter().reduce(|high, low| self.b.concat(high, low));
                let t = joined.unwrap_or_else(|| self.b.bit(false));
                Num { t, signed: false }.cut(self.b, ty)
            }
        }
    }

    fn output(&mut self, n: usize) -> Num {
        let (m, pin) = (self.m, &self.m.pins[n]);
        let top = &m.insts[0];
        match (pin.ty.as_constant(), m.module(top).ports[PortId::new(n)].driver) {
            (None, Some(driver)) => self.node(top, driver),
            _ => constant(self.b, &pin.ty.power_up(), pin.ty),
        }
    }

    /// The value of a target after `block`, where it had `entry` before; `None` where nothing drives it. Trees nest no
    /// deeper than `MAX_NESTING`.
    fn block(&mut self, inst: &Inst, block: &Block, ty: Ty, entry: Option<Num>) -> Option<Num> {
        let mut current = entry;
        for stmt in block {
            current = match stmt {
                Stmt::Set { value, .. } => Some(self.node(inst, *value)),
                Stmt::When { arms, otherwise, .. } => {
                    let mut chosen = self.block(inst, otherwise, ty, current);
                    for (condition, arm) in arms.iter().rev() {
                        let value = self.block(inst, arm, ty, current);
                        let c = self.node(inst, *condition).t;
                        chosen = self.either(c, value, chosen, ty);
                    }
                    chosen
                }
                Stmt::Switch { subject, arms, default, .. } => {
                    let subject = self.node(inst, *subject);
                    let mut chosen = self.block(inst, default, ty, current);
                    for (values, arm) in arms.iter().rev() {
                        let value = self.block(inst, arm, ty, current);
                        let mut listed = self.b.bit(false);
                        for v in values {
                            let bits = v.bits(v.is_negative()).max(1);
                            let v = Num { t: self.b.constant(v, bits), signed: v.is_negative() };
                            let equal = subject.equals(self.b, v);
                            listed = self.b.or(listed, equal);
                        }
                        chosen = self.either(listed, value, chosen, ty);
                    }
                    chosen
                }
            };
        }
        current
    }

    fn either(&mut self, c: T, a: Option<Num>, z: Option<Num>, ty: Ty) -> Option<Num> {
        match (a, z) {
            (Some(a), Some(z)) if a != z => Some(choose(self.b, c, a, z, ty)),
            (a, z) => a.or(z),
        }
    }

    /// The word of a memory at an address; outside, what an untouched word holds.
    fn read(&mut self, mem: &Mem, first: usize, field: usize, addr: Num, state: &[T]) -> Num {
        let ty = mem.fields[field].ty;
        let at = first + field * words_of(mem);
        let word = |n: usize| match mem.writes.is_empty() {
            true => constant(self.b, &at_first(mem, n, field), ty),
            false => self.m.value(state, at + n),
        };
        let words: Vec<Num> = (0..mem.depth as usize).map(word).collect();
        let outside = constant(self.b, &ty.power_up(), ty);
        table(self.b, addr, &words, outside, ty)
    }

    fn registers(&mut self, n: usize, next: &mut [T]) {
        let m = self.m;
        let inst = &m.insts[n];
        for (id, reg) in m.module(inst).regs.iter() {
            let at = inst.regs + id.index();
            let held = m.value(self.now, at);
            let value = self.block(inst, &reg.next, reg.ty, Some(held)).unwrap_or(held);
            next[at] = value.cut(self.b, reg.ty).t;
        }
    }

    fn memories(&mut self, n: usize, next: &mut [T]) {
        let m = self.m;
        let inst = &m.insts[n];
        for (id, mem) in m.module(inst).mems.iter() {
            let first = inst.mems[id.index()];
            for write in &mem.writes {
                let (addr, enable) = (self.node(inst, write.addr), self.node(inst, write.enable).t);
                for (f, field) in mem.fields.iter().enumerate() {
                    let data = self.node(inst, write.data[f]).cut(self.b, field.ty).t;
                    let on = match write.mask.get(f) {
                        Some(&mask) => {
                            let mask = self.node(inst, mask).t;
                            self.b.and(enable, mask)
                        }
                        None => enable,
                    };
                    for word in 0..mem.depth as usize {
                        let at = first + f * mem.depth as usize + word;
                        let v = Value::from(word);
                        let number = Num { t: self.b.constant(&v, v.bits(false).max(1)), signed: false };
                        let here = addr.equals(self.b, number);
                        let here = self.b.and(on, here);
                        next[at] = self.b.ite(here, data, next[at]);
                    }
                }
            }
            for (port, read) in mem.reads.iter().enumerate() {
                let Some(data) = data_at(mem, first, port) else { continue };
                let addr = self.node(inst, read.addr);
                for f in 0..mem.fields.len() {
                    let state: &[T] = if mem.collision == Collision::New { next } else { self.now };
                    let word = self.read(mem, first, f, addr, state).t;
                    next[data + f] = match read.enable {
                        Some(enable) => {
                            let enable = self.node(inst, enable).t;
                            self.b.ite(enable, word, self.now[data + f])
                        }
                        None => word,
                    };
                }
            }
        }
    }

    /// Whether a check is content at an edge without a reset; what a stream's contract remembers goes into `next`.
    fn check(&mut self, check: &CheckAt, next: &mut [T]) -> T {
        let m = self.m;
        let inst = &m.insts[check.inst];
        let module = m.module(inst);
        let kind = &module.checks[CheckId::new(check.index)].kind;
        match kind {
            CheckKind::Assert(x) | CheckKind::Assume(x) | CheckKind::Cover(x) => self.node(inst, *x).t,
            CheckKind::Claim { claim, enable } => match &module.nodes[*claim].op {
                Op::Un(_, x) => {
                    let inside = self.node(inst, *x).is_in(self.b, module.nodes[*claim].ty);
                    match enable {
                        Some(enable) => {
                            let enable = self.node(inst, *enable).t;
                            self.b.implies(enable, inside)
                        }
                        None => inside,
                    }
                }
                _ => self.b.bit(true),
            },
            CheckKind::InputRange(port) => {
                let value = match check.inst {
                    0 => Some(self.inputs.pins[port.index()]),
                    _ => m.outer(inst, *port).map(|x| self.items[x]),
                };
                match value {
                    Some(value) => value.is_in(self.b, module.ports[*port].ty),
                    None => self.b.bit(true),
                }
            }
            CheckKind::NoCollision(mem) => self.no_collision(inst, &module.mems[*mem]),
            CheckKind::Stable { valid, ready, payload } => {
                let (valid, ready) = (self.node(inst, *valid).t, self.node(inst, *ready).t);
                let mut stays = valid;
                for (k, &x) in payload.iter().enumerate() {
                    let value = self.node(inst, x);
                    let before = m.value(self.now, check.held + 1 + k);
                    let same = value.equals(self.b, before);
                    stays = self.b.and(stays, same);
                    next[check.held + 1 + k] = value.t;
                }
                let waits = self.b.not(ready);
                next[check.held] = self.b.and(valid, waits);
                self.b.implies(self.now[check.held], stays)
            }
        }
    }

    /// No word that is read at the edge is written there.
    fn no_collision(&mut self, inst: &Inst, mem: &Mem) -> T {
        let mut broken = self.b.bit(false);
        for read in mem.reads.iter().filter(|r| r.sync.is_some()) {
            let addr = self.node(inst, read.addr);
            let reads = match read.enable {
                Some(enable) => self.node(inst, enable).t,
                None => self.b.bit(true),
            };
            for write in &mem.writes {
                let same = self.node(inst, write.addr).equals(self.b, addr);
                let masks: Vec<T> = write.mask.iter().map(|&x| self.node(inst, x).t).collect();
                let some = if masks.is_empty() { self.b.bit(true) } else { self.b.any(masks) };
                let enable = self.node(inst, write.enable).t;
                let both = self.b.all([same, some, enable, reads]);
                broken = self.b.or(broken, both);
            }
        }
        self.b.not(broken)
    }
}

/// Where the data of a clocked read port begin in the state; `None` for one that follows its address at once.
fn data_at(mem: &Mem, first: usize, port: usize) -> Option<usize> {
    mem.reads[port].sync?;
    let before = mem.reads[..port].iter().filter(|r| r.sync.is_some()).count();
    Some(first + mem.fields.len() * (words_of(mem) + before))
}
