//! The real models: time of import, of streamlining and of hardware with its Verilog; samples per second of the golden model
//! on one core, of the network alone and with the host's part.

#![allow(missing_docs)]

mod cases;

use cases::{CASES, Case};
use divan::Bencher;
use divan::counter::ItemsCount;
use gatewright_compiler::import::onnx;
use gatewright_compiler::package::{FORMAT, Options, Package};
use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_layers::target::{Family, Target};

fn main() {
    divan::main();
}

#[divan::bench(args = CASES)]
fn import(bencher: Bencher, case: &Case) {
    let Some(folder) = case.folder() else { return };
    let bytes = std::fs::read(folder.join("model.onnx")).unwrap_or_else(|e| panic!("{e}"));
    bencher.bench(|| onnx::from_bytes(&bytes));
}

#[divan::bench(args = CASES, sample_count = 10)]
fn streamline(bencher: Bencher, case: &Case) {
    let Some(folder) = case.folder() else { return };
    let graph = case.graph(&folder);
    bencher.bench(|| case.model(&graph));
}

/// With registers for 200 MHz.
#[divan::bench(args = CASES, sample_count = 3)]
fn hardware(bencher: Bencher, case: &Case) {
    let Some(folder) = case.folder() else { return };
    let model = case.model(&case.graph(&folder));
    let options = Options { target: Target::mhz(200.0, Family::Lut6), ..Options::default() };
    let package = Package { format: FORMAT, source: case.name.into(), options, latency: 0, model };
    bencher.bench(|| {
        let (design, _) = package.design().unwrap_or_else(|e| panic!("{e}"));
        emit(&design, &EmitOptions::default()).files.len()
    });
}

#[divan::bench(args = CASES, sample_count = 10)]
fn golden_network(bencher: Bencher, case: &Case) {
    let Some(folder) = case.folder() else { return };
    let model = case.model(&case.graph(&folder));
    let samples = case.samples(&folder);
    let integers = model.integers(&samples).unwrap_or_else(|e| panic!("{e}"));
    bencher.counter(ItemsCount::new(samples.len())).bench(|| model.network.outputs(samples.len(), &integers));
}

#[divan::bench(args = CASES, sample_count = 10)]
fn golden_with_host(bencher: Bencher, case: &Case) {
    let Some(folder) = case.folder() else { return };
    let model = case.model(&case.graph(&folder));
    let samples = case.samples(&folder);
    bencher.counter(ItemsCount::new(samples.len())).bench(|| model.golden(&samples));
}
