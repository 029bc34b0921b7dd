//! A test bench in Verilog-2005, for simulators that know nothing of this project.
//!
//! It stands alone: the module, the samples and the golden model's results as `$readmemh` files, and a list of files. The
//! texts are the `.v` files beside this one.

mod samples;

pub use samples::Samples;

use std::fmt::Write as _;

use gatewright_dsl::emit::{Output, PinKind, pins};
use gatewright_dsl::ir::{Design, Dir, Polarity};
use gatewright_layers::network::Batch;
use gatewright_layers::ports::tensor_names;
use gatewright_layers::unrolled_stream::{Field, fields};
use minijinja::{Environment, context};
use serde::Serialize;

use crate::package::{Interface, Package};

const TEMPLATES: [(&str, &str); 6] = [
    ("header.v", include_str!("header.v")),
    ("parameters.v", include_str!("parameters.v")),
    ("load.v", include_str!("load.v")),
    ("verdict.v", include_str!("verdict.v")),
    ("plain.v", include_str!("plain.v")),
    ("stream.v", include_str!("stream.v")),
];

/// The files of a test bench.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TestBench {
    /// Names and texts, the list of files last. They belong in one folder; the design is expected in `../rtl`.
    pub files: Vec<(String, String)>,
    /// Samples in it.
    pub samples: usize,
}

/// Why there is no test bench.
#[derive(Debug, thiserror::Error)]
pub enum TestBenchError {
    /// There is nothing to run.
    #[error("a test bench needs at least one sample, and there is none")]
    NoSamples,
    /// The golden model cannot run the samples.
    #[error(transparent)]
    Network(#[from] gatewright_layers::Error),
    /// The text could not be made.
    #[error("cannot write the test bench: {0}")]
    Text(#[from] minijinja::Error),
}

/// An element of an input or an output, as the texts name it.
#[derive(Serialize)]
struct Element {
    /// For messages.
    name: String,
    /// Its port, where it has one: a constant has none.
    port: Option<String>,
    /// The declared width of the port, such as `[4:0] `; nothing for one bit.
    wires: String,
    /// All its bits in a line of the files, such as `15:8`.
    bits: String,
    /// Those of them that hold the range.
    own_bits: String,
    /// Its range, for the reader.
    range: String,
    /// The port or the constant, extended to all bits.
    value: String,
    /// What was found and what is expected, as 64 bits.
    found: String,
    expected: String,
}

impl TestBench {
    /// The test bench of a package's `design`, which was written as `rtl`, on `samples`. What is expected are the golden
    /// model's results.
    ///
    /// # Errors
    /// Where there are no samples, or they do not fit the network.
    pub fn new(
        package: &Package,
        design: &Design,
        rtl: &Output,
        samples: &Samples,
    ) -> Result<TestBench, TestBenchError> {
        if samples.count == 0 {
            return Err(TestBenchError::NoSamples);
        }
        let network = &package.model.network;
        let results = network.outputs(samples.count, &samples.inputs)?;
        let (in_fields, in_bits) = fields(network.inputs.iter().map(|(_, ty)| ty));
        let (out_fields, out_bits) = fields(network.outputs.iter().map(|(_, t)| network.ty(*t)));
        let (in_names, out_names) = tensor_names(network);
        let in_names = in_names.iter().zip(network.inputs.iter().map(|(_, ty)| ty.ranges.len()));
        let out_names = out_names.iter().zip(network.outputs.iter().map(|(_, t)| network.ty(*t).ranges.len()));
        let (template, in_ports, out_ports) = match package.options.interface {
            Interface::Plain => ("plain.v", ports(design, Dir::Input), ports(design, Dir::Output)),
            Interface::Stream => ("stream.v", Vec::new(), Vec::new()),
        };
        let inputs = elements(&in_fields, in_names, in_ports);
        let outputs = elements(&out_fields, out_names, out_ports);
        let bench = environment()?.get_template(template)?.render(context! {
            top => &rtl.top,
            samples => samples.count,
            latency => package.latency,
            in_bits => in_bits.max(8),
            out_bits => out_bits.max(8),
            name_length => outputs.iter().map(|e| e.name.len()).max().unwrap_or(1),
            controls => controls(design),
            inputs,
            outputs,
        })?;
        let name = format!("{}_tb.v", rtl.top);
        let mut list: String = rtl.file("files.f").unwrap_or("").lines().map(|f| format!("../rtl/{f}\n")).collect();
        list += &format!("{name}\n");
        let files = vec![
            (name, bench),
            ("inputs.hex".to_owned(), hex(samples.count, &samples.inputs, &in_fields)),
            ("outputs.hex".to_owned(), hex(samples.count, &results, &out_fields)),
            ("files.f".to_owned(), list),
        ];
        Ok(TestBench { files, samples: samples.count })
    }
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_keep_trailing_newline(true);
    for (name, text) in TEMPLATES {
        environment.add_template(name, text)?;
    }
    Ok(environment)
}

/// The connections of clock and reset, where the design has them.
fn controls(design: &Design) -> Vec<String> {
    let connection = |pin: gatewright_dsl::emit::Pin| match pin.kind {
        PinKind::Clock => Some(format!(".{}(clk)", pin.name)),
        PinKind::Reset(Polarity::High) => Some(format!(".{}(rst)", pin.name)),
        PinKind::Reset(Polarity::Low) => Some(format!(".{}(!rst)", pin.name)),
        PinKind::Data(..) => None,
    };
    pins(design, design.top).into_iter().filter_map(connection).collect()
}

/// The data ports of one direction behind the valid flag, `None` for one without wires.
fn ports(design: &Design, dir: Dir) -> Vec<Option<String>> {
    let pins = pins(design, design.top);
    let module = &design.modules[design.top];
    let mine = module.ports.iter().filter(|(_, port)| port.dir == dir).skip(1);
    let wired = |id| pins.iter().any(|pin| matches!(pin.kind, PinKind::Data(port, _) if port == id));
    mine.map(|(id, port)| wired(id).then(|| port.name.clone())).collect()
}

/// The elements of all tensors, given as names and numbers of elements.
fn elements<'n>(
    fields: &[Field],
    tensors: impl Iterator<Item = (&'n String, usize)>,
    ports: Vec<Option<String>>,
) -> Vec<Element> {
    // What stands in a string constant; the names of a package from a file may be anything.
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let names = tensors.flat_map(|(name, count)| {
        let name: String = name.chars().map(plain).collect();
        (0..count).map(move |e| format!("{name}_{e}"))
    });
    let ports = ports.into_iter().chain(std::iter::repeat(None));
    fields.iter().zip(names).zip(ports).map(|((field, name), port)| element(field, name, port)).collect()
}

fn element(field: &Field, name: String, port: Option<String>) -> Element {
    let Field { at, width, range } = *field;
    let (own, signed) = (range.width().max(1), range.lo < 0);
    let slice = |width: u32| if width == 1 { at.to_string() } else { format!("{}:{at}", at + width - 1) };
    let bits = slice(width);
    let value = match &port {
        None => format!("{width}'h{:x}", bits_of(range.lo, width)),
        Some(port) if own == width => port.clone(),
        Some(port) if !signed => format!("{{{}'d0, {port}}}", width - own),
        Some(port) if own == 1 => format!("{{{width}{{{port}}}}}"),
        Some(port) => format!("{{{{{}{{{port}[{}]}}}}, {port}}}", width - own, own - 1),
    };
    let wide = |word: &str| {
        let above = 64 - width;
        match (above, signed) {
            (0, _) => format!("{word}[{bits}]"),
            (_, false) => format!("{{{above}'d0, {word}[{bits}]}}"),
            (_, true) => format!("{{{{{above}{{{word}[{}]}}}}, {word}[{bits}]}}", at + width - 1),
        }
    };
    let (found, expected) = (wide("found"), wide("expected"));
    let wires = if own == 1 { String::new() } else { format!("[{}:0] ", own - 1) };
    let own_bits = slice(own);
    let range = if range.only().is_some() { range.lo.to_string() } else { format!("{}..={}", range.lo, range.hi) };
    Element { name, port, wires, bits, own_bits, range, value, found, expected }
}

/// Two's complement.
fn bits_of(value: i64, width: u32) -> u64 {
    value as u64 & (u64::MAX >> (64 - width.min(64)))
}

/// For `$readmemh`: a line per sample, the first element in the lowest bits.
fn hex(samples: usize, batches: &[Batch], fields: &[Field]) -> String {
    let mut text = String::new();
    for sample in 0..samples {
        let row = batches.iter().flat_map(|batch| {
            let elements = batch.len() / samples;
            &batch[sample * elements..(sample + 1) * elements]
        });
        let row: Vec<&i64> = row.collect();
        for (value, field) in row.into_iter().zip(fields).rev() {
            let _ = write!(text, "{:0digits$x}", bits_of(*value, field.width), digits = field.width as usize / 4);
        }
        text.push_str(if fields.is_empty() { "00\n" } else { "\n" });
    }
    text
}
