//! From a trained model to a network of integers and its hardware.

pub mod eval;
pub mod exact;
pub mod graph;
pub mod import;
pub mod number;
pub mod package;
pub mod profile;
pub mod quantise;
pub mod report;
pub mod run;
pub mod seen;
pub mod shape;
pub mod streamline;
pub mod synth;
pub mod testbench;
