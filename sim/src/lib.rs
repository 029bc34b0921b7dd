//! Simulation of Gatewright designs.

pub mod dut;
pub mod error;
pub mod interpreter;

pub use dut::{Dut, DutExt, Interface, OnFailure, Pin, PinInfo};
pub use error::{CheckFailure, Cover, SimError};
pub use interpreter::Interpreter;
