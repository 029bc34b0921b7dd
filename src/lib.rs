//! Gatewright: hardware described in Rust.
//!
//! This package collects the crates: [`dsl`] is the language with its intermediate representation, checks, passes and
//! Verilog output. The command line of the same name works on the intermediate representation.

pub use gatewright_dsl as dsl;
