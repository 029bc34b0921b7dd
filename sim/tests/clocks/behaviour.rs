//! What the designs do.

use gatewright_dsl::prelude::*;
use gatewright_sim::rng::Rng;
use gatewright_sim::stream::{Beat, run};
use gatewright_sim::{Dut, DutExt, Schedule, SimError, Stall, StreamSink, StreamSource};

use super::designs::Kind;

type Checked = Result<(), SimError>;

/// Periods of the two clocks, in whole numbers; the last are almost equal.
const RATIOS: [(u64, u64); 13] =
    [(1, 7), (2, 7), (3, 7), (3, 5), (1, 2), (5, 6), (1, 1), (6, 5), (2, 1), (7, 3), (7, 1), (97, 100), (100, 97)];

/// The schedules of one run: every ratio at a random phase, in units in which many phases differ.
fn schedules(rng: &mut Rng) -> Vec<(Schedule, u64, u64)> {
    let schedule = |&(a, b): &(u64, u64)| {
        let (a, b) = (12 * a, 12 * b);
        let schedule = Schedule::new().clock("from", a, rng.between(0, a - 1)).clock("to", b, rng.between(0, b - 1));
        (schedule, a, b)
    };
    RATIOS.iter().map(schedule).collect()
}

fn index(dut: &dyn Dut, clock: &str) -> usize {
    dut.interface().clocks.iter().position(|c| c.clock == clock).expect("a clock of the design")
}

/// Resets both clocks for at least four edges of each, and lets both run for as many.
fn start(dut: &mut dyn Dut, schedule: &Schedule) -> Checked {
    dut.set_schedule(schedule)?;
    let clocks = [index(dut, "from"), index(dut, "to")];
    for active in [true, false] {
        dut.reset(active)?;
        let mut edges = [0, 0];
        while edges.iter().any(|&n| n < 4) {
            (0..2).for_each(|k| edges[k] += u32::from(dut.ticks(clocks[k])));
            dut.step()?;
        }
    }
    Ok(())
}

/// A level arrives `stages` edges later: registers that sample each other.
fn level(dut: &mut dyn Dut, stages: usize, rng: &mut Rng) -> Checked {
    for (schedule, ..) in schedules(rng) {
        start(dut, &schedule)?;
        let (from, to) = (index(dut, "from"), index(dut, "to"));
        let mut sent = false;
        let mut chain = vec![false; stages];
        // What is in the registers now is not known here: let zeros through.
        dut.set("in", false)?;
        for _ in 0..60 {
            dut.step()?;
        }
        for _ in 0..200 {
            let input = rng.chance(0.3);
            dut.set("in", input)?;
            assert_eq!(dut.get("out")?, Value::from(chain[stages - 1]));
            let (now, then) = (sent, chain.clone());
            if dut.ticks(from) {
                sent = input;
            }
            if dut.ticks(to) {
                chain[0] = now;
                chain[1..].copy_from_slice(&then[..stages - 1]);
            }
            dut.step()?;
        }
    }
    Ok(())
}

/// As many events arrive as were sent, each after at least two edges and soon enough.
fn events(dut: &mut dyn Dut, rng: &mut Rng) -> Checked {
    for (schedule, a, b) in schedules(rng) {
        start(dut, &schedule)?;
        let (from, to) = (index(dut, "from"), index(dut, "to"));
        let (mut sent, mut arrived) = (Vec::new(), Vec::new());
        let eager = rng.chance(0.5);
        let mut fire = false;
        for n in 0..1500 {
            if dut.ticks(from) {
                dut.set("in", false)?;
                fire = n < 1400 && !dut.get("ready")?.is_zero() && (eager || rng.chance(0.3));
                dut.set("in", fire)?;
            }
            let time = dut.time();
            if dut.ticks(from) && fire {
                sent.push(time);
            }
            if dut.ticks(to) && !dut.get("arrived")?.is_zero() {
                arrived.push(time);
            }
            dut.step()?;
        }
        assert_eq!(sent.len(), arrived.len(), "{schedule:?}");
        assert!(sent.len() > 20, "{schedule:?}: {}", sent.len());
        for (s, r) in sent.iter().zip(&arrived) {
            // It is read at the third edge after it was sent; at the clocks' own edge together that is one more.
            assert!(s + 2 * b < *r && *r <= s + 3 * b, "{schedule:?}: {s} to {r}");
        }
        for two in sent.windows(2) {
            assert!(two[1] - two[0] <= if eager { 3 * b + 4 * a } else { u64::MAX }, "{schedule:?}: {two:?}");
        }
    }
    Ok(())
}

/// Random beats in packets.
fn beats(rng: &mut Rng, count: usize) -> Vec<Beat> {
    let payload = |rng: &mut Rng| vec![Value::from(rng.chance(0.5)), Value::from(rng.between(0, 1100) as i64 - 100)];
    (0..count).map(|_| Beat { payload: payload(rng), last: rng.chance(0.2) }).collect()
}

fn stall(rng: &mut Rng) -> Stall {
    match rng.between(0, 3) {
        0 => Stall::Never,
        1 => Stall::Random(0.2),
        2 => Stall::Random(0.8),
        _ => Stall::Bursts(20),
    }
}

/// All beats come through each of the ways, in order.
fn streams(dut: &mut dyn Dut, ways: &[(&str, &str)], rng: &mut Rng) -> Checked {
    for (schedule, ..) in schedules(rng) {
        start(dut, &schedule)?;
        let mut agents = Vec::new();
        for (input, output) in ways {
            let sent = beats(rng, 150);
            let mut source = StreamSource::new(dut, input)?.stall(stall(rng), rng.between(0, 1 << 30));
            sent.iter().try_for_each(|b| source.push(b.clone()))?;
            let sink = StreamSink::new(dut, output, sent.len())?.stall(stall(rng), rng.between(0, 1 << 30));
            agents.push((sent, source, sink));
        }
        let mut all: Vec<&mut dyn gatewright_sim::Agent> = Vec::new();
        for (_, source, sink) in &mut agents {
            all.push(source);
            all.push(sink);
        }
        run(dut, &mut all, 1000)?;
        for (sent, _, sink) in &agents {
            assert_eq!(sink.beats(), sent, "{schedule:?}");
        }
        // Nothing is left that would come later.
        let mut late: Vec<StreamSink> = Vec::new();
        for (_, output) in ways {
            late.push(StreamSink::new(dut, output, 0)?);
        }
        for _ in 0..60 {
            let mut all: Vec<&mut dyn gatewright_sim::Agent> = late.iter_mut().map(|s| s as _).collect();
            gatewright_sim::stream::cycle(dut, &mut all)?;
        }
        assert!(late.iter().all(|s| s.beats().is_empty()), "{schedule:?}");
    }
    Ok(())
}

/// A beat is offered after so many edges of the receiving clock that follow the one at which it was taken.
fn latency(dut: &mut dyn Dut, edges: u32, rng: &mut Rng) -> Checked {
    for (schedule, ..) in schedules(rng) {
        start(dut, &schedule)?;
        let (from, to) = (index(dut, "from"), index(dut, "to"));
        dut.set("output_ready", false)?;
        dut.set("input_valid", true)?;
        while !dut.ticks(from) {
            dut.step()?;
        }
        assert!(!dut.get("input_ready")?.is_zero(), "an empty part takes a beat");
        dut.step()?;
        dut.set("input_valid", false)?;
        let mut found = 0;
        while dut.get("output_valid")?.is_zero() {
            found += u32::from(dut.ticks(to));
            dut.step()?;
        }
        assert_eq!(found, edges, "{schedule:?}");
    }
    Ok(())
}

/// A deep enough FIFO passes a beat at each edge of two clocks of one rate, and the first is there in time.
fn rate(dut: &mut dyn Dut, depth: u64, stages: u64) -> Checked {
    for phase in [0, 1, 6, 11] {
        let schedule = Schedule::new().clock("from", 12, 0).clock("to", 12, phase);
        start(dut, &schedule)?;
        let mut source = StreamSource::new(dut, "input")?;
        let mut sink = StreamSink::new(dut, "output", 200)?;
        let sent = beats(&mut Rng::new(phase), 200);
        sent.iter().try_for_each(|b| source.push(b.clone()))?;
        let begin = dut.time();
        run(dut, &mut [&mut source, &mut sink], 1000)?;
        let clocks = (dut.time() - begin) / 12;
        if depth >= if stages == 2 { 8 } else { 16 } {
            assert!(clocks <= 200 + stages + 4, "depth {depth}, phase {phase}: {clocks} clocks");
        }
        assert!(clocks >= 200 + stages, "depth {depth}, phase {phase}: {clocks} clocks");
    }
    Ok(())
}

/// The count restarts with the raw reset and runs again two edges after its end.
fn restarts(dut: &mut dyn Dut, kind: ResetKind, rng: &mut Rng) -> Checked {
    let to = index(dut, "to");
    dut.set_schedule(&Schedule::new().clock("to", 10, 3))?;
    let (mut chain, mut count, mut raw) = ([true, true], 5, true);
    dut.poke_reset(to, true)?;
    // The count is not known before a reset that waits for the clock.
    dut.step()?;
    dut.step()?;
    for _ in 0..500 {
        if rng.chance(0.1) {
            raw = !raw;
            dut.poke_reset(to, raw)?;
        }
        if raw {
            chain = [true, true];
            if kind == ResetKind::Async {
                count = 5;
            }
        }
        assert_eq!(dut.get("out")?, Value::from(count));
        dut.step()?;
        count = if chain[1] { 5 } else { (count + 1) % 64 };
        if !raw {
            chain = [false, chain[0]];
            if kind == ResetKind::Async && chain[1] {
                count = 5;
            }
        }
    }
    Ok(())
}

/// What a design is tried with.
pub fn body(kind: Kind, dut: &mut dyn Dut, seed: u64) -> Checked {
    let rng = &mut Rng::new(seed);
    match kind {
        Kind::Level(stages) => level(dut, stages as usize, rng),
        Kind::Events => events(dut, rng),
        Kind::Beats => {
            streams(dut, &[("input", "output")], rng)?;
            latency(dut, 3, rng)
        }
        Kind::Reset(kind) => restarts(dut, kind, rng),
        Kind::Fifo { depth, stages, .. } => {
            streams(dut, &[("input", "output"), ("back", "returned")], rng)?;
            rate(dut, depth, u64::from(stages))?;
            latency(dut, stages + 1, rng)
        }
    }
}
