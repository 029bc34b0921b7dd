//! Buses and register banks, shared by the tests of two packages: designs, plain Rust models, and test bodies against `Dut`.

pub mod axi;
pub mod axi_memory;
pub mod banks;
pub mod behaviour;
