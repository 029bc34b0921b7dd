//! Ways from one clock to another.
//!
//! | What crosses | Part |
//! |---|---|
//! | one bit, a level | [`synchronize`] |
//! | a word of which one bit changes at a time | [`synchronize_gray`] |
//! | an event | [`pulse()`] |
//! | now and then a beat | [`handshake()`] |
//! | a stream | [`AsyncFifo`] |
//! | a reset | [`synchronize_reset`] |
//!
//! A value that changes near the edge of the clock that takes it can leave a flip-flop between 0 and 1 for a while. A
//! synchroniser is a chain of flip-flops that gives it time to settle; simulators show a crossing that settles at once.
//! What takes values of another clock is marked in the design ([`Crossing`](crate::ir::Crossing)), and the stages of synchronisers are marked
//! `ASYNC_REG` in Verilog, so that tools keep them together. Paths between clocks need a constraint in the tool
//! (`set_max_delay -datapath_only` of the shorter period, for Gray words and held words `set_bus_skew` too).
//!
//! Source: C. E. Cummings, "Clock Domain Crossing (CDC) Design & Verification Techniques" and "Simulation and Synthesis
//! Techniques for Asynchronous FIFO Design", SNUG 2008 and 2002.

mod async_fifo;
mod handshake;
mod pulse;
mod reset;
mod synchronize;

pub use async_fifo::{AsyncFifo, async_fifo};
pub use handshake::handshake;
pub use pulse::{Pulse, pulse};
pub use reset::synchronize_reset;
pub use synchronize::{synchronize, synchronize_gray, synchronize_stages};

/// Stages of a synchroniser where nothing else is said: two, the usual number below some 300 MHz.
pub const STAGES: u32 = 2;
