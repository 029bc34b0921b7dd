//! Random networks on Verilator, many in one build, against the definitions of the layers; and their Verilog under all
//! tools.

#![allow(missing_docs)]

#[path = "../../layers/tests/support/mod.rs"]
mod support;

use std::sync::Arc;

use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_dsl::ir::Design;
use gatewright_layers::unrolled_stream::UnrolledStream;
use gatewright_sim::lint::{expect_clean, lint};
use gatewright_sim::verilator::Options;
use gatewright_sim::{Batch, Dut, SimError, Verilated};
use support::hardware::{Bench, combinational, fastest};

/// Networks; each once without registers and once for a fast clock.
const COUNT: u64 = 40;
/// Networks of few bits for each neuron.
const NARROW: u64 = 20;

fn designs() -> Vec<(Design, Bench)> {
    let mut designs = Vec::new();
    let networks = (0..COUNT).map(|seed| (seed, support::network(seed, 4)));
    for (seed, network) in networks.chain((0..NARROW).map(|seed| (seed, support::narrow(seed)))) {
        let network = Arc::new(network);
        designs.push((combinational(&network), Bench::new(network.clone(), 0, seed, 40)));
        let (design, latency) = fastest(&network, |u| u);
        designs.push((design, Bench::new(network, latency, seed, 40)));
    }
    designs
}

#[test]
fn verilator_computes_what_the_layers_say() {
    let designs = designs();
    let batch = Batch::new(designs.iter().map(|(design, _)| design)).unwrap_or_else(|e| panic!("{e}"));
    let options = Options { optimise: "-O0".into(), ..Options::default() };
    let mut dut = match Verilated::with(&batch.design, &options) {
        Ok(dut) => dut,
        // Where Verilator is missing the test is skipped, but not in CI.
        Err(e @ SimError::NoVerilator { .. }) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {e}");
            return;
        }
        Err(e) => panic!("{e}"),
    };
    for cycle in 0..designs.iter().map(|(_, bench)| bench.cycles()).max().unwrap_or(0) {
        for (n, (_, bench)) in designs.iter().enumerate() {
            let mut view = batch.view(&mut dut, n).unwrap_or_else(|| panic!("design {n}"));
            bench.clock(&mut view, cycle);
        }
        dut.step().unwrap_or_else(|e| panic!("cycle {cycle}: {e}"));
    }
}

fn linted(design: &Design, name: &str) {
    let dir = std::env::temp_dir().join(format!("gatewright-networks-{}-{name}", std::process::id()));
    let output = emit(design, &EmitOptions::default());
    output.write_to(&dir).unwrap_or_else(|e| panic!("{e}"));
    let result = lint(&dir, &output.top);
    let _ = std::fs::remove_dir_all(&dir);
    expect_clean(result);
}

#[test]
fn no_tool_complains() {
    let designs = designs();
    let batch = Batch::new(designs.iter().map(|(design, _)| design)).unwrap_or_else(|e| panic!("{e}"));
    linted(&batch.design, "batch");
    for seed in 0..4 {
        linted(&fastest(&Arc::new(support::network(seed, 4)), UnrolledStream).0, "stream");
    }
}
