//! Networks in hardware, on the interpreter, against the definitions of the layers.

#![allow(missing_docs)]

mod support;

use std::sync::Arc;

use gatewright_dsl::ir::{BinOp, Dir, Op, UnOp};
use gatewright_dsl::pass::expand::expanded;
use gatewright_dsl::prelude::{Options, Value};
use gatewright_layers::hardware::Hardware;
use gatewright_layers::layer::{Dense, Layer, Matrix};
use gatewright_layers::network::{Network, Range, TensorTy};
use gatewright_layers::target::{Family, Target};
use gatewright_layers::unrolled::{Timed, Unrolled};
use gatewright_layers::unrolled_stream::{UnrolledStream, fields};
use gatewright_sim::rng::Rng;
use gatewright_sim::stream::run;
use gatewright_sim::{Beat, Dut, Interpreter, Stall, StreamSink, StreamSource};
use proptest::prelude::*;
use support::hardware::{Bench, combinational, fastest};
use support::*;

fn drive(design: &gatewright_dsl::ir::Design, bench: &Bench) {
    let mut dut = Interpreter::new(design).unwrap_or_else(|e| panic!("{e}"));
    for cycle in 0..bench.cycles() {
        bench.clock(&mut dut, cycle);
        dut.step().unwrap_or_else(|e| panic!("{}, cycle {cycle}: {e}", bench.network.name));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn networks(size in 1..7_usize, seed: u64) {
        let network = Arc::new(network(seed, size));
        drive(&combinational(&network), &Bench::new(network.clone(), 0, seed ^ 2, 30));
        let (design, latency) = fastest(&network, |u| u);
        drive(&design, &Bench::new(network, latency, seed ^ 3, 30));
    }

    #[test]
    fn streams(size in 1..5_usize, seed: u64) {
        let network = Arc::new(network(seed, size));
        let (design, latency) = fastest(&network, UnrolledStream);
        let mut rng = Rng::new(seed ^ 4);
        for stalls in [[Stall::Never, Stall::Never], [Stall::Random(0.3), Stall::Random(0.4)], [Stall::Never, Stall::Bursts(40)]] {
            let free = matches!(stalls, [Stall::Never, Stall::Never]);
            stream(&network, &design, latency, stalls, free, &mut rng);
        }
    }
}

/// Elements side by side, each in as many bytes as its range needs.
fn packed(tensors: &[(&TensorTy, &[i128])]) -> Value {
    let mut bytes: Vec<u8> = Vec::new();
    for (ty, values) in tensors {
        for (r, v) in ty.ranges.iter().zip(*values) {
            // The bytes that it takes to hold both ends, one at least.
            let fits = |n: &usize| {
                let (lo, hi) = if r.lo < 0 { (-1_i128 << (8 * n - 1), 1 << (8 * n - 1)) } else { (0, 1 << (8 * n)) };
                lo <= r.lo.into() && i128::from(r.hi) < hi
            };
            let count = (1..9).find(fits).unwrap_or(9);
            bytes.extend(&v.to_le_bytes()[..count]);
        }
    }
    bytes.iter().rev().fold(Value::ZERO, |word, &b| &word.shl(8) | &Value::from(b))
}

fn stream(
    network: &Network,
    design: &gatewright_dsl::ir::Design,
    latency: u32,
    [from, to]: [Stall; 2],
    free: bool,
    rng: &mut Rng,
) {
    const COUNT: usize = 60;
    let samples = samples(network, rng, COUNT);
    let mut dut = Interpreter::new(design).unwrap_or_else(|e| panic!("{e}"));
    let mut source = StreamSource::new(&dut, "s_axis").unwrap().stall(from, rng.bits());
    let mut sink = StreamSink::new(&dut, "m_axis", COUNT).unwrap().stall(to, rng.bits());
    let mut wanted = Vec::new();
    for (n, x) in samples.iter().enumerate() {
        let tensors = evaluate(network, x);
        let last = n % 7 == 6;
        let inputs: Vec<_> = (0..x.len()).map(|t| (network.ty(t), &tensors[t][..])).collect();
        source.push(Beat { payload: vec![packed(&inputs)], last }).unwrap();
        let outputs: Vec<_> = network.outputs.iter().map(|(_, t)| (network.ty(*t), &tensors[*t][..])).collect();
        wanted.push(Beat { payload: vec![packed(&outputs)], last });
    }
    let cycles = run(&mut dut, &mut [&mut source, &mut sink], 200).unwrap_or_else(|e| panic!("{}: {e}", network.name));
    assert_eq!(sink.beats(), wanted, "{}", network.name);
    if free {
        assert_eq!(cycles, COUNT as u64 + u64::from(latency), "a sample in every clock");
    }
}

fn relu(name: &str, output: &str) -> Arc<Network> {
    let ty = TensorTy::uniform(vec![2], Range { lo: -8, hi: 7 });
    let mut net = Network { name: name.into(), inputs: vec![("x".into(), ty)], ..Network::default() };
    let sum = net.push("sum".into(), Layer::Sum(vec![0]), vec![0]).unwrap();
    let y = net.push("relu".into(), Layer::Clip { lo: Some(0), hi: None }, vec![sum]).unwrap();
    net.outputs = vec![(output.into(), y), (output.into(), 0)];
    Arc::new(net)
}

fn at_900_mhz(network: Arc<Network>) -> (gatewright_dsl::ir::Design, u32) {
    let target = Target::mhz(900.0, Family::Lut6);
    Unrolled { network, target }.elaborate(&Options::default()).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn ports_and_signals_have_the_networks_names() {
    let network = relu("trigger", "x");
    let (design, latency) = at_900_mhz(network);
    assert_eq!(latency, 1);
    let top = &design.modules[design.top];
    assert_eq!(top.name, "trigger");
    let ports = |dir| top.ports.values().filter(|p| p.dir == dir).map(|p| p.name.as_str()).collect::<Vec<_>>();
    assert_eq!(ports(Dir::Input), ["in_valid", "x_0", "x_1"]);
    assert_eq!(ports(Dir::Output), ["out_valid", "x_out_0", "x_out_out_0", "x_out_out_1"]);
    assert!(top.names.values().any(|n| n == "net_relu_0"), "{:?}", top.names);
    let checks: Vec<&str> = top.checks.values().map(|c| c.message.as_str()).collect();
    assert_eq!(checks, ["a result follows its inputs by 1 clocks"]);
}

/// The estimates of sums and maxima count the operators that are built.
#[test]
fn costs_count_what_is_built() {
    for seed in 0..200 {
        let mut rng = Rng::new(seed);
        let from = network(seed, 1);
        let Some(node) = from.nodes.first() else { continue };
        let mut net = Network { name: "n".into(), inputs: from.inputs.clone(), ..Network::default() };
        let layer = match &node.layer {
            Layer::Dense(_) | Layer::Combine(_) | Layer::Sum(_) | Layer::Max(_) => node.layer.clone(),
            _ => {
                net.inputs.truncate(1);
                let cols = net.ty(0).shape.last().copied().unwrap_or(1);
                Layer::Dense(dense(&mut rng, cols))
            }
        };
        let operands = if matches!(layer, Layer::Dense(_)) { vec![0] } else { node.inputs.clone() };
        let Ok(y) = net.push("l".into(), layer.clone(), operands.clone()) else { continue };
        net.outputs.push(("y".into(), y));
        let types: Vec<&TensorTy> = operands.iter().map(|&t| net.ty(t)).collect();
        let cost = Hardware::of(&net, Family::Lut6).cost(0);
        let design = combinational(&Arc::new(net.clone()));
        let design = expanded(&design);
        let (mut adders, mut greatest) = (0, 0);
        let nodes = &design.modules[design.top].nodes;
        let constant = |n| matches!(nodes[n].op, Op::Const(_));
        for node in nodes.values() {
            match node.op {
                Op::Bin(BinOp::Add | BinOp::Sub, a, b) if constant(a) || constant(b) => {}
                Op::Bin(BinOp::Add | BinOp::Sub, ..) | Op::Un(UnOp::Neg, _) => adders += 1,
                Op::Bin(BinOp::Max, ..) => greatest += 1,
                _ => {}
            }
        }
        let constant = net.ty(y).ranges.iter().any(|r| r.only().is_some());
        match layer {
            // Maxima of constants are not built.
            Layer::Max(_) if constant || types[0].ranges.iter().any(|r| r.only().is_some()) => {}
            Layer::Max(_) => assert_eq!(greatest, cost.comparators, "seed {seed}: {layer:?}"),
            _ => assert_eq!(adders, cost.adders, "seed {seed}: {layer:?}"),
        }
    }
}

/// Sums of single bits, some of which are carries of other additions: what is built has as many additions as are counted,
/// and computes the sums.
#[test]
fn sums_of_single_bits() {
    let mut rng = Rng::new(7);
    let ranges = (0..48).map(|i| if i % 3 == 0 { Range { lo: -1, hi: 0 } } else { Range { lo: 0, hi: 1 } }).collect();
    let x = TensorTy { shape: vec![48], ranges };
    let mut net = Network { name: "bits".into(), inputs: vec![("x".into(), x)], ..Network::default() };
    let data = (0..12 * 48).map(|_| if rng.chance(0.5) { 1 } else { -1 }).collect();
    let weights = Arc::new(Matrix { rows: 12, cols: 48, data });
    let y = net.push("fc".into(), Layer::Dense(Dense { weights, bias: vec![] }), vec![0]).unwrap();
    net.outputs.push(("y".into(), y));
    let network = Arc::new(net);
    let design = combinational(&network);
    let nodes = &expanded(&design).modules[design.top].nodes.clone();
    let constant = |n| matches!(nodes[n].op, Op::Const(_));
    let is_addition = |op: &Op| matches!(*op, Op::Bin(BinOp::Add, a, b) if !constant(a) && !constant(b));
    let additions = nodes.values().filter(|node| is_addition(&node.op)).count() as u64;
    assert_eq!(Hardware::of(&network, Family::Lut6).cost(0).adders, additions);
    // Operands are slices of words that have a bit below.
    assert!(nodes.values().filter(|node| matches!(node.op, Op::Concat(_))).count() > 12);
    drive(&design, &Bench::new(network.clone(), 0, 1, 60));
    let (design, latency) = fastest(&network, |u| u);
    drive(&design, &Bench::new(network, latency, 2, 60));
}

/// A network may use the names that the hardware would take.
#[test]
fn names_do_not_collide() {
    let mut net = (*relu("net", "net_sum")).clone();
    net.inputs[0].0 = "in_valid".into();
    net.outputs.push(("net_".into(), 0));
    net.nodes[0].name = "valid".into();
    let (design, latency) = fastest(&Arc::new(net.clone()), |u| u);
    drive(&design, &Bench::new(Arc::new(net.clone()), latency, 1, 20));
    drive(&combinational(&Arc::new(net.clone())), &Bench::new(Arc::new(net), 0, 1, 20));
}

#[test]
fn a_clock_that_is_too_fast_is_refused() {
    let target = Target::mhz(3000.0, Family::Lut6);
    let error = Unrolled { network: relu("fast", "y"), target }.elaborate(&Options::default()).unwrap_err();
    assert!(error.to_string().contains("E0217"), "{error}");
}

/// Reset clears what is under way.
#[test]
fn reset_empties_the_pipeline() {
    let (design, latency) = at_900_mhz(relu("cleared", "y"));
    assert_eq!(latency, 1);
    let mut dut = Interpreter::new(&design).unwrap();
    let (valid, out_valid) = (dut.pin("in_valid").unwrap(), dut.pin("out_valid").unwrap());
    dut.poke_i64(valid, 1).unwrap();
    dut.step().unwrap();
    dut.poke_i64(valid, 0).unwrap();
    dut.reset(true).unwrap();
    dut.step().unwrap();
    dut.reset(false).unwrap();
    for _ in 0..2 * latency {
        assert_eq!(dut.peek(out_valid).unwrap(), Value::ZERO);
        dut.step().unwrap();
    }
}

#[test]
fn fields_are_bytes() {
    let range = |lo, hi| Range { lo, hi };
    let ty = TensorTy {
        shape: vec![5],
        ranges: vec![range(0, 1), range(0, 256), range(5, 5), range(-128, 127), range(-129, 0)],
    };
    let (found, width) = fields([&ty, &ty]);
    let places: Vec<(u32, u32)> = found.iter().map(|f| (f.at, f.width)).collect();
    assert_eq!(places[..5], [(0, 8), (8, 16), (24, 8), (32, 8), (40, 16)]);
    assert_eq!((places[5], width), ((56, 8), 112));
}
