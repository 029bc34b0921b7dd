//! The command line: one file per sub-command.
//!
//! Exit codes: 0 where all went well, 1 where something was found, 2 for wrong usage, input that cannot be read and
//! output that cannot be written.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod cmvm;
mod compile;
mod demo;
mod engine;
mod ir;
mod output;
mod report;
mod samples;
mod synth;
mod testbench;
mod trace;
mod verify;

/// From a trained model to verified hardware, and hardware described in Rust.
#[derive(Parser)]
#[command(name = "gatewright", version)]
struct Arguments {
    #[command(subcommand)]
    job: Job,
}

#[derive(Subcommand)]
enum Job {
    /// Compile a trained model to Verilog
    Compile(compile::Arguments),
    /// Run a compiled model on samples and compare it with the golden model and what is expected
    Verify(verify::Arguments),
    /// Say what a compiled model takes, layer by layer
    Report(report::Arguments),
    /// Synthesise a compiled model's Verilog with Yosys and compare with the estimate
    Synth(synth::Arguments),
    /// Compile a real model and verify its hardware on 500 handwritten digits
    Demo(demo::Arguments),
    /// Turn a constant matrix-vector product into few additions
    Cmvm(cmvm::Arguments),
    /// Read, verify and rewrite the text form of a design.
    Ir(ir::Arguments),
}

/// How a job ended that did not go well.
enum Failure {
    /// The input was understood and something is wrong with it.
    Finding(String),
    /// Wrong usage, or files that cannot be read or written.
    Unusable(String),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().job {
        Job::Compile(arguments) => compile::run(&arguments),
        Job::Verify(arguments) => verify::run(&arguments),
        Job::Report(arguments) => report::run(&arguments),
        Job::Synth(arguments) => synth::run(&arguments),
        Job::Demo(arguments) => demo::run(&arguments),
        Job::Cmvm(arguments) => cmvm::run(&arguments),
        Job::Ir(arguments) => ir::run(&arguments),
    };
    let (message, code) = match outcome {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Finding(message)) => (message, 1),
        Err(Failure::Unusable(message)) => (message, 2),
    };
    eprintln!("error: {}", message.trim_end());
    ExitCode::from(code)
}
