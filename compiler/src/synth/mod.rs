//! What a synthesiser makes of a compiled model's Verilog: cells, levels of logic and, where a placer is there, a clock.
//!
//! [`run`] calls Yosys out of context, that is without pins around the module. Counts hold for one version of Yosys and are
//! not a vendor's; they serve to compare designs and to check estimates.

mod cells;
mod clock;
mod flow;
mod frame;
mod process;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use flow::Flow;

use crate::report::Estimate;

/// The form of `synth-*.json`.
pub const FORMAT: u32 = 1;
/// The version of Yosys for which estimates are calibrated.
pub const YOSYS: &str = "0.23";

/// What is wanted.
pub struct Request {
    /// What `compile` wrote: in `rtl` lie the Verilog and its list, `files.f`. The tools work and leave their logs in
    /// `synth-FLOW` beside it.
    pub dir: PathBuf,
    /// How.
    pub flow: Flow,
    /// The program.
    pub yosys: OsString,
    /// For each program that runs.
    pub timeout: Duration,
}

/// What was found, as `synth-*.json` keeps it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Synthesis {
    /// [`FORMAT`].
    pub format: u32,
    /// How.
    pub flow: Flow,
    /// What Yosys says of its version.
    pub yosys: String,
    /// The module.
    pub top: String,
    /// [`digest`] of the Verilog.
    pub digest: String,
    /// What was counted.
    pub counts: Counts,
    /// All cells by their kind.
    pub cells: BTreeMap<String, u64>,
    /// Cells on the longest path that crosses no register; none where there is no path.
    pub depth: Option<u64>,
    /// Seconds that Yosys took.
    pub seconds: f64,
    /// After placing and routing, with registers before the inputs and behind the outputs.
    pub clock: Option<Clock>,
    /// Why there is no clock rate, where there is none.
    pub no_clock: Option<String>,
    /// What the compiler estimated for these cells; none for a flow without an estimate.
    pub estimate: Option<Estimate>,
}

/// Cells by what they are for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    /// LUTs; gates for [`Flow::Generic`].
    pub luts: u64,
    /// Carry cells.
    pub carries: u64,
    /// Flip-flops.
    pub flip_flops: u64,
    /// Shift registers in LUTs.
    pub shift_registers: u64,
    /// Multiplexers that join LUTs.
    pub wide_muxes: u64,
    /// Memory cells, those of LUTs included.
    pub memories: u64,
    /// Inverters, which a device's LUTs mostly take in.
    pub inverters: u64,
}

/// A clock rate.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Clock {
    /// The program that placed and routed.
    pub tool: String,
    /// Greatest rate in MHz.
    pub mhz: f64,
    /// Seconds that it took.
    pub seconds: f64,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// There is no Verilog of ours.
    #[error("there is no compiled model in {0}: its list files.f is not there or is empty")]
    NoDesign(PathBuf),
    /// A program did not start.
    #[error("{program} did not start: {error}")]
    NoTool {
        /// Its name.
        program: String,
        /// Why.
        error: io::Error,
    },
    /// A program ended with an error.
    #[error("{program} failed; all it said is in {}\n{last}", log.display())]
    Failed {
        /// Its name.
        program: String,
        /// What it printed last.
        last: String,
        /// All that it printed.
        log: PathBuf,
    },
    /// A program took too long.
    #[error("{program} was stopped after {seconds} s; what it said is in {}", log.display())]
    Timeout {
        /// Its name.
        program: String,
        /// The time given.
        seconds: u64,
        /// All that it printed.
        log: PathBuf,
    },
    /// Its result is not as expected.
    #[error("what {program} wrote is not understood: {what}")]
    Unread {
        /// Its name.
        program: String,
        /// What is missing.
        what: String,
    },
    /// Files could not be read or written.
    #[error("{}: {error}", path.display())]
    Files {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

fn files(path: &Path) -> impl Fn(io::Error) -> SynthError {
    move |error| SynthError::Files { path: path.to_owned(), error }
}

/// The Verilog files of a folder in the order of `files.f`; the last one is the top module's.
fn sources(rtl: &Path) -> Result<Vec<String>, SynthError> {
    let list = rtl.join("files.f");
    let text = match std::fs::read_to_string(&list) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(SynthError::NoDesign(rtl.to_owned())),
        text => text.map_err(files(&list))?,
    };
    let sources: Vec<String> = text.lines().map(str::to_owned).collect();
    if sources.is_empty() { Err(SynthError::NoDesign(rtl.to_owned())) } else { Ok(sources) }
}

/// A number for all that is synthesised in a folder: Verilog and the contents of memories.
///
/// # Errors
/// Where there is no Verilog of ours.
pub fn digest(rtl: &Path) -> Result<String, SynthError> {
    let mut names = sources(rtl)?;
    for entry in std::fs::read_dir(rtl).map_err(files(rtl))? {
        let name = entry.map_err(files(rtl))?.file_name().to_string_lossy().into_owned();
        // What `$readmemh` reads.
        if !name.starts_with('.') && name.ends_with(".mem") {
            names.push(name);
        }
    }
    names.sort();
    let mut hash = Sha256::new();
    for name in names {
        let path = rtl.join(&name);
        let text = std::fs::read(&path).map_err(files(&path))?;
        hash.update(format!("{name} {}\n", text.len()));
        hash.update(text);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Synthesises the design in `request.dir`, and places and routes it where that is possible.
///
/// # Errors
/// Where Yosys is not there, fails, or takes too long. That a placer is missing is none: see [`Synthesis::no_clock`].
pub fn run(request: &Request) -> Result<Synthesis, SynthError> {
    let rtl = request.dir.join("rtl");
    let sources = sources(&rtl)?;
    let top = sources.last().map(|f| f.trim_end_matches(".v").to_owned()).unwrap_or_default();
    let digest = digest(&rtl)?;
    let absolute = |path: &Path| std::path::absolute(path).map_err(files(path));
    let work = request.dir.join(request.flow.folder());
    std::fs::create_dir_all(&work).map_err(files(&work))?;
    let (rtl, work) = (absolute(&rtl)?, absolute(&work)?);
    for old in [flow::CELLS, flow::PATH, flow::NETLIST, clock::FRAMED, clock::REPORT] {
        match std::fs::remove_file(work.join(old)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(files(&work.join(old))(e)),
            _ => {}
        }
    }
    let yosys = process::Program::new(&request.yosys, request.timeout)?;
    let version = yosys.says("-V")?;
    // Files are named from the folder of the Verilog, which names contents of memories from there.
    let script = request.flow.script(&top, &sources);
    let started = Instant::now();
    let log = work.join("yosys.log");
    yosys.run(&[OsString::from("-q"), "-p".into(), script.into()], &rtl, &log)?;
    let seconds = started.elapsed().as_secs_f64();
    let read = |name: &str| {
        let path = work.join(name);
        std::fs::read_to_string(&path).map_err(files(&path))
    };
    let cells = cells::of_report(&read(flow::CELLS)?);
    let counts = request.flow.counts(&cells);
    let depth = cells::longest(&read(flow::PATH)?);
    let (clock, no_clock) = clock::find(request.flow, &top, &work, request.timeout);
    Ok(Synthesis {
        format: FORMAT,
        flow: request.flow,
        yosys: version,
        top,
        digest,
        counts,
        cells,
        depth,
        seconds,
        clock,
        no_clock,
        estimate: None,
    })
}

/// The results in a folder that `compile` wrote, of the Verilog that is there now.
pub fn results(dir: &Path) -> Vec<Synthesis> {
    let Ok(now) = digest(&dir.join("rtl")) else { return Vec::new() };
    let read = |flow: &Flow| {
        let text = std::fs::read_to_string(dir.join(flow.file())).ok()?;
        let found: Synthesis = serde_json::from_str(&text).ok()?;
        (found.format == FORMAT && found.digest == now).then_some(found)
    };
    Flow::ALL.iter().filter_map(read).collect()
}

impl Synthesis {
    /// What to say where another version of Yosys counted than the one that estimates are made for.
    pub fn other_version(&self) -> Option<String> {
        let version = self.yosys.split_whitespace().nth(1).unwrap_or("unknown");
        let known = version == YOSYS || version.strip_prefix(YOSYS).is_some_and(|rest| rest.starts_with(['+', '-']));
        (!known).then(|| format!("counted by Yosys {version}: versions differ, and estimates are those for {YOSYS}"))
    }
}
