//! Parts between clocks, for any engine: at ratios from 1:7 to 7:1 with random phases, against plain Rust.

pub mod behaviour;
pub mod designs;
