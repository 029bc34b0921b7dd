//! The test bench that `gatewright compile` writes, under Icarus Verilog and Verilator; on good designs and broken ones.

#[path = "../layers/tests/support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use gatewright_compiler::graph::Graph;
use gatewright_compiler::package::{FORMAT, Interface, Options, Package};
use gatewright_compiler::streamline::Model;
use gatewright_compiler::testbench::{Samples, TestBench, TestBenchError};
use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_layers::layer::{Combine, Layer};
use gatewright_layers::network::{Network, Range, TensorTy};
use gatewright_layers::target::{Family, Target};
use gatewright_sim::lint::{MAKE_FLAGS, verilator, verilators};

fn folder(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("testbench_{name}"));
    let _ = std::fs::remove_dir_all(&dir);
    dir
}

/// What a command says; none where the tool is missing, which is an error in CI.
#[track_caller]
fn said(command: &mut Command) -> Option<String> {
    match command.output() {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {command:?}: {e}");
            None
        }
        Err(e) => panic!("{command:?}: {e}"),
        Ok(run) => {
            let text = String::from_utf8_lossy(&run.stdout) + String::from_utf8_lossy(&run.stderr);
            assert!(run.status.success(), "{command:?}: {text}");
            Some(text.into_owned())
        }
    }
}

/// What the bench of the module `top` in `dir` prints under Icarus Verilog, which must not complain.
#[track_caller]
fn icarus(dir: &Path, top: &str) -> Option<Vec<String>> {
    let (tb, module) = (dir.join("tb"), format!("{top}_tb"));
    let arguments = ["-g2005", "-Wall", "-s", &module, "-o", "sim.vvp", "-f", "files.f"];
    let complaints = said(Command::new("iverilog").args(arguments).current_dir(&tb))?;
    assert_eq!(complaints, "");
    let text = said(Command::new("vvp").args(["-n", "sim.vvp"]).current_dir(&tb))?;
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let verdicts = lines.iter().filter(|l| l.starts_with("PASS") || l.starts_with("FAIL")).count();
    assert_eq!(verdicts, 1, "{text}");
    Some(lines)
}

#[track_caller]
fn passes(dir: &Path, top: &str, samples: usize) {
    if let Some(lines) = icarus(dir, top) {
        assert_eq!(lines, [format!("PASS: {samples} samples")], "{}", dir.display());
    }
}

/// Runs a design with `from` replaced by `to` in a file, which is put back.
#[track_caller]
fn broken(dir: &Path, top: &str, file: &str, from: &str, to: &str) -> Option<Vec<String>> {
    let path = dir.join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from}: {text}");
    std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
    let lines = icarus(dir, top);
    std::fs::write(&path, text).unwrap();
    assert!(lines.as_ref().is_none_or(|l| l.last().unwrap().starts_with("FAIL: ")), "{lines:?}");
    lines
}

fn package(network: Network, mhz: f64, interface: Interface) -> Package {
    let scales = vec![vec![(1.0, 0.0)]; network.tensors()];
    let grids = vec![vec![(1.0, 0.0)]; network.inputs.len()];
    let model = Model {
        head: Graph::default(),
        grids,
        network,
        tail: Graph::default(),
        scales,
        indices: Vec::new(),
        bounds: Vec::new(),
        near_ties: Vec::new(),
    };
    let options = Options { target: Target::mhz(mhz, Family::Lut6), interface, ..Options::default() };
    Package { format: FORMAT, source: "tiny.onnx".into(), options, latency: 0, model }
}

/// Writes the design and its bench into a folder.
fn written(mut package: Package, samples: &Samples, name: &str) -> PathBuf {
    let dir = folder(name);
    let (design, latency) = package.design().unwrap_or_else(|e| panic!("{e}"));
    package.latency = latency;
    let rtl = emit(&design, &EmitOptions::default());
    rtl.write_to(dir.join("rtl")).unwrap();
    let bench = TestBench::new(&package, &design, &rtl, samples).unwrap();
    assert_eq!(bench.samples, samples.count);
    std::fs::create_dir_all(dir.join("tb")).unwrap();
    for (name, text) in &bench.files {
        std::fs::write(dir.join("tb").join(name), text).unwrap();
    }
    dir
}

/// `a - 2b + 1` and the input `b`, which has an element that is always -3. Both outputs have names of inputs.
fn tiny() -> Network {
    let range = |lo, hi| Range { lo, hi };
    let a = TensorTy { shape: vec![2], ranges: vec![range(-8, 7), range(100, 300)] };
    let b = TensorTy { shape: vec![2], ranges: vec![range(-3, -3), range(-1000, 5)] };
    let inputs = vec![("a".into(), a), ("b".into(), b)];
    let mut net = Network { name: "tiny".into(), inputs, ..Network::default() };
    let factors = vec![Arc::new(vec![1]), Arc::new(vec![-2])];
    let sum = net.push("sum".into(), Layer::Combine(Combine { factors, offset: Arc::new(vec![1]) }), vec![0, 1]);
    net.outputs = vec![("a".into(), sum.unwrap()), ("b".into(), 1)];
    net
}

fn by_hand() -> Samples {
    Samples { count: 2, inputs: vec![Arc::new(vec![-8, 300, 7, 100]), Arc::new(vec![-3, -1000, -3, 5])] }
}

/// A clock in MHz for which `tiny` needs registers.
const FAST: f64 = 700.0;

const BOTH: [(Interface, &str); 2] = [(Interface::Plain, "plain"), (Interface::Stream, "stream")];

#[test]
fn samples_are_packed_from_the_lowest_bits_in_bytes() {
    for (interface, name) in BOTH {
        let dir = written(package(tiny(), FAST, interface), &by_hand(), &format!("packed_{name}"));
        let read = |file: &str| std::fs::read_to_string(dir.join("tb").join(file)).unwrap();
        // Bits 8, 16, 8, 16: -8, 300, -3, -1000; then 7, 100, -3, 5.
        assert_eq!(read("inputs.hex"), "fc18fd012cf8\n0005fd006407\n");
        // Of 8, 16, 8, 16 bits: -8+6+1, 300+2000+1, -3, -1000; then 7+6+1, 100-10+1, -3, 5.
        assert_eq!(read("outputs.hex"), "fc18fd08fdff\n0005fd005b0e\n");
        let list = read("files.f");
        assert!(list.contains("../rtl/tiny.v\n") && list.ends_with("\ntiny_tb.v\n"), "{list}");
        passes(&dir, "tiny", 2);
        // An output that is constant and has no port, and a sign.
        for (from, to, wanted) in [
            ("fc18fd08", "fc180d08", "sample 0, b_out_0: expected 13, found -3"),
            ("005b0e", "005bfe", "sample 1, a_out_0: expected -2, found 14"),
        ] {
            if let Some(lines) = broken(&dir, "tiny", "tb/outputs.hex", from, to) {
                assert_eq!(lines, [wanted, "FAIL: 1 mismatches in 2 samples"]);
            }
        }
    }
}

#[test]
fn without_samples_there_is_no_bench() {
    let package = package(tiny(), 0.0, Interface::Plain);
    let (design, _) = package.design().unwrap();
    let rtl = emit(&design, &EmitOptions::default());
    let none = Samples { count: 0, inputs: vec![Arc::new(vec![]), Arc::new(vec![])] };
    assert!(matches!(TestBench::new(&package, &design, &rtl, &none), Err(TestBenchError::NoSamples)));
    let outside = Samples { count: 1, inputs: vec![Arc::new(vec![8, 100]), Arc::new(vec![-3, 0])] };
    assert!(matches!(TestBench::new(&package, &design, &rtl, &outside), Err(TestBenchError::Network(_))));
}

#[test]
fn broken_plain_hardware_fails() {
    let network = tiny();
    let samples = Samples::of_ranges(&network);
    let dir = written(package(network, FAST, Interface::Plain), &samples, "broken_plain");
    passes(&dir, "tiny", 100);
    let rtl = "rtl/tiny.v";
    let text = std::fs::read_to_string(dir.join(rtl)).unwrap();
    let latency = text.lines().filter(|l| l.trim_start().starts_with("reg valid_s")).count();
    assert!(latency > 0);
    let valid = format!("assign out_valid = valid_s{latency};");
    let Some(lines) = broken(&dir, "tiny", rtl, &valid, "assign out_valid = in_valid;") else { return };
    assert!(lines[0].starts_with("clock ") && lines[0].contains("out_valid is 1"), "{lines:?}");
    assert_eq!(lines.len(), 11, "{lines:?}");
    let lines = broken(&dir, "tiny", rtl, &valid, "assign out_valid = 1'b0;").unwrap();
    assert_eq!(lines[0], format!("sample 0: out_valid is 0, {latency} clocks after it went in"));
    assert_eq!(lines[10], "FAIL: 100 mismatches in 100 samples");
    let lines = broken(&dir, "tiny", rtl, "assign a_out_1 = ", "assign a_out_1 = 1 ^ ").unwrap();
    assert!(lines[0].starts_with("sample 0, a_out_1: expected "), "{lines:?}");
    assert_eq!(lines[10], "FAIL: 100 mismatches in 100 samples");
    let lines = broken(&dir, "tiny", rtl, "assign a_out_1 = ", "assign a_out_1 = 'bx & ").unwrap();
    assert!(
        lines[0].starts_with("sample 0, a_out_1: expected ") && lines[0].to_lowercase().ends_with('x'),
        "{lines:?}"
    );
}

#[test]
fn broken_streams_fail() {
    let network = tiny();
    let samples = Samples::of_ranges(&network);
    let dir = written(package(network, FAST, Interface::Stream), &samples, "broken_stream");
    passes(&dir, "tiny", 100);
    let (rtl, fifo) = ("rtl/tiny.v", "rtl/fifo.v");
    let run = |file: &str, from: &str, to: &str| broken(&dir, "tiny", file, from, to);
    let never = "assign m_axis_tvalid = 1'b0 && ";
    let Some(lines) = run(rtl, "assign m_axis_tvalid = ", never) else { return };
    assert_eq!(lines, ["FAIL: the design hangs with 0 of 100 results, 0 mismatches"]);
    let lines = run(rtl, "wire room = ", "wire room = 1'b0 && ").unwrap();
    assert_eq!(lines, ["FAIL: the design hangs with 0 of 100 results, 0 mismatches"]);
    // A result each clock, with samples or not.
    let lines = run(rtl, "assign m_axis_tvalid = ", "assign m_axis_tvalid = 1'b1 || ").unwrap();
    assert_eq!(lines[0], "sample 0: a result came before its sample");
    // Wrong where it is taken, and then only before that.
    let lines = run(rtl, "assign m_axis_tlast = ", "assign m_axis_tlast = m_axis_tready ^ ").unwrap();
    assert_eq!(lines[0], "sample 0: tlast is wrong");
    let lines = run(fifo, "assign output_0 = ", "assign output_0 = {16{!output_ready}} ^ ").unwrap();
    assert!(lines.iter().any(|l| l.ends_with(": the result changed while it waited")), "{lines:?}");
    let lines = run(fifo, "assign input_ready = ", "assign input_ready = 1'b0 && ").unwrap();
    assert_eq!(lines, ["FAIL: the design hangs with 0 of 100 results, 0 mismatches"]);
    // A place too few: a sample does not go in with each clock.
    let text = std::fs::read_to_string(dir.join(rtl)).unwrap();
    let room = text.lines().find(|l| l.contains("wire room = ")).unwrap();
    let slow = room.replacen("under_way <", "under_way + 1 <", 1);
    let lines = run(rtl, room, &slow).unwrap();
    assert!(lines.iter().any(|l| l.ends_with(": the result came too early or too late")), "{lines:?}");
}

#[test]
fn missing_samples_are_no_pass() {
    let dir = written(package(tiny(), FAST, Interface::Plain), &by_hand(), "missing");
    let whole = "fc18fd012cf8\n";
    let Some(lines) = broken(&dir, "tiny", "tb/inputs.hex", whole, "") else { return };
    assert_eq!(lines.last().unwrap(), "FAIL: inputs.hex and outputs.hex do not hold 2 samples");
    std::fs::remove_file(dir.join("tb/outputs.hex")).unwrap();
    assert_eq!(icarus(&dir, "tiny").unwrap(), ["FAIL: inputs.hex and outputs.hex do not hold 2 samples"]);
}

#[test]
fn random_networks_pass() {
    for seed in 0..8 {
        let network = support::network(seed, 4);
        let samples = Samples::of_ranges(&network);
        for (interface, name) in BOTH {
            for mhz in [0.0, 30.0] {
                let package = package(network.clone(), mhz, interface);
                let dir = written(package, &samples, &format!("random_{seed}_{name}_{mhz}"));
                passes(&dir, &network.name, samples.count);
            }
        }
    }
}

#[test]
fn verilator_runs_it() {
    for (interface, name) in BOTH {
        let network = tiny();
        let samples = Samples::of_ranges(&network);
        let dir = written(package(network, FAST, interface), &samples, &format!("verilator_{name}"));
        lint(&dir, "tiny");
        let Some(path) = verilators().into_iter().next() else { return };
        let tb = dir.join("tb");
        let mut build = verilator(&path);
        let arguments = ["--binary", "--timing", "--top-module", "tiny_tb", "-o", "sim", "-f", "files.f"];
        build
            .args(arguments)
            .args(["-CFLAGS", "-O0 -std=gnu++20 -fcoroutines", "-MAKEFLAGS", MAKE_FLAGS])
            .current_dir(&tb);
        if said(&mut build).is_none() {
            return;
        }
        let run = |wanted: &[&str]| {
            let text = said(Command::new(tb.join("obj_dir/sim")).current_dir(&tb)).unwrap();
            // Verilator says where it ends, and newer ones what it took.
            let lines: Vec<&str> = text.lines().filter(|l| !l.starts_with("- ")).collect();
            assert_eq!(lines, wanted);
        };
        run(&["PASS: 100 samples"]);
        // The second sample is the greatest: 7+6+1 and 300-10+1.
        let path = tb.join("outputs.hex");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replacen("0005fd01230e\n", "0005fd01220e\n", 1)).unwrap();
        run(&["sample 1, a_out_1: expected 290, found 291", "FAIL: 1 mismatches in 100 samples"]);
        std::fs::remove_file(&path).unwrap();
        run(&["FAIL: inputs.hex and outputs.hex do not hold 100 samples"]);
    }
}

/// That no Verilator complains about the bench.
#[track_caller]
fn lint(dir: &Path, top: &str) {
    for path in verilators() {
        let mut command = verilator(&path);
        let module = format!("{top}_tb");
        command.args(["--lint-only", "-Wall", "--timing", "--top-module", &module, "-f", "files.f"]);
        if let Some(text) = said(command.current_dir(dir.join("tb"))) {
            let complaints: Vec<&str> = text.lines().filter(|l| !l.starts_with("- ")).collect();
            assert!(complaints.is_empty(), "{text}");
        }
    }
}

/// Runs the program, which has to succeed.
#[track_caller]
fn gatewright(arguments: &[&str]) -> String {
    said(Command::new(env!("CARGO_BIN_EXE_gatewright")).args(arguments)).unwrap()
}

fn example(file: &str) -> String {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/models/digits_mlp_w4a4");
    dir.join(file).to_string_lossy().into_owned()
}

#[test]
fn digits_compile_to_a_bench_that_passes() {
    for (clock, interface) in [("200", "plain"), ("0", "plain"), ("200", "stream")] {
        let dir = folder(&format!("digits_{interface}_{clock}"));
        let (name, model) = (dir.to_string_lossy(), example("model.onnx"));
        let options = ["--clock-mhz", clock, "--interface", interface];
        let text = gatewright(&[&["compile", &model, "-o", &name], &options[..]].concat());
        assert!(text.contains("main_graph_tb.v, 100 samples"), "{text}");
        passes(&dir, "main_graph", 100);
        if clock != "0" {
            lint(&dir, "main_graph");
        }
        // The lowest digit of element 3 of sample 7, which is bits 48 to 63 of 160.
        let path = dir.join("tb/outputs.hex");
        let golden = std::fs::read_to_string(&path).unwrap();
        let mut lines: Vec<String> = golden.lines().map(str::to_owned).collect();
        let at = (160 - 64) / 4;
        let value = u16::from_str_radix(&lines[7][at..at + 4], 16).unwrap() as i16;
        lines[7].replace_range(at..at + 4, &format!("{:04x}", value ^ 1));
        std::fs::write(&path, lines.join("\n") + "\n").unwrap();
        if let Some(said) = icarus(&dir, "main_graph") {
            let wanted = format!("sample 7, output_42_3: expected {}, found {value}", value ^ 1);
            assert_eq!(said, [wanted, "FAIL: 1 mismatches in 100 samples".to_owned()]);
        }
    }
}

#[test]
fn verify_puts_the_users_samples_into_the_bench() {
    for interface in ["plain", "stream"] {
        let dir = folder(&format!("samples_{interface}"));
        let name = dir.to_string_lossy();
        gatewright(&["compile", &example("model.onnx"), "-o", &name, "--interface", interface]);
        let before = std::fs::read_to_string(dir.join("tb/inputs.hex")).unwrap();
        let arguments = ["verify", &name, "--inputs", &example("inputs.npy"), "--engine", "golden", "--testbench"];
        gatewright(&[&arguments[..], &["--limit", "20"]].concat());
        let after = std::fs::read_to_string(dir.join("tb/inputs.hex")).unwrap();
        assert_ne!(before, after);
        assert_eq!((after.lines().count(), after.lines().next().unwrap().len()), (20, 128));
        passes(&dir, "main_graph", 20);
        // No samples, no bench.
        let mut none = Command::new(env!("CARGO_BIN_EXE_gatewright"));
        let run = none.args(arguments).args(["--limit", "0"]).output().unwrap();
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        assert_eq!(run.status.code(), Some(2), "{said}");
        assert!(said.contains("leaves nothing to verify"), "{said}");
    }
}
