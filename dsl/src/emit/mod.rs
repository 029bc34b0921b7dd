//! Verilog-2005 from a design.
//!
//! [`emit`] prints one file per module in a small strict subset that Verilator (`-Wall`), Yosys and Icarus Verilog take
//! without a warning: `wire`, `reg`, continuous assignments, one `always` per clock domain and reset group and one per
//! memory port group. Beside the modules stand the contents of large memories, checks as SystemVerilog modules that
//! are bound to the modules they watch, empty modules for black boxes, lists of files for the tools, and a map from
//! lines to the places in the source. The text is a pure function of the design.
//!
//! The order of work: [`plan`] decides what becomes a name and in which order things are written, [`expr`] prints
//! expressions, [`tree`] wires with conditions, [`process`] registers, [`memory`] memories, [`checks`] the checks,
//! [`module`] the whole.
//!
//! A module has a clock or reset port where it, a child or a check needs one ([`pins`] lists what there is).

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use crate::ir::Design;

mod checks;
mod expr;
pub(crate) mod graph;
pub mod keywords;
mod literal;
mod memory;
mod module;
mod pins;
pub(crate) mod plan;
mod process;
mod source_map;
mod text;
mod tree;
mod uses;

pub use pins::{Pin, PinKind, pins};

/// What to write and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmitOptions {
    /// Write the checks (`<module>_checks.sv`, listed in `checks.f`).
    pub checks: bool,
    /// Write `source_map.json`.
    pub source_map: bool,
    /// Write `// file.rs:line` beside declarations and instances.
    pub comments: bool,
    /// Write the simulation model of a black box under the black box's name, where there is one. Else, and where there
    /// is none, an empty module stands for it.
    pub models: bool,
    /// Put before the file name in `$readmemh`, for simulators that run in another folder; such as `"rtl/"`.
    pub memory_prefix: String,
}

impl Default for EmitOptions {
    fn default() -> Self {
        EmitOptions { checks: true, source_map: true, comments: true, models: false, memory_prefix: String::new() }
    }
}

/// One file of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputFile {
    /// Path relative to the output folder, with `/`.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// Everything that was written for a design.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The name of the top-level module.
    pub top: String,
    /// All files, in the order of the modules, lists last.
    pub files: Vec<OutputFile>,
}

/// A file of the output could not be written.
#[derive(Debug)]
pub struct WriteError {
    /// The path that was being written.
    pub path: std::path::PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl std::fmt::Display for WriteError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot write `{}`: {}", self.path.display(), self.source)?;
        match self.source.kind() {
            io::ErrorKind::StorageFull => f.write_str("; free some space, nothing was left half-written"),
            io::ErrorKind::PermissionDenied => f.write_str("; choose a folder you may write to"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl Output {
    /// The text of the file `name`.
    pub fn file(&self, name: &str) -> Option<&str> {
        self.files.iter().find(|f| f.name == name).map(|f| f.text.as_str())
    }

    /// Writes all files under `dir`, which is made where it is missing. Every file is written beside its place and
    /// then renamed, so that a reader sees the old text or the new one and never a part. Lists that an earlier design left
    /// there are removed.
    pub fn write_to(&self, dir: impl AsRef<Path>) -> Result<(), WriteError> {
        for file in &self.files {
            let path = dir.as_ref().join(&file.name);
            write_whole(&path, &file.text).map_err(|source| WriteError { path, source })?;
        }
        // Lists of an earlier design in this folder would name what is no longer there.
        for name in ["blackbox.f", "checks.f"].into_iter().filter(|name| self.file(name).is_none()) {
            let path = dir.as_ref().join(name);
            match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(WriteError { path, source }),
                _ => {}
            }
        }
        Ok(())
    }
}

fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let written = fs::File::create(&part).and_then(|mut f| {
        f.write_all(text.as_bytes())?;
        f.sync_all()
    });
    let done = written.and_then(|()| fs::rename(&part, path));
    if done.is_err() {
        let _ = fs::remove_file(&part);
    }
    done
}

/// Prints the design as Verilog. The design is one that the verifier accepts; names are given where they are missing,
/// as [`crate::pass::name`] does.
pub fn emit(design: &Design, options: &EmitOptions) -> Output {
    module::emit_design(&crate::pass::expand::expanded(design), options)
}
