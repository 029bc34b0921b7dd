//! The range of a node's value from the ranges of its operands. Of a word, the range of the unsigned number it spells.

use crate::ids::{Id, NodeId};
use crate::ir::{BinOp, Module, Op, UnOp, rules};
use crate::ty::{IntTy, Ty, uint};
use crate::value::Value;

/// The range of node `n` within its declared type; `None` where an operand has no value yet, and where no value is both in
/// the operand's range and in a refinement or claim: such a node has no value that is used while claims hold.
pub(super) fn node(m: &Module, n: NodeId, ranges: &[Option<IntTy>]) -> Option<IntTy> {
    let node = &m.nodes[n];
    let declared = node.ty.range();
    let of = |x: NodeId| ranges[x.index()];
    let width = |x: NodeId| m.nodes[x].ty.width();
    let is_int = |x: NodeId| matches!(m.nodes[x].ty, Ty::Int(_));
    let found = match &node.op {
        Op::Const(v) => IntTy::constant(v.clone()),
        Op::MemRead { mem, port, field } => {
            let mem = &m.mems[*mem];
            if mem.init.is_empty() || !mem.writes.is_empty() {
                return Some(declared);
            }
            // A synchronous port holds the power-up value until it has read.
            let first = mem.reads[*port as usize].sync.map(|_| mem.fields[*field as usize].ty.power_up());
            let values = mem.init.iter().filter_map(|word| word.get(*field as usize)).cloned().chain(first);
            values.map(IntTy::constant).reduce(IntTy::hull)?
        }
        Op::Input(_) | Op::Reg(_) | Op::Wire(_) | Op::Inst(..) => declared,
        Op::Matvec { matvec, output } => {
            let matvec = &m.matvecs[*matvec];
            let sum = &matvec.outputs[*output as usize];
            let reached = sum.weights.iter().map(|(i, _)| of(matvec.input(*output as usize, *i)));
            let reached = reached.collect::<Option<Vec<_>>>()?;
            let place = |i: usize| sum.weights.partition_point(|w| w.0 < i);
            sum.range(|i| reached[place(i)])
        }
        Op::Un(op, x) => {
            let r = of(*x)?;
            match op {
                UnOp::Refine | UnOp::Claim => r,
                UnOp::Wrap if !r.fits(declared) => declared,
                UnOp::Wrap => r,
                op => unary(*op, r, width(*x))?,
            }
        }
        Op::Bin(op, a, b) => {
            let (x, y) = (of(*a)?, of(*b)?);
            if is_int(*a) { integers(*op, x, y)? } else { words(*op, x, y, width(*a)) }
        }
        Op::Mux(c, a, b) => match of(*c)?.as_constant() {
            Some(v) if v.is_zero() => of(*b)?,
            Some(_) => of(*a)?,
            None => hull([of(*a), of(*b)])?,
        },
        Op::Select(i, xs) => {
            let i = of(*i)?;
            let reached = xs.get(i.lo().to_usize()?..=i.hi().to_usize()?)?;
            hull(reached.iter().map(|&x| of(x)))?
        }
        Op::Slice(x, lo) => low_bits(shifted(of(*x)?, *lo), node.ty.width()),
        Op::Concat(xs) => {
            let (mut lo, mut hi) = (Value::ZERO, Value::ZERO);
            for &x in xs {
                let part = of(x)?;
                (lo, hi) = (&lo.shl(width(x)) + &part.lo(), &hi.shl(width(x)) + &part.hi());
            }
            IntTy::new(lo, hi)
        }
    };
    declared.intersect(found)
}

fn hull(ranges: impl IntoIterator<Item = Option<IntTy>>) -> Option<IntTy> {
    ranges.into_iter().flatten().reduce(IntTy::hull)
}

fn shifted(x: IntTy, by: u32) -> IntTy {
    IntTy::new(x.lo().shr(by), x.hi().shr(by))
}

/// What the low bits of a non-negative number spell.
fn low_bits(x: IntTy, width: u32) -> IntTy {
    if x.lo().shr(width) == x.hi().shr(width) {
        IntTy::new(x.lo().wrap(width, false), x.hi().wrap(width, false))
    } else {
        uint(width)
    }
}

fn bit(lo: bool, hi: bool) -> IntTy {
    IntTy::new(Value::from(lo), Value::from(hi))
}

fn unary(op: UnOp, x: IntTy, width: u32) -> Option<IntTy> {
    let ones = uint(width).hi();
    Some(match op {
        UnOp::Neg | UnOp::Abs => rules::unary(op, Ty::Int(x))?.ok()?.range(),
        UnOp::Not => IntTy::new(&ones - &x.hi(), &ones - &x.lo()),
        UnOp::ReduceAnd => bit(x.lo() == ones, x.hi() == ones),
        UnOp::ReduceOr => bit(!x.lo().is_zero(), !x.hi().is_zero()),
        UnOp::ReduceXor => match x.as_constant() {
            Some(v) => IntTy::constant((0..width).filter(|&n| v.bit(n)).count() as u32 % 2),
            None => bit(false, true),
        },
        UnOp::PopCount => {
            let most = x.hi().bits(false).min(width);
            IntTy::new(u32::from(!x.lo().is_zero()), most)
        }
        UnOp::ToBits if !x.is_signed() => x,
        UnOp::ToBits => match x.as_constant() {
            Some(v) => IntTy::constant(v.wrap(width, false)),
            None if x.hi().is_negative() => IntTy::new(x.lo().wrap(width, false), x.hi().wrap(width, false)),
            None => uint(width),
        },
        UnOp::ToUint => x,
        UnOp::ToSint => {
            let (lo, hi) = (x.lo().wrap(width, true), x.hi().wrap(width, true));
            if lo.is_negative() == hi.is_negative() { IntTy::new(lo, hi) } else { IntTy::full(width, true) }
        }
        UnOp::Wrap | UnOp::Claim | UnOp::Refine => x,
    })
}

fn integers(op: BinOp, x: IntTy, y: IntTy) -> Option<IntTy> {
    let (below, above) = (x.hi() < y.lo(), x.lo() > y.hi());
    let same = x == y && x.as_constant().is_some();
    Some(match op {
        BinOp::Eq => bit(same, !below && !above),
        BinOp::Ne => bit(below || above, !same),
        BinOp::Lt => bit(below, x.lo() < y.hi()),
        BinOp::Le => bit(x.hi() <= y.lo(), !above),
        op => rules::binary(op, Ty::Int(x), Ty::Int(y), y.as_constant().as_ref()).ok()?.range(),
    })
}

fn words(op: BinOp, x: IntTy, y: IntTy, width: u32) -> IntTy {
    let bits = |v: &Value| v.bits(false);
    let most = uint(bits(&x.hi()).max(bits(&y.hi())));
    match op {
        BinOp::Eq | BinOp::Ne => integers(op, x, y).unwrap_or(bit(false, true)),
        BinOp::And => match (x.as_constant(), y.as_constant()) {
            (Some(a), Some(b)) => IntTy::constant(&a & &b),
            _ => IntTy::new(0, x.hi().min(y.hi())),
        },
        BinOp::Or => match (x.as_constant(), y.as_constant()) {
            (Some(a), Some(b)) => IntTy::constant(&a | &b),
            _ => IntTy::new(x.lo().max(y.lo()), most.hi()),
        },
        BinOp::Xor => match (x.as_constant(), y.as_constant()) {
            (Some(a), Some(b)) => IntTy::constant(&a ^ &b),
            _ => most,
        },
        BinOp::Shr => {
            let by = |v: Value| v.to_u64().map_or(width, |n| n.min(u64::from(width)) as u32);
            IntTy::new(x.lo().shr(by(y.hi())), x.hi().shr(by(y.lo())))
        }
        BinOp::Shl => match y.as_constant().and_then(|v| v.to_u64()) {
            Some(by) if by >= u64::from(width) => IntTy::constant(0),
            Some(by) => low_bits(IntTy::new(x.lo().shl(by as u32), x.hi().shl(by as u32)), width),
            None => uint(width),
        },
        _ => uint(width),
    }
}
