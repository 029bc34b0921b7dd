//! UARTs against a line drawn level by level: its bits may be of another length than those of the part.

use gatewright_dsl::parts::uart::{Parity, UartLine, UartReceiver, UartTransmitter};
use gatewright_sim::rng::Rng;
use gatewright_sim::{Agent, Beat, Dut, DutExt, Stall, StreamSink, StreamSource};

use super::behaviour::{Case, Checked, case};

pub fn cases() -> Vec<Case> {
    let of = |clock, parity, stop_bits| UartLine::new(clock, 100_000).parity(parity).stop_bits(stop_bits);
    let lines = [
        of(1_600_000, Parity::None, 1),
        of(800_000, Parity::Even, 1),
        // 1.5 % off.
        of(1_320_000, Parity::Odd, 2),
        of(2_200_000, Parity::None, 2),
    ];
    lines.into_iter().flat_map(|line| [sends_case(line), receives_case(line)]).collect()
}

pub fn random(rng: &mut Rng) -> Case {
    let parity = [Parity::None, Parity::Even, Parity::Odd][rng.between(0, 2) as usize];
    // From 8 clocks a bit on, at most 1 % off.
    let clock = rng.between(8, 24) * 100_000 + rng.between(0, 8_000);
    let line = UartLine::new(clock, 100_000).parity(parity).stop_bits(rng.between(1, 2) as u32);
    if rng.chance(0.5) { sends_case(line) } else { receives_case(line) }
}

fn named(what: &str, line: &UartLine) -> String {
    format!("uart_{what}_{}_{:?}_{}", line.divisor(), line.parity, line.stop_bits)
}

pub fn sends_case(line: UartLine) -> Case {
    case(named("sends", &line), &UartTransmitter(line), move |dut| sends(dut, &line))
}

pub fn receives_case(line: UartLine) -> Case {
    case(named("receives", &line), &UartReceiver(line), move |dut| receives(dut, &line))
}

/// The bits of a frame in order, by the definition; `wrong` turns over the parity bit.
fn frame(byte: u64, line: &UartLine, wrong: bool, stop: u64) -> Vec<u64> {
    let mut bits = vec![0];
    bits.extend((0..8).map(|n| byte >> n & 1));
    let odd = u64::from(byte.count_ones() % 2);
    match line.parity {
        Parity::None => {}
        Parity::Even => bits.push(odd ^ u64::from(wrong)),
        Parity::Odd => bits.push(odd ^ 1 ^ u64::from(wrong)),
    }
    bits.extend(vec![stop; line.stop_bits as usize]);
    bits
}

fn sends(dut: &mut dyn Dut, line: &UartLine) -> Checked {
    for (seed, stall) in [(1, Stall::Never), (2, Stall::Random(0.99)), (3, Stall::Bursts(400))] {
        dut.reset(true)?;
        dut.step()?;
        dut.reset(false)?;
        let mut rng = Rng::new(seed);
        let bytes: Vec<u64> = [0, 255, 0x55, 1, 128].into_iter().chain((0..6).map(|_| rng.between(0, 255))).collect();
        let mut source = StreamSource::new(dut, "input")?.stall(stall.clone(), seed);
        bytes.iter().try_for_each(|&byte| source.push(Beat::of(byte as i64, false)))?;
        let mut levels: Vec<u64> = Vec::new();
        // A frame is sent a clock after the last beat is taken.
        let frame_clocks = line.divisor() * line.frame_bits();
        let mut behind = 0;
        while behind < frame_clocks + 5 {
            source.drive(dut)?;
            source.observe(dut)?;
            levels.push(dut.get("line")?.to_u64().unwrap());
            behind += u64::from(source.is_done());
            dut.step()?;
        }
        // Every bit is as long as it should be, in the middle of the line of levels and at its ends.
        let divisor = line.divisor() as usize;
        let mut at = 0;
        for &byte in &bytes {
            let rest = levels[at..].iter().take_while(|&&level| level == 1).count();
            at += rest;
            for (n, bit) in frame(byte, line, false, 1).into_iter().enumerate() {
                let levels = &levels[at..at + divisor];
                assert!(levels.iter().all(|&level| level == bit), "bit {n} of {byte:#x}: {levels:?}");
                at += divisor;
            }
            if seed == 1 && byte != bytes[0] {
                assert_eq!(rest, 0, "a pause before {byte:#x}");
            }
        }
        assert!(levels[at..].iter().all(|&level| level == 1));
    }
    Ok(())
}

/// What is on the wire.
struct Wire {
    levels: Vec<u64>,
    /// Where the line is, in bits of the sender, as the receiver's clocks.
    end: f64,
    bit: f64,
}

impl Wire {
    fn new(line: &UartLine, off: f64) -> Wire {
        Wire { levels: vec![1; 20], end: 20.0, bit: line.divisor() as f64 * (1.0 + off) }
    }
    fn level(&mut self, level: u64, bits: f64) {
        self.end += bits * self.bit;
        self.levels.resize(self.end.round() as usize, level);
    }
    fn frame(&mut self, bits: &[u64]) {
        bits.iter().for_each(|&bit| self.level(bit, 1.0));
    }
}

/// Plays the wire; the received payloads, and how many were lost.
fn plays(dut: &mut dyn Dut, wire: &Wire, stall: Stall) -> Result<(Vec<Vec<i64>>, u64), gatewright_sim::SimError> {
    let mut sink = StreamSink::new(dut, "output", 0)?.stall(stall, 1);
    let mut lost = 0;
    for &level in wire.levels.iter().chain(&[1; 40]) {
        dut.set("line", level)?;
        sink.drive(dut)?;
        sink.observe(dut)?;
        lost += dut.get("overrun")?.to_u64().unwrap();
        dut.step()?;
    }
    let numbers = |beat: &Beat| beat.payload.iter().map(|v| v.to_i64().unwrap()).collect();
    Ok((sink.beats().iter().map(numbers).collect(), lost))
}

fn receives(dut: &mut dyn Dut, line: &UartLine) -> Checked {
    let has_parity = line.parity != Parity::None;
    dut.set("line", 1)?;
    dut.reset(true)?;
    dut.step()?;
    dut.reset(false)?;
    let mut rng = Rng::new(line.divisor());
    // Bits that are too short and too long.
    let widely = if line.divisor() >= 16 { 0.04 } else { 0.02 };
    for (off, pause) in [(0.0, 0.0), (0.02, 0.0), (-0.02, 0.0), (widely, 0.5), (-widely, 0.5)] {
        let mut wire = Wire::new(line, off);
        let mut wanted = Vec::new();
        for n in 0..12 {
            let byte = [0, 255, 0x55, 0xaa][..].get(n).copied().unwrap_or_else(|| rng.between(0, 255));
            let wrong = has_parity && rng.chance(0.2);
            wire.frame(&frame(byte, line, wrong, 1));
            wanted.push(vec![byte as i64, wrong.into(), 0]);
            wire.level(1, pause);
            if rng.chance(0.5) {
                wire.level(1, rng.between(0, 300) as f64 / 100.0);
            }
        }
        wire.level(1, 2.0);
        assert_eq!(plays(dut, &wire, Stall::Random(0.3))?, (wanted, 0), "{off}");
    }

    // A stop bit of 0, then a break, of which only the first frame is told; then the next byte as ever.
    let mut wire = Wire::new(line, 0.01);
    wire.frame(&frame(0x53, line, false, 0));
    wire.level(0, 40.0);
    wire.level(1, 1.5);
    wire.frame(&frame(0xc4, line, false, 1));
    let broken = vec![0x53, 0, 1];
    assert_eq!(plays(dut, &wire, Stall::Never)?, (vec![broken, vec![0xc4, 0, 0]], 0));

    // Glitches shorter than an eighth of a bit at any place, also where the line rests.
    let longest = line.divisor() as usize / 8;
    for offset in (0..line.divisor() as usize).step_by(longest) {
        let mut wire = Wire::new(line, 0.0);
        wire.level(1, 3.0);
        let start = wire.levels.len();
        wire.frame(&frame(0x35, line, false, 1));
        wire.level(1, 2.0);
        // One in each of two bits that are between others like them or not, and one before the frame.
        for bit in [2, 5, 8] {
            let at = start + bit * line.divisor() as usize + offset;
            wire.levels[at..at + longest].iter_mut().for_each(|level| *level ^= 1);
        }
        // Far enough before, so that it is over when the frame begins.
        let at = start - 2 * line.divisor() as usize + offset.min(line.divisor() as usize / 2);
        wire.levels[at..at + longest].fill(0);
        assert_eq!(plays(dut, &wire, Stall::Never)?, (vec![vec![0x35, 0, 0]], 0), "offset {offset}");
    }

    // Nobody takes the first byte, so the others are lost.
    let mut wire = Wire::new(line, 0.0);
    for byte in [0x11, 0x22, 0x33] {
        wire.frame(&frame(byte, line, false, 1));
    }
    wire.level(1, 2.0);
    let stall = Stall::Pattern(vec![true; wire.levels.len()].into_iter().chain([false]).collect());
    assert_eq!(plays(dut, &wire, stall)?, (vec![vec![0x11, 0, 0]], 2));
    Ok(())
}
