//! Random modules over the whole operator set, with registers, wires, memories and decision trees.

use crate::ids::*;
use crate::ir::*;
use crate::pass::rewrite;
use crate::ty::{IntTy, Ty};
use crate::value::Value;

/// Numbers that look random.
pub struct Rng(pub u64);

impl Rng {
    fn next(&mut self) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// Below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
    fn between(&mut self, lo: i64, hi: i64) -> i64 {
        lo + self.below((hi - lo + 1) as usize) as i64
    }
    /// A value of the type, often one at its ends.
    pub fn value(&mut self, ty: Ty) -> Value {
        let (lo, hi) = (ty.range().lo().to_i64().unwrap(), ty.range().hi().to_i64().unwrap());
        Value::from(match self.below(5) {
            0 => lo,
            1 => hi,
            _ => self.between(lo, hi),
        })
    }
}

const PLACE: PlaceId = PlaceId(0);

struct Maker {
    r: Rng,
    m: Module,
    seq: u32,
}

/// A module with one clock; it keeps all invariants, and refinements hold where they are selected.
pub fn module(seed: u64, size: usize) -> Module {
    let m = Module {
        domains: [Domain { clock: "clk".into(), reset: None }].into_iter().collect(),
        ..Module::new("m".into(), PLACE)
    };
    let mut maker = Maker { r: Rng(seed), m, seq: 0 };
    maker.fill(size);
    maker.m
}

impl Maker {
    fn int_ty(&mut self) -> Ty {
        let lo = self.r.between(-20, 20);
        let span = match self.r.below(6) {
            0 => 0,
            1 => 1,
            2 => 15,
            _ => self.r.between(0, 40),
        };
        Ty::Int(IntTy::new(if span == 15 { 0 } else { lo }, if span == 15 { 15 } else { lo + span }))
    }
    fn ty(&mut self) -> Ty {
        match self.r.below(4) {
            0 => Ty::BOOL,
            1 => Ty::Bits(self.r.below(9) as u32),
            _ => self.int_ty(),
        }
    }
    fn push(&mut self, op: Op, ty: Ty) -> NodeId {
        rewrite::push(&mut self.m, op, ty, PLACE)
    }
    /// A node with the operator's own type, where it takes the operands and does not grow without end.
    fn ruled(&mut self, op: Op) -> Option<NodeId> {
        let ty = rewrite::result(&self.m, &op)?;
        (ty.width() <= 24).then(|| self.push(op, ty))
    }
    fn constant(&mut self, ty: Ty) -> NodeId {
        let v = self.r.value(ty);
        let ty = if let Ty::Int(_) = ty { Ty::Int(IntTy::constant(v.clone())) } else { ty };
        self.push(Op::Const(v), ty)
    }
    fn any(&mut self, keep: impl Fn(Ty) -> bool) -> Option<NodeId> {
        let found: Vec<NodeId> = self
            .m
            .nodes
            .iter()
            .filter(|(_, n)| keep(n.ty) && !matches!(n.op, Op::Un(UnOp::Refine, _)))
            .map(|(id, _)| id)
            .collect();
        (!found.is_empty()).then(|| found[self.r.below(found.len())])
    }
    fn int(&mut self) -> NodeId {
        self.any(|t| matches!(t, Ty::Int(_))).unwrap_or_else(|| self.constant(Ty::Int(IntTy::new(-9, 9))))
    }
    fn word(&mut self) -> NodeId {
        self.any(|t| matches!(t, Ty::Bits(_))).unwrap_or_else(|| self.constant(Ty::Bits(5)))
    }
    fn bit(&mut self) -> NodeId {
        self.any(|t| t == Ty::BOOL).unwrap_or_else(|| self.constant(Ty::BOOL))
    }
    fn like(&mut self, x: NodeId) -> NodeId {
        match self.m.nodes[x].ty {
            Ty::Int(_) => self.int(),
            word => self.any(|t| t == word).unwrap_or(x),
        }
    }
    /// A value that fits the type.
    fn fitting(&mut self, ty: Ty) -> NodeId {
        if let Some(x) = self.any(|t| t.fits(ty))
            && !self.r.one_in(3)
        {
            return x;
        }
        let Ty::Int(t) = ty else {
            return self.constant(ty);
        };
        let x = self.int();
        if t.is_full() {
            return self.push(Op::Un(UnOp::Wrap, x), ty);
        }
        let (lo, hi) = (
            self.push(Op::Const(t.lo()), Ty::Int(IntTy::constant(t.lo()))),
            self.push(Op::Const(t.hi()), Ty::Int(IntTy::constant(t.hi()))),
        );
        if self.r.one_in(2) {
            let low = self.ruled(Op::Bin(BinOp::Min, x, hi)).unwrap_or(hi);
            return self.ruled(Op::Bin(BinOp::Max, low, lo)).unwrap_or(lo);
        }
        // Where `lo <= x <= hi`, `x`, else an end.
        let above = self.push(Op::Bin(BinOp::Le, lo, x), Ty::BOOL);
        let below = self.push(Op::Bin(BinOp::Le, x, hi), Ty::BOOL);
        let inside = self.push(Op::Bin(BinOp::And, above, below), Ty::BOOL);
        let refined = self.push(Op::Un(UnOp::Refine, x), ty);
        self.push(Op::Mux(inside, refined, hi), ty)
    }

    /// A matrix-vector product with a node for each sum that is not too wide.
    fn matvec(&mut self) -> Option<NodeId> {
        let inputs: Vec<NodeId> = (0..self.r.between(1, 4)).map(|_| self.int()).collect();
        let mut at = |values: usize| (self.r.below(values), self.r.below(3) as u32);
        let mut steps = Vec::new();
        for value in inputs.len()..inputs.len() + at(7).0 {
            let (a, b) = (at(value), at(value));
            steps.push(ShiftAdd { a, b, subtract: at(2).0 == 1 });
        }
        let values = inputs.len() + steps.len();
        let mut outputs = Vec::new();
        for _ in 0..=at(3).0 {
            let (value, negative) = (Some(at(values)).filter(|_| at(9).0 > 0), at(2).0 == 1);
            outputs.push(MatvecOutput { weights: vec![], constant: (at(30).0 as i64 - 9).into(), value, negative });
        }
        let adders = [Adders::Two, Adders::Three, Adders::Compressors][at(3).0];
        let mut m = Matvec { inputs, steps, outputs, adders, pipeline: None, place: PLACE };
        let forms = m.forms().ok()?;
        for output in &mut m.outputs {
            output.weights = Matvec::recovered(&forms, output);
        }
        if self.r.one_in(2) {
            m.pipeline = Some(self.pipeline(&m));
        }
        let (count, matvec) = (m.outputs.len() as u32, self.m.matvecs.push(m));
        (0..count).filter_map(|output| self.ruled(Op::Matvec { matvec, output })).last()
    }

    /// Stages for a product, with the registers in front of it.
    fn pipeline(&mut self, m: &Matvec) -> Pipeline {
        let mut stages: Vec<u32> = m.inputs.iter().map(|_| self.r.below(2) as u32).collect();
        let mut next = |after: u32| after + self.r.below(3).saturating_sub(1) as u32;
        for step in &m.steps {
            stages.push(next(stages[step.a.0].max(stages[step.b.0])));
        }
        let outputs: Vec<u32> = m.outputs.iter().map(|o| next(o.value.map_or(0, |(value, _)| stages[value]))).collect();
        let last = stages.iter().chain(&outputs).copied().max().unwrap_or(0);
        let steps = stages.split_off(m.inputs.len());
        let inputs = m.inputs.iter().zip(stages).map(|(&x, first)| {
            let mut before = x;
            let later = (first..last).map(|_| {
                before = self.follower(before);
                before
            });
            (first, later.collect())
        });
        let inputs = inputs.collect();
        Pipeline { domain: DomainId(0), name: "pipe".into(), inputs, steps, outputs }
    }

    /// A register that takes the value of `x`.
    fn follower(&mut self, x: NodeId) -> NodeId {
        let ty = self.m.nodes[x].ty;
        self.seq += 1;
        let (seq, name) = (self.seq, format!("r{}", self.m.regs.len()));
        let init = self.r.one_in(2).then(|| self.r.value(ty));
        let next = vec![Stmt::Set { seq, value: x, place: PLACE }];
        let (format, domain, crossing) = (Format::Plain, DomainId(0), Crossing::No);
        let reg = Reg { name, ty, format, domain, crossing, reset: None, init, next, place: PLACE };
        let reg = self.m.regs.push(reg);
        self.push(Op::Reg(reg), ty)
    }

    fn node(&mut self) -> Option<NodeId> {
        match self.r.below(17) {
            15 => self.matvec(),
            0 => {
                let ty = self.ty();
                Some(self.constant(ty))
            }
            1 | 2 => {
                let op = [UnOp::Neg, UnOp::Abs, UnOp::ToBits][self.r.below(3)];
                let x = self.int();
                self.ruled(Op::Un(op, x))
            }
            3 | 4 => {
                use UnOp::*;
                let op = [Not, ReduceAnd, ReduceOr, ReduceXor, PopCount, ToUint, ToSint][self.r.below(7)];
                let x = self.word();
                self.ruled(Op::Un(op, x))
            }
            5 => {
                let (x, w, signed) = (self.int(), self.r.below(7) as u32, self.r.one_in(2));
                Some(self.push(Op::Un(UnOp::Wrap, x), Ty::Int(IntTy::full(w, signed))))
            }
            6..=8 => {
                use BinOp::*;
                let op = [Add, Sub, Mul, Min, Max, Eq, Ne, Lt, Le, Shl, Shr, Div, Rem][self.r.below(13)];
                let (a, mut b) = (self.int(), self.int());
                if self.r.one_in(4) {
                    let v = self.r.between(-3, 3);
                    b = self.constant(Ty::Int(IntTy::constant(v)));
                }
                self.ruled(Op::Bin(op, a, b))
            }
            9 | 10 => {
                use BinOp::*;
                let op = [And, Or, Xor, Eq, Ne, Shl, Shr][self.r.below(7)];
                let a = self.word();
                let b = if matches!(op, Shl | Shr) { self.int() } else { self.like(a) };
                self.ruled(Op::Bin(op, a, b))
            }
            11 => {
                let (c, a) = (self.bit(), if self.r.one_in(2) { self.int() } else { self.word() });
                let b = self.like(a);
                self.ruled(Op::Mux(c, a, b))
            }
            12 => {
                let a = if self.r.one_in(2) { self.int() } else { self.word() };
                let xs: Vec<NodeId> = (0..self.r.between(1, 5)).map(|_| self.like(a)).collect();
                let hi = xs.len() as i64 - 1;
                let lo = self.r.between(0, hi);
                let i = self.fitting(Ty::Int(IntTy::new(lo, hi)));
                self.ruled(Op::Select(i, xs.into()))
            }
            13 => {
                let x = self.word();
                let width = self.m.nodes[x].ty.width() as i64;
                let lo = self.r.between(0, width);
                let w = self.r.between(0, width - lo);
                Some(self.push(Op::Slice(x, lo as u32), Ty::Bits(w as u32)))
            }
            14 => {
                let xs: Vec<NodeId> = (0..self.r.below(4)).map(|_| self.word()).collect();
                let width = xs.iter().map(|&x| self.m.nodes[x].ty.width()).sum();
                (width <= 24).then(|| self.push(Op::Concat(xs.into()), Ty::Bits(width)))
            }
            _ => {
                let ty = self.ty();
                let driver = self.tree(ty, true, 2);
                let name = format!("w{}", self.m.wires.len());
                let wire = self.m.wires.push(Wire { name, ty, format: Format::Plain, driver, place: PLACE });
                Some(self.push(Op::Wire(wire), ty))
            }
        }
    }

    fn set(&mut self, ty: Ty) -> Stmt {
        self.seq += 1;
        let seq = self.seq;
        Stmt::Set { seq, value: self.fitting(ty), place: PLACE }
    }

    fn tree(&mut self, ty: Ty, whole: bool, depth: usize) -> Block {
        let mut block = Vec::new();
        if whole || self.r.one_in(3) {
            block.push(self.set(ty));
        }
        for _ in 0..self.r.below(3) {
            self.seq += 1;
            let seq = self.seq;
            block.push(match self.r.below(3) {
                _ if depth == 0 => self.set(ty),
                0 => self.set(ty),
                1 => {
                    let arms = (0..self.r.between(1, 3))
                        .map(|_| {
                            let c = self.bit();
                            (c, self.tree(ty, false, depth - 1))
                        })
                        .collect();
                    Stmt::When { seq, arms, otherwise: self.tree(ty, false, depth - 1) }
                }
                _ => {
                    let subject = if self.r.one_in(2) { self.int() } else { self.word() };
                    let subject_ty = self.m.nodes[subject].ty;
                    let mut left: Vec<Value> = (0..4).map(|_| self.r.value(subject_ty)).collect();
                    left.sort();
                    left.dedup();
                    let mut arms = Vec::new();
                    while let Some(v) = left.pop() {
                        let values =
                            if self.r.one_in(2) { vec![v] } else { std::iter::once(v).chain(left.pop()).collect() };
                        arms.push((values, self.tree(ty, false, depth - 1)));
                    }
                    Stmt::Switch { seq, subject, arms, default: self.tree(ty, false, depth - 1) }
                }
            });
        }
        block
    }

    fn fill(&mut self, size: usize) {
        for n in 0..5 {
            let ty = self.ty();
            let (name, dir, format) = (format!("i{n}"), Dir::Input, Format::Plain);
            let port =
                self.m.ports.push(Port { name, dir, ty, format, driver: None, domain: DomainId(0), place: PLACE });
            self.push(Op::Input(port), ty);
        }
        for n in 0..4 {
            let ty = self.ty();
            let reset = (!self.r.one_in(3)).then(|| self.r.value(ty));
            let (name, domain) = (format!("r{n}"), DomainId(0));
            let reg = self.m.regs.push(Reg {
                name,
                ty,
                format: Format::Plain,
                domain,
                crossing: Crossing::No,
                reset,
                init: None,
                next: vec![],
                place: PLACE,
            });
            self.push(Op::Reg(reg), ty);
        }
        for n in 0..2 {
            let fields: Vec<Field> = (0..2).map(|f| Field { name: format!("f{f}"), ty: self.ty() }).collect();
            let depth = self.r.between(1, 6) as u64;
            let word = |r: &mut Rng| fields.iter().map(|f| r.value(f.ty)).collect();
            let init = if self.r.one_in(3) { vec![] } else { (0..depth).map(|_| word(&mut self.r)).collect() };
            // Reads have registers' or inputs' values as addresses, so that they close no loop.
            let addr_ty = Ty::Int(IntTy::new(0, Value::from(depth - 1)));
            let addr = self.fitting(addr_ty);
            let enable = Some(self.bit());
            let reads = vec![
                MemRead { sync: Some(DomainId(0)), addr, enable, place: PLACE },
                MemRead { sync: None, addr, enable: None, place: PLACE },
            ];
            let tys: Vec<Ty> = fields.iter().map(|f| f.ty).collect();
            let (name, collision) = (format!("m{n}"), Collision::Old);
            let mem =
                self.m.mems.push(Mem { name, fields, depth, init, collision, reads, writes: vec![], place: PLACE });
            for (field, ty) in tys.into_iter().enumerate() {
                for port in 0..2 {
                    self.push(Op::MemRead { mem, port, field: field as u32 }, ty);
                }
            }
        }
        for _ in 0..size {
            self.node();
        }
        for r in self.m.regs.ids().filter(|r| self.m.regs[*r].next.is_empty()).collect::<Vec<_>>() {
            let ty = self.m.regs[r].ty;
            self.m.regs[r].next = self.tree(ty, false, 2);
        }
        for id in self.m.mems.ids() {
            if self.r.one_in(3) {
                continue;
            }
            let tys: Vec<Ty> = self.m.mems[id].fields.iter().map(|f| f.ty).collect();
            let addr = self.fitting(Ty::Int(IntTy::new(0, Value::from(self.m.mems[id].depth - 1))));
            let data: Vec<NodeId> = tys.iter().map(|&ty| self.fitting(ty)).collect();
            let mask = if self.r.one_in(2) { vec![] } else { tys.iter().map(|_| self.bit()).collect() };
            let write = MemWrite { domain: DomainId(0), addr, data, enable: self.bit(), mask, place: PLACE };
            self.m.mems[id].writes.push(write);
        }
        for n in 0..6 {
            let Some(driver) = self.any(|_| true) else {
                continue;
            };
            let ty = self.m.nodes[driver].ty;
            let (name, dir, format) = (format!("o{n}"), Dir::Output, Format::Plain);
            self.m.ports.push(Port { name, dir, ty, format, driver: Some(driver), domain: DomainId(0), place: PLACE });
        }
        for n in 0..self.r.below(4) {
            let node = NodeId::new(self.r.below(self.m.nodes.len()));
            self.m.names.insert(node, format!("n{n}"));
        }
    }
}
