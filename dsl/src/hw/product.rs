//! Products as sums of smaller ones.

use super::context::{Loc, Raw, with};
use super::int::{Int, binary, lit, reduce};
use crate::ir::BinOp;
use crate::ty::uint;

/// `x * y` as a sum of products of `x` with parts of `y`, of `bits` bits each, so that a
/// [pipeline](super::module::Module::pipelined) can put registers between where the whole product does not fit the clock.
/// The type is that of `x * y`. Where `y` has no more bits, and where it has no sum, this is `x * y` itself.
#[track_caller]
pub fn product_in_parts(x: Int, y: Int, bits: u32) -> Int {
    let loc = Loc::caller();
    let both = |op: BinOp, a: Int, b: Int, what| Int::new(binary(op, a.raw(), b.raw(), what, loc));
    let times = |y: Int| both(BinOp::Mul, x, y, "*");
    if x.raw().is_poison() || y.raw().is_poison() || bits == 0 || y.ty().width() <= bits {
        return times(y);
    }
    let width = y.ty().width();
    let part = |low: u32| {
        let upper = if low == 0 { y } else { y >> low };
        (times(if low + bits < width { upper.wrap(uint(bits)) } else { upper }), low)
    };
    let parts: Vec<(Int, u32)> = (0..width).step_by(bits as usize).map(part).collect();
    let sum = reduce(&parts, |(a, s), (b, t)| {
        let b = if t == s { b } else { both(BinOp::Shl, b, lit(t - s), "<<") };
        (both(BinOp::Add, a, b, "+"), s)
    });
    // The parts' own ranges do not say that they reach no further together.
    let exact = x.ty().product(y.ty());
    match (sum, exact.as_constant()) {
        (_, Some(only)) => lit(only),
        (Some((sum, _)), _) if sum.raw().is_poison() || sum.ty() == exact => sum,
        (Some((sum, _)), _) => Int::new(with(|c| c.narrower(sum.raw(), exact)).unwrap_or(Raw::POISON)),
        (None, _) => times(y),
    }
}
