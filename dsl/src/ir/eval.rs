//! What each operator computes, on exact values: the meaning that constant folding and the wide path of the
//! interpreter use.

use super::{BinOp, UnOp};
use crate::ty::{MAX_WIDTH, Ty};
use crate::value::Value;

/// The value of `op` at `x`, an operand of type `x_ty`, cut to `ty`.
pub fn unary(op: UnOp, x: &Value, x_ty: Ty, ty: Ty) -> Value {
    let width = x_ty.width();
    let bool = |b: bool| Value::from(b);
    let result = match op {
        UnOp::Neg => -x,
        UnOp::Abs => x.abs(),
        UnOp::Not => &(&Value::pow2(width) - &Value::ONE) - x,
        UnOp::ReduceAnd => bool(*x == &Value::pow2(width) - &Value::ONE),
        UnOp::ReduceOr => bool(!x.is_zero()),
        UnOp::ReduceXor => bool((0..width).filter(|&n| x.bit(n)).count() % 2 == 1),
        UnOp::PopCount => Value::from((0..width).filter(|&n| x.bit(n)).count()),
        UnOp::ToBits => x.wrap(width, false),
        UnOp::ToUint => x.clone(),
        UnOp::ToSint => x.wrap(width, true),
        UnOp::Wrap | UnOp::Claim | UnOp::Refine => x.clone(),
    };
    ty.cut(&result)
}

/// The value of `op` at `a` and `b`, cut to `ty`. Division by zero, which no verified design has, gives 0.
pub fn binary(op: BinOp, a: &Value, b: &Value, ty: Ty) -> Value {
    let shift = || b.to_u64().map_or(MAX_WIDTH * 2, |n| n.min(u64::from(MAX_WIDTH) * 2) as u32);
    let result = match op {
        BinOp::Add => a + b,
        BinOp::Sub => a - b,
        BinOp::Mul => a * b,
        BinOp::Div => a.div_trunc(b).unwrap_or(Value::ZERO),
        BinOp::Rem => a.rem_trunc(b).unwrap_or(Value::ZERO),
        BinOp::Min => a.min(b).clone(),
        BinOp::Max => a.max(b).clone(),
        BinOp::Eq => Value::from(a == b),
        BinOp::Ne => Value::from(a != b),
        BinOp::Lt => Value::from(a < b),
        BinOp::Le => Value::from(a <= b),
        BinOp::And => a & b,
        BinOp::Or => a | b,
        BinOp::Xor => a ^ b,
        BinOp::Shl => a.shl(shift()),
        BinOp::Shr => a.shr(shift()),
    };
    ty.cut(&result)
}

/// The bits of the word `x` from `lo` up, as many as `ty` has.
pub fn slice(x: &Value, lo: u32, ty: Ty) -> Value {
    x.shr(lo).wrap(ty.width(), false)
}

/// Words side by side, the most significant first; each part is a value with its width.
pub fn concat<'a>(parts: impl IntoIterator<Item = (&'a Value, u32)>) -> Value {
    parts.into_iter().fold(Value::ZERO, |high, (part, width)| &high.shl(width) | part)
}
