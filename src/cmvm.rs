//! `gatewright cmvm`: a constant matrix-vector product as few additions.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::ValueEnum;
use gatewright_arith::ShiftAdds;
use gatewright_arith::cmvm::{self, Delay, DelayBound, Input, Options, Problem};
use ndarray::{Array2, ArrayD, Ix2};
use ndarray_npy::ReadNpyError;
use serde_json::{Value, json};

use crate::compile::Device;
use crate::{Failure, output};

/// Find few and narrow additions for y = x W, W constant.
#[derive(clap::Args)]
pub struct Arguments {
    /// Integers in numpy's format: one row for each input, one column for each output
    matrix: PathBuf,
    /// Width of the inputs, which are signed
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=64))]
    input_bits: u32,
    /// Greatest number of adders on a path [default: no bound]
    #[arg(long, value_name = "D")]
    depth: Option<u32>,
    /// Greatest delay of the additions on the device, as `m.pipelined` reckons it [default: no bound]
    #[arg(long, value_name = "NS")]
    delay: Option<f64>,
    /// What the delay is reckoned for
    #[arg(long, value_enum, default_value_t = Device::Lut6)]
    device: Device,
    /// How much to try; the result is the same on every machine
    #[arg(long, value_enum, default_value_t = Effort::Fast)]
    effort: Effort,
    /// Try for so long, however much that is; the result then depends on the machine
    #[arg(long, value_name = "S")]
    seconds: Option<f64>,
    /// Of the random choices
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Where to write the additions; `-` is the standard output
    #[arg(long, value_name = "GRAPH")]
    json: Option<PathBuf>,
}

/// A millisecond.
const MOST_NANOSECONDS: f64 = 1e6;

/// A year.
const MOST_SECONDS: f64 = 31_536_000.0;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Effort {
    /// One run; some more for small matrices
    Fast,
    /// About ten times as much
    Thorough,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let file = arguments.matrix.display();
    if let Some(s) = arguments.seconds.filter(|s| !(0.0..=MOST_SECONDS).contains(s)) {
        return Err(Failure::Unusable(format!("--seconds {s} is no time; give 0 to {MOST_SECONDS}")));
    }
    if let Some(ns) = arguments.delay.filter(|ns| !(0.0..=MOST_NANOSECONDS).contains(ns)) {
        return Err(Failure::Unusable(format!("--delay {ns} is no time; give 0 to {MOST_NANOSECONDS} ns")));
    }
    let matrix = matrix(&arguments.matrix)?;
    let delay = picoseconds(arguments.device);
    let half = 1_i128 << (arguments.input_bits - 1);
    let input = Input { range: (-half, half - 1), arrival: 0 };
    let column = |c: ndarray::ArrayView1<i128>| c.iter().copied().enumerate().filter(|w| w.1 != 0).collect();
    let problem = Problem {
        inputs: vec![input; matrix.nrows()],
        outputs: matrix.columns().into_iter().map(column).collect(),
        depth: arguments.depth,
        delay: arguments.delay.map(|ns| DelayBound { of: delay, most: (ns * 1000.0).round() as u64 }),
        ..Problem::default()
    };
    let options = Options {
        effort: match arguments.effort {
            Effort::Fast => cmvm::Effort::Fast,
            Effort::Thorough => cmvm::Effort::Thorough,
        },
        seconds: arguments.seconds,
        seed: arguments.seed,
    };
    let started = Instant::now();
    let adds = cmvm::solve(&problem, &options).map_err(|e| match e {
        cmvm::Error::Delay { least } => Failure::Finding(format!(
            "{file}: no additions were found that are as fast as that; allow --delay {:.3} or more",
            least as f64 / 1000.0
        )),
        e => Failure::Finding(format!("{file}: {e}")),
    })?;
    let seconds = started.elapsed().as_secs_f64();
    let cost = adds.cost();
    let (inputs, outputs) = matrix.dim();
    let said = format!(
        "{inputs} inputs, {outputs} outputs: {} adders of {} bits, depth {}, about {:.2} ns, found in {seconds:.3} s\n",
        cost.adders,
        cost.bits,
        cost.depth,
        delay.whole(&adds, &problem) as f64 / 1000.0
    );
    match &arguments.json {
        Some(path) => {
            let text = serde_json::to_string(&graph(&adds))
                .map_err(|e| Failure::Unusable(format!("cannot write JSON: {e}")))?;
            output::write(path, &(text + "\n"))?;
            if path != Path::new("-") {
                output::write(Path::new("-"), &said)?;
            }
            Ok(())
        }
        None => output::write(Path::new("-"), &said),
    }
}

/// How long additions take there.
fn picoseconds(device: Device) -> Delay {
    let of = device.family().device();
    let picoseconds = |ns: f64| (ns * 1000.0).round() as u32;
    Delay { adder: picoseconds(of.lut + of.carry), chain: picoseconds(of.carry_out), bit: picoseconds(of.carry_bit) }
}

/// The integers of a file.
fn matrix(path: &Path) -> Result<Array2<i128>, Failure> {
    let unusable = |why: String| Failure::Unusable(format!("`{}`: {why}", path.display()));
    macro_rules! read {
        ($($ty:ty)*) => {
            $(match ndarray_npy::read_npy::<_, ArrayD<$ty>>(path) {
                Ok(array) => return shaped(array.mapv(i128::from)).map_err(unusable),
                Err(ReadNpyError::WrongDescriptor(_)) => {}
                Err(e) => return Err(unusable(format!("cannot be read: {e}"))),
            })*
        };
    }
    read!(i64 i32 i16 i8 u8 u16 u32 u64);
    Err(unusable("its elements are no integers; save it with .astype(numpy.int64)".to_owned()))
}

fn shaped(array: ArrayD<i128>) -> Result<Array2<i128>, String> {
    let shape = array.shape().to_vec();
    let matrix = array.into_dimensionality::<Ix2>();
    let wanted = "a row for each input and a column for each output are wanted";
    let matrix = matrix.map_err(|_| format!("its shape is {shape:?}; {wanted}"))?;
    if matrix.is_empty() {
        return Err(format!("its shape is {shape:?}, so that it is empty; {wanted}"));
    }
    Ok(matrix)
}

/// The additions as JSON: `value = (a << sa) ± (b << sb)`, values counted from the inputs on.
fn graph(adds: &ShiftAdds) -> Value {
    let inputs = adds.inputs();
    // A range of 64 bits fits JSON's integers as other programs read them.
    let ranges: Vec<Value> = adds.ranges[..inputs].iter().map(|r| json!([r.0 as i64, r.1 as i64])).collect();
    let step = |s: &gatewright_arith::Step| json!({"a": s.a.value, "sa": s.a.shift, "b": s.b.value, "sb": s.b.shift, "sub": s.b.negative});
    let nodes: Vec<Value> = adds.steps.iter().map(step).collect();
    let output = |o: &Option<gatewright_arith::Term>| match o {
        Some(t) => json!({"node": t.value, "shift": t.shift, "neg": t.negative}),
        None => Value::Null,
    };
    let outputs: Vec<Value> = adds.outputs.iter().map(output).collect();
    json!({"inputs": ranges, "nodes": nodes, "outputs": outputs})
}
