//! Small walks over the IR that the plan and the printers share: operands, decision trees, constant results.

use crate::ids::{Id, NodeId};
use crate::ir::{BinOp, Block, Module, Op, Stmt, eval};
use crate::ty::{IntTy, Ty};
use crate::value::Value;

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
        Op::Bin(op, a, b) => match (known(*a), known(*b)) {
            (Some(a), Some(b)) => eval::binary(*op, &a, &b, node.ty),
            (x, y) => {
                let all = |n: NodeId, v: Option<Value>| match v {
                    Some(v) => IntTy::constant(v),
                    None => IntTy::full(ty(n).width(), ty(n).is_signed()),
                };
                Value::from(if a == b { same(*op)? } else { decided(*op, all(*a, x), all(*b, y))? })
            }
        },
        Op::Mux(c, a, b) => node.ty.cut(&known(if known(*c)?.is_zero() { *b } else { *a })?),
        Op::Slice(a, lo) => eval::slice(&known(*a)?, *lo, node.ty),
        Op::Concat(xs) => {
            let values = xs.iter().map(|&x| known(x)).collect::<Option<Vec<_>>>()?;
            eval::concat(values.iter().zip(xs.iter().map(|&x| ty(x).width())))
        }
        Op::Select(i, xs) => node.ty.cut(&known(*xs.get(known(*i)?.to_usize()?)?)?),
        Op::Wire(w) => match driven(&m.wires[*w].driver, &known, Driven::Not) {
            Driven::Always(value) => node.ty.cut(&value),
            _ => return None,
        },
        Op::Input(_) | Op::Reg(_) | Op::MemRead { .. } | Op::Matvec { .. } | Op::Inst(..) => return None,
    })
}

/// What a decision tree gives its target.
#[derive(Clone, PartialEq)]
enum Driven {
    /// Nothing so far.
    Not,
    /// This constant on every path that can be taken.
    Always(Value),
    /// Something else.
    Other,
}

/// What the target holds after `block`, where it held `present` before.
fn driven(block: &Block, known: &impl Fn(NodeId) -> Option<Value>, mut present: Driven) -> Driven {
    for stmt in block {
        let mut paths = Vec::new();
        match stmt {
            Stmt::Set { value, .. } => paths.push(known(*value).map_or(Driven::Other, Driven::Always)),
            Stmt::When { arms, otherwise, .. } => {
                let mut open = true;
                for (condition, arm) in arms.iter().filter(|(c, _)| known(*c).is_none_or(|v| !v.is_zero())) {
                    paths.push(driven(arm, known, present.clone()));
                    if known(*condition).is_some() {
                        open = false;
                        break;
                    }
                }
                if open {
                    paths.push(driven(otherwise, known, present.clone()));
                }
            }
            Stmt::Switch { arms, default, .. } => {
                paths.extend(arms.iter().map(|(_, arm)| driven(arm, known, present.clone())));
                // Nothing after it means that the arms list every value.
                let rest = driven(default, known, present.clone());
                if rest != Driven::Not {
                    paths.push(rest);
                }
            }
        }
        let first = paths.first().cloned().unwrap_or(Driven::Other);
        present = if paths.iter().all(|p| *p == first) { first } else { Driven::Other };
    }
    present
}

/// A comparison of a value with itself.
fn same(op: BinOp) -> Option<bool> {
    match op {
        BinOp::Eq | BinOp::Le => Some(true),
        BinOp::Ne | BinOp::Lt => Some(false),
        _ => None,
    }
}

/// The result of a comparison, where all values of `a` and `b` agree on it: tools warn about such comparisons, also
/// where they find the constant themselves.
pub(crate) fn decided(op: BinOp, a: IntTy, b: IntTy) -> Option<bool> {
    match op {
        BinOp::Lt if a.hi() < b.lo() => Some(true),
        BinOp::Lt if a.lo() >= b.hi() => Some(false),
        BinOp::Le if a.hi() <= b.lo() => Some(true),
        BinOp::Le if a.lo() > b.hi() => Some(false),
        BinOp::Eq | BinOp::Ne if a.intersect(b).is_none() => Some(op == BinOp::Ne),
        _ => None,
    }
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
