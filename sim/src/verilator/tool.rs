//! Finding Verilator, the C++ compiler, and running them.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Condvar, Mutex};

use crate::error::SimError;

/// An installed Verilator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// The program.
    pub program: PathBuf,
    /// What it says of itself, such as `Verilator 5.006 2023-01-22`.
    pub version: String,
    /// The folder of its C++ runtime.
    pub include: PathBuf,
}

impl Tool {
    /// The program that GATEWRIGHT_VERILATOR names, else `verilator` in PATH.
    pub fn find() -> Result<Tool, SimError> {
        match std::env::var_os("GATEWRIGHT_VERILATOR") {
            Some(program) if !program.is_empty() => Tool::at(&program),
            _ => Tool::at("verilator"),
        }
    }

    /// This program, a path or a name in PATH.
    pub fn at(program: impl AsRef<OsStr>) -> Result<Tool, SimError> {
        // Verilator runs in other folders: a relative path would be looked for there.
        let program = PathBuf::from(program.as_ref());
        let program = match program.components().count() {
            0 | 1 => program,
            _ => std::path::absolute(&program).unwrap_or(program),
        };
        let ask = |argument: &[&str]| {
            let missing = |why: String| SimError::NoVerilator { tried: format!("`{}`: {why}", program.display()) };
            let output = Command::new(&program).args(argument).output().map_err(|e| missing(e.to_string()))?;
            if !output.status.success() {
                return Err(missing(format!("{} ends with {}", argument[0], output.status)));
            }
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_string())
        };
        let version = ask(&["--version"])?;
        let root = ask(&["--getenv", "VERILATOR_ROOT"])?;
        let include = Path::new(&root).join("include");
        if !include.join("verilated.cpp").is_file() {
            let what = format!("`{}`: no runtime in {}", program.display(), include.display());
            return Err(SimError::NoVerilator { tried: what });
        }
        Ok(Tool { program, version, include })
    }
}

/// The C++ compiler with its arguments: CXX, as in `ccache g++`, else `c++`.
pub(super) fn compiler() -> Vec<OsString> {
    let named = std::env::var_os("CXX").filter(|c| !c.is_empty()).unwrap_or_else(|| "c++".into());
    match named.to_str() {
        Some(text) if !Path::new(text).is_file() => text.split_whitespace().map(OsString::from).collect(),
        _ => vec![named],
    }
}

/// A command of these words.
pub(super) fn command(words: &[OsString]) -> Command {
    let mut command = Command::new(words.first().map_or(OsStr::new("c++"), OsString::as_os_str));
    command.args(words.iter().skip(1));
    command
}

/// Runs a command to its end; an error says what it printed.
pub(super) fn run(stage: &str, command: &mut Command) -> Result<String, SimError> {
    let fail = |output: String| SimError::Tool { stage: stage.to_string(), output };
    let output = command.output().map_err(|e| {
        let hint = match e.kind() {
            std::io::ErrorKind::NotFound => "; is it installed? (`apt-get install verilator g++`)",
            _ => "",
        };
        fail(format!("{}: {e}{hint}", command.get_program().to_string_lossy()))
    })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_string();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    let said = [text(&output.stderr), text(&output.stdout)].join("\n");
    Err(fail(format!("{} ({command:?})", said.trim())))
}

/// Compilations that run at once in this process.
const JOBS: usize = 2;
static FREE: (Mutex<usize>, Condvar) = (Mutex::new(JOBS), Condvar::new());

/// One of the places for a compilation; waits for it.
pub(super) struct Job(());

impl Job {
    pub(super) fn wait() -> Job {
        let mut free = FREE.0.lock().unwrap_or_else(|e| e.into_inner());
        while *free == 0 {
            free = FREE.1.wait(free).unwrap_or_else(|e| e.into_inner());
        }
        *free -= 1;
        Job(())
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        *FREE.0.lock().unwrap_or_else(|e| e.into_inner()) += 1;
        FREE.1.notify_one();
    }
}
