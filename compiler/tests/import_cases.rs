//! Small models, each with one operator or quirk: the evaluation of what was imported agrees with what onnxruntime, the
//! qonnx package or exact fractions gave. `make/cases.py` makes them.

mod support;

use std::path::Path;

use gatewright_compiler::eval;
use gatewright_compiler::graph::Tensor;
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
