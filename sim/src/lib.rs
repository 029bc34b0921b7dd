//! Simulation of Gatewright designs.

pub mod bank;
pub mod batch;
pub mod clocks;
pub mod compare;
pub mod dut;
pub mod error;
pub mod interpreter;
pub mod lint;
#[cfg(feature = "prove")]
pub mod prove;
pub mod rng;
pub mod stream;
pub mod synth;
pub mod verilator;
pub mod waves;

pub use bank::BankDriver;
pub use batch::Batch;
pub use clocks::{Schedule, Timeline};
pub use compare::{Lockstep, RandomStimulus, Stimulus, compare};
pub use dut::{Dut, DutExt, Interface, OnFailure, Pin, PinInfo};
pub use error::{CheckFailure, Cover, SimError};
pub use interpreter::Interpreter;
pub use stream::{Agent, Beat, Stall, StreamMonitor, StreamSink, StreamSource};
pub use verilator::Verilated;
pub use waves::{TextWave, Traced, WaveFile};
