//! A moving average over packets, between two AXI4-Streams.

use gatewright_dsl::parts::axi_stream::{AxiStream, AxiStreamTy};
use gatewright_dsl::prelude::*;
use gatewright_sim::{Interpreter, Stall, StreamSink, StreamSource, stream};

/// The mean of the last `window` samples of a packet, rounded to the nearest integer (ties up); before the first sample
/// of a packet lie zeros. Samples are signed and lie in the low bits of `tdata`. Each beat in gives one out, with its
/// `tlast`; latency 1 clock, and a beat in every clock while the output is ready.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MovingAverage {
    /// Bits of a sample and of `tdata`, which the standard wants to be a multiple of 8.
    pub width: u32,
    /// Samples of a mean: 2 to the power of this.
    pub log2_window: u32,
}

/// Samples.
#[derive(Bundle)]
pub struct FilterIn {
    /// As they come.
    pub s_axis: AxiStream,
}

/// Means.
#[derive(Bundle)]
pub struct FilterOut {
    /// One for each sample.
    pub m_axis: AxiStream,
}

impl Generator for MovingAverage {
    type In = FilterIn;
    type Out = FilterOut;

    fn shape(&self) -> FilterInShape {
        FilterInShape { s_axis: AxiStreamTy(self.width) }
    }

    fn build(&self, m: &Module, i: FilterIn) -> FilterOut {
        let window = 1u64 << self.log2_window;
        let sample = sint(self.width);
        let older: Vec<_> = (1..window).map(|n| m.reg(&format!("sample_{n}"), sample).reset(0)).collect();
        let valid = m.reg("valid", BOOL).reset(false);
        let last = m.reg("last", BOOL).reset(false);
        let mean = m.reg("mean", sample).reset(0);

        let (output, ready) = m.stream("output", valid.q(), last.q(), mean.q().to_bits());
        let beat = i.s_axis.0.accept(!valid.q() | ready);
        let newest = beat.payload.to_sint();
        let mut samples = vec![newest];
        samples.extend(older.iter().map(|x| x.q()));
        m.when(beat.fire, || {
            mean.set(sum(&samples).round(Rounding::HalfUp, self.log2_window));
            for (n, x) in older.iter().enumerate() {
                // A packet begins with nothing before it.
                x.set(beat.last.mux::<Int>(0, samples[n]));
            }
            last.set(beat.last);
            valid.set(true);
        })
        .elsewhen(ready, || valid.set(false));
        FilterOut { m_axis: AxiStream(output) }
    }
}

/// Shows it.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut dut = Interpreter::new(&elaborate(&MovingAverage { width: 16, log2_window: 2 })?)?;
    let mut source = StreamSource::new(&dut, "s_axis")?.stall(Stall::Random(0.3), 1);
    let mut sink = StreamSink::new(&dut, "m_axis", 10)?.stall(Stall::Bursts(3), 2);
    source.push_packet([400, 400, 400, 400, 400, 400])?;
    source.push_packet([-100, 100, -100, 100].map(|x: i64| x & 0xffff))?;
    let clocks = stream::run(&mut dut, &mut [&mut source, &mut sink], 20)?;
    for packet in sink.beats().split_inclusive(|beat| beat.last) {
        let mean = |beat: &gatewright_sim::Beat| beat.payload[0].to_u64().map(|word| word as u16 as i16);
        println!("{:?}", packet.iter().filter_map(mean).collect::<Vec<_>>());
    }
    println!("{clocks} clocks");
    Ok(())
}
