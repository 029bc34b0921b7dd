//! Standard parts: generators and functions with documented latency and behaviour, for streams and for plain values.

pub mod arbiter;
pub mod axi_stream;
pub mod bank;
pub mod bus;
pub mod cdc;
pub mod cordic;
pub mod counter;
pub mod credit;
pub mod delay;
pub mod divide;
pub mod encode;
pub mod fifo;
pub mod fork;
pub mod fsm;
pub mod join;
pub mod lfsr;
mod misuse;
pub mod mux;
pub mod pack;
pub mod ram;
pub mod sqrt;
pub mod uart;
pub mod width;
