//! Running the command line as a user does.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub fn gatewright(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gatewright")).args(args).output().unwrap()
}

/// Runs it, expects this exit code, and gives what it said.
#[track_caller]
pub fn says(args: &[&str], code: i32) -> String {
    let run = gatewright(args);
    let text = if code == 0 { run.stdout } else { run.stderr };
    let text = String::from_utf8(text).unwrap();
    assert_eq!(run.status.code(), Some(code), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    text
}

/// A folder of this name that is not there yet.
pub fn folder(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&dir);
    dir
}

/// What is shared beside the project, where it is there.
pub fn shared(what: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = std::env::var_os("GATEWRIGHT_SHARED").map_or_else(beside, PathBuf::from).join(what);
    if !folder.is_dir() {
        eprintln!("skipped: there is no folder {}", folder.display());
        return None;
    }
    Some(folder)
}
