//! What register banks do behind each bus, against a model written from the description by hand.

use gatewright_dsl::ir::verify::verify;
use gatewright_dsl::parts::bank::RegisterBank;
use gatewright_dsl::prelude::{Design, Generator, Options, Value, elaborate_with};
use gatewright_sim::rng::Rng;
use gatewright_sim::stream::{Agent, run};
use gatewright_sim::{BankDriver, Beat, Dut, DutExt, SimError, Stall, StreamSink, StreamSource};

use super::banks::*;

pub type Checked = Result<(), SimError>;

type Body = Box<dyn Fn(&mut dyn Dut) -> Checked>;

/// A design and what is tried with it.
pub struct Case {
    pub name: String,
    pub design: Design,
    pub body: Body,
}

pub fn case<G: Generator>(name: &str, generator: &G, body: impl Fn(&mut dyn Dut) -> Checked + 'static) -> Case {
    let (design, warnings) = elaborate_with(generator, &Options::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert!(warnings.is_empty(), "{name}: {warnings}");
    verify(&design).unwrap();
    Case { name: name.to_string(), design, body: Box::new(body) }
}

pub fn cases() -> Vec<Case> {
    let map = || Demo::map().unwrap();
    let mut cases = vec![
        case("axi_lite", &AxiLiteTop, move |dut| {
            channels(dut)?;
            order_of_channels(dut)?;
            pulses(dut)?;
            same_clock(dut)?;
            for stall in stalls() {
                by_name(dut, &BankDriver::axi_lite(map(), "s_axi").stall(stall), "DECERR")?;
            }
            Ok(())
        }),
        case("wishbone", &WishboneTop, move |dut| by_name(dut, &BankDriver::wishbone(map(), "wb"), "SLVERR")),
        case("wishbone_pipelined", &WishbonePipelinedTop, move |dut| {
            by_name(dut, &BankDriver::wishbone_pipelined(map(), "wb"), "SLVERR")?;
            pipelined_strobes(dut)
        }),
        case("wide", &WideTop, wide),
    ];
    // The clocks from a command to its answer, and those between two commands.
    let links = [
        (Link::Direct, Some((1, 1))),
        (Link::AxiLite { outstanding: 1, stalls: false }, None),
        // A slice before the bank, and in this design one behind it.
        (Link::AxiLite { outstanding: 5, stalls: false }, Some((3, 1))),
        (Link::AxiLite { outstanding: 3, stalls: true }, None),
        (Link::Wishbone, Some((2, 2))),
        (Link::WishbonePipelined { outstanding: 1 }, None),
        (Link::WishbonePipelined { outstanding: 4 }, Some((3, 1))),
    ];
    for (link, speed) in links {
        let one_error = matches!(link, Link::Wishbone | Link::WishbonePipelined { .. });
        cases.push(case(&format!("loop_{link:?}"), &LoopTop(link), move |dut| {
            commands(dut, 0x2003, one_error)?;
            speed.map_or(Ok(()), |(latency, between)| full_speed(dut, latency, between))
        }));
    }
    cases.extend(super::axi::cases());
    cases
}

pub fn stalls() -> Vec<Stall> {
    vec![Stall::Never, Stall::Random(0.5), Stall::Bursts(7)]
}

pub fn reset(dut: &mut dyn Dut) -> Checked {
    dut.reset(true)?;
    dut.step()?;
    dut.reset(false)
}

const OKAY: u64 = 0;
const SLVERR: u64 = 2;
const DECERR: u64 = 3;

/// The registers of [`Demo`] as software knows them, with addresses and bits written out.
#[derive(Clone, Debug)]
struct Model {
    control: u64,
    status: u64,
    limit: u64,
    irq: u64,
    count: u64,
    gain: [u64; 2],
    flags: [u64; 2],
    /// Writes that start something.
    starts: u32,
}

impl Model {
    fn new() -> Model {
        Model {
            control: 0xabcde << 8,
            status: 0,
            limit: 10,
            irq: 0,
            count: 0,
            gain: [0x1fb; 2],
            flags: [0; 2],
            starts: 0,
        }
    }

    fn read(&self, address: u64) -> (u64, u64) {
        let word = match address & !3 {
            0x00 => self.control,
            0x04 => self.status,
            0x08 => self.limit,
            0x20 => self.irq,
            0x24 => self.count,
            0x28 => self.gain[0],
            0x2c => self.flags[0],
            0x30 => self.gain[1],
            0x34 => self.flags[1],
            _ => return (0, DECERR),
        };
        (word, OKAY)
    }

    /// The response.
    fn write(&mut self, address: u64, data: u64, strobes: u64) -> u64 {
        let mask = (0..4).filter(|n| strobes >> n & 1 == 1).fold(0, |mask, n| mask | 0xff << (8 * n));
        let merge = |old: u64| (old & !mask) | (data & mask);
        match address & !3 {
            0x00 if merge(self.control) >> 1 & 3 == 3 => return SLVERR,
            0x00 => {
                self.control = merge(self.control) & 0x0fff_ff07;
                self.starts += u32::from(data & mask & 0x80 != 0);
            }
            0x04 => return SLVERR,
            0x08 if !(3..=1000).contains(&(merge(self.limit) & 0x3ff)) => return SLVERR,
            0x08 => self.limit = merge(self.limit) & 0x3ff,
            0x20 => self.irq &= !(data & mask),
            0x24 => self.count = merge(self.count) & 0xf,
            0x28 => self.gain[0] = merge(self.gain[0]) & 0x1ff,
            0x2c => self.flags[0] = merge(self.flags[0]) & 0x8000_0007,
            0x30 => self.gain[1] = merge(self.gain[1]) & 0x1ff,
            0x34 => self.flags[1] = merge(self.flags[1]) & 0x8000_0007,
            _ => return DECERR,
        }
        OKAY
    }

    /// What hardware sees is what software wrote.
    fn check(&self, dut: &mut dyn Dut) -> Checked {
        let bit = |word: u64, n: u64| word >> n & 1;
        let signed = |word: u64| if word > 255 { word as i64 - 512 } else { word as i64 };
        let expected = [
            ("enable", bit(self.control, 0)),
            ("mode", self.control >> 1 & 3),
            ("wide", self.control >> 8),
            ("limit", self.limit),
            ("pending", self.irq),
            ("count", self.count),
            ("flags_0", bit(self.flags[0], 0)),
            ("flags_1", bit(self.flags[0], 2)),
            ("flags_2", bit(self.flags[0], 31)),
            ("flags_3", bit(self.flags[1], 0)),
            ("flags_5", bit(self.flags[1], 31)),
        ];
        for (name, value) in expected {
            assert_eq!(dut.get(&format!("hw_{name}"))?, Value::from(value), "{name}");
        }
        for n in 0..2 {
            assert_eq!(dut.get(&format!("hw_gains_{n}"))?, Value::from(signed(self.gain[n])), "gain {n}");
        }
        Ok(())
    }
}

/// An address that is likely to be one.
fn address(rng: &mut Rng) -> u64 {
    match rng.between(0, 9) {
        0 => rng.between(0, 0xff),
        1 => rng.between(0, 2) * 4,
        _ => [0, 8, 0x20, 0x24, 0x28, 0x2c, 0x30, 0x34][rng.between(0, 7) as usize] + rng.between(0, 3),
    }
}

/// A word whose fields are likely to be legal.
fn data(rng: &mut Rng) -> u64 {
    let word = rng.bits() & 0xffff_ffff;
    if rng.chance(0.5) { word & !0x0000_0206 } else { word }
}

/// Random commands in one order; the bus may have one kind of error only.
fn commands(dut: &mut dyn Dut, seed: u64, one_error: bool) -> Checked {
    for (n, from) in stalls().iter().enumerate() {
        for (k, to) in stalls().iter().enumerate() {
            reset(dut)?;
            let mut rng = Rng::new(seed + (10 * n + k) as u64);
            let mut model = Model { status: 0x800 | rng.between(0, 0x7ff), ..Model::new() };
            dut.set("hw_status", model.status as i64 - 0x1000)?;
            let mut source = StreamSource::new(dut, "commands")?.stall(from.clone(), seed);
            let (mut expected, mut looks) = (Vec::new(), 0);
            for _ in 0..150 {
                let (write, addr, data) = (rng.chance(0.5), address(&mut rng), data(&mut rng));
                let strobes = if rng.chance(0.5) { 15 } else { rng.between(0, 15) };
                let payload = [u64::from(write), addr, data, strobes].map(Value::from).to_vec();
                source.push(Beat { payload, last: true })?;
                let (word, resp) = match write {
                    true => (None, model.write(addr, data, strobes)),
                    false => {
                        let (word, resp) = model.read(addr);
                        looks += u32::from(addr & !3 == 4);
                        (Some(word), resp)
                    }
                };
                expected.push((write, word, if one_error { resp.min(SLVERR) } else { resp }));
            }
            let mut sink = StreamSink::new(dut, "answers", expected.len())?.stall(to.clone(), seed + 1);
            let mut ones = Ones(vec![("hw_start", 0), ("hw_status_read", 0)]);
            run(dut, &mut [&mut source, &mut sink, &mut ones], 200)?;
            // Each command is carried out once.
            assert_eq!((ones.0[0].1, ones.0[1].1), (model.starts, looks));
            for (n, (beat, (write, word, resp))) in sink.beats().iter().zip(expected).enumerate() {
                let number = |n: usize| beat.payload[n].to_u64().unwrap();
                assert_eq!((number(0) == 1, number(2)), (write, resp), "answer {n}");
                assert!(word.is_none_or(|word| word == number(1)), "answer {n}: {:?} {word:?}", beat);
            }
            dut.step()?;
            model.check(dut)?;
        }
    }
    Ok(())
}

/// Writes and then reads, where nothing stalls.
fn full_speed(dut: &mut dyn Dut, latency: u64, between: u64) -> Checked {
    for write in [1, 0] {
        let mut source = StreamSource::new(dut, "commands")?;
        for n in 0..100 {
            source.push(Beat { payload: [write, 0x28, n, 15].map(Value::from).to_vec(), last: true })?;
        }
        let mut sink = StreamSink::new(dut, "answers", 100)?;
        let clocks = run(dut, &mut [&mut source, &mut sink], 20)?;
        assert_eq!(clocks, 99 * between + latency + 1);
    }
    Ok(())
}

/// Reads and writes beside each other, a different stall on each channel; in each clock one where nothing stalls.
fn channels(dut: &mut dyn Dut) -> Checked {
    for (n, from) in stalls().iter().enumerate() {
        for (k, to) in stalls().iter().enumerate() {
            reset(dut)?;
            let mut rng = Rng::new((10 * n + k) as u64);
            let mut model = Model::new();
            let stream = |dut: &dyn Dut, name: &str, stall: &Stall, seed| {
                Ok::<_, SimError>(StreamSource::new(dut, name)?.stall(stall.clone(), seed))
            };
            let mut aw = stream(dut, "s_axi_aw", from, 1)?;
            let mut w = stream(dut, "s_axi_w", to, 2)?;
            let mut ar = stream(dut, "s_axi_ar", from, 3)?;
            let beat = |values: [u64; 2]| Beat { payload: values.map(Value::from).to_vec(), last: true };
            let (mut written, mut read) = (Vec::new(), Vec::new());
            for _ in 0..100 {
                // Not `limit`, which is read meanwhile.
                let addr = Some(address(&mut rng)).filter(|a| a & !3 != 8).unwrap_or(0x2c);
                let (data, strobes) = (data(&mut rng), rng.between(0, 15));
                aw.push(beat([addr, rng.between(0, 7)]))?;
                w.push(beat([data, strobes]))?;
                written.push(Value::from(model.write(addr, data, strobes)));
                let addr = [0x08, 0x04, 0xf0][rng.between(0, 2) as usize];
                ar.push(beat([addr, 0]))?;
                let (word, resp) = model.read(addr);
                read.push([word, resp].map(Value::from).to_vec());
            }
            dut.set("hw_status", 0)?;
            let mut b = StreamSink::new(dut, "s_axi_b", 100)?.stall(to.clone(), 4);
            let mut r = StreamSink::new(dut, "s_axi_r", 100)?.stall(from.clone(), 5);
            let clocks = run(dut, &mut [&mut aw, &mut w, &mut ar, &mut b, &mut r], 100)?;
            assert_eq!(b.values(), written);
            assert_eq!(r.beats().iter().map(|beat| beat.payload.clone()).collect::<Vec<_>>(), read);
            // The first response comes 2 clocks after its request.
            assert!(n + k > 0 || clocks == 102, "{clocks}");
            model.check(dut)?;
        }
    }
    Ok(())
}

/// The data long before the address, and the other way round.
fn order_of_channels(dut: &mut dyn Dut) -> Checked {
    for (first, first_beat, second, second_beat) in
        [("s_axi_w", [3, 15], "s_axi_aw", [0x2c, 0]), ("s_axi_aw", [0x2c, 0], "s_axi_w", [5, 15])]
    {
        reset(dut)?;
        let source = |dut: &mut dyn Dut, name: &str, beat: [u64; 2]| {
            let mut source = StreamSource::new(dut, name)?;
            source.push(Beat { payload: beat.map(Value::from).to_vec(), last: true })?;
            // It is taken although the other is not there.
            run(dut, &mut [&mut source], 5).map(|_| ())
        };
        source(dut, first, first_beat)?;
        for _ in 0..5 {
            assert!(dut.get("s_axi_bvalid")?.is_zero());
            dut.step()?;
        }
        source(dut, second, second_beat)?;
        let mut b = StreamSink::new(dut, "s_axi_b", 1)?;
        run(dut, &mut [&mut b], 5)?;
        let data = if first == "s_axi_w" { first_beat } else { second_beat };
        assert_eq!(dut.get("hw_flags_1")?, Value::from(data[0] >> 2 & 1));
        assert_eq!(dut.get("hw_flags_0")?, Value::from(1));
    }
    Ok(())
}

/// What a call would do wrong is an error.
fn refused<T: std::fmt::Debug>(result: Result<T, SimError>, expected: &str) {
    assert_eq!(result.unwrap_err().to_string(), expected);
}

/// Software by name, with the hardware beside it.
fn by_name(dut: &mut dyn Dut, bank: &BankDriver, nothing_there: &str) -> Checked {
    for input in ["hw_status", "hw_irq", "hw_event"] {
        dut.set(input, 0)?;
    }
    reset(dut)?;
    let int = |n: i64| Value::from(n);
    assert_eq!(bank.read_register(dut, "control")?, 0x0abc_de00);
    assert_eq!(bank.read(dut, "channels_1_gain")?, int(-5));

    // A field at a time; the others of the register stay.
    bank.write(dut, "control.enable", 1)?;
    bank.write(dut, "control.mode", 2)?;
    assert_eq!((dut.get("hw_enable")?, dut.get("hw_mode")?, dut.get("hw_wide")?), (int(1), int(2), int(0xabcde)));
    bank.write(dut, "control.wide", 0x12345)?;
    assert_eq!((dut.get("hw_enable")?, dut.get("hw_mode")?, dut.get("hw_wide")?), (int(1), int(2), int(0x12345)));
    assert_eq!(bank.read_register(dut, "control")?, 0x0123_4505);
    bank.write(dut, "channels_0_gain", -256)?;
    assert_eq!((bank.read(dut, "channels_0_gain")?, dut.get("hw_gains_0")?), (int(-256), int(-256)));
    assert_eq!(dut.get("hw_gains_1")?, int(-5));

    // Hardware's values.
    for status in [-2048, 2047, -1] {
        dut.set("hw_status", status)?;
        assert_eq!(bank.read(dut, "status")?, int(status));
    }

    // Interrupts: one that comes stays until it is cleared, and the others stay.
    dut.set("hw_irq", 0x805)?;
    dut.step()?;
    dut.set("hw_irq", 0)?;
    assert_eq!(bank.read(dut, "irq")?, int(0x805));
    bank.write(dut, "irq", 0x804)?;
    assert_eq!((bank.read(dut, "irq")?, dut.get("hw_pending")?), (int(1), int(1)));
    dut.set("hw_irq", 2)?;
    bank.write(dut, "irq", 0x003)?;
    assert_eq!(bank.read(dut, "irq")?, int(2), "set in the clock in which it is cleared");
    dut.set("hw_irq", 0)?;

    // The counter counts and stays at its end; a write starts it anew.
    dut.set("hw_event", 1)?;
    dut.step_n(9)?;
    dut.set("hw_event", 0)?;
    assert_eq!(bank.read(dut, "count")?, int(9));
    dut.set("hw_event", 1)?;
    dut.step_n(9)?;
    assert_eq!(dut.get("hw_count")?, int(15));
    let before = dut.cycle();
    bank.write(dut, "count", 3)?;
    let clocks = dut.cycle() - before;
    dut.set("hw_event", 0)?;
    let counted = bank.read(dut, "count")?.to_i64().unwrap();
    assert!((4..=3 + clocks as i64).contains(&counted) || counted == 15, "an event in the clock of the write counts");

    // A pulse is read as 0.
    bank.write(dut, "control.start", 1)?;
    assert_eq!(bank.read(dut, "control.start")?, int(0));
    assert_eq!(dut.get("hw_enable")?, int(1), "what is beside a pulse stays");

    // What is not taken.
    refused(bank.write(dut, "control.mode", 3), "value 3 does not fit port `control.mode`, which is uint<2> [0..=2]");
    refused(bank.write_register(dut, "control", 7), "the write of register `control` was answered with SLVERR");
    refused(bank.write_register(dut, "limit", 2), "the write of register `limit` was answered with SLVERR");
    refused(bank.write_register(dut, "limit", 1001), "the write of register `limit` was answered with SLVERR");
    refused(bank.write_register(dut, "status", 0), "the write of register `status` was answered with SLVERR");
    assert_eq!((dut.get("hw_mode")?, dut.get("hw_limit")?), (int(2), int(10)));
    bank.write(dut, "limit", 1000)?;
    bank.write(dut, "limit", 3)?;
    assert_eq!(dut.get("hw_limit")?, int(3));
    refused(
        bank.read(dut, "control.enabel"),
        "no field or register `control.enabel` in bank `demo`; there is `control.enable`",
    );
    let outside = bank.transfer(dut, 0x38, None)?;
    assert_eq!(outside, (0, if nothing_there == "DECERR" { 3 } else { 2 }));
    Ok(())
}

/// Counts the clocks in which outputs are not 0.
struct Ones<'n>(Vec<(&'n str, u32)>);

impl Agent for Ones<'_> {
    fn drive(&mut self, _: &mut dyn Dut) -> Checked {
        Ok(())
    }
    fn observe(&mut self, dut: &mut dyn Dut) -> Result<bool, SimError> {
        for (name, count) in &mut self.0 {
            *count += u32::from(!dut.get(name)?.is_zero());
        }
        Ok(false)
    }
    fn release(&mut self, _: &mut dyn Dut) -> Checked {
        Ok(())
    }
    fn is_done(&self) -> bool {
        true
    }
    fn waits_for(&self) -> String {
        String::new()
    }
}

/// What lasts one clock for each access.
fn pulses(dut: &mut dyn Dut) -> Checked {
    reset(dut)?;
    let source = |dut: &dyn Dut, name: &str, beats: &[[u64; 2]]| {
        let mut source = StreamSource::new(dut, name)?.stall(Stall::Random(0.3), 9);
        beats.iter().try_for_each(|b| source.push(Beat { payload: b.map(Value::from).to_vec(), last: true }))?;
        Ok::<_, SimError>(source)
    };
    // Starts twice; not without its byte, not with an illegal mode beside it. The limit is written twice likewise.
    let mut aw = source(dut, "s_axi_aw", &[[0, 0], [0, 0], [0, 0], [0, 0], [8, 0], [8, 0], [8, 0], [8, 0]])?;
    let mut w =
        source(dut, "s_axi_w", &[[0x80, 15], [0x81, 1], [0x80, 14], [0x86, 15], [5, 15], [5, 1], [2, 15], [7, 12]])?;
    let mut ar = source(dut, "s_axi_ar", &[[4, 0], [0, 0], [7, 0], [4, 0]])?;
    let mut b = StreamSink::new(dut, "s_axi_b", 8)?.stall(Stall::Random(0.3), 4);
    let mut r = StreamSink::new(dut, "s_axi_r", 4)?.stall(Stall::Random(0.3), 5);
    let mut ones = Ones(vec![("hw_start", 0), ("hw_limit_written", 0), ("hw_status_read", 0)]);
    run(dut, &mut [&mut aw, &mut w, &mut ar, &mut b, &mut r, &mut ones], 50)?;
    assert_eq!(b.values(), [0, 0, 0, 2, 0, 0, 2, 0].map(Value::from));
    assert_eq!(ones.0.iter().map(|o| o.1).collect::<Vec<_>>(), [2, 2, 3]);
    Ok(())
}

/// Hardware and software in one clock: no event is lost.
fn same_clock(dut: &mut dyn Dut) -> Checked {
    reset(dut)?;
    for name in ["hw_irq", "hw_event"] {
        dut.set(name, 0)?;
    }
    // A word at an address; what hardware does in the clock in which it is written, and in the one before.
    let write = |dut: &mut dyn Dut, address: u64, word: u64, before: u64, then: u64| {
        for (name, value) in [("awaddr", address), ("wdata", word), ("wstrb", 15), ("awvalid", 1), ("wvalid", 1)] {
            dut.set(&format!("s_axi_{name}"), value)?;
        }
        dut.set("s_axi_bready", 1)?;
        for (clock, bit) in [before, then, 0, 0].into_iter().enumerate() {
            if clock == 1 {
                dut.set("s_axi_awvalid", 0)?;
                dut.set("s_axi_wvalid", 0)?;
            }
            dut.set("hw_irq", bit)?;
            dut.set("hw_event", bit)?;
            dut.step()?;
        }
        Ok::<_, SimError>(())
    };
    write(dut, 0x20, 1, 1, 0)?;
    assert_eq!(dut.get("hw_pending")?, Value::from(0));
    write(dut, 0x20, 1, 0, 1)?;
    assert_eq!(dut.get("hw_pending")?, Value::from(1));
    write(dut, 0x24, 3, 1, 0)?;
    assert_eq!(dut.get("hw_count")?, Value::from(3));
    write(dut, 0x24, 3, 0, 1)?;
    assert_eq!(dut.get("hw_count")?, Value::from(4));
    write(dut, 0x24, 15, 0, 1)?;
    assert_eq!(dut.get("hw_count")?, Value::from(15));
    Ok(())
}

/// A transfer in each clock, acknowledged 2 clocks later.
fn pipelined_strobes(dut: &mut dyn Dut) -> Checked {
    reset(dut)?;
    let mut acknowledged = Vec::new();
    for clock in 0..20u64 {
        let wants = clock < 10;
        for (name, value) in [("cyc", 1), ("stb", u64::from(wants)), ("we", 1), ("adr", 0x2c), ("sel", 15)] {
            dut.set(&format!("wb_{name}_i"), value)?;
        }
        dut.set("wb_dat_i", clock & 7)?;
        assert!(dut.get("wb_stall_o")?.is_zero());
        if !dut.get("wb_ack_o")?.is_zero() {
            acknowledged.push(clock);
        }
        dut.step()?;
    }
    dut.set("wb_cyc_i", 0)?;
    assert_eq!(acknowledged, (2..12).collect::<Vec<u64>>());
    assert_eq!((dut.get("hw_flags_0")?, dut.get("hw_flags_1")?), (Value::from(1), Value::from(0)));
    Ok(())
}

fn wide(dut: &mut dyn Dut) -> Checked {
    reset(dut)?;
    let bank = BankDriver::axi_lite(Wide::map().unwrap(), "s_axi").stall(Stall::Random(0.4));
    assert_eq!(bank.read(dut, "all")?, Value::from(0x0123_4567_89ab_cdefu64));
    for value in [u64::MAX, 0, 1 << 63, 0x8000_0000_7fff_ffff] {
        bank.write(dut, "all", value)?;
        assert_eq!((bank.read(dut, "all")?, dut.get("all")?), (Value::from(value), Value::from(value)));
    }
    dut.set("high", 0xfe_dcba)?;
    for value in [-(1i64 << 34), (1 << 34) - 1, -1] {
        bank.write(dut, "halves.low", value)?;
        assert_eq!((bank.read(dut, "halves.low")?, dut.get("low")?), (Value::from(value), Value::from(value)));
    }
    assert_eq!(bank.read_register(dut, "halves")?, 0xfedc_ba07_ffff_ffff);
    assert_eq!(bank.transfer(dut, 0x8, None)?, (0, 3));
    Ok(())
}
