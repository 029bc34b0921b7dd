//! Small models, each with one operator or quirk: the evaluation of what was imported agrees with what onnxruntime, the
//! qonnx package or exact fractions gave. `make/cases.py` makes them.

mod support;

use std::path::Path;

use gatewright_compiler::eval;
use gatewright_compiler::graph::{Graph, Op, Operand, Rounding, Tensor, Unary};
use gatewright_compiler::import::onnx;
use ndarray::{ArrayD, IxDyn};
use ndarray_npy::NpzReader;
use support::rows;

/// Arrays `in0, in1, ..` or `out0, out1, ..`, as samples of all of them.
fn samples(path: &Path, prefix: &str) -> Vec<Vec<Tensor>> {
    let file = std::fs::File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut arrays = NpzReader::new(file).expect("an npz file");
    let names = arrays.names().expect("names");
    let mut columns = Vec::new();
    while names.iter().any(|n| n.trim_end_matches(".npy") == format!("{prefix}{}", columns.len())) {
        let array: ArrayD<f64> = arrays
            .by_name::<ndarray::OwnedRepr<f64>, IxDyn>(&format!("{prefix}{}", columns.len()))
            .expect("an array of float64");
        columns.push(rows(&array));
    }
    (0..columns[0].len()).map(|k| columns.iter().map(|column| column[k].clone()).collect()).collect()
}

/// What differs in one case.
fn check(model: &Path) -> Result<(), String> {
    let name = model.file_stem().expect("a name").to_string_lossy().into_owned();
    let graph = onnx::read(model).map_err(|e| e.to_string())?;
    let arrays = model.with_extension("npz");
    let (inputs, expected) = (samples(&arrays, "in"), samples(&arrays, "out"));
    for (k, (input, expected)) in inputs.iter().zip(&expected).enumerate() {
        let found = eval::outputs(&graph, input).map_err(|e| e.to_string())?;
        if found.len() != expected.len() {
            return Err(format!("{} outputs and not {}", found.len(), expected.len()));
        }
        for (output, (found, expected)) in found.iter().zip(expected).enumerate() {
            if found.data.len() != expected.data.len() {
                return Err(format!("output {output} has the shape {:?}, not {:?}", found.shape, expected.shape));
            }
            for (element, (&x, &y)) in found.data.iter().zip(&expected.data).enumerate() {
                let tolerance = if name.starts_with("exact_") { 0.0 } else { 1e-5 * y.abs().max(1.0) };
                if (x - y).abs() > tolerance || x.is_nan() {
                    return Err(format!("sample {k}, output {output}, element {element}: {x}, and {y} is right"));
                }
            }
        }
    }
    Ok(())
}

#[test]
fn cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx");
    let files = std::fs::read_dir(folder).expect("the folder of cases").map(|f| f.expect("an entry").path());
    let mut models: Vec<_> = files.filter(|p| p.extension().is_some_and(|e| e == "onnx")).collect();
    models.sort();
    assert!(models.len() > 200, "{} cases", models.len());
    let failures: Vec<String> = models
        .iter()
        .filter_map(|m| check(m).err().map(|e| format!("{}: {e}", m.file_stem().expect("a name").display())))
        .collect();
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), models.len(), failures.join("\n"));
}

fn graph(name: &str) -> Graph {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx").join(name).with_extension("onnx");
    onnx::read(&path).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The operators in order, without their parameters.
fn operators(graph: &Graph) -> Vec<String> {
    let word = |op: &Op| format!("{op:?}").split(['(', ' ']).next().unwrap_or_default().to_owned();
    graph.nodes.iter().map(|n| word(&n.op)).collect()
}

/// The constant operands of a node, which are scalars.
fn scalars(graph: &Graph, node: usize) -> Vec<f64> {
    let constant = |operand: &Operand| match operand {
        Operand::Const(tensor) => tensor.as_scalar(),
        Operand::Value(_) => None,
    };
    graph.nodes[node].inputs.iter().filter_map(constant).collect()
}

#[test]
fn a_pair_of_quantisers_is_one() {
    let pair = graph("qdq_no_zero");
    let rounding = Rounding::HalfEven;
    assert_eq!(pair.nodes.len(), 1);
    assert_eq!(pair.nodes[0].op, Op::Quant { signed: false, narrow: false, rounding });
    assert_eq!(scalars(&pair, 0), [f64::from(0.01f32), 0.0, 8.0]);
    // Scales that differ stay apart.
    assert_eq!(operators(&graph("qdq_other_scale")), ["Quant", "Div", "Add", "Sub", "Mul"]);
    // A clip in between is one of fewer bits, where there is such a number.
    for (name, signed, narrow, zero_point) in [
        ("signed", true, false, 0.0),
        ("narrow", true, true, 0.0),
        ("unsigned", false, false, 0.0),
        ("zero_point", false, false, 6.0),
    ] {
        let clipped = graph(&format!("qcdq_{name}"));
        assert_eq!(clipped.nodes.len(), 1, "{name}: {:?}", operators(&clipped));
        assert_eq!(clipped.nodes[0].op, Op::Quant { signed, narrow, rounding }, "{name}");
        assert_eq!(scalars(&clipped, 0), [0.25, zero_point, 4.0], "{name}");
    }
    assert_eq!(operators(&graph("qcdq_other")), ["Quant", "Div", "Unary", "Mul"]);
}

#[test]
fn operators_become_few() {
    assert_eq!(operators(&graph("gemm")), ["MatMul", "Add"]);
    assert_eq!(operators(&graph("gemm_no_c")), ["MatMul", "Mul"]);
    assert_eq!(operators(&graph("batchnorm_4")), ["Mul", "Add"]);
    assert_eq!(operators(&graph("dropout_13")), ["Unary"]);
    assert_eq!(operators(&graph("cast_double")), ["Pick"]);
    assert_eq!(operators(&graph("shape_chain")), ["Pick"]);
    assert_eq!(operators(&graph("qlinear_matmul")), ["Quant", "MatMul", "Quant"]);
}

#[test]
fn names_are_those_of_the_file() {
    let several = graph("several");
    let names = |ids: &[gatewright_compiler::graph::ValueId]| -> Vec<&str> {
        ids.iter().map(|id| several.values[id.0].name.as_str()).collect()
    };
    assert_eq!(names(&several.inputs), ["a", "b"]);
    assert_eq!(names(&several.outputs), ["z", "y", "k"]);
    let kinds: Vec<&str> = several.nodes.iter().map(|n| n.kind.as_str()).collect();
    assert_eq!(kinds, ["MatMul", "Add", "Relu", "Sigmoid", "ArgMax"]);
    let of_one = graph("two_outputs_of_one");
    let outputs: Vec<&str> = of_one.outputs.iter().map(|id| of_one.values[id.0].name.as_str()).collect();
    assert_eq!(outputs, ["r", "y", "z"]);
    let composed = graph("gemm_no_c");
    assert_eq!(composed.values[composed.outputs[0].0].name, "y");
    assert!(composed.nodes.iter().all(|n| n.name == "y" && n.kind == "Gemm"));
    assert_eq!(graph("clip_11").nodes[0].op, Op::Unary(Unary::Clip(-0.5, 1.5)));
}
