//! Simpler forms of operators and choices.

use super::{Fold, Step};
use crate::ids::{Id, NodeId};
use crate::ir::{BinOp, Op, UnOp, eval};
use crate::pass::rewrite;
use crate::ty::Ty;
use crate::value::Value;

use Step::{Const, Same};

fn un(op: UnOp, x: NodeId) -> Option<Step> {
    Some(Step::Op(Op::Un(op, x)))
}
fn bin(op: BinOp, a: NodeId, b: NodeId) -> Option<Step> {
    Some(Step::Op(Op::Bin(op, a, b)))
}
fn bit(v: bool) -> Option<Step> {
    Some(Const(Value::from(v)))
}

impl Fold<'_> {
    pub(super) fn unary(&mut self, op: UnOp, x: NodeId, ty: Ty, n: NodeId) -> Option<Step> {
        let from = self.ty(x);
        if op == UnOp::Refine {
            return from.fits(ty).then_some(Same(x));
        }
        if op == UnOp::ToBits && from.width() != ty.width() {
            return Some(Step::Op(self.extended(x, ty.width(), n)));
        }
        if let Some(v) = self.constant(x) {
            return Some(Const(eval::unary(op, &v, from, ty)));
        }
        let inner = self.op(x);
        match (op, inner) {
            (UnOp::Neg, Op::Un(UnOp::Neg, y)) | (UnOp::Not, Op::Un(UnOp::Not, y)) => Some(Same(*y)),
            (UnOp::Abs, _) if !from.is_signed() => Some(Same(x)),
            (UnOp::Abs, Op::Un(UnOp::Neg, y)) => un(UnOp::Abs, *y),
            (UnOp::Abs, _) if from.range().hi() <= Value::ZERO => un(UnOp::Neg, x),
            (UnOp::ReduceAnd | UnOp::ReduceOr | UnOp::ReduceXor, _) if from == Ty::BOOL => Some(Same(x)),
            (UnOp::PopCount, _) if from == Ty::BOOL => un(UnOp::ToUint, x),
            (UnOp::ToBits, Op::Un(UnOp::ToUint | UnOp::ToSint, y)) => {
                let (w, of) = (ty.width(), self.ty(*y).width());
                if w == of { Some(Same(*y)) } else { (w < of).then_some(Step::Op(Op::Slice(*y, 0))) }
            }
            (UnOp::ToUint, Op::Un(UnOp::ToBits, y)) if !self.ty(*y).is_signed() => Some(Same(*y)),
            (UnOp::ToSint, Op::Un(UnOp::ToBits, y)) if self.ty(*y).is_signed() => Some(Same(*y)),
            (UnOp::ToUint, Op::Concat(parts)) if parts.len() == 2 && self.is(parts[0], &Value::ZERO) => {
                un(UnOp::ToUint, parts[1])
            }
            (UnOp::Wrap, _) if from.fits(ty) => Some(Same(x)),
            (UnOp::Wrap, Op::Un(UnOp::Wrap, y)) if from.width() >= ty.width() => un(UnOp::Wrap, *y),
            _ => None,
        }
    }

    /// The word of `width` bits of the integer `x`, which is narrower.
    fn extended(&mut self, x: NodeId, width: u32, of: NodeId) -> Op {
        let place = self.m.nodes[of].place;
        let first = self.m.nodes.len();
        let mut op = rewrite::to_bits(self.m, x, width, &mut |m, op, ty| rewrite::push(m, op, ty, place));
        for new in first..self.m.nodes.len() {
            self.map.push(NodeId::new(new));
        }
        for new in first..self.map.len() {
            self.node(NodeId::new(new));
        }
        op.map_operands(|x| self.map[x.index()]);
        op
    }

    pub(super) fn binary(&mut self, op: BinOp, a: NodeId, b: NodeId, ty: Ty, n: NodeId) -> Option<Step> {
        let (ca, cb) = (self.constant(a), self.constant(b));
        if let (Some(va), Some(vb)) = (&ca, &cb) {
            return Some(Const(eval::binary(op, va, vb, ty)));
        }
        match op {
            BinOp::And | BinOp::Or | BinOp::Xor => return self.bitwise(op, a, b, ty),
            BinOp::Eq | BinOp::Ne | BinOp::Lt | BinOp::Le => return self.compare(op, a, b),
            _ => {}
        }
        let is = |c: &Option<Value>, v: i64| c.as_ref().and_then(Value::to_i64) == Some(v);
        let range = |x: NodeId| self.ty(x).range();
        match op {
            BinOp::Add if is(&cb, 0) => Some(Same(a)),
            BinOp::Add if is(&ca, 0) => Some(Same(b)),
            BinOp::Add => {
                let (x, c) = if let Some(c) = cb { (a, c) } else { (b, ca?) };
                let Op::Bin(BinOp::Add, p, q) = *self.op(x) else {
                    return None;
                };
                let (rest, d) = match (self.constant(p), self.constant(q)) {
                    (_, Some(d)) => (p, d),
                    (Some(d), _) => (q, d),
                    _ => return None,
                };
                let sum = self.make_const(&c + &d, None, n);
                bin(BinOp::Add, rest, sum)
            }
            BinOp::Sub if is(&cb, 0) => Some(Same(a)),
            BinOp::Sub if is(&ca, 0) => un(UnOp::Neg, b),
            BinOp::Sub if a == b => Some(Const(Value::ZERO)),
            BinOp::Mul | BinOp::Div if is(&cb, 1) => Some(Same(a)),
            BinOp::Mul if is(&ca, 1) => Some(Same(b)),
            BinOp::Mul | BinOp::Div if is(&cb, -1) => un(UnOp::Neg, a),
            BinOp::Mul if is(&ca, -1) => un(UnOp::Neg, b),
            BinOp::Rem => {
                let c = cb?.abs();
                let r = range(a);
                (r.lo() > -&c && r.hi() < c).then_some(Same(a))
            }
            BinOp::Min | BinOp::Max if a == b => Some(Same(a)),
            BinOp::Min if range(a).hi() <= range(b).lo() => Some(Same(a)),
            BinOp::Min if range(b).hi() <= range(a).lo() => Some(Same(b)),
            BinOp::Max if range(a).lo() >= range(b).hi() => Some(Same(a)),
            BinOp::Max if range(b).lo() >= range(a).hi() => Some(Same(b)),
            BinOp::Shl | BinOp::Shr if is(&cb, 0) => Some(Same(a)),
            BinOp::Shl | BinOp::Shr if matches!(ty, Ty::Bits(_)) => {
                let all_out = range(b).lo() >= Value::from(ty.width());
                (all_out || is(&ca, 0)).then_some(Const(Value::ZERO))
            }
            _ => None,
        }
    }

    fn bitwise(&mut self, op: BinOp, a: NodeId, b: NodeId, ty: Ty) -> Option<Step> {
        let ones = ty.range().hi();
        let inverse = |x: NodeId, y: NodeId| matches!(self.op(x), Op::Un(UnOp::Not, z) if *z == y);
        if a == b {
            return Some(if op == BinOp::Xor { Const(Value::ZERO) } else { Same(a) });
        }
        if inverse(a, b) || inverse(b, a) {
            return Some(Const(if op == BinOp::And { Value::ZERO } else { ones }));
        }
        let (x, c) = match (self.constant(a), self.constant(b)) {
            (_, Some(c)) => (a, c),
            (Some(c), _) => (b, c),
            _ => return None,
        };
        match op {
            BinOp::And if c.is_zero() => Some(Const(c)),
            BinOp::Or if c == ones => Some(Const(c)),
            BinOp::And if c == ones => Some(Same(x)),
            BinOp::Or | BinOp::Xor if c.is_zero() => Some(Same(x)),
            BinOp::Xor if c == ones => un(UnOp::Not, x),
            _ => None,
        }
    }

    fn compare(&mut self, op: BinOp, a: NodeId, b: NodeId) -> Option<Step> {
        if a == b {
            return bit(matches!(op, BinOp::Eq | BinOp::Le));
        }
        if let (Some(x), Some(y)) = (self.int(a), self.int(b)) {
            let (below, above) = (x.hi() < y.lo(), x.lo() > y.hi());
            return match op {
                BinOp::Eq | BinOp::Ne if below || above => bit(op == BinOp::Ne),
                BinOp::Lt if below => bit(true),
                BinOp::Lt if x.lo() >= y.hi() => bit(false),
                BinOp::Le if x.hi() <= y.lo() => bit(true),
                BinOp::Le if above => bit(false),
                _ => None,
            };
        }
        if self.ty(a) != Ty::BOOL {
            return None;
        }
        let (x, c) = match (self.constant(a), self.constant(b)) {
            (_, Some(c)) => (a, c),
            (Some(c), _) => (b, c),
            _ => return None,
        };
        let keeps = c.is_zero() == (op == BinOp::Ne);
        if keeps { Some(Same(x)) } else { un(UnOp::Not, x) }
    }

    pub(super) fn mux(&mut self, c: NodeId, a: NodeId, b: NodeId) -> Option<Step> {
        if let Some(v) = self.constant(c) {
            return Some(Same(if v.is_zero() { b } else { a }));
        }
        let (va, vb) = (self.constant(a), self.constant(b));
        if a == b || (va.is_some() && va == vb) {
            return Some(Same(a));
        }
        if let Op::Un(UnOp::Not, d) = *self.op(c) {
            return Some(Step::Op(Op::Mux(d, b, a)));
        }
        match *self.op(a) {
            Op::Mux(d, x, _) if d == c => return Some(Step::Op(Op::Mux(c, x, b))),
            _ => {}
        }
        match *self.op(b) {
            Op::Mux(d, _, y) if d == c => return Some(Step::Op(Op::Mux(c, a, y))),
            _ => {}
        }
        if self.ty(a) != Ty::BOOL {
            return None;
        }
        let is = |v: &Option<Value>, one: bool| v.as_ref().is_some_and(|v| v.is_zero() != one);
        match () {
            _ if is(&va, true) && is(&vb, false) => Some(Same(c)),
            _ if is(&va, false) && is(&vb, true) => un(UnOp::Not, c),
            _ if is(&va, true) || a == c => bin(BinOp::Or, c, b),
            _ if is(&vb, false) || b == c => bin(BinOp::And, c, a),
            _ => None,
        }
    }

    pub(super) fn select(&mut self, n: NodeId) -> Option<Step> {
        let Op::Select(i, xs) = self.op(n) else {
            return None;
        };
        let index = self.int(*i)?;
        let (lo, hi) = (index.lo().to_usize()?, index.hi().to_usize()?);
        let lo = match self.constant(*i) {
            Some(v) => v.to_usize()?,
            None => lo,
        };
        let reached = xs.get(lo..=hi)?;
        let first = *reached.first()?;
        let value = self.constant(first);
        let same = |&x: &NodeId| x == first || (value.is_some() && self.constant(x) == value);
        if self.constant(*i).is_some() || reached.iter().all(same) {
            return Some(Same(first));
        }
        (hi + 1 < xs.len()).then(|| Step::Op(Op::Select(*i, xs[..=hi].into())))
    }
}
