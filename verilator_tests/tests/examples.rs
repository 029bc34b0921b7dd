//! Every example on every engine: against plain integer arithmetic, and the interpreter against Verilator cycle by
//! cycle; its Verilog under the tools, as text to review, and the same to the byte each time.

// One example uses another.
#![allow(clippy::duplicate_mod)]

#[path = "../../examples/async_fifo.rs"]
#[allow(dead_code)]
mod async_fifo;
#[path = "../../examples/axi_stream_filter.rs"]
#[allow(dead_code)]
mod axi_stream_filter;
#[path = "../../examples/blinker.rs"]
#[allow(dead_code)]
mod blinker;
#[path = "../../examples/fir.rs"]
#[allow(dead_code)]
mod fir;
#[path = "../../examples/gcd.rs"]
#[allow(dead_code)]
mod gcd;
#[path = "../../examples/mac.rs"]
#[allow(dead_code)]
mod mac;
#[path = "../../examples/systolic_output_stationary.rs"]
#[allow(dead_code)]
mod output_stationary;
#[path = "../../examples/register_bank.rs"]
#[allow(dead_code)]
mod register_bank;
#[path = "../../examples/stream_pipeline.rs"]
#[allow(dead_code)]
mod stream_pipeline;
#[path = "../../examples/uart_bridge.rs"]
#[allow(dead_code)]
mod uart_bridge;
#[path = "../../examples/systolic_weight_stationary.rs"]
#[allow(dead_code)]
mod weight_stationary;

#[path = "examples/behaviour.rs"]
mod behaviour;
#[path = "examples/same_bytes.rs"]
mod same_bytes;
#[path = "examples/verilog.rs"]
mod verilog;
