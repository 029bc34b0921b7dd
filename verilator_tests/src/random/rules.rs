//! The type of each expression, from the language's definition. `None` where an expression is not allowed.

use num_bigint::BigInt;

use super::recipe::{Arith, Expr, Logic, MemDef, Narrow, RegDef, V};
use super::ty::{PHASES, Range, Type, pow2};

/// Wider results are left out of the recipes.
pub const WIDEST: u32 = 420;

/// What expressions of a module may name.
pub struct Scope<'a> {
    /// Types of the inputs.
    pub inputs: &'a [Type],
    /// Registers.
    pub regs: &'a [RegDef],
    /// Types of the wires.
    pub wires: &'a [Type],
    /// Memories.
    pub mems: &'a [MemDef],
}

fn bounded(r: Range) -> Option<Range> {
    (r.width() <= WIDEST).then_some(r)
}

fn small(v: &BigInt) -> u32 {
    u32::try_from(v).unwrap_or(u32::MAX).min(10_000)
}

/// The least range of `x op y`.
pub fn arith(op: Arith, x: &Range, y: &Range) -> Option<Range> {
    let corners = |f: &dyn Fn(&BigInt, &BigInt) -> BigInt| {
        Range::of([f(&x.lo, &y.lo), f(&x.lo, &y.hi), f(&x.hi, &y.lo), f(&x.hi, &y.hi)])
    };
    bounded(match op {
        Arith::Add => corners(&|a, b| a + b),
        Arith::Sub => corners(&|a, b| a - b),
        Arith::Mul => corners(&|a, b| a * b),
        Arith::Min => corners(&|a, b| a.min(b).clone()),
        Arith::Max => corners(&|a, b| a.max(b).clone()),
        Arith::Shl if !y.is_signed() && y.hi <= BigInt::from(300) => corners(&|a, b| a << small(b)),
        Arith::Shr if !y.is_signed() => corners(&|a, b| a >> small(b)),
        Arith::Div if y.lo == y.hi && y.lo != BigInt::from(0) => corners(&|a, b| a / b),
        Arith::Rem if y.lo == y.hi && y.lo != BigInt::from(0) => {
            // The dividend's sign, and less than the divisor in magnitude; 0 is always counted in.
            let most = BigInt::from(y.lo.magnitude().clone()) - 1;
            let zero = BigInt::from(0);
            Range::new((&x.lo).min(&zero).max(&-&most).clone(), (&x.hi).max(&zero).min(&most).clone())
        }
        _ => return None,
    })
}

/// The range of a narrowed number.
pub fn narrow(kind: Narrow, x: &Range, ty: &Range) -> Option<Range> {
    let sat = |ty: &Range| Range::new(ty.clamp(&x.lo), ty.clamp(&x.hi));
    Some(match kind {
        Narrow::Sat => sat(ty),
        Narrow::Symmetric => sat(&symmetric(ty)),
        _ if x.fits(ty) => x.clone(),
        Narrow::Zero => x.intersect(ty).map_or(Range::constant(0), |r| r.hull(&Range::constant(0))),
        Narrow::Claim => x.intersect(ty)?,
        Narrow::Wrap if *ty == Range::full(ty.width(), ty.is_signed()) => ty.clone(),
        Narrow::Wrap => return None,
    })
}

/// `ty` without negative values that have no positive partner.
pub fn symmetric(ty: &Range) -> Range {
    let lo = (&ty.lo).max(&-&ty.hi).min(&ty.hi).clone();
    Range { lo, hi: ty.hi.clone() }
}

/// `x / 2^bits`, rounded by the mode at this position in `Rounding::ALL`; from the definition of each mode.
pub fn round(mode: usize, x: &BigInt, bits: u32) -> BigInt {
    let one = pow2(bits);
    let floor: BigInt = x >> bits;
    let rest = x - (&floor << bits);
    let zero = BigInt::from(0);
    if rest == zero {
        return floor;
    }
    let up: BigInt = &floor + 1;
    let negative = *x < zero;
    let twice: BigInt = &rest * 2;
    let even = |v: &BigInt| v % 2 == BigInt::from(0);
    let nearest = |tie_up: bool| match twice.cmp(&one) {
        std::cmp::Ordering::Less => floor.clone(),
        std::cmp::Ordering::Greater => up.clone(),
        std::cmp::Ordering::Equal if tie_up => up.clone(),
        std::cmp::Ordering::Equal => floor.clone(),
    };
    match mode {
        0 => floor,
        1 => up,
        2 if negative => up,
        2 => floor,
        3 => nearest(true),
        4 => nearest(false),
        5 => nearest(negative),
        6 => nearest(!negative),
        _ => nearest(even(&up)),
    }
}

/// The integer ranges of two fixed-point values at the finer of their points.
pub fn aligned(a: (&Range, i32), b: (&Range, i32)) -> (Range, Range, i32) {
    let frac = a.1.max(b.1);
    (at_point(a.0, a.1, frac), at_point(b.0, b.1, frac), frac)
}

fn at_point(r: &Range, from: i32, to: i32) -> Range {
    let by = (to - from).max(0) as u32;
    Range::new(&r.lo << by, &r.hi << by)
}

/// The integer and the point of the float `m / 2^e`: as few bits behind the point as it needs.
pub fn real(m: i64, e: i32) -> (BigInt, i32) {
    let (mut m, mut e) = (BigInt::from(m), e);
    if e < 0 {
        m <<= (-e) as u32;
        e = 0;
    }
    while e > 0 && &m % 2 == BigInt::from(0) {
        m /= 2;
        e -= 1;
    }
    (m, e)
}

/// The type of `expr`, whose operands have the types that `look` says.
pub fn type_of<'a>(expr: &Expr, scope: &Scope<'_>, look: &dyn Fn(V) -> Option<&'a Type>) -> Option<Type> {
    let int = |v: V| look(v)?.int();
    let bits = |v: V| look(v)?.bits();
    let fixed = |v: V| look(v)?.fixed();
    let is = |v: V, ty: Type| (*look(v)? == ty).then_some(());
    Some(match expr {
        Expr::Input(n) => scope.inputs.get(*n)?.clone(),
        Expr::Reg(n) => scope.regs.get(*n)?.ty.clone(),
        Expr::Wire(n) => scope.wires.get(*n)?.clone(),
        Expr::Lit(v) => Type::Int(Range::constant(v.clone())),
        Expr::Word(w, v) => Range::full(*w, false).contains(v).then_some(Type::Bits(*w))?,
        Expr::Flag(_) => Type::Bool,
        Expr::Real(m, e) => {
            let (int, frac) = real(*m, *e);
            Type::Fixed(Range::constant(int), frac)
        }
        Expr::Variant(n) => (*n < PHASES).then_some(Type::Enum)?,

        // A divisor must be a literal, which is what `ArithConst` writes.
        Expr::Arith(Arith::Div | Arith::Rem, ..) => return None,
        Expr::Arith(op, a, b) => Type::Int(arith(*op, int(*a)?, int(*b)?)?),
        Expr::ArithConst(op, a, c) => Type::Int(arith(*op, int(*a)?, &Range::constant(c.clone()))?),
        Expr::ConstArith(op, c, a) => match op {
            Arith::Add | Arith::Sub | Arith::Mul => Type::Int(arith(*op, &Range::constant(c.clone()), int(*a)?)?),
            _ => return None,
        },
        Expr::Neg(a) => int(*a).map(|r| Type::Int(Range::new(-&r.hi, -&r.lo)))?,
        Expr::Abs(a) => {
            let r = int(*a)?;
            let ends = [BigInt::from(r.lo.magnitude().clone()), BigInt::from(r.hi.magnitude().clone())];
            let inside = r.contains(&BigInt::from(0)).then(|| BigInt::from(0));
            Type::Int(Range::of(ends.into_iter().chain(inside)))
        }
        Expr::Compare(_, a, b) => int(*a).and(int(*b)).map(|_| Type::Bool)?,
        Expr::CompareConst(_, a, _) => int(*a).map(|_| Type::Bool)?,
        Expr::Narrow(kind, a, ty) => Type::Int(narrow(*kind, int(*a)?, ty)?),
        Expr::Round(mode, a, n) => {
            let r = int(*a)?;
            Type::Int(Range::new(round(*mode, &r.lo, *n), round(*mode, &r.hi, *n)))
        }
        Expr::NextWrapping(a, n) => {
            let last: BigInt = BigInt::from(*n) - 1;
            int(*a)?.fits(&Range::new(0, last.clone())).then(|| Type::Int(Range::new(0, last)))?
        }
        Expr::IntBit(a, _) => int(*a).map(|_| Type::Bool)?,
        Expr::Sum(xs) => {
            let mut total = Range::constant(0);
            for x in xs {
                total = arith(Arith::Add, &total, int(*x)?)?;
            }
            Type::Int(total)
        }
        Expr::ToBits(a) => Type::Bits(int(*a)?.width()),

        Expr::ToUint(a) => Type::Int(Range::full(bits(*a)?, false)),
        Expr::ToSint(a) => Type::Int(Range::full(bits(*a)?, true)),
        Expr::Ones(a) => Type::Int(Range::new(0, bits(*a)?)),
        Expr::Logic(op, a, b) => {
            let ty = look(*a)?;
            if look(*b)? != ty || !matches!(ty, Type::Bits(_) | Type::Bool) {
                return None;
            }
            if matches!(op, Logic::Eq | Logic::Ne) { Type::Bool } else { ty.clone() }
        }
        Expr::Not(a) => look(*a).filter(|t| matches!(t, Type::Bits(_) | Type::Bool))?.clone(),
        Expr::WordShift(_, a, by) => (!int(*by)?.is_signed()).then_some(Type::Bits(bits(*a)?))?,
        Expr::WordShiftConst(_, a, _) => Type::Bits(bits(*a)?),
        Expr::Slice(a, from, to) => (from <= to && *to <= bits(*a)?).then(|| Type::Bits(to - from))?,
        Expr::WordBit(a, n) => (*n < bits(*a)?).then_some(Type::Bool)?,
        Expr::Concat(xs) => {
            let widths = xs.iter().map(|x| bits(*x)).collect::<Option<Vec<u32>>>()?;
            Type::Bits(Some(widths.iter().sum()).filter(|&w| w <= WIDEST)?)
        }
        Expr::FromBools(xs) => {
            xs.iter().try_for_each(|x| is(*x, Type::Bool))?;
            Type::Bits(xs.len() as u32)
        }
        Expr::ZeroExtend(a, w) | Expr::SignExtend(a, w) => (bits(*a)? <= *w).then_some(Type::Bits(*w))?,
        Expr::Reduce(_, a) => bits(*a).map(|_| Type::Bool)?,

        Expr::BoolInt(a) => is(*a, Type::Bool).map(|()| Type::Int(Range::new(0, 1)))?,
        Expr::BoolBits(a) => is(*a, Type::Bool).map(|()| Type::Bits(1))?,
        Expr::Mux(c, a, b) => {
            is(*c, Type::Bool)?;
            look(*a)?.choice(look(*b)?)?
        }
        Expr::Select(i, xs) => {
            let i = int(*i)?;
            let (lo, hi) = (usize::try_from(&i.lo).ok()?, usize::try_from(&i.hi).ok()?);
            let tys = xs.iter().map(|x| look(*x)).collect::<Option<Vec<&Type>>>()?;
            // All choices are of one kind; those that the index reaches make the range.
            tys.iter().skip(1).try_fold(tys.first().copied()?.clone(), |t, x| t.choice(x))?;
            let reached = tys.get(lo..=hi)?;
            reached.iter().skip(1).try_fold(reached[0].clone(), |t, x| t.choice(x))?
        }

        Expr::FixedNew(a, frac) => Type::Fixed(int(*a)?.clone(), *frac),
        Expr::FixedInt(a) => Type::Int(fixed(*a)?.0.clone()),
        Expr::FixedArith(Arith::Mul, a, b) => {
            let (a, b) = (fixed(*a)?, fixed(*b)?);
            Type::Fixed(arith(Arith::Mul, a.0, b.0)?, a.1 + b.1)
        }
        Expr::FixedArith(op @ (Arith::Add | Arith::Sub), a, b) => {
            let (a, b, frac) = aligned(fixed(*a)?, fixed(*b)?);
            Type::Fixed(arith(*op, &a, &b)?, frac)
        }
        Expr::FixedArith(..) => return None,
        Expr::FixedNeg(a) => fixed(*a).map(|(r, frac)| Type::Fixed(Range::new(-&r.hi, -&r.lo), frac))?,
        Expr::FixedScale(a, n) => fixed(*a).map(|(r, frac)| Type::Fixed(r.clone(), frac - n))?,
        Expr::FixedRound(mode, a, frac) => {
            let (r, from) = fixed(*a)?;
            let r = match u32::try_from(from - frac) {
                Ok(n) => Range::new(round(*mode, &r.lo, n), round(*mode, &r.hi, n)),
                Err(_) => bounded(at_point(r, from, *frac))?,
            };
            Type::Fixed(r, *frac)
        }
        Expr::FixedNarrow(kind, a, ty, frac) => {
            let (r, from) = fixed(*a)?;
            if from > *frac {
                return None;
            }
            Type::Fixed(narrow(*kind, &bounded(at_point(r, from, *frac))?, ty)?, *frac)
        }
        Expr::FixedCompare(_, a, b) => {
            let (a, b, _) = aligned(fixed(*a)?, fixed(*b)?);
            bounded(a).and(bounded(b)).map(|_| Type::Bool)?
        }

        Expr::EnumInt(a) => is(*a, Type::Enum).map(|()| Type::Int(Type::Enum.range()))?,
        Expr::EnumIs(a, n) => is(*a, Type::Enum).filter(|()| *n < PHASES).map(|()| Type::Bool)?,
        Expr::EnumEq(a, b) => is(*a, Type::Enum).and(is(*b, Type::Enum)).map(|()| Type::Bool)?,
    })
}

/// True where a condition may show the front end a smaller range than the rule here says.
pub fn may_be_refined(expr: &Expr) -> bool {
    matches!(expr, Expr::Mux(..) | Expr::NextWrapping(..) | Expr::EnumInt(_))
}
