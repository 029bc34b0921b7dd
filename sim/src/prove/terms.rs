//! Terms over bit vectors, as one graph in which equal terms are one, and constants are computed.
//!
//! Every term has a width of at least 1; its value is an unsigned number. A term of one bit is also a condition.

use std::collections::HashMap;

use gatewright_dsl::value::Value;

/// Index of a term.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct T(pub(super) u32);

/// Operators of two operands whose result is as wide as these.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Bv {
    And,
    Or,
    Xor,
    Add,
    Sub,
    Mul,
    UnsignedDiv,
    UnsignedRem,
    SignedDiv,
    SignedRem,
    Shl,
    /// Zeros enter.
    LogicShr,
    /// Sign bits enter.
    ArithShr,
}

/// Comparisons of two operands of one width.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Cmp {
    Eq,
    UnsignedLt,
    SignedLt,
}

/// How a term is made.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Term {
    Const(Value),
    /// Any value: the solver chooses it. Numbered.
    Var(u32),
    Not(T),
    Bv(Bv, T, T),
    Cmp(Cmp, T, T),
    Ite(T, T, T),
    /// As many bits as the term has, from this one up.
    Extract(T, u32),
    /// The first above the second.
    Concat(T, T),
    /// With zeros, or with the sign bit (`true`).
    Extend(T, bool),
}

/// All terms of a proof.
#[derive(Default)]
pub(super) struct Terms {
    terms: Vec<(Term, u32)>,
    known: HashMap<(Term, u32), T>,
    vars: u32,
}

impl Terms {
    pub(super) fn get(&self, t: T) -> &Term {
        &self.terms[t.0 as usize].0
    }
    pub(super) fn width(&self, t: T) -> u32 {
        self.terms[t.0 as usize].1
    }
    /// The value of a constant.
    pub(super) fn constant_of(&self, t: T) -> Option<&Value> {
        match self.get(t) {
            Term::Const(v) => Some(v),
            _ => None,
        }
    }
    /// The terms that `t` is made of.
    pub(super) fn operands(&self, t: T) -> impl Iterator<Item = T> + use<> {
        let list = match *self.get(t) {
            Term::Const(_) | Term::Var(_) => [None; 3],
            Term::Not(a) | Term::Extract(a, _) | Term::Extend(a, _) => [Some(a), None, None],
            Term::Bv(_, a, b) | Term::Cmp(_, a, b) | Term::Concat(a, b) => [Some(a), Some(b), None],
            Term::Ite(c, a, b) => [Some(c), Some(a), Some(b)],
        };
        list.into_iter().flatten()
    }

    fn push(&mut self, term: Term, width: u32) -> T {
        let key = (term, width);
        if let Some(&t) = self.known.get(&key) {
            return t;
        }
        let t = T(self.terms.len() as u32);
        self.terms.push(key.clone());
        self.known.insert(key, t);
        t
    }

    /// `value` modulo 2 to the power `width`.
    pub(super) fn constant(&mut self, value: &Value, width: u32) -> T {
        self.push(Term::Const(value.wrap(width, false)), width)
    }
    pub(super) fn bit(&mut self, b: bool) -> T {
        self.constant(&Value::from(b), 1)
    }
    /// A new unknown.
    pub(super) fn var(&mut self, width: u32) -> T {
        self.vars += 1;
        self.push(Term::Var(self.vars), width)
    }

    pub(super) fn not(&mut self, a: T) -> T {
        let width = self.width(a);
        match self.get(a) {
            Term::Const(v) => {
                let v = &(&Value::pow2(width) - &Value::ONE) - v;
                self.constant(&v, width)
            }
            Term::Not(x) => *x,
            _ => self.push(Term::Not(a), width),
        }
    }
    pub(super) fn and(&mut self, a: T, b: T) -> T {
        self.bv(Bv::And, a, b)
    }
    pub(super) fn or(&mut self, a: T, b: T) -> T {
        self.bv(Bv::Or, a, b)
    }
    /// Of conditions: where `a` holds, `b` does.
    pub(super) fn implies(&mut self, a: T, b: T) -> T {
        let not = self.not(a);
        self.or(not, b)
    }
    pub(super) fn all(&mut self, list: impl IntoIterator<Item = T>) -> T {
        let mut all = self.bit(true);
        for t in list {
            all = self.and(all, t);
        }
        all
    }
    pub(super) fn any(&mut self, list: impl IntoIterator<Item = T>) -> T {
        let mut any = self.bit(false);
        for t in list {
            any = self.or(any, t);
        }
        any
    }

    pub(super) fn bv(&mut self, op: Bv, a: T, b: T) -> T {
        let width = self.width(a);
        debug_assert_eq!(width, self.width(b));
        if let (Some(x), Some(y)) = (self.constant_of(a), self.constant_of(b))
            && let Some(v) = compute(op, x, y, width)
        {
            return self.constant(&v, width);
        }
        let ones = &Value::pow2(width) - &Value::ONE;
        for (x, y) in [(a, b), (b, a)] {
            let Some(v) = self.constant_of(x) else { continue };
            match op {
                Bv::And if v.is_zero() => return x,
                Bv::And if *v == ones => return y,
                Bv::Or if v.is_zero() => return y,
                Bv::Or if *v == ones => return x,
                Bv::Xor | Bv::Add if v.is_zero() => return y,
                Bv::Sub | Bv::Shl | Bv::LogicShr | Bv::ArithShr if v.is_zero() && x == b => return y,
                Bv::Xor if *v == ones => return self.not(y),
                Bv::Mul if v.is_zero() => return x,
                Bv::Mul if *v == Value::ONE => return y,
                _ => {}
            }
        }
        if matches!(op, Bv::And | Bv::Or) {
            if a == b {
                return a;
            }
            if *self.get(a) == Term::Not(b) || *self.get(b) == Term::Not(a) {
                let v = if op == Bv::And { Value::ZERO } else { ones };
                return self.constant(&v, width);
            }
        }
        let (a, b) = match op {
            Bv::And | Bv::Or | Bv::Xor | Bv::Add | Bv::Mul => (a.min(b), a.max(b)),
            _ => (a, b),
        };
        self.push(Term::Bv(op, a, b), width)
    }

    pub(super) fn cmp(&mut self, op: Cmp, a: T, b: T) -> T {
        let width = self.width(a);
        debug_assert_eq!(width, self.width(b));
        if let (Some(x), Some(y)) = (self.constant_of(a), self.constant_of(b)) {
            let holds = compare(op, x, y, width);
            return self.bit(holds);
        }
        if a == b {
            return self.bit(op == Cmp::Eq);
        }
        let (a, b) = if op == Cmp::Eq { (a.min(b), a.max(b)) } else { (a, b) };
        self.push(Term::Cmp(op, a, b), 1)
    }
    pub(super) fn eq(&mut self, a: T, b: T) -> T {
        self.cmp(Cmp::Eq, a, b)
    }

    /// `a` where `c` holds, else `b`.
    pub(super) fn ite(&mut self, c: T, a: T, b: T) -> T {
        let width = self.width(a);
        debug_assert_eq!((width, 1), (self.width(b), self.width(c)));
        if let Some(v) = self.constant_of(c) {
            return if v.is_zero() { b } else { a };
        }
        if a == b {
            return a;
        }
        if let Term::Not(c) = *self.get(c) {
            return self.ite(c, b, a);
        }
        if width == 1 {
            match (self.constant_of(a).map(Value::is_zero), self.constant_of(b).map(Value::is_zero)) {
                (Some(false), Some(true)) => return c,
                (Some(true), Some(false)) => return self.not(c),
                _ => {}
            }
        }
        self.push(Term::Ite(c, a, b), width)
    }

    /// `width` bits of `a` from `lo` up; bits above `a` are 0.
    pub(super) fn extract(&mut self, a: T, lo: u32, width: u32) -> T {
        let from = self.width(a);
        if lo >= from {
            return self.constant(&Value::ZERO, width);
        }
        if lo + width > from {
            let part = self.extract(a, lo, from - lo);
            return self.extend(part, width, false);
        }
        if width == from {
            return a;
        }
        match self.get(a) {
            Term::Const(v) => {
                let v = v.shr(lo);
                self.constant(&v, width)
            }
            &Term::Extract(x, first) => self.extract(x, first + lo, width),
            &Term::Extend(x, _) if lo + width <= self.width(x) => self.extract(x, lo, width),
            &Term::Concat(_, low) if lo + width <= self.width(low) => self.extract(low, lo, width),
            &Term::Concat(high, low) if lo >= self.width(low) => self.extract(high, lo - self.width(low), width),
            _ => self.push(Term::Extract(a, lo), width),
        }
    }

    pub(super) fn concat(&mut self, high: T, low: T) -> T {
        let (w, below) = (self.width(high) + self.width(low), self.width(low));
        match (self.constant_of(high), self.constant_of(low)) {
            (Some(h), Some(l)) => {
                let v = &h.shl(below) | l;
                self.constant(&v, w)
            }
            _ => self.push(Term::Concat(high, low), w),
        }
    }

    /// `a` made as wide as `width`, which is not less than its own.
    pub(super) fn extend(&mut self, a: T, width: u32, signed: bool) -> T {
        let from = self.width(a);
        if width == from {
            return a;
        }
        match self.get(a) {
            Term::Const(v) => {
                let v = v.wrap(from, signed);
                self.constant(&v, width)
            }
            // After zeros the sign bit is 0.
            &Term::Extend(x, inner) if inner == signed || !inner => self.push(Term::Extend(x, inner), width),
            _ => self.push(Term::Extend(a, signed), width),
        }
    }
}

/// The value of an operator at two constants; `None` where it divides by zero.
fn compute(op: Bv, a: &Value, b: &Value, width: u32) -> Option<Value> {
    let signed = |v: &Value| v.wrap(width, true);
    let shift = || b.to_u64().map_or(width, |n| n.min(u64::from(width)) as u32);
    Some(match op {
        Bv::And => a & b,
        Bv::Or => a | b,
        Bv::Xor => a ^ b,
        Bv::Add => a + b,
        Bv::Sub => a - b,
        Bv::Mul => a * b,
        Bv::UnsignedDiv => a.div_trunc(b)?,
        Bv::UnsignedRem => a.rem_trunc(b)?,
        Bv::SignedDiv => signed(a).div_trunc(&signed(b))?,
        Bv::SignedRem => signed(a).rem_trunc(&signed(b))?,
        Bv::Shl => a.shl(shift()),
        Bv::LogicShr => a.shr(shift()),
        Bv::ArithShr => signed(a).shr(shift()),
    })
}

impl Terms {
    /// The width of every term.
    pub(super) fn widths(&self) -> Vec<u32> {
        self.terms.iter().map(|t| t.1).collect()
    }

    /// The value of every term where unknowns have these values, and 0 where they have none.
    pub(super) fn evaluate(&self, unknowns: &HashMap<T, Value>) -> Vec<Value> {
        let mut values: Vec<Value> = Vec::with_capacity(self.terms.len());
        // Operands come before what is made of them.
        for (n, (term, width)) in self.terms.iter().enumerate() {
            let of = |t: T| &values[t.0 as usize];
            let value = match term {
                Term::Const(v) => v.clone(),
                Term::Var(_) => unknowns.get(&T(n as u32)).cloned().unwrap_or(Value::ZERO),
                Term::Not(a) => &(&Value::pow2(*width) - &Value::ONE) - of(*a),
                Term::Bv(op, a, b) => compute(*op, of(*a), of(*b), *width).unwrap_or(Value::ZERO).wrap(*width, false),
                Term::Cmp(op, a, b) => Value::from(compare(*op, of(*a), of(*b), self.width(*a))),
                Term::Ite(c, a, b) => if of(*c).is_zero() { of(*b) } else { of(*a) }.clone(),
                Term::Extract(a, lo) => of(*a).shr(*lo).wrap(*width, false),
                Term::Concat(a, b) => &of(*a).shl(self.width(*b)) | of(*b),
                Term::Extend(a, signed) => of(*a).wrap(self.width(*a), *signed).wrap(*width, false),
            };
            values.push(value);
        }
        values
    }
}

fn compare(op: Cmp, a: &Value, b: &Value, width: u32) -> bool {
    match op {
        Cmp::Eq => a == b,
        Cmp::UnsignedLt => a < b,
        Cmp::SignedLt => a.wrap(width, true) < b.wrap(width, true),
    }
}
