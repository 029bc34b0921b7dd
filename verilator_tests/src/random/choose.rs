//! Choices of types, numbers and expressions for the generator.

use gatewright_sim::rng::Rng;
use num_bigint::BigInt;

use super::generate::Gen;
use super::recipe::{Arith, Cmp, Expr, Logic, Narrow, Reduce, V};
use super::ty::{Range, Type, pow2};

/// One of `items`.
pub(super) fn pick_of<T: Copy>(rng: &mut Rng, items: &[T]) -> Option<T> {
    items.get(rng.between(0, items.len().max(1) as u64 - 1) as usize).copied()
}

/// A width: small ones, and those around machine words and beyond.
fn width(rng: &mut Rng, most: u32) -> u32 {
    const WIDTHS: [u32; 30] =
        [1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8, 8, 9, 12, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 96, 127, 128, 129, 200];
    // The wide ones cost the compilers most.
    let last = if rng.chance(0.7) { 17 } else { WIDTHS.len() as u64 - 1 };
    WIDTHS[rng.between(0, last) as usize].min(most)
}

/// Evenly any number of `range`, with its ends and what is near zero more often.
pub fn value_in(rng: &mut Rng, range: &Range) -> BigInt {
    match rng.between(0, 9) {
        0 => range.lo.clone(),
        1 => range.hi.clone(),
        2 => range.clamp(&BigInt::from(rng.between(0, 8) as i64 - 4)),
        _ => {
            let count: BigInt = &range.hi - &range.lo + 1;
            let words = (count.bits() / 32 + 3) as usize;
            let digits: Vec<u32> = (0..words).map(|_| rng.bits() as u32).collect();
            &range.lo + BigInt::from_slice(num_bigint::Sign::Plus, &digits) % count
        }
    }
}

/// A range of at most so many bits.
pub(super) fn int_ty(rng: &mut Rng, most: u32) -> Range {
    let w = width(rng, most);
    match rng.between(0, 9) {
        0..3 => Range::full(w, false),
        3..6 => Range::full(w, true),
        6 => {
            // Anything around zero or not.
            let full = Range::full(w, true);
            Range::new(value_in(rng, &full), value_in(rng, &full))
        }
        7 => {
            // Below zero only.
            let negative = Range::new(-pow2(w), -1);
            Range::new(value_in(rng, &negative), value_in(rng, &negative))
        }
        8 => {
            // Natural, not from zero, not to a power of two.
            let full = Range::full(w, false);
            Range::new(value_in(rng, &full), value_in(rng, &full))
        }
        _ if rng.chance(0.2) => Range::constant(value_in(rng, &Range::full(w, true))),
        _ => Range::new(0, value_in(rng, &Range::full(w, false))),
    }
}

/// Any type.
pub(super) fn some_ty(rng: &mut Rng) -> Type {
    match rng.between(0, 19) {
        0..10 => Type::Int(int_ty(rng, 200)),
        10..14 if rng.chance(0.03) => Type::Bits(0),
        10..14 => Type::Bits(width(rng, 200)),
        14..17 => Type::Bool,
        17..19 => Type::Fixed(int_ty(rng, 65), rng.between(0, 14) as i32 - 4),
        _ => Type::Enum,
    }
}

const CMPS: [Cmp; 6] = [Cmp::Eq, Cmp::Ne, Cmp::Lt, Cmp::Le, Cmp::Gt, Cmp::Ge];

impl Gen<'_> {
    fn chance(&mut self, p: f64) -> bool {
        self.rng.chance(p)
    }
    fn one<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.upto(items.len() as u64) as usize]
    }

    /// A constant of a type.
    fn constant(&mut self, ty: &Type) -> V {
        let v = value_in(self.rng, &ty.range());
        let index = || usize::try_from(&v).unwrap_or(0);
        let expr = match ty {
            Type::Int(_) => Expr::Lit(v),
            Type::Bits(w) => Expr::Word(*w, v),
            Type::Bool => Expr::Flag(v != BigInt::from(0)),
            Type::Enum => Expr::Variant(index()),
            Type::Fixed(_, frac) => {
                let int = self.emit(Expr::Lit(v)).expect("a literal");
                Expr::FixedNew(int, *frac)
            }
        };
        self.emit(expr).expect("a constant")
    }

    /// Some integer.
    fn int(&mut self) -> V {
        if self.chance(0.04) {
            let range = int_ty(self.rng, 70);
            return self.constant(&Type::Int(range));
        }
        match self.pick(|t| matches!(t, Type::Int(_))) {
            Some(v) => v,
            None => self.int_from_others(),
        }
    }
    fn int_from_others(&mut self) -> V {
        let made = match self.pick(|t| !matches!(t, Type::Int(_))) {
            Some(v) => match self.ty(v) {
                Type::Bits(_) if self.chance(0.5) => self.emit(Expr::ToSint(v)),
                Type::Bits(_) => self.emit(Expr::ToUint(v)),
                Type::Bool => self.emit(Expr::BoolInt(v)),
                Type::Fixed(..) => self.emit(Expr::FixedInt(v)),
                _ => self.emit(Expr::EnumInt(v)),
            },
            None => None,
        };
        made.unwrap_or_else(|| self.constant(&Type::Int(Range::full(6, true))))
    }
    /// Some integer of at most so many bits.
    fn int_within(&mut self, most: u32) -> V {
        if let Some(v) = self.pick(|t| t.int().is_some_and(|r| r.width() <= most)) {
            return v;
        }
        let range = int_ty(self.rng, most);
        self.of(&Type::Int(range))
    }
    /// A small integer that is not negative.
    fn amount(&mut self, most: u64) -> V {
        let most = BigInt::from(most);
        if let Some(v) = self.pick(|t| t.int().is_some_and(|r| !r.is_signed() && r.hi <= most && r.lo < r.hi)) {
            return v;
        }
        let hi = self.rng.between(1, 7);
        self.of(&Type::Int(Range::new(0, hi)))
    }
    fn word(&mut self) -> V {
        if let Some(v) = self.pick(|t| matches!(t, Type::Bits(_))) {
            return v;
        }
        let x = self.int();
        self.emit(Expr::ToBits(x)).expect("the bits of an integer")
    }
    /// A truth value.
    pub(super) fn truth(&mut self) -> V {
        if self.chance(0.6)
            && let Some(v) = self.pick(|t| *t == Type::Bool)
        {
            return v;
        }
        self.comparison()
    }
    fn comparison(&mut self) -> V {
        let x = self.int();
        let op = self.one(&CMPS);
        let range = self.range(x);
        let expr = if self.chance(0.5) {
            // Mostly inside of the range, sometimes at or beyond an end.
            let c = match self.upto(16) {
                0 => &range.lo - 1,
                1 => &range.hi + 1,
                2..6 => value_in(self.rng, &range),
                _ => (&range.lo + &range.hi) / 2,
            };
            Expr::CompareConst(op, x, c)
        } else {
            let near = |t: &Type| t.int().is_some_and(|r| r.intersect(&range).is_some());
            let y = self.pick(near).filter(|y| *y != x);
            Expr::Compare(op, x, y.unwrap_or_else(|| self.int()))
        };
        self.emit(expr).expect("a comparison")
    }
    fn fixed(&mut self) -> V {
        if let Some(v) = self.pick(|t| matches!(t, Type::Fixed(..))) {
            return v;
        }
        if self.chance(0.2) {
            let (m, e) = (self.upto(4000) as i64 - 2000, self.upto(12) as i32 - 2);
            return self.emit(Expr::Real(m, e)).expect("a number");
        }
        let (x, frac) = (self.int_within(80), self.upto(14) as i32 - 4);
        self.emit(Expr::FixedNew(x, frac)).expect("a fixed-point number")
    }
    fn phase(&mut self) -> V {
        if let Some(v) = self.pick(|t| *t == Type::Enum) {
            return v;
        }
        let n = self.variant();
        self.emit(Expr::Variant(n)).expect("a variant")
    }

    /// Something that fits a place of this type.
    pub(super) fn of(&mut self, ty: &Type) -> V {
        if self.chance(0.04) {
            return self.constant(ty);
        }
        let ready = self.pick(|t| t.fits(ty));
        if let Some(v) = ready.filter(|_| self.chance(0.6)) {
            return v;
        }
        let made = match ty {
            Type::Int(r) => {
                let x = if self.chance(0.8) { self.int() } else { self.int_from_others() };
                self.narrowed(x, r)
            }
            Type::Bits(w) => self.word_of(*w),
            Type::Bool => Some(self.comparison()),
            Type::Enum => {
                let (a, b, c) = (self.phase(), self.variant(), self.truth());
                let b = self.emit(Expr::Variant(b));
                b.and_then(|b| self.emit(Expr::Mux(c, a, b)))
            }
            Type::Fixed(r, frac) => self.fixed_of(r, *frac),
        };
        match made.or(ready) {
            Some(v) if self.ty(v).fits(ty) && (ready == Some(v) || self.allowed(v)) => v,
            _ => self.constant(ty),
        }
    }

    /// `x` made to fit `r`.
    fn narrowed(&mut self, x: V, r: &Range) -> Option<V> {
        let mine = self.range(x);
        if mine.fits(r) {
            return Some(x);
        }
        // The low bits above the least value keep more of `x` than its nearest value does.
        let low = (&r.hi - &r.lo + 1i32).bits() as u32 - 1;
        let keeps = low > 0 && mine.width() > 0;
        if keeps && (mine.intersect(r).is_none() || self.chance(0.45)) {
            let bits = self.emit(Expr::Narrow(Narrow::Wrap, x, Range::full(low, false)))?;
            let zero = r.lo == BigInt::from(0);
            return if zero { Some(bits) } else { self.emit(Expr::ArithConst(Arith::Add, bits, r.lo.clone())) };
        }
        let zero_inside = r.contains(&BigInt::from(0));
        let full = *r == Range::full(r.width(), r.is_signed());
        let kind = match self.upto(4) {
            0 if full => Narrow::Wrap,
            1 if zero_inside => Narrow::Zero,
            2 if *r == (Range { lo: -&r.hi, hi: r.hi.clone() }) => Narrow::Symmetric,
            3 if !r.is_signed() && r.lo == BigInt::from(0) && r.hi > r.lo && !mine.is_signed() => {
                return self.emit(Expr::ArithConst(Arith::Rem, x, &r.hi + 1));
            }
            _ => Narrow::Sat,
        };
        self.emit(Expr::Narrow(kind, x, r.clone()))
    }
    fn word_of(&mut self, w: u32) -> Option<V> {
        let x = self.word();
        let mine = self.ty(x).bits()?;
        if mine >= w {
            let from = self.upto(u64::from(mine - w) + 1) as u32;
            return self.emit(Expr::Slice(x, from, from + w));
        }
        let sign = self.chance(0.5);
        self.emit(if sign { Expr::SignExtend(x, w) } else { Expr::ZeroExtend(x, w) })
    }
    fn fixed_of(&mut self, r: &Range, frac: i32) -> Option<V> {
        let x = self.fixed();
        let (mode, kind) = (self.upto(8) as usize, self.one(&[Narrow::Sat, Narrow::Wrap, Narrow::Zero]));
        let at = self.emit(Expr::FixedRound(mode, x, frac))?;
        if self.ty(at).fits(&Type::Fixed(r.clone(), frac)) {
            return Some(at);
        }
        let full = *r == Range::full(r.width(), r.is_signed());
        let kind = match kind {
            Narrow::Wrap if !full => Narrow::Sat,
            Narrow::Zero if !r.contains(&BigInt::from(0)) => Narrow::Sat,
            kind => kind,
        };
        self.emit(Expr::FixedNarrow(kind, at, r.clone(), frac))
    }

    /// One more value of any kind.
    pub(super) fn expression(&mut self) {
        let expr = match self.upto(24) {
            0..5 => self.arithmetic(),
            5..7 => self.by_constant(),
            7..9 => self.narrowing(),
            9 => self.unary(),
            10..16 => self.of_words(),
            16..19 => self.choice(),
            19..21 => self.of_truth(),
            21..23 => self.of_fixed(),
            _ => self.of_enums(),
        };
        let Some(v) = self.emit(expr) else { return };
        // What has become wide is cut down again, for the most part.
        let width = match self.ty(v) {
            Type::Int(r) => r.width(),
            _ => 0,
        };
        if width > 130 && self.chance(0.7) {
            let r = int_ty(self.rng, 66);
            self.narrowed(v, &r);
        }
    }

    fn arithmetic(&mut self) -> Expr {
        let op = self.one(&[Arith::Add, Arith::Add, Arith::Sub, Arith::Sub, Arith::Mul, Arith::Min, Arith::Max]);
        match self.upto(12) {
            0 => Expr::Arith(Arith::Shl, self.int_within(70), self.amount(20)),
            1 => {
                let by = if self.chance(0.8) { self.amount(70) } else { self.amount(100_000) };
                Expr::Arith(Arith::Shr, self.int(), by)
            }
            2 => {
                let n = self.rng.between(0, 5);
                Expr::Sum((0..n).map(|_| self.int()).collect())
            }
            _ if op == Arith::Mul => Expr::Arith(op, self.int_within(100), self.int_within(66)),
            _ => Expr::Arith(op, self.int(), self.int()),
        }
    }
    fn by_constant(&mut self) -> Expr {
        let x = self.int();
        let small = BigInt::from(self.upto(41) as i64 - 20);
        let c = if self.chance(0.6) {
            small
        } else {
            let range = int_ty(self.rng, 66);
            value_in(self.rng, &range)
        };
        let op = self.one(&[
            Arith::Add,
            Arith::Sub,
            Arith::Mul,
            Arith::Min,
            Arith::Max,
            Arith::Div,
            Arith::Div,
            Arith::Rem,
            Arith::Rem,
        ]);
        match self.upto(8) {
            0 => Expr::ArithConst(Arith::Shl, x, BigInt::from(self.upto(40))),
            1 => Expr::ArithConst(Arith::Shr, x, BigInt::from(self.upto(80))),
            2 => {
                let op = self.one(&[Arith::Add, Arith::Sub, Arith::Mul]);
                Expr::ConstArith(op, c, x)
            }
            _ => {
                // Wide dividers are slow everywhere.
                let division = matches!(op, Arith::Div | Arith::Rem);
                let x = if division { self.int_within(129) } else { x };
                Expr::ArithConst(op, x, c)
            }
        }
    }
    fn narrowing(&mut self) -> Expr {
        let x = self.int();
        match self.upto(9) {
            0 => Expr::Narrow(Narrow::Wrap, x, {
                let r = int_ty(self.rng, 130);
                Range::full(r.width(), r.is_signed())
            }),
            1..4 => {
                let kind = self.one(&[Narrow::Sat, Narrow::Symmetric, Narrow::Zero]);
                // Mostly a part of the range.
                let mine = self.range(x);
                let range = if self.chance(0.2) {
                    int_ty(self.rng, 130)
                } else {
                    Range::new(value_in(self.rng, &mine), value_in(self.rng, &mine))
                };
                Expr::Narrow(kind, x, range)
            }
            4..7 => Expr::Round(self.upto(8) as usize, x, self.upto(12) as u32),
            7 => {
                let n = self.rng.between(1, 40);
                let x = self.of(&Type::Int(Range::new(0, n - 1)));
                Expr::NextWrapping(x, n)
            }
            _ => Expr::Narrow(Narrow::Sat, x, Range::full(self.rng.between(1, 12) as u32, self.chance(0.5))),
        }
    }
    fn unary(&mut self) -> Expr {
        let x = self.int();
        match self.upto(4) {
            0 => Expr::Neg(x),
            1 => Expr::Abs(x),
            2 => Expr::IntBit(x, self.upto(u64::from(self.range(x).width()) + 3) as u32),
            _ => Expr::ToBits(x),
        }
    }
    fn of_words(&mut self) -> Expr {
        let a = self.word();
        let w = self.ty(a).bits().unwrap_or(0);
        match self.upto(16) {
            0..3 => {
                let op = self.one(&[Logic::And, Logic::Or, Logic::Xor, Logic::Eq, Logic::Ne]);
                Expr::Logic(op, a, self.of(&Type::Bits(w)))
            }
            3 => Expr::Not(a),
            4 => Expr::WordShift(self.chance(0.5), a, self.amount(80)),
            5 => Expr::WordShiftConst(self.chance(0.5), a, self.upto(u64::from(w) + 3) as u32),
            6 | 7 => {
                let (p, q) = (self.upto(u64::from(w) + 1) as u32, self.upto(u64::from(w) + 1) as u32);
                // An empty slice now and then.
                if p == q && self.chance(0.8) { Expr::Slice(a, 0, w) } else { Expr::Slice(a, p.min(q), p.max(q)) }
            }
            8 => Expr::WordBit(a, self.upto(u64::from(w)) as u32),
            9 => {
                let n = self.rng.between(1, 4);
                Expr::Concat((0..n).map(|_| self.word()).collect())
            }
            10 => {
                let n = self.rng.between(0, 5);
                Expr::FromBools((0..n).map(|_| self.truth()).collect())
            }
            11 => Expr::ZeroExtend(a, w + self.upto(34) as u32),
            12 => Expr::SignExtend(a, w + self.upto(34) as u32),
            13 => Expr::Reduce(self.one(&[Reduce::All, Reduce::Any, Reduce::Parity]), a),
            14 => Expr::Ones(a),
            _ if self.chance(0.5) => Expr::ToUint(a),
            _ => Expr::ToSint(a),
        }
    }
    fn choice(&mut self) -> Expr {
        if self.chance(0.3) {
            let n = [1, 2, 3, 4, 5, 7, 8][self.upto(7) as usize];
            let index = self.of(&Type::Int(Range::new(0, n - 1)));
            let first = self.pick(|_| true).unwrap_or(index);
            let ty = self.ty(first);
            let alike = |t: &Type| t.choice(&ty).is_some();
            let choices = (0..n).map(|_| self.pick(alike).unwrap_or(first)).collect();
            return Expr::Select(index, choices);
        }
        let c = self.truth();
        let a = self.pick(|_| true).unwrap_or(c);
        let ty = self.ty(a);
        let b = self.pick(|t| t.choice(&ty).is_some() && *t != Type::Bits(0)).unwrap_or(a);
        Expr::Mux(c, a, b)
    }
    fn of_truth(&mut self) -> Expr {
        let a = self.truth();
        match self.upto(8) {
            0 => Expr::Not(a),
            1 => Expr::BoolInt(a),
            2 => Expr::BoolBits(a),
            3 => {
                let op = self.one(&CMPS);
                Expr::Compare(op, self.int(), self.int())
            }
            _ => {
                let op = self.one(&[Logic::And, Logic::Or, Logic::Xor, Logic::Eq, Logic::Ne]);
                Expr::Logic(op, a, self.truth())
            }
        }
    }
    fn of_fixed(&mut self) -> Expr {
        let a = self.fixed();
        let (r, frac) = match self.ty(a) {
            Type::Fixed(r, frac) => (r, frac),
            other => (other.range(), 0),
        };
        match self.upto(9) {
            0..3 => {
                let op = self.one(&[Arith::Add, Arith::Sub, Arith::Mul]);
                Expr::FixedArith(op, a, self.fixed())
            }
            3 => Expr::FixedNeg(a),
            4 => Expr::FixedScale(a, self.upto(9) as i32 - 4),
            5 => Expr::FixedRound(self.upto(8) as usize, a, frac - self.upto(12) as i32 + 3),
            6 => {
                let finer = frac + self.upto(3) as i32;
                let kind = self.one(&[Narrow::Sat, Narrow::Symmetric, Narrow::Zero, Narrow::Wrap]);
                let ty = if kind == Narrow::Wrap {
                    let w = (r.width() / 2).max(1);
                    Range::full(w, self.chance(0.5))
                } else {
                    int_ty(self.rng, 40)
                };
                Expr::FixedNarrow(kind, a, ty, finer)
            }
            7 => {
                let op = self.one(&CMPS);
                Expr::FixedCompare(op, a, self.fixed())
            }
            _ => Expr::FixedInt(a),
        }
    }
    fn of_enums(&mut self) -> Expr {
        let a = self.phase();
        match self.upto(3) {
            0 => Expr::EnumIs(a, self.variant()),
            1 => Expr::EnumEq(a, self.phase()),
            _ => Expr::EnumInt(a),
        }
    }
}
