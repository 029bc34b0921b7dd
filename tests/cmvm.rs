//! `gatewright cmvm`: its JSON computes the matrix, in as many bits and as deep as it says; and wrong input.

use std::collections::BTreeMap;
use std::path::Path;

use ndarray::{Array2, ArrayD, array};
use serde_json::Value;

#[allow(dead_code)]
mod common;
use common::{folder, says, shared};

fn saved<T: ndarray_npy::WritableElement, D: ndarray::Dimension>(name: &str, matrix: &ndarray::Array<T, D>) -> String {
    let dir = folder(&format!("cmvm_{name}"));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("matrix.npy");
    ndarray_npy::write_npy(&path, matrix).unwrap();
    path.to_string_lossy().into_owned()
}

/// A value of the graph as a linear form, and the adders before it.
type Form = (BTreeMap<usize, i64>, u64);

fn scaled(form: &Form, shift: &Value, negative: bool) -> BTreeMap<usize, i64> {
    let factor = 1 << shift.as_u64().unwrap();
    form.0.iter().map(|(i, c)| (*i, if negative { -c * factor } else { c * factor })).collect()
}

/// The matrix that a graph computes, and its depth.
fn computed(graph: &Value, inputs: usize) -> (Array2<i64>, u64) {
    let mut forms: Vec<Form> = (0..inputs).map(|i| (BTreeMap::from([(i, 1)]), 0)).collect();
    let at = |v: &Value| v.as_u64().unwrap() as usize;
    for node in graph["nodes"].as_array().unwrap() {
        let (a, b) = (&forms[at(&node["a"])], &forms[at(&node["b"])]);
        let mut sum = scaled(a, &node["sa"], false);
        for (input, c) in scaled(b, &node["sb"], node["sub"].as_bool().unwrap()) {
            *sum.entry(input).or_insert(0) += c;
        }
        let depth = 1 + a.1.max(b.1);
        forms.push((sum, depth));
    }
    let outputs = graph["outputs"].as_array().unwrap();
    let (mut matrix, mut deepest) = (Array2::zeros((inputs, outputs.len())), 0);
    for (o, output) in outputs.iter().enumerate().filter(|o| !o.1.is_null()) {
        let (form, negative) = (&forms[at(&output["node"])], output["neg"].as_bool().unwrap());
        deepest = deepest.max(form.1 + u64::from(negative));
        scaled(form, &output["shift"], negative).into_iter().for_each(|(i, c)| matrix[[i, o]] = c);
    }
    (matrix, deepest)
}

fn solved(file: &str, more: &[&str]) -> (Value, String) {
    let json = Path::new(file).with_extension("json").to_string_lossy().into_owned();
    let said = says(&[&["cmvm", file, "--json", &json], more].concat(), 0);
    (serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap(), said)
}

#[test]
fn the_graph_computes_the_matrix() {
    let matrix =
        Array2::from_shape_fn((9, 5), |(i, o)| (i as i64 * 37 + o as i64 * 91 + (i * o) as i64 * 13) % 255 - 127);
    let file = saved("whole", &matrix);
    for more in [
        &["--depth", "6"][..],
        &["--effort", "thorough"],
        &["--seconds", "0.05", "--seed", "3"],
        &["--input-bits", "12"],
        &["--delay", "9", "--device", "lut4"],
    ] {
        let (graph, said) = solved(&file, more);
        let (found, depth) = computed(&graph, 9);
        assert_eq!(found, matrix, "{more:?}");
        assert!(said.starts_with("9 inputs, 5 outputs: "), "{said}");
        assert!(said.contains(&format!(", depth {depth}, ")), "{said}");
        let half = if more[0] == "--input-bits" { 2048 } else { 128 };
        assert_eq!(graph["inputs"][8], serde_json::json!([-half, half - 1]));
        assert!(more[0] != "--depth" || depth <= 6);
        let ns: f64 = said.split(", about ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!(ns > 0.0 && (more[0] != "--delay" || ns <= 9.0), "{said}");
    }
    // The same again is the same.
    assert_eq!(solved(&file, &[]).0, solved(&file, &[]).0);
}

#[test]
fn real_matrices_take_no_more_than_the_peers() {
    let Some(shared) = shared("cmvm/matrices") else { return };
    // The peers' best within the depth: bits.
    for (name, depth, peer) in
        [("rand_n8_w8_s0", 5, 1247), ("rand_n16_w6_s0", 6, 3374), ("sparse75_n32_w8_s0", 5, 5758)]
    {
        let matrix: ArrayD<i32> = ndarray_npy::read_npy(shared.join(format!("{name}.npy"))).unwrap();
        let matrix = matrix.into_dimensionality::<ndarray::Ix2>().unwrap().mapv(i64::from);
        let (graph, said) = solved(&saved(name, &matrix), &["--depth", &depth.to_string()]);
        let (found, deep) = computed(&graph, matrix.nrows());
        assert!(found == matrix && deep <= depth, "{name}");
        let bits: u64 = said.split(" adders of ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!(bits <= peer, "{name}: {bits}");
    }
}

#[test]
fn wrong_input_is_said() {
    let file = saved("good", &array![[3_i64, 5], [7, -1]]);
    let file = file.as_str();
    for (args, code, words) in [
        (vec!["nothing.npy"], 2, "`nothing.npy`: cannot be read"),
        (vec![&saved("floats", &array![[0.5_f64]])], 2, "no integers"),
        (vec![&saved("row", &array![1_i32, 2])], 2, "its shape is [2]"),
        (vec![&saved("empty", &Array2::<i64>::zeros((0, 3)))], 2, "it is empty"),
        (vec![file, "--depth", "1"], 1, "output 0 takes at least 2 adders in a row"),
        (vec![file, "--delay", "0.7"], 1, "no additions were found that are as fast as that; allow --delay "),
        (vec![file, "--delay=-1"], 2, "is no time"),
        (vec![file, "--delay", "7", "--device", "lut5"], 2, "[possible values: lut6, "),
        (vec![file, "--input-bits", "65"], 2, "1..=64"),
        (vec![file, "--seconds=-1"], 2, "is no time"),
        (vec![file, "--seconds", "1e12"], 2, "is no time"),
        (vec![file, "--json", "/nowhere/graph.json"], 2, "cannot write `/nowhere/graph.json`"),
    ] {
        let said = says(&[&["cmvm"], &args[..]].concat(), code);
        assert!(said.contains(words), "{args:?}: {said}");
    }
    let damaged = folder("cmvm_damaged");
    std::fs::create_dir_all(&damaged).unwrap();
    let damaged = damaged.join("m.npy").to_string_lossy().into_owned();
    let whole = std::fs::read(file).unwrap();
    for length in [0, 5, 20, whole.len() - 1] {
        std::fs::write(&damaged, &whole[..length]).unwrap();
        assert!(says(&["cmvm", &damaged], 2).contains("cannot be read"), "{length}");
    }
}
