//! Which additions Yosys joins to sums of more than two summands (its pass `alumacc`).
//!
//! An addition that only one other addition reads, all of it, is taken into that one. Full adders then bring the summands
//! to two, which takes two LUTs for each bit where a carry chain would take one.

use super::shared::Shared;
use crate::ids::NodeId;
use crate::ir::{BinOp, Module, Op, UnOp};

/// A summand: a node, or the product of two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Term {
    pub node: NodeId,
    /// It is a product, which is a part of the sum.
    pub product: bool,
    pub negative: bool,
    /// Its sign is extended.
    pub signed: bool,
}

/// The two operands of an addition, and whether the second is subtracted.
fn operands(module: &Module, shared: &Shared, n: NodeId) -> Option<(Vec<NodeId>, bool)> {
    let (operands, negative) = match module.nodes[n].op {
        Op::Bin(BinOp::Add, a, b) => (vec![a, b], false),
        Op::Bin(BinOp::Sub, a, b) => (vec![a, b], true),
        Op::Un(UnOp::Neg, a) => (vec![a], true),
        _ => return None,
    };
    Some((operands.into_iter().map(|x| shared.of(x)).collect(), negative))
}

/// The summands of an addition; none for other nodes.
pub fn terms(module: &Module, shared: &Shared, n: NodeId) -> Option<Vec<Term>> {
    // Deeper trees than this are no single sum.
    const DEPTH: u32 = 64;
    gathered(module, shared, n, DEPTH)
}

fn gathered(module: &Module, shared: &Shared, n: NodeId, depth: u32) -> Option<Vec<Term>> {
    let (operands, last_is_negative) = operands(module, shared, n)?;
    let width = module.nodes[n].ty.width();
    let signed = native_sign(module, &operands, width) == Some(true);
    let mut terms = Vec::new();
    for (k, &x) in operands.iter().enumerate() {
        let negative = last_is_negative && k + 1 == operands.len();
        let ty = module.nodes[x].ty;
        let whole = ty.width() == width || !ty.is_signed() || signed;
        let alone = shared.readers(x) == 1 && depth > 0 && ty.as_constant().is_none();
        let inner = if whole && alone { gathered(module, shared, x, depth - 1) } else { None };
        // Where widths differ, a sum is taken in if it cannot overflow, and that is known of sums of one sign only.
        let joins = |inner: &Vec<Term>| {
            ty.width() == width || inner.iter().all(|t| t.signed == signed && (signed || !t.negative))
        };
        match inner.filter(joins) {
            Some(inner) => terms.extend(inner.into_iter().map(|t| Term { negative: t.negative != negative, ..t })),
            None => {
                let product = matches!(module.nodes[x].op, Op::Bin(BinOp::Mul, ..)) && whole && alone;
                terms.push(Term { node: x, product, negative, signed });
            }
        }
    }
    Some(terms)
}

/// Where Verilog's own extension of the operands is used: whether it is that of signed numbers.
fn native_sign(module: &Module, operands: &[NodeId], width: u32) -> Option<bool> {
    let mut narrow = None;
    for x in operands.iter().map(|x| &module.nodes[*x]).filter(|x| !matches!(x.op, Op::Const(_))) {
        if x.ty.width() + 1 == width {
            if narrow.is_some_and(|signed| signed != x.ty.is_signed()) {
                return None;
            }
            narrow = Some(x.ty.is_signed());
        } else if x.ty.width() != width {
            return None;
        }
    }
    let all_signed =
        operands.iter().map(|x| &module.nodes[*x]).all(|x| matches!(x.op, Op::Const(_)) || x.ty.is_signed());
    narrow.filter(|signed| !signed || all_signed)
}
