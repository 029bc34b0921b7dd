//! What a condition says about the ranges of the values it compares.
//!
//! `x.lt(9)` confines `x` to values below 9 wherever it holds. Where a value is selected under conditions (an arm of a
//! `mux`, an assignment under `when`), its range is computed again with those facts; a value that fits only thanks to
//! them is marked with a `Refine` node. Nothing outside of the selection relies on the smaller range.

use super::context::Builder;
use super::when::FrameKind;
use crate::ids::NodeId;
use crate::ir::{BinOp, Module, Op, UnOp, rules};
use crate::ty::{IntTy, Ty};
use crate::value::Value;

/// How far a range is computed again through operators, and how many conditions are read.
const BUDGET: usize = 64;

#[derive(Default)]
struct Facts(Vec<(NodeId, IntTy)>);

impl Facts {
    fn add(&mut self, module: &Module, node: NodeId, lo: Option<Value>, hi: Option<Value>) {
        let Ty::Int(ty) = module.nodes[node].ty else { return };
        let known = self.0.iter().position(|(n, _)| *n == node);
        let now = known.map_or(ty, |i| self.0[i].1);
        let within =
            |t: IntTy| (lo.clone().map_or(t.lo(), |v| v.max(t.lo())), hi.clone().map_or(t.hi(), |v| v.min(t.hi())));
        let (mut lo_now, mut hi_now) = within(now);
        if lo_now > hi_now {
            // The path cannot be taken, so anything holds on it: the last condition, which is the one at hand.
            (lo_now, hi_now) = within(ty);
        }
        if lo_now > hi_now {
            return;
        }
        let shown = IntTy::new(lo_now, hi_now);
        match known {
            Some(i) => self.0[i].1 = shown,
            None if shown != ty => self.0.push((node, shown)),
            None => {}
        }
    }

    /// `node` is not `v`: only of use at the ends of its range.
    fn exclude(&mut self, module: &Module, node: NodeId, v: &Value) {
        let Ty::Int(ty) = module.nodes[node].ty else { return };
        let now = self.0.iter().find(|(n, _)| *n == node).map_or(ty, |f| f.1);
        if now.lo() == *v {
            self.add(module, node, Some(v + &Value::ONE), None);
        }
        if now.hi() == *v {
            self.add(module, node, None, Some(v - &Value::ONE));
        }
    }

    /// `condition` is 1 (`holds`) or 0.
    fn condition(&mut self, module: &Module, condition: NodeId, holds: bool) {
        let mut todo = vec![(condition, holds)];
        let mut read = 0;
        while let Some((node, holds)) = todo.pop() {
            read += 1;
            if read > BUDGET {
                return;
            }
            let range = |n: NodeId| module.nodes[n].ty.as_int();
            match module.nodes[node].op {
                Op::Un(UnOp::Not, x) => todo.push((x, !holds)),
                Op::Bin(BinOp::And, a, b) if holds => todo.extend([(a, true), (b, true)]),
                Op::Bin(BinOp::Or, a, b) if !holds => todo.extend([(a, false), (b, false)]),
                Op::Bin(op @ (BinOp::Lt | BinOp::Le), a, b) => {
                    let (Some(x), Some(y)) = (range(a), range(b)) else { continue };
                    // a < b, or its opposite b <= a; a <= b, or its opposite b < a.
                    let (low, high, x, y) = if holds { (a, b, x, y) } else { (b, a, y, x) };
                    let strict = Value::from((op == BinOp::Lt) == holds);
                    self.add(module, low, None, Some(&y.hi() - &strict));
                    self.add(module, high, Some(&x.lo() + &strict), None);
                }
                Op::Bin(op @ (BinOp::Eq | BinOp::Ne), a, b) => {
                    let (Some(x), Some(y)) = (range(a), range(b)) else { continue };
                    if (op == BinOp::Eq) == holds {
                        self.add(module, a, Some(y.lo()), Some(y.hi()));
                        self.add(module, b, Some(x.lo()), Some(x.hi()));
                    } else {
                        if let Some(v) = y.as_constant() {
                            self.exclude(module, a, &v);
                        }
                        if let Some(v) = x.as_constant() {
                            self.exclude(module, b, &v);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// The range of `node` where the facts hold; at most its own.
    fn range(&self, module: &Module, node: NodeId, depth: u32, budget: &mut usize) -> Option<IntTy> {
        let own = module.nodes[node].ty.as_int()?;
        let own = self.0.iter().find(|(n, _)| *n == node).map_or(own, |f| f.1);
        if depth == 0 || *budget == 0 {
            return Some(own);
        }
        *budget -= 1;
        let mut sub = |n: NodeId| self.range(module, n, depth - 1, budget);
        let computed = match &module.nodes[node].op {
            Op::Bin(op, a, b) => {
                let constant = module.nodes[*b].ty.as_constant();
                let (x, y) = (sub(*a)?, sub(*b)?);
                rules::binary(*op, Ty::Int(x), Ty::Int(y), constant.as_ref()).ok()?.as_int()
            }
            Op::Un(op @ (UnOp::Neg | UnOp::Abs), x) => rules::unary(*op, Ty::Int(sub(*x)?))?.ok()?.as_int(),
            Op::Un(UnOp::Wrap, x) => sub(*x).filter(|x| x.fits(own)),
            Op::Un(UnOp::Claim | UnOp::Refine, x) => sub(*x),
            Op::Mux(_, a, b) => Some(sub(*a)?.hull(sub(*b)?)),
            _ => None,
        };
        Some(computed.and_then(|t| t.intersect(own)).unwrap_or(own))
    }
}

/// The arms of a mux, refined by its condition where that makes the result's range smaller.
pub(crate) fn mux_arms(b: &mut Builder, c: NodeId, x: NodeId, y: NodeId) -> (NodeId, NodeId) {
    let nodes = &b.ir.nodes;
    let (Ty::Int(x_ty), Ty::Int(y_ty)) = (nodes[x].ty, nodes[y].ty) else { return (x, y) };
    let arm = |node: NodeId, holds: bool| {
        let mut facts = Facts::default();
        facts.condition(&b.ir, c, holds);
        if facts.0.is_empty() {
            return None;
        }
        facts.range(&b.ir, node, 4, &mut BUDGET.clone())
    };
    let (x_shown, y_shown) = (arm(x, true).unwrap_or(x_ty), arm(y, false).unwrap_or(y_ty));
    let hull = x_shown.hull(y_shown);
    if hull == x_ty.hull(y_ty) {
        return (x, y);
    }
    let mut refined = |node: NodeId, ty: IntTy, shown: IntTy| {
        if ty.fits(hull) {
            return node;
        }
        let place = b.ir.nodes[node].place;
        b.push(Op::Un(UnOp::Refine, node), Ty::Int(shown), place).node
    };
    (refined(x, x_ty, x_shown), refined(y, y_ty, y_shown))
}

/// The range of `node` under the conditions around the code being built; `None` where they say nothing.
pub(crate) fn under_frames(b: &Builder, node: NodeId) -> Option<IntTy> {
    let mut facts = Facts::default();
    for frame in &b.frames {
        match &frame.kind {
            FrameKind::When { conditions, arm } => {
                for (n, &c) in conditions.iter().enumerate().take(arm + 1) {
                    facts.condition(&b.ir, c, n == *arm);
                }
            }
            FrameKind::Switch { subject, cases, arm } => match cases.get(*arm) {
                Some(list) => facts.add(&b.ir, *subject, list.iter().min().cloned(), list.iter().max().cloned()),
                None => {
                    let mut values = cases.concat();
                    values.sort();
                    values.iter().chain(values.iter().rev()).for_each(|v| facts.exclude(&b.ir, *subject, v));
                }
            },
        }
    }
    if facts.0.is_empty() {
        return None;
    }
    facts.range(&b.ir, node, 8, &mut BUDGET.clone())
}
