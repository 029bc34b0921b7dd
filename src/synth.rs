//! `gatewright synth`: what Yosys makes of a compiled model, beside the estimate.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gatewright_compiler::package::{FORMAT, Package};
use gatewright_compiler::report::{Estimate, estimate_of};
use gatewright_compiler::synth::{Flow, Request, SynthError, Synthesis, run as synthesise};
use gatewright_layers::target::Family;

use crate::{Failure, output, report};

/// What `gatewright synth` takes.
#[derive(clap::Args)]
pub struct Arguments {
    /// The folder that `gatewright compile` wrote
    dir: PathBuf,
    /// The kind of device: xcup (LUTs of six inputs), ecp5 and ice40 (of four), or generic gates
    #[arg(long, value_enum, default_value = "xcup")]
    family: Device,
    /// Yosys, where it is not on the path
    #[arg(long, value_name = "PATH", default_value = "yosys")]
    yosys: OsString,
    /// Seconds after which a program is stopped
    #[arg(long, value_name = "SECONDS", default_value = "3600", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Device {
    Xcup,
    Ecp5,
    Ice40,
    Generic,
}

/// Runs the sub-command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let dir = &arguments.dir;
    // What is wrong with the folder is said before minutes have passed.
    let report = report::read(dir)?;
    let flow = match arguments.family {
        Device::Xcup => Flow::Xcup,
        Device::Ecp5 => Flow::Ecp5,
        Device::Ice40 => Flow::Ice40,
        Device::Generic => Flow::Generic,
    };
    let estimate = estimate(dir, flow, report.estimate)?;
    let request = Request {
        dir: dir.clone(),
        flow,
        yosys: arguments.yosys.clone(),
        timeout: Duration::from_secs(arguments.timeout),
    };
    let found = Synthesis { estimate, ..synthesise(&request).map_err(failure)? };
    let json =
        serde_json::to_string_pretty(&found).map_err(|e| Failure::Unusable(format!("cannot write JSON: {e}")))?;
    output::write(&dir.join(flow.file()), &(json + "\n"))?;
    report::write(dir, &report)?;
    output::write(Path::new("-"), &found.text())
}

/// What is estimated of the cells that are counted; none for flows that are not estimated.
fn estimate(dir: &Path, flow: Flow, reported: Estimate) -> Result<Option<Estimate>, Failure> {
    let reported_for = match reported.family {
        Family::Lut6 | Family::Lut6Ternary => Some(Flow::Xcup),
        Family::Lut4 => Some(Flow::Ice40),
        Family::Gates => None,
    };
    if reported_for == Some(flow) {
        return Ok(Some(reported));
    }
    // The report has the estimate for the device that the model was compiled for.
    let package: Package = output::kept(dir, "network.json", FORMAT)?;
    package.model.network.check().map_err(|e| output::damaged(&dir.join("network.json"), &e))?;
    let (design, _) = package.design().map_err(|e| output::damaged(&dir.join("network.json"), &e))?;
    Ok(estimate_of(&design, flow))
}

fn failure(error: SynthError) -> Failure {
    let way = match &error {
        SynthError::NoTool { program, .. } if program == "yosys" => {
            "\n  = help: install Yosys, such as with `apt-get install yosys`, or say where it is with --yosys PATH"
        }
        SynthError::NoTool { .. } => "\n  = help: give the place of Yosys with --yosys PATH",
        SynthError::Timeout { .. } => "\n  = help: give more time with --timeout SECONDS",
        SynthError::NoDesign(_) => "\n  = help: give the folder that gatewright compile -o wrote",
        SynthError::Unread { .. } => "\n  = help: --yosys takes a program that answers -V with its version",
        SynthError::Failed { .. } | SynthError::Files { .. } => "",
    };
    let text = format!("{error}{way}");
    match error {
        SynthError::Failed { .. } | SynthError::Timeout { .. } => Failure::Finding(text),
        _ => Failure::Unusable(text),
    }
}
