//! Enums in hardware: `#[derive(HwEnum)]` numbers the variants from 0.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

pub use gatewright_derive::HwEnum;

use super::bits::Bool;
use super::bundle::{Bundle, Leaf, Path, Shape, ToHw};
use super::context::Raw;
use super::int::{Int, lit};
use super::reg::ResetValue;
use super::when::Subject;
use crate::ir::Format;
use crate::ty::{IntTy, Ty};
use crate::value::Value;

/// A Rust enum without fields whose values are numbered from 0.
pub trait HwEnum: Copy + 'static {
    /// The names of the variants in order.
    const NAMES: &'static [&'static str];
    /// The number of this variant.
    fn index(self) -> usize;
    /// The shape of a handle of this enum.
    fn shape() -> EnumTy<Self> {
        EnumTy(PhantomData)
    }
}

/// The shape of an [`Enum`].
pub struct EnumTy<E>(PhantomData<fn() -> E>);

impl<E> Clone for EnumTy<E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<E> Copy for EnumTy<E> {}
impl<E> PartialEq for EnumTy<E> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl<E> Eq for EnumTy<E> {}
impl<E> Hash for EnumTy<E> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
impl<E> fmt::Debug for EnumTy<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::any::type_name::<E>())
    }
}

/// A hardware value of the enum `E`.
#[must_use]
pub struct Enum<E> {
    int: Int,
    kind: PhantomData<fn() -> E>,
}
impl<E> Clone for Enum<E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<E> Copy for Enum<E> {}
impl<E> fmt::Debug for Enum<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.int.fmt(f)
    }
}

impl<E: HwEnum> Bundle for Enum<E> {
    type Shape = EnumTy<E>;
    fn shape(&self) -> EnumTy<E> {
        E::shape()
    }
    fn raws(&self, f: &mut dyn FnMut(Raw)) {
        f(self.int.raw());
    }
}
impl<E: HwEnum> Shape for EnumTy<E> {
    type Value = Enum<E>;
    fn leaves(&self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf)) {
        let ty = IntTy::new(0, E::NAMES.len().max(1) - 1);
        let names = E::NAMES.iter().map(|n| n.to_string()).collect();
        f(path, Leaf::data(Ty::Int(ty), Format::Enum(names)));
    }
    fn value(&self, next: &mut dyn FnMut() -> Raw) -> Enum<E> {
        Enum { int: Int::new(next()), kind: PhantomData }
    }
}

impl<E: HwEnum> ToHw<Enum<E>> for E {
    #[track_caller]
    fn to_hw(self) -> Enum<E> {
        Enum { int: lit(self.index()), kind: PhantomData }
    }
}
impl<E: HwEnum> ResetValue<EnumTy<E>> for E {
    fn leaves(self, _: &EnumTy<E>) -> Vec<Value> {
        vec![Value::from(self.index())]
    }
}

impl<E: HwEnum> Enum<E> {
    /// The number of the variant.
    pub fn to_int(self) -> Int {
        self.int
    }
    /// True where the value is this variant.
    #[track_caller]
    pub fn is(self, variant: E) -> Bool {
        self.int.eq(variant.index())
    }
    /// Equal.
    #[track_caller]
    #[allow(clippy::should_implement_trait)]
    pub fn eq(self, rhs: impl ToHw<Enum<E>>) -> Bool {
        self.int.eq(rhs.to_hw().int)
    }
    /// Gives the value a name that stays in the Verilog and in waves.
    #[track_caller]
    pub fn named(self, name: &str) -> Self {
        let _: Int = self.int.named(name);
        self
    }
}

impl<E: HwEnum> Subject for Enum<E> {
    type Case = E;
    fn raw(self) -> Raw {
        self.int.raw()
    }
    fn case_value(case: E) -> Value {
        Value::from(case.index())
    }
}
