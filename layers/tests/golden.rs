//! Golden models against the definitions of the layers, and computed ranges against values.

#![allow(missing_docs)]

mod support;

use std::sync::Arc;

use gatewright_layers::Error;
use gatewright_layers::layer::{Combine, Dense, Form, Layer, Matrix, Pick, Requantise, Rounding, StepFunction, Steps};
use gatewright_layers::network::{Network, Range, TensorTy};
use gatewright_sim::rng::Rng;
use proptest::prelude::*;
use support::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn networks(size in 1..9_usize, seed: u64) {
        let net = network(seed, size);
        let mut rng = Rng::new(seed ^ 1);
        let samples = samples(&net, &mut rng, 40);
        let tensors = net.run(samples.len(), batches(&net, &samples)).unwrap();
        prop_assert_eq!(tensors.len(), net.tensors());
        for (s, sample) in samples.iter().enumerate() {
            for (t, wanted) in evaluate(&net, sample).iter().enumerate() {
                let ty = net.ty(t);
                let count = ty.ranges.len();
                let found: Vec<i128> = tensors[t][s * count..(s + 1) * count].iter().map(|&v| v.into()).collect();
                let node = t.checked_sub(net.inputs.len()).map(|n| &net.nodes[n]);
                prop_assert_eq!(&found, wanted, "tensor {}, sample {}: {:?}", t, s, node);
                for (v, r) in wanted.iter().zip(&ty.ranges) {
                    prop_assert!((r.lo.into()..=r.hi.into()).contains(v), "{} is not in {:?}: {:?}", v, r, node);
                }
            }
        }
    }

    /// The ends of a dense layer's ranges are the results of the worst inputs.
    #[test]
    fn dense_ranges_are_reached(cols in 1..9_usize, bits in 1..40_u32, seed: u64) {
        let mut rng = Rng::new(seed);
        let layer = dense(&mut rng, cols);
        let range = Range { lo: -(1 << bits) + 3, hi: (1 << bits) - 1 };
        let ty = TensorTy::uniform(vec![cols], range);
        let out = Layer::Dense(layer.clone()).output(&[&ty]).unwrap();
        for (row, r) in out.ranges.iter().enumerate() {
            for (greatest, end) in [(false, r.lo), (true, r.hi)] {
                let weights = &layer.weights.data[row * cols..][..cols];
                let x: Vec<i64> = weights.iter().map(|w| if (*w > 0) == greatest { range.hi } else { range.lo }).collect();
                let y = Layer::Dense(layer.clone()).golden(1, &[&x], &[&ty], &out);
                prop_assert_eq!(y[row], end);
            }
        }
    }

    /// Every value of a small range: the ends of the other layers' ranges are reached, too.
    #[test]
    fn elementwise_ranges_are_reached(lo in -70..70_i64, more in 0..90_i64, seed: u64) {
        let ty = TensorTy::uniform(vec![1], Range { lo, hi: lo + more });
        let mut net = Network { name: "n".into(), inputs: vec![("x".into(), ty)], ..Network::default() };
        let mut rng = Rng::new(seed);
        let layer = loop {
            let net = network(rng.bits(), 3);
            let of_one = |l: &Layer| matches!(l, Layer::Requantise(_) | Layer::Clip { .. } | Layer::Steps(_));
            if let Some(node) = net.nodes.iter().find(|n| of_one(&n.layer)) {
                break match node.layer.clone() {
                    Layer::Steps(s) => Layer::Steps(Steps { of: Arc::new(vec![0]), form: Form::Auto, ..s }),
                    other => other,
                };
            }
        };
        let y = net.push("l".into(), layer, vec![0]).unwrap();
        let x: Vec<i64> = (lo..=lo + more).collect();
        let found = net.run(x.len(), vec![Arc::new(x)]).unwrap()[y].clone();
        let ends = Range { lo: *found.iter().min().unwrap(), hi: *found.iter().max().unwrap() };
        prop_assert_eq!(ends, net.ty(y).ranges[0]);
    }

    /// The positions that the greatest can have, by trying all inputs of small ranges.
    #[test]
    fn positions_are_exact(ranges in prop::collection::vec((-3..4_i64, 0..4_i64), 1..5), k in 1..5_usize, last: bool) {
        let n = ranges.len();
        let ranges: Vec<Range> = ranges.into_iter().map(|(lo, more)| Range { lo, hi: lo + more }).collect();
        let ty = TensorTy { shape: vec![n], ranges: ranges.clone() };
        let layer = Layer::TopK { axis: 0, k: k.min(n), last };
        let out = layer.output(&[&ty]).unwrap();
        let mut all = vec![vec![]];
        for r in &ranges {
            all = all.into_iter().flat_map(|x| (r.lo..=r.hi).map(move |v| [x.clone(), vec![v]].concat())).collect();
        }
        let y = layer.golden(all.len(), &[&all.concat()], &[&ty], &out);
        for (rank, range) in out.ranges.iter().enumerate() {
            let found = || y.iter().skip(rank).step_by(out.ranges.len());
            prop_assert_eq!((found().min(), found().max()), (Some(&range.lo), Some(&range.hi)));
        }
    }
}

/// Many samples, which are computed in blocks.
#[test]
fn large_batches() {
    for seed in 0..30 {
        let net = network(seed, 6);
        let samples = samples(&net, &mut Rng::new(seed), 2500);
        let inputs = batches(&net, &samples);
        let all = net.run(samples.len(), inputs.clone()).unwrap();
        for (t, found) in all.iter().enumerate() {
            let wanted: Vec<i128> = samples.iter().flat_map(|x| evaluate(&net, x)[t].clone()).collect();
            assert!(found.iter().map(|&v| i128::from(v)).eq(wanted), "seed {seed}, tensor {t}");
        }
        // All tensors are outputs of these networks.
        assert_eq!(net.outputs(samples.len(), &inputs).unwrap(), all);
    }
}

/// Sums too large for one arithmetic are computed in the next: 24, 53 and 64 bits.
#[test]
fn dense_at_the_limits_of_arithmetic() {
    for bits in [21, 22, 23, 24, 25, 30, 50, 51, 52, 53, 54, 58] {
        let most = (1_i64 << bits) - 1;
        let ty = TensorTy::uniform(vec![3], Range { lo: -most, hi: most });
        let weights = Arc::new(Matrix { rows: 2, cols: 3, data: vec![3, 3, 1, -3, 2, 0] });
        let layer = Layer::Dense(Dense { weights, bias: vec![1, -1] });
        let out = layer.output(&[&ty]).unwrap();
        let x = [most, most, most, -most, most - 1, -most, most, 1 - most, 1];
        let wanted: Vec<i64> =
            x.chunks(3).flat_map(|x| [3 * x[0] + 3 * x[1] + x[2] + 1, -3 * x[0] + 2 * x[1] - 1]).collect();
        assert_eq!(layer.golden(3, &[&x], &[&ty], &out), wanted, "{bits} bits");
    }
    // Operands of zero weights may be as large as they like.
    let ty = TensorTy::uniform(vec![2], Range { lo: 0, hi: (1 << 62) - 1 });
    let small = TensorTy { ranges: vec![Range { lo: 0, hi: 3 }, ty.ranges[1]], ..ty };
    let weights = Arc::new(Matrix { rows: 1, cols: 2, data: vec![2, 0] });
    let layer = Layer::Dense(Dense { weights, bias: vec![] });
    let out = layer.output(&[&small]).unwrap();
    assert_eq!(out.ranges, [Range { lo: 0, hi: 6 }]);
    assert_eq!(layer.golden(1, &[&[3, (1 << 62) - 1]], &[&small], &out), [6]);
}

#[test]
fn wide_products_are_scaled_back() {
    let ty = TensorTy::uniform(vec![1], Range { lo: -(1 << 62), hi: (1 << 62) - 1 });
    for rounding in ROUNDINGS {
        let scale =
            Requantise { factor: 1 << 62, offset: 0, shift: 62, rounding, lo: i64::MIN >> 1, hi: i64::MAX >> 1 };
        let layer = Layer::Requantise(scale);
        let out = layer.output(&[&ty]).unwrap();
        assert_eq!(out, ty, "{rounding:?}");
        let x = [(1 << 62) - 1, -(1 << 62), 5];
        assert_eq!(layer.golden(3, &[&x], &[&ty], &out), x);
    }
}

/// The message where a layer does not fit operands of these shapes (elements in -8..=7).
fn refused(layer: Layer, shapes: &[&[usize]]) -> String {
    let types: Vec<TensorTy> = shapes.iter().map(|s| TensorTy::uniform(s.to_vec(), Range { lo: -8, hi: 7 })).collect();
    let inputs = types.into_iter().map(|ty| ("x".into(), ty)).collect();
    let mut net = Network { inputs, ..Network::default() };
    let operands = (0..shapes.len()).collect();
    net.push("fc1".into(), layer, operands).unwrap_err().to_string()
}

#[test]
fn what_does_not_fit_is_named() {
    let matrix = |rows, cols, n| Arc::new(Matrix { rows, cols, data: vec![1_i64 << 60; n] });
    let dense = |weights, bias| Layer::Dense(Dense { weights, bias });
    let one = |v: i64| Arc::new(vec![v]);
    let function = |steps: Vec<(i64, i64)>| StepFunction { first: 0, steps };
    let formed =
        |steps, of, form| Layer::Steps(Steps { functions: Arc::new(vec![function(steps)]), of: Arc::new(of), form });
    let steps = |steps, of| formed(steps, of, Form::Auto);
    let requantise = |shift, lo, hi| {
        Layer::Requantise(Requantise { factor: 1, offset: 0, shift, rounding: Rounding::Floor, lo, hi })
    };
    let pick = |shape, from| Layer::Pick(Pick { shape, from: Arc::new(from) });
    let cases = [
        (refused(dense(matrix(2, 3, 6), vec![]), &[&[4]]), "a matrix of 3 columns cannot take the last axis of [4]"),
        (refused(dense(matrix(2, 3, 6), vec![]), &[&[]]), "a matrix of 3 columns cannot take a single number"),
        (refused(dense(matrix(2, 3, 5), vec![]), &[&[3]]), "a matrix of 2 × 3 has 5 weights"),
        (refused(dense(matrix(2, 3, 6), vec![1]), &[&[3]]), "2 outputs have 1 biases"),
        (
            refused(dense(matrix(1, 1, 1), vec![]), &[&[1]]),
            "an element reaches -9223372036854775808..=8070450532247928832, which takes more than 63 bits",
        ),
        (refused(dense(matrix(1, 1, 1), vec![]), &[&[1], &[1]]), "a layer `dense` takes 1 operands, and 2 are given"),
        (refused(steps(vec![(3, 1), (3, 2)], vec![0]), &[&[2]]), "a step at 3 follows one at 3"),
        (refused(steps(vec![], vec![0, 0, 0]), &[&[2]]), "2 elements have 3 step functions"),
        (refused(steps(vec![], vec![0, 1]), &[&[2]]), "an element has step function 1, and there are 1"),
        (
            refused(steps(vec![(0, i64::MAX)], vec![0]), &[&[2]]),
            "an element reaches 0..=9223372036854775807, which takes more than 63 bits",
        ),
        (
            refused(formed(vec![(-3, 1), (0, 2), (1, 3), (4, 4)], vec![0], Form::Multiplier), &[&[2]]),
            "no multiplier and shift of up to 30 bits equals its function on -8..=7",
        ),
        (refused(requantise(127, 0, 1), &[&[2]]), "127 fraction bits are more than 126"),
        (refused(requantise(1, 2, 1), &[&[2]]), "its least value 2 is above its greatest, 1"),
        (refused(Layer::Clip { lo: Some(2), hi: Some(1) }, &[&[2]]), "its least value 2 is above its greatest, 1"),
        (
            refused(Layer::Combine(Combine { factors: vec![one(1)], offset: one(0) }), &[&[2], &[2]]),
            "2 operands have 1 lists of factors",
        ),
        (
            refused(Layer::Combine(Combine { factors: vec![one(1), one(1)], offset: one(0) }), &[&[2], &[1, 2]]),
            "its operands have the shapes [2] and [1, 2]",
        ),
        (refused(Layer::Mul, &[&[2]]), "a layer `mul` takes 2 operands, and 1 are given"),
        (refused(pick(vec![1], vec![(0, 2)]), &[&[2]]), "it picks element 2 of operand 0, which has 2 elements"),
        (refused(pick(vec![1], vec![(1, 0)]), &[&[2]]), "it picks element 0 of operand 1, which is not there"),
        (refused(pick(vec![2], vec![(0, 0)]), &[&[2]]), "a tensor of shape [2] has 1 ranges"),
        (refused(Layer::Sum(vec![1]), &[&[2]]), "the shape [2] has no axis 1"),
        (refused(Layer::Sum(vec![1, 0]), &[&[2, 2]]), "the axes [1, 0] do not ascend"),
        (refused(Layer::Max(0), &[&[0]]), "the greatest of no elements"),
        (refused(Layer::TopK { axis: 0, k: 3, last: false }, &[&[2]]), "the 3 greatest of 2 elements"),
    ];
    for (found, wanted) in cases {
        assert_eq!(found, format!("layer `fc1`: {wanted}"));
    }
    let error = Network::default().push("a".into(), Layer::Mul, vec![0, 1]).unwrap_err();
    assert_eq!(error.to_string(), "layer `a`: there is no tensor 0 yet");
}

#[test]
fn tables_have_a_limit() {
    let ty = |hi| TensorTy::uniform(vec![1], Range { lo: 0, hi });
    let functions = Arc::new(vec![StepFunction { first: 0, steps: vec![(3, 1)] }]);
    let layer = Layer::Steps(Steps { functions, of: Arc::new(vec![0]), form: Form::Table });
    assert!(layer.output(&[&ty(65535)]).is_ok());
    let wanted = "an operand of 17 bits is too wide for a table, which takes 16";
    assert!(layer.output(&[&ty(65536)]).unwrap_err().to_string().ends_with(wanted));
    // A constant needs none.
    assert!(layer.output(&[&TensorTy::uniform(vec![1], Range { lo: 3, hi: 1 << 40 })]).is_ok());
}

#[test]
fn inputs_are_checked() {
    let ty = TensorTy::uniform(vec![2], Range { lo: 0, hi: 3 });
    let net = Network { inputs: vec![("x".into(), ty)], ..Network::default() };
    let run = |samples, values: Vec<i64>| net.run(samples, vec![Arc::new(values)]);
    assert!(run(2, vec![0, 1, 2, 3]).is_ok());
    assert_eq!(run(2, vec![0]).unwrap_err(), Error::Elements { input: "x".into(), wanted: 4, found: 1 });
    let out = run(2, vec![0, 1, 2, 4]).unwrap_err();
    assert_eq!(out.to_string(), "input `x`, sample 1, element 1: 4 is outside of 0..=3");
    assert_eq!(net.run(1, vec![]).unwrap_err(), Error::Inputs { wanted: 1, found: 0 });
}

#[test]
fn a_network_from_a_file_is_checked() {
    let good = network(5, 6);
    assert!(!good.nodes.is_empty());
    let mut wrong = good.clone();
    wrong.nodes[0].ty.ranges[0].hi += 1;
    assert!(wrong.check().unwrap_err().to_string().ends_with("its type is not the one that it computes"));
    let mut wrong = good.clone();
    wrong.nodes[0].inputs[0] = 99;
    assert!(wrong.check().unwrap_err().to_string().ends_with("it reads tensor 99, which comes later"));
    let mut wrong = good.clone();
    wrong.outputs.push(("z".into(), 99));
    assert_eq!(wrong.check().unwrap_err().to_string(), "layer `z`: there is no tensor 99 for this output");
    let mut wrong = good;
    wrong.inputs[0].1.shape = vec![usize::MAX, 2];
    assert!(wrong.check().is_err());
}
