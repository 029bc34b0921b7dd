//! Gatewright beside rust_hdl 0.46: blocks of each as parts of the other.
//!
//! - A rust_hdl `Block` as a leaf of our design: describe it by [`RustHdl`], instantiate [`Leaf`] with `extern_inst`,
//!   simulate with [`Cosim`] (rust_hdl's own simulation runs beside our interpreter), and write its Verilog beside ours
//!   with [`emit_with`].
//! - Our design as a rust_hdl `Block`: [`rust_hdl_block!`] makes a block with typed signals, [`Embedded`] one whose widths
//!   are known at run time only. rust_hdl's simulation runs our interpreter, and its Verilog contains ours.
//!
//! Values that cross are [`Word`]s; ports that cross are checked by name, direction, width and sign before anything runs.
//! The chapter "Beside rust_hdl" of the book shows both.

// The book's page, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/src/guide/rust_hdl.md")]
mod book {}

mod cosim;
mod cut;
mod embedded;
mod engine;
mod error;
mod leaf;
mod outside;
mod typed;
mod verilog;
mod word;

pub use cosim::Cosim;
pub use embedded::{Embedded, RunTimePort};
pub use engine::{Drives, Engine, Status, Takes};
pub use error::InteropError;
/// What [`rust_hdl_block!`] names.
#[doc(hidden)]
pub use gatewright_dsl::ir::Design;
pub use leaf::{AnyLeaf, Leaf, RustHdl};
/// What [`rust_hdl_block!`] names.
#[doc(hidden)]
pub use rust_hdl_core;
pub use verilog::{emit_with, verilated_with};
pub use word::{Wire, Word};
