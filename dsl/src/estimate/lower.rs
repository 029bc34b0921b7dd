//! A design as gates, carry chains and registers, flat, from its outputs back.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::net::{FALSE, Lit, constant, is_constant};
use super::shared::{Shared, simple};
use super::sums::{self, Term};
use super::words::{Logic, Summand, extend};
use super::{Family, NOBODY};
use crate::ids::{DomainId, Id, InstId, MemId, ModuleId, NodeId, RegId};
use crate::ir::visit::for_each_in_block;
use crate::ir::{BinOp, Block, Design, Module, ModuleKind, Op, Stmt, UnOp};
use crate::ty::Ty;
use crate::value::Value;

/// A bit of a register.
pub struct Flop {
    /// What others read.
    pub q: Lit,
    /// What it takes.
    pub d: Lit,
    /// When it takes it.
    pub enable: Option<Lit>,
    pub reset: bool,
}

/// What a design is made of.
pub struct Lowered {
    pub logic: Logic,
    pub flops: Vec<Flop>,
    /// Signals that have to be there, those of registers and carry chains aside.
    pub roots: Vec<Lit>,
}

/// A module in its place.
pub(super) struct Place<'d> {
    pub(super) module: &'d Module,
    pub(super) shared: Rc<Shared>,
    pub(super) parent: Option<(usize, InstId)>,
    pub(super) children: HashMap<InstId, usize>,
    pub(super) values: Vec<Option<Vec<Lit>>>,
    pub(super) terms: HashMap<NodeId, Option<Vec<Term>>>,
    pub(super) regs: HashMap<RegId, Vec<Lit>>,
    pub(super) reads: HashMap<(MemId, u32), Vec<Lit>>,
    pub(super) owner: u32,
}

/// A node in its place.
pub(super) type At = (usize, NodeId);

/// What a bit takes, when, its value under reset, and its clock.
pub(super) type FlopKey = (Lit, Option<Lit>, Option<bool>, (usize, DomainId));

pub(super) struct Lowering<'d> {
    pub(super) design: &'d Design,
    pub(super) owner: &'d dyn Fn(NodeId) -> u32,
    pub(super) shared: HashMap<ModuleId, Rc<Shared>>,
    /// Bits of registers by what they take and when: equal ones are one.
    pub(super) known: HashMap<FlopKey, Lit>,
    pub(super) started: HashSet<(usize, RegId)>,
    pub(super) flops: Vec<Flop>,
    pub(super) places: Vec<Place<'d>>,
    pub(super) logic: Logic,
    /// Registers that something reads and whose inputs are not there yet.
    pub(super) waiting: Vec<(usize, RegId)>,
    pub(super) roots: Vec<Lit>,
    /// What memories and black boxes read.
    pub(super) more: Vec<At>,
}

/// All that the outputs of a design depend on. `owner` says whose a node of the top module is.
pub fn lower<'d>(design: &'d Design, family: Family, owner: &'d dyn Fn(NodeId) -> u32) -> Lowered {
    let mut l = Lowering {
        design,
        owner,
        shared: HashMap::new(),
        known: HashMap::new(),
        started: HashSet::new(),
        flops: Vec::new(),
        places: Vec::new(),
        logic: Logic::new(family),
        waiting: Vec::new(),
        roots: Vec::new(),
        more: Vec::new(),
    };
    l.place(design.top, None, NOBODY);
    let top = &design.modules[design.top];
    for node in top.ports.values().filter_map(|p| p.driver) {
        let bits = l.value((0, node));
        l.roots.extend(bits);
    }
    loop {
        if let Some((place, reg)) = l.waiting.pop() {
            l.register(place, reg);
        } else if let Some(at) = l.more.pop() {
            let bits = l.value(at);
            l.roots.extend(bits);
        } else {
            break;
        }
    }
    Lowered { logic: l.logic, flops: l.flops, roots: l.roots }
}

impl<'d> Lowering<'d> {
    fn place(&mut self, id: ModuleId, parent: Option<(usize, InstId)>, owner: u32) -> usize {
        let module = &self.design.modules[id];
        let shared = self.shared.entry(id).or_insert_with(|| Rc::new(Shared::new(module))).clone();
        self.places.push(Place {
            module,
            shared,
            parent,
            children: HashMap::new(),
            values: vec![None; module.nodes.len()],
            terms: HashMap::new(),
            regs: HashMap::new(),
            reads: HashMap::new(),
            owner,
        });
        self.places.len() - 1
    }

    pub(super) fn child(&mut self, place: usize, inst: InstId) -> usize {
        if let Some(&child) = self.places[place].children.get(&inst) {
            return child;
        }
        let module = self.places[place].module.insts[inst].module;
        let child = self.place(module, Some((place, inst)), self.places[place].owner);
        self.places[place].children.insert(inst, child);
        child
    }

    /// The summands of an addition.
    fn terms(&mut self, (place, n): At) -> Option<Vec<Term>> {
        let p = &mut self.places[place];
        p.terms.entry(n).or_insert_with(|| sums::terms(p.module, &p.shared, n)).clone()
    }

    /// What has to be known before a node.
    fn needs(&mut self, at: At) -> Vec<At> {
        let (place, n) = at;
        let module = self.places[place].module;
        let node = &module.nodes[n];
        if node.ty.as_constant().is_some() {
            return Vec::new();
        }
        let mut needs = Vec::new();
        match node.op {
            Op::Input(port) => {
                if let Some((parent, inst)) = self.places[place].parent {
                    let inputs = &self.places[parent].module.insts[inst].inputs;
                    needs.extend(inputs.iter().find(|i| i.0 == port).map(|i| (parent, i.1)));
                }
            }
            Op::Wire(w) => for_each_in_block(&module.wires[w].driver, &mut |n| needs.push((place, n))),
            Op::Reg(r) => {
                if let (Some((value, enable)), true) = (simple(&module.regs[r]), self.started.insert((place, r))) {
                    needs.extend([Some(value), enable].into_iter().flatten().map(|n| (place, n)));
                }
            }
            Op::MemRead { mem, port, .. } => {
                let mem = &module.mems[mem];
                if mem.writes.is_empty() && mem.reads[port as usize].sync.is_none() {
                    needs.push((place, mem.reads[port as usize].addr));
                }
            }
            Op::Inst(inst, port) => {
                let of = &self.design.modules[module.insts[inst].module];
                if let (ModuleKind::Body, Some(driver)) = (&of.kind, of.ports[port].driver) {
                    needs.push((self.child(place, inst), driver));
                }
            }
            _ => match self.terms(at) {
                Some(terms) => {
                    for t in terms {
                        match module.nodes[t.node].op {
                            Op::Bin(BinOp::Mul, a, b) if t.product => needs.extend([(place, a), (place, b)]),
                            _ => needs.push((place, t.node)),
                        }
                    }
                }
                None => node.op.for_each_operand(|x| needs.push((place, x))),
            },
        }
        needs
    }

    /// The bits of a node, made now where they are not there yet.
    pub(super) fn value(&mut self, at: At) -> Vec<Lit> {
        let mut way = vec![self.one(at)];
        while let Some(&now) = way.last() {
            if self.places[now.0].values[now.1.index()].is_some() {
                way.pop();
                continue;
            }
            let needs = self.needs(now);
            let before = way.len();
            let needs = needs.into_iter().map(|n| self.one(n));
            way.extend(needs.filter(|n| self.places[n.0].values[n.1.index()].is_none()));
            if way.len() == before {
                let owner = if now.0 == 0 { (self.owner)(now.1) } else { self.places[now.0].owner };
                self.logic.net.owner = owner;
                let bits = self.made(now);
                self.places[now.0].values[now.1.index()] = Some(bits);
                way.pop();
            }
        }
        self.known(at)
    }

    /// The node that stands for all that are equal.
    pub(super) fn one(&self, (place, n): At) -> At {
        (place, self.places[place].shared.of(n))
    }

    pub(super) fn known(&self, at: At) -> Vec<Lit> {
        let (place, n) = self.one(at);
        self.places[place].values[n.index()].clone().unwrap_or_default()
    }

    pub(super) fn leaves(&mut self, width: u32) -> Vec<Lit> {
        (0..width).map(|_| self.logic.net.leaf()).collect()
    }

    /// The bits of a node all of whose needs are known.
    fn made(&mut self, at: At) -> Vec<Lit> {
        let (place, n) = at;
        let module = self.places[place].module;
        let node = &module.nodes[n];
        let (ty, width) = (node.ty, node.ty.width() as usize);
        if let Some(only) = ty.as_constant() {
            return word(&only, width);
        }
        if let Some(terms) = self.terms(at) {
            let summands: Vec<Summand> = terms.into_iter().map(|t| self.summand(place, t, width)).collect();
            return self.logic.sum(&summands, width);
        }
        let of = |l: &Self, x: NodeId| (l.known((place, x)), module.nodes[x].ty);
        match &node.op {
            Op::Const(v) => word(v, width),
            Op::Input(port) => match self.places[place].parent {
                None => self.leaves(ty.width()),
                Some((parent, inst)) => {
                    let parent_module = self.places[parent].module;
                    let driver = parent_module.insts[inst].inputs.iter().find(|i| i.0 == *port).map(|i| i.1);
                    let bits = driver.map(|d| (self.known((parent, d)), parent_module.nodes[d].ty));
                    bits.map_or_else(Vec::new, |(bits, from)| extend(&bits, from.is_signed(), width))
                }
            },
            Op::Reg(reg) => self.register_bits(place, *reg),
            Op::Wire(w) => self.block(place, &module.wires[*w].driver, vec![FALSE; width], ty),
            Op::Inst(inst, port) => self.output(place, *inst, *port, width),
            Op::MemRead { mem, port, field } => self.read(place, (*mem, *port), *field as usize),
            // Their additions have been written.
            Op::Matvec { .. } => self.leaves(ty.width()),
            Op::Un(op, x) => {
                let (x, from) = of(self, *x);
                self.unary(*op, &x, from, width)
            }
            Op::Bin(op, a, b) => {
                let ((a, a_ty), (b, b_ty)) = (of(self, *a), of(self, *b));
                self.binary(*op, (&a, a_ty), (&b, b_ty), ty)
            }
            Op::Mux(c, a, b) => {
                let (c, arms) = (self.known((place, *c)), [*a, *b].map(|x| of(self, x)));
                let [a, b] = arms.map(|(bits, ty)| extend(&bits, ty.is_signed(), width));
                self.logic.choose(c[0], &a, &b)
            }
            Op::Select(i, xs) => {
                let (index, index_ty) = of(self, *i);
                let choices: Vec<Vec<Lit>> =
                    xs.iter().map(|x| of(self, *x)).map(|(bits, ty)| extend(&bits, ty.is_signed(), width)).collect();
                let (lo, hi) = (index_ty.range().lo().to_usize(), index_ty.range().hi().to_usize());
                let (lo, hi) = (lo.unwrap_or(0), hi.unwrap_or(usize::MAX).min(choices.len().saturating_sub(1)));
                (0..width).map(|bit| self.select(&index, lo, hi, &|k| choices[k][bit])).collect()
            }
            Op::Slice(x, lo) => of(self, *x).0.into_iter().skip(*lo as usize).take(width).collect(),
            Op::Concat(xs) => xs.iter().rev().flat_map(|x| of(self, *x).0).collect(),
        }
    }

    fn summand(&self, place: usize, t: Term, width: usize) -> Summand {
        let module = self.places[place].module;
        let whole = |n: NodeId| extend(&self.known((place, n)), module.nodes[n].ty.is_signed(), width);
        match module.nodes[t.node].op {
            Op::Bin(BinOp::Mul, a, b) if t.product => self.product(place, a, b, t.negative, width),
            _ => Summand { word: whole(t.node), factor: None, negative: t.negative },
        }
    }

    fn product(&self, place: usize, a: NodeId, b: NodeId, negative: bool, width: usize) -> Summand {
        let of = |n: NodeId| (self.known((place, n)), self.places[place].module.nodes[n].ty);
        multiplied(of(a), of(b), negative, width)
    }

    /// The choice of an index from `lo` to `hi`, by the bits in which these differ.
    pub(super) fn select(&mut self, index: &[Lit], lo: usize, hi: usize, of: &dyn Fn(usize) -> Lit) -> Lit {
        if lo >= hi {
            return of(lo);
        }
        let bit = (lo ^ hi).ilog2() as usize;
        let fixed = (lo..=hi).all(|k| is_constant(of(k)));
        if bit < self.logic.family.lut_inputs() && fixed {
            let truth =
                (0..1_usize << (bit + 1)).fold(0_u64, |truth, k| truth | u64::from(of(reached(lo, hi, k))) << k);
            return self.logic.net.table(&index[..=bit], truth);
        }
        let high = (hi >> bit) << bit;
        let whole = hi + 1 == high + (1 << bit) && lo + (1 << bit) == high;
        if whole && !fixed && bit % 2 == 1 && self.logic.family.lut_inputs() == 4 {
            let quarter = 1 << (bit - 1);
            let choices = [0, 1, 2, 3].map(|k| self.select(index, lo + k * quarter, lo + (k + 1) * quarter - 1, of));
            return self.logic.choose_of_four([index[bit], index[bit - 1]], choices);
        }
        let (ones, zeros) = (self.select(index, high, hi, of), self.select(index, lo, high - 1, of));
        self.logic.net.mux(index[bit], ones, zeros)
    }

    fn unary(&mut self, op: UnOp, x: &[Lit], from: Ty, width: usize) -> Vec<Lit> {
        let as_is = |signed: bool| extend(x, signed, width);
        match op {
            // Additions are made elsewhere.
            UnOp::Neg => Vec::new(),
            UnOp::Abs => {
                let x = as_is(from.is_signed());
                let negative = self.logic.subtract(&vec![FALSE; width], &x);
                let sign = if from.is_signed() { x.last().copied().unwrap_or(FALSE) } else { FALSE };
                // The sign that counts is the operand's, which may be wider.
                self.logic.choose(sign, &negative, &x)
            }
            UnOp::Not => x.iter().map(|b| b ^ 1).collect(),
            UnOp::ReduceAnd => vec![self.logic.net.all(x.to_vec())],
            UnOp::ReduceOr => vec![self.logic.net.any(x)],
            UnOp::ReduceXor => vec![x.iter().fold(FALSE, |a, b| self.logic.net.xor(a, *b))],
            UnOp::PopCount => {
                let bit = |b: &Lit| Summand { word: extend(&[*b], false, width), factor: None, negative: false };
                self.logic.sum(&x.iter().map(bit).collect::<Vec<_>>(), width)
            }
            UnOp::ToBits | UnOp::Wrap | UnOp::Claim | UnOp::Refine | UnOp::ToUint => as_is(from.is_signed()),
            UnOp::ToSint => as_is(true),
        }
    }

    fn binary(&mut self, op: BinOp, (a, a_ty): (&[Lit], Ty), (b, b_ty): (&[Lit], Ty), ty: Ty) -> Vec<Lit> {
        let width = ty.width() as usize;
        let signed = a_ty.is_signed() || b_ty.is_signed();
        let bits = |x: &[Lit], from: Ty| x.len() + usize::from(signed && !from.is_signed());
        let both = bits(a, a_ty).max(bits(b, b_ty));
        let wide = |x: &[Lit], from: Ty| extend(x, from.is_signed(), both);
        let fixed = |x: &[Lit]| x.iter().all(|b| is_constant(*b));
        match op {
            BinOp::Add | BinOp::Sub => Vec::new(),
            BinOp::Mul => {
                let product = multiplied((a.to_vec(), a_ty), (b.to_vec(), b_ty), false, width);
                self.logic.sum(&[product], width)
            }
            BinOp::Div | BinOp::Rem => self.quotient(op, (a, a_ty), (b, b_ty), width),
            BinOp::Min | BinOp::Max => {
                let (x, y) = (wide(a, a_ty), wide(b, b_ty));
                let first = if op == BinOp::Max {
                    self.logic.greater(&x, &y, signed, false)
                } else {
                    self.logic.greater(&y, &x, signed, false)
                };
                let (x, y) = (extend(a, a_ty.is_signed(), width), extend(b, b_ty.is_signed(), width));
                self.logic.choose(first, &x, &y)
            }
            BinOp::Eq => vec![self.logic.equal(&wide(a, a_ty), &wide(b, b_ty))],
            BinOp::Ne => vec![self.logic.equal(&wide(a, a_ty), &wide(b, b_ty)) ^ 1],
            BinOp::Lt => vec![self.logic.greater(&wide(b, b_ty), &wide(a, a_ty), signed, false)],
            // A signed number against a constant is compared as the Verilog says: with its neighbour.
            BinOp::Le if signed && fixed(a) != fixed(b) => {
                let (mut x, mut y) = (wide(a, a_ty), wide(b, b_ty));
                if fixed(b) {
                    step(&mut y, true)
                } else {
                    step(&mut x, false)
                }
                vec![self.logic.greater(&y, &x, true, false)]
            }
            BinOp::Le => vec![self.logic.greater(&wide(b, b_ty), &wide(a, a_ty), signed, true)],
            BinOp::And => a.iter().zip(b).map(|(&x, &y)| self.logic.net.and(x, y)).collect(),
            BinOp::Or => a.iter().zip(b).map(|(&x, &y)| self.logic.net.or(x, y)).collect(),
            BinOp::Xor => a.iter().zip(b).map(|(&x, &y)| self.logic.net.xor(x, y)).collect(),
            BinOp::Shl | BinOp::Shr => self.shift(op == BinOp::Shl, (a, a_ty), b, width),
        }
    }

    fn shift(&mut self, left: bool, (x, from): (&[Lit], Ty), by: &[Lit], width: usize) -> Vec<Lit> {
        let room = if left { width } else { width.max(x.len()) };
        let mut bits = extend(x, from.is_signed(), room);
        for (k, &c) in by.iter().enumerate() {
            let distance = 1_usize.checked_shl(k as u32).unwrap_or(room).min(room);
            let fill = if left || !from.is_signed() { FALSE } else { bits.last().copied().unwrap_or(FALSE) };
            let fill = std::iter::repeat_n(fill, distance);
            let moved: Vec<Lit> = match left {
                true => fill.chain(bits.iter().copied()).take(room).collect(),
                false => bits[distance..].iter().copied().chain(fill).collect(),
            };
            bits = self.logic.choose(c, &moved, &bits);
        }
        bits.truncate(width);
        bits
    }

    fn quotient(&mut self, op: BinOp, a: (&[Lit], Ty), b: (&[Lit], Ty), width: usize) -> Vec<Lit> {
        let mut magnitude = |(x, ty): (&[Lit], Ty)| {
            let sign = if ty.is_signed() { x.last().copied().unwrap_or(FALSE) } else { FALSE };
            let negative = self.logic.subtract(&vec![FALSE; x.len()], x);
            (sign, self.logic.choose(sign, &negative, x))
        };
        let ((a_sign, a), (b_sign, b)) = (magnitude(a), magnitude(b));
        let (quotient, rest) = self.logic.divide(&a, &b);
        let (sign, result) = match op {
            BinOp::Div => (self.logic.net.xor(a_sign, b_sign), quotient),
            _ => (a_sign, rest),
        };
        let result = extend(&result, false, width);
        let negative = self.logic.subtract(&vec![FALSE; width], &result);
        self.logic.choose(sign, &negative, &result)
    }

    /// The value of a decision tree; `bits` where nothing is set.
    pub(super) fn block(&mut self, place: usize, block: &Block, mut bits: Vec<Lit>, ty: Ty) -> Vec<Lit> {
        let width = ty.width() as usize;
        for stmt in block {
            match stmt {
                Stmt::Set { value, .. } => {
                    let from = self.places[place].module.nodes[*value].ty;
                    let value = self.value((place, *value));
                    bits = extend(&value, from.is_signed(), width);
                }
                Stmt::When { arms, otherwise, .. } => {
                    let mut result = self.block(place, otherwise, bits.clone(), ty);
                    for (condition, body) in arms.iter().rev() {
                        let c = self.value((place, *condition))[0];
                        let then = self.block(place, body, bits.clone(), ty);
                        result = self.logic.choose(c, &then, &result);
                    }
                    bits = result;
                }
                Stmt::Switch { subject, arms, default, .. } => {
                    let x = self.value((place, *subject));
                    let mut result = self.block(place, default, bits.clone(), ty);
                    for (values, body) in arms.iter().rev() {
                        let hits: Vec<Lit> = values.iter().map(|v| self.logic.equal(&x, &word(v, x.len()))).collect();
                        let c = self.logic.net.any(&hits);
                        let then = self.block(place, body, bits.clone(), ty);
                        result = self.logic.choose(c, &then, &result);
                    }
                    bits = result;
                }
            }
        }
        bits
    }
}

/// The index that a choice by single bits takes for `k`, which may lie outside of `lo..=hi`.
fn reached(mut lo: usize, mut hi: usize, k: usize) -> usize {
    while lo < hi {
        let bit = (lo ^ hi).ilog2();
        let high = (hi >> bit) << bit;
        if k >> bit & 1 == 1 { lo = high } else { hi = high - 1 }
    }
    lo
}

fn word(v: &Value, width: usize) -> Vec<Lit> {
    (0..width).map(|k| constant(v.bit(k as u32))).collect()
}

/// One more, or one less, of a constant.
fn step(word: &mut [Lit], up: bool) {
    for bit in word {
        *bit ^= 1;
        if (*bit == 1) == up {
            break;
        }
    }
}

fn multiplied(a: (Vec<Lit>, Ty), b: (Vec<Lit>, Ty), negative: bool, width: usize) -> Summand {
    let ((wide, wide_ty), (narrow, narrow_ty)) = if a.0.len() < b.0.len() { (b, a) } else { (a, b) };
    let word = extend(&wide, wide_ty.is_signed(), width);
    Summand { word, factor: Some((narrow, narrow_ty.is_signed())), negative }
}
