//! `Int`: a value in an exact range.

use std::marker::PhantomData;
use std::ops;

use num_bigint::BigInt;

use super::bits::{Bits, Bool};
use super::bundle::{Bundle, Leaf, Path, Shape, ToHw};
use super::context::{Loc, Raw, with};
use super::when::Subject;
use crate::diag;
use crate::ids::PlaceId;
use crate::ir::{BinOp, CheckKind, Format, Op, UnOp};
use crate::ty::{IntTy, MAX_WIDTH, Ty};
use crate::value::Value;

/// A number whose type is an exact range. Results of arithmetic are exact: their ranges follow from the operands'.
///
/// Comparison is `a.eq(b)`, `a.lt(b)`: a handle is no Rust value that could be compared while the circuit is built.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Int {
    raw: Raw,
    not_send: PhantomData<*const ()>,
}

impl Int {
    pub(crate) fn new(raw: Raw) -> Int {
        Int { raw, not_send: PhantomData }
    }
    /// The untyped handle.
    pub fn raw(self) -> Raw {
        self.raw
    }
}

impl Bundle for Int {
    type Shape = IntTy;
    fn shape(&self) -> IntTy {
        self.ty()
    }
    fn raws(&self, f: &mut dyn FnMut(Raw)) {
        f(self.raw);
    }
}
impl Shape for IntTy {
    type Value = Int;
    fn leaves(&self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf)) {
        f(path, Leaf::data(Ty::Int(*self), Format::Plain));
    }
    fn value(&self, next: &mut dyn FnMut() -> Raw) -> Int {
        Int::new(next())
    }
}

/// A constant.
#[track_caller]
pub fn lit(value: impl Into<Value>) -> Int {
    let value = value.into();
    let loc = Loc::caller();
    let ty = Ty::Int(IntTy::constant(value.clone()));
    Int::new(with(|c| c.constant(value, ty, loc)).unwrap_or(Raw::POISON))
}

macro_rules! literals {
    ($($t:ty)*) => {$(
        impl ToHw<Int> for $t {
            #[track_caller]
            fn to_hw(self) -> Int { lit(self) }
        }
        literals!(@left $t; Add add Sub sub Mul mul);
    )*};
    (@left $t:ty; $($trait:ident $method:ident)*) => {$(
        impl ops::$trait<Int> for $t {
            type Output = Int;
            #[track_caller]
            fn $method(self, rhs: Int) -> Int { ops::$trait::$method(lit(self), rhs) }
        }
    )*};
}
literals!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize BigInt Value);

pub(crate) fn unary(op: UnOp, x: Raw, what: &str, loc: Loc) -> Raw {
    with(|c| c.unary(op, x, what, loc)).unwrap_or(Raw::POISON)
}
pub(crate) fn binary(op: BinOp, a: Raw, b: Raw, what: &str, loc: Loc) -> Raw {
    with(|c| c.binary(op, a, b, what, loc)).unwrap_or(Raw::POISON)
}

macro_rules! operators {
    ($($(#[$doc:meta])* $trait:ident $method:ident $op:ident $what:literal;)*) => {$(
        $(#[$doc])*
        impl<R: ToHw<Int>> ops::$trait<R> for Int {
            type Output = Int;
            #[track_caller]
            fn $method(self, rhs: R) -> Int {
                Int::new(binary(BinOp::$op, self.raw, rhs.to_hw().raw, $what, Loc::caller()))
            }
        }
    )*};
}
operators! {
    /// The exact sum.
    Add add Add "+";
    /// The exact difference.
    Sub sub Sub "-";
    /// The exact product.
    Mul mul Mul "*";
    /// The quotient by a constant, rounded toward zero as in Rust and Verilog.
    Div div Div "/";
    /// The remainder of `/` by a constant; its sign is the dividend's.
    Rem rem Rem "%";
    /// Times 2 to the power of an amount that is not negative: exact, so the range grows.
    Shl shl Shl "<<";
    /// Divided by 2 to the power of an amount that is not negative, rounded toward minus infinity.
    Shr shr Shr ">>";
}

impl ops::Neg for Int {
    type Output = Int;
    #[track_caller]
    fn neg(self) -> Int {
        Int::new(unary(UnOp::Neg, self.raw, "-", Loc::caller()))
    }
}

/// How a value between two representable ones is rounded. The names are the sets of `ap_fixed` and of QONNX together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rounding {
    /// Toward minus infinity (`AP_TRN`, `FLOOR`).
    Floor,
    /// Toward plus infinity (`CEIL`).
    Ceiling,
    /// Toward zero (`AP_TRN_ZERO`, `DOWN`).
    TowardZero,
    /// To the nearest, ties toward plus infinity (`AP_RND`).
    HalfUp,
    /// To the nearest, ties toward minus infinity (`AP_RND_MIN_INF`).
    HalfDown,
    /// To the nearest, ties toward zero (`AP_RND_ZERO`, `HALF_DOWN`).
    HalfTowardZero,
    /// To the nearest, ties away from zero (`AP_RND_INF`, `HALF_UP`).
    HalfAway,
    /// To the nearest, ties to the even one (`AP_RND_CONV`, `ROUND`).
    HalfEven,
}

impl Rounding {
    /// All eight.
    pub const ALL: [Rounding; 8] = [
        Rounding::Floor,
        Rounding::Ceiling,
        Rounding::TowardZero,
        Rounding::HalfUp,
        Rounding::HalfDown,
        Rounding::HalfTowardZero,
        Rounding::HalfAway,
        Rounding::HalfEven,
    ];

    /// `v / 2^bits`, rounded in the way that [`Int::round`] builds.
    fn apply(self, v: &Value, bits: u32) -> Value {
        let half = Value::pow2(bits - 1);
        let below_half = &half - &Value::ONE;
        let all = &Value::pow2(bits) - &Value::ONE;
        let addend = match (self, v.is_negative()) {
            (Rounding::Floor, _) | (Rounding::TowardZero, false) => Value::ZERO,
            (Rounding::Ceiling, _) | (Rounding::TowardZero, true) => all,
            (Rounding::HalfUp, _) | (Rounding::HalfTowardZero, true) | (Rounding::HalfAway, false) => half,
            (Rounding::HalfDown, _) | (Rounding::HalfTowardZero, false) | (Rounding::HalfAway, true) => below_half,
            (Rounding::HalfEven, _) if v.bit(bits) => half,
            (Rounding::HalfEven, _) => below_half,
        };
        (v + &addend).shr(bits)
    }
}

macro_rules! comparisons {
    ($($(#[$doc:meta])* $method:ident $op:ident $a:ident $b:ident;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        #[allow(clippy::should_implement_trait)]
        pub fn $method(self, rhs: impl ToHw<Int>) -> Bool {
            let (lhs, rhs) = (self.raw, rhs.to_hw().raw);
            let operands = [lhs, rhs];
            Bool::new(binary(BinOp::$op, operands[$a], operands[$b], stringify!($method), Loc::caller()))
        }
    )*};
}
// Operand positions of the comparison that the IR has.
#[allow(non_upper_case_globals)]
const l: usize = 0;
#[allow(non_upper_case_globals)]
const r: usize = 1;

impl Int {
    /// The exact range. Of a poisoned handle, whose mistake is already reported: `0..=0`.
    pub fn ty(self) -> IntTy {
        with(|c| c.ty(self.raw)).flatten().and_then(Ty::as_int).unwrap_or(IntTy::constant(0))
    }
    /// Gives the value a name that stays in the Verilog and in waves.
    #[track_caller]
    pub fn named(self, name: &str) -> Int {
        super::module::name_node(self.raw, name, Loc::caller());
        self
    }

    comparisons! {
        /// Equal.
        eq Eq l r;
        /// Not equal.
        ne Ne l r;
        /// Less.
        lt Lt l r;
        /// Less or equal.
        le Le l r;
        /// Greater.
        gt Lt r l;
        /// Greater or equal.
        ge Le r l;
    }

    /// The lesser of two.
    #[track_caller]
    pub fn min(self, rhs: impl ToHw<Int>) -> Int {
        Int::new(binary(BinOp::Min, self.raw, rhs.to_hw().raw, "min", Loc::caller()))
    }
    /// The greater of two.
    #[track_caller]
    pub fn max(self, rhs: impl ToHw<Int>) -> Int {
        Int::new(binary(BinOp::Max, self.raw, rhs.to_hw().raw, "max", Loc::caller()))
    }
    /// The magnitude.
    #[track_caller]
    pub fn abs(self) -> Int {
        Int::new(unary(UnOp::Abs, self.raw, "abs", Loc::caller()))
    }

    /// The two's-complement bits, as many as the range needs.
    #[track_caller]
    pub fn to_bits(self) -> Bits {
        Bits::new(unary(UnOp::ToBits, self.raw, "to_bits", Loc::caller()))
    }
    /// Bit `n` of the two's-complement form; beyond the width, the sign.
    #[track_caller]
    pub fn bit(self, n: u32) -> Bool {
        let (width, signed) = (self.ty().width(), self.ty().is_signed());
        if n < width {
            return self.to_bits().bit(n);
        }
        if signed { self.lt(0) } else { Bool::constant(false) }
    }

    /// Modulo the size of `ty`, which is a full power-of-two range (`uint(n)`, `sint(n)`): the low bits.
    #[track_caller]
    pub fn wrap(self, ty: IntTy) -> Int {
        let loc = Loc::caller();
        if !ty.is_full() {
            with(|c| {
                let place = c.place(loc);
                c.report(diag::e0103::new(place, ty));
            });
            return Int::new(Raw::POISON);
        }
        if self.ty().fits(ty) {
            return self;
        }
        Int::new(with(|c| c.chosen(UnOp::Wrap, self.raw, ty, loc)).unwrap_or(Raw::POISON))
    }

    /// The nearest value in `ty`: saturation.
    #[track_caller]
    pub fn sat(self, ty: IntTy) -> Int {
        let low = if self.ty().lo() < ty.lo() { self.max(ty.lo()) } else { self };
        if low.ty().hi() > ty.hi() { low.min(ty.hi()) } else { low }
    }

    /// The nearest value in `ty` without a most negative value that has no positive partner: `ty.lo()` is raised to
    /// `-ty.hi()` where it is lower (`AP_SAT_SYM`).
    #[track_caller]
    pub fn sat_symmetric(self, ty: IntTy) -> Int {
        let lo = ty.lo().max(-&ty.hi());
        self.sat(IntTy::new(lo.min(ty.hi()), ty.hi()))
    }

    /// The value where it lies in `ty`, else 0 (`AP_SAT_ZERO`). 0 is in the result's range.
    #[track_caller]
    pub fn sat_zero(self, ty: IntTy) -> Int {
        let mine = self.ty();
        if mine.fits(ty) {
            return self;
        }
        if mine.intersect(ty).is_none() {
            return lit(0);
        }
        let mut inside = Bool::constant(true);
        if mine.lo() < ty.lo() {
            inside = inside & self.ge(ty.lo());
        }
        if mine.hi() > ty.hi() {
            inside = inside & self.le(ty.hi());
        }
        // The comparison refines the arm to `ty`.
        inside.mux(self, 0)
    }

    /// Divided by 2 to the power `bits` and rounded to an integer.
    #[track_caller]
    pub fn round(self, mode: Rounding, bits: u32) -> Int {
        if bits == 0 || self.raw.is_poison() {
            return self;
        }
        if bits > MAX_WIDTH {
            let loc = Loc::caller();
            let ty = Ty::Int(self.ty());
            with(|c| {
                let place = c.place(loc);
                c.report(diag::e0105::new(place, "round", &[ty]));
            });
            return Int::new(Raw::POISON);
        }
        let negative = self.ty().is_signed();
        let half = Value::pow2(bits - 1);
        let below_half = &half - &Value::ONE;
        let all = &Value::pow2(bits) - &Value::ONE;
        // What is added to a negative value, and to one that is not.
        let (below_zero, otherwise) = match mode {
            Rounding::Floor => (Value::ZERO, Value::ZERO),
            Rounding::Ceiling => (all.clone(), all),
            Rounding::TowardZero => (all, Value::ZERO),
            Rounding::HalfUp => (half.clone(), half),
            Rounding::HalfDown | Rounding::HalfEven => (below_half.clone(), below_half),
            Rounding::HalfTowardZero => (half, below_half),
            Rounding::HalfAway => (below_half, half),
        };
        let addend = if mode == Rounding::HalfEven {
            self.bit(bits).to_int() + otherwise
        } else if negative && below_zero != otherwise {
            self.lt(0).mux(below_zero, otherwise)
        } else {
            lit(otherwise)
        };
        let rounded = (self + addend) >> bits;
        // The sum knows nothing of which addend goes with which value; rounding keeps the order of values, though.
        let ty = self.ty();
        let exact = IntTy::new(mode.apply(&ty.lo(), bits), mode.apply(&ty.hi(), bits));
        if rounded.raw.is_poison() || exact == rounded.ty() {
            return rounded;
        }
        match exact.as_constant() {
            Some(only) => lit(only),
            None => Int::new(with(|c| c.narrower(rounded.raw, exact)).unwrap_or(Raw::POISON)),
        }
    }

    /// The designer vouches that the value is in `ty` (where the conditions around hold). An assertion goes into every
    /// simulation; where it fails, that is reported and the value is cut to the width.
    #[track_caller]
    pub fn claim(self, ty: IntTy) -> Int {
        let loc = Loc::caller();
        let mine = self.ty();
        if mine.fits(ty) || self.raw.is_poison() {
            return self;
        }
        let Some(wanted) = mine.intersect(ty) else {
            with(|c| {
                let place = c.place(loc);
                c.report(diag::e0113::new(place, mine, ty));
            });
            return Int::new(Raw::POISON);
        };
        let result = with(|c| {
            let claimed = c.chosen(UnOp::Claim, self.raw, wanted, loc);
            if claimed.is_poison() {
                return claimed;
            }
            let place: PlaceId = c.place(loc);
            if let Some(b) = c.top() {
                let enable = b.path_condition(place);
                let message = format!("claim failed: the value is not in {}..={}", wanted.lo(), wanted.hi());
                b.check("claim", CheckKind::Claim { claim: claimed.node, enable }, message, place);
            }
            claimed
        });
        Int::new(result.unwrap_or(Raw::POISON))
    }

    /// The next value of a counter over `0..n`: 0 after `n - 1`, else one more.
    #[track_caller]
    pub fn next_wrapping(self, n: u64) -> Int {
        let last = Value::from(n.max(1) - 1);
        if last.is_zero() || self.ty() == IntTy::constant(last.clone()) {
            return lit(0);
        }
        self.eq(last).mux(0, self + 1)
    }
}

impl super::context::Context {
    /// The node made last, whose values are known to lie in `ty`: its type becomes that.
    pub(crate) fn narrower(&mut self, x: Raw, ty: IntTy) -> Raw {
        if let Some(b) = self.top() {
            b.ir.nodes[x.node].ty = Ty::Int(ty);
        }
        x
    }

    /// A node whose type is chosen: `Wrap`, `Claim`.
    pub(crate) fn chosen(&mut self, op: UnOp, x: Raw, ty: IntTy, loc: Loc) -> Raw {
        let Some(node) = self.local(x, loc) else { return Raw::POISON };
        if op == UnOp::Wrap
            && let Some(v) = self.stack.last().and_then(|b| b.const_of(node))
        {
            let ty = Ty::Int(ty);
            return self.constant(ty.cut(&v), ty, loc);
        }
        self.push(Op::Un(op, node), Ty::Int(ty), loc)
    }
}

impl Subject for Int {
    type Case = i64;
    fn raw(self) -> Raw {
        self.raw
    }
    fn case_value(case: i64) -> Value {
        Value::from(case)
    }
}

/// The sum of all, as a balanced tree. 0 where there are none.
#[track_caller]
pub fn sum(values: &[Int]) -> Int {
    let loc = Loc::caller();
    match reduce(values, |a, b| Int::new(binary(BinOp::Add, a.raw, b.raw, "+", loc))) {
        Some(total) => total,
        None => lit(0),
    }
}

/// A balanced tree of `f`, or `None` where there are no values.
pub fn reduce<T: Copy>(values: &[T], f: impl Fn(T, T) -> T) -> Option<T> {
    let mut level = values.to_vec();
    while level.len() > 1 {
        level = level.chunks(2).map(|pair| if let [a, b] = pair { f(*a, *b) } else { pair[0] }).collect();
    }
    level.first().copied()
}
