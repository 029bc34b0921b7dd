//! `gatewright verify`: the hardware of a compiled model on samples, against the golden model and what is expected.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use gatewright_compiler::graph::{Op, Operand, Tensor, Unary, count};
use gatewright_compiler::package::{FORMAT, Interface, Package};
use gatewright_compiler::seen::Seen;
use gatewright_compiler::testbench::Samples;
use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_dsl::ir::Design;
use gatewright_layers::network::{Batch, Network};

use crate::engine::{self, Engine};
use crate::output::counted;
use crate::trace::Trace;
use crate::{Failure, output, report, samples, testbench};

/// What `gatewright verify` takes.
#[derive(clap::Args)]
pub struct Arguments {
    /// The folder that `gatewright compile` wrote
    pub dir: PathBuf,
    /// Samples, as numpy's .npy: the first axis counts them. Once for each input of the model
    #[arg(long, value_name = "X.npy", required = true)]
    pub inputs: Vec<PathBuf>,
    /// What the model should give for them. Once for each output, in order
    #[arg(long, value_name = "Y.npy")]
    pub expect: Vec<PathBuf>,
    /// Right answers, for the accuracy: one whole number per sample
    #[arg(long, value_name = "L.npy")]
    pub labels: Option<PathBuf>,
    /// What computes: the golden model, the built-in simulator, or Verilator on the Verilog
    #[arg(long, value_enum, default_value = "interpreter")]
    pub engine: Engine,
    /// Only so many samples
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Allowed difference from what is expected, relative to the greatest magnitude expected
    #[arg(long, value_name = "T", default_value_t = TOLERANCE, allow_hyphen_values = true)]
    pub tolerance: f64,
    /// Round inputs that the hardware's input type cannot hold, instead of refusing them
    #[arg(long)]
    pub round_inputs: bool,
    /// Write all values of this sample, layer by layer, to DIR/trace-SAMPLE.json; counted from 0
    #[arg(long, value_name = "SAMPLE")]
    pub trace: Option<usize>,
    /// Put these samples and the golden model's results into DIR/tb, the test bench for other simulators
    #[arg(long)]
    pub testbench: bool,
    /// Say the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Allowed difference where nothing else is said: float32 references are closer.
const TOLERANCE: f64 = 1e-5;

impl Default for Arguments {
    fn default() -> Arguments {
        Arguments {
            dir: PathBuf::new(),
            inputs: Vec::new(),
            expect: Vec::new(),
            labels: None,
            engine: Engine::Interpreter,
            limit: None,
            tolerance: TOLERANCE,
            round_inputs: false,
            trace: None,
            testbench: false,
            json: false,
        }
    }
}

/// What was found.
#[derive(Default, serde::Serialize)]
pub struct Verdict {
    /// Samples that ran.
    pub samples: usize,
    /// What computed.
    pub engine: String,
    /// Integers of the outputs that were compared with the golden model.
    pub integers: usize,
    /// Greatest difference from what was expected, relative to the greatest magnitude expected.
    pub worst: Option<f64>,
    /// How far real values may be from exact ones in any case, since the hardware computes the softmax.
    pub bound: f64,
    /// Decisions that were compared, where there is something expected.
    pub decisions: Option<usize>,
    /// Of these, those that differ between scores which are closer than float32 tells apart, or than a softmax in hardware
    /// does.
    pub decisions_at_ties: usize,
    /// Share of right answers, where there are labels.
    pub accuracy: Option<f64>,
    /// Values near a tie of a quantiser, where float32 may round to the other side.
    pub near_ties: u64,
    /// The same by layer, where there are any; those of the host's quantisers under `the host`.
    pub near_ties_of: BTreeMap<String, u64>,
    /// Samples with such a value.
    pub samples_near_ties: usize,
    /// Clocks that the hardware ran.
    pub clocks: u64,
    /// Seconds that the engine ran.
    pub seconds: f64,
    /// Where the values of a sample went that was traced.
    pub trace: Option<PathBuf>,
    /// What is wrong, where something is.
    pub difference: Option<Difference>,
}

/// The first value that is not what it should be.
#[derive(Debug, serde::Serialize)]
pub struct Difference {
    /// Counted from 0.
    pub sample: usize,
    /// Name of the output.
    pub output: String,
    /// The layer whose result differs.
    pub layer: String,
    /// Its element, row-major.
    pub element: usize,
    /// What there is.
    pub found: f64,
    /// What should be.
    pub expected: f64,
    /// All of it in words.
    pub problem: String,
}

/// Runs the sub-command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let verdict = run_on(arguments)?;
    if arguments.json {
        let json = serde_json::to_string_pretty(&verdict);
        let json = json.map_err(|e| Failure::Unusable(format!("cannot write JSON: {e}")))? + "\n";
        output::write(Path::new("-"), &json)?;
    } else if verdict.difference.is_none() {
        output::write(Path::new("-"), &verdict.text())?;
    }
    match verdict.difference {
        Some(difference) => Err(Failure::Finding(difference.problem)),
        None => Ok(()),
    }
}

/// The verdict.
pub fn run_on(arguments: &Arguments) -> Result<Verdict, Failure> {
    if arguments.limit == Some(0) {
        return Err(Failure::Unusable("--limit 0 leaves nothing to verify; give 1 or more".into()));
    }
    if arguments.tolerance.is_nan() || arguments.tolerance < 0.0 {
        return Err(Failure::Unusable(format!("a tolerance of {} is none; give 0 or more", arguments.tolerance)));
    }
    verify(&package(&arguments.dir)?, arguments)
}

/// The package in a folder.
pub fn package(dir: &Path) -> Result<Package, Failure> {
    let package: Package = output::kept(dir, "network.json", FORMAT)?;
    let checked = package.model.check();
    checked.map_err(|e| output::damaged(&dir.join("network.json"), &e))?;
    Ok(package)
}

fn verify(package: &Package, arguments: &Arguments) -> Result<Verdict, Failure> {
    let model = &package.model;
    let samples = samples::inputs(package, &arguments.inputs, arguments.limit)?;
    let trace = arguments.trace.filter(|at| *at >= samples.len());
    if let Some(at) = trace {
        return Err(Failure::Unusable(format!("there is no sample {at} to trace: {} samples run", samples.len())));
    }
    let host = |e: gatewright_compiler::run::RunError| Failure::Finding(e.to_string());
    if !arguments.round_inputs && !package.options.input_types.is_empty() {
        samples::held(package, &samples)?;
    }
    let integers = model.integers(&samples).map_err(host)?;
    let (golden, seen) = model.see(&samples, &integers).map_err(host)?;
    if arguments.testbench {
        let samples = Samples { count: samples.len(), inputs: integers.clone() };
        testbench::replace(package, &samples, &arguments.dir)?;
    }
    let begun = Instant::now();
    let mut verdict = Verdict {
        samples: samples.len(),
        engine: format!("{:?}", arguments.engine).to_lowercase(),
        near_ties: seen.values_near_ties(),
        near_ties_of: near_ties_of(&model.network, &seen),
        samples_near_ties: seen.samples_near_ties,
        ..Verdict::default()
    };
    if arguments.engine != Engine::Golden {
        let built = package.design().map_err(|e| Failure::Finding(e.to_string()))?;
        same_files(&built.0, &arguments.dir)?;
        let run = engine::run(package, &built, arguments.engine, &integers, samples.len())?;
        verdict.clocks = run.clocks;
        verdict.seconds = begun.elapsed().as_secs_f64();
        verdict.difference =
            against_golden(package, &model.network, arguments.engine, &integers, &golden, &run.outputs);
        verdict.integers = golden.iter().map(|b| b.len()).sum();
    }
    saw(&arguments.dir, &seen)?;
    if let Some(sample) = arguments.trace {
        let trace = Trace::of(package, &integers, sample)?;
        let path = arguments.dir.join(format!("trace-{sample}.json"));
        let json = serde_json::to_string_pretty(&trace);
        output::write(&path, &json.map_err(|e| Failure::Unusable(format!("cannot write JSON: {e}")))?)?;
        verdict.trace = Some(path);
    }
    if verdict.difference.is_none() {
        let outputs = model.outputs(samples.len(), &golden).map_err(host)?;
        compare(package, arguments, &outputs, &mut verdict)?;
    }
    Ok(verdict)
}

fn near_ties_of(network: &Network, seen: &Seen) -> BTreeMap<String, u64> {
    let layers = network.nodes.iter().map(|n| n.name.clone()).zip(seen.near_ties.iter().copied());
    layers.chain([("the host".to_owned(), seen.near_ties_before)]).filter(|(_, count)| *count > 0).collect()
}

/// Adds what samples reached to the report in the folder, where there is one.
fn saw(dir: &Path, seen: &Seen) -> Result<(), Failure> {
    if !dir.join("report.json").exists() {
        return Ok(());
    }
    let mut report = report::read(dir)?;
    report.with_seen(seen);
    report::write(dir, &report)
}

/// The first integer of the outputs that differs, and the layer where the hardware leaves the golden model.
fn against_golden(
    hardware: &Package,
    network: &Network,
    engine: Engine,
    integers: &[Batch],
    golden: &[Batch],
    found: &[Batch],
) -> Option<Difference> {
    let mut first: Option<(usize, usize, usize)> = None;
    for (k, (found, golden)) in found.iter().zip(golden).enumerate() {
        let elements = network.ty(network.outputs[k].1).ranges.len();
        if let Some(at) = found.iter().zip(golden.iter()).position(|(a, b)| a != b) {
            let here = (at / elements, k, at % elements);
            first = Some(first.map_or(here, |before| before.min(here)));
        }
    }
    let (sample, k, element) = first?;
    let (name, tensor) = &network.outputs[k];
    let at = sample * network.ty(*tensor).ranges.len() + element;
    let (is, wanted) = (found[k][at], golden[k][at]);
    let output = format!("output `{name}`, element {element}: the hardware gives {is}, the golden model {wanted}");
    let one: Vec<Batch> = integers
        .iter()
        .zip(&network.inputs)
        .map(|(batch, (_, ty))| {
            let n = ty.ranges.len();
            Arc::new(batch[sample * n..(sample + 1) * n].to_vec())
        })
        .collect();
    let located = locate(hardware, network, engine, one);
    let (layer, element, problem) = match located {
        Some((layer, e, is, wanted)) => {
            let here = format!("layer `{layer}`, element {e}: the hardware gives {is}, the golden model {wanted}");
            (layer, e, format!("{here}; as a result, {output}"))
        }
        None => (maker(network, *tensor).to_owned(), element, output),
    };
    let (found, expected) = (is as f64, wanted as f64);
    let problem = format!("sample {sample}, {problem}");
    Some(Difference { sample, output: name.clone(), layer, element, found, expected, problem })
}

/// The layer that makes a tensor, or the input that it is.
fn maker(network: &Network, tensor: usize) -> &str {
    match tensor.checked_sub(network.inputs.len()) {
        Some(node) => &network.nodes[node].name,
        None => &network.inputs[tensor].0,
    }
}

/// The first layer whose hardware does not give what the golden model gives for one sample: its name, the element and
/// both integers. For that all tensors become outputs.
fn locate(
    hardware: &Package,
    network: &Network,
    engine: Engine,
    inputs: Vec<Batch>,
) -> Option<(String, usize, i64, i64)> {
    let mut open = hardware.clone();
    open.options.interface = Interface::Plain;
    let first = network.inputs.len();
    let names = network.nodes.iter().enumerate().map(|(k, n)| (format!("at_{}", n.name), first + k));
    open.model.network.outputs = names.collect();
    let built = open.design().ok()?;
    let run = engine::run(&open, &built, engine, &inputs, 1).ok()?;
    let golden = network.run(1, inputs).ok()?.split_off(first);
    for (node, (found, golden)) in network.nodes.iter().zip(run.outputs.iter().zip(&golden)) {
        if let Some(e) = found.iter().zip(golden.iter()).position(|(a, b)| a != b) {
            return Some((node.name.clone(), e, found[e], golden[e]));
        }
    }
    None
}

/// That the Verilog in the folder is what the network gives, so that what is verified is what is used.
fn same_files(design: &Design, dir: &Path) -> Result<(), Failure> {
    for file in emit(design, &EmitOptions::default()).files.iter().filter(|f| f.name.ends_with(".v")) {
        let path = dir.join("rtl").join(&file.name);
        if output::read(&path)? != file.text {
            let problem = format!("{} is not what this program makes of network.json", path.display());
            return Err(Failure::Finding(format!("{problem}; compile the model again")));
        }
    }
    Ok(())
}

fn decision(scores: &[f64]) -> usize {
    (0..scores.len()).fold(0, |best, k| if scores[k] > scores[best] { k } else { best })
}

/// How many scores a decision is between: those of the last axis.
fn choices(shape: &[usize]) -> usize {
    match shape {
        [.., last] if *last > 1 => *last,
        all => count(all).max(1),
    }
}

/// Compares real values and decisions with what is expected, and decisions with labels.
fn compare(
    package: &Package,
    arguments: &Arguments,
    outputs: &[Vec<Tensor>],
    verdict: &mut Verdict,
) -> Result<(), Failure> {
    let tail = &package.model.tail;
    if arguments.expect.len() > tail.outputs.len() {
        let (wanted, given) = (tail.outputs.len(), arguments.expect.len());
        let problem =
            format!("the model has {}, and --expect names {}", counted(wanted, "output"), counted(given, "file"));
        return Err(Failure::Unusable(problem));
    }
    for (k, path) in arguments.expect.iter().enumerate() {
        let info = &tail.values[tail.outputs[k].0];
        let what = format!("output `{}`", info.name);
        let bound = package.model.bounds[k];
        let indices = package.model.indices[k];
        let expected = match indices {
            Some(1) => scored(path, count(&info.shape), &what)?,
            _ => samples::rows(path, &info.shape, &what)?,
        };
        if expected.len() < outputs.len() {
            let problem = format!("`{}` has {} samples, and {} ran", path.display(), expected.len(), outputs.len());
            return Err(Failure::Unusable(problem));
        }
        let expected = &expected[..outputs.len()];
        let span = expected.iter().flat_map(|t| &t.data).fold(0.0f64, |m, x| m.max(x.abs())).max(f64::MIN_POSITIVE);
        let allowed = arguments.tolerance + bound / span;
        for (s, (found, expected)) in outputs.iter().zip(expected).enumerate() {
            let found = &found[k].data;
            let differs = |e: usize, expected: f64, what: String| {
                let layer = last_layer(package, tail.outputs[k].0);
                let place = format!("sample {s}, output `{}` (of layer `{layer}`), element {e}", info.name);
                let (output, problem) = (info.name.clone(), format!("{place}: {what}"));
                Some(Difference { sample: s, output, layer, element: e, found: found[e], expected, problem })
            };
            // Each decision: the position found and that expected, with the scores between which it is, if they are known.
            let mut decisions: Vec<(usize, f64, f64, &[f64])> = Vec::new();
            if indices.is_some() {
                for (e, (mine, scores)) in
                    found.iter().zip(expected.data.chunks(expected.data.len() / found.len().max(1))).enumerate()
                {
                    let theirs = if let [only] = scores { *only } else { decision(scores) as f64 };
                    decisions.push((e, *mine, theirs, scores));
                }
            } else {
                for (e, (a, b)) in found.iter().zip(&expected.data).enumerate() {
                    let difference = (a - b).abs() / span;
                    if difference > allowed {
                        let by = format!("they differ by {difference:.1e} of {span}, {allowed:.1e} is allowed");
                        verdict.difference = differs(e, *b, format!("{a} and not {b}; {by}"));
                        return Ok(());
                    }
                    verdict.worst = Some(verdict.worst.unwrap_or(0.0).max(difference));
                }
                let choices = choices(&info.shape);
                let rows = found.chunks(choices).zip(expected.data.chunks(choices)).filter(|(row, _)| row.len() > 1);
                for (row, (found, expected)) in rows.enumerate() {
                    let (mine, theirs) = (decision(found), decision(expected));
                    decisions.push((row * choices + mine, mine as f64, theirs as f64, expected));
                }
            }
            for (e, mine, theirs, scores) in decisions {
                if mine != theirs {
                    // Between scores that float32 does not tell apart no reference can decide, whatever else is allowed.
                    let tie = 2.0 * (arguments.tolerance.min(TOLERANCE) + bound / span);
                    let score = |at: f64| scores.get(at as usize).filter(|_| scores.len() > 1);
                    let apart = score(theirs).zip(score(mine)).map(|(a, b)| (a - b) / span);
                    if apart.is_none_or(|apart| apart > tie) {
                        let wanted = if indices.is_some() { theirs } else { expected.data[e] };
                        verdict.difference = differs(e, wanted, format!("the decision is {mine} and not {theirs}"));
                        return Ok(());
                    }
                    verdict.decisions_at_ties += 1;
                }
                *verdict.decisions.get_or_insert(0) += 1;
            }
        }
        verdict.decisions.get_or_insert(0);
        verdict.bound = verdict.bound.max(bound);
    }
    if let Some(path) = &arguments.labels {
        verdict.accuracy = Some(accuracy(package, path, outputs)?);
    }
    Ok(())
}

/// Expected positions, so many a sample, from a file of them or of the scores that they follow from: those of each position
/// in a row.
fn scored(path: &Path, elements: usize, what: &str) -> Result<Vec<Tensor>, Failure> {
    let array = samples::array(path)?;
    let rows = array.shape().first().copied().unwrap_or(0);
    let scores = array.len() / (rows * elements).max(1);
    samples::rows(path, &[elements, scores.max(1)], what)
}

/// The share of decisions of the first output that are the label.
fn accuracy(package: &Package, path: &Path, outputs: &[Vec<Tensor>]) -> Result<f64, Failure> {
    let tail = &package.model.tail;
    let first = tail.outputs.first().ok_or_else(|| Failure::Unusable("the model has no output to compare".into()))?;
    let shape = &tail.values[first.0].shape;
    // A single number decides between two classes.
    let threshold = match tail.nodes.iter().find(|n| n.output == *first).map(|n| &n.op) {
        Some(Op::Unary(Unary::Sigmoid)) => Some(0.5),
        _ => None,
    };
    let indices = package.model.indices.first().copied().flatten();
    let choices = indices.unwrap_or_else(|| choices(shape));
    if indices.is_none() && choices == 1 && threshold.is_none() {
        let way = "accuracy needs scores of classes, a decision, or one sigmoid";
        return Err(Failure::Unusable(format!("--labels: the output is one real number without a threshold; {way}")));
    }
    let answer = |row: &[f64]| match (indices, row) {
        // Of several positions the greatest comes first.
        (Some(_), row) => row[0],
        (None, [only]) => f64::from(threshold.is_some_and(|t| *only > t)),
        (None, scores) => decision(scores) as f64,
    };
    let labels = samples::array(path)?;
    let answers: Vec<f64> = outputs.iter().flat_map(|o| o[0].data.chunks(choices)).map(answer).collect();
    let rows = labels.shape().first().copied().unwrap_or(0);
    if rows < outputs.len() || labels.len() * outputs.len() != rows * answers.len() {
        let wanted = counted(answers.len(), "label");
        let problem = format!("`{}` has the shape {:?}, and {wanted} are needed", path.display(), labels.shape());
        return Err(Failure::Unusable(format!("{problem}: one for each decision; the first axis counts the samples")));
    }
    let right = answers.iter().zip(labels.iter()).filter(|(answer, label)| answer == label);
    Ok(right.count() as f64 / answers.len() as f64)
}

/// The layer from whose result the host computes value `value` of the tail.
fn last_layer(package: &Package, value: usize) -> String {
    let (tail, network) = (&package.model.tail, &package.model.network);
    let mut at = value;
    while let Some(node) = tail.nodes.iter().find(|n| n.output.0 == at) {
        let operand = node.inputs.iter().find_map(|i| match i {
            Operand::Value(id) => Some(id.0),
            Operand::Const(_) => None,
        });
        match operand {
            Some(before) if before != at => at = before,
            _ => break,
        }
    }
    let input = tail.inputs.iter().position(|i| i.0 == at);
    let tensor = input.and_then(|k| network.outputs.get(k)).map(|o| o.1);
    tensor.map_or_else(String::new, |t| maker(network, t).to_owned())
}

impl Verdict {
    /// For a reader.
    pub fn text(&self) -> String {
        let samples = counted(self.samples, "sample");
        let mut said = format!("{samples} on the {} engine in {:.2} s", self.engine, self.seconds);
        if self.clocks > 0 {
            let _ = write!(said, ", {}", counted(self.clocks, "clock"));
        }
        said.push('\n');
        if self.engine != "golden" {
            let all = counted(self.integers, "integer");
            let _ = writeln!(said, "  all {all} of the outputs equal the golden model's");
        }
        if let Some(decisions) = self.decisions {
            let decisions = counted(decisions - self.decisions_at_ties, "decision");
            let values = match self.worst.unwrap_or(0.0) {
                0.0 => "all values as expected".to_owned(),
                worst => format!("all values as expected, the worst off by {worst:.1e} of the range"),
            };
            let _ = match self.bound {
                0.0 => writeln!(said, "  {values}; {decisions} equal"),
                bound => writeln!(
                    said,
                    "  {values}; {decisions} equal\n  the softmax in hardware may be off by {bound:.1e}, and decisions may \
                     differ where probabilities are closer than twice that"
                ),
            };
        }
        if self.decisions_at_ties > 0 {
            let ties = counted(self.decisions_at_ties, "decision");
            let _ = writeln!(said, "  {ties} between scores too close to tell apart, and decided the other way");
        }
        if self.near_ties > 0 {
            let (values, samples) = (counted(self.near_ties, "value"), counted(self.samples_near_ties, "sample"));
            let layers: Vec<String> = self.near_ties_of.iter().map(|(name, n)| format!("{name}: {n}")).collect();
            let _ = writeln!(said, "  {values} near a tie of a quantiser, in {samples} ({})", layers.join(", "));
        }
        if let Some(accuracy) = self.accuracy {
            let _ = writeln!(said, "  accuracy {:.2} %", 100.0 * accuracy);
        }
        if let Some(path) = &self.trace {
            let _ = writeln!(said, "  the traced sample is in {}", path.display());
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatewright_compiler::import::onnx;
    use gatewright_compiler::package::Options;
    use gatewright_layers::layer::Layer;
    use gatewright_layers::target::{Family, Target};

    #[test]
    fn a_difference_is_found_in_the_layer_that_makes_it() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/models/digits_mlp_w4a4");
        let graph = onnx::read(&folder.join("model.onnx")).unwrap_or_else(|e| panic!("{e}"));
        for interface in [Interface::Plain, Interface::Stream] {
            let options = Options { target: Target::mhz(300.0, Family::Lut6), interface, ..Options::default() };
            let (package, _) = Package::compile(&graph, "model.onnx", options).unwrap_or_else(|e| panic!("{e}"));
            let samples = samples::inputs(&package, &[folder.join("inputs.npy")], Some(40)).ok().unwrap();
            let integers = package.model.integers(&samples).unwrap();
            let network = &package.model.network;
            let golden = network.outputs(40, &integers).unwrap();

            // Hardware with other weights in one row of the second layer.
            let mut wrong = package.clone();
            let mut second = None;
            let dense = wrong.model.network.nodes.iter_mut().filter(|n| matches!(n.layer, Layer::Dense(_))).nth(1);
            if let Some(node) = dense
                && let Layer::Dense(dense) = &mut node.layer
            {
                let changed = Arc::make_mut(&mut dense.weights);
                let (row, cols) = (5, changed.cols);
                changed.data[row * cols..(row + 1) * cols].iter_mut().for_each(|w| *w = (*w - 1).max(-8));
                second = Some(node.name.clone());
            }
            rebuilt(&mut wrong.model.network);
            let built = wrong.design().unwrap_or_else(|e| panic!("{e}"));
            let run = engine::run(&wrong, &built, Engine::Interpreter, &integers, 40).ok().unwrap();
            let found = against_golden(&wrong, network, Engine::Interpreter, &integers, &golden, &run.outputs);
            let found = found.unwrap();
            assert_eq!((Some(&found.layer), found.element), (second.as_ref(), 5), "{}", found.problem);
            assert!(found.problem.contains("as a result, output `output_42`"), "{}", found.problem);

            let same = engine::run(&package, &package.design().ok().unwrap(), Engine::Interpreter, &integers, 40);
            assert_eq!(same.ok().unwrap().outputs, golden);
        }
    }

    /// Types that follow from the layers again.
    fn rebuilt(network: &mut Network) {
        for node in std::mem::take(&mut network.nodes) {
            network.push(node.name, node.layer, node.inputs).unwrap_or_else(|e| panic!("{e}"));
        }
    }
}
