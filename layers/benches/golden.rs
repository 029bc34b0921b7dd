//! Samples per second of the golden model, and the time from a network to pipelined Verilog.

#![allow(missing_docs)]

use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_dsl::prelude::Options;
use gatewright_layers::layer::{Dense, Form, Layer, Matrix, Requantise, Rounding, StepFunction, Steps};
use gatewright_layers::network::{Network, Range, TensorTy};
use gatewright_layers::target::{Family, Target};
use gatewright_layers::unrolled::{Timed, Unrolled};
use gatewright_sim::rng::Rng;

fn main() {
    divan::main();
}

const NETWORKS: [&str; 2] = ["784-64-64-64-10 w2a2", "64-32-16-10 w4a4"];

fn network(name: &str) -> Network {
    match name {
        "784-64-64-64-10 w2a2" => mlp(&[784, 64, 64, 64, 10], 2, 8),
        _ => mlp(&[64, 32, 16, 10], 4, 4),
    }
}

/// Dense layers with weights and activations of `bits` bits, random weights and thresholds per neuron; inputs of
/// `input_bits` bits are cut to `bits`.
fn mlp(sizes: &[usize], bits: u32, input_bits: u32) -> Network {
    let mut rng = Rng::new(1);
    let x = TensorTy::uniform(vec![sizes[0]], Range { lo: 0, hi: (1 << input_bits) - 1 });
    let mut net = Network { name: "mlp".into(), inputs: vec![("x".into(), x)], ..Network::default() };
    let push = |net: &mut Network, name: String, layer, from| {
        net.push(name, layer, vec![from]).unwrap_or_else(|e| panic!("{e}"))
    };
    let shift = input_bits - bits;
    let cut = Requantise { factor: 1, offset: 0, shift, rounding: Rounding::Floor, lo: 0, hi: (1 << bits) - 1 };
    let mut at = push(&mut net, "quantise".into(), Layer::Requantise(cut), 0);
    for (n, pair) in sizes.windows(2).enumerate() {
        let mut weight = || rng.between(0, (1 << bits) - 1) as i64 - (1 << (bits - 1));
        let data = (0..pair[0] * pair[1]).map(|_| weight()).collect();
        let weights = Arc::new(Matrix { rows: pair[1], cols: pair[0], data });
        at = push(&mut net, format!("fc{n}"), Layer::Dense(Dense { weights, bias: Vec::new() }), at);
        if n + 2 == sizes.len() {
            break;
        }
        let function = |r: &Range| {
            let levels = 1 << bits;
            let mut at = (r.lo + r.hi) / 2;
            let mut step = |v| {
                at += 1 + rng.between(0, (pair[0] as u64).isqrt()) as i64;
                (at, v)
            };
            StepFunction { first: 0, steps: (1..levels).map(&mut step).collect() }
        };
        let functions: Vec<StepFunction> = net.ty(at).ranges.iter().map(function).collect();
        let of = (0..functions.len() as u32).collect();
        let steps = Steps { functions: Arc::new(functions), of: Arc::new(of), form: Form::Auto };
        at = push(&mut net, format!("act{n}"), Layer::Steps(steps), at);
    }
    net.outputs.push(("y".into(), at));
    net
}

#[divan::bench(args = NETWORKS, sample_count = 10)]
fn golden(bencher: Bencher, name: &str) {
    const SAMPLES: usize = 10_000;
    let net = network(name);
    let mut rng = Rng::new(2);
    let ty = net.ty(0);
    let batch = (0..SAMPLES * ty.ranges.len()).map(|_| rng.between(0, ty.ranges[0].hi as u64) as i64);
    let batch = Arc::new(batch.collect::<Vec<i64>>());
    bencher.counter(ItemsCount::new(SAMPLES)).bench(|| net.outputs(SAMPLES, std::slice::from_ref(&batch)));
}

fn unrolled(name: &str, mhz: f64) -> Unrolled {
    Unrolled { network: Arc::new(network(name)), target: Target::mhz(mhz, Family::Lut6) }
}

/// With registers for this clock, 0 without.
#[divan::bench(args = NETWORKS, consts = [0, 200, 400], sample_count = 3)]
fn elaborate_mhz<const MHZ: u32>(bencher: Bencher, name: &str) {
    let unrolled = unrolled(name, f64::from(MHZ));
    bencher.bench(|| unrolled.elaborate(&Options::default()));
}

#[divan::bench(args = NETWORKS, consts = [0, 200, 400], sample_count = 3)]
fn emit_mhz<const MHZ: u32>(bencher: Bencher, name: &str) {
    let (design, latency) =
        unrolled(name, f64::from(MHZ)).elaborate(&Options::default()).unwrap_or_else(|e| panic!("{e}"));
    let output = emit(&design, &EmitOptions::default());
    if let Some(dir) = std::env::var_os("GATEWRIGHT_BENCH_OUTPUT") {
        let dir = std::path::Path::new(&dir).join(format!("{}-{MHZ}", name.replace(' ', "-")));
        output.write_to(dir).unwrap_or_else(|e| panic!("{e}"));
    }
    let top = &design.modules[design.top];
    println!("{name}, {MHZ} MHz: latency {latency}, {} nodes, {} registers", top.nodes.len(), top.regs.len());
    bencher.bench(|| emit(&design, &EmitOptions::default()).files.len());
}
