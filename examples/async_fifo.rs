//! Two clocks: samples come at the clock of a converter, and are summed at the clock of the logic.

use gatewright_dsl::parts::cdc::async_fifo;
use gatewright_dsl::prelude::*;
use gatewright_sim::{Dut, Interpreter, Schedule, Stall, StreamSink, StreamSource, stream};

/// The converter's clock with its reset.
pub fn adc() -> Domain {
    Domain::new("adc_clk").reset("adc_rst", ResetKind::Sync, Polarity::High)
}

/// Takes samples on [`adc`] and gives, on its own clock, the sum of each packet.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PacketSums {
    /// A sample.
    pub sample: IntTy,
    /// Most samples of a packet.
    pub longest: u64,
    /// Samples that may wait between the clocks: a power of two.
    pub depth: u64,
}

impl Generator for PacketSums {
    type In = StreamIn<Int>;
    type Out = StreamOut<Int>;

    fn shape(&self) -> StreamInShape<Int> {
        StreamInShape { input: StreamTy(self.sample) }
    }

    fn build(&self, m: &Module, i: StreamIn<Int>) -> StreamOut<Int> {
        let samples = async_fifo(m, "samples", i.input, self.depth, &adc(), &m.here());
        let sum = m.reg("sum", self.sample.times(self.longest)).reset(0);
        let total = (sum.q() + samples.payload()).claim(sum.ty());
        // Only the last sample of a packet has to wait for the receiver.
        let (valid, last) = (samples.valid(), samples.last());
        let (output, ready) = m.stream("output", valid & last, true, total);
        let taken = samples.accept(!last | ready);
        m.when(taken.fire, || sum.set(last.mux::<Int>(0, total)));
        StreamOut { output }
    }
}

/// Shows it.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let design = elaborate(&PacketSums { sample: sint(12), longest: 16, depth: 8 })?;
    let mut dut = Interpreter::new(&design)?;
    // A converter of 40 MHz beside logic of 160 MHz, in quarters of a nanosecond.
    dut.set_schedule(&Schedule::new().clock("adc_clk", 100, 0).clock("clk", 25, 7))?;
    dut.reset(true)?;
    dut.step_n(20)?;
    dut.reset(false)?;
    let mut source = StreamSource::new(&dut, "input")?;
    let mut sums = StreamSink::new(&dut, "output", 3)?.stall(Stall::Random(0.5), 1);
    source.push_packet([100, -20, 7])?;
    source.push_packet([2047; 16])?;
    source.push_packet([-2048])?;
    stream::run(&mut dut, &mut [&mut source, &mut sums], 100)?;
    println!("sums {:?}, at {} ns", sums.values(), dut.time() / 4);
    Ok(())
}
