//! Samples per second of the golden model on the stored inputs, to be set beside other programs: `cargo xtask bench-golden`.
//!
//! Prints for each model that is named (all without names): name, folder, rate of the network alone, rate with the host's
//! part. The outputs have been compared with the stored ones.

#![allow(missing_docs)]

mod cases;

use std::time::{Duration, Instant};

use cases::CASES;

/// How long each of them is measured.
const TIME: Duration = Duration::from_secs(1);

fn main() {
    let names: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    for case in CASES.iter().filter(|c| names.is_empty() || names.iter().any(|n| n == c.name)) {
        let Some(folder) = case.folder() else { continue };
        let model = case.model(&case.graph(&folder));
        let samples = case.samples(&folder);
        let found = model.golden(&samples).unwrap_or_else(|e| panic!("{e}"));
        let wanted = case.outputs(&folder);
        let span = wanted.iter().flat_map(|t| &t.data).fold(0.0f64, |m, x| m.max(x.abs()));
        let pairs = found.iter().flat_map(|t| &t[0].data).zip(wanted.iter().flat_map(|t| &t.data));
        let difference = pairs.fold(0.0f64, |m, (a, b)| m.max((a - b).abs()));
        assert!(found.len() == wanted.len() && difference <= 1e-5 * span, "{}: {difference}", case.name);
        let integers = model.integers(&samples).unwrap_or_else(|e| panic!("{e}"));
        let network = rate(samples.len(), || drop(model.network.outputs(samples.len(), &integers)));
        let whole = rate(samples.len(), || drop(model.golden(&samples)));
        println!("{} {} {network:.0} {whole:.0}", case.name, folder.display());
    }
}

/// Samples per second, of the fastest run.
fn rate(samples: usize, run: impl Fn()) -> f64 {
    let (start, mut best) = (Instant::now(), f64::INFINITY);
    while start.elapsed() < TIME {
        let before = Instant::now();
        run();
        best = best.min(before.elapsed().as_secs_f64());
    }
    samples as f64 / best
}
