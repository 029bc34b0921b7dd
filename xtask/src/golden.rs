//! The golden model beside onnxruntime and numpy: samples per second on one thread, the same network and inputs.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Result, cargo, python};

/// Each program runs so many times, in turn; its best counts.
const ROUNDS: usize = 3;

/// Rates of one model: the network alone, with the host's part, onnxruntime, numpy.
type Rates = [f64; 4];

/// Measures and prints a table.
pub fn bench(root: &Path) -> Result {
    let python = python::with_packages(root, "golden", &root.join("xtask/golden-requirements.txt"))?;
    let script = root.join("compiler/benches/golden_rate.py");
    let mut best: BTreeMap<String, Rates> = BTreeMap::new();
    for round in 0..ROUNDS {
        println!("bench-golden: round {} of {ROUNDS}", round + 1);
        let mut own = cargo("bench");
        own.args(["--quiet", "--package", "gatewright-compiler", "--bench", "golden_rate"]);
        for line in output(&mut own)?.lines() {
            let [name, folder, rates @ ..] = &line.split(' ').collect::<Vec<_>>()[..] else { continue };
            let others = output(Command::new(&python).arg(&script).arg(folder))?;
            let rates: Vec<f64> =
                rates.iter().copied().chain(others.split_whitespace()).filter_map(|r| r.parse().ok()).collect();
            let Ok(rates) = Rates::try_from(rates) else { return Err(format!("{name}: no rates in `{others}`")) };
            let best = best.entry((*name).to_owned()).or_insert([0.0; 4]);
            best.iter_mut().zip(rates).for_each(|(best, rate)| *best = best.max(rate));
        }
    }
    println!("\nSamples/s on one thread; all outputs equal the stored ones.\n");
    println!("{:<20} {:>11} {:>11} {:>11} {:>11}", "", "network", "with host", "onnxruntime", "numpy");
    for (name, rates) in &best {
        let [network, whole, runtime, numpy] = rates.map(|r| format!("{r:.0}"));
        println!("{name:<20} {network:>11} {whole:>11} {runtime:>11} {numpy:>11}");
    }
    println!("\n{:<20} {:>11} {:>11} {:>11} {:>11}", "", "network", "with host", "network", "with host");
    println!("{:<20} {:>11} {:>11} {:>11} {:>11}", "", "/ ort", "/ ort", "/ numpy", "/ numpy");
    for (name, [network, whole, runtime, numpy]) in &best {
        let ratios = [network / runtime, whole / runtime, network / numpy, whole / numpy].map(|r| format!("{r:.3}"));
        let [a, b, c, d] = ratios;
        println!("{name:<20} {a:>11} {b:>11} {c:>11} {d:>11}");
    }
    Ok(())
}

/// What a command prints.
pub fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().display().to_string();
    let run = command.stderr(Stdio::inherit()).output().map_err(|e| format!("`{name}` did not start: {e}"))?;
    if !run.status.success() {
        return Err(format!("`{name}` failed"));
    }
    Ok(String::from_utf8_lossy(&run.stdout).into_owned())
}
