//! The real models on integers: the golden model gives the stored outputs for every stored input.

mod support;

use gatewright_compiler::import::onnx;
use gatewright_compiler::streamline::{Model, Options, streamline};
use gatewright_layers::layer::Layer;

use support::{array, decision, models, rows};

/// Accuracy as the models' READMEs give it, where there are labels.
struct Case {
    name: &'static str,
    input_type: Option<&'static str>,
    accuracy: Option<f64>,
    /// Values within 1/10000 of a step of a rounding boundary, over all samples, as `make/near_ties.py` counts
    /// them in float64.
    near_ties: u64,
}

fn compiled(case: &Case) -> Option<Model> {
    let folder = models()?.join(case.name);
    let graph = onnx::read(&folder.join("model.onnx")).unwrap_or_else(|e| panic!("{e}"));
    let input_types = case.input_type.map(|t| vec![t.parse().unwrap()]).unwrap_or_default();
    Some(
        streamline(&graph, &Options { input_types, ..Options::default() })
            .unwrap_or_else(|e| panic!("{}: {e}", case.name)),
    )
}

fn check(case: &Case) {
    let Some(model) = compiled(case) else { return };
    let folder = models().unwrap().join(case.name);
    let inputs: Vec<Vec<_>> = rows(&array(&folder.join("inputs.npy"))).into_iter().map(|x| vec![x]).collect();
    let expected = rows(&array(&folder.join("outputs.npy")));
    let found = model.golden(&inputs).unwrap_or_else(|e| panic!("{}: {e}", case.name));
    assert_eq!(found.len(), expected.len());
    let all: Vec<f64> = expected.iter().flat_map(|t| t.data.iter().copied()).collect();
    let span = all.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    for (sample, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let found = &found[0].data;
        for (e, (a, b)) in found.iter().zip(&expected.data).enumerate() {
            assert!((a - b).abs() <= 1e-5 * span, "{}: sample {sample}, output {e}: {a} and not {b}", case.name);
        }
        assert_eq!(decision(found), decision(&expected.data), "{}: sample {sample}", case.name);
    }
    let (_, seen) = model.see(&inputs, &model.integers(&inputs).unwrap()).unwrap();
    assert_eq!(seen.values_near_ties(), case.near_ties, "{}: {:?}", case.name, seen.near_ties);
    if let Some(accuracy) = case.accuracy {
        let labels = array(&folder.join("labels.npy"));
        let right = found.iter().zip(labels.iter()).filter(|(f, l)| decision(&f[0].data) as f64 == **l).count();
        assert_eq!(right as f64 / found.len() as f64, accuracy, "{}", case.name);
    }
}

const CASES: [Case; 5] = [
    Case { name: "digits_mlp_w4a4", input_type: None, accuracy: Some(0.98), near_ties: 1 },
    Case { name: "tfc_1w1a", input_type: None, accuracy: Some(0.922), near_ties: 0 },
    Case { name: "tfc_2w2a", input_type: None, accuracy: Some(0.976), near_ties: 0 },
    Case { name: "jet_tagging_qkeras", input_type: Some("fixed<14,4>"), accuracy: None, near_ties: 970 },
    Case { name: "jets_deepsets_w6a6", input_type: None, accuracy: Some(0.678), near_ties: 29 },
];

#[test]
fn golden_is_the_reference() {
    CASES.iter().for_each(check);
}

#[test]
fn networks_are_as_small_as_the_models() {
    for case in &CASES {
        let Some(model) = compiled(case) else { return };
        for node in &model.network.nodes {
            if let Layer::Dense(dense) = &node.layer {
                let greatest = dense.weights.data.iter().map(|w| w.unsigned_abs()).max().unwrap_or(0);
                // The weights' own bits: 1, 2, 4 or 6.
                assert!(greatest <= 32, "{}: {} has weights of up to {greatest}", case.name, node.name);
            }
        }
    }
}

#[test]
fn decisions_in_hardware_are_those_of_the_reference() {
    for case in &CASES {
        let Some(folder) = models().map(|m| m.join(case.name)) else { return };
        let graph = onnx::read(&folder.join("model.onnx")).unwrap_or_else(|e| panic!("{e}"));
        let input_types = case.input_type.map(|t| vec![t.parse().unwrap()]).unwrap_or_default();
        let options = Options { input_types, decision: true, ..Options::default() };
        let model = streamline(&graph, &options).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        let [(_, decided)] = &model.network.outputs[..] else { panic!("{}: one output", case.name) };
        let classes = rows(&array(&folder.join("outputs.npy")))[0].data.len() as i64;
        let range = model.network.ty(*decided).ranges[..].to_vec();
        assert!(range.len() == 1 && range[0].lo >= 0 && range[0].hi < classes, "{}: {range:?}", case.name);
        let inputs: Vec<Vec<_>> = rows(&array(&folder.join("inputs.npy"))).into_iter().map(|x| vec![x]).collect();
        let found = model.golden(&inputs).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        for (sample, (found, expected)) in found.iter().zip(rows(&array(&folder.join("outputs.npy")))).enumerate() {
            assert_eq!(found[0].data, [decision(&expected.data) as f64], "{}: sample {sample}", case.name);
        }
    }
}

#[test]
fn a_softmax_in_hardware_is_within_its_bound_of_the_reference() {
    let case = CASES.iter().find(|c| c.name == "jet_tagging_qkeras").unwrap();
    let Some(folder) = models().map(|m| m.join(case.name)) else { return };
    let graph = onnx::read(&folder.join("model.onnx")).unwrap_or_else(|e| panic!("{e}"));
    let input_types = case.input_type.map(|t| vec![t.parse().unwrap()]).unwrap_or_default();
    let inputs: Vec<Vec<_>> = rows(&array(&folder.join("inputs.npy"))).into_iter().map(|x| vec![x]).collect();
    let expected = rows(&array(&folder.join("outputs.npy")));
    for bits in [4, 8, 12] {
        let options = Options { input_types: input_types.clone(), softmax_bits: Some(bits), ..Options::default() };
        let model = streamline(&graph, &options).unwrap_or_else(|e| panic!("{e}"));
        let bound = (-f64::from(bits)).exp2();
        let found = model.golden(&inputs).unwrap_or_else(|e| panic!("{e}"));
        // The softmax has roundings, and no quantiser of the model.
        let (_, seen) = model.see(&inputs, &model.integers(&inputs).unwrap()).unwrap();
        assert_eq!(seen.values_near_ties(), case.near_ties);
        for (sample, (found, expected)) in found.iter().zip(&expected).enumerate() {
            for (a, b) in found[0].data.iter().zip(&expected.data) {
                assert!((a - b).abs() <= bound + 1e-6, "{bits} bits, sample {sample}: {a} and not {b}");
            }
        }
    }
}
