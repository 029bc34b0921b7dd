//! `gatewright report`: what a compiled model takes and why.

use std::path::{Path, PathBuf};

use gatewright_compiler::report::{FORMAT, Report};
use gatewright_compiler::synth;

use crate::{Failure, output};

/// What `gatewright report` takes.
#[derive(clap::Args)]
pub struct Arguments {
    /// The folder that `gatewright compile` wrote
    dir: PathBuf,
}

/// Runs the sub-command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    output::write(Path::new("-"), &read(&arguments.dir)?.text())
}

/// The report in a folder.
pub fn read(dir: &Path) -> Result<Report, Failure> {
    let mut report: Report = output::kept(dir, "report.json", FORMAT)?;
    report.measured = synth::results(dir);
    Ok(report)
}

/// Writes it to a folder, as JSON and as a page, with what has been measured of the Verilog there.
pub fn write(dir: &Path, report: &Report) -> Result<(), Failure> {
    let report = &Report { measured: synth::results(dir), ..report.clone() };
    let unusable = |what: &str, e: &dyn std::fmt::Display| Failure::Unusable(format!("cannot write {what}: {e}"));
    let page = report.html().map_err(|e| unusable("the report", &e))?;
    let json = serde_json::to_string_pretty(report).map_err(|e| unusable("JSON", &e))? + "\n";
    output::write(&dir.join("report.html"), &page)?;
    output::write(&dir.join("report.json"), &json)
}
