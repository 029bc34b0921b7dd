//! Bundles: values made of named ground values, and the shapes that describe them.
//!
//! `#[derive(Bundle)]` on a struct makes it a [`Bundle`] and generates its shape, a struct `<Name>Shape` with the
//! same field names. Fields may be `Int`, `Bool`, `Bits`, `Fixed`, `Enum`, [`Stream`](super::stream::Stream), other
//! bundles (generic ones too), `Vec`s and arrays of them, whose length is part of the shape.

use std::fmt;
use std::hash::Hash;

pub use gatewright_derive::Bundle;

use super::context::Raw;
use crate::ir::Format;
use crate::ty::Ty;

/// What a leaf is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Data, in the direction of the bundle.
    Data,
    /// The `valid` of a stream.
    Valid,
    /// The `last` of a stream.
    Last,
    /// The `ready` of a stream: runs against the direction of the bundle.
    Ready,
}

/// A ground value of a shape.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Leaf {
    /// Type.
    pub ty: Ty,
    /// What it means to a reader.
    pub format: Format,
    /// What it is for.
    pub role: Role,
}

impl Leaf {
    /// A plain data leaf.
    pub fn data(ty: Ty, format: Format) -> Leaf {
        Leaf { ty, format, role: Role::Data }
    }
}

/// The names that lead to a leaf.
#[derive(Clone, Debug, Default)]
pub struct Path(Vec<String>);

impl Path {
    /// Runs `f` one level down.
    pub fn with<R>(&mut self, name: impl fmt::Display, f: impl FnOnce(&mut Path) -> R) -> R {
        self.0.push(name.to_string());
        let result = f(self);
        self.0.pop();
        result
    }
    /// The names joined with `_`.
    pub fn joined(&self) -> String {
        self.0.join("_")
    }
    /// The names.
    pub fn parts(&self) -> &[String] {
        &self.0
    }
}

/// A value made of ground values: what modules take and return, and what registers, wires and memories hold.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a hardware value",
    label = "no hardware value",
    note = "hardware values are `Int`, `Bool`, `Bits`, `Fixed`, `Enum`, `Stream`, structs of them with `#[derive(Bundle)]`, \
            and tuples, arrays and `Vec`s of these",
    note = "types such as `IntTy` and other parameters belong into the generator and its `shape`"
)]
pub trait Bundle: Sized + 'static {
    /// Describes the types inside.
    type Shape: Shape<Value = Self>;
    /// The exact types of this value.
    fn shape(&self) -> Self::Shape;
    /// Calls `f` with the handle of each leaf, in the order of [`Shape::leaves`].
    fn raws(&self, f: &mut dyn FnMut(Raw));
}

/// The types of a bundle.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the type of a hardware value",
    note = "such types are `uint(8)`, `BOOL`, `word(8)`, `StreamTy(…)`, and the `…Shape` of a struct with `#[derive(Bundle)]`"
)]
pub trait Shape: Clone + PartialEq + Eq + Hash + fmt::Debug + 'static {
    /// The bundle it describes.
    type Value: Bundle<Shape = Self>;
    /// Calls `f` with each leaf in order.
    fn leaves(&self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf));
    /// Makes a value from one handle per leaf, taken from `next` in order.
    fn value(&self, next: &mut dyn FnMut() -> Raw) -> Self::Value;
}

/// What can stand where a `T` is wanted: a `T`, or a Rust number, `bool` or enum value for a constant.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand where `{T}` is wanted",
    label = "neither `{T}` nor a constant for one",
    note = "constants are Rust's integers for `Int`, `bool` for `Bool`, floating-point numbers for `Fixed`, variants for `Enum` and \
            `bits(value, width)` for `Bits`"
)]
pub trait ToHw<T: Bundle> {
    /// The handle; constants are made in the module being built.
    #[track_caller]
    fn to_hw(self) -> T;
}

impl<T: Bundle> ToHw<T> for T {
    fn to_hw(self) -> T {
        self
    }
}

impl<T: Bundle> Bundle for Vec<T> {
    type Shape = Vec<T::Shape>;
    fn shape(&self) -> Self::Shape {
        self.iter().map(Bundle::shape).collect()
    }
    fn raws(&self, f: &mut dyn FnMut(Raw)) {
        self.iter().for_each(|x| x.raws(f));
    }
}
impl<S: Shape> Shape for Vec<S> {
    type Value = Vec<S::Value>;
    fn leaves(&self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf)) {
        for (i, s) in self.iter().enumerate() {
            path.with(i, |path| s.leaves(path, f));
        }
    }
    fn value(&self, next: &mut dyn FnMut() -> Raw) -> Self::Value {
        self.iter().map(|s| s.value(next)).collect()
    }
}

impl<T: Bundle, const N: usize> Bundle for [T; N] {
    type Shape = [T::Shape; N];
    fn shape(&self) -> Self::Shape {
        self.each_ref().map(Bundle::shape)
    }
    fn raws(&self, f: &mut dyn FnMut(Raw)) {
        self.iter().for_each(|x| x.raws(f));
    }
}
impl<S: Shape, const N: usize> Shape for [S; N] {
    type Value = [S::Value; N];
    fn leaves(&self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf)) {
        for (i, s) in self.iter().enumerate() {
            path.with(i, |path| s.leaves(path, f));
        }
    }
    fn value(&self, next: &mut dyn FnMut() -> Raw) -> Self::Value {
        self.each_ref().map(|s| s.value(next))
    }
}

macro_rules! tuples {
    ($($name:ident $index:tt),*) => {
        impl<$($name: Bundle),*> Bundle for ($($name,)*) {
            type Shape = ($($name::Shape,)*);
            #[allow(clippy::unused_unit)]
            fn shape(&self) -> Self::Shape {
                ($(self.$index.shape(),)*)
            }
            #[allow(unused_variables)]
            fn raws(&self, f: &mut dyn FnMut(Raw)) {
                $(self.$index.raws(f);)*
            }
        }
        impl<$($name: Shape),*> Shape for ($($name,)*) {
            type Value = ($($name::Value,)*);
            #[allow(unused_variables)]
            fn leaves(&self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf)) {
                $(path.with($index, |path| self.$index.leaves(path, f));)*
            }
            #[allow(unused_variables, clippy::unused_unit)]
            fn value(&self, next: &mut dyn FnMut() -> Raw) -> Self::Value {
                ($(self.$index.value(next),)*)
            }
        }
    };
}
tuples!();
tuples!(A 0);
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);

/// The number of leaves.
pub(crate) fn leaf_count<S: Shape>(shape: &S) -> usize {
    let mut n = 0;
    shape.leaves(&mut Path::default(), &mut |_, _| n += 1);
    n
}

/// True where a stream is inside: such a bundle cannot be stored.
pub(crate) fn has_stream<S: Shape>(shape: &S) -> bool {
    let mut found = false;
    shape.leaves(&mut Path::default(), &mut |_, leaf| found |= leaf.role == Role::Ready);
    found
}

/// The first leaf at which a fixed-point value and its place have different binary points: path, value's, place's.
pub(crate) fn point_mismatch<T: Bundle>(value: &T, place: &T::Shape) -> Option<(String, i32, i32)> {
    fn points<S: Shape>(shape: &S) -> Vec<(String, i32)> {
        let mut points = Vec::new();
        shape.leaves(&mut Path::default(), &mut |path, leaf| {
            if let Format::Fixed(point) = leaf.format {
                points.push((path.joined(), point));
            }
        });
        points
    }
    let wanted = points(place);
    if wanted.is_empty() {
        return None;
    }
    let found = points(&value.shape());
    wanted.into_iter().zip(found).find(|(w, f)| w.1 != f.1).map(|((path, w), (_, f))| (path, f, w))
}

/// The width of the widest leaf.
pub(crate) fn greatest_width<S: Shape>(shape: &S) -> u32 {
    let mut greatest = 0;
    shape.leaves(&mut Path::default(), &mut |_, leaf| greatest = greatest.max(leaf.ty.width()));
    greatest
}

/// The ready wires of the streams inside of a value.
pub(crate) fn readies<T: Bundle>(value: &T) -> Vec<Raw> {
    let (mut raws, mut readies) = (Vec::new(), Vec::new());
    value.raws(&mut |r| raws.push(r));
    let mut next = raws.into_iter();
    value.shape().leaves(&mut Path::default(), &mut |_, leaf| {
        readies.extend(next.next().filter(|_| leaf.role == Role::Ready));
    });
    readies
}
