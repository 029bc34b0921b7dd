//! Neurons as tables of their input bits: hardware on every input, which of them are tables, and which are not.

#![allow(missing_docs)]

mod support;

use std::sync::Arc;

use gatewright_layers::hardware::Hardware;
use gatewright_layers::layer::{Combine, Dense, Form, Layer, Matrix, StepFunction, Steps};
use gatewright_layers::network::{Network, Range, TensorTy};
use gatewright_layers::target::Family;
use gatewright_sim::{Dut, Interpreter};
use proptest::prelude::*;
use support::hardware::{Bench, combinational, fastest};
use support::{evaluate, narrow};

fn dense(rows: usize, data: &[i64], bias: &[i64]) -> Layer {
    let weights = Arc::new(Matrix { rows, cols: data.len() / rows, data: data.to_vec() });
    Layer::Dense(Dense { weights, bias: bias.to_vec() })
}

/// The same steps for all elements.
fn steps(form: Form, positions: &[i64]) -> Layer {
    let steps = positions.iter().enumerate().map(|(n, p)| (*p, n as i64 - 1)).collect();
    let function = StepFunction { first: -2, steps };
    Layer::Steps(Steps { functions: Arc::new(vec![function]), of: Arc::new(vec![0]), form })
}

/// A dense layer, a function of its sums, and what is shown.
fn net(x: TensorTy, dense: Layer, function: Layer, shown: &[usize]) -> Network {
    let mut net = Network { name: "few".into(), inputs: vec![("x".into(), x)], ..Network::default() };
    net.push("fc".into(), dense, vec![0]).unwrap();
    net.push("act".into(), function, vec![1]).unwrap();
    net.outputs = shown.iter().map(|t| (format!("t{t}"), *t)).collect();
    net
}

/// Sums of each node that are left out, and elements that are tables.
fn tables(net: &Network) -> Vec<(usize, usize)> {
    let hardware = Hardware::of(net, Family::Lut6);
    (0..net.nodes.len()).map(|n| (hardware.left_out(n), hardware.lookups(n))).collect()
}

/// Every input, on the interpreter, against the definitions of the layers.
fn everywhere(net: &Network) {
    let mut dut = Interpreter::new(&combinational(&Arc::new(net.clone()))).unwrap();
    let ranges = &net.inputs[0].1.ranges;
    let mut x: Vec<i64> = ranges.iter().map(|r| r.lo).collect();
    loop {
        for (n, x) in x.iter().enumerate() {
            let pin = dut.pin(&format!("x_{n}")).unwrap();
            dut.poke_i64(pin, *x).unwrap();
        }
        dut.step().unwrap();
        let tensors = evaluate(net, &[x.clone()]);
        for (name, tensor) in &net.outputs {
            for (n, wanted) in tensors[*tensor].iter().enumerate() {
                let pin = dut.pin(&format!("{name}_{n}")).unwrap();
                assert_eq!(dut.peek(pin).unwrap(), (*wanted).into(), "{name}_{n} at {x:?}");
            }
        }
        let Some(next) = (0..x.len()).find(|n| x[*n] < ranges[*n].hi) else { return };
        x[next] += 1;
        (0..next).for_each(|n| x[n] = ranges[n].lo);
    }
}

const TWO_BITS: Range = Range { lo: -2, hi: 1 };

#[test]
fn neurons_of_few_bits_are_tables() {
    let x = TensorTy::uniform(vec![5], TWO_BITS);
    // Two rows of three inputs.
    let fc = dense(2, &[13, 0, -7, 5, 0, 0, -9, 0, 3, 11], &[2, -5]);
    let sparse = net(x, fc, steps(Form::Auto, &[-6, 1, 9]), &[2]);
    assert_eq!(tables(&sparse), [(2, 0), (0, 2)]);
    everywhere(&sparse);
}

#[test]
fn what_others_read_is_made() {
    let x = || TensorTy::uniform(vec![3], TWO_BITS);
    let fc = || dense(1, &[13, -7, 5], &[]);
    // The sum is an output, too: 5 + 6 bits of additions against the 8 bits of a table with six inputs.
    let shown = net(x(), fc(), steps(Form::Auto, &[-6, 1, 9]), &[1, 2]);
    assert_eq!(tables(&shown)[1], (0, 0));
    everywhere(&shown);
    // A form is asked for.
    let asked = net(x(), fc(), steps(Form::Comparisons, &[-6, 1, 9]), &[2]);
    assert_eq!(tables(&asked)[1], (0, 0));
    everywhere(&asked);
}

/// Six bits are counted by three LUTs; additions take more.
#[test]
fn bits_are_counted_by_tables() {
    let x = TensorTy::uniform(vec![6], Range { lo: 0, hi: 1 });
    let count = net(x, dense(1, &[1; 6], &[]), Layer::Clip { lo: Some(0), hi: None }, &[1]);
    assert_eq!(tables(&count)[0], (0, 1));
    let cost = Hardware::of(&count, Family::Lut6).cost(0);
    assert_eq!((cost.luts, cost.adders, cost.depth), (3, 0, 1));
    everywhere(&count);
}

/// A wide row beside narrow ones: its additions stay.
#[test]
fn only_the_narrow_rows() {
    let x = TensorTy::uniform(vec![7], TWO_BITS);
    let fc = dense(3, &[3, -5, 0, 0, 0, 0, 7, 1, 1, 1, -1, -1, 1, 1, 0, 0, 6, 2, 0, -3, 0], &[]);
    let mixed = net(x, fc, steps(Form::Auto, &[-4, 0, 3]), &[2]);
    assert_eq!(tables(&mixed), [(2, 0), (0, 2)]);
    everywhere(&mixed);
}

/// Positions share weights, not ranges; constants are no bits; a layer behind reads the results.
#[test]
fn at_several_positions() {
    let range = |lo, hi| Range { lo, hi };
    let ranges = vec![range(0, 3), range(-1, 0), range(5, 5), range(-3, 4), range(1, 2), range(0, 1)];
    let x = TensorTy { shape: vec![2, 3], ranges };
    let mut two = net(x, dense(2, &[3, -7, 2, 5, 9, -11], &[1, 3]), steps(Form::Auto, &[-8, 2, 7]), &[3]);
    two.push("last".into(), dense(2, &[1, -1, 2, 3], &[]), vec![2]).unwrap();
    assert_eq!(tables(&two)[1], (0, 4));
    everywhere(&two);
}

/// Other functions of the sums, and sums whose reader is none.
#[test]
fn functions_of_all_kinds() {
    let x = || TensorTy::uniform(vec![4], TWO_BITS);
    let fc = || dense(2, &[5, 0, -3, 1, 0, 7, 2, 2], &[3, -1]);
    for function in [Layer::Clip { lo: Some(-2), hi: Some(1) }, Layer::Wrap(2)] {
        let clipped = net(x(), fc(), function, &[2]);
        assert_eq!(tables(&clipped), [(2, 0), (0, 2)]);
        everywhere(&clipped);
    }
    let scaled = Layer::Combine(Combine { factors: vec![Arc::new(vec![3])], offset: Arc::new(vec![]) });
    everywhere(&net(x(), fc(), scaled, &[2]));
}

/// Sums that all are alike share additions; tables would not.
#[test]
fn shared_additions_stay() {
    // All rows are sums of pairs that others have, too, each with one input more.
    let x = TensorTy::uniform(vec![4], Range { lo: 0, hi: 7 });
    let data = [1, 1, 1, 0, 1, 1, 0, 1, 1, 1, 2, 0, 1, 1, 0, 2, 1, 1, 4, 0, 1, 1, 0, 4];
    let alike = net(x, dense(6, &data, &[]), Layer::Wrap(8), &[2]);
    assert_eq!(tables(&alike), [(0, 0), (0, 0)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn narrow_networks(seed: u64) {
        let network = Arc::new(narrow(seed));
        let check = |design, latency| {
            let bench = Bench::new(network.clone(), latency, seed ^ 1, 40);
            let mut dut = Interpreter::new(&design).unwrap_or_else(|e| panic!("{e}"));
            for cycle in 0..bench.cycles() {
                bench.clock(&mut dut, cycle);
                dut.step().unwrap_or_else(|e| panic!("{seed}, cycle {cycle}: {e}"));
            }
        };
        check(combinational(&network), 0);
        let (design, latency) = fastest(&network, |u| u);
        check(design, latency);
    }
}
