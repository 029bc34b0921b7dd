//! Packers against lists: the parts of each packet in order, cut anew.

use gatewright_dsl::parts::pack::{Counted, Lanes, LanesShape, Order, Pack, Packed};
use gatewright_dsl::prelude::*;
use gatewright_sim::rng::Rng;
use gatewright_sim::stream::run;
use gatewright_sim::{Beat, Dut, StreamSink, StreamSource};

use super::behaviour::{Case, Checked, case, under_stalls};

/// Words of another width.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct GearTop {
    pub from: u32,
    pub to: u32,
    pub order: Order,
}

impl Generator for GearTop {
    type In = StreamIn<Bits>;
    type Out = StreamOut<Packed>;
    fn shape(&self) -> StreamInShape<Bits> {
        StreamInShape { input: StreamTy(word(self.from)) }
    }
    fn build(&self, m: &Module, i: StreamIn<Bits>) -> Self::Out {
        StreamOut { output: i.input.gearbox(m, self.to, self.order) }
    }
}

/// Dense beats of lanes with gaps.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CompactTop {
    pub lanes: usize,
}

impl Generator for CompactTop {
    type In = StreamIn<Lanes<Int>>;
    type Out = StreamOut<Counted<Int>>;
    fn shape(&self) -> StreamInShape<Lanes<Int>> {
        let lanes = LanesShape { values: vec![uint(12); self.lanes], there: vec![BOOL; self.lanes] };
        StreamInShape { input: StreamTy(lanes) }
    }
    fn build(&self, m: &Module, i: Self::In) -> Self::Out {
        StreamOut { output: i.input.compact(m) }
    }
}

pub fn gear(from: u32, to: u32, order: Order) -> Case {
    let name = format!("gearbox_{from}_{to}_{order:?}");
    case(name, &GearTop { from, to, order }, move |dut| gears(dut, from, to, order))
}

pub fn pack(inputs: usize, counts: IntTy, outputs: usize) -> Case {
    let pack = Pack { part: uint(12), inputs, counts, outputs };
    let name = format!("pack_{inputs}_{}_{outputs}", counts.lo());
    case(name, &pack, move |dut| packs(dut, inputs, counts, outputs))
}

pub fn compact(lanes: usize) -> Case {
    case(format!("compact_{lanes}"), &CompactTop { lanes }, move |dut| compacts(dut, lanes))
}

pub fn cases() -> Vec<Case> {
    let (low, high) = (Order::LowFirst, Order::HighFirst);
    let mut cases: Vec<Case> = [(8, 12, low), (8, 10, high), (10, 8, low), (12, 8, high), (3, 24, low), (12, 3, high)]
        .into_iter()
        .chain([(1, 5, high), (7, 1, low), (8, 8, low), (7, 5, high)])
        .map(|(from, to, order)| gear(from, to, order))
        .collect();
    for (inputs, lo, outputs) in [(1, 1, 1), (3, 1, 2), (2, 0, 3), (4, 0, 4), (5, 5, 3), (4, 0, 1)] {
        cases.push(pack(inputs, range(lo..=inputs as u64), outputs));
    }
    cases.extend([1, 2, 5].map(compact));
    cases
}

pub fn random(rng: &mut Rng) -> Case {
    let mut between = |lo, hi| rng.between(lo, hi);
    match between(0, 2) {
        0 => {
            let order = if between(0, 1) == 0 { Order::LowFirst } else { Order::HighFirst };
            gear(between(1, 40) as u32, between(1, 40) as u32, order)
        }
        1 => {
            let inputs = between(1, 7);
            pack(inputs as usize, range(between(0, inputs)..=inputs), between(1, 7) as usize)
        }
        _ => compact(between(1, 7) as usize),
    }
}

/// A packet as the parts of its beats.
type Packet = Vec<Vec<i64>>;

fn packets(rng: &mut Rng, total: usize, mut beat: impl FnMut(&mut Rng) -> Vec<i64>) -> Vec<Packet> {
    let mut packets = Vec::new();
    while packets.iter().map(Vec::len).sum::<usize>() < total {
        let beats = rng.between(1, 7);
        packets.push((0..beats).map(|_| beat(rng)).collect());
    }
    packets
}

/// What comes out: the parts in beats of `outputs`, and whether a beat is the last of its packet.
fn cut(packet: &Packet, outputs: usize) -> Vec<(Vec<i64>, bool)> {
    let parts: Vec<i64> = packet.concat();
    let mut beats: Vec<(Vec<i64>, bool)> = parts.chunks(outputs).map(|c| (c.to_vec(), false)).collect();
    // The beats that were full before the last one came have gone, so an empty end needs a beat of its own.
    let before: usize = packet[..packet.len() - 1].iter().map(Vec::len).sum();
    if parts.len() == before && parts.len().is_multiple_of(outputs) {
        beats.push((Vec::new(), false));
    }
    if let Some(end) = beats.last_mut() {
        end.1 = true;
    }
    beats
}

/// Sends the packets, each beat made by `to_beat`, and compares what comes out, read by `from_beat`.
fn sends(
    dut: &mut dyn Dut,
    outputs: usize,
    mut beat: impl FnMut(&mut Rng) -> Vec<i64>,
    to_beat: impl Fn(&[i64], &mut Rng) -> Vec<Value>,
    from_beat: impl Fn(&Beat) -> Vec<i64>,
    clocks_wanted: impl Fn(&[Packet]) -> Option<u64>,
) -> Checked {
    under_stalls(|from, to, seed, free| {
        let mut rng = Rng::new(seed);
        let packets = packets(&mut rng, 60, &mut beat);
        let mut source = StreamSource::new(dut, "input")?.stall(from.clone(), seed);
        for packet in &packets {
            for (n, parts) in packet.iter().enumerate() {
                let payload = to_beat(parts, &mut rng);
                source.push(Beat { payload, last: n + 1 == packet.len() })?;
            }
        }
        let expected: Vec<_> = packets.iter().flat_map(|packet| cut(packet, outputs)).collect();
        let mut sink = StreamSink::new(dut, "output", expected.len())?.stall(to.clone(), seed + 50);
        let clocks = run(dut, &mut [&mut source, &mut sink], 100)?;
        let got: Vec<_> = sink.beats().iter().map(|beat| (from_beat(beat), beat.last)).collect();
        assert_eq!(got, expected);
        if let Some(wanted) = clocks_wanted(&packets).filter(|_| free) {
            assert_eq!(clocks, wanted);
        }
        Ok(())
    })
}

/// Clocks without stalls, by a count of parts alone: what the doc comment says of throughput.
fn clocks(packets: &[Packet], inputs: usize, outputs: usize) -> u64 {
    let mut clocks = 1; // The first beat is offered a clock later.
    for packet in packets {
        if inputs <= outputs {
            // A beat a clock, and one more where the rest fills more than one.
            let parts = packet.len() * inputs;
            let held = (parts - inputs) % outputs + inputs;
            clocks += packet.len() as u64 + u64::from(held > outputs);
        } else {
            clocks += (packet.len() * inputs).div_ceil(outputs) as u64;
        }
    }
    clocks
}

fn gears(dut: &mut dyn Dut, from: u32, to: u32, order: Order) -> Checked {
    // Bit by bit.
    let bits = |word: i64, width: u32| -> Vec<i64> {
        let bit = |n: u32| word >> n & 1;
        match order {
            Order::LowFirst => (0..width).map(bit).collect(),
            Order::HighFirst => (0..width).rev().map(bit).collect(),
        }
    };
    let word = |bits: &[i64]| match order {
        Order::LowFirst => bits.iter().rev().fold(0, |word, bit| word << 1 | bit),
        Order::HighFirst => bits.iter().fold(0, |word, bit| word << 1 | bit),
    };
    sends(
        dut,
        to as usize,
        |rng| (0..from).map(|_| rng.between(0, 1) as i64).collect(),
        |bits, _| vec![word(bits).into()],
        |beat| {
            let count = beat.payload[1].to_usize().unwrap();
            bits(beat.payload[0].to_i64().unwrap(), to)[..count].to_vec()
        },
        |packets| Some(clocks(packets, from as usize, to as usize)),
    )
}

/// Counters of parts, each unlike its neighbours.
fn numbers() -> impl FnMut() -> i64 {
    let mut next = 0;
    move || {
        next = (next + 1) % 4096;
        next
    }
}

fn packs(dut: &mut dyn Dut, inputs: usize, counts: IntTy, outputs: usize) -> Checked {
    let mut number = numbers();
    let least = counts.lo().to_i64().unwrap() as u64;
    sends(
        dut,
        outputs,
        |rng| (0..rng.between(least, inputs as u64)).map(|_| number()).collect(),
        |parts, rng| {
            let mut payload: Vec<Value> = parts.iter().map(|&p| p.into()).collect();
            payload.resize_with(inputs, || (rng.between(0, 4095) as i64).into());
            payload.push((parts.len() as i64).into());
            payload
        },
        |beat| {
            let count = beat.payload[outputs].to_usize().unwrap();
            beat.payload[..count].iter().map(|v| v.to_i64().unwrap()).collect()
        },
        |packets| (least == inputs as u64).then(|| clocks(packets, inputs, outputs)),
    )
}

fn compacts(dut: &mut dyn Dut, lanes: usize) -> Checked {
    let mut number = numbers();
    sends(
        dut,
        lanes,
        |rng| (0..rng.between(0, lanes as u64)).map(|_| number()).collect(),
        |parts, rng| {
            // In order, in lanes drawn at random.
            let mut there = vec![false; lanes];
            let mut left = parts.len();
            while left > 0 {
                let lane = rng.between(0, lanes as u64 - 1) as usize;
                left -= usize::from(!std::mem::replace(&mut there[lane], true));
            }
            let mut parts = parts.iter();
            let values = there.iter().map(|&t| match t {
                true => *parts.next().unwrap(),
                false => rng.between(0, 4095) as i64,
            });
            let values: Vec<Value> = values.map(Value::from).collect();
            values.into_iter().chain(there.iter().map(|&t| Value::from(t))).collect()
        },
        |beat| {
            let count = beat.payload[lanes].to_usize().unwrap();
            beat.payload[..count].iter().map(|v| v.to_i64().unwrap()).collect()
        },
        |_| None,
    )
}
