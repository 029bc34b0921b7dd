//! Gatewright: from a trained model to verified hardware, and hardware described in Rust.
//!
//! This package collects the crates: [`dsl`] is the language with its intermediate representation, checks, passes and
//! Verilog output; [`sim`] runs designs; [`layers`] holds neural layers with their golden models; [`compiler`] turns
//! trained models into networks of integers and their hardware. The command line of the same name does it all.

pub use gatewright_compiler as compiler;
pub use gatewright_dsl as dsl;
pub use gatewright_layers as layers;
pub use gatewright_sim as sim;
