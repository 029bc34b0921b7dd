//! Gatewright: hardware described in Rust.
//!
//! This package collects the crates: [`dsl`] is the language with its intermediate representation, checks, passes and
//! Verilog output; [`sim`] runs designs, on an interpreter and on Verilator.

pub use gatewright_dsl as dsl;
pub use gatewright_sim as sim;
