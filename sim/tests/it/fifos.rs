//! FIFOs of all styles against the definition: the beats that went in, in order, none lost and none twice.

use gatewright_dsl::parts::fifo::{Fifo, FifoStyle};
use gatewright_dsl::prelude::*;
use gatewright_sim::stream::run;
use gatewright_sim::*;

const STYLES: [FifoStyle; 3] = [FifoStyle::Registers, FifoStyle::LutRam, FifoStyle::BlockRam];

fn fifos() -> impl Iterator<Item = Fifo<IntTy>> {
    STYLES.into_iter().flat_map(|style| {
        [1, 2, 3, 8].into_iter().flat_map(move |depth| {
            let fifo = Fifo::new(uint(10), depth).style(style);
            [fifo.clone(), fifo.fall_through()]
        })
    })
}

fn built(fifo: &Fifo<IntTy>) -> (Interpreter, String) {
    let design = elaborate(fifo).unwrap_or_else(|e| panic!("{e}"));
    let what = format!("{:?}, {} beats, fall-through {}", fifo.style, fifo.depth, fifo.fall_through);
    (Interpreter::new(&design).unwrap_or_else(|e| panic!("{e}")), what)
}

fn reset(dut: &mut Interpreter) {
    dut.reset(true).unwrap();
    dut.step().unwrap();
    dut.reset(false).unwrap();
}

#[test]
fn beats_come_out_as_they_went_in() {
    let stalls = [Stall::Never, Stall::Random(0.3), Stall::Random(0.7), Stall::Bursts(9), Stall::Bursts(3)];
    for fifo in fifos() {
        for (n, from) in stalls.iter().enumerate() {
            for (k, to) in stalls.iter().enumerate() {
                let (mut dut, what) = built(&fifo);
                reset(&mut dut);
                let mut source = StreamSource::new(&dut, "input").unwrap().stall(from.clone(), 1 + n as u64);
                let mut sink = StreamSink::new(&dut, "output", 303).unwrap().stall(to.clone(), 100 + k as u64);
                source.push_packet(0..300).unwrap();
                source.push_packet([7, 8, 9]).unwrap();
                let cycles = run(&mut dut, &mut [&mut source, &mut sink], 60).unwrap_or_else(|e| panic!("{what}: {e}"));
                let expected: Vec<Value> = (0..300).chain([7, 8, 9]).map(Value::from).collect();
                assert_eq!(sink.values(), expected, "{what}");
                let lasts: Vec<usize> = (0..303).filter(|&n| sink.beats()[n].last).collect();
                assert_eq!(lasts, [299, 302], "{what}");
                if (n, k) == (0, 0) {
                    // A beat a clock behind the latency; one place is free in every second clock only.
                    let latency = match (fifo.fall_through, fifo.style) {
                        (true, _) => 0,
                        (_, FifoStyle::BlockRam) => 2,
                        _ => 1,
                    };
                    let interval = if fifo.depth == 1 && !fifo.fall_through { 2 } else { 1 };
                    assert_eq!(cycles, 302 * interval + latency + 1, "{what}");
                }
            }
        }
    }
}

#[test]
fn all_places_are_used() {
    for fifo in fifos() {
        let (mut dut, what) = built(&fifo);
        reset(&mut dut);
        for (name, value) in [("input_valid", 1), ("output_ready", 0)] {
            dut.set(name, value).unwrap_or_else(|e| panic!("{what}: {e}"));
        }
        let mut taken = 0;
        for _ in 0..30 {
            taken += u64::from(!dut.get("input_ready").unwrap().is_zero());
            dut.step().unwrap();
        }
        // A word waits behind a block RAM.
        let places = fifo.depth + u64::from(fifo.style == FifoStyle::BlockRam);
        assert_eq!(taken, places, "{what}");
    }
}
