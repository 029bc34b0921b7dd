//! Fixed-point numbers: an `Int` with a binary exponent.

use std::fmt;
use std::ops;

use super::bits::Bool;
use super::bundle::{Bundle, Leaf, Path, Shape, ToHw};
use super::context::{Loc, Raw, with};
use super::int::{Int, Rounding, lit};
use super::reg::ResetValue;
use crate::diag;
use crate::ir::Format;
use crate::ty::{IntTy, MAX_WIDTH, Ty, sint, uint};
use crate::value::Value;

/// A fixed-point type: the integers of `int`, each worth 2 to the power `-frac`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FixedTy {
    /// The range of the underlying integer.
    pub int: IntTy,
    /// Bits behind the binary point; negative where the point is further right.
    pub frac: i32,
}

/// Signed, `width` bits in all, `integer` of them before the binary point, as `ap_fixed<width, integer>`.
pub fn fixed(width: u32, integer: i32) -> FixedTy {
    FixedTy { int: sint(width), frac: frac_bits(width, integer) }
}
/// Unsigned, `width` bits in all, `integer` of them before the binary point, as `ap_ufixed<width, integer>`.
pub fn ufixed(width: u32, integer: i32) -> FixedTy {
    FixedTy { int: uint(width), frac: frac_bits(width, integer) }
}

fn frac_bits(width: u32, integer: i32) -> i32 {
    i32::try_from(width).unwrap_or(i32::MAX).saturating_sub(integer)
}

impl fmt::Debug for FixedTy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} / 2^{}", self.int, self.frac)
    }
}

/// A fixed-point value. Arithmetic is exact and aligns binary points by itself; storing a value at another binary
/// point is an error until it is rounded or scaled on purpose.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Fixed {
    int: Int,
    frac: i32,
}

impl Bundle for Fixed {
    type Shape = FixedTy;
    fn shape(&self) -> FixedTy {
        self.ty()
    }
    fn raws(&self, f: &mut dyn FnMut(Raw)) {
        f(self.int.raw());
    }
}
impl Shape for FixedTy {
    type Value = Fixed;
    fn leaves(&self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf)) {
        f(path, Leaf::data(Ty::Int(self.int), Format::Fixed(self.frac)));
    }
    fn value(&self, next: &mut dyn FnMut() -> Raw) -> Fixed {
        Fixed { int: Int::new(next()), frac: self.frac }
    }
}

/// The exact fixed-point form of a finite number: an integer and its fraction bits, no more than it needs.
fn exact(value: f64) -> Option<(Value, i32)> {
    if !value.is_finite() {
        return None;
    }
    let (mut mantissa, mut frac) = (value, 0);
    while mantissa.fract() != 0.0 {
        mantissa *= 2.0;
        frac += 1;
    }
    // A finite f64 without fraction is below 2^1024; beyond i128 its low bits are zero.
    while mantissa.abs() >= 2f64.powi(100) {
        mantissa /= 2.0;
        frac -= 1;
    }
    Some((Value::from(mantissa as i128), frac))
}

/// A constant, exactly. A number that is not finite is a diagnostic.
#[track_caller]
pub fn fixed_lit(value: f64) -> Fixed {
    let loc = Loc::caller();
    match exact(value) {
        Some((int, frac)) => Fixed { int: lit(int), frac },
        None => {
            with(|c| {
                let place = c.place(loc);
                c.report(diag::e0109::new(place, &format!("{value} is no fixed-point number"), "give a finite number"));
            });
            Fixed { int: Int::new(Raw::POISON), frac: 0 }
        }
    }
}

/// The integer that stands for `value` in `ty`, also beyond its range; `None` off the grid.
fn on_grid(value: f64, ty: &FixedTy) -> Option<Value> {
    let (int, frac) = exact(value)?;
    if int.is_zero() {
        return Some(Value::ZERO);
    }
    match ty.frac.saturating_sub(frac) {
        // Further up lies beyond every range.
        up @ 0.. => Some(int.shl(up.unsigned_abs().min(2 * MAX_WIDTH))),
        down => {
            let down = down.unsigned_abs();
            let whole = int.shr(down);
            (down <= 2 * MAX_WIDTH && whole.shl(down) == int).then_some(whole)
        }
    }
}

impl ToHw<Fixed> for f64 {
    #[track_caller]
    fn to_hw(self) -> Fixed {
        fixed_lit(self)
    }
}
impl ResetValue<FixedTy> for f64 {
    /// A number off the grid of the type gives a value that fits no range, and so a diagnostic.
    fn leaves(self, ty: &FixedTy) -> Vec<Value> {
        vec![on_grid(self, ty).unwrap_or_else(|| &ty.int.hi() + &Value::ONE)]
    }
    fn problem(&self, ty: &FixedTy) -> Option<String> {
        match on_grid(*self, ty) {
            Some(int) if ty.int.contains(&int) => None,
            Some(_) => Some(format!("{self} is beyond the range, in steps of 2^{}", -i64::from(ty.frac))),
            None => Some(format!("{self} is no multiple of 2^{}", -i64::from(ty.frac))),
        }
    }
}

macro_rules! arithmetic {
    ($($(#[$doc:meta])* $trait:ident $method:ident;)*) => {$(
        $(#[$doc])*
        impl<R: ToHw<Fixed>> ops::$trait<R> for Fixed {
            type Output = Fixed;
            #[track_caller]
            fn $method(self, rhs: R) -> Fixed {
                let (a, b, frac) = aligned(self, rhs.to_hw());
                Fixed { int: ops::$trait::$method(a, b), frac }
            }
        }
    )*};
}
arithmetic! {
    /// The exact sum, at the finer binary point.
    Add add;
    /// The exact difference, at the finer binary point.
    Sub sub;
}
/// The exact product; its fraction bits are the sum of the operands'.
impl<R: ToHw<Fixed>> ops::Mul<R> for Fixed {
    type Output = Fixed;
    #[track_caller]
    fn mul(self, rhs: R) -> Fixed {
        let rhs = rhs.to_hw();
        Fixed { int: self.int * rhs.int, frac: self.frac.saturating_add(rhs.frac) }
    }
}
impl ops::Neg for Fixed {
    type Output = Fixed;
    #[track_caller]
    fn neg(self) -> Fixed {
        Fixed { int: -self.int, frac: self.frac }
    }
}

/// Both integers at the finer of the two binary points.
#[track_caller]
fn aligned(a: Fixed, b: Fixed) -> (Int, Int, i32) {
    let frac = a.frac.max(b.frac);
    (a.shifted(frac), b.shifted(frac), frac)
}

macro_rules! comparisons {
    ($($(#[$doc:meta])* $method:ident;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        #[allow(clippy::should_implement_trait)]
        pub fn $method(self, rhs: impl ToHw<Fixed>) -> Bool {
            let (a, b, _) = aligned(self, rhs.to_hw());
            a.$method(b)
        }
    )*};
}

impl Fixed {
    /// The value `int / 2^frac`.
    pub fn new(int: Int, frac: i32) -> Fixed {
        Fixed { int, frac }
    }
    /// The underlying integer.
    pub fn int(self) -> Int {
        self.int
    }
    /// The type.
    pub fn ty(self) -> FixedTy {
        FixedTy { int: self.int.ty(), frac: self.frac }
    }
    /// Gives the value a name that stays in the Verilog and in waves.
    #[track_caller]
    pub fn named(self, name: &str) -> Fixed {
        let _: Int = self.int.named(name);
        self
    }
    /// The integer at a finer binary point.
    #[track_caller]
    fn shifted(self, frac: i32) -> Int {
        let up = frac.saturating_sub(self.frac).max(0) as u32;
        if up == 0 { self.int } else { self.int << up }
    }
    /// Times 2 to the power `n`, by moving the binary point: no hardware.
    pub fn scale(self, n: i32) -> Fixed {
        Fixed { int: self.int, frac: self.frac.saturating_sub(n) }
    }

    comparisons! {
        /// Equal.
        eq;
        /// Not equal.
        ne;
        /// Less.
        lt;
        /// Less or equal.
        le;
        /// Greater.
        gt;
        /// Greater or equal.
        ge;
    }

    /// At `frac` fraction bits: rounded where that is coarser, exact where it is finer.
    #[track_caller]
    pub fn round(self, mode: Rounding, frac: i32) -> Fixed {
        let int = if frac >= self.frac {
            self.shifted(frac)
        } else {
            self.int.round(mode, self.frac.saturating_sub(frac) as u32)
        };
        Fixed { int, frac }
    }
    /// The integer in the sense of `ty`, whose binary point has to be this value's (or finer).
    #[track_caller]
    fn at(self, ty: FixedTy, what: &str) -> Int {
        let loc = Loc::caller();
        if self.frac > ty.frac {
            with(|c| {
                let place = c.place(loc);
                c.report(diag::e0111::new(place, place, "type", what, self.frac, ty.frac));
            });
            return Int::new(Raw::POISON);
        }
        self.shifted(ty.frac)
    }
    /// The nearest value in `ty`, whose binary point is this value's or finer.
    #[track_caller]
    pub fn sat(self, ty: FixedTy) -> Fixed {
        Fixed { int: self.at(ty, "sat").sat(ty.int), frac: ty.frac }
    }
    /// As [`Int::sat_symmetric`].
    #[track_caller]
    pub fn sat_symmetric(self, ty: FixedTy) -> Fixed {
        Fixed { int: self.at(ty, "sat_symmetric").sat_symmetric(ty.int), frac: ty.frac }
    }
    /// As [`Int::sat_zero`].
    #[track_caller]
    pub fn sat_zero(self, ty: FixedTy) -> Fixed {
        Fixed { int: self.at(ty, "sat_zero").sat_zero(ty.int), frac: ty.frac }
    }
    /// As [`Int::wrap`].
    #[track_caller]
    pub fn wrap(self, ty: FixedTy) -> Fixed {
        Fixed { int: self.at(ty, "wrap").wrap(ty.int), frac: ty.frac }
    }
    /// As [`Int::claim`].
    #[track_caller]
    pub fn claim(self, ty: FixedTy) -> Fixed {
        Fixed { int: self.at(ty, "claim").claim(ty.int), frac: ty.frac }
    }
}
