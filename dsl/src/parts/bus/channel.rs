//! Streams under the names of AXI channels: `awvalid`, `awaddr`, …, `awready`, with `last` only where the channel has it.

use crate::hw::bits::Bool;
use crate::hw::bundle::{Bundle, Leaf, Path, Role, Shape, leaf_count};
use crate::hw::context::Raw;
use crate::hw::stream::{Stream, StreamTy};

/// The leaves of a channel, each with `prefix` before its name.
pub(super) fn leaves<S: Shape>(prefix: &str, last: bool, payload: &S, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf)) {
    let mut leaves = Vec::new();
    StreamTy(payload.clone()).leaves(&mut Path::default(), &mut |path, leaf| leaves.push((path.joined(), leaf)));
    for (name, leaf) in leaves.into_iter().filter(|(_, leaf)| last || leaf.role != Role::Last) {
        path.with(format_args!("{prefix}{name}"), |path| f(path, leaf));
    }
}

/// The handles of a channel in the order of [`leaves`].
pub(super) fn raws<T: Bundle>(last: bool, stream: &Stream<T>, f: &mut dyn FnMut(Raw)) {
    let at = place_of_last(&stream.shape().0);
    let mut n = 0;
    stream.raws(&mut |raw| {
        if last || n != at {
            f(raw);
        }
        n += 1;
    });
}

/// The stream made of handles in the order of [`leaves`]. Where there is no `last`, every beat is one.
pub(super) fn value<S: Shape>(last: bool, payload: &S, next: &mut dyn FnMut() -> Raw) -> Stream<S::Value> {
    let at = place_of_last(payload);
    let mut n = 0;
    StreamTy(payload.clone()).value(&mut || {
        n += 1;
        if last || n - 1 != at { next() } else { Bool::constant(true).raw() }
    })
}

/// `valid` and the payload stand before it.
fn place_of_last<S: Shape>(payload: &S) -> usize {
    1 + leaf_count(payload)
}

/// A bundle of channels and its shape: field, the prefix of its signals, whether it has `last`, its payload.
macro_rules! channels {
    (
        $(#[$doc:meta])* $name:ident $(#[$shape_doc:meta])* $shape:ident
        $($field:ident $prefix:literal $last:literal $payload:ident $payload_shape:ident $text:literal;)*
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        #[must_use = "streams that nobody consumes stop their producers"]
        pub struct $name {
            $(#[doc = $text] pub $field: $crate::hw::stream::Stream<$payload>,)*
        }

        $(#[$shape_doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $shape {
            $(#[doc = $text] pub $field: $payload_shape,)*
        }

        impl $crate::hw::bundle::Bundle for $name {
            type Shape = $shape;
            fn shape(&self) -> $shape {
                $shape { $($field: self.$field.shape().0,)* }
            }
            fn raws(&self, f: &mut dyn FnMut($crate::hw::context::Raw)) {
                $(super::channel::raws($last, &self.$field, f);)*
            }
        }

        impl $crate::hw::bundle::Shape for $shape {
            type Value = $name;
            fn leaves(
                &self,
                path: &mut $crate::hw::bundle::Path,
                f: &mut dyn FnMut(&$crate::hw::bundle::Path, $crate::hw::bundle::Leaf),
            ) {
                $(super::channel::leaves($prefix, $last, &self.$field, path, f);)*
            }
            fn value(&self, next: &mut dyn FnMut() -> $crate::hw::context::Raw) -> $name {
                $name { $($field: super::channel::value($last, &self.$field, next),)* }
            }
        }
    };
}
pub(super) use channels;
