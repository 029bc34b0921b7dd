//! Types and uses of nodes.

use std::fmt::Display;

use super::super::{CheckKind, Dir, Op, UnOp, rules};
use super::Checker;
use crate::ids::{Id, NodeId, PlaceId};
use crate::ty::Ty;

impl Checker<'_> {
    pub(super) fn nodes(&mut self) {
        let m = self.m;
        let mut claimed = vec![false; m.nodes.len()];
        for check in m.checks.values() {
            if let CheckKind::Claim { claim, .. } = check.kind {
                claimed[claim.index()] = true;
            }
        }
        for (id, node) in m.nodes.iter() {
            self.node_type(id);
            if matches!(node.op, Op::Un(UnOp::Claim, _)) && !claimed[id.index()] {
                self.fail(16, id, node.place, "no check goes with the claim");
            }
            match &node.op {
                Op::Mux(c, _, _) => self.plain_use(*c, id, node.place),
                Op::Select(i, _) => self.plain_use(*i, id, node.place),
                op => op.for_each_operand(|x| self.plain_use(x, id, node.place)),
            }
        }
    }

    /// V17: a use where no condition guards the value.
    pub(super) fn plain_use(&mut self, x: NodeId, what: impl Display, place: PlaceId) {
        if matches!(self.m.nodes[x].op, Op::Un(UnOp::Refine, _)) {
            self.fail(17, what, place, format!("the refinement {x} is used where nothing guards it"));
        }
    }

    /// V18.
    pub(super) fn one_bit(&mut self, x: NodeId, what: impl Display, place: PlaceId) {
        let ty = self.m.nodes[x].ty;
        if ty != Ty::BOOL {
            self.fail(18, what, place, format!("{x} is {ty} and not one bit"));
        }
    }

    fn node_type(&mut self, id: NodeId) {
        let m = self.m;
        let node = &m.nodes[id];
        let ty = |x: NodeId| m.nodes[x].ty;
        let mut rule = 10;
        let result = match &node.op {
            Op::Const(v) => {
                let right = match node.ty {
                    Ty::Int(t) => t.as_constant().as_ref() == Some(v),
                    word => word.contains(v),
                };
                if !right {
                    self.fail(11, id, node.place, format!("the constant {v} with the type {}", node.ty));
                }
                return;
            }
            Op::Input(port) => {
                let p = &m.ports[*port];
                return self.leaf(id, p.ty, p.dir == Dir::Input);
            }
            Op::Reg(x) => return self.leaf(id, m.regs[*x].ty, true),
            Op::Wire(x) => return self.leaf(id, m.wires[*x].ty, true),
            Op::MemRead { mem, field, .. } => return self.leaf(id, m.mems[*mem].fields[*field as usize].ty, true),
            Op::Inst(inst, port) => {
                let p = &self.design.modules[m.insts[*inst].module].ports[*port];
                return self.leaf(id, p.ty, p.dir == Dir::Output);
            }
            Op::Matvec { matvec, output } => {
                let range = self.sum_range(&m.matvecs[*matvec], *output as usize);
                if !node.ty.fits(Ty::Int(range)) {
                    let range = format!("{}..={}", range.lo(), range.hi());
                    self.fail(10, id, node.place, format!("its type {} is not inside of the sum's {range}", node.ty));
                }
                return;
            }
            Op::Un(op @ (UnOp::Wrap | UnOp::Claim | UnOp::Refine), x) => {
                let rule = match op {
                    UnOp::Wrap => 15,
                    UnOp::Claim => 16,
                    _ => 17,
                };
                match (ty(*x), node.ty) {
                    (Ty::Int(_), Ty::Int(to)) if *op != UnOp::Wrap || to.is_full() => {}
                    (from, to) => self.fail(rule, id, node.place, format!("{} from {from} to {to}", op.mnemonic())),
                }
                return;
            }
            Op::Un(op, x) => rules::unary(*op, ty(*x)).unwrap_or(Err(rules::RuleError::Kind)),
            Op::Bin(op, a, b) => rules::binary(*op, ty(*a), ty(*b), ty(*b).as_constant().as_ref()),
            Op::Mux(c, a, b) => {
                self.one_bit(*c, id, node.place);
                rules::choice(ty(*a), ty(*b))
            }
            Op::Select(i, xs) => {
                rule = 12;
                let choices: Vec<Ty> = xs.iter().map(|&x| ty(x)).collect();
                if choices.iter().any(|t| rules::choice(choices[0], *t).is_err()) {
                    self.fail(12, id, node.place, "choices of different kinds or widths");
                    return;
                }
                rules::select(ty(*i), &choices)
            }
            Op::Slice(x, lo) => {
                let right = match (ty(*x), node.ty) {
                    (Ty::Bits(from), Ty::Bits(width)) => u64::from(*lo) + u64::from(width) <= u64::from(from),
                    _ => false,
                };
                if !right {
                    self.fail(13, id, node.place, format!("{} from bit {lo} of {x}, {}", node.ty, ty(*x)));
                }
                return;
            }
            Op::Concat(xs) => {
                let words = xs.iter().all(|&x| matches!(ty(x), Ty::Bits(_)));
                let sum: u64 = xs.iter().map(|&x| u64::from(ty(x).width())).sum();
                if !words || !matches!(node.ty, Ty::Bits(w) if u64::from(w) == sum) {
                    self.fail(14, id, node.place, format!("{} of {sum} bits, or not of words", node.ty));
                }
                return;
            }
        };
        match result {
            Ok(result) if node.ty.fits(result) => {}
            Ok(result) => {
                self.fail(rule, id, node.place, format!("its type {} is not inside of the result {result}", node.ty));
            }
            Err(e) => self.fail(rule, id, node.place, e),
        }
    }

    /// V09.
    fn leaf(&mut self, id: NodeId, declared: Ty, direction: bool) {
        let node = &self.m.nodes[id];
        if !direction {
            self.fail(9, id, node.place, "the port has the other direction");
        } else if !node.ty.fits(declared) {
            self.fail(9, id, node.place, format!("{} is not inside of {declared}", node.ty));
        }
    }
}
