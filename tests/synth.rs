//! `gatewright synth`: results, reports, and programs that are missing, fail or take too long.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use gatewright_compiler::graph::Graph;
use gatewright_compiler::package::{FORMAT, Options, Package};
use gatewright_compiler::report::Report;
use gatewright_compiler::streamline::Model;
use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_layers::layer::{Dense, Layer, Matrix};
use gatewright_layers::network::{Network, Range, TensorTy};
use gatewright_layers::target::{Family, Target};
use serde_json::Value;

#[allow(dead_code)]
mod common;
use common::says;

fn folder(name: &str) -> PathBuf {
    common::folder(&format!("synth_{name}"))
}

/// A matrix and a clip, compiled into a folder as `gatewright compile` does it.
fn small(name: &str, mhz: f64) -> String {
    let input = TensorTy { shape: vec![4], ranges: vec![Range { lo: -8, hi: 7 }; 4] };
    let mut network = Network { name: "little".into(), inputs: vec![("x".into(), input)], ..Network::default() };
    let weights = Matrix { rows: 3, cols: 4, data: vec![3, -5, 0, 2, 1, 7, -1, -6, 0, 4, 9, -3] };
    let dense = Layer::Dense(Dense { weights: Arc::new(weights), bias: vec![1, 0, -20] });
    let sums = network.push("dense".into(), dense, vec![0]).unwrap();
    let clipped = network.push("clip".into(), Layer::Clip { lo: Some(0), hi: Some(63) }, vec![sums]).unwrap();
    network.outputs = vec![("y".into(), clipped)];
    let model = Model {
        head: Graph::default(),
        grids: vec![vec![(1.0, 0.0)]],
        scales: vec![vec![(1.0, 0.0)]; network.tensors()],
        network,
        tail: Graph::default(),
        indices: Vec::new(),
        bounds: Vec::new(),
        near_ties: Vec::new(),
    };
    let options = Options { target: Target::mhz(mhz, Family::Lut6), ..Options::default() };
    let mut package = Package { format: FORMAT, source: "small.onnx".into(), options, latency: 0, model };
    let (design, latency) = package.design().unwrap_or_else(|e| panic!("{e}"));
    package.latency = latency;
    let dir = folder(name);
    emit(&design, &EmitOptions::default()).write_to(dir.join("rtl")).unwrap();
    std::fs::write(dir.join("network.json"), serde_json::to_string(&package).unwrap()).unwrap();
    std::fs::write(dir.join("report.json"), serde_json::to_string(&Report::of(&package, &design)).unwrap()).unwrap();
    dir.to_string_lossy().into_owned()
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn there(program: &str) -> bool {
    let found = Command::new(program).arg("-V").output().is_ok();
    assert!(found || std::env::var_os("CI").is_none(), "{program} is missing");
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}

/// `shared`, if it is there.
fn shared() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var_os("GATEWRIGHT_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
    shared.is_dir().then_some(shared)
}

#[test]
fn a_small_model_is_counted_and_the_report_shows_it() {
    if !there("yosys") {
        return;
    }
    for (name, mhz) in [("combinational", 0.0), ("pipelined", 400.0)] {
        let dir = small(name, mhz);
        let said = says(&["synth", &dir], 0);
        let path = Path::new(&dir);
        let found = json(&path.join("synth-xcup.json"));
        let count = |what: &str| found["counts"][what].as_u64().unwrap();
        assert_eq!(found["top"], "little");
        assert!(count("luts") > 20 && count("carries") > 5, "{found}");
        assert_eq!(count("flip_flops") > 0, mhz > 0.0, "{found}");
        let estimated = found["estimate"]["flip_flops"].as_u64().unwrap();
        assert!(estimated.abs_diff(count("flip_flops")) <= 1, "{found}");
        if let Some(script) = shared().map(|s| s.join("synth/lut.py")).filter(|s| s.exists()) {
            let mut python = Command::new("python3");
            python.arg(&script).args(["--top", "little"]).arg(path.join("rtl/little.v"));
            let run = python.output().unwrap();
            let theirs: Value = serde_json::from_slice(&run.stdout).unwrap();
            for (ours, name) in [
                ("luts", "lut"),
                ("carries", "carry"),
                ("flip_flops", "ff"),
                ("shift_registers", "srl"),
                ("wide_muxes", "muxf"),
                ("memories", "ram"),
                ("inverters", "inv"),
            ] {
                assert_eq!(found["counts"][ours], theirs[name], "{name}: {theirs}");
            }
            assert_eq!(found["depth"], theirs["depth"], "{theirs}");
        }
        for text in [said, says(&["report", &dir], 0)] {
            assert!(text.contains("for xcup") && text.contains("LUT6") && text.contains("estimated"), "{text}");
        }
        assert!(std::fs::read_to_string(path.join("report.html")).unwrap().contains("Counted by Yosys"));
        assert_eq!(json(&path.join("report.json"))["measured"][0]["digest"], found["digest"]);
        // Of other Verilog it says nothing any more.
        let verilog = path.join("rtl/little.v");
        let text = std::fs::read_to_string(&verilog).unwrap();
        std::fs::write(&verilog, text + "\n").unwrap();
        assert!(!says(&["report", &dir], 0).contains("for xcup"));
    }
}

#[test]
fn other_families_are_counted() {
    if !there("yosys") {
        return;
    }
    let dir = small("families", 700.0);
    for (family, part) in [("ice40", "LUT4"), ("ecp5", "LUT4"), ("generic", "gates")] {
        let said = says(&["synth", &dir, "--family", family], 0);
        assert!(said.contains(part) && said.contains("clock: "), "{said}");
        let found = json(&Path::new(&dir).join(format!("synth-{family}.json")));
        assert!(found["counts"]["luts"].as_u64().unwrap() > 20, "{found}");
        assert_eq!(found["estimate"].is_object(), family != "generic");
    }
    let report = says(&["report", &dir], 0);
    assert!(["ice40", "ecp5", "generic"].iter().all(|f| report.contains(&format!("for {f}"))), "{report}");
}

/// Placing and routing, where a placer is installed; else its result says that it is not.
#[test]
fn a_placer_tells_the_clock_rate() {
    if !there("yosys") {
        return;
    }
    for family in ["ice40", "ecp5"] {
        let rate = |name: &str, mhz: f64| {
            let dir = small(&format!("{family}_{name}"), mhz);
            says(&["synth", &dir, "--family", family], 0);
            let found = json(&Path::new(&dir).join(format!("synth-{family}.json")));
            let rate = found["clock"]["mhz"].as_f64();
            let why = found["no_clock"].as_str().unwrap_or_default().to_owned();
            rate.ok_or(why)
        };
        match (rate("combinational", 0.0), rate("pipelined", 700.0)) {
            (Ok(whole), Ok(in_stages)) => {
                assert!((10.0..400.0).contains(&whole), "{family}: {whole} MHz");
                assert!(in_stages > 1.2 * whole, "{family}: {whole} MHz whole, {in_stages} MHz in stages");
            }
            (Err(why), _) => {
                assert!(why.contains(&format!("nextpnr-{family} is not installed")), "{family}: {why}");
                eprintln!("skipped for {family}: {why}");
            }
            (Ok(_), Err(why)) => panic!("{family}: {why}"),
        }
    }
}

/// A program that stands in for Yosys: does `job` where it is not asked for its version.
#[cfg(unix)]
fn stand_in(name: &str, job: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = folder(name).with_extension("sh");
    let text = format!("#!/bin/sh\nif [ \"$1\" = -V ]; then echo 'Yosys 0.99 (git sha1 0)'; exit 0; fi\n{job}\n");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_string_lossy().into_owned()
}

#[cfg(unix)]
#[test]
fn another_version_is_named() {
    let dir = small("version", 0.0);
    let job = "work=$(printf '%s' \"$3\" | sed 's/.*tee -q -o \\([^ ]*\\)cells.txt.*/\\1/')\n\
        printf '=== small ===\\n  7 LUT3\\n  5 LUT6\\n  2 CARRY4\\n' > \"$work/cells.txt\"\n\
        echo 'Longest topological path in small (length=4):' > \"$work/path.txt\"";
    let said = says(&["synth", &dir, "--yosys", &stand_in("version_tool", job)], 0);
    assert!(said.contains("Yosys 0.99") && said.contains("versions differ"), "{said}");
    let found = json(&Path::new(&dir).join("synth-xcup.json"));
    assert_eq!((&found["counts"]["luts"], &found["counts"]["carries"]), (&12.into(), &2.into()));
    assert_eq!(found["depth"], 4);
}

#[cfg(unix)]
#[test]
fn a_program_that_fails_leaves_no_result() {
    let dir = small("failing", 0.0);
    let result = Path::new(&dir).join("synth-xcup.json");
    let fails = stand_in("failing_tool", "echo first; echo 'ERROR: no such thing' >&2; exit 1");
    let said = says(&["synth", &dir, "--yosys", &fails], 1);
    assert!(said.contains("ERROR: no such thing") && said.contains("yosys.log"), "{said}");
    let slow = stand_in("slow_tool", "exec sleep 60");
    let said = says(&["synth", &dir, "--yosys", &slow, "--timeout", "1"], 1);
    assert!(said.contains("stopped after 1 s") && said.contains("--timeout"), "{said}");
    let silent = stand_in("silent_tool", "exit 0");
    let said = says(&["synth", &dir, "--yosys", &silent], 2);
    assert!(said.contains("cells.txt"), "{said}");
    assert!(!result.exists());
}

#[test]
fn wrong_input_is_refused_with_a_way_out() {
    let dir = small("wrong", 0.0);
    let nothing = folder("nothing").to_string_lossy().into_owned();
    let said = says(&["synth", &dir, "--yosys", "no-such-yosys"], 2);
    assert!(said.contains("no-such-yosys did not start") && said.contains("--yosys"), "{said}");
    let said = says(&["synth", &nothing], 2);
    assert!(said.contains("no compiled model"), "{said}");
    says(&["synth", &dir, "--family", "spartan"], 2);
    says(&["synth", &dir, "--timeout", "0"], 2);
    std::fs::remove_file(Path::new(&dir).join("rtl/files.f")).unwrap();
    let said = says(&["synth", &dir], 2);
    assert!(said.contains("files.f") && said.contains("compile -o"), "{said}");
}

/// Estimated and counted LUTs of the real models.
#[test]
#[ignore = "takes Yosys an hour: cargo xtask estimates"]
fn estimates_of_real_models_are_near() {
    let models = shared().expect("a folder ../shared, or GATEWRIGHT_SHARED").join("models");
    let wanted = std::env::var("GATEWRIGHT_MODELS").unwrap_or_default();
    let wanted: Vec<&str> = wanted.split_whitespace().collect();
    let mut off = Vec::new();
    println!(
        "{:24} {:>6} {:>9} {:>9} {:>6} {:>9} {:>9}",
        "model", "MHz", "LUTs", "estimate", "ratio", "FF", "estimate"
    );
    let clocks = ["0", "200"].as_slice();
    for (name, input, clocks) in [
        ("digits_mlp_w4a4", None, clocks),
        ("jet_tagging_qkeras", Some("fixed<8,4>"), ["0", "200", "340"].as_slice()),
        ("tfc_1w1a", None, clocks),
        ("tfc_2w2a", None, clocks),
        ("jets_deepsets_w6a6", None, clocks),
    ] {
        if !wanted.is_empty() && !wanted.contains(&name) {
            continue;
        }
        for mhz in clocks {
            let dir = folder(&format!("real_{name}_{mhz}")).to_string_lossy().into_owned();
            let model = models.join(name).join("model.onnx").to_string_lossy().into_owned();
            let mut compile = vec!["compile", &model, "-o", &dir, "--clock-mhz", mhz];
            compile.extend(input.iter().flat_map(|ty| ["--input-type", ty]));
            says(&compile, 0);
            says(&["synth", &dir, "--timeout", "14400"], 0);
            let found = json(&Path::new(&dir).join("synth-xcup.json"));
            let of = |part: &str, what: &str| found[part][what].as_f64().unwrap();
            let (counted, estimated) = (of("counts", "luts"), of("estimate", "luts"));
            let (registers, flip_flops) = (of("counts", "flip_flops"), of("estimate", "flip_flops"));
            let ratio = estimated / counted;
            println!("{name:24} {mhz:>6} {counted:>9} {estimated:>9} {ratio:>6.2} {registers:>9} {flip_flops:>9}");
            if (ratio - 1.0).abs() > 0.15 {
                off.push(format!("{name} at {mhz} MHz: {ratio:.2}"));
            }
        }
    }
    assert!(off.is_empty(), "estimates are off by more than 15 %: {}", off.join("; "));
}
