//! Programs that the tests call, and the Debian packages that hold them.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::Result;

/// A program that the tests need: any of `names`, from the Debian package `package`.
struct Tool {
    names: &'static [&'static str],
    package: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool { names: &["verilator"], package: "verilator" },
    Tool { names: &["yosys"], package: "yosys" },
    Tool { names: &["iverilog"], package: "iverilog" },
    Tool { names: &["z3"], package: "z3" },
    Tool { names: &["c++", "g++", "clang++"], package: "g++" },
    Tool { names: &["make"], package: "make" },
];

/// Makes sure that every tool is there: installs what is missing where we are root, else says what to run.
pub fn provide() -> Result {
    let missing = missing(&on_path);
    if missing.is_empty() {
        return Ok(());
    }
    install(&missing)?;
    let still = self::missing(&on_path);
    if still.is_empty() {
        return Ok(());
    }
    Err(format!("{} installed, but still not found on the PATH", still.join(", ")))
}

/// Installs Debian packages where we are root; else an error with the command to run.
pub fn install(packages: &[&str]) -> Result {
    if !on_path("apt-get") {
        return Err(format!("the tests need these programs, please install them: {}", packages.join(", ")));
    }
    let advice = advice(packages);
    if !is_root() {
        return Err(format!("the tests need programs that are missing; to install them, run\n\n    {advice}\n"));
    }
    println!("setup: installing {}", packages.join(", "));
    let apt_get = |args: &[&str]| {
        Command::new("apt-get")
            .args(args)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .output()
            .is_ok_and(|run| run.status.success())
    };
    let install = [&["install", "-y", "-qq", "--no-install-recommends"], packages].concat();
    if apt_get(&["update", "-qq"]) && apt_get(&install) {
        return Ok(());
    }
    Err(format!("apt-get could not install them; to see why, run\n\n    {advice}\n"))
}

fn advice(packages: &[&str]) -> String {
    let sudo = if is_root() { "" } else { "sudo " };
    format!("{sudo}apt-get update && {sudo}apt-get install -y {}", packages.join(" "))
}

/// Packages of the tools of which no name is there.
fn missing(is_there: &dyn Fn(&str) -> bool) -> Vec<&'static str> {
    TOOLS.iter().filter(|tool| !tool.names.iter().any(|name| is_there(name))).map(|tool| tool.package).collect()
}

/// True where the PATH holds an executable file of that name.
fn on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| is_executable(&folder.join(name)))
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file() || file.with_extension("exe").is_file()
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|run| run.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_missing_where_one_name_of_each_is_there() {
        assert!(missing(&|_| true).is_empty());
        assert!(!missing(&|name| name != "g++").contains(&"g++"), "another compiler will do");
    }

    #[test]
    fn what_is_missing_is_named_by_its_package() {
        assert_eq!(missing(&|name| !["verilator", "c++", "g++", "clang++"].contains(&name)), ["verilator", "g++"]);
    }

    #[test]
    fn the_path_is_searched_for_programs() {
        assert!(on_path("cargo") || on_path("sh"));
        assert!(!on_path("no-such-program-anywhere"));
    }
}
