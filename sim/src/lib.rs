//! Simulation of Gatewright designs.

pub mod lint;
