//! `gatewright compile`: from a model file to Verilog and the package that `verify` reads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gatewright_compiler::import::onnx;
use gatewright_compiler::number::NumberType;
use gatewright_compiler::package::{CompileError, Interface, Options, Package};
use gatewright_compiler::profile::Profile;
use gatewright_compiler::report::Report;
use gatewright_compiler::streamline::SOFTMAX_BITS;
use gatewright_compiler::testbench::{Samples, TestBench};
use gatewright_dsl::diag::Diagnostics;
use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_layers::layer::Form;
use gatewright_layers::target::{Family, Target};
use serde::Deserialize;

use crate::output::counted;
use crate::{Failure, output, report, testbench};

/// What `gatewright compile` takes.
#[derive(clap::Args)]
pub struct Arguments {
    /// The model: an ONNX or QONNX file
    model: PathBuf,
    /// Where the results go; without it, a folder of the model's name
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Numbers at the hardware's inputs: fixed<W,I>, ufixed<W,I>, int<W> or uint<W> (all bits, and those before the point, as
    /// in ap_fixed). Once for all inputs, or once for each. Not needed where the model quantises its inputs
    #[arg(long, value_name = "TYPE", value_parser = parse_type)]
    input_type: Vec<NumberType>,
    /// How the layers become hardware; `auto` takes what fits
    #[arg(long, value_enum)]
    architecture: Option<Architecture>,
    /// The wanted clock: pipeline registers are placed for it. 0 gives combinational hardware [default: 200]
    #[arg(long, value_name = "MHZ", allow_negative_numbers = true)]
    clock_mhz: Option<f64>,
    /// Ports: one per element, or AXI4-Stream signals
    #[arg(long, value_enum)]
    interface: Option<Ports>,
    /// End the hardware with the decision: the position of the greatest output over the last axis
    #[arg(long)]
    decision: bool,
    /// Compute the softmax at the model's end in the hardware, with so many bits (2 to 12): each probability is within
    /// 2^-N of the exact one. Without this the hardware gives exact logits, and the host the softmax
    #[arg(long, value_name = "N")]
    softmax_bits: Option<u32>,
    /// The device's look-up tables
    #[arg(long, value_enum)]
    device: Option<Device>,
    /// What the design has to meet: the name of a domain profile, or a TOML file with one
    #[arg(long, value_name = "PROFILE")]
    target: Option<String>,
    /// A TOML file with the same names as these flags; flags win. A table [layer.NAME] chooses for one layer: form = "auto",
    /// "comparisons", "table", "multiplier" or "staircase" for an activation
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Architecture {
    Auto,
    Unrolled,
    Dataflow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ports {
    Plain,
    Stream,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Device {
    Lut6,
    Lut4,
    Gates,
}

impl Device {
    pub(crate) fn family(self) -> Family {
        match self {
            Device::Lut6 => Family::Lut6,
            Device::Lut4 => Family::Lut4,
            Device::Gates => Family::Gates,
        }
    }
}

/// The configuration file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Config {
    #[serde(default, deserialize_with = "one_or_more")]
    input_type: Vec<String>,
    architecture: Option<Architecture>,
    clock_mhz: Option<f64>,
    interface: Option<Ports>,
    device: Option<Device>,
    target: Option<String>,
    decision: Option<bool>,
    softmax_bits: Option<u32>,
    #[serde(default)]
    layer: BTreeMap<String, LayerChoice>,
}

/// A string, or a list of them.
fn one_or_more<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a type as a string, or a list of types")]
    enum Types {
        One(String),
        More(Vec<String>),
    }
    Ok(match Types::deserialize(from)? {
        Types::One(one) => vec![one],
        Types::More(all) => all,
    })
}

/// `[layer.NAME]`, by the name in the file or in the report.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LayerChoice {
    form: Form,
}

fn parse_type(text: &str) -> Result<NumberType, String> {
    text.parse().map_err(|e: gatewright_compiler::number::TypeError| e.to_string())
}

fn config(path: Option<&Path>) -> Result<Config, Failure> {
    let Some(path) = path else { return Ok(Config::default()) };
    let text = output::read(path)?;
    toml::from_str(&text).map_err(|e| Failure::Unusable(format!("{}: {e}", path.display())))
}

/// Runs the sub-command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = config(arguments.config.as_deref())?;
    if arguments.architecture.or(config.architecture) == Some(Architecture::Dataflow) {
        let way = "use --architecture unrolled, or leave it out";
        return Err(Failure::Unusable(format!("the dataflow architecture is not there yet; {way}")));
    }
    let mut input_types = arguments.input_type.clone();
    if input_types.is_empty() {
        let types: Result<_, _> = config.input_type.iter().map(|t| parse_type(t)).collect();
        input_types = types.map_err(Failure::Unusable)?;
    }
    let clock = arguments.clock_mhz.or(config.clock_mhz).unwrap_or(200.0);
    if !(0.0..=10_000.0).contains(&clock) {
        return Err(Failure::Unusable(format!("a clock of {clock} MHz is none; give 0 to 10000")));
    }
    let family = arguments.device.or(config.device).map_or(Family::Lut6, Device::family);
    let interface = match arguments.interface.or(config.interface) {
        Some(Ports::Stream) => Interface::Stream,
        _ => Interface::Plain,
    };
    let decision = arguments.decision || config.decision == Some(true);
    let softmax_bits = arguments.softmax_bits.or(config.softmax_bits);
    if decision && softmax_bits.is_some() {
        let problem = "a decision needs no probabilities: leave out the decision or the bits of the softmax";
        return Err(Failure::Unusable(problem.into()));
    }
    if let Some(bits) = softmax_bits.filter(|bits| !SOFTMAX_BITS.contains(bits)) {
        let (least, most) = (SOFTMAX_BITS.start(), SOFTMAX_BITS.end());
        return Err(Failure::Unusable(format!("a softmax of {bits} bits is none; give {least} to {most}")));
    }
    let options = Options {
        input_types,
        target: Target::mhz(clock, family),
        interface,
        decision,
        softmax_bits,
        forms: config.layer.iter().map(|(name, choice)| (name.clone(), choice.form)).collect(),
    };
    let stem = arguments.model.file_stem().map_or("model".into(), |s| s.to_string_lossy().into_owned());
    let dir = arguments.output.clone().unwrap_or_else(|| PathBuf::from(format!("{stem}-gatewright")));
    let profile = arguments.target.as_ref().or(config.target.as_ref()).map(|t| profile(t)).transpose()?;
    let said = compile(&arguments.model, options, profile.as_ref(), &dir)?;
    output::write(Path::new("-"), &said)
}

/// The profile of this name, or in the file of this name.
fn profile(name: &str) -> Result<Profile, Failure> {
    if name.ends_with(".toml") {
        let text = output::read(Path::new(name))?;
        return Profile::from_toml(&text).map_err(|e| Failure::Unusable(format!("{name}: {e}")));
    }
    Profile::named(name).map_err(|e| Failure::Unusable(e.to_string()))
}

/// That the clock is too fast, where this is all that is wrong, in words for those who have not written the layers.
fn too_fast(errors: &Diagnostics) -> Option<String> {
    let first = errors.0.first().filter(|_| errors.0.iter().all(|d| d.code.to_string() == "E0217"))?;
    let layer = first.place.iter().find_map(|p| p.scope.as_deref()).unwrap_or("the network");
    let how = first.notes.join("; ");
    Some(format!(
        "the clock is too fast for an operation of layer `{layer}`: {how}\n  = help: ask for a slower clock with --clock-mhz; \
         for an activation another form in --config can help, too"
    ))
}

/// Compiles a model into `dir`; what there is to say about it.
pub fn compile(file: &Path, options: Options, profile: Option<&Profile>, dir: &Path) -> Result<String, Failure> {
    let graph = onnx::read(file).map_err(|e| Failure::Unusable(format!("{}: {e}", file.display())))?;
    let inputs = graph.inputs.len();
    if !matches!(options.input_types.len(), 0 | 1) && options.input_types.len() != inputs {
        let given = options.input_types.len();
        let problem = format!("{given} input types are given, and the model has {inputs} inputs");
        return Err(Failure::Unusable(format!("{problem}; give one for all or one for each")));
    }
    let source = file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let (package, design) = Package::compile(&graph, &source, options).map_err(|e| match e {
        CompileError::Streamline(e) => Failure::Finding(format!("{}: {e}", file.display())),
        CompileError::Hardware(e) => Failure::Finding(match too_fast(&e) {
            Some(said) => format!("{}: {said}", file.display()),
            None => format!("{}: the hardware has mistakes; report this as one of the compiler\n{e}", file.display()),
        }),
    })?;
    let files = emit(&design, &EmitOptions::default());
    let network = serde_json::to_string(&package).map_err(|e| Failure::Unusable(format!("cannot write JSON: {e}")))?;
    let mut report = Report::of(&package, &design);
    profile.iter().for_each(|p| report.assess(p));
    let samples = Samples::of_ranges(&package.model.network);
    let bench = TestBench::new(&package, &design, &files, &samples).map_err(testbench::failure)?;
    // Nothing is written before all is there.
    files.write_to(dir.join("rtl")).map_err(|e| Failure::Unusable(e.to_string()))?;
    output::write(&dir.join("network.json"), &network)?;
    report::write(dir, &report)?;
    testbench::write(&bench, dir)?;
    let network = &package.model.network;
    let mut said = format!("{source}: {} on integers\n", counted(network.nodes.len(), "layer"));
    let clock = package.options.target.clock_mhz();
    said += &match package.latency {
        0 => "  combinational\n".to_owned(),
        n if clock == 0.0 => {
            format!("  the layers are combinational; latency {}, a sample per clock\n", counted(n, "clock"))
        }
        n => format!(
            "  latency {}, {:.1} ns at {clock} MHz; a sample per clock\n",
            counted(n, "clock"),
            f64::from(n) * 1000.0 / clock
        ),
    };
    said += &format!("  Verilog in {}, top module {}\n", dir.join("rtl").display(), files.top);
    said += &format!(
        "  test bench in {}, {} samples; its first lines say how to run it\n",
        dir.join("tb").join(format!("{}_tb.v", files.top)).display(),
        bench.samples
    );
    said += &format!("  report in {}, or: gatewright report {}\n", dir.join("report.html").display(), dir.display());
    said += &format!("  check it: gatewright verify {} --inputs X.npy --expect Y.npy\n", dir.display());
    Ok(said)
}
