//! From a trained model to a network of integers and its hardware.

pub mod eval;
pub mod graph;
pub mod import;
pub mod quantise;
pub mod shape;
