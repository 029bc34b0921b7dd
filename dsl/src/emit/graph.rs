//! Small walks over the IR that the plan and the printers share: operands, decision trees, constant results.

use crate::ids::{Id, NodeId};
use crate::ir::{Block, Module, Op, Stmt, eval};
use crate::ty::Ty;
use crate::value::Value;

/// Calls `f` with each operand of `op`, in order.
pub(crate) fn operands(op: &Op, mut f: impl FnMut(NodeId)) {
    match op {
        Op::Const(_) | Op::Input(_) | Op::Reg(_) | Op::Wire(_) | Op::MemRead { .. } | Op::Inst(..) => {}
        Op::Un(_, a) | Op::Slice(a, _) => f(*a),
        Op::Bin(_, a, b) => {
            f(*a);
            f(*b);
        }
        Op::Mux(c, a, b) => {
            f(*c);
            f(*a);
            f(*b);
        }
        Op::Select(i, xs) => {
            f(*i);
            xs.iter().copied().for_each(f);
        }
        Op::Concat(xs) => xs.iter().copied().for_each(f),
    }
}

/// What a node is to a decision tree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// Assigned to the target.
    Value,
    /// The condition of a `when`, with its `seq`.
    Condition(u32),
    /// The subject of a `switch`, with its `seq`.
    Subject(u32),
}

/// Calls `f` with each node of a decision tree in program order.
pub(crate) fn block_nodes(block: &Block, f: &mut impl FnMut(NodeId, Role)) {
    for stmt in block {
        match stmt {
            Stmt::Set { value, .. } => f(*value, Role::Value),
            Stmt::When { seq, arms, otherwise } => {
                for (condition, arm) in arms {
                    f(*condition, Role::Condition(*seq));
                    block_nodes(arm, f);
                }
                block_nodes(otherwise, f);
            }
            Stmt::Switch { seq, subject, arms, default } => {
                f(*subject, Role::Subject(*seq));
                for (_, arm) in arms {
                    block_nodes(arm, f);
                }
                block_nodes(default, f);
            }
        }
    }
}

/// The value of node `n` where all its operands are constants; `known` gives an operand's value.
pub(crate) fn constant_result(m: &Module, n: NodeId, known: impl Fn(NodeId) -> Option<Value>) -> Option<Value> {
    let node = &m.nodes[n];
    if let Some(v) = node.ty.as_constant() {
        return Some(v);
    }
    let ty = |x: NodeId| m.nodes[x].ty;
    Some(match &node.op {
        Op::Const(v) => v.clone(),
        Op::Un(op, a) => eval::unary(*op, &known(*a)?, ty(*a), node.ty),
        Op::Bin(op, a, b) => eval::binary(*op, &known(*a)?, &known(*b)?, node.ty),
        Op::Mux(c, a, b) => {
            let (c, a, b) = (known(*c)?, known(*a)?, known(*b)?);
            node.ty.cut(if c.is_zero() { &b } else { &a })
        }
        Op::Slice(a, lo) => eval::slice(&known(*a)?, *lo, node.ty),
        Op::Concat(xs) => {
            let values = xs.iter().map(|&x| known(x)).collect::<Option<Vec<_>>>()?;
            eval::concat(values.iter().zip(xs.iter().map(|&x| ty(x).width())))
        }
        Op::Input(_) | Op::Reg(_) | Op::Wire(_) | Op::MemRead { .. } | Op::Inst(..) | Op::Select(..) => return None,
    })
}

/// The fields of a word of `fields`: bit offset of each, and the width of the word.
pub(crate) fn field_offsets(fields: &[crate::ir::Field]) -> (Vec<u32>, u32) {
    let mut offset = 0;
    let offsets = fields
        .iter()
        .map(|f| {
            let here = offset;
            offset += width(f.ty);
            here
        })
        .collect();
    (offsets, offset)
}

/// The number of wires of a value of this type: none where it is a constant.
pub(crate) fn width(ty: Ty) -> u32 {
    if ty.as_constant().is_some() { 0 } else { ty.width() }
}

/// The bits that an address of a memory of `depth` words needs, at least 1.
pub(crate) fn address_width(depth: u64) -> u32 {
    (64 - depth.saturating_sub(1).leading_zeros()).max(1)
}

/// A dense index for `id`.
pub(crate) fn at(id: impl Id) -> usize {
    id.index()
}
