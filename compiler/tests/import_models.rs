//! The models of `shared/models`: each is imported, and its evaluation in float64 agrees with the stored outputs on every
//! stored vector; models that are not supported yet are refused with all that is not.

mod support;

use std::collections::BTreeSet;

use gatewright_compiler::eval;
use gatewright_compiler::graph::{Graph, Op};
use gatewright_compiler::import::{Place, onnx};
use support::{array, decision, models, rows};

/// Evaluates all vectors: the largest difference, and how many decisions differ.
fn compare(name: &str) -> Option<(Graph, f64, usize)> {
    let folder = models()?.join(name);
    let start = std::time::Instant::now();
    let graph = onnx::read(&folder.join("model.onnx")).unwrap_or_else(|e| panic!("{name}: {e}"));
    println!("{name}: imported in {:?}, {} nodes", start.elapsed(), graph.nodes.len());
    let inputs = rows(&array(&folder.join("inputs.npy")));
    let expected = rows(&array(&folder.join("outputs.npy")));
    assert_eq!(inputs.len(), expected.len());
    let (mut worst, mut decisions) = (0f64, 0);
    for (input, expected) in inputs.iter().zip(&expected) {
        let found = eval::outputs(&graph, std::slice::from_ref(input)).expect("the graph evaluates");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].data.len(), expected.data.len());
        for (a, b) in found[0].data.iter().zip(&expected.data) {
            worst = worst.max((a - b).abs());
        }
        decisions += usize::from(decision(&found[0].data) != decision(&expected.data));
    }
    println!("{name}: {} vectors, largest difference {worst:.2e}, {decisions} other decisions", inputs.len());
    Some((graph, worst, decisions))
}

fn agrees(name: &str) {
    let Some((graph, worst, decisions)) = compare(name) else { return };
    assert!(worst < 2e-5, "{worst}");
    assert_eq!(decisions, 0);
    // Weights are constants, and no node of shapes is left.
    assert!(graph.nodes.iter().all(|n| !matches!(n.kind.as_str(), "Shape" | "Gather" | "Concat")));
    assert!(graph.nodes.iter().any(|n| n.op == Op::MatMul));
}

#[test]
fn digits_mlp_w4a4() {
    agrees("digits_mlp_w4a4");
}

#[test]
fn digits_mlp_float() {
    agrees("digits_mlp_float");
}

#[test]
fn tfc_1w1a() {
    agrees("tfc_1w1a");
}

#[test]
fn tfc_2w2a() {
    agrees("tfc_2w2a");
}

#[test]
fn jet_tagging_qkeras() {
    agrees("jet_tagging_qkeras");
}

#[test]
fn jets_deepsets_w6a6() {
    agrees("jets_deepsets_w6a6");
}

/// The operators that a model is refused for.
fn refused(name: &str) -> Option<BTreeSet<String>> {
    let path = models()?.join(name).join("model.onnx");
    let error = onnx::read(&path).expect_err("it is not supported yet");
    println!("{error}");
    assert!(error.problems.iter().all(|p| p.instead.is_some() && p.what.contains("not supported")), "{error}");
    let operator = |place: &Place| match place {
        Place::Node { operator, .. } => operator.clone(),
        other => panic!("{other:?}"),
    };
    Some(error.problems.iter().map(|p| operator(&p.place)).collect())
}

#[test]
fn what_is_not_supported_is_named_at_once() {
    for (name, operators) in [
        ("digits_cnn_w4a4_pow2", &["Conv", "MaxPool"][..]),
        ("mnist_resnet_w4a4", &["Conv", "MaxPool"]),
        ("ecg_cnn1d_w6a6_pow2", &["Conv", "MaxPool"]),
        ("vowels_lstm_float", &["LSTM"]),
        ("sk_iris_decision_tree", &["ai.onnx.ml.TreeEnsembleClassifier"]),
        ("sk_digits_random_forest", &["ai.onnx.ml.TreeEnsembleClassifier"]),
    ] {
        let Some(found) = refused(name) else { return };
        assert!(operators.iter().all(|o| found.contains(*o)), "{name}: {found:?}");
        println!("{name}: {found:?}");
    }
}
