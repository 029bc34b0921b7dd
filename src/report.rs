//! `gatewright report`: what a compiled model takes and why.

use std::path::{Path, PathBuf};

use gatewright_compiler::report::Report;

use crate::{Failure, output};

/// What `gatewright report` takes.
#[derive(clap::Args)]
pub struct Arguments {
    /// The folder that `gatewright compile` wrote
    dir: PathBuf,
}

/// Runs the sub-command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let path = arguments.dir.join("report.json");
    let text = output::read(&path)?;
    let report: Report = serde_json::from_str(&text)
        .map_err(|e| Failure::Unusable(format!("{} is damaged: {e}; compile the model again", path.display())))?;
    output::write(Path::new("-"), &report.text())
}
