//! `gatewright compile` and `gatewright verify`, as a user runs them, on the model in `examples/` and on wrong input.

use std::path::{Path, PathBuf};

mod common;
use common::{gatewright, says};

fn example(file: &str) -> String {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/models/digits_mlp_w4a4");
    dir.join(file).to_string_lossy().into_owned()
}

fn folder(name: &str) -> PathBuf {
    common::folder(&format!("models_{name}"))
}

fn compiled(name: &str, more: &[&str]) -> String {
    let dir = folder(name).to_string_lossy().into_owned();
    let model = example("model.onnx");
    let mut args = vec!["compile", &model, "-o", &dir];
    args.extend(more);
    says(&args, 0);
    dir
}

#[test]
fn all_engines_but_verilator_agree_at_every_clock() {
    let (inputs, outputs) = (example("inputs.npy"), example("outputs.npy"));
    for clock in ["0", "100", "400"] {
        let dir = compiled(&format!("clock_{clock}"), &["--clock-mhz", clock]);
        for engine in ["golden", "interpreter"] {
            let args = ["verify", &dir, "--inputs", &inputs, "--expect", &outputs, "--engine", engine, "--json"];
            let said: serde_json::Value = serde_json::from_str(&says(&args, 0)).unwrap();
            assert_eq!((&said["samples"], &said["decisions"]), (&500.into(), &500.into()), "{clock} {engine}");
            // float32 noise of the reference, no more.
            assert!(said["worst"].as_f64().unwrap() < 1e-6, "{said}");
        }
    }
}

#[test]
fn a_configuration_says_what_the_flags_say() {
    let file = folder("config").with_extension("toml");
    std::fs::write(&file, "clock-mhz = 0\ndevice = \"lut4\"\n").unwrap();
    let dir = compiled("by_config", &["--config", file.to_str().unwrap()]);
    let package: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(Path::new(&dir).join("network.json")).unwrap()).unwrap();
    assert_eq!(package["latency"], 0);
    assert_eq!(package["options"]["target"]["family"], "Lut4");
    let dir = compiled("by_flag", &["--clock-mhz", "100", "--device", "gates"]);
    let package: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(Path::new(&dir).join("network.json")).unwrap()).unwrap();
    assert_eq!(package["options"]["target"]["family"], "Gates");
    assert!(package["latency"].as_u64() > Some(0), "{package}");
    std::fs::write(&file, "clock-mzh = 0\n").unwrap();
    let model = example("model.onnx");
    let said = says(&["compile", &model, "-o", &dir, "--config", file.to_str().unwrap()], 2);
    assert!(said.contains("clock-mzh"), "{said}");
}

#[test]
fn the_report_says_what_the_hardware_is() {
    let dir = compiled("report", &["--clock-mhz", "200"]);
    let text = says(&["report", &dir], 0);
    // Two products of 64x32 and 32x16 and the last of 16x10.
    for part in ["200 MHz", "latency", "64"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(std::fs::read_to_string(Path::new(&dir).join("report.html")).unwrap().contains("<svg"));
}

#[test]
fn differences_are_found_and_named() {
    let dir = compiled("differences", &[]);
    let inputs = example("inputs.npy");
    // The labels stand where outputs should.
    let said = says(&["verify", &dir, "--inputs", &inputs, "--expect", &example("labels.npy")], 2);
    assert!(said.contains("takes samples of 10 numbers"), "{said}");
    let outputs: ndarray::ArrayD<f32> = ndarray_npy::read_npy(example("outputs.npy")).unwrap();
    let mut wrong = outputs.clone();
    wrong.as_slice_mut().unwrap()[73] += 0.5;
    let path = folder("wrong").with_extension("npy");
    ndarray_npy::write_npy(&path, &wrong).unwrap();
    let said = says(&["verify", &dir, "--inputs", &inputs, "--expect", path.to_str().unwrap()], 1);
    assert!(said.contains("sample 7, output `42` (of layer `net_net_7_gemm`), element 3"), "{said}");
    says(&["verify", &dir, "--inputs", &inputs, "--expect", path.to_str().unwrap(), "--limit", "7"], 0);
}

#[test]
fn wrong_input_is_refused_with_a_way_out() {
    let model = example("model.onnx");
    let dir = folder("wrong_input").to_string_lossy().into_owned();
    for (args, part) in [
        (vec!["compile", &model, "-o", &dir, "--target", "moon"], "moon"),
        (vec!["report", &dir], "report.json"),
        (vec!["compile", "no/such/file.onnx"], "cannot"),
        (vec!["compile", &model, "-o", &dir, "--input-type", "fixed<8"], "fixed<16,6>"),
        (vec!["compile", &model, "-o", &dir, "--clock-mhz", "-3"], "clock"),
        (vec!["compile", &model, "-o", &dir, "--architecture", "dataflow"], "unrolled"),
        (vec!["verify", &dir, "--inputs", "x.npy"], "network.json"),
    ] {
        let said = says(&args, 2);
        assert!(said.contains(part), "{args:?}: {said}");
    }
    let said = says(&["compile", &model, "-o", &dir, "--clock-mhz", "2500"], 1);
    assert!(
        said.contains("model.onnx: the clock is too fast for an operation of layer `") && said.contains("slower clock"),
        "{said}"
    );
    assert!(!said.contains(".rs"), "places in the library are no help: {said}");
    assert!(!Path::new(&dir).exists(), "nothing was written");
    // A damaged package.
    let dir = compiled("damaged", &[]);
    let package = Path::new(&dir).join("network.json");
    let text = std::fs::read_to_string(&package).unwrap();
    std::fs::write(&package, &text[..text.len() / 2]).unwrap();
    let inputs = example("inputs.npy");
    let said = says(&["verify", &dir, "--inputs", &inputs], 2);
    assert!(said.contains("is damaged") && said.contains("compile the model again"), "{said}");
    std::fs::write(&package, text.replacen("\"format\":2", "\"format\":7", 1)).unwrap();
    let said = says(&["verify", &dir, "--inputs", &inputs], 2);
    assert!(said.contains("format 7"), "{said}");
}

#[test]
fn a_damaged_package_is_no_panic() {
    let dir = compiled("mutated", &[]);
    let package = Path::new(&dir).join("network.json");
    let text = std::fs::read_to_string(&package).unwrap();
    let digits: Vec<usize> = text.bytes().enumerate().filter(|(_, b)| b.is_ascii_digit()).map(|(k, _)| k).collect();
    let inputs = example("inputs.npy");
    for k in 0..60 {
        let at = digits[k * digits.len() / 60];
        let mut damaged = text.clone();
        damaged.replace_range(at..=at, "97");
        std::fs::write(&package, damaged).unwrap();
        let run = gatewright(&["verify", &dir, "--inputs", &inputs, "--engine", "golden", "--limit", "2"]);
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(matches!(run.status.code(), Some(0..=2)), "{at}: {said}");
    }
    // Verilog that is not the network's.
    std::fs::write(&package, &text).unwrap();
    let verilog = Path::new(&dir).join("rtl/main_graph.v");
    let changed = std::fs::read_to_string(&verilog).unwrap().replacen("wire", "wire ", 1);
    std::fs::write(&verilog, changed).unwrap();
    let said = says(&["verify", &dir, "--inputs", &inputs], 1);
    assert!(said.contains("main_graph.v") && said.contains("compile the model again"), "{said}");
}

#[test]
fn a_stream_gives_the_same_under_back_pressure() {
    let dir = compiled("stream", &["--interface", "stream", "--clock-mhz", "300"]);
    let (inputs, outputs) = (example("inputs.npy"), example("outputs.npy"));
    let said = says(&["verify", &dir, "--inputs", &inputs, "--expect", &outputs, "--json"], 0);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&said["integers"], &said["decisions"]), (&5000.into(), &500.into()));
    // Stalls take clocks.
    assert!(said["clocks"].as_u64().unwrap() > 600, "{said}");
}

#[test]
fn what_samples_reached_is_in_the_report_and_in_the_trace() {
    let dir = compiled("seen", &[]);
    let inputs = example("inputs.npy");
    assert!(!says(&["report", &dir], 0).contains("samples seen"));
    let said = says(&["verify", &dir, "--inputs", &inputs, "--engine", "golden", "--trace", "3", "--json"], 0);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert!(said["difference"].is_null());
    // As compiler/tests/make/near_ties.py counts.
    assert_eq!((&said["near_ties"], &said["samples_near_ties"]), (&1.into(), &1.into()));
    assert_eq!(said["near_ties_of"], serde_json::json!({"net_net_3_act_quant_export_handler_quant": 1}));
    let report = says(&["report", &dir], 0);
    assert!(
        report.contains("500 samples seen") && report.contains("near a tie of a quantiser: 1, in 1 of 500"),
        "{report}"
    );
    assert!(std::fs::read_to_string(Path::new(&dir).join("report.html")).unwrap().contains("what 500 samples reached"));

    let trace = std::fs::read_to_string(Path::new(&dir).join("trace-3.json")).unwrap();
    let trace: serde_json::Value = serde_json::from_str(&trace).unwrap();
    let tensors = trace["tensors"].as_array().unwrap();
    // The pixels, in sixteenths, and the scores of the model's own reference, whose bias the host adds.
    let pixels: ndarray::ArrayD<f32> = ndarray_npy::read_npy(&inputs).unwrap();
    let first: Vec<f64> = tensors[0]["values"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    let wanted: Vec<f64> = pixels.as_slice().unwrap()[3 * 64..4 * 64].iter().map(|x| f64::from(*x)).collect();
    let far = first.iter().zip(&wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(first.len() == 64 && far < 1.0 / 32.0, "{first:?} {wanted:?}");
    assert_eq!(tensors.last().unwrap()["integers"].as_array().unwrap().len(), 10);
    says(&["verify", &dir, "--inputs", &inputs, "--trace", "500"], 2);
    says(&["verify", &dir, "--inputs", &inputs, "--limit", "0"], 2);
    says(&["verify", &dir, "--inputs", &inputs, "--tolerance=-1"], 2);
}

#[test]
fn a_difference_as_json() {
    let dir = compiled("difference_json", &[]);
    let mut outputs: ndarray::ArrayD<f32> = ndarray_npy::read_npy(example("outputs.npy")).unwrap();
    outputs.as_slice_mut().unwrap()[25] -= 0.5;
    let path = folder("difference_json_outputs").with_extension("npy");
    ndarray_npy::write_npy(&path, &outputs).unwrap();
    let expect = path.to_str().unwrap();
    let run = gatewright(&["verify", &dir, "--inputs", &example("inputs.npy"), "--expect", expect, "--json"]);
    assert_eq!(run.status.code(), Some(1));
    let said: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let difference = &said["difference"];
    assert_eq!((&difference["sample"], &difference["element"]), (&2.into(), &5.into()), "{said}");
    let by = difference["found"].as_f64().unwrap() - difference["expected"].as_f64().unwrap();
    assert!((by - 0.5).abs() < 1e-4, "{said}");
}

#[test]
fn the_hardware_can_end_with_the_decision() {
    let dir = compiled("decision", &["--decision"]);
    let (inputs, outputs, labels) = (example("inputs.npy"), example("outputs.npy"), example("labels.npy"));
    // Expected are the scores; their decisions are compared.
    let args = ["verify", &dir, "--inputs", &inputs, "--expect", &outputs, "--labels", &labels, "--json"];
    let said: serde_json::Value = serde_json::from_str(&says(&args, 0)).unwrap();
    assert_eq!((&said["integers"], &said["decisions"]), (&500.into(), &500.into()));
    assert_eq!(said["accuracy"], 0.98);
    let said = says(&["verify", &dir, "--inputs", &inputs, "--labels", &outputs], 2);
    assert!(said.contains("[500, 10]") && said.contains("one for each decision"), "{said}");
    // The labels are not the decisions: ten are wrong.
    let said = says(&["verify", &dir, "--inputs", &inputs, "--expect", &labels], 1);
    assert!(said.contains("the decision is"), "{said}");
}

#[test]
fn a_form_can_be_chosen_for_each_layer() {
    let file = folder("forms").with_extension("toml");
    let (inputs, outputs) = (example("inputs.npy"), example("outputs.npy"));
    let layer = "net_net_3_act_quant_export_handler_quant";
    let mut sizes = Vec::new();
    for form in ["comparisons", "multiplier", "staircase"] {
        std::fs::write(&file, format!("[layer.{layer}]\nform = \"{form}\"\n")).unwrap();
        let dir = compiled(&format!("form_{form}"), &["--config", file.to_str().unwrap()]);
        says(&["verify", &dir, "--inputs", &inputs, "--expect", &outputs], 0);
        let report = std::fs::read_to_string(Path::new(&dir).join("report.json")).unwrap();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let own = report["layers"].as_array().unwrap().iter().find(|l| l["name"] == layer).unwrap().clone();
        sizes.push((own["cost"]["comparators"].as_u64().unwrap(), own["cost"]["adders"].as_u64().unwrap()));
    }
    // Fifteen steps for each of 32 neurons, or a sum, or one comparison each.
    assert!(sizes[0].0 > 200 && sizes[0].1 == 0 && sizes[1].0 < sizes[0].0 && sizes[1].1 > 0, "{sizes:?}");
    assert!(sizes[2].0 <= 32, "{sizes:?}");

    let dir = folder("forms_wrong").to_string_lossy().into_owned();
    let args = ["compile", &example("model.onnx"), "-o", &dir, "--config", file.to_str().unwrap()];
    std::fs::write(&file, "[layer.fc7]\nform = \"table\"\n").unwrap();
    let said = says(&args, 1);
    assert!(said.contains("fc7") && said.contains(layer), "{said}");
    std::fs::write(&file, "[layer.fc7]\nform = \"magic\"\n").unwrap();
    let said = says(&args, 2);
    assert!(["comparisons", "multiplier", "staircase"].iter().all(|form| said.contains(form)), "{said}");
}

#[test]
fn the_hardware_can_compute_the_softmax() {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("compiler/tests/onnx/softmax_13_m1.onnx");
    let model = model.to_string_lossy().into_owned();
    let dir = folder("softmax").to_string_lossy().into_owned();
    let config = folder("softmax").with_extension("toml");
    std::fs::write(&config, "input-type = \"fixed<9,4>\"\n").unwrap();
    let args = ["compile", &model, "-o", &dir, "--config", config.to_str().unwrap()];
    says(&[&args[..], &["--softmax-bits", "8", "--clock-mhz", "250"]].concat(), 0);

    let mut logits = ndarray::ArrayD::<f32>::zeros(vec![100, 3, 4]);
    for (k, x) in logits.iter_mut().enumerate() {
        *x = ((k * k * 37 + k * 11) % 512) as f32 / 32.0 - 8.0;
    }
    let mut exact = logits.mapv(f64::from);
    for line in exact.as_slice_mut().unwrap().chunks_mut(4) {
        let total: f64 = line.iter().map(|x| x.exp()).sum();
        line.iter_mut().for_each(|x| *x = x.exp() / total);
    }
    let [inputs, outputs] = ["x", "p"].map(|n| folder(&format!("softmax_{n}")).with_extension("npy"));
    let (inputs_path, outputs_path) = (inputs.to_str().unwrap(), outputs.to_str().unwrap());
    ndarray_npy::write_npy(&inputs, &logits).unwrap();
    ndarray_npy::write_npy(&outputs, &exact).unwrap();
    let verify = ["verify", &dir, "--inputs", inputs_path, "--expect", outputs_path, "--json"];
    let said: serde_json::Value = serde_json::from_str(&says(&verify, 0)).unwrap();
    assert_eq!((&said["integers"], &said["bound"]), (&1200.into(), &(1.0 / 256.0).into()));
    assert_eq!(said["decisions"], 300, "one in each line of the last axis");
    assert!(said["worst"].as_f64().unwrap() > 1e-4, "eight bits are not exact: {said}");
    assert!(says(&["report", &dir], 0).contains("within 3.91e-3 of the exact one"));

    // What is further off than the bound is found.
    exact.as_slice_mut().unwrap()[17] += 2.2 / 256.0;
    ndarray_npy::write_npy(&outputs, &exact).unwrap();
    let said = says(&verify[..6], 1);
    assert!(said.contains("sample 1, ") && said.contains("element 5"), "{said}");

    let said = says(&[&args[..], &["--softmax-bits", "13"]].concat(), 2);
    assert!(said.contains("2 to 12"), "{said}");
    let said = says(&[&args[..], &["--softmax-bits", "8", "--decision"]].concat(), 2);
    assert!(said.contains("leave out"), "{said}");
    let said = says(&["compile", &example("model.onnx"), "-o", &dir, "--softmax-bits", "8"], 1);
    assert!(said.contains("no softmax stands there"), "{said}");
}

/// All stored vectors of the real models, where `shared/models` is there.
#[test]
fn the_real_models_give_the_stored_outputs() {
    let Some(models) = common::shared("models") else { return };
    // Outputs per sample, and the accuracy that the models' READMEs give.
    for (name, input_type, samples, outputs, accuracy) in [
        ("digits_mlp_w4a4", None, 500, 10, Some(0.98)),
        ("tfc_1w1a", None, 500, 10, Some(0.922)),
        ("tfc_2w2a", None, 500, 10, Some(0.976)),
        ("jet_tagging_qkeras", Some("fixed<14,4>"), 1000, 5, None),
        ("jets_deepsets_w6a6", None, 500, 3, Some(0.678)),
    ] {
        let file = |file: &str| models.join(name).join(file).to_string_lossy().into_owned();
        let (model, inputs, expect, labels) =
            (file("model.onnx"), file("inputs.npy"), file("outputs.npy"), file("labels.npy"));
        let dir = folder(&format!("real_{name}")).to_string_lossy().into_owned();
        let mut compile = vec!["compile", &model, "-o", &dir];
        compile.extend(input_type.iter().flat_map(|ty| ["--input-type", ty]));
        says(&compile, 0);
        for engine in ["golden", "interpreter"] {
            let mut verify =
                vec!["verify", &dir, "--inputs", &inputs, "--expect", &expect, "--engine", engine, "--json"];
            if accuracy.is_some() {
                verify.extend(["--labels", &labels]);
            }
            let said: serde_json::Value = serde_json::from_str(&says(&verify, 0)).unwrap();
            assert_eq!((&said["samples"], &said["decisions"]), (&samples.into(), &samples.into()), "{name}");
            let compared = if engine == "golden" { 0 } else { samples * outputs };
            assert_eq!(said["integers"], compared, "{name} {engine}");
            assert!(said["worst"].as_f64().unwrap() <= 1e-6, "{name}: {said}");
            assert_eq!(said["accuracy"].as_f64(), accuracy, "{name}");
        }
    }
}

/// Inputs rounded to a narrower type: what the qonnx package computes of them (compiler/tests/make/rounded.py), on every
/// vector, without registers and with.
#[test]
fn rounded_inputs_give_the_outputs_of_rounded_inputs() {
    let Some(model) = common::shared("models/jet_tagging_qkeras") else { return };
    let file = |file: &str| model.join(file).to_string_lossy().into_owned();
    let (model, inputs) = (file("model.onnx"), file("inputs.npy"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let expect = root.join("tests/data/jet_fixed_8_4.npy").to_string_lossy().into_owned();
    for clock in ["0", "340"] {
        let dir = folder(&format!("rounded_{clock}")).to_string_lossy().into_owned();
        says(&["compile", &model, "-o", &dir, "--input-type", "fixed<8,4>", "--clock-mhz", clock], 0);
        let verify = ["verify", &dir, "--inputs", &inputs, "--round-inputs", "--expect", &expect, "--json"];
        let said: serde_json::Value = serde_json::from_str(&says(&verify, 0)).unwrap();
        assert_eq!((&said["samples"], &said["decisions"]), (&1000.into(), &1000.into()), "{said}");
        assert!(said["worst"].as_f64().unwrap() <= 1e-6, "{said}");
    }
}

/// Neurons of three inputs of two bits (compiler/tests/make/sparse.py): tables in the place of sums, with what the qonnx
/// package computes.
#[test]
fn neurons_of_few_bits_are_tables() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sparse_2bit");
    let file = |file: &str| root.join(file).to_string_lossy().into_owned();
    let (model, inputs, expect) = (file("model.onnx"), file("inputs.npy"), file("outputs.npy"));
    for clock in ["0", "500"] {
        let dir = folder(&format!("tables_{clock}")).to_string_lossy().into_owned();
        says(&["compile", &model, "-o", &dir, "--clock-mhz", clock], 0);
        let verify = ["verify", &dir, "--inputs", &inputs, "--expect", &expect, "--json"];
        let said: serde_json::Value = serde_json::from_str(&says(&verify, 0)).unwrap();
        assert_eq!(said["samples"], 200, "{said}");
        assert!(said["worst"].as_f64().unwrap() <= 1e-6, "{said}");
        let report = std::fs::read_to_string(Path::new(&dir).join("report.json")).unwrap();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        // Two layers of 64 and 32 neurons with two LUTs each at most; their additions alone would take over 200.
        let first: Vec<u64> = (0..4).map(|k| report["layers"][k]["cost"]["luts"].as_u64().unwrap()).collect();
        assert!(first.iter().sum::<u64>() <= 2 * (64 + 32), "{first:?}");
        let adders: Vec<&serde_json::Value> = (0..4).map(|k| &report["layers"][k]["cost"]["adders"]).collect();
        assert_eq!(adders, [0, 0, 0, 0], "{report}");
        let why = |k: usize| report["layers"][k]["why"].as_str().unwrap();
        assert!(why(0).contains("64 sums not made"), "{}", why(0));
        assert!(why(1).contains("64 elements made as tables"), "{}", why(1));
    }
}

#[test]
fn a_decision_between_equal_scores_is_nobodys_mistake() {
    let dir = compiled("tie", &[]);
    let scored = dir.clone();
    let inputs = example("inputs.npy");
    let mut outputs: ndarray::ArrayD<f32> = ndarray_npy::read_npy(example("outputs.npy")).unwrap();
    let span = outputs.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    // The sample whose best two scores are closest: the second best becomes the best, by so little.
    let best_two = |row: &[f32]| {
        let mut order: Vec<usize> = (0..10).collect();
        order.sort_by(|a, b| row[*b].total_cmp(&row[*a]));
        (order[0], order[1], row[order[0]] - row[order[1]])
    };
    let rows = outputs.as_slice().unwrap().chunks(10).map(best_two).enumerate();
    let (sample, (best, second, apart)) = rows.min_by(|a, b| a.1.2.total_cmp(&b.1.2)).unwrap();
    let path = folder("tie_outputs").with_extension("npy");
    let expect = path.to_str().unwrap();
    let mut expected_with = |above: f32| {
        let all = outputs.as_slice_mut().unwrap();
        all[sample * 10 + second] = all[sample * 10 + best] + above * span;
        ndarray_npy::write_npy(&path, &outputs).unwrap();
    };
    expected_with(1e-6);
    // Enough for the value that was changed, which is no matter of the decision.
    let tolerance = (2.0 * apart / span + 1e-3).to_string();
    let verify = ["verify", &dir, "--inputs", &inputs, "--expect", expect, "--tolerance", &tolerance, "--json"];
    let said: serde_json::Value = serde_json::from_str(&says(&verify, 0)).unwrap();
    assert_eq!((&said["decisions"], &said["decisions_at_ties"]), (&500.into(), &1.into()), "{said}");

    // The same for a decision in hardware.
    let dir = compiled("tie_decision", &["--decision"]);
    let verify = ["verify", &dir, "--inputs", &inputs, "--expect", expect, "--tolerance", &tolerance, "--json"];
    let said: serde_json::Value = serde_json::from_str(&says(&verify, 0)).unwrap();
    assert_eq!((&said["decisions"], &said["decisions_at_ties"]), (&500.into(), &1.into()), "{said}");
    // Scores that can be told apart decide, whatever values may be off by.
    expected_with(1e-4);
    assert!(says(&verify[..verify.len() - 1], 1).contains("the decision is"));
    let scores = ["verify", &scored, "--inputs", &inputs, "--expect", expect, "--tolerance", &tolerance, "--json"];
    let run = gatewright(&scores);
    let said: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let of = |name: &str| said["difference"][name].as_f64().unwrap();
    // Both are scores of the element that was decided for, here the one that was left alone.
    assert!(run.status.code() == Some(1) && (of("found") - of("expected")).abs() < 1e-4, "{said}");
    let said =
        says(&["verify", &dir, "--inputs", &inputs, "--expect", &example("labels.npy"), "--tolerance", "0.9"], 1);
    assert!(said.contains("the decision is"), "{said}");
}
