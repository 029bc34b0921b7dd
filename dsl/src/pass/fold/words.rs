//! Simpler forms of slices and concatenations.

use std::rc::Rc;

use super::{Fold, Step};
use crate::ids::NodeId;
use crate::ir::{Op, eval};
use crate::ty::Ty;
use crate::value::Value;

impl Fold<'_> {
    pub(super) fn slice(&mut self, x: NodeId, lo: u32, ty: Ty) -> Option<Step> {
        let width = ty.width();
        if lo == 0 && width == self.ty(x).width() {
            return Some(Step::Same(x));
        }
        if let Some(v) = self.constant(x) {
            return Some(Step::Const(eval::slice(&v, lo, ty)));
        }
        match self.op(x) {
            Op::Slice(y, below) => Some(Step::Op(Op::Slice(*y, below + lo))),
            Op::Concat(_) => self.slice_of_parts(x, lo, width),
            _ => None,
        }
    }

    /// A slice of a concatenation, where it lies in one part or consists of whole ones.
    fn slice_of_parts(&mut self, x: NodeId, lo: u32, width: u32) -> Option<Step> {
        let starts = self.part_starts(x);
        let Op::Concat(parts) = self.op(x) else {
            return None;
        };
        let hi = lo + width;
        // The part that holds bit `lo`, counted from the least significant.
        let first = starts.partition_point(|&s| s <= lo).checked_sub(1)?;
        let last = starts.partition_point(|&s| s < hi).checked_sub(1)?;
        let part = |from_low: usize| parts.get(parts.len().checked_sub(from_low + 1)?).copied();
        if first == last {
            return Some(Step::Op(Op::Slice(part(first)?, lo - starts[first])));
        }
        if starts[first] != lo || starts.get(last + 1) != Some(&hi) {
            return None;
        }
        let whole = parts.get(parts.len().checked_sub(last + 1)?..parts.len() - first)?;
        Some(Step::Op(Op::Concat(whole.into())))
    }

    /// Where the parts of a concatenation begin, the least significant first, and where the last one ends.
    fn part_starts(&mut self, x: NodeId) -> Rc<[u32]> {
        if let Some(known) = self.offsets.get(&x) {
            return known.clone();
        }
        let mut starts = vec![0];
        if let Op::Concat(parts) = self.op(x) {
            let mut at = 0;
            for &p in parts.iter().rev() {
                at += self.ty(p).width();
                starts.push(at);
            }
        }
        let starts: Rc<[u32]> = starts.into();
        self.offsets.insert(x, starts.clone());
        starts
    }

    pub(super) fn concat(&mut self, n: NodeId) -> Option<Step> {
        let Op::Concat(parts) = self.op(n) else {
            return None;
        };
        if let [one] = **parts {
            return Some(Step::Same(one));
        }
        let joins = |pair: &[NodeId]| self.joined(pair[0], pair[1]).is_some();
        if !parts.windows(2).any(joins) && parts.iter().all(|&p| self.ty(p).width() > 0) {
            return None;
        }
        let parts: Vec<NodeId> = parts.iter().copied().filter(|&p| self.ty(p).width() > 0).collect();
        // A run of neighbours that join becomes one node, made when it ends.
        let mut joined: Vec<NodeId> = Vec::new();
        let mut run: Option<(Op, Ty)> = None;
        let mut last: Option<NodeId> = None;
        for low in parts {
            let next = (self.op(low), self.ty(low));
            let more = match (&run, last) {
                (Some((op, ty)), _) => joined_op((op, *ty), next),
                (None, Some(high)) => self.joined(high, low),
                (None, None) => None,
            };
            if more.is_some() {
                (run, last) = (more, None);
                continue;
            }
            self.finish(&mut joined, run.take(), last, n);
            last = Some(low);
        }
        self.finish(&mut joined, run, last, n);
        Some(Step::Op(Op::Concat(joined.into())))
    }

    fn finish(&mut self, joined: &mut Vec<NodeId>, run: Option<(Op, Ty)>, last: Option<NodeId>, of: NodeId) {
        joined.extend(last);
        if let Some((op, ty)) = run {
            joined.push(self.make(op, ty, of));
        }
    }

    /// One operator for two neighbours: constants, or slices that meet.
    fn joined(&self, high: NodeId, low: NodeId) -> Option<(Op, Ty)> {
        joined_op((self.op(high), self.ty(high)), (self.op(low), self.ty(low)))
    }
}

fn joined_op((high, th): (&Op, Ty), (low, tl): (&Op, Ty)) -> Option<(Op, Ty)> {
    let (wh, wl) = (th.width(), tl.width());
    let ty = Ty::Bits(wh + wl);
    match (high, low) {
        (Op::Const(a), Op::Const(b)) => {
            let v: Value = eval::concat([(a, wh), (b, wl)]);
            Some((Op::Const(v), ty))
        }
        (Op::Slice(x, above), Op::Slice(y, lo)) if x == y && *above == lo + wl => Some((Op::Slice(*x, *lo), ty)),
        _ => None,
    }
}
