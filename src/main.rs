//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod demo;

/// Hardware in Rust: build, check, simulate and emit designs.
#[derive(Parser)]
#[command(name = "gatewright", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Elaborate, simulate and emit a real example, a systolic array that multiplies matrices, and say what happened
    Demo {
        /// Where the Verilog goes
        #[arg(short, long, value_name = "DIR", default_value = "gatewright-demo")]
        output: PathBuf,
    },
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let Cli { command } = Cli::parse();
    let outcome: Outcome = match command {
        Command::Demo { output } => demo::run(&output, &mut std::io::stdout().lock()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has seen enough.
        Err(e) if is_broken_pipe(&*e) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {}", e.to_string().trim_end());
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(e: &(dyn std::error::Error + 'static)) -> bool {
    e.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}
