//! A pipeline of streams under back-pressure: samples of a detector are buffered, corrected and sorted into hits and
//! noise.

use gatewright_dsl::prelude::*;
use gatewright_sim::{Interpreter, Stall, StreamSink, StreamSource, stream};

/// Corrects samples (`(sample - pedestal) * gain`) and sends those of at least `threshold` one way, the rest another.
/// Each output may stall; while one does, the other goes on until a sample for the stalled one is in front.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Sorter {
    /// A sample.
    pub sample: IntTy,
    /// What a sample shows where nothing happens.
    pub pedestal: i64,
    /// The correction's factor.
    pub gain: i64,
    /// The least corrected sample that is a hit.
    pub threshold: i64,
    /// Samples that may wait at the input.
    pub depth: u64,
}

/// Samples.
#[derive(Bundle)]
pub struct SorterIn {
    /// As they were taken.
    pub samples: Stream<Int>,
}

/// Corrected samples.
#[derive(Bundle)]
pub struct SorterOut {
    /// Those at or above the threshold.
    pub hits: Stream<Int>,
    /// Those below.
    pub noise: Stream<Int>,
}

impl Generator for Sorter {
    type In = SorterIn;
    type Out = SorterOut;

    fn shape(&self) -> SorterInShape {
        SorterInShape { samples: StreamTy(self.sample) }
    }

    fn build(&self, m: &Module, i: SorterIn) -> SorterOut {
        let corrected = i.samples.fifo(m, self.depth).map(|x| (x - self.pedestal) * self.gain).regslice(m);
        let is_hit = corrected.payload().ge(self.threshold);
        let (hits, noise) = corrected.split(m, is_hit);
        SorterOut { hits: hits.regslice(m), noise: noise.regslice(m) }
    }
}

/// Shows it.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let design = elaborate(&Sorter { sample: uint(8), pedestal: 10, gain: 4, threshold: 100, depth: 4 })?;
    let mut dut = Interpreter::new(&design)?;
    let mut source = StreamSource::new(&dut, "samples")?;
    let mut hits = StreamSink::new(&dut, "hits", 3)?.stall(Stall::Random(0.5), 1);
    let mut noise = StreamSink::new(&dut, "noise", 5)?.stall(Stall::Bursts(4), 2);
    source.push_packet([11, 9, 80, 12, 200, 35, 10, 13])?;
    let cycles = stream::run(&mut dut, &mut [&mut source, &mut hits, &mut noise], 100)?;
    println!("hits  {:?}", hits.values());
    println!("noise {:?}", noise.values());
    println!("{cycles} cycles");
    Ok(())
}
