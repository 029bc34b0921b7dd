//! Running a program with a time limit; what it says goes to a file.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{SynthError, files};

/// How often a running program is looked at.
const PAUSE: Duration = Duration::from_millis(20);
/// Lines of a failing program that are shown.
const LAST: usize = 12;

/// A program that can be run.
pub(super) struct Program {
    path: OsString,
    timeout: Duration,
}

impl Program {
    /// A name on the path, or a path.
    pub fn new(path: &OsStr, timeout: Duration) -> Result<Program, SynthError> {
        // It runs in other folders: a relative path would be looked for there.
        let place = Path::new(path);
        let path = match place.components().count() {
            0 | 1 => path.to_owned(),
            _ => std::path::absolute(place).map_err(files(place))?.into_os_string(),
        };
        Ok(Program { path, timeout })
    }

    pub fn name(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    fn missing(&self) -> impl Fn(io::Error) -> SynthError {
        let program = self.name();
        move |error| SynthError::NoTool { program: program.clone(), error }
    }

    /// What it prints to one argument.
    pub fn says(&self, argument: &str) -> Result<String, SynthError> {
        let said = Command::new(&self.path).arg(argument).stdin(Stdio::null()).output().map_err(self.missing())?;
        let text = String::from_utf8_lossy(&said.stdout);
        match text.lines().find(|line| !line.trim().is_empty()) {
            Some(line) if said.status.success() => Ok(line.trim().to_owned()),
            _ => Err(SynthError::Unread { program: self.name(), what: format!("its answer to {argument}") }),
        }
    }

    /// Runs it in a folder until it ends or its time is over.
    pub fn run(&self, arguments: &[OsString], folder: &Path, log: &Path) -> Result<(), SynthError> {
        let out = File::create(log).map_err(files(log))?;
        let both = out.try_clone().map_err(files(log))?;
        let mut command = Command::new(&self.path);
        command.args(arguments).current_dir(folder).stdin(Stdio::null()).stdout(out).stderr(both);
        let mut child = command.spawn().map_err(self.missing())?;
        let started = Instant::now();
        let status = loop {
            match child.try_wait().map_err(files(log))? {
                Some(status) => break status,
                None if started.elapsed() >= self.timeout => {
                    // It may have ended by itself meanwhile.
                    let _ = child.kill();
                    let _ = child.wait();
                    let (program, seconds) = (self.name(), self.timeout.as_secs());
                    return Err(SynthError::Timeout { program, seconds, log: log.to_owned() });
                }
                None => std::thread::sleep(PAUSE),
            }
        };
        if status.success() {
            return Ok(());
        }
        Err(SynthError::Failed { program: self.name(), last: last_lines(log), log: PathBuf::from(log) })
    }
}

fn last_lines(log: &Path) -> String {
    let text = std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LAST)..].join("\n")
}
