//! Models that are wrong or ask for too much, made by hand: what is said of them, in bounded time and memory.

#[path = "support/bounded.rs"]
mod bounded;

use bounded::import;
use gatewright_compiler::import::onnx::proto::{
    AttributeProto, DimensionProto, FunctionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    SparseTensorProto, TensorProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};
use prost::Message;

fn text(s: &str) -> Option<String> {
    Some(s.to_owned())
}

fn info(name: &str, dims: &[i64]) -> ValueInfoProto {
    let dim = dims.iter().map(|&d| DimensionProto { dim_value: Some(d), dim_param: None }).collect();
    let tensor = TensorTypeProto { elem_type: Some(1), shape: Some(TensorShapeProto { dim }) };
    ValueInfoProto { name: text(name), r#type: Some(TypeProto { tensor_type: Some(tensor) }) }
}

fn node(op: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    let names = |list: &[&str]| list.iter().map(|&s| s.to_owned()).collect();
    NodeProto { op_type: text(op), input: names(inputs), output: names(outputs), ..NodeProto::default() }
}

fn ints(name: &str, dims: &[i64], data: &[i64]) -> TensorProto {
    TensorProto {
        name: text(name),
        dims: dims.to_vec(),
        data_type: Some(7),
        int64_data: data.to_vec(),
        ..TensorProto::default()
    }
}

fn floats(name: &str, dims: &[i64], data: &[f32]) -> TensorProto {
    TensorProto {
        name: text(name),
        dims: dims.to_vec(),
        data_type: Some(1),
        float_data: data.to_vec(),
        ..TensorProto::default()
    }
}

/// A model from x, of shape 1 x 4, to y.
fn model(node: Vec<NodeProto>, initializer: Vec<TensorProto>) -> ModelProto {
    let (input, output) = (vec![info("x", &[1, 4])], vec![info("y", &[1, 4])]);
    let graph = GraphProto { name: text("g"), node, initializer, input, output, ..GraphProto::default() };
    let opset_import = vec![OperatorSetIdProto { domain: None, version: Some(13) }];
    ModelProto { ir_version: Some(8), graph: Some(graph), opset_import, ..ModelProto::default() }
}

/// What is wrong with a model is said with these words.
#[track_caller]
fn refused(model: &ModelProto, words: &[&str]) {
    let error = import(&model.encode_to_vec()).expect("the model is wrong");
    for word in words {
        assert!(error.contains(word), "`{word}` is not in: {error}");
    }
}

#[test]
fn the_model_before_it_is_made_wrong() {
    assert_eq!(import(&model(vec![node("Relu", &["x"], &["y"])], vec![]).encode_to_vec()), None);
}

#[test]
fn shapes_that_cannot_be() {
    let add = || vec![node("Add", &["x", "w"], &["y"])];
    refused(&model(add(), vec![floats("w", &[-4], &[1.0; 4])]), &["tensor `w`", "negative"]);
    refused(&model(add(), vec![floats("w", &[1 << 40, 1 << 40], &[])]), &["tensor `w`", "elements"]);
    refused(&model(add(), vec![floats("w", &[1 << 32, 1 << 32, 0], &[])]), &["tensor `w`", "elements"]);
    refused(&model(add(), vec![floats("w", &[5], &[1.0; 4])]), &["5 elements, and its data 4"]);
    refused(&model(add(), vec![floats("w", &[5], &[1.0; 5])]), &["node 0", "Add; x, w -> y", "broadcast"]);
    refused(&model(add(), vec![floats("w", &[1; 40], &[1.0])]), &["40 axes"]);
    let mut odd = floats("w", &[1], &[]);
    odd.raw_data = Some(vec![0; 7]);
    refused(&model(add(), vec![odd]), &["7 bytes"]);
    let mut huge = model(vec![node("Relu", &["x"], &["y"])], vec![]);
    huge.graph.as_mut().expect("a graph").input = vec![info("x", &[1, 1 << 30, 1 << 30])];
    refused(&huge, &["tensor `x`", "elements"]);
    huge.graph.as_mut().expect("a graph").input = vec![ValueInfoProto { name: text("x"), r#type: None }];
    refused(&huge, &["tensor `x`", "not a tensor"]);
}

#[test]
fn graphs_that_cannot_be() {
    let cycle = vec![node("Add", &["x", "b"], &["a"]), node("Relu", &["a"], &["b"]), node("Relu", &["b"], &["y"])];
    refused(&model(cycle, vec![]), &["cycle", "node 0"]);
    refused(&model(vec![node("Add", &["x", "nowhere"], &["y"])], vec![]), &["`nowhere`", "nothing makes"]);
    refused(&model(vec![node("Relu", &["x"], &["z"])], vec![]), &["tensor `y`", "nothing makes"]);
    refused(
        &model(vec![node("Relu", &["x"], &["y"]), node("Neg", &["x"], &["y"])], vec![]),
        &["tensor `y`", "this name"],
    );
    refused(
        &model(vec![node("Relu", &["w"], &["y"])], vec![floats("w", &[4], &[1.0; 4])]),
        &["does not depend on any input"],
    );
    refused(&model(vec![node("Relu", &[], &["y"])], vec![]), &["operand 0 is missing"]);
    let mut empty = model(vec![], vec![]);
    empty.graph = None;
    refused(&empty, &["no graph"]);
    empty.graph = Some(GraphProto::default());
    refused(&empty, &["no inputs", "no outputs", "2 problems"]);
}

/// Everything at once, before any work.
#[test]
fn all_that_is_not_supported() {
    let mut branch = node("If", &["c"], &["d"]);
    branch.attribute = vec![graph_attribute("then_branch"), graph_attribute("else_branch")];
    let mut loss = node("FloatQuant", &["d"], &["e"]);
    loss.domain = text("qonnx.custom_op.general");
    let mut last = node("Last", &["f"], &["h"]);
    last.domain = text("channels_last");
    let nodes = vec![
        node("Conv", &["x", "w"], &["a"]),
        node("LSTM", &["a"], &["b"]),
        node("Greater", &["b", "w"], &["c"]),
        branch,
        loss,
        node("DynamicQuantizeLinear", &["e"], &["f"]),
        node("Conv", &["unused"], &["dead"]),
        last,
        node("Fancy", &["h"], &["y"]),
    ];
    let mut outside = floats("w", &[4], &[]);
    outside.data_location = Some(1);
    let mut strings = floats("unread", &[4], &[]);
    strings.data_type = Some(8);
    let words = [
        "8 problems",
        "node 0 (Conv; x, w -> a)",
        "node 1 (LSTM",
        "node 2 (Greater",
        "node 3 (If",
        "node 4 (qonnx.custom_op.general.FloatQuant",
        "node 5 (DynamicQuantizeLinear",
        "node 7 (channels_last.Last",
        "node 8 (Fancy",
    ];
    let good = floats("w", &[4], &[1.0; 4]);
    refused(&model(nodes.clone(), vec![good]), &words);
    refused(
        &model(nodes, vec![outside, strings]),
        &["9 problems", "tensor `w`", "another file", "save_as_external_data"],
    );
}

fn graph_attribute(name: &str) -> AttributeProto {
    AttributeProto { name: text(name), kind: Some(5), g: Some(vec![0xff; 3]), ..AttributeProto::default() }
}

fn attribute(name: &str, value: i64) -> AttributeProto {
    AttributeProto { name: text(name), kind: Some(2), i: Some(value), ..AttributeProto::default() }
}

#[test]
fn versions_and_functions() {
    let relu = || vec![node("Relu", &["x"], &["y"])];
    let mut m = model(relu(), vec![]);
    m.opset_import[0].version = Some(22);
    refused(&m, &["opset 22", "6 to 21"]);
    m.opset_import[0].version = Some(5);
    refused(&m, &["opset 5"]);
    m.opset_import.clear();
    refused(&m, &["does not say which opset"]);
    let mut m = model(relu(), vec![]);
    m.functions = vec![FunctionProto { name: text("Relu"), domain: None }];
    refused(&m, &["a function of the file", "inline"]);
    m.functions.clear();
    let graph = m.graph.as_mut().expect("a graph");
    graph.sparse_initializer = vec![SparseTensorProto { values: Some(floats("s", &[1], &[1.0])) }];
    refused(&m, &["tensor `s`", "sparse"]);
    let mut m = model(relu(), vec![]);
    m.graph.as_mut().expect("a graph").node[0].attribute = vec![attribute("surprise", 1)];
    refused(&m, &["attribute `surprise` is not known"]);
}

#[test]
fn problems_of_all_nodes_are_told() {
    let mut flat = node("Flatten", &["x"], &["a"]);
    flat.attribute = vec![attribute("axis", 9)];
    let mut quant = node("Quant", &["x", "zero", "zero", "zero"], &["c"]);
    quant.domain = text("onnx.brevitas");
    let nodes = vec![
        flat,
        node("Relu", &["a"], &["b"]),
        quant,
        node("Div", &["x", "x"], &["d"]),
        node("Sum", &["b", "c", "d"], &["y"]),
    ];
    let m = model(nodes, vec![floats("zero", &[], &[0.0])]);
    refused(&m, &["3 problems", "axis 9", "scale 0 is not a positive number", "divides by a tensor"]);
}

/// One node each, with constants s (scalar 2) and v (1 to 4), and what is said of it.
#[test]
fn operators_beyond_what_is_supported() {
    let with = |mut n: NodeProto, attributes: &[(&str, i64)]| {
        n.attribute = attributes.iter().map(|&(name, value)| attribute(name, value)).collect();
        n
    };
    let qonnx = |op: &str, inputs: &[&str]| NodeProto { domain: text("onnx.brevitas"), ..node(op, inputs, &["y"]) };
    let mut rounding = qonnx("Quant", &["x", "s", "zero", "s"]);
    let mode = AttributeProto {
        name: text("rounding_mode"),
        kind: Some(3),
        s: Some(b"SIDEWAYS".to_vec()),
        ..AttributeProto::default()
    };
    rounding.attribute = vec![mode];
    let mut kind = node("Flatten", &["x"], &["y"]);
    kind.attribute =
        vec![AttributeProto { name: text("axis"), kind: Some(1), f: Some(1.0), ..AttributeProto::default() }];
    let cases = [
        (node("Pow", &["s", "x"], &["y"]), "exponent depends"),
        (node("Div", &["s", "x"], &["y"]), "divides by a tensor"),
        (node("Div", &["x", "zero"], &["y"]), "divides by zero"),
        (node("Max", &["x", "v"], &["y"]), "compares tensors"),
        (node("TopK", &["x", "two"], &["y", "i"]), "only their indices"),
        (node("TopK", &["x", "nine"], &["i", "y"]), "9 of 4 elements"),
        (
            with(node("BatchNormalization", &["x", "v", "v", "v", "v"], &["y"]), &[("training_mode", 1)]),
            "training mode",
        ),
        (node("BatchNormalization", &["x", "v", "v", "v", "s"], &["y"]), "operand 4 (var)"),
        (node("BatchNormalization", &["x", "v", "v", "v", "x"], &["y"]), "depends on the inputs"),
        (node("Gemm", &["x", "v"], &["y"]), "operand 1 has 1 axes"),
        (with(node("ReduceMean", &["x"], &["y"]), &[("keepdims", 2)]), "is 2, not 0 or 1"),
        (with(node("Cast", &["x"], &["y"]), &[("to", 8)]), "strings"),
        (with(node("Cast", &["x"], &["y"]), &[("to", 9)]), "for constants only"),
        (with(node("Cast", &["x"], &["y"]), &[("to", 17)]), "8-bit"),
        (node("QuantizeLinear", &["x", "s", "s"], &["y"]), "zero point is not an integer"),
        (with(node("QuantizeLinear", &["x", "s"], &["y"]), &[("block_size", 2)]), "blocks"),
        (node("DequantizeLinear", &["x", "zero"], &["y"]), "scale 0"),
        (qonnx("Quant", &["x", "x", "zero", "s"]), "operand 1 (scale) depends"),
        (qonnx("Quant", &["x", "s", "zero", "half"]), "0.5 is not a number of bits"),
        (qonnx("Quant", &["x", "s", "zero"]), "operand 3 (bit width) is missing"),
        (qonnx("Quant", &["x", "five", "zero", "s"]), "does not broadcast"),
        (rounding, "rounding mode `SIDEWAYS`"),
        (qonnx("Trunc", &["x", "s", "zero", "s", "three", "s"]), "power of two"),
        (qonnx("MultiThreshold", &["x", "v"]), "a matrix"),
        (kind, "attribute `axis` is not an integer"),
        (node("Reshape", &["x", "nine"], &["y"]), "cannot become"),
        (node("Gather", &["x", "nine"], &["y"]), "index 9"),
        (node("Add", &["x", "bad"], &["y"]), "infinite number or not-a-number"),
        (node("Split", &["x", "two"], &["y"]), "not split"),
        (with(node("Concat", &["x", "v"], &["y"]), &[("axis", 0)]), "cannot be joined"),
    ];
    for (node, words) in cases {
        let constants = vec![
            floats("s", &[], &[2.0]),
            floats("v", &[4], &[1.0, 2.0, 3.0, 4.0]),
            floats("zero", &[], &[0.0]),
            floats("half", &[], &[0.5]),
            floats("three", &[], &[3.0]),
            floats("five", &[5], &[1.0; 5]),
            floats("bad", &[], &[f32::NAN]),
            ints("two", &[1], &[2]),
            ints("nine", &[1], &[9]),
        ];
        let place = format!("node 0 ({}", if node.domain.is_some() { "onnx.brevitas." } else { "" });
        refused(&model(vec![node], constants), &["1 problem", &place, words]);
    }
}

#[test]
fn shapes_that_are_open() {
    let mut m = model(vec![node("Relu", &["x"], &["y"])], vec![]);
    let open = |name: &str| DimensionProto { dim_value: None, dim_param: text(name) };
    let dims = |m: &mut ModelProto| {
        let input = &mut m.graph.as_mut().expect("a graph").input[0];
        let shape = input.r#type.as_mut().and_then(|t| t.tensor_type.as_mut()).and_then(|t| t.shape.as_mut());
        std::mem::take(&mut shape.expect("a shape").dim)
    };
    let set = |m: &mut ModelProto, dim| {
        dims(m);
        let input = &mut m.graph.as_mut().expect("a graph").input[0];
        let shape = input.r#type.as_mut().and_then(|t| t.tensor_type.as_mut()).and_then(|t| t.shape.as_mut());
        shape.expect("a shape").dim = dim;
    };
    set(&mut m, vec![open("N"), open("T")]);
    refused(&m, &["axis 1 of the input has no fixed length"]);
    set(&mut m, vec![open("N"), DimensionProto { dim_value: Some(4), dim_param: None }]);
    assert_eq!(import(&m.encode_to_vec()), None);
    let mut sum = node("ReduceSum", &["x"], &["y"]);
    sum.attribute = vec![attribute("keepdims", 0)];
    m.graph.as_mut().expect("a graph").node = vec![sum];
    refused(&m, &["first axis, which counts samples"]);
}

/// A small file that asks for much.
#[test]
fn little_that_would_become_much() {
    let big = 1 << 26;
    let fill = |to: &str| node("ConstantOfShape", &["s"], &[to]);
    let shape = |dims: &[i64]| ints("s", &[dims.len() as i64], dims);
    let gather = || node("Gather", &["c", "zero"], &["d"]);
    let nodes = vec![fill("c"), gather(), node("Add", &["x", "d"], &["y"])];
    let zero = || ints("zero", &[], &[0]);
    refused(
        &model(nodes.clone(), vec![shape(&[big, big]), zero()]),
        &["node 0 (ConstantOfShape", "more than 67108864 elements"],
    );
    refused(&model(nodes.clone(), vec![shape(&[-1]), zero()]), &["negative"]);
    assert_eq!(import(&model(nodes, vec![shape(&[big / 2]), zero()]).encode_to_vec()), None);
    let mut nodes: Vec<_> = (0..40).map(|k| fill(&format!("c{k}"))).collect();
    let parts: Vec<String> = (0..40).map(|k| format!("c{k}")).collect();
    let mut join = node("Concat", &parts.iter().map(String::as_str).collect::<Vec<_>>(), &["c"]);
    join.attribute = vec![attribute("axis", 0)];
    nodes.extend([join, gather(), node("Add", &["x", "d"], &["y"])]);
    refused(&model(nodes, vec![shape(&[big / 2]), zero()]), &["too large together"]);
    let nodes = vec![
        fill("c"),
        node("MatMul", &["c", "c"], &["m"]),
        node("ReduceProd", &["s"], &["p"]),
        node("Add", &["x", "m"], &["y"]),
    ];
    refused(&model(nodes, vec![shape(&[4096, 4096])]), &["MatMul", "too much work"]);
    let range = vec![node("Range", &["zero", "n", "one"], &["r"]), node("Add", &["x", "r"], &["y"])];
    for n in [i64::MAX, 1 << 40, 1 << 27] {
        let m = model(range.clone(), vec![zero(), ints("n", &[], &[n]), ints("one", &[], &[1])]);
        refused(&m, &["Range", "elements"]);
    }
    refused(&model(range, vec![zero(), ints("n", &[], &[9]), ints("one", &[], &[0])]), &["delta is 0"]);
    let expand = vec![node("Expand", &["x", "s"], &["y"])];
    refused(&model(expand, vec![shape(&[1 << 20, 1 << 20, 1])]), &["Expand", "elements"]);
    // One constant, read by very many nodes.
    let mut nodes = vec![fill("c")];
    let ends: Vec<String> = (0..3000).map(|k| format!("y{k}")).collect();
    nodes.extend(ends.iter().map(|y| node("Reshape", &["x", "c"], &[y])));
    nodes.push(node("Sum", &ends.iter().map(String::as_str).collect::<Vec<_>>(), &["y"]));
    refused(&model(nodes, vec![shape(&[big / 4])]), &["problems", "and 2", "more"]);
    // Ties in all of many elements: the slow way for each.
    let mut quant = node("Quant", &["c", "scale", "z", "bits"], &["q"]);
    quant.domain = text("onnx.brevitas");
    let nodes = vec![fill("c"), quant, node("Gather", &["q", "zero"], &["d"]), node("Add", &["x", "d"], &["y"])];
    let parameters =
        || [floats("scale", &[], &[f32::MAX]), floats("z", &[], &[0.5]), floats("bits", &[], &[4.0]), zero()];
    for count in [big / 32, big / 2] {
        let mut constants = vec![shape(&[count])];
        constants.extend(parameters());
        import(&model(nodes.clone(), constants).encode_to_vec());
    }
}

#[test]
fn long_lists_and_names() {
    // Empty messages take two bytes each.
    for (outer, inner) in [(0x3a, 0x0a), (0x3a, 0x2a), (0x3a, 0x5a), (0x42, 0)] {
        let inside = if inner == 0 { vec![] } else { [inner, 0].repeat(1 << 20) };
        let mut file = vec![outer];
        prost::encoding::encode_varint(inside.len() as u64, &mut file);
        file.extend(inside);
        let file = if inner == 0 { file.repeat(1 << 20) } else { file };
        assert!(import(&file).is_some());
    }
    let long = "n".repeat(1 << 20);
    let mut m = model(vec![], vec![]);
    let all = vec!["x"; 20_000];
    let mut sum = node("Sum", &all, &["y"]);
    sum.name = Some(long.clone());
    m.graph.as_mut().expect("a graph").node = vec![sum];
    assert_eq!(import(&m.encode_to_vec()), None);
    let mut fancy = node("Fancy", &all, &["y"]);
    fancy.name = Some(long);
    m.graph.as_mut().expect("a graph").node = vec![fancy];
    let error = import(&m.encode_to_vec()).expect("it is not supported");
    assert!(error.len() < 2000, "{}", error.len());
    // A deep chain.
    let chain = (0..50_000).map(|k| node("Neg", &[&format!("v{k}")], &[&format!("v{}", k + 1)]));
    let ends = [node("Relu", &["x"], &["v0"]), node("Relu", &["v50000"], &["y"])];
    assert_eq!(import(&model(chain.chain(ends).collect(), vec![]).encode_to_vec()), None);
    // A graph within a graph within a graph.
    let mut nested = vec![];
    for _ in 0..100_000 {
        let mut outer = vec![0x32];
        prost::encoding::encode_varint(nested.len() as u64, &mut outer);
        if nested.len() > 1 << 20 {
            break;
        }
        outer.extend(&nested[..nested.len().min(64)]);
        nested = outer;
    }
    let mut inner = node("If", &["x"], &["y"]);
    inner.attribute = vec![AttributeProto { g: Some(nested), ..graph_attribute("then_branch") }];
    refused(&model(vec![inner], vec![]), &["If", "control flow"]);
}
