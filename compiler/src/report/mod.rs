//! What a compiled model takes and gives: sizes, ranges, clocks; as JSON, as text, and as one HTML page.
//!
//! [`Report::of`] counts what is known after compiling. [`Report::assess`] compares with a [`Profile`](crate::profile::Profile), and
//! [`Report::with_seen`] adds what samples reached.

mod assess;
mod build;
mod html;
mod measured;
mod picture;
mod survey;
mod text;
mod words;

use serde::{Deserialize, Serialize};

use gatewright_layers::cost::Cost;
use gatewright_layers::network::Range;
use gatewright_layers::target::Family;

pub use assess::{Assessment, Check};

use crate::package::Interface;
use crate::synth::Synthesis;

/// The form of `report.json`.
pub const FORMAT: u32 = 3;

/// A report, as `report.json` keeps it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: u32,
    /// The model's name.
    pub name: String,
    /// Name of the model's file.
    pub source: String,
    /// How layers are built.
    pub architecture: String,
    /// Ports.
    pub interface: Interface,
    /// Sums over all layers.
    pub totals: Totals,
    /// What the whole design takes.
    pub estimate: Estimate,
    /// All tensors of the network: its inputs, then the layers' results.
    pub tensors: Vec<Tensor>,
    /// How many of the tensors are inputs.
    pub inputs: usize,
    /// Layers in order; layer `k` gives tensor `inputs + k`.
    pub layers: Vec<Layer>,
    /// Names of the outputs, and their tensors.
    pub outputs: Vec<(String, usize)>,
    /// What the host computes before the hardware.
    pub before: Vec<HostStep>,
    /// What the host computes behind it.
    pub behind: Vec<HostStep>,
    /// What a reader should know.
    pub warnings: Vec<String>,
    /// Against a profile, where one was asked for.
    pub assessment: Option<Assessment>,
    /// Samples that were verified; see [`Tensor::seen`].
    pub seen: Option<Samples>,
    /// What a synthesiser made of this Verilog.
    #[serde(default)]
    pub measured: Vec<Synthesis>,
}

pub use build::estimate_of;

/// What the whole design takes, [estimated](gatewright_dsl::estimate): layers, registers and what is around them.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Estimate {
    /// The LUTs that are counted.
    pub family: Family,
    /// LUTs.
    pub luts: u64,
    /// Carry cells.
    pub carries: u64,
    /// Flip-flops.
    pub flip_flops: u64,
    /// Shift registers in LUTs, counted apart from these.
    pub shift_registers: u64,
    /// LUTs and carry cells on the longest path that crosses no register.
    pub depth: u32,
}

/// Samples that were verified.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Samples {
    /// Their number.
    pub count: usize,
    /// Those with a value [near a tie](crate::seen), where float32 may round to the other side.
    pub near_ties: usize,
    /// Such values in all.
    pub values_near_ties: u64,
}

/// Sums.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Totals {
    /// Weights that are not zero.
    pub nonzero_weights: usize,
    /// All weights.
    pub weights: usize,
    /// Logic of the layers, estimated; `depth` is that of the longest way through the network.
    pub cost: Cost,
    /// Registers of the design.
    pub registers: u64,
    /// Their bits.
    pub register_bits: u64,
    /// Bits of memories, such as the FIFO behind a stream's pipeline.
    pub memory_bits: u64,
    /// Clocks from a sample to its result.
    pub latency_clocks: u32,
    /// Rate of the clock; none where there are no registers.
    pub clock_mhz: Option<f64>,
    /// Latency at this rate.
    pub latency_ns: Option<f64>,
    /// Clocks from a sample to the next one.
    pub interval: u32,
    /// At this rate.
    pub samples_per_second: Option<f64>,
}

/// A tensor of the network.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Tensor {
    /// Of the input, or of the layer.
    pub name: String,
    /// Length of each axis, without the batch.
    pub shape: Vec<usize>,
    /// Number of elements.
    pub elements: usize,
    /// Least integer that an element can hold.
    pub least: i64,
    /// Greatest.
    pub greatest: i64,
    /// Bits of the narrowest element.
    pub bits_min: u32,
    /// Of the widest.
    pub bits_max: u32,
    /// Bits of all elements.
    pub bits: u64,
    /// Elements that can hold one value only.
    pub constants: usize,
    /// The real value is `integer * scale + offset`: least and greatest over elements. None for a step on the way.
    pub scale: Option<Scale>,
    /// What samples reached.
    pub seen: Option<Seen>,
}

/// What integers stand for.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Scale {
    /// Least and greatest scale of the elements.
    pub scale: (f64, f64),
    /// Least and greatest offset.
    pub offset: (f64, f64),
}

/// A range that samples reached.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// Least integer.
    pub least: i64,
    /// Greatest.
    pub greatest: i64,
    /// Part of the range provided, 0 to 1; a range of one value is used whole.
    pub share: f64,
}

/// A layer of the network.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Layer {
    /// In the network.
    pub name: String,
    /// What it is, in words.
    pub kind: String,
    /// The tensors it reads.
    pub reads: Vec<usize>,
    /// Why its result is as wide as it is.
    pub why: String,
    /// Of a dense layer.
    pub weights: Option<Weights>,
    /// Logic, estimated.
    pub cost: Cost,
    /// Bits of the registers that hold its values.
    pub register_bits: u64,
    /// The first and the last clock after the inputs' in which it computes, where that can be known.
    pub clocks: Option<(u32, u32)>,
}

/// The weights of a dense layer.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Weights {
    /// All.
    pub count: usize,
    /// Those that are not zero.
    pub nonzero: usize,
    /// Bits of the widest.
    pub bits: u32,
}

/// An operator that the host computes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct HostStep {
    /// Name in the model's file.
    pub name: String,
    /// The operator.
    pub kind: String,
    /// Shape of the result.
    pub shape: Vec<usize>,
}

impl Report {
    /// Takes what samples reached. Replaces what was seen before.
    pub fn with_seen(&mut self, seen: &crate::seen::Seen) {
        self.seen = (seen.samples > 0).then(|| Samples {
            count: seen.samples,
            near_ties: seen.samples_near_ties,
            values_near_ties: seen.values_near_ties(),
        });
        for (tensor, range) in self.tensors.iter_mut().zip(&seen.ranges) {
            tensor.seen = range.map(|Range { lo, hi }| {
                let span = |lo: i64, hi: i64| (i128::from(hi) - i128::from(lo)) as f64;
                let provided = span(tensor.least, tensor.greatest);
                let share = if provided > 0.0 { span(lo, hi) / provided } else { 1.0 };
                Seen { least: lo, greatest: hi, share }
            });
        }
    }
}
