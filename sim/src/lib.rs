//! Simulation of Gatewright designs.
