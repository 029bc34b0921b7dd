//! Standard parts, each a generator with documented latency and behaviour.

pub mod axi_stream;
pub mod fifo;
