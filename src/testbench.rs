//! The test bench beside a compiled model's Verilog.

use std::path::Path;

use gatewright_compiler::package::Package;
use gatewright_compiler::testbench::{Samples, TestBench, TestBenchError};
use gatewright_dsl::emit::{EmitOptions, emit};

use crate::{Failure, output};

/// What went wrong with making it, for the user.
pub fn failure(e: TestBenchError) -> Failure {
    match e {
        TestBenchError::NoSamples => Failure::Unusable(e.to_string()),
        TestBenchError::Network(_) | TestBenchError::Text(_) => Failure::Finding(e.to_string()),
    }
}

/// Writes it to the folder `tb` of a compiled model's folder.
pub fn write(bench: &TestBench, dir: &Path) -> Result<(), Failure> {
    let dir = dir.join("tb");
    std::fs::create_dir_all(&dir).map_err(|e| Failure::Unusable(format!("cannot make `{}`: {e}", dir.display())))?;
    bench.files.iter().try_for_each(|(name, text)| output::write(&dir.join(name), text))
}

/// Replaces the test bench in a compiled model's folder by one with these samples.
pub fn replace(package: &Package, samples: &Samples, dir: &Path) -> Result<(), Failure> {
    let (design, latency) = package.design().map_err(|e| Failure::Finding(e.to_string()))?;
    if latency != package.latency {
        let problem = format!("network.json says a latency of {} clocks, and it is {latency}", package.latency);
        return Err(Failure::Unusable(format!("{problem}; compile the model again")));
    }
    let rtl = emit(&design, &EmitOptions::default());
    write(&TestBench::new(package, &design, &rtl, samples).map_err(failure)?, dir)
}
