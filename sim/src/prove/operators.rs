//! What each operator of the intermediate representation computes, as terms; its definition is `ir::eval`.
//!
//! A value is a term read with a sign. Sums, products and left shifts are the same modulo 2 to the power of the result's
//! width whether the operands are exact or cut to it, and a result is cut to its type, so they need no more bits than
//! this. Comparisons, quotients and right shifts work on widths that hold the operands exactly.

use gatewright_dsl::ir::{BinOp, UnOp};
use gatewright_dsl::ty::Ty;
use gatewright_dsl::value::Value;

use super::terms::{Bv, Cmp, T, Terms};

/// A value: a term, and whether it is read as two's complement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Num {
    pub(super) t: T,
    pub(super) signed: bool,
}

/// The width of the terms of a type. A term has at least one bit: a type without bits is a 0.
pub(super) fn width_of(ty: Ty) -> u32 {
    ty.width().max(1)
}

/// A constant of a type that contains it.
pub(super) fn constant(b: &mut Terms, value: &Value, ty: Ty) -> Num {
    Num { t: b.constant(value, width_of(ty)), signed: ty.is_signed() }
}

impl Num {
    /// The value modulo 2 to the power `width`: exact where it fits.
    pub(super) fn bits(self, b: &mut Terms, width: u32) -> T {
        if width <= b.width(self.t) { b.extract(self.t, 0, width) } else { b.extend(self.t, width, self.signed) }
    }
    /// The value cut to a type.
    pub(super) fn cut(self, b: &mut Terms, ty: Ty) -> Num {
        if let Some(only) = ty.as_constant() {
            return constant(b, &only, ty);
        }
        Num { t: self.bits(b, width_of(ty)), signed: ty.is_signed() }
    }
    /// True where the value is in the type's range; a condition.
    pub(super) fn is_in(self, b: &mut Terms, ty: Ty) -> T {
        let range = ty.range();
        let ends = [range.lo(), range.hi()].map(|v| {
            let signed = v.is_negative();
            Num { t: b.constant(&v, v.bits(signed).max(1)), signed }
        });
        let low = compare(b, BinOp::Le, ends[0], self);
        let high = compare(b, BinOp::Le, self, ends[1]);
        b.and(low, high)
    }
    /// True where two values are equal; a condition.
    pub(super) fn equals(self, b: &mut Terms, other: Num) -> T {
        compare(b, BinOp::Eq, self, other)
    }
    fn is_negative(self, b: &mut Terms) -> T {
        let top = b.width(self.t) - 1;
        if self.signed { b.extract(self.t, top, 1) } else { b.bit(false) }
    }
}

/// Both values exactly, with one width and sign.
fn common(b: &mut Terms, x: Num, y: Num) -> (T, T, bool) {
    let signed = x.signed || y.signed;
    let need = |n: Num| b.width(n.t) + u32::from(signed && !n.signed);
    let width = need(x).max(need(y));
    (x.bits(b, width), y.bits(b, width), signed)
}

fn compare(b: &mut Terms, op: BinOp, x: Num, y: Num) -> T {
    let (s, t, signed) = common(b, x, y);
    let less = if signed { Cmp::SignedLt } else { Cmp::UnsignedLt };
    match op {
        BinOp::Lt => b.cmp(less, s, t),
        BinOp::Le => {
            let greater = b.cmp(less, t, s);
            b.not(greater)
        }
        BinOp::Ne => {
            let equal = b.eq(s, t);
            b.not(equal)
        }
        _ => b.eq(s, t),
    }
}

/// `op` at `x`, of type `x_ty`, cut to `ty`.
pub(super) fn unary(b: &mut Terms, op: UnOp, x: Num, x_ty: Ty, ty: Ty) -> Num {
    let (width, signed) = (width_of(ty), ty.is_signed());
    let from = x_ty.width();
    let result = match op {
        UnOp::Neg => negative(b, x, width),
        UnOp::Abs => {
            let (c, minus, plus) = (x.is_negative(b), negative(b, x, width), x.bits(b, width));
            b.ite(c, minus, plus)
        }
        UnOp::Not => {
            let t = b.not(x.t);
            return Num { t, signed: false }.cut(b, ty);
        }
        UnOp::ReduceAnd => {
            let ones = b.constant(&(&Value::pow2(from) - &Value::ONE), width_of(x_ty));
            b.eq(x.t, ones)
        }
        UnOp::ReduceOr => {
            let zero = b.constant(&Value::ZERO, width_of(x_ty));
            let none = b.eq(x.t, zero);
            b.not(none)
        }
        UnOp::ReduceXor => {
            let bits: Vec<T> = (0..from).map(|n| b.extract(x.t, n, 1)).collect();
            let zero = b.bit(false);
            bits.into_iter().fold(zero, |odd, bit| b.bv(Bv::Xor, odd, bit))
        }
        UnOp::PopCount => {
            let mut count = b.constant(&Value::ZERO, width);
            for n in 0..from {
                let bit = b.extract(x.t, n, 1);
                let bit = b.extend(bit, width, false);
                count = b.bv(Bv::Add, count, bit);
            }
            count
        }
        UnOp::ToSint => Num { t: x.t, signed: true }.bits(b, width),
        UnOp::ToBits | UnOp::ToUint | UnOp::Wrap | UnOp::Claim | UnOp::Refine => x.bits(b, width),
    };
    Num { t: result, signed }.cut(b, ty)
}

fn negative(b: &mut Terms, x: Num, width: u32) -> T {
    let (zero, bits) = (b.constant(&Value::ZERO, width), x.bits(b, width));
    b.bv(Bv::Sub, zero, bits)
}

/// `op` at `x` and `y`, cut to `ty`.
pub(super) fn binary(b: &mut Terms, op: BinOp, x: Num, y: Num, ty: Ty) -> Num {
    let (width, signed) = (width_of(ty), ty.is_signed());
    let modular = |b: &mut Terms, op| {
        let (s, t) = (x.bits(b, width), y.bits(b, width));
        b.bv(op, s, t)
    };
    let t = match op {
        BinOp::Add => modular(b, Bv::Add),
        BinOp::Sub => modular(b, Bv::Sub),
        BinOp::Mul => modular(b, Bv::Mul),
        BinOp::And => modular(b, Bv::And),
        BinOp::Or => modular(b, Bv::Or),
        BinOp::Xor => modular(b, Bv::Xor),
        BinOp::Min | BinOp::Max => {
            let less = if op == BinOp::Min { compare(b, BinOp::Lt, x, y) } else { compare(b, BinOp::Lt, y, x) };
            let (s, t) = (x.bits(b, width), y.bits(b, width));
            b.ite(less, s, t)
        }
        BinOp::Eq | BinOp::Ne | BinOp::Lt | BinOp::Le => compare(b, op, x, y),
        BinOp::Div | BinOp::Rem => {
            // One bit more, so that the least number divided by -1 has room.
            let signed = x.signed || y.signed;
            let wide = b.width(x.t).max(b.width(y.t)) + 2;
            let (s, t) = (x.bits(b, wide), y.bits(b, wide));
            let op = match (op, signed) {
                (BinOp::Div, true) => Bv::SignedDiv,
                (BinOp::Div, false) => Bv::UnsignedDiv,
                (_, true) => Bv::SignedRem,
                (_, false) => Bv::UnsignedRem,
            };
            let t = b.bv(op, s, t);
            return Num { t, signed }.cut(b, ty);
        }
        BinOp::Shl => {
            let wide = width.max(b.width(y.t));
            let (s, t) = (x.bits(b, wide), y.bits(b, wide));
            let t = b.bv(Bv::Shl, s, t);
            return Num { t, signed: x.signed }.cut(b, ty);
        }
        BinOp::Shr => {
            let wide = b.width(x.t).max(b.width(y.t));
            let (s, t) = (x.bits(b, wide), y.bits(b, wide));
            let t = b.bv(if x.signed { Bv::ArithShr } else { Bv::LogicShr }, s, t);
            return Num { t, signed: x.signed }.cut(b, ty);
        }
    };
    Num { t, signed }.cut(b, ty)
}

/// `a` where the condition holds, else `z`, both cut to `ty`.
pub(super) fn choose(b: &mut Terms, condition: T, a: Num, z: Num, ty: Ty) -> Num {
    let (a, z) = (a.cut(b, ty), z.cut(b, ty));
    Num { t: b.ite(condition, a.t, z.t), signed: ty.is_signed() }
}

/// `list[index]`, cut to `ty`; `other` where there is no such entry. Halved by one bit of the index at a time.
pub(super) fn table(b: &mut Terms, index: Num, list: &[Num], other: Num, ty: Ty) -> Num {
    let other = other.cut(b, ty);
    let mut level: Vec<T> = list.iter().map(|x| x.cut(b, ty).t).collect();
    let width = b.width(index.t);
    let used = width.min(usize::BITS - list.len().saturating_sub(1).leading_zeros());
    for n in 0..used {
        let bit = b.extract(index.t, n, 1);
        let pairs = level.chunks(2).map(|pair| match *pair {
            [low, high] => b.ite(bit, high, low),
            [low] => b.ite(bit, other.t, low),
            _ => other.t,
        });
        level = pairs.collect();
    }
    let found = level.first().copied().unwrap_or(other.t);
    // The bits above, and a sign, lead out of the list.
    let t = if used == width && !index.signed {
        found
    } else {
        let end = Num { t: b.constant(&Value::pow2(used), used + 1), signed: false };
        let zero = Num { t: b.bit(false), signed: false };
        let (from, below) = (compare(b, BinOp::Le, zero, index), compare(b, BinOp::Lt, index, end));
        let inside = b.and(from, below);
        b.ite(inside, found, other.t)
    };
    Num { t, signed: ty.is_signed() }
}
