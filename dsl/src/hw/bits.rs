//! `Bool`, and `Bits`: a raw word without arithmetic.

use std::marker::PhantomData;
use std::ops;

use super::bundle::{Bundle, Leaf, Path, Shape, ToHw};
use super::context::{Loc, Raw, with};
use super::int::{Int, binary, unary};
use super::when::Subject;
use crate::diag;
use crate::ir::{BinOp, Format, Op, UnOp};
use crate::ty::Ty;
use crate::value::Value;

/// One bit: yes or no.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Bool {
    raw: Raw,
    not_send: PhantomData<*const ()>,
}

/// The shape of [`Bool`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BoolTy;

/// The shape of [`Bool`].
pub const BOOL: BoolTy = BoolTy;

/// A raw word.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Bits {
    raw: Raw,
    not_send: PhantomData<*const ()>,
}

/// The shape of [`Bits`]: its width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BitsTy(pub u32);

/// A word of so many bits, as a shape.
pub fn word(width: u32) -> BitsTy {
    BitsTy(width)
}

impl Bundle for Bool {
    type Shape = BoolTy;
    fn shape(&self) -> BoolTy {
        BOOL
    }
    fn raws(&self, f: &mut dyn FnMut(Raw)) {
        f(self.raw);
    }
}
impl Shape for BoolTy {
    type Value = Bool;
    fn leaves(&self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf)) {
        f(path, Leaf::data(Ty::BOOL, Format::Bool));
    }
    fn value(&self, next: &mut dyn FnMut() -> Raw) -> Bool {
        Bool::new(next())
    }
}
impl Bundle for Bits {
    type Shape = BitsTy;
    fn shape(&self) -> BitsTy {
        BitsTy(self.width())
    }
    fn raws(&self, f: &mut dyn FnMut(Raw)) {
        f(self.raw);
    }
}
impl Shape for BitsTy {
    type Value = Bits;
    fn leaves(&self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf)) {
        f(path, Leaf::data(Ty::Bits(self.0), Format::Plain));
    }
    fn value(&self, next: &mut dyn FnMut() -> Raw) -> Bits {
        Bits::new(next())
    }
}

impl ToHw<Bool> for bool {
    #[track_caller]
    fn to_hw(self) -> Bool {
        Bool::constant(self)
    }
}

/// A constant word. A value that does not fit is a diagnostic.
#[track_caller]
pub fn bits(width: u32, value: impl Into<Value>) -> Bits {
    let (value, loc) = (value.into(), Loc::caller());
    let raw = with(|c| {
        if width > crate::ty::MAX_WIDTH {
            let place = c.place(loc);
            c.report(diag::e0105::declared(place, "this word"));
            return Raw::POISON;
        }
        if Ty::Bits(width).contains(&value) {
            return c.constant(value, Ty::Bits(width), loc);
        }
        let place = c.place(loc);
        c.report(diag::e0101::new(place, &value, Ty::Bits(width), "a word", None));
        Raw::POISON
    });
    Bits::new(raw.unwrap_or(Raw::POISON))
}

macro_rules! bitwise {
    ($($trait:ident $method:ident $op:ident $what:literal;)*) => {$(
        impl<R: ToHw<Bool>> ops::$trait<R> for Bool {
            type Output = Bool;
            #[track_caller]
            fn $method(self, rhs: R) -> Bool {
                Bool::new(binary(BinOp::$op, self.raw, rhs.to_hw().raw, $what, Loc::caller()))
            }
        }
        impl ops::$trait for Bits {
            type Output = Bits;
            #[track_caller]
            fn $method(self, rhs: Bits) -> Bits {
                Bits::new(binary(BinOp::$op, self.raw, rhs.raw, $what, Loc::caller()))
            }
        }
    )*};
}
bitwise! {
    BitAnd bitand And "&";
    BitOr bitor Or "|";
    BitXor bitxor Xor "^";
}

impl ops::Not for Bool {
    type Output = Bool;
    #[track_caller]
    fn not(self) -> Bool {
        Bool::new(unary(UnOp::Not, self.raw, "!", Loc::caller()))
    }
}
impl ops::Not for Bits {
    type Output = Bits;
    #[track_caller]
    fn not(self) -> Bits {
        Bits::new(unary(UnOp::Not, self.raw, "!", Loc::caller()))
    }
}
/// Zeros enter from below, high bits are lost. The amount is not negative.
impl<R: ToHw<Int>> ops::Shl<R> for Bits {
    type Output = Bits;
    #[track_caller]
    fn shl(self, amount: R) -> Bits {
        Bits::new(binary(BinOp::Shl, self.raw, amount.to_hw().raw(), "<<", Loc::caller()))
    }
}
/// Zeros enter from above. The amount is not negative.
impl<R: ToHw<Int>> ops::Shr<R> for Bits {
    type Output = Bits;
    #[track_caller]
    fn shr(self, amount: R) -> Bits {
        Bits::new(binary(BinOp::Shr, self.raw, amount.to_hw().raw(), ">>", Loc::caller()))
    }
}

impl Bool {
    pub(crate) fn new(raw: Raw) -> Bool {
        Bool { raw, not_send: PhantomData }
    }
    /// The untyped handle.
    pub fn raw(self) -> Raw {
        self.raw
    }
    /// A constant.
    #[track_caller]
    pub fn constant(value: bool) -> Bool {
        let loc = Loc::caller();
        Bool::new(with(|c| c.constant(Value::from(value), Ty::BOOL, loc)).unwrap_or(Raw::POISON))
    }
    /// Gives the value a name that stays in the Verilog and in waves.
    #[track_caller]
    pub fn named(self, name: &str) -> Bool {
        super::module::name_node(self.raw, name, Loc::caller());
        self
    }
    /// `a` where the bit is 1, else `b`: of any bundle without streams. A comparison with a constant refines the range
    /// of the value compared inside the arms.
    #[track_caller]
    pub fn mux<T: Bundle>(self, a: impl ToHw<T>, b: impl ToHw<T>) -> T {
        let loc = Loc::caller();
        super::select::mux(self, a.to_hw(), b.to_hw(), loc)
    }
    /// 0 or 1.
    #[track_caller]
    pub fn to_int(self) -> Int {
        Int::new(unary(UnOp::ToUint, self.raw, "to_int", Loc::caller()))
    }
    /// A word of one bit.
    pub fn to_bits(self) -> Bits {
        Bits::new(self.raw)
    }
    /// Equal.
    #[track_caller]
    #[allow(clippy::should_implement_trait)]
    pub fn eq(self, rhs: impl ToHw<Bool>) -> Bool {
        Bool::new(binary(BinOp::Eq, self.raw, rhs.to_hw().raw, "eq", Loc::caller()))
    }
    /// Not equal.
    #[track_caller]
    #[allow(clippy::should_implement_trait)]
    pub fn ne(self, rhs: impl ToHw<Bool>) -> Bool {
        Bool::new(binary(BinOp::Ne, self.raw, rhs.to_hw().raw, "ne", Loc::caller()))
    }
}

impl Bits {
    pub(crate) fn new(raw: Raw) -> Bits {
        Bits { raw, not_send: PhantomData }
    }
    /// The untyped handle.
    pub fn raw(self) -> Raw {
        self.raw
    }
    /// Number of bits.
    pub fn width(self) -> u32 {
        with(|c| c.ty(self.raw)).flatten().map_or(0, Ty::width)
    }
    /// Gives the value a name that stays in the Verilog and in waves.
    #[track_caller]
    pub fn named(self, name: &str) -> Bits {
        super::module::name_node(self.raw, name, Loc::caller());
        self
    }
    /// Bits `range`, the lowest numbered 0.
    #[track_caller]
    pub fn slice(self, range: ops::Range<u32>) -> Bits {
        let loc = Loc::caller();
        let raw = with(|c| {
            let node = c.local(self.raw, loc)?;
            let width = c.ty(self.raw)?.width();
            if range.start > range.end || range.end > width {
                let place = c.place(loc);
                let node = &c.top()?.ir.nodes[node];
                // An input has no place of its own, and a constant is made where it is used first.
                let placed = !matches!(node.op, Op::Input(_) | Op::Const(_));
                let origin = if placed { node.place } else { place };
                c.report(diag::e0107::new(place, origin, &range, width));
                return None;
            }
            let ty = Ty::Bits(range.end - range.start);
            if ty.width() == width {
                return Some(self.raw);
            }
            if let Some(v) = c.top()?.const_of(node) {
                return Some(c.constant(crate::ir::eval::slice(&v, range.start, ty), ty, loc));
            }
            Some(c.push(Op::Slice(node, range.start), ty, loc))
        });
        Bits::new(raw.flatten().unwrap_or(Raw::POISON))
    }
    /// Bit `n`.
    #[track_caller]
    pub fn bit(self, n: u32) -> Bool {
        Bool::new(self.slice(n..n.saturating_add(1)).raw)
    }
    /// This word above `low`.
    #[track_caller]
    pub fn concat(self, low: impl Into<Bits>) -> Bits {
        concat(&[self, low.into()])
    }
    /// Zeros above, up to `width` bits. A word that is already wider is a diagnostic.
    #[track_caller]
    pub fn zero_extend(self, width: u32) -> Bits {
        self.extended(width, false)
    }
    /// Copies of the highest bit above, up to `width` bits. A word that is already wider is a diagnostic.
    #[track_caller]
    pub fn sign_extend(self, width: u32) -> Bits {
        self.extended(width, true)
    }
    #[track_caller]
    fn extended(self, width: u32, signed: bool) -> Bits {
        let loc = Loc::caller();
        if self.raw.is_poison() {
            return self;
        }
        let mine = self.width();
        if mine > width || width > crate::ty::MAX_WIDTH {
            with(|c| {
                let place = c.place(loc);
                c.report(match mine > width {
                    true => diag::e0107::extension(place, mine, width),
                    false => diag::e0105::new(place, "extend", &[Ty::Bits(mine)]),
                });
            });
            return Bits::new(Raw::POISON);
        }
        if mine == width {
            return self;
        }
        let above = width - mine;
        if signed && mine > 0 {
            let sign = self.bit(mine - 1).to_bits();
            return concat(&[concat(&vec![sign; above as usize]), self]);
        }
        concat(&[bits(above, 0), self])
    }
    /// True where all bits are 1.
    #[track_caller]
    pub fn all(self) -> Bool {
        Bool::new(unary(UnOp::ReduceAnd, self.raw, "all", Loc::caller()))
    }
    /// True where some bit is 1.
    #[track_caller]
    pub fn any(self) -> Bool {
        Bool::new(unary(UnOp::ReduceOr, self.raw, "any", Loc::caller()))
    }
    /// True where an odd number of bits is 1.
    #[track_caller]
    pub fn parity(self) -> Bool {
        Bool::new(unary(UnOp::ReduceXor, self.raw, "parity", Loc::caller()))
    }
    /// How many bits are 1: `0..=width`.
    #[track_caller]
    pub fn count_ones(self) -> Int {
        Int::new(unary(UnOp::PopCount, self.raw, "count_ones", Loc::caller()))
    }
    /// Read as an unsigned number.
    #[track_caller]
    pub fn to_uint(self) -> Int {
        Int::new(unary(UnOp::ToUint, self.raw, "to_uint", Loc::caller()))
    }
    /// Read as two's complement.
    #[track_caller]
    pub fn to_sint(self) -> Int {
        Int::new(unary(UnOp::ToSint, self.raw, "to_sint", Loc::caller()))
    }
    /// Equal; the widths are the same.
    #[track_caller]
    #[allow(clippy::should_implement_trait)]
    pub fn eq(self, rhs: Bits) -> Bool {
        Bool::new(binary(BinOp::Eq, self.raw, rhs.raw, "eq", Loc::caller()))
    }
    /// Not equal; the widths are the same.
    #[track_caller]
    #[allow(clippy::should_implement_trait)]
    pub fn ne(self, rhs: Bits) -> Bool {
        Bool::new(binary(BinOp::Ne, self.raw, rhs.raw, "ne", Loc::caller()))
    }
    /// The bits one by one, the lowest first.
    #[track_caller]
    pub fn to_bools(self) -> Vec<Bool> {
        // No closure: its places would not be the caller's.
        let mut bools = Vec::new();
        for n in 0..self.width() {
            bools.push(self.bit(n));
        }
        bools
    }
}

impl From<Bool> for Bits {
    fn from(b: Bool) -> Bits {
        b.to_bits()
    }
}

/// Words side by side, the most significant first.
#[track_caller]
pub fn concat(parts: &[Bits]) -> Bits {
    let loc = Loc::caller();
    if let [only] = parts {
        return *only;
    }
    let raw = with(|c| {
        let mut nodes = Vec::with_capacity(parts.len());
        let mut width = 0u32;
        let mut constant = Some(Value::ZERO);
        for part in parts {
            let node = c.local(part.raw, loc)?;
            let b = c.top()?;
            let w = b.ir.nodes[node].ty.width();
            constant = constant.zip(b.const_of(node)).map(|(high, v)| &high.shl(w) | &v);
            width = width.saturating_add(w);
            if w > 0 {
                nodes.push(node);
            }
        }
        let ty = Ty::Bits(width);
        if width > crate::ty::MAX_WIDTH {
            let place = c.place(loc);
            c.report(diag::e0105::new(place, "concat", &[ty]));
            return None;
        }
        if let Some(v) = constant {
            return Some(c.constant(v, ty, loc));
        }
        if let [only] = nodes[..] {
            return c.top().map(|b| b.raw(only));
        }
        Some(c.push(Op::Concat(nodes.into()), ty, loc))
    });
    Bits::new(raw.flatten().unwrap_or(Raw::POISON))
}

/// A word of these bits, the lowest first.
#[track_caller]
pub fn from_bools(bools: &[Bool]) -> Bits {
    concat(&bools.iter().rev().map(|b| b.to_bits()).collect::<Vec<_>>())
}

impl Subject for Bits {
    type Case = u64;
    fn raw(self) -> Raw {
        self.raw
    }
    fn case_value(case: u64) -> Value {
        Value::from(case)
    }
}
