//! Reports: sizes of a small network by hand, the page, the JSON form, and profiles.

mod support;

use std::sync::Arc;

use gatewright_compiler::graph::Graph;
use gatewright_compiler::import::onnx;
use gatewright_compiler::package::{FORMAT, Interface, Options, Package};
use gatewright_compiler::profile::{Profile, ProfileError};
use gatewright_compiler::report::Report;
use gatewright_compiler::streamline::Model;
use gatewright_layers::layer::{Combine, Dense, Form, Layer, Matrix, StepFunction, Steps};
use gatewright_layers::network::{Network, Range, TensorTy};
use gatewright_layers::target::{Family, Target};

use support::{array, models, rows};

fn package(network: Network, mhz: f64) -> (Package, Report) {
    let scales = vec![vec![(0.5, 0.0)]; network.tensors()];
    let grids = vec![vec![(0.5, 0.0)]; network.inputs.len()];
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
    let target = Target::mhz(mhz, Family::Lut6);
    let options = Options { input_types: Vec::new(), target, ..Options::default() };
    let mut package = Package { format: FORMAT, source: "small.onnx".into(), options, latency: 0, model };
    let (design, latency) = package.design().unwrap_or_else(|e| panic!("{e}"));
    package.latency = latency;
    let report = Report::of(&package, &design);
    (package, report)
}

/// 3x - y + 5 and x + y of two inputs in 0..=15, ReLU, and steps at 8 and 40.
fn small() -> Network {
    let x = TensorTy::uniform(vec![2], Range { lo: 0, hi: 15 });
    let mut net = Network { name: "tiny".into(), inputs: vec![("x".into(), x)], ..Network::default() };
    let weights = Arc::new(Matrix { rows: 2, cols: 2, data: vec![3, -1, 1, 1] });
    let sum = net.push("fc".into(), Layer::Dense(Dense { weights, bias: vec![5, 0] }), vec![0]).unwrap();
    let relu = net.push("relu".into(), Layer::Clip { lo: Some(0), hi: None }, vec![sum]).unwrap();
    let function = StepFunction { first: 0, steps: vec![(8, 1), (40, 2)] };
    let steps = Steps { functions: Arc::new(vec![function]), of: Arc::new(vec![0]), form: Form::Auto };
    let y = net.push("act".into(), Layer::Steps(steps), vec![relu]).unwrap();
    net.outputs.push(("y".into(), y));
    net
}

/// `layers` sums of all elements' neighbours, with a skip over each second one.
fn deep(layers: usize) -> Network {
    let x = TensorTy::uniform(vec![4], Range { lo: -8, hi: 7 });
    let mut net = Network { name: "deep".into(), inputs: vec![("x".into(), x)], ..Network::default() };
    let mut last = 0;
    for k in 0..layers / 3 {
        let skipped = last;
        let data = (0..16).map(|i| (i * 7 + k as i64) % 5 - 2).collect();
        let weights = Arc::new(Matrix { rows: 4, cols: 4, data });
        last = net.push(format!("fc_{k}"), Layer::Dense(Dense { weights, bias: vec![] }), vec![last]).unwrap();
        let clip = Layer::Clip { lo: Some(-8), hi: Some(7) };
        last = net.push(format!("clip_{k}"), clip, vec![last]).unwrap();
        let one = || Arc::new(vec![1]);
        let add = Layer::Combine(Combine { factors: vec![one(), one()], offset: Arc::new(vec![]) });
        last = net.push(format!("add_{k}"), add, vec![last, skipped]).unwrap();
    }
    net.outputs.push(("y".into(), last));
    net
}

#[test]
fn the_numbers_of_a_small_network() {
    let (package, report) = package(small(), 200.0);
    let [fc, relu, act] = &report.layers[..] else { panic!("{:?}", report.layers) };

    // x + y is one addition; 3x - y is 4x less that, which is another. Constants are not counted.
    assert_eq!(fc.cost.adders, 2);
    assert_eq!(fc.cost.depth, 2);
    let weights = fc.weights.unwrap();
    assert_eq!((weights.count, weights.nonzero, weights.bits), (4, 4, 3));
    assert_eq!((fc.kind.as_str(), relu.kind.as_str()), ("dense 2→2", "ReLU"));
    assert_eq!(act.kind, "step function with 2 steps");

    // 3x - y + 5 lies in -10..=50, which takes 7 bits; x + y in 0..=30, 5 bits. By the types alone, two products of 0..=15
    // and -4..=3 and a bias of 0..=5 reach -120..=95, which takes 8.
    let sums = &report.tensors[1];
    assert_eq!((sums.least, sums.greatest, sums.bits_min, sums.bits_max, sums.bits), (-10, 50, 5, 7, 12));
    assert!(fc.why.contains("need 7 bits, the worst case of the types would be 8"), "{}", fc.why);
    // ReLU leaves 0..=50 and 0..=30; the steps at 8 and 40 leave 0..=2 and 0..=1.
    assert_eq!((report.tensors[2].bits_min, report.tensors[2].bits_max), (5, 6));
    assert_eq!((report.tensors[3].least, report.tensors[3].greatest, report.tensors[3].bits), (0, 2, 3));

    let t = &report.totals;
    assert_eq!(t.cost.adders, report.layers.iter().map(|l| l.cost.adders).sum::<u64>());
    assert_eq!(t.cost.depth, fc.cost.depth + relu.cost.depth + act.cost.depth);
    assert_eq!((t.interval, t.clock_mhz, t.samples_per_second), (1, Some(200.0), Some(2e8)));
    assert_eq!(t.latency_clocks, package.latency);
    assert_eq!(t.latency_ns, Some(f64::from(package.latency) * 5.0));
    assert!(report.text().contains("dense 2→2"), "{}", report.text());
}

/// Steps at 3 and 40, a line's steps, and a constant.
#[test]
fn forms_of_steps_are_said() {
    let line = StepFunction { first: 0, steps: (1..=3).map(|v| ((16 * v - 5 + 2) / 3, v)).collect() };
    let plain = StepFunction { first: 0, steps: vec![(3, 1), (40, 0)] };
    let why = |of: Vec<u32>, form| {
        let x = TensorTy::uniform(vec![4], Range { lo: 0, hi: 60 });
        let mut net = Network { name: "steps".into(), inputs: vec![("x".into(), x)], ..Network::default() };
        let constant = StepFunction { first: 1, steps: Vec::new() };
        let functions = Arc::new(vec![line.clone(), plain.clone(), constant]);
        let y = net.push("act".into(), Layer::Steps(Steps { functions, of: Arc::new(of), form }), vec![0]).unwrap();
        net.outputs.push(("y".into(), y));
        let why = &package(net, 0.0).1.layers[0].why;
        why.split_once("; made ").unwrap_or_else(|| panic!("{why}")).1.to_owned()
    };
    assert_eq!(why(vec![0, 1, 1, 0], Form::Comparisons), "by comparisons");
    assert_eq!(why(vec![1], Form::Table), "as tables");
    assert_eq!(why(vec![0, 2, 1, 0], Form::Staircase), "3 as staircases, 1 as constants");
    assert_eq!(why(vec![0, 1, 2, 0], Form::Comparisons), "3 by comparisons, 1 as constants");
    let multiplier = why(vec![0], Form::Multiplier);
    assert!(multiplier.starts_with("as a multiplier: "), "{multiplier}");
    // The numbers that it says give the steps.
    let numbers: Vec<i64> = multiplier.split(' ').filter_map(|w| w.parse().ok()).collect();
    let [factor, offset, over] = numbers[..] else { panic!("{multiplier}") };
    let offset = if multiplier.contains(" - ") { -offset } else { offset };
    for x in 0..=60 {
        assert_eq!((factor * x + offset).div_euclid(over).clamp(0, 3), line.at(x), "{multiplier} at {x}");
    }
}

#[test]
fn registers_and_clocks_belong_to_layers() {
    // Fast enough that the layers take several clocks.
    let (package, report) = package(deep(9), 400.0);
    assert!(package.latency >= 3, "{}", package.latency);
    let mut before = 0;
    for layer in &report.layers {
        let (first, last) = layer.clocks.unwrap_or_else(|| panic!("{} has no clocks", layer.name));
        assert!(before <= last && first <= last && last <= package.latency, "{}: {first}..{last}", layer.name);
        before = first;
    }
    let of_layers: u64 = report.layers.iter().map(|l| l.register_bits).sum();
    assert!(of_layers > 0 && of_layers <= report.totals.register_bits, "{of_layers}");
    // Valid's registers, and the copy that goes through the layers, are no layer's.
    assert!(report.totals.register_bits >= of_layers + 2 * u64::from(package.latency));
}

#[test]
fn a_stalled_pipeline_has_the_same_clocks() {
    let (mut package, plain) = package(deep(9), 400.0);
    package.options.interface = Interface::Stream;
    let (design, latency) = package.design().unwrap_or_else(|e| panic!("{e}"));
    package.latency = latency;
    let stream = Report::of(&package, &design);
    assert!(stream.totals.register_bits > 0);
    // The FIFO holds what is under way: the elements of a result, and the packet's end.
    let word = stream.tensors.last().map_or(0, |t| t.bits) + 1;
    assert_eq!((plain.totals.memory_bits, stream.totals.memory_bits), (0, u64::from(latency + 1) * word));
    for (a, b) in plain.layers.iter().zip(&stream.layers) {
        assert_eq!((a.clocks, a.register_bits), (b.clocks, b.register_bits), "{}", a.name);
    }
}

#[test]
fn without_a_clock_there_is_no_time() {
    let (_, mut report) = package(small(), 0.0);
    assert_eq!((report.totals.latency_ns, report.totals.registers), (None, 0));
    report.assess(&Profile::named("trigger").unwrap());
    let assessment = report.assessment.as_ref().unwrap();
    assert_eq!(assessment.meets, None);
    assert!(assessment.advice[0].contains("--clock-mhz"), "{:?}", assessment.advice);
}

#[test]
fn names_from_files_are_escaped() {
    let mut network = small();
    network.nodes[0].name = "<script>alert(\"1\")</script>&'\u{1b}[2J".into();
    network.inputs[0].0 = "<img src=x onerror=alert(1)>".into();
    let (good, _) = package(small(), 200.0);
    let (design, _) = good.design().unwrap();
    let mut hostile = good;
    hostile.model.network = network;
    hostile.source = "\"><b>file</b>".into();
    let mut report = Report::of(&hostile, &design);
    report.assess(&Profile::from_toml("name = '<i>p</i>'\nremarks = '</ul><svg onload=x>'").unwrap());
    let page = report.html().unwrap();
    for tag in ["<script", "<img", "<b>file", "<i>p", "<svg onload"] {
        assert!(!page.contains(tag), "{tag} is in the page");
    }
    assert!(page.contains("&lt;script&gt;"));
    assert!(!report.text().contains('\u{1b}'));
}

#[test]
fn the_page_loads_nothing() {
    let (_, report) = package(deep(30), 200.0);
    let page = report.html().unwrap();
    for word in ["http:", "https:", "src=", "@import", "<link", "url(h"] {
        assert!(!page.contains(word), "{word}");
    }
    assert_eq!(page.matches("<rect").count(), 32);
}

#[test]
fn json_and_back() {
    let (_, mut report) = package(deep(9), 300.0);
    report.assess(&Profile::named("readout").unwrap());
    let text = serde_json::to_string_pretty(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
}

#[test]
fn seen_is_a_part_of_provided() {
    let network = small();
    // 3x - y + 5 is 5, 49 and 19; x + y is 0, 16 and 9: of -10..=50 the part 0..=49.
    let (mut package, mut report) = package(network, 200.0);
    // As if 49 and 16 were near a tie at the only step function.
    package.model.near_ties = vec![vec![], vec![], vec![vec![(16, 16), (49, 49)]]];
    let (_, seen) = package.model.see(&vec![vec![]; 3], &[Arc::new(vec![0, 0, 15, 1, 6, 3])]).unwrap();
    report.with_seen(&seen);
    let line = "Values near a tie of a quantiser: 2, in 1 of 3 samples";
    assert!(report.text().contains(line) && report.html().unwrap().contains(line), "{}", report.text());
    assert_eq!(report.seen.unwrap().count, 3);
    let seen = report.tensors[1].seen.unwrap();
    assert_eq!((seen.least, seen.greatest), (0, 49));
    assert!((seen.share - 49.0 / 60.0).abs() < 1e-12);
    assert!(report.html().unwrap().contains("81.7 %"));
}

#[test]
fn a_profile_is_met_or_not_by_so_much() {
    let wanted = |rate: &str, latency: &str| {
        Profile::from_toml(&format!("name = 'mine'\nevent_rate_hz = {rate}\nlatency_ns = {latency}")).unwrap()
    };
    let (package, mut report) = package(deep(9), 400.0);
    let ns = f64::from(package.latency) * 2.5;
    report.assess(&wanted("40e6", &format!("{}", ns * 2.0)));
    let good = report.assessment.clone().unwrap();
    assert_eq!(
        (good.meets, good.rate.unwrap().margin, good.latency.unwrap().margin),
        (Some(true), Some(10.0), Some(2.0))
    );
    assert!(good.advice.is_empty());

    report.assess(&wanted("800e6", &format!("{:?}", ns / 2.0)));
    let bad = report.assessment.as_ref().unwrap();
    assert_eq!((bad.meets, bad.rate.unwrap().margin, bad.latency.unwrap().margin), (Some(false), Some(0.5), Some(0.5)));
    assert!(bad.advice[0].contains("--clock-mhz 800") && bad.advice[0].contains("2 copies"), "{:?}", bad.advice);
    assert!(bad.advice.iter().any(|a| a.contains("`clip_0` with 4 in a row")), "{:?}", bad.advice);
    assert!(report.text().contains("profile mine: not met"));
}

#[test]
fn profiles_by_name() {
    for name in Profile::names() {
        assert_eq!(Profile::named(name).unwrap().name, name);
    }
    let trigger = Profile::named("trigger").unwrap();
    assert_eq!((trigger.event_rate_hz, trigger.latency_ns), (Some(40e6), Some(1000.0)));
    let error = Profile::named("triger").unwrap_err();
    assert!(error.to_string().contains("did you mean `trigger`?"), "{error}");
    assert!(error.to_string().contains("scanning-probe"), "{error}");
    assert!(matches!(Profile::named("zzz"), Err(ProfileError::Unknown { nearest: None, .. })));
}

#[test]
fn profile_errors_name_the_place() {
    let place = |text: &str| match Profile::from_toml(text) {
        Err(ProfileError::Text { line, column, problem }) => (line, column, problem),
        other => panic!("{other:?}"),
    };
    let (line, column, problem) = place("name = 'a'\n  latency_us = 3\n");
    assert_eq!((line, column), (2, 3));
    assert!(problem.contains("latency_us") && problem.contains("latency_ns"), "{problem}");
    let (line, column, _) = place("name = 'a'\nlatency_ns = 'long'\n");
    assert_eq!((line, column), (2, 14));
    assert_eq!(place("name = 'a'\nevent_rate_hz = = 3").0, 2);
    assert!(place("title = 'nameless'").2.contains("name"));
    for value in ["0.0", "-1.0", "nan", "inf"] {
        let error = Profile::from_toml(&format!("name = 'a'\nlatency_ns = {value}")).unwrap_err();
        assert!(error.to_string().contains("`latency_ns`"), "{error}");
    }
}

#[test]
fn a_real_model() {
    let Some(folder) = models().map(|m| m.join("digits_mlp_w4a4")) else { return };
    let graph = onnx::read(&folder.join("model.onnx")).unwrap_or_else(|e| panic!("{e}"));
    let target = Target::mhz(200.0, Family::Lut6);
    let options = Options { target, ..Options::default() };
    let (package, design) = Package::compile(&graph, "model.onnx", options).unwrap_or_else(|e| panic!("{e}"));
    let mut report = Report::of(&package, &design);
    report.assess(&Profile::named("trigger").unwrap());

    let samples: Vec<Vec<_>> = rows(&array(&folder.join("inputs.npy"))).into_iter().map(|x| vec![x]).collect();
    let integers = package.model.integers(&samples).unwrap();
    report.with_seen(&package.model.see(&samples, &integers).unwrap().1);
    assert_eq!(report.seen.unwrap().count, samples.len());
    for tensor in &report.tensors {
        let seen = tensor.seen.unwrap();
        assert!(tensor.least <= seen.least && seen.greatest <= tensor.greatest, "{}", tensor.name);
        assert!(tensor.scale.is_none() || tensor.scale.unwrap().scale.0 > 0.0);
    }
    // 64 → 32 → 16 → 10, all at 4 bits.
    let dense: Vec<_> = report.layers.iter().filter_map(|l| l.weights.map(|w| (l.kind.as_str(), w))).collect();
    let counts: Vec<_> = dense.iter().map(|(kind, w)| (*kind, w.count)).collect();
    assert_eq!(counts, [("dense 64→32", 2048), ("dense 32→16", 512), ("dense 16→10", 160)]);
    assert!(dense.iter().all(|(_, w)| w.bits <= 4 && w.nonzero > 0));
    assert_eq!(report.totals.weights, 2720);
    assert!(report.totals.register_bits > 0 && report.layers.iter().any(|l| l.register_bits > 0));
    let text = report.text();
    assert!(text.contains("profile trigger: met"), "{text}");
    println!("{text}");
    // Scales of this model have 17 digits.
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    let json = serde_json::to_string(&package).unwrap();
    assert!(serde_json::from_str::<Package>(&json).unwrap() == package);
    show(&report);
}

/// The pages to look at, for who says where they should go.
fn show(report: &Report) {
    let Some(dir) = std::env::var_os("GATEWRIGHT_PAGES").map(std::path::PathBuf::from) else { return };
    let (package_of_thirty, mut thirty) = package(deep(30), 200.0);
    let inputs = (0..40).map(|i| (i * 5) % 9 - 4).collect();
    thirty.with_seen(&package_of_thirty.model.see(&vec![vec![]; 10], &[Arc::new(inputs)]).unwrap().1);
    thirty.assess(&Profile::named("readout").unwrap());
    let (_, three) = package(small(), 200.0);
    for (name, report) in [("digits", report), ("thirty", &thirty), ("three", &three)] {
        std::fs::write(dir.join(name).with_extension("html"), report.html().unwrap()).unwrap();
        std::fs::write(dir.join(name).with_extension("txt"), report.text()).unwrap();
    }
}
