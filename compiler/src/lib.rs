//! From a trained model to a network of integers and its hardware.

pub mod graph;
pub mod exact;
pub mod number;
pub mod streamline;
