//! `gatewright verify`: the hardware of a compiled model on samples, against the golden model and what is expected.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use gatewright_compiler::graph::{Tensor, count};
use gatewright_compiler::package::{FORMAT, Interface, Package};
use gatewright_compiler::testbench::Samples;
use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_dsl::ir::Design;
use gatewright_layers::network::Batch;
use gatewright_layers::ports::tensor_names;
use gatewright_sim::{Dut, Interpreter, Pin, Verilated};
use indicatif::{ProgressBar, ProgressStyle};
use ndarray::ArrayD;
use ndarray_npy::ReadNpyError;

use crate::{Failure, output, testbench};

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
    #[arg(long, value_name = "T", default_value_t = TOLERANCE)]
    pub tolerance: f64,
    /// Round inputs that the hardware's input type cannot hold, instead of refusing them
    #[arg(long)]
    pub round_inputs: bool,
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
            testbench: false,
            json: false,
        }
    }
}

/// What computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Engine {
    /// Integer tensors, no hardware.
    Golden,
    /// The built-in simulator, cycle by cycle.
    Interpreter,
    /// Verilator, cycle by cycle.
    Verilator,
}

/// What was found.
#[derive(serde::Serialize)]
pub struct Verdict {
    /// Samples that ran.
    pub samples: usize,
    /// What computed.
    pub engine: String,
    /// Integers of the outputs that were compared with the golden model.
    pub integers: usize,
    /// Greatest difference from what was expected, relative to the greatest magnitude expected.
    pub worst: Option<f64>,
    /// Decisions that were compared, where there is something expected.
    pub decisions: Option<usize>,
    /// Share of right answers, where there are labels.
    pub accuracy: Option<f64>,
    /// Clocks that the hardware ran.
    pub clocks: u64,
    /// Seconds that the engine ran.
    pub seconds: f64,
}

/// Runs the sub-command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let verdict = run_on(arguments)?;
    let said = if arguments.json {
        let json = serde_json::to_string_pretty(&verdict);
        json.map_err(|e| Failure::Unusable(format!("cannot write JSON: {e}")))? + "\n"
    } else {
        verdict.text()
    };
    output::write(Path::new("-"), &said)
}

/// The verdict.
pub fn run_on(arguments: &Arguments) -> Result<Verdict, Failure> {
    verify(&package(&arguments.dir)?, arguments)
}

/// The package in a folder.
pub fn package(dir: &Path) -> Result<Package, Failure> {
    let path = dir.join("network.json");
    let again = "compile the model again";
    let text = output::read(&path)?;
    let value: serde_json::Value = serde_json::from_str(&text)
        .map_err(|e| Failure::Unusable(format!("{} is damaged: {e}; {again}", path.display())))?;
    let format = value.get("format").and_then(serde_json::Value::as_u64);
    if format != Some(u64::from(FORMAT)) {
        let found = format.map_or("none".to_owned(), |f| f.to_string());
        let problem = format!("{} has the format {found}, and this program reads {FORMAT}", path.display());
        return Err(Failure::Unusable(format!("{problem}; {again}")));
    }
    let package: Package = serde_json::from_value(value)
        .map_err(|e| Failure::Unusable(format!("{} is damaged: {e}; {again}", path.display())))?;
    let checked = package.model.check();
    checked.map_err(|e| Failure::Unusable(format!("{} is damaged: {e}; {again}", path.display())))?;
    Ok(package)
}

/// Numbers of any type.
fn array(path: &Path) -> Result<ArrayD<f64>, Failure> {
    macro_rules! read {
        ($($ty:ty)*) => {
            $(match ndarray_npy::read_npy::<_, ArrayD<$ty>>(path) {
                Ok(array) => return Ok(array.mapv(|x| x as f64)),
                Err(ReadNpyError::WrongDescriptor(_)) => {}
                Err(e) => return Err(Failure::Unusable(format!("cannot read `{}`: {e}", path.display()))),
            })*
        };
    }
    read!(f32 f64 i64 i32 i16 i8 u8 u16 u32 u64);
    let way = "save it as float32, float64 or integers";
    Err(Failure::Unusable(format!("`{}` has elements of another type; {way}", path.display())))
}

/// The samples of one file, each of `elements` numbers.
fn samples(path: &Path, shape: &[usize], what: &str) -> Result<Vec<Tensor>, Failure> {
    let array = array(path)?;
    let elements = count(shape);
    let total = array.len();
    let rows = array.shape().first().copied().unwrap_or(0);
    if rows == 0 || total != rows * elements {
        let problem = format!("`{}` has the shape {:?}", path.display(), array.shape());
        let wanted = format!("{what} takes samples of {elements} numbers, {shape:?}");
        return Err(Failure::Unusable(format!("{problem}, and {wanted}: its first axis has to count the samples")));
    }
    let data: Vec<f64> = array.iter().copied().collect();
    if let Some(at) = data.iter().position(|x| !x.is_finite()) {
        let problem = format!("`{}`, sample {}: {} is no number", path.display(), at / elements, data[at]);
        return Err(Failure::Unusable(problem));
    }
    Ok(data.chunks(elements).map(|x| Tensor { shape: shape.to_vec(), data: x.to_vec() }).collect())
}

/// The inputs of all samples.
fn inputs(package: &Package, arguments: &Arguments) -> Result<Vec<Vec<Tensor>>, Failure> {
    let head = &package.model.head;
    if arguments.inputs.len() != head.inputs.len() {
        let (wanted, given) = (head.inputs.len(), arguments.inputs.len());
        return Err(Failure::Unusable(format!("the model has {wanted} inputs, and {given} files are given")));
    }
    let mut all: Vec<Vec<Tensor>> = Vec::new();
    for (k, (path, id)) in arguments.inputs.iter().zip(&head.inputs).enumerate() {
        let info = &head.values[id.0];
        let rows = samples(path, &info.shape, &format!("input `{}`", info.name))?;
        if k > 0 && rows.len() != all.len() {
            let problem =
                format!("`{}` has {} samples, and the input before it {}", path.display(), rows.len(), all.len());
            return Err(Failure::Unusable(problem));
        }
        all.resize_with(rows.len(), Vec::new);
        all.iter_mut().zip(rows).for_each(|(sample, row)| sample.push(row));
    }
    all.truncate(arguments.limit.unwrap_or(usize::MAX));
    Ok(all)
}

fn verify(package: &Package, arguments: &Arguments) -> Result<Verdict, Failure> {
    let model = &package.model;
    let samples = inputs(package, arguments)?;
    let host = |e: gatewright_compiler::run::RunError| Failure::Finding(e.to_string());
    if !arguments.round_inputs && !package.options.input_types.is_empty() {
        held(package, &samples)?;
    }
    let integers = model.integers(&samples).map_err(host)?;
    if arguments.testbench {
        let samples = Samples { count: samples.len(), inputs: integers.clone() };
        testbench::replace(package, &samples, &arguments.dir)?;
    }
    let golden = model.network.run(samples.len(), integers.clone()).map_err(|e| Failure::Finding(e.to_string()))?;
    let golden: Vec<Batch> = model.network.outputs.iter().map(|(_, t)| golden[*t].clone()).collect();
    let begun = Instant::now();
    let (found, clocks) = match arguments.engine {
        Engine::Golden => (golden.clone(), 0),
        engine => hardware(&arguments.dir, package, engine, &integers, samples.len())?,
    };
    let seconds = begun.elapsed().as_secs_f64();
    for (((name, tensor), found), golden) in model.network.outputs.iter().zip(&found).zip(&golden) {
        let elements = model.network.ty(*tensor).ranges.len();
        if let Some(at) = found.iter().zip(golden.iter()).position(|(a, b)| a != b) {
            let (sample, element) = (at / elements, at % elements);
            let (is, wanted) = (found[at], golden[at]);
            let place = format!("sample {sample}, output `{name}`, element {element}");
            return Err(Failure::Finding(format!("{place}: the hardware gives {is}, the golden model {wanted}")));
        }
    }
    let outputs = model.outputs(samples.len(), &found).map_err(host)?;
    let mut verdict = Verdict {
        samples: samples.len(),
        engine: format!("{:?}", arguments.engine).to_lowercase(),
        integers: found.iter().map(|b| b.len()).sum(),
        worst: None,
        decisions: None,
        accuracy: None,
        clocks,
        seconds,
    };
    compare(package, arguments, &outputs, &mut verdict)?;
    Ok(verdict)
}

/// That the hardware's input types hold all inputs.
fn held(package: &Package, samples: &[Vec<Tensor>]) -> Result<(), Failure> {
    let head = &package.model.head;
    for (s, sample) in samples.iter().enumerate() {
        let values = gatewright_compiler::eval::values(head, sample).map_err(|e| Failure::Finding(e.to_string()))?;
        for ((output, given), ty) in head.outputs.iter().zip(sample).zip(package.options.input_types.iter().cycle()) {
            if let Some(e) = values[output.0].data.iter().zip(&given.data).position(|(a, b)| a != b) {
                let (is, near) = (given.data[e], values[output.0].data[e]);
                let place = format!("sample {s}, input `{}`, element {e}", head.values[output.0].name);
                let way = "compile with a wider --input-type, or say --round-inputs";
                return Err(Failure::Finding(format!("{place}: {ty} does not hold {is}, only {near}; {way}")));
            }
        }
    }
    Ok(())
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

/// The integers that the hardware gives, and the clocks that it took.
fn hardware(
    dir: &Path,
    package: &Package,
    engine: Engine,
    integers: &[Batch],
    samples: usize,
) -> Result<(Vec<Batch>, u64), Failure> {
    if package.options.interface == Interface::Stream {
        let way = "use --engine golden, or compile with --interface plain";
        return Err(Failure::Unusable(format!("verify does not drive the stream interface yet; {way}")));
    }
    let (design, latency) = package.design().map_err(|e| Failure::Finding(e.to_string()))?;
    same_files(&design, dir)?;
    let sim = |e: gatewright_sim::SimError| Failure::Finding(e.to_string());
    let mut dut: Box<dyn Dut> = match engine {
        Engine::Verilator => Box::new(Verilated::new(&design).map_err(sim)?),
        _ => Box::new(Interpreter::new(&design).map_err(sim)?),
    };
    let network = &package.model.network;
    let (ins, outs) = tensor_names(network);
    let pins = |dut: &dyn Dut, name: &str, count: usize| -> Result<Vec<Pin>, Failure> {
        (0..count).map(|e| dut.pin(&format!("{name}_{e}")).map_err(sim)).collect()
    };
    let mut in_pins = Vec::new();
    for (name, (_, ty)) in ins.iter().zip(&network.inputs) {
        in_pins.push(pins(dut.as_ref(), name, ty.ranges.len())?);
    }
    let mut out_pins = Vec::new();
    for (name, (_, tensor)) in outs.iter().zip(&network.outputs) {
        out_pins.push(pins(dut.as_ref(), name, network.ty(*tensor).ranges.len())?);
    }
    let (in_valid, out_valid) = (dut.pin("in_valid").map_err(sim)?, dut.pin("out_valid").map_err(sim)?);
    let bar = ProgressBar::new(samples as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} samples {eta}") {
        bar.set_style(style);
    }
    let mut found: Vec<Vec<i64>> = vec![Vec::new(); out_pins.len()];
    if dut.interface().clocks.iter().any(|c| c.reset.is_some()) {
        dut.reset(true).map_err(sim)?;
        dut.step().map_err(sim)?;
        dut.reset(false).map_err(sim)?;
    }
    let (mut given, mut taken, mut waited) = (0, 0, 0);
    while taken < samples {
        dut.poke_i64(in_valid, i64::from(given < samples)).map_err(sim)?;
        if given < samples {
            for (pins, batch) in in_pins.iter().zip(integers) {
                for (e, pin) in pins.iter().enumerate() {
                    dut.poke_i64(*pin, batch[given * pins.len() + e]).map_err(sim)?;
                }
            }
            given += 1;
        }
        if dut.peek(out_valid).map_err(sim)?.is_zero() {
            waited += 1;
            if waited > u64::from(latency) + 1 {
                let problem = format!("no result came {waited} clocks after sample {taken} went in");
                return Err(Failure::Finding(format!("{problem}; the latency is {latency}")));
            }
        } else {
            for (pins, batch) in out_pins.iter().zip(&mut found) {
                for pin in pins {
                    let value = dut.peek(*pin).map_err(sim)?;
                    batch.push(value.to_i64().unwrap_or(i64::MAX));
                }
            }
            taken += 1;
            bar.inc(1);
        }
        dut.step().map_err(sim)?;
    }
    bar.finish_and_clear();
    Ok((found.into_iter().map(Arc::new).collect(), dut.cycle()))
}

fn decision(scores: &[f64]) -> usize {
    (0..scores.len()).fold(0, |best, k| if scores[k] > scores[best] { k } else { best })
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
        return Err(Failure::Unusable(format!("the model has {wanted} outputs, and {given} files are expected")));
    }
    for (k, path) in arguments.expect.iter().enumerate() {
        let info = &tail.values[tail.outputs[k].0];
        let expected = samples(path, &info.shape, &format!("output `{}`", info.name))?;
        if expected.len() < outputs.len() {
            let problem = format!("`{}` has {} samples, and {} ran", path.display(), expected.len(), outputs.len());
            return Err(Failure::Unusable(problem));
        }
        let expected = &expected[..outputs.len()];
        let span = expected.iter().flat_map(|t| &t.data).fold(0.0f64, |m, x| m.max(x.abs())).max(f64::MIN_POSITIVE);
        for (s, (found, expected)) in outputs.iter().zip(expected).enumerate() {
            let found = &found[k].data;
            let place = |e: usize| format!("sample {s}, output `{}`, element {e}", info.name);
            for (e, (a, b)) in found.iter().zip(&expected.data).enumerate() {
                let difference = (a - b).abs() / span;
                if difference > arguments.tolerance {
                    let problem = format!("{}: {a} and not {b}", place(e));
                    let allowed = arguments.tolerance;
                    return Err(Failure::Finding(format!(
                        "{problem}; they differ by {difference:.1e} of {span}, {allowed:.1e} is allowed"
                    )));
                }
                verdict.worst = Some(verdict.worst.unwrap_or(0.0).max(difference));
            }
            let (mine, theirs) = (decision(found), decision(&expected.data));
            if found.len() > 1 && mine != theirs {
                let problem = format!("{}: the decision is {mine} and not {theirs}", place(mine));
                return Err(Failure::Finding(problem));
            }
        }
        verdict.decisions = Some(verdict.decisions.unwrap_or(0) + outputs.len());
    }
    if let Some(path) = &arguments.labels {
        let labels = array(path)?;
        if labels.len() < outputs.len() {
            let problem =
                format!("`{}` has {} labels, and {} samples ran", path.display(), labels.len(), outputs.len());
            return Err(Failure::Unusable(problem));
        }
        let right = outputs.iter().zip(labels.iter()).filter(|(o, l)| {
            let scores = &o[0].data;
            let answer = if let [only] = scores[..] { only } else { decision(scores) as f64 };
            answer == **l
        });
        verdict.accuracy = Some(right.count() as f64 / outputs.len() as f64);
    }
    Ok(())
}

impl Verdict {
    /// For a reader.
    pub fn text(&self) -> String {
        let mut said = format!("{} samples on the {} engine in {:.2} s", self.samples, self.engine, self.seconds);
        if self.clocks > 0 {
            let _ = write!(said, ", {} clocks", self.clocks);
        }
        said.push('\n');
        if self.engine != "golden" {
            let _ = writeln!(said, "  all {} integers of the outputs equal the golden model's", self.integers);
        }
        if let (Some(worst), Some(decisions)) = (self.worst, self.decisions) {
            let _ = writeln!(
                said,
                "  all values as expected, the worst off by {worst:.1e} of the range; {decisions} decisions equal"
            );
        }
        if let Some(accuracy) = self.accuracy {
            let _ = writeln!(said, "  accuracy {:.2} %", 100.0 * accuracy);
        }
        said
    }
}
