//! FIFOs of all styles against the definition: the beats that went in, in order, none lost and none twice.

use gatewright_dsl::parts::fifo::{Fifo, FifoStyle};
use gatewright_dsl::prelude::{IntTy, Value, uint};
use gatewright_sim::rng::Rng;
use gatewright_sim::stream::run;
use gatewright_sim::{Dut, DutExt, Stall, StreamSink, StreamSource};

use super::behaviour::{Case, Checked, case};

pub fn cases() -> impl Iterator<Item = Case> {
    let styles = [FifoStyle::Registers, FifoStyle::LutRam, FifoStyle::BlockRam];
    let plain = styles.into_iter().flat_map(|s| [1, 2, 3, 8].map(|depth| Fifo::new(uint(10), depth).style(s)));
    plain.flat_map(|fifo| [fifo.clone(), fifo.fall_through()]).map(of)
}

fn of(fifo: Fifo<IntTy>) -> Case {
    let through = if fifo.fall_through { "_through" } else { "" };
    let name = format!("fifo_{:?}_{}{through}", fifo.style, fifo.depth);
    case(name, &fifo.clone(), move |dut| queues(dut, &fifo))
}

pub fn random(rng: &mut Rng) -> Case {
    let styles = [FifoStyle::Registers, FifoStyle::LutRam, FifoStyle::BlockRam];
    // Deep enough for the sinks' longest pause to fill it, and not deeper than the test's beats.
    let fifo = Fifo::new(uint(10), rng.between(1, 25)).style(styles[rng.between(0, 2) as usize]);
    of(if rng.chance(0.5) { fifo.fall_through() } else { fifo })
}

fn queues(dut: &mut dyn Dut, fifo: &Fifo<IntTy>) -> Checked {
    let stalls = [Stall::Never, Stall::Random(0.3), Stall::Random(0.7), Stall::Bursts(9)];
    for (n, from) in stalls.iter().enumerate() {
        for (k, to) in stalls.iter().enumerate() {
            let mut source = StreamSource::new(dut, "input")?.stall(from.clone(), 1 + n as u64);
            let mut sink = StreamSink::new(dut, "output", 303)?.stall(to.clone(), 100 + k as u64);
            source.push_packet(0..300)?;
            source.push_packet([7, 8, 9])?;
            let cycles = run(dut, &mut [&mut source, &mut sink], 60)?;
            let expected: Vec<Value> = (0..300).chain([7, 8, 9]).map(Value::from).collect();
            assert_eq!(sink.values(), expected);
            let lasts: Vec<usize> = (0..303).filter(|&n| sink.beats()[n].last).collect();
            assert_eq!(lasts, [299, 302]);
            if (n, k) == (0, 0) {
                // A beat a clock behind the latency; one place is free in every second clock only.
                let latency = match (fifo.fall_through, fifo.style) {
                    (true, _) => 0,
                    (_, FifoStyle::BlockRam) => 2,
                    _ => 1,
                };
                let interval = if fifo.depth == 1 && !fifo.fall_through { 2 } else { 1 };
                assert_eq!(cycles, 302 * interval + latency + 1, "{:?}", fifo.style);
            }
        }
    }
    // All places are used, and one more where a word waits behind a block RAM.
    dut.set("output_ready", 0)?;
    dut.set("input_valid", 1)?;
    let mut taken = 0;
    for _ in 0..30 {
        taken += u64::from(!dut.get("input_ready")?.is_zero());
        dut.step()?;
    }
    dut.set("input_valid", 0)?;
    assert_eq!(taken, fifo.depth + u64::from(fifo.style == FifoStyle::BlockRam));
    Ok(())
}
