//! The hardware of a compiled model on an engine: samples in, integers out, clock by clock.

use std::sync::Arc;

use gatewright_compiler::package::{Interface, Package};
use gatewright_dsl::ir::Design;
use gatewright_dsl::value::Value;
use gatewright_layers::network::{Batch, Network, TensorTy};
use gatewright_layers::ports::tensor_names;
use gatewright_layers::unrolled_stream::{Field, fields};
use gatewright_sim::stream::{Agent, cycle};
use gatewright_sim::{Beat, Dut, Interpreter, Pin, SimError, Stall, StreamSink, StreamSource, Verilated};
use indicatif::{ProgressBar, ProgressStyle};

use crate::Failure;

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

/// What the hardware gave.
pub struct Run {
    /// Per output of the network, sample by sample.
    pub outputs: Vec<Batch>,
    /// Clocks that it took.
    pub clocks: u64,
}

/// Runs all samples through the design of `package`, one in every clock; a stream stalls on both sides now and then.
pub fn run(
    package: &Package,
    (design, latency): &(Design, u32),
    engine: Engine,
    inputs: &[Batch],
    samples: usize,
) -> Result<Run, Failure> {
    let begin = || -> Result<Box<dyn Dut>, SimError> {
        let mut dut: Box<dyn Dut> = match engine {
            Engine::Verilator => Box::new(Verilated::new(design)?),
            _ => Box::new(Interpreter::new(design)?),
        };
        if dut.interface().clocks.iter().any(|c| c.reset.is_some()) {
            dut.reset(true)?;
            dut.step()?;
            dut.reset(false)?;
        }
        Ok(dut)
    };
    let mut dut = begin().map_err(said)?;
    let bar = ProgressBar::new(samples as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} samples {eta}") {
        bar.set_style(style);
    }
    let network = &package.model.network;
    let outputs = match package.options.interface {
        Interface::Plain => plain(dut.as_mut(), network, *latency, inputs, samples, &bar)?,
        Interface::Stream => stream(dut.as_mut(), network, *latency, inputs, samples, &bar).map_err(said)?,
    };
    bar.finish_and_clear();
    Ok(Run { outputs: outputs.into_iter().map(Arc::new).collect(), clocks: dut.cycle() })
}

fn said(e: SimError) -> Failure {
    Failure::Finding(e.to_string())
}

/// A sample in every clock; each result is due `latency` clocks behind its sample.
fn plain(
    dut: &mut dyn Dut,
    network: &Network,
    latency: u32,
    inputs: &[Batch],
    samples: usize,
    bar: &ProgressBar,
) -> Result<Vec<Vec<i64>>, Failure> {
    let (ins, outs) = tensor_names(network);
    let pins = |dut: &dyn Dut, name: &str, ty: &TensorTy| -> Result<Vec<Pin>, Failure> {
        (0..ty.ranges.len()).map(|e| dut.pin(&format!("{name}_{e}")).map_err(said)).collect()
    };
    let mut in_pins = Vec::new();
    for (name, (_, ty)) in ins.iter().zip(&network.inputs) {
        in_pins.push(pins(dut, name, ty)?);
    }
    let mut out_pins = Vec::new();
    for (name, (_, tensor)) in outs.iter().zip(&network.outputs) {
        out_pins.push(pins(dut, name, network.ty(*tensor))?);
    }
    let (in_valid, out_valid) = (dut.pin("in_valid").map_err(said)?, dut.pin("out_valid").map_err(said)?);
    let latency = latency as usize;
    let mut found: Vec<Vec<i64>> = vec![Vec::new(); out_pins.len()];
    for clock in 0..samples + latency {
        dut.poke_i64(in_valid, i64::from(clock < samples)).map_err(said)?;
        for (pins, batch) in in_pins.iter().zip(inputs).filter(|_| clock < samples) {
            for (pin, value) in pins.iter().zip(&batch[clock * pins.len()..]) {
                dut.poke_i64(*pin, *value).map_err(said)?;
            }
        }
        let (due, valid) = (clock >= latency, !dut.peek(out_valid).map_err(said)?.is_zero());
        if due != valid {
            let is = if valid { "a result is there and none is due" } else { "no result is there and one is due" };
            return Err(Failure::Finding(format!("clock {clock} after sample 0: {is}; the latency is {latency}")));
        }
        for (pins, batch) in out_pins.iter().zip(&mut found).filter(|_| due) {
            for pin in pins {
                batch.push(dut.peek(*pin).map_err(said)?.to_i64().unwrap_or(i64::MAX));
            }
        }
        bar.inc(u64::from(due));
        dut.step().map_err(said)?;
    }
    Ok(found)
}

/// Both sides stall in bursts. The last sample is the last of a packet.
fn stream(
    dut: &mut dyn Dut,
    network: &Network,
    latency: u32,
    inputs: &[Batch],
    samples: usize,
    bar: &ProgressBar,
) -> Result<Vec<Vec<i64>>, SimError> {
    let (in_fields, _) = fields(network.inputs.iter().map(|(_, ty)| ty));
    let (out_fields, out_width) = fields(network.outputs.iter().map(|(_, t)| network.ty(*t)));
    let mut source = StreamSource::new(dut, "s_axis")?.stall(Stall::Bursts(BURST), 1);
    let mut sink = StreamSink::new(dut, "m_axis", samples)?.stall(Stall::Bursts(BURST), 2);
    for sample in 0..samples {
        let tensors = inputs.iter().zip(&network.inputs).flat_map(|(batch, (_, ty))| {
            let elements = ty.ranges.len();
            &batch[sample * elements..(sample + 1) * elements]
        });
        source.push(Beat::of(packed(&in_fields, tensors.copied()), sample + 1 == samples))?;
    }
    let (mut idle, patience) = (0, 2 * BURST + u64::from(latency) + 2);
    while sink.beats().len() < samples {
        let moved = cycle(dut, &mut [&mut source, &mut sink])?;
        idle = if moved { 0 } else { idle + 1 };
        if idle > patience {
            let stuck = [source.waits_for(), sink.waits_for()].into();
            return Err(SimError::Stuck { cycle: dut.cycle(), idle, stuck });
        }
        bar.set_position(sink.beats().len() as u64);
    }
    // A result more than samples would come right behind them.
    for _ in 0..patience {
        cycle(dut, &mut [&mut source, &mut sink])?;
    }
    if sink.beats().len() > samples {
        let what = format!("{} results for {samples} samples", sink.beats().len());
        return Err(SimError::Contract { stream: "m_axis".into(), cycle: dut.cycle(), what });
    }
    let mut found: Vec<Vec<i64>> = vec![Vec::new(); network.outputs.len()];
    for (sample, beat) in sink.beats().iter().enumerate() {
        if beat.last != (sample + 1 == samples) {
            let what = format!("tlast of the result of sample {sample} is {}, and its sample's was not", beat.last);
            return Err(SimError::Contract { stream: "m_axis".into(), cycle: dut.cycle(), what });
        }
        let mut values = unpacked(&out_fields, &beat.payload[0].to_words(out_width)).into_iter();
        for (batch, (_, tensor)) in found.iter_mut().zip(&network.outputs) {
            batch.extend(values.by_ref().take(network.ty(*tensor).ranges.len()));
        }
    }
    Ok(found)
}

/// Most clocks that a side of a stream stalls.
const BURST: u64 = 8;

/// The word of a beat.
fn packed(fields: &[Field], values: impl Iterator<Item = i64>) -> Value {
    let mut bytes = Vec::new();
    let mut width = 0;
    for (field, value) in fields.iter().zip(values) {
        // The sign goes on over the bytes that an `i64` does not have.
        let sign = if value < 0 { 0xff } else { 0 };
        bytes.extend(value.to_le_bytes().into_iter().chain(std::iter::repeat(sign)).take(field.width as usize / 8));
        width = field.at + field.width;
    }
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    let words: Vec<u32> = bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    Value::from_words(&words, width, false)
}

/// The elements of a word.
fn unpacked(fields: &[Field], words: &[u32]) -> Vec<i64> {
    let byte = |at: u32| words[at as usize / 32] >> (at % 32) & 0xff;
    let element = |field: &Field| {
        let bytes = (0..field.width.min(64) / 8).map(|b| u64::from(byte(field.at + 8 * b)) << (8 * b));
        let value = bytes.fold(0, |a, b| a | b) as i64;
        let unused = 64 - field.width.min(64);
        if field.range.lo < 0 { value << unused >> unused } else { value }
    };
    fields.iter().map(element).collect()
}
