//! Reading input and writing output: a file, or `-` for the standard streams. A file is written whole or not at all.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::Failure;

/// All of the file, or of the standard input for `-`.
pub fn read(path: &Path) -> Result<String, Failure> {
    let unusable = |e: io::Error| Failure::Unusable(format!("cannot read `{}`: {e}", path.display()));
    if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map_err(unusable)?;
        return Ok(text);
    }
    fs::read_to_string(path).map_err(unusable)
}

/// What `compile` keeps as JSON under this name in its folder.
pub fn kept<T: DeserializeOwned>(dir: &Path, name: &str, format: u32) -> Result<T, Failure> {
    let path = dir.join(name);
    if !path.exists() {
        let problem = format!("there is no compiled model in {}: {} is not there", dir.display(), path.display());
        return Err(Failure::Unusable(format!("{problem}; give the folder that gatewright compile -o wrote")));
    }
    let value: serde_json::Value = serde_json::from_str(&read(&path)?).map_err(|e| damaged(&path, &e))?;
    let found = value.get("format").and_then(serde_json::Value::as_u64);
    if found != Some(u64::from(format)) {
        let found = found.map_or("none".to_owned(), |f| f.to_string());
        let problem = format!("{} has the format {found}, and this program reads {format}", path.display());
        return Err(Failure::Unusable(format!("{problem}; compile the model again")));
    }
    serde_json::from_value(value).map_err(|e| damaged(&path, &e))
}

/// A file that `compile` wrote and that is not as it was.
pub fn damaged(path: &Path, what: &dyn std::fmt::Display) -> Failure {
    Failure::Unusable(format!("{} is damaged: {what}; compile the model again", path.display()))
}

/// `1 thing`, `2 things`.
pub fn counted(n: impl std::fmt::Display, one: &str) -> String {
    let n = n.to_string();
    format!("{n} {one}{}", if n == "1" { "" } else { "s" })
}

/// Writes to the file, or to the standard output for `-`. The file is replaced only once all of it is on disk beside
/// it.
pub fn write(path: &Path, text: &str) -> Result<(), Failure> {
    write_bytes(path, text.as_bytes())
}

/// As [`write`].
pub fn write_bytes(path: &Path, text: &[u8]) -> Result<(), Failure> {
    let unusable = |e: io::Error| Failure::Unusable(format!("cannot write `{}`: {e}", path.display()));
    if path == Path::new("-") {
        let mut out = io::stdout().lock();
        let written = out.write_all(text).and_then(|()| out.flush());
        return match written {
            // Whoever reads has seen enough.
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other.map_err(unusable),
        };
    }
    // A device or a pipe is written to, and so is what a link leads to.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    if fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir()) {
        return fs::write(path, text).map_err(unusable);
    }
    let mut name = OsString::from(".");
    name.push(path.file_name().ok_or_else(|| unusable(io::ErrorKind::InvalidFilename.into()))?);
    name.push(format!(".{}", std::process::id()));
    let beside = path.with_file_name(name);
    let written = write_new(&beside, text).and_then(|()| fs::rename(&beside, path));
    written.map_err(|e| {
        // What is left of the attempt is of no use; that it may not be there is no further error.
        let _ = fs::remove_file(&beside);
        unusable(e)
    })
}

fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(text)?;
    file.sync_all()
}
