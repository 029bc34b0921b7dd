//! Softmax on integers against its definition in float64.

#![allow(missing_docs)]

use std::sync::Arc;

use gatewright_compiler::graph::{Graph, Node, Op, Operand, Rounding, Tensor, ValueId, ValueInfo};
use gatewright_compiler::streamline::{Options, SOFTMAX_BITS, streamline};
use proptest::prelude::*;

fn constant(data: &[f64]) -> Operand {
    let shape = if data.len() == 1 { vec![] } else { vec![data.len()] };
    Operand::Const(Arc::new(Tensor { shape, data: data.to_vec() }))
}

/// `softmax(quantised x * scales + offsets)` over the last axis of `lines × classes`.
fn graph(shape: &[usize], step: f64, bits: u32, scales: &[f64], offsets: &[f64]) -> Graph {
    let shape = [&[1], shape].concat();
    let values = ["x", "q", "scaled", "logits", "p"].map(|name| ValueInfo { name: name.into(), shape: shape.clone() });
    let node = |name: &str, op: Op, inputs: Vec<Operand>, output: usize| Node {
        name: name.into(),
        kind: name.into(),
        op,
        inputs,
        output: ValueId(output),
    };
    let value = |k: usize| Operand::Value(ValueId(k));
    let quant = Op::Quant { signed: true, narrow: false, rounding: Rounding::HalfEven };
    let parameters = vec![value(0), constant(&[step]), constant(&[0.0]), constant(&[f64::from(bits)])];
    Graph {
        name: "g".into(),
        values: values.to_vec(),
        inputs: vec![ValueId(0)],
        outputs: vec![ValueId(4)],
        nodes: vec![
            node("quant", quant, parameters, 1),
            node("mul", Op::Mul, vec![value(1), constant(scales)], 2),
            node("add", Op::Add, vec![value(2), constant(offsets)], 3),
            node("softmax", Op::Softmax { axis: shape.len() - 1 }, vec![value(3)], 4),
        ],
    }
}

fn defined(logits: &[f64]) -> Vec<f64> {
    // The differences first, as large logits have no powers.
    let part = |x: f64| 1.0 / logits.iter().map(|other| (other - x).exp()).sum::<f64>();
    logits.iter().map(|x| part(*x)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Fine and coarse grids, scales and biases off every grid, one line and several.
    #[test]
    fn probabilities_are_within_their_last_place(
        classes in 2..12usize, lines in 1..3usize, bits in SOFTMAX_BITS, width in 2..14u32,
        step in prop_oneof![Just(1.0), Just(0.25), 0.0005..2.0f64], own_scales: bool,
        seeds in proptest::collection::vec((0.2..1.5f64, -3.0..3.0f64), 12),
        samples in proptest::collection::vec(proptest::collection::vec(-1.0..1.0f64, 24), 30),
    ) {
        let scales: Vec<f64> =
            (0..classes).map(|k| if own_scales { seeds[k].0 } else { seeds[0].0 }).collect();
        let offsets: Vec<f64> = (0..classes).map(|k| f64::from(seeds[k].1 as f32)).collect();
        let graph = graph(&[lines, classes], step, width, &scales, &offsets);
        let options = Options { softmax_bits: Some(bits), ..Options::default() };
        let model = streamline(&graph, &options);
        // Factors for each class can be too wide for many bits of probabilities.
        let model = match model {
            Err(e) if own_scales && e.problem.contains("common grid") => return Ok(()),
            model => model.unwrap_or_else(|e| panic!("{e}")),
        };
        let bound = (-f64::from(bits)).exp2();
        prop_assert_eq!(&model.bounds, &vec![bound]);
        let half = f64::from(1u32 << (width - 1));
        for (s, sample) in samples.iter().enumerate() {
            // Ends, near equals, and anything.
            let integers: Vec<f64> = sample[..lines * classes].iter().map(|x| match s {
                0 => -half,
                1 => half - 1.0,
                2 => if *x < 0.0 { -half } else { half - 1.0 },
                3 => (x * 2.0).round().clamp(-half, half - 1.0),
                _ => (x * half).floor(),
            }).collect();
            let input = Tensor { shape: vec![1, lines, classes], data: integers.iter().map(|n| n * step).collect() };
            let found = model.golden(&[vec![input]]).unwrap().remove(0).remove(0);
            for (line, found) in integers.chunks(classes).zip(found.data.chunks(classes)) {
                let logits: Vec<f64> = line.iter().enumerate().map(|(k, n)| n * step * scales[k] + offsets[k]).collect();
                for (found, wanted) in found.iter().zip(defined(&logits)) {
                    let off = (found - wanted).abs();
                    prop_assert!(off <= bound + 1e-12, "{} and not {}: {} of {}", found, wanted, off, bound);
                }
            }
        }
    }
}

#[test]
fn many_classes_and_many_bits() {
    for (classes, bits, step) in [(100, 12, 1.0 / 256.0), (2, 12, 0.001), (128, 8, 0.5), (1000, 6, 0.03125)] {
        let offsets: Vec<f64> = (0..classes).map(|k| f64::from((k as f32 * 0.37).sin())).collect();
        let graph = graph(&[classes], step, 10, &[1.0], &offsets);
        let options = Options { softmax_bits: Some(bits), ..Options::default() };
        let model = streamline(&graph, &options).unwrap_or_else(|e| panic!("{e}"));
        let bound = (-f64::from(bits)).exp2();
        for spread in [0.0, 1.0, 40.0, 511.0] {
            let x: Vec<f64> = (0..classes).map(|k| ((k as f64 * 7.7).cos() * spread).round() * step).collect();
            let logits: Vec<f64> = x.iter().zip(&offsets).map(|(x, o)| x + o).collect();
            let input = Tensor { shape: vec![1, classes], data: x };
            let found = model.golden(&[vec![input]]).unwrap().remove(0).remove(0);
            for (found, wanted) in found.data.iter().zip(defined(&logits)) {
                assert!((found - wanted).abs() <= bound, "{classes} classes: {found} and not {wanted}");
            }
        }
    }
}

#[test]
fn what_has_no_softmax_in_hardware_is_refused() {
    let wanted = |graph: &Graph, bits| {
        let options = Options { softmax_bits: Some(bits), ..Options::default() };
        streamline(graph, &options).unwrap_err().to_string()
    };
    let mut none = graph(&[4], 0.5, 4, &[1.0], &[0.0]);
    none.nodes.pop();
    none.outputs = vec![ValueId(3)];
    let said = wanted(&none, 8);
    assert!(said.contains("node `logits` (output): no softmax stands there"), "{said}");
    let said = wanted(&graph(&[1], 0.5, 4, &[1.0], &[0.0]), 8);
    assert!(said.contains("node `softmax`") && said.contains("one class"), "{said}");
    let mut read = graph(&[4], 0.5, 4, &[1.0], &[0.0]);
    let of = read.nodes[3].clone();
    let op = Op::ArgMax { axis: 1, keep: false, last: false };
    read.nodes.push(Node {
        name: "best".into(),
        op,
        inputs: vec![Operand::Value(ValueId(4))],
        output: ValueId(5),
        ..of
    });
    read.values.push(ValueInfo { name: "best".into(), shape: vec![1] });
    read.outputs.push(ValueId(5));
    let said = wanted(&read, 8);
    assert!(said.contains("node `best` would read"), "{said}");
    let said = wanted(&graph(&[4], 0.5, 4, &[1.0], &[0.0]), 13);
    assert!(said.contains("13 bits") && said.contains("2 to 12"), "{said}");
    // Steps of no practical size, fine and coarse.
    let said = wanted(&graph(&[4], 1e-30, 4, &[1.0], &[0.25]), 8);
    assert!(said.contains("node `softmax`") && said.contains("steps of 1.0e-30"), "{said}");
    assert!(
        streamline(&graph(&[4], 1e30, 4, &[1.0], &[0.0]), &Options { softmax_bits: Some(8), ..Options::default() })
            .is_ok()
    );
    let said = wanted(&graph(&[5000], 0.5, 4, &[1.0], &[0.0]), 12);
    assert!(said.contains("node `softmax`") && said.contains("fewer bits"), "{said}");
}
