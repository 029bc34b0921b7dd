//! The type of each operator's result, from the types of its operands.
//!
//! The builder gives a node exactly this type, the verifier accepts any type inside it, and the narrow pass may shrink
//! it. Operators whose result is chosen where they are written (`Slice`, `Wrap`, `Claim`, `Refine`) have no rule here.

use std::fmt;

use super::{BinOp, UnOp};
use crate::ty::{IntTy, MAX_WIDTH, Ty, uint};
use crate::value::Value;

/// Why an operator does not take its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleError {
    /// An integer where a word is wanted, or the other way round.
    Kind,
    /// Words of these different widths.
    Widths(u32, u32),
    /// The divisor is not a constant.
    DivisorNotConstant,
    /// The divisor is 0.
    DivisorZero,
    /// The shift amount can be negative.
    NegativeShift,
    /// The result can be wider than [`MAX_WIDTH`].
    TooWide,
    /// The index can lie outside of the choices.
    Index,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RuleError::Kind => f.write_str("the operands are of the wrong kind"),
            RuleError::Widths(a, b) => {
                write!(f, "the words have different widths, {a} and {b} bits")
            }
            RuleError::DivisorNotConstant => f.write_str("the divisor is not a constant"),
            RuleError::DivisorZero => f.write_str("the divisor is zero"),
            RuleError::NegativeShift => f.write_str("the shift amount can be negative"),
            RuleError::TooWide => write!(f, "the result can be wider than {MAX_WIDTH} bits"),
            RuleError::Index => f.write_str("the index can lie outside of the choices"),
        }
    }
}

type Result = std::result::Result<Ty, RuleError>;

fn bounded(t: IntTy) -> Result {
    if t.width() > MAX_WIDTH { Err(RuleError::TooWide) } else { Ok(Ty::Int(t)) }
}

/// The result of a unary operator; `None` for those whose type is chosen (`Wrap`, `Claim`, `Refine`).
pub fn unary(op: UnOp, x: Ty) -> Option<Result> {
    Some(match (op, x) {
        (UnOp::Neg, Ty::Int(t)) => bounded(IntTy::constant(0).minus(t)),
        (UnOp::Abs, Ty::Int(t)) => {
            let ends = t.lo().abs().max(t.hi().abs());
            let least = if t.contains(&Value::ZERO) { Value::ZERO } else { t.lo().abs().min(t.hi().abs()) };
            bounded(IntTy::new(least, ends))
        }
        (UnOp::Not, Ty::Bits(w)) => Ok(Ty::Bits(w)),
        (UnOp::ReduceAnd | UnOp::ReduceOr | UnOp::ReduceXor, Ty::Bits(_)) => Ok(Ty::BOOL),
        (UnOp::PopCount, Ty::Bits(w)) => Ok(Ty::Int(IntTy::new(0, w))),
        (UnOp::ToBits, Ty::Int(t)) => Ok(Ty::Bits(t.width())),
        (UnOp::ToUint, Ty::Bits(w)) => Ok(Ty::Int(uint(w))),
        (UnOp::ToSint, Ty::Bits(w)) => Ok(Ty::Int(IntTy::full(w, true))),
        (UnOp::Wrap | UnOp::Claim | UnOp::Refine, _) => return None,
        _ => Err(RuleError::Kind),
    })
}

/// The result of a binary operator. `divisor` is the second operand's value where it is a constant.
pub fn binary(op: BinOp, a: Ty, b: Ty, divisor: Option<&Value>) -> Result {
    use BinOp::*;
    match (op, a, b) {
        (Add, Ty::Int(x), Ty::Int(y)) => bounded(x.plus(y)),
        (Sub, Ty::Int(x), Ty::Int(y)) => bounded(x.minus(y)),
        (Mul, Ty::Int(x), Ty::Int(y)) => {
            if x.width() + y.width() > 2 * MAX_WIDTH {
                return Err(RuleError::TooWide);
            }
            bounded(x.product(y))
        }
        (Div | Rem, Ty::Int(x), Ty::Int(_)) => {
            let c = divisor.ok_or(RuleError::DivisorNotConstant)?;
            let (Some(p), Some(q)) = (x.lo().div_trunc(c), x.hi().div_trunc(c)) else {
                return Err(RuleError::DivisorZero);
            };
            if op == Div {
                return bounded(IntTy::new(p, q));
            }
            let greatest = &c.abs() - &Value::ONE;
            let lo = x.lo().min(Value::ZERO).max(-&greatest);
            let hi = x.hi().max(Value::ZERO).min(greatest);
            Ok(Ty::Int(IntTy::new(lo, hi)))
        }
        (Min, Ty::Int(x), Ty::Int(y)) => Ok(Ty::Int(IntTy::new(x.lo().min(y.lo()), x.hi().min(y.hi())))),
        (Max, Ty::Int(x), Ty::Int(y)) => Ok(Ty::Int(IntTy::new(x.lo().max(y.lo()), x.hi().max(y.hi())))),
        (Eq | Ne | Lt | Le, Ty::Int(_), Ty::Int(_)) => Ok(Ty::BOOL),
        (Eq | Ne, Ty::Bits(x), Ty::Bits(y)) if x == y => Ok(Ty::BOOL),
        (And | Or | Xor, Ty::Bits(x), Ty::Bits(y)) if x == y => Ok(a),
        (Eq | Ne | And | Or | Xor, Ty::Bits(x), Ty::Bits(y)) => Err(RuleError::Widths(x, y)),
        (Shl | Shr, _, Ty::Int(s)) if s.is_signed() => Err(RuleError::NegativeShift),
        (Shl | Shr, Ty::Bits(_), Ty::Int(_)) => Ok(a),
        (Shl, Ty::Int(x), Ty::Int(s)) => {
            let most = s.hi().to_u64().filter(|&n| n <= u64::from(MAX_WIDTH)).ok_or(RuleError::TooWide)? as u32;
            let least = s.lo().to_u64().unwrap_or(0) as u32;
            let lo = x.lo().shl(least).min(x.lo().shl(most));
            let hi = x.hi().shl(least).max(x.hi().shl(most));
            bounded(IntTy::new(lo, hi))
        }
        (Shr, Ty::Int(x), Ty::Int(s)) => {
            let clamp = |v: Value| v.to_u64().map_or(MAX_WIDTH, |n| n.min(u64::from(MAX_WIDTH)) as u32);
            let (least, most) = (clamp(s.lo()), clamp(s.hi()));
            let lo = x.lo().shr(least).min(x.lo().shr(most));
            let hi = x.hi().shr(least).max(x.hi().shr(most));
            Ok(Ty::Int(IntTy::new(lo, hi)))
        }
        _ => Err(RuleError::Kind),
    }
}

/// The result of a choice between two values: the hull of integers, or words of equal width.
pub fn choice(a: Ty, b: Ty) -> Result {
    match (a, b) {
        (Ty::Int(x), Ty::Int(y)) => Ok(Ty::Int(x.hull(y))),
        (Ty::Bits(x), Ty::Bits(y)) if x == y => Ok(a),
        (Ty::Bits(x), Ty::Bits(y)) => Err(RuleError::Widths(x, y)),
        _ => Err(RuleError::Kind),
    }
}

/// The result of `Mux`.
pub fn mux(condition: Ty, a: Ty, b: Ty) -> Result {
    if condition != Ty::BOOL {
        return Err(RuleError::Kind);
    }
    choice(a, b)
}

/// The result of `Select`: only the choices that the index can reach count.
pub fn select(index: Ty, choices: &[Ty]) -> Result {
    let Ty::Int(i) = index else {
        return Err(RuleError::Kind);
    };
    let (Some(lo), Some(hi)) = (i.lo().to_usize(), i.hi().to_usize()) else {
        return Err(RuleError::Index);
    };
    let reached = choices.get(lo..=hi).ok_or(RuleError::Index)?;
    let mut hull = reached[0];
    for &t in &reached[1..] {
        hull = choice(hull, t)?;
    }
    Ok(hull)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ty::range;
    use proptest::prelude::*;

    proptest! {
        /// Every small value pair lands in the range of its rule, and some pair reaches each end.
        #[test]
        fn ranges_are_exact_hulls(a in -20i64..20, n in 0i64..6, b in -20i64..20, m in 0i64..6) {
            let (x, y) = (range(a..=a + n), range(b..=b + m));
            for op in [BinOp::Add, BinOp::Sub, BinOp::Mul, BinOp::Min, BinOp::Max, BinOp::Shl, BinOp::Shr] {
                let Ok(Ty::Int(t)) = binary(op, Ty::Int(x), Ty::Int(y), None) else {
                    prop_assert!(b < 0 && matches!(op, BinOp::Shl | BinOp::Shr));
                    continue;
                };
                let mut seen = Vec::new();
                for p in a..=a + n {
                    for q in b..=b + m {
                        seen.push(match op {
                            BinOp::Add => p + q,
                            BinOp::Sub => p - q,
                            BinOp::Mul => p * q,
                            BinOp::Min => p.min(q),
                            BinOp::Max => p.max(q),
                            BinOp::Shl => p << q,
                            _ => p >> q,
                        });
                    }
                }
                let hull = range(*seen.iter().min().unwrap()..=*seen.iter().max().unwrap());
                prop_assert_eq!(t, hull, "{:?}", op);
            }
        }

        #[test]
        fn quotients_and_remainders_stay_inside(a in -40i64..40, n in 0i64..30, c in -12i64..12) {
            prop_assume!(c != 0);
            let divisor = Value::from(c);
            let t = |op| match binary(op, Ty::Int(range(a..=a + n)), Ty::Int(range(c..=c)), Some(&divisor)) {
                Ok(Ty::Int(t)) => t,
                other => panic!("{other:?}"),
            };
            let (q, r) = (t(BinOp::Div), t(BinOp::Rem));
            for p in a..=a + n {
                prop_assert!(q.contains(&Value::from(p / c)) && r.contains(&Value::from(p % c)));
            }
            prop_assert!(q.contains(&Value::from(a / c)) && q.count() <= Value::from(n + 1));
        }
    }

    #[test]
    fn refusals() {
        let (i, w4, w5) = (Ty::Int(range(-1..=4)), Ty::Bits(4), Ty::Bits(5));
        assert_eq!(binary(BinOp::Add, i, w4, None), Err(RuleError::Kind));
        assert_eq!(binary(BinOp::And, w4, w5, None), Err(RuleError::Widths(4, 5)));
        assert_eq!(binary(BinOp::Shl, w4, i, None), Err(RuleError::NegativeShift));
        assert_eq!(binary(BinOp::Shl, i, Ty::Int(uint(30)), None), Err(RuleError::TooWide));
        assert_eq!(binary(BinOp::Div, i, i, None), Err(RuleError::DivisorNotConstant));
        assert_eq!(binary(BinOp::Div, i, Ty::Int(range(0..=0)), Some(&Value::ZERO)), Err(RuleError::DivisorZero));
        assert_eq!(select(Ty::Int(range(0..=4)), &[w4; 4]), Err(RuleError::Index));
        assert_eq!(select(Ty::Int(range(0..=3)), &[w4; 4]), Ok(w4));
    }
}
