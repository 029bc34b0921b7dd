//! Gatewright: hardware described in Rust.
//!
//! This package collects the crates: [`dsl`] is the language with its intermediate representation, checks, passes and
//! Verilog output; [`sim`] runs designs. The command line of the same name shows an example from beginning to end and
//! works on the intermediate representation.

pub use gatewright_dsl as dsl;
pub use gatewright_sim as sim;
