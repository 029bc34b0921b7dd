//! Damaged models against import and streamlining: `cargo xtask fuzz-import [SECONDS] [SEED]`.
//!
//! The program runs itself as a worker, which keeps the present case in a file; a worker that panics, overflows its stack,
//! takes too long or too much memory leaves it as a failure. Mutants that get through are mutated again.

#[path = "../../compiler/tests/support/counting.rs"]
mod counting;
mod mutate;
mod wire;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use counting::{NOW, PEAK};
use gatewright_compiler::graph::{Tensor, ValueId, count};
use gatewright_compiler::import::onnx;
use gatewright_compiler::streamline::{Options, streamline};
use gatewright_sim::rng::Rng;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// The longest that a case may take, import and all ways of streamlining.
const MAX_SECONDS: u64 = 20;
/// The most memory in use at one time.
const MAX_MEMORY: usize = 2 << 30;
/// The most mutants that are kept.
const MAX_KEPT: usize = 400;
/// The largest of them, in bytes.
const MAX_KEPT_SIZE: usize = 1 << 14;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match args[..] {
        ["worker", present, seconds, seed] => work(Path::new(present), seconds, seed).map(|()| 0),
        ["case", file] => case(&std::fs::read(file).unwrap_or_default()).map(|_| 0),
        [seconds, seed] => drive(seconds, seed),
        _ => Err("takes the seconds and a seed, or `case` and a file".into()),
    };
    match outcome {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failures) => {
            eprintln!("error: {failures} failing cases");
            ExitCode::FAILURE
        }
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// Runs workers until the time is over; the number of failures.
fn drive(seconds: &str, seed: &str) -> Result<u64> {
    let end = Instant::now() + Duration::from_secs(seconds.parse()?);
    let mut seed: u64 = seed.parse()?;
    let folder = root().join("target/fuzz-failures");
    std::fs::create_dir_all(&folder)?;
    let present = folder.join(format!("present-{}.onnx", std::process::id()));
    let mut failures = 0;
    while Instant::now() < end {
        let left = (end - Instant::now()).as_secs().max(1).to_string();
        let mut worker = Command::new(std::env::current_exe()?);
        worker.arg("worker").arg(&present).args([&left, &seed.to_string()]).stdin(Stdio::null());
        worker.env("RUST_BACKTRACE", "0");
        let status = worker.status()?;
        if !status.success() {
            let kept = folder.join(format!("failure-{seed}.onnx"));
            std::fs::rename(&present, &kept)?;
            eprintln!("failure ({status}): {}", kept.display());
            failures += 1;
        }
        seed += 1;
    }
    let _ = std::fs::remove_file(&present);
    Ok(failures)
}

/// Seed files: the cases of the importer's tests, the examples, and `shared/models` where that folder is there.
fn seeds() -> Result<Vec<Vec<u8>>> {
    let root = root();
    let shared = std::env::var_os("GATEWRIGHT_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
    let mut files = Vec::new();
    for folder in [root.join("compiler/tests/onnx"), root.join("examples/models"), shared.join("models")] {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for entry in entries {
            let path = entry?.path();
            files.extend([path.join("model.onnx"), path].into_iter().filter(|p| p.is_file()));
        }
    }
    files.retain(|f| f.extension().is_some_and(|e| e == "onnx"));
    files.sort();
    let seeds = files.iter().map(std::fs::read).collect::<std::io::Result<Vec<_>>>()?;
    if seeds.is_empty() { Err("there are no seed files".into()) } else { Ok(seeds) }
}

/// When the present case began, in milliseconds from the worker's start.
static BEGUN: AtomicU64 = AtomicU64::new(0);

fn work(present: &Path, seconds: &str, seed: &str) -> Result {
    let (start, seconds, seed): (_, u64, u64) = (Instant::now(), seconds.parse()?, seed.parse()?);
    let mut rng = Rng::new(seed);
    let seeds = seeds()?;
    let mut kept: Vec<Vec<u8>> = Vec::new();
    std::thread::spawn(move || {
        loop {
            let late = start.elapsed().as_millis() as u64 > BEGUN.load(Ordering::Relaxed) + 1000 * MAX_SECONDS;
            if late || NOW.load(Ordering::Relaxed) > MAX_MEMORY {
                give_up(late);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let (mut cases, mut read, mut whole) = (0u64, 0u64, 0u64);
    while start.elapsed().as_secs() < seconds {
        let other = mutate::index(&mut rng, seeds.len());
        let one = if !kept.is_empty() && rng.chance(0.5) {
            &kept[mutate::index(&mut rng, kept.len())]
        } else {
            // Small files more often: they are quick.
            let of = if rng.chance(0.05) { 1 } else { 4 };
            let some = (0..of).map(|_| mutate::index(&mut rng, seeds.len()));
            some.map(|k| &seeds[k]).min_by_key(|s| s.len()).unwrap_or(&seeds[0])
        };
        let mutant = mutate::mutated(one, &seeds[other], &mut rng);
        std::fs::write(present, &mutant)?;
        BEGUN.store(start.elapsed().as_millis() as u64, Ordering::Relaxed);
        PEAK.store(NOW.load(Ordering::Relaxed), Ordering::Relaxed);
        let ways = case(&mutant)?;
        if PEAK.load(Ordering::Relaxed) > MAX_MEMORY {
            give_up(false);
        }
        cases += 1;
        read += u64::from(ways.is_some());
        whole += u64::from(ways.is_some_and(|n| n > 0));
        if ways.is_some_and(|n| n > 0) && mutant.len() < MAX_KEPT_SIZE {
            if kept.len() < MAX_KEPT {
                kept.push(mutant);
            } else {
                let at = mutate::index(&mut rng, kept.len());
                kept[at] = mutant;
            }
        }
    }
    println!("seed {seed}: {cases} cases, {read} imported, {whole} streamlined");
    Ok(())
}

fn give_up(late: bool) {
    eprintln!("{}", if late { "it takes too long" } else { "it takes too much memory" });
    std::process::exit(1);
}

/// Imports, streamlines in several ways and runs the golden models: how many ways worked, or nothing where the import did not.
fn case(bytes: &[u8]) -> Result<Option<usize>> {
    let Ok(graph) = onnx::from_bytes(bytes) else { return Ok(None) };
    graph.check()?;
    let mut worked = 0;
    let zeros = |id: &ValueId| {
        let shape = graph.values[id.0].shape.clone();
        Tensor { data: vec![0.0; count(&shape)], shape }
    };
    for (types, decision, softmax_bits) in [
        (&[][..], false, None),
        (&[], true, None),
        (&["fixed<14,4>"], false, None),
        (&["int<3>"], true, None),
        (&["ufixed<32,16>"], false, None),
        (&["fixed<9,4>"], false, Some(7)),
    ] {
        let input_types = types.iter().map(|t| t.parse()).collect::<std::result::Result<Vec<_>, _>>()?;
        if let Ok(model) = streamline(&graph, &Options { input_types, decision, softmax_bits, ..Options::default() }) {
            model.check()?;
            model.golden(&[graph.inputs.iter().map(zeros).collect()])?;
            worked += 1;
        }
    }
    Ok(Some(worked))
}
