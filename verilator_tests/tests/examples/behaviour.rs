//! What the examples compute. Each test body is written against `Dut` and holds its own reference in plain integers.

use gatewright_dsl::ir::verify::verify;
use gatewright_dsl::parts::bank::RegisterBank;
use gatewright_dsl::parts::uart::{Parity, UartLine};
use gatewright_dsl::prelude::*;
use gatewright_sim::rng::Rng;
use gatewright_sim::{
    Agent, BankDriver, Beat, Dut, DutExt, Interpreter, Schedule, SimError, Stall, StreamSink, StreamSource, stream,
};
use gatewright_verilator_tests::lockstep::{self, Body};

use crate::async_fifo::PacketSums;
use crate::axi_stream_filter::MovingAverage;
use crate::blinker::Blinker;
use crate::fir::Fir;
use crate::gcd::Gcd;
use crate::mac::Pe;
use crate::output_stationary::{MatMul, Matrix, beats};
use crate::register_bank::{Detector, FrontEnd};
use crate::stream_pipeline::Sorter;
use crate::uart_bridge::UartBridge;
use crate::weight_stationary::VecMat;

type Checked = Result<(), SimError>;

/// A design and what is tried with it.
struct Case(&'static str, Design, fn(&mut dyn Dut) -> Checked);

fn case<G: Generator>(name: &'static str, generator: &G, body: fn(&mut dyn Dut) -> Checked) -> Case {
    let (design, warnings) = elaborate_with(generator, &Options::default()).unwrap();
    assert!(warnings.is_empty(), "{warnings}");
    verify(&design).unwrap();
    Case(name, design, body)
}

fn cases() -> Vec<Case> {
    let vec_mat = |rows, cols| VecMat { rows, cols, act: uint(8), wgt: sint(8) };
    vec![
        case("packet_sums", &PacketSums { sample: sint(8), longest: 9, depth: 4 }, sums_packets),
        case("blinker_1", &Blinker { half_period: 1 }, |dut| blinks(dut, 1)),
        case("blinker_2", &Blinker { half_period: 2 }, |dut| blinks(dut, 2)),
        case("blinker_5", &Blinker { half_period: 5 }, |dut| blinks(dut, 5)),
        case("gcd", &Gcd { width: 8 }, divides),
        case("fir", &fir(), filters),
        case("sorter", &sorter(), sorts),
        case("mac", &pe(), accumulates),
        case("average_1", &MovingAverage { width: 8, log2_window: 0 }, |dut| averages(dut, 8, 1)),
        case("average_2", &MovingAverage { width: 8, log2_window: 1 }, |dut| averages(dut, 8, 2)),
        case("average_8", &MovingAverage { width: 16, log2_window: 3 }, |dut| averages(dut, 16, 8)),
        case("bridge", &bridge(), bridges),
        case("register_bank", &Detector, detects),
        case("product_1_1", &MatMul::int8(1, 1, 1), |dut| random_products(dut, 1, 1, 1)),
        case("product_2_3", &MatMul::int8(2, 3, 4), |dut| random_products(dut, 2, 3, 4)),
        case("product_4_1", &MatMul::int8(4, 1, 3), |dut| random_products(dut, 4, 1, 3)),
        case("product_16_16", &MatMul::int8(16, 16, 16), sixteen_by_sixteen),
        case("weights_1_1", &vec_mat(1, 1), |dut| weights_stay(dut, 1, 1)),
        case("weights_3_2", &vec_mat(3, 2), |dut| weights_stay(dut, 3, 2)),
        case("weights_8_8", &vec_mat(8, 8), |dut| weights_stay(dut, 8, 8)),
    ]
}

#[test]
fn every_main_runs() {
    crate::async_fifo::main().unwrap();
    crate::axi_stream_filter::main().unwrap();
    crate::blinker::main().unwrap();
    crate::fir::main().unwrap();
    crate::gcd::main().unwrap();
    crate::mac::main().unwrap();
    crate::output_stationary::main().unwrap();
    crate::register_bank::main().unwrap();
    crate::stream_pipeline::main().unwrap();
    crate::uart_bridge::main().unwrap();
    crate::weight_stationary::main().unwrap();
}

#[test]
fn right_on_the_interpreter() {
    for Case(name, design, body) in cases() {
        let done = body(&mut Interpreter::new(&design).unwrap());
        done.unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

/// The same bodies, and random inputs, with every output compared in every cycle. One build of Verilator for all.
#[test]
fn right_and_equal_on_verilator() {
    let cases = cases();
    let cases: Vec<_> = cases.iter().map(|Case(name, design, body)| (*name, design, body as Body<'_>)).collect();
    lockstep::right_and_equal(&cases);
}

fn fir() -> Fir {
    Fir { sample: sint(8), tap: sint(5), taps: 5 }
}

fn sorter() -> Sorter {
    Sorter { sample: uint(8), pedestal: 10, gain: 4, threshold: 300, depth: 3 }
}

fn pe() -> Pe {
    Pe { act: uint(4), wgt: sint(4), terms: 4 }
}

fn reset(dut: &mut dyn Dut) -> Checked {
    dut.reset(true)?;
    dut.step()?;
    dut.reset(false)
}

/// A number of the type: its ends and values near zero more often than others.
fn random(rng: &mut Rng, ty: IntTy) -> i64 {
    rng.value(Ty::Int(ty)).to_i64().unwrap()
}

fn get(dut: &mut dyn Dut, name: &str) -> Result<i64, SimError> {
    Ok(dut.get(name)?.to_i64().unwrap())
}

/// Packets of random lengths over clocks that run apart.
fn sums_packets(dut: &mut dyn Dut) -> Checked {
    let mut rng = Rng::new(21);
    for (adc, logic) in [(10, 10), (10, 3), (3, 10), (1, 7), (7, 1)] {
        let schedule = Schedule::new().clock("adc_clk", adc, rng.between(0, 9)).clock("clk", logic, rng.between(0, 9));
        dut.set_schedule(&schedule)?;
        dut.reset(true)?;
        dut.step_n(40)?;
        dut.reset(false)?;
        let packets: Vec<Vec<i64>> =
            (0..30).map(|_| (0..rng.between(1, 9)).map(|_| random(&mut rng, sint(8))).collect()).collect();
        let mut source = StreamSource::new(dut, "input")?.stall(Stall::Random(0.2), adc);
        let mut sink = StreamSink::new(dut, "output", packets.len())?.stall(Stall::Bursts(6), logic);
        packets.iter().try_for_each(|p| source.push_packet(p.iter().copied()))?;
        stream::run(dut, &mut [&mut source, &mut sink], 300)?;
        let expected: Vec<Value> = packets.iter().map(|p| Value::from(p.iter().sum::<i64>())).collect();
        assert_eq!(sink.values(), expected);
        assert!(sink.beats().iter().all(|b| b.last));
    }
    dut.set_schedule(&Schedule::new().clock("adc_clk", 1, 0).clock("clk", 1, 0))
}

fn blinks(dut: &mut dyn Dut, half_period: u64) -> Checked {
    for clocks in [23, 12] {
        reset(dut)?;
        for t in 0..clocks {
            assert_eq!(get(dut, "led")? as u64, t / half_period % 2, "clock {t}");
            dut.step()?;
        }
    }
    Ok(())
}

fn divides(dut: &mut dyn Dut) -> Checked {
    fn euclid(a: i64, b: i64) -> i64 {
        if b == 0 { a } else { euclid(b, a % b) }
    }
    for (seed, stall) in [(1, Stall::Never), (2, Stall::Random(0.5)), (3, Stall::Bursts(40))] {
        let mut rng = Rng::new(seed);
        let mut pairs = vec![(0, 0), (0, 255), (255, 0), (255, 255), (1, 255), (128, 96)];
        pairs.extend((0..20).map(|_| (random(&mut rng, uint(8)), random(&mut rng, uint(8)))));
        let mut source = StreamSource::new(dut, "pair")?.stall(stall.clone(), seed);
        let mut sink = StreamSink::new(dut, "gcd", pairs.len())?.stall(stall, seed + 10);
        for &(a, b) in &pairs {
            source.push(Beat { payload: vec![a.into(), b.into()], last: true })?;
        }
        stream::run(dut, &mut [&mut source, &mut sink], 600)?;
        for (&(a, b), got) in pairs.iter().zip(sink.values()) {
            assert_eq!(got.to_i64(), Some(euclid(a, b)), "gcd({a}, {b})");
        }
    }
    Ok(())
}

fn filters(dut: &mut dyn Dut) -> Checked {
    let mut rng = Rng::new(4);
    let mut taps = [0; 5];
    let mut window = [0; 5];
    let mut expected = 0;
    for n in 0..400 {
        if n % 50 == 0 {
            for (k, tap) in taps.iter_mut().enumerate() {
                *tap = if n == 0 { fir().tap.lo().to_i64().unwrap() } else { random(&mut rng, fir().tap) };
                dut.set(&format!("taps_{k}"), *tap)?;
            }
        }
        // The most negative samples meet the most negative taps first: the end of the result's range.
        let x = if n < 8 { -128 } else { random(&mut rng, fir().sample) };
        let en = n < 8 || rng.chance(0.7);
        dut.set("x", x)?;
        dut.set("en", en)?;
        assert_eq!(get(dut, "y")?, expected, "clock {n}");
        if en {
            window.rotate_right(1);
            window[0] = x;
            expected = window.iter().zip(&taps).map(|(x, tap)| x * tap).sum();
        }
        dut.step()?;
    }
    Ok(())
}

#[test]
fn a_filter_has_the_range_of_its_sums() {
    let design = elaborate(&fir()).unwrap();
    let y = design.modules[design.top].ports.values().find(|p| p.name == "y").unwrap();
    // Five products from 127 * -16 to -128 * -16.
    assert_eq!(y.ty, Ty::Int(range(-10160..=10240)));
}

fn sorts(dut: &mut dyn Dut) -> Checked {
    let stalls = [Stall::Never, Stall::Random(0.6), Stall::Bursts(7)];
    for (n, from) in stalls.iter().enumerate() {
        for (k, to) in stalls.iter().enumerate() {
            let seed = (3 * n + k) as u64;
            let mut rng = Rng::new(seed);
            let samples: Vec<i64> = (0..100).map(|_| random(&mut rng, uint(8))).collect();
            let corrected = samples.iter().map(|x| (x - 10) * 4);
            let (expected_hits, expected_noise): (Vec<i64>, Vec<i64>) = corrected.partition(|&v| v >= 300);

            let mut source = StreamSource::new(dut, "samples")?.stall(from.clone(), seed);
            let mut hits = StreamSink::new(dut, "hits", expected_hits.len())?.stall(to.clone(), seed + 100);
            let mut noise = StreamSink::new(dut, "noise", expected_noise.len())?.stall(to.clone(), seed + 200);
            source.push_packet(samples)?;
            stream::run(dut, &mut [&mut source, &mut hits, &mut noise], 60)?;
            let numbers = |sink: &StreamSink| sink.values().iter().filter_map(Value::to_i64).collect::<Vec<_>>();
            assert_eq!(numbers(&hits), expected_hits);
            assert_eq!(numbers(&noise), expected_noise);
        }
    }
    Ok(())
}

fn averages(dut: &mut dyn Dut, width: u32, window: i64) -> Checked {
    let stalls = [Stall::Never, Stall::Random(0.6), Stall::Bursts(7)];
    for (n, from) in stalls.iter().enumerate() {
        for (k, to) in stalls.iter().enumerate() {
            let seed = (3 * n + k) as u64;
            let mut rng = Rng::new(seed);
            let mut packets: Vec<Vec<i64>> = Vec::new();
            // The ends of the range fill whole windows.
            packets.extend([sint(width).lo(), sint(width).hi()].map(|end| vec![end.to_i64().unwrap(); 12]));
            packets.extend((0..12).map(|_| (0..rng.between(1, 15)).map(|_| random(&mut rng, sint(width))).collect()));
            let (mut source, mut count) = (StreamSource::new(dut, "s_axis")?.stall(from.clone(), seed), 0);
            for packet in &packets {
                count += packet.len();
                source.push_packet(packet.iter().map(|x| x & ((1 << width) - 1)))?;
            }
            let mut sink = StreamSink::new(dut, "m_axis", count)?.stall(to.clone(), seed + 100);
            let clocks = stream::run(dut, &mut [&mut source, &mut sink], 60)?;
            assert!(n + k > 0 || clocks == count as u64 + 1, "{clocks}");
            let mut beats = sink.beats().iter();
            for packet in &packets {
                for at in 0..packet.len() as i64 {
                    let sum: i64 = (at - window + 1..=at).filter_map(|n| packet.get(usize::try_from(n).ok()?)).sum();
                    // To the nearest, ties up.
                    let mean = (2 * sum + window).div_euclid(2 * window);
                    let beat = beats.next().unwrap();
                    let word = beat.payload[0].to_i64().unwrap();
                    assert_eq!((word << (64 - width)) >> (64 - width), mean, "sample {at} of {packet:?}");
                    assert_eq!(beat.last, at + 1 == packet.len() as i64);
                }
            }
        }
    }
    Ok(())
}

fn bridge() -> UartBridge {
    UartBridge { line: UartLine::new(985_000, 57_600).parity(Parity::Even), depth: 3 }
}

/// Levels of a wire for these bytes in frames of eight bits and even parity: `bit` clocks each, not a whole number, with
/// `pause` bits between frames. A byte of 256 and more is sent with the wrong parity.
fn wire(bytes: &[u64], bit: f64, pause: f64) -> Vec<bool> {
    let (mut levels, mut end) = (vec![true; 10], 10.0);
    for &byte in bytes {
        let parity = (byte & 255).count_ones() as u64 + (byte >> 8);
        let frame = [0].into_iter().chain((0..8).map(|n| byte >> n)).chain([parity, 1]);
        for (level, length) in frame.map(|b| (b & 1 == 1, 1.0)).chain([(true, pause)]) {
            end += length * bit;
            levels.resize(f64::round(end) as usize, level);
        }
    }
    levels.extend([true; 60]);
    levels
}

/// Bytes come from a sender whose bits are up to 2 % too short or too long, while bytes go out on the other wire.
fn bridges(dut: &mut dyn Dut) -> Checked {
    let line = bridge().line;
    assert_eq!((line.divisor(), line.error() < 0.0), (17, true));
    for (seed, off) in [(1, 0.0), (2, 0.02), (3, -0.02)] {
        dut.set("rx", true)?;
        dut.set("clear", false)?;
        reset(dut)?;
        let mut rng = Rng::new(seed);
        let sent: Vec<u64> = (0..15).map(|_| rng.between(0, 255) + if rng.chance(0.2) { 256 } else { 0 }).collect();
        let right: Vec<Value> = sent.iter().filter(|&&byte| byte < 256).map(|&byte| byte.into()).collect();
        // As off as the clock would be by a crystal, from the wire's own baud rate.
        let exact = line.clock as f64 / line.baud as f64;
        let levels = wire(&sent, exact * (1.0 + off), 0.4 * f64::from(seed as u32 % 2));
        let bytes: Vec<u64> = (0..10).map(|_| rng.between(0, 255)).collect();
        let mut source = StreamSource::new(dut, "to_send")?.stall(Stall::Random(0.5), seed);
        bytes.iter().try_for_each(|&byte| source.push(Beat::of(byte, false)))?;
        let mut sink = StreamSink::new(dut, "received", right.len())?.stall(Stall::Bursts(30), seed);
        let mut out = Vec::new();
        for &level in &levels {
            dut.set("rx", level)?;
            for agent in [&mut source as &mut dyn Agent, &mut sink] {
                agent.drive(dut)?;
                agent.observe(dut)?;
            }
            out.push(get(dut, "tx")? != 0);
            dut.step()?;
        }
        assert_eq!(sink.values(), right, "{off}");
        assert_eq!(get(dut, "broken")? != 0, right.len() < sent.len());
        assert_eq!(get(dut, "lost")?, 0);
        // A receiver that looks at the middle of each bit after the line has fallen.
        let (mut at, mut got) = (0, Vec::new());
        let bit = line.divisor() as usize;
        while let Some(fall) = out[at..].iter().position(|&level| !level) {
            at += fall;
            let sample = |n: usize| u64::from(out[at + n * bit + bit / 2]);
            let byte = (0..8).fold(0, |byte, n| byte | sample(n + 1) << n);
            assert_eq!((sample(0), sample(9), sample(10)), (0, u64::from(byte.count_ones()) % 2, 1));
            got.push(byte);
            at += 10 * bit + bit / 2;
        }
        assert_eq!(got, bytes);
    }
    // Nobody reads: three bytes wait in the FIFO and one before it.
    reset(dut)?;
    dut.set("received_ready", false)?;
    for level in wire(&[1, 2, 3, 4, 5, 6], 17.0, 0.0) {
        dut.set("rx", level)?;
        dut.step()?;
    }
    assert_eq!((get(dut, "lost")?, get(dut, "broken")?), (1, 0));
    dut.set("clear", true)?;
    dut.step()?;
    dut.set("clear", false)?;
    assert_eq!(get(dut, "lost")?, 0);
    let mut sink = StreamSink::new(dut, "received", 4)?;
    stream::run(dut, &mut [&mut sink], 10)?;
    assert_eq!(sink.values(), [1, 2, 3, 4].map(Value::from));
    Ok(())
}

fn accumulates(dut: &mut dyn Dut) -> Checked {
    let mut rng = Rng::new(5);
    let (mut sum, mut terms) = (0, 0);
    let mut before = (0, 0);
    for n in 0..400 {
        let (a, w) = if n < 4 { (15, -8) } else { (random(&mut rng, uint(4)), random(&mut rng, sint(4))) };
        let en = n < 4 || rng.chance(0.8);
        let clear = terms == 4 || rng.chance(0.1);
        for (name, value) in [("a", a), ("w", w), ("en", en.into()), ("clear", clear.into())] {
            dut.set(name, value)?;
        }
        assert_eq!((get(dut, "sum")?, get(dut, "a_out")?, get(dut, "w_out")?), (sum, before.0, before.1));
        if en {
            (sum, terms) = if clear { (a * w, 1) } else { (sum + a * w, terms + 1) };
        }
        before = (a, w);
        dut.step()?;
    }
    Ok(())
}

#[test]
fn mac_reports_a_broken_claim() {
    let design = elaborate(&pe()).unwrap();
    let mut dut = Interpreter::new(&design).unwrap();
    for (name, value) in [("a", 15), ("w", 7), ("en", 1), ("clear", 0)] {
        dut.set(name, value).unwrap();
    }
    dut.step_n(4).unwrap();
    assert!(matches!(dut.step(), Err(SimError::CheckFailed(failures)) if failures.len() == 1));
}

fn random_matrix(rng: &mut Rng, rows: usize, cols: usize) -> Matrix {
    (0..rows).map(|_| (0..cols).map(|_| random(rng, sint(8))).collect()).collect()
}

fn product(a: &Matrix, w: &Matrix) -> Matrix {
    let dot = |row: &Vec<i64>, c: usize| row.iter().zip(w).map(|(x, of_w)| x * of_w[c]).sum();
    a.iter().map(|row| (0..w[0].len()).map(|c| dot(row, c)).collect()).collect()
}

/// Multiplies all pairs one after the other.
fn multiplies(dut: &mut dyn Dut, pairs: &[(Matrix, Matrix)], stall: &Stall, seed: u64) -> Checked {
    let mut source = StreamSource::new(dut, "terms")?.stall(stall.clone(), seed);
    let rows = pairs.iter().map(|(a, _)| a.len()).sum();
    let mut sink = StreamSink::new(dut, "product", rows)?.stall(stall.clone(), seed + 1);
    for (a, w) in pairs {
        beats(a, w).into_iter().try_for_each(|beat| source.push(beat))?;
    }
    stream::run(dut, &mut [&mut source, &mut sink], 100)?;
    let mut rows = sink.beats().iter();
    for (a, w) in pairs {
        for (r, expected) in product(a, w).iter().enumerate() {
            let beat = rows.next().unwrap();
            let got: Vec<i64> = beat.payload.iter().filter_map(Value::to_i64).collect();
            assert_eq!((&got, beat.last), (expected, r + 1 == a.len()), "row {r}");
        }
    }
    Ok(())
}

fn random_products(dut: &mut dyn Dut, rows: usize, cols: usize, terms: u64) -> Checked {
    let mut rng = Rng::new(6);
    for stall in [Stall::Never, Stall::Random(0.5), Stall::Bursts(9)] {
        let mut pair = || {
            let terms = rng.between(1, terms) as usize;
            (random_matrix(&mut rng, rows, terms), random_matrix(&mut rng, terms, cols))
        };
        let pairs: Vec<_> = (0..8).map(|_| pair()).collect();
        multiplies(dut, &pairs, &stall, 7)?;
    }
    Ok(())
}

fn sixteen_by_sixteen(dut: &mut dyn Dut) -> Checked {
    let mut rng = Rng::new(8);
    let full = |v: i64| vec![vec![v; 16]; 16];
    // All corners of the range, the largest sums among them, then random ones.
    let mut pairs = vec![(full(-128), full(-128)), (full(-128), full(127)), (full(127), full(127))];
    pairs.extend((0..3).map(|_| (random_matrix(&mut rng, 16, 16), random_matrix(&mut rng, 16, 16))));
    multiplies(dut, &pairs, &Stall::Never, 9)?;
    multiplies(dut, &pairs[3..], &Stall::Random(0.4), 10)
}

/// Random samples between random settings, with software on a bus that stalls.
fn detects(dut: &mut dyn Dut) -> Checked {
    let mut rng = Rng::new(12);
    let software = BankDriver::axi_lite(FrontEnd::map().unwrap(), "s_axi").stall(Stall::Random(0.4));
    for name in ["sample", "sample_valid"] {
        dut.set(name, 0)?;
    }
    let (mut negative, mut threshold, mut enable) = (false, 100, false);
    let (mut pulse, mut peak, mut count, mut pending) = (false, None, 0, false);
    for _ in 0..30 {
        match rng.between(0, 4) {
            0 => {
                threshold = rng.between(0, 4095) as i64;
                software.write(dut, "threshold", threshold)?;
            }
            1 => {
                (negative, peak) = (rng.chance(0.5), None);
                software.write(dut, "control.polarity", negative as i64)?;
                software.write(dut, "control.clear", 1)?;
            }
            2 => {
                enable = rng.chance(0.8);
                pulse &= enable;
                software.write(dut, "control.enable", enable as i64)?;
            }
            3 => {
                count = 0;
                software.write(dut, "triggers", 0)?;
            }
            _ => {
                pending = false;
                software.write(dut, "interrupt.triggered", 1)?;
            }
        }
        // What is written takes a clock to be seen.
        dut.step()?;
        let mut triggers = Vec::new();
        for _ in 0..30 {
            let (sample, valid) = (rng.between(0, 4095) as i64, rng.chance(0.7));
            dut.set("sample", sample)?;
            dut.set("sample_valid", valid)?;
            dut.step()?;
            let beyond = if negative { sample < threshold } else { sample > threshold };
            triggers.push(valid && enable && beyond && !pulse);
            assert_eq!(get(dut, "trigger")? != 0, triggers[triggers.len() - 1]);
            if valid && enable {
                pulse = beyond;
                let further = |peak: i64| if negative { peak.min(sample) } else { peak.max(sample) };
                peak = Some(peak.map_or(sample, further));
            }
        }
        dut.set("sample_valid", false)?;
        dut.step_n(2)?;
        count += triggers.iter().filter(|&&t| t).count() as i64;
        pending |= triggers.contains(&true);
        let none = if negative { 4095 } else { 0 };
        let expected = [
            ("triggers", count),
            ("interrupt.triggered", pending as i64),
            ("status.peak", peak.unwrap_or(none)),
            ("status.pulse", pulse as i64),
            ("threshold", threshold),
        ];
        for (path, value) in expected {
            assert_eq!(software.read(dut, path)?, Value::from(value), "{path}");
        }
        assert_eq!(get(dut, "irq")?, 0);
        software.write(dut, "interrupt.enable", 1)?;
        assert_eq!(get(dut, "irq")?, pending as i64);
        software.write(dut, "interrupt.enable", 0)?;
    }
    Ok(())
}

#[test]
fn equal_elements_are_one_module() {
    assert_eq!(elaborate(&MatMul::int8(16, 16, 16)).unwrap().modules.len(), 3);
    assert_eq!(elaborate(&VecMat { rows: 16, cols: 16, act: sint(8), wgt: sint(8) }).unwrap().modules.len(), 2);
}

fn weights_stay(dut: &mut dyn Dut, rows: usize, cols: usize) -> Checked {
    let latency = rows + cols - 1;
    let mut rng = Rng::new(11);
    for round in 0..4 {
        let weight = |rng: &mut Rng| if round == 0 { -128 } else { random(rng, sint(8)) };
        let matrix: Matrix = (0..rows).map(|_| (0..cols).map(|_| weight(&mut rng)).collect()).collect();
        dut.set("load", true)?;
        dut.set("x_valid", false)?;
        for row in matrix.iter().rev() {
            for (c, &w) in row.iter().enumerate() {
                dut.set(&format!("w_{c}"), w)?;
            }
            dut.step()?;
        }
        dut.set("load", false)?;
        // What has to come out in each clock, from what went in `latency` clocks before.
        let mut expected: std::collections::VecDeque<Option<Vec<i64>>> = vec![None; latency].into();
        for n in 0..60 {
            let x: Vec<i64> = (0..rows).map(|_| if n < 20 { 255 } else { random(&mut rng, uint(8)) }).collect();
            let valid = rng.chance(0.7);
            dut.set("x_valid", valid)?;
            for (r, &x) in x.iter().enumerate() {
                dut.set(&format!("x_{r}"), x)?;
            }
            expected.push_back(valid.then(|| product(&vec![x], &matrix).remove(0)));
            let now = expected.pop_front().flatten();
            assert_eq!(get(dut, "y_valid")? != 0, now.is_some(), "clock {n}");
            for (c, y) in now.iter().flatten().enumerate() {
                assert_eq!(get(dut, &format!("y_{c}"))?, *y, "clock {n}, column {c}");
            }
            dut.step()?;
        }
    }
    Ok(())
}
