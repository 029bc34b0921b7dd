//! Standard parts: generators and functions with documented latency and behaviour.

pub mod axi_stream;
pub mod cordic;
pub mod counter;
pub mod delay;
pub mod divide;
pub mod encode;
pub mod fifo;
pub mod lfsr;
mod misuse;
pub mod sqrt;
