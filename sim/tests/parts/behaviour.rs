//! What the standard parts for streams do: designs around them, and test bodies against plain Rust models, under stalls
//! on all sides. Written against `Dut`, for any engine; two packages include this file.

use gatewright_dsl::ir::verify::verify;
use gatewright_dsl::parts::arbiter::{Arbiter, Grant, Policy};
use gatewright_dsl::parts::credit::Credits;
use gatewright_dsl::parts::fork::Fork;
use gatewright_dsl::parts::width::{Narrow, Widen};
use gatewright_dsl::prelude::{Design, Generator, Options, Ty, Value, elaborate_with, sint, uint};
use gatewright_sim::rng::Rng;
use gatewright_sim::stream::{Agent, run};
use gatewright_sim::{Beat, Dut, DutExt, SimError, Stall, StreamMonitor, StreamSink, StreamSource};

use super::designs::*;
use super::turns::Turns;

pub type Checked = Result<(), SimError>;

type Body = Box<dyn Fn(&mut dyn Dut) -> Checked>;

/// A design and what is tried with it.
pub struct Case {
    pub name: String,
    pub design: Design,
    pub body: Body,
}

pub fn case<G: Generator>(name: String, generator: &G, body: impl Fn(&mut dyn Dut) -> Checked + 'static) -> Case {
    let (design, warnings) = elaborate_with(generator, &Options::default()).unwrap();
    assert!(warnings.is_empty(), "{name}: {warnings}");
    verify(&design).unwrap();
    Case { name, design, body: Box::new(body) }
}

/// All parts for streams with edge and random parameters.
pub fn cases() -> Vec<Case> {
    let mut rng = Rng::new(2024);
    let mut cases = vec![case("zip".into(), &ZipTop, zips)];
    for ways in [1, 2, rng.between(3, 6) as usize] {
        cases.push(case(format!("join_{ways}"), &JoinTop { ways }, move |dut| joins(dut, ways)));
        let fork = Fork { payload: uint(12), outputs: ways };
        cases.push(case(format!("fork_{ways}"), &fork, move |dut| forks(dut, ways, 0)));
        let lazy = LazyTop { outputs: ways };
        cases.push(case(format!("fork_lazy_{ways}"), &lazy, move |dut| forks(dut, ways, 1)));
        let rings = ForkJoinTop { ways };
        cases.push(case(format!("fork_join_{ways}"), &rings, move |dut| forks_and_joins(dut, ways)));
        cases.push(case(format!("mux_{ways}"), &MuxTop { ways }, move |dut| takes_turns(dut, ways)));
        cases.push(case(format!("mux_by_{ways}"), &MuxByTop { ways }, move |dut| follows(dut, ways)));
    }
    for inputs in [1, 2, 3, rng.between(4, 7) as usize] {
        for policy in [Policy::Priority, Policy::RoundRobin] {
            for grant in [Grant::Beat, Grant::Packet] {
                let arbiter = Arbiter { payload: uint(12), inputs, policy, grant };
                let name = format!("arbiter_{inputs}_{policy:?}_{grant:?}");
                cases.push(case(name, &arbiter, move |dut| arbitrates(dut, inputs, policy, grant)));
            }
        }
    }
    for ratio in [1, 2, 3, rng.between(4, 9) as usize] {
        let widen = Widen { part: uint(12), ratio };
        cases.push(case(format!("widen_{ratio}"), &widen, move |dut| widens(dut, ratio)));
        let narrow = Narrow { part: uint(12), ratio };
        cases.push(case(format!("narrow_{ratio}"), &narrow, move |dut| narrows(dut, ratio)));
    }
    cases.push(case("words_4".into(), &WordTop { ratio: 4 }, |dut| words(dut, 4)));
    for limit in [1, 5] {
        cases.push(case(format!("credits_{limit}"), &Credits { limit }, move |dut| counts(dut, limit)));
    }
    for (limit, stages) in [(1, 1), (4, 2), (6, 4), (rng.between(2, 9), rng.between(1, 5))] {
        let link = CreditLink { payload: sint(9), limit, stages };
        cases.push(case(format!("credit_link_{limit}_{stages}"), &link, move |dut| links(dut, limit, stages)));
    }
    cases.extend(super::fifos::cases());
    cases.extend(super::packs::cases());
    cases
}

/// Parts that are not between streams: state machines, memories, lines.
pub fn other_cases() -> Vec<Case> {
    let mut cases = super::machines::cases();
    cases.extend(super::rams::cases());
    cases.extend(super::uarts::cases());
    cases
}

/// A part with parameters drawn at random. (Beats of at most 8 streams can be told apart.)
pub fn random_case(rng: &mut Rng) -> Case {
    let kind = rng.between(0, 18);
    let mut up_to = |most: u64| rng.between(1, most) as usize;
    match kind {
        0 | 1 => super::fifos::random(rng),
        2 => {
            let ways = up_to(8);
            case(format!("join_{ways}"), &JoinTop { ways }, move |dut| joins(dut, ways))
        }
        3 => {
            let ways = up_to(8);
            let fork = Fork { payload: uint(12), outputs: ways };
            case(format!("fork_{ways}"), &fork, move |dut| forks(dut, ways, 0))
        }
        4 => {
            let ways = up_to(8);
            case(format!("fork_lazy_{ways}"), &LazyTop { outputs: ways }, move |dut| forks(dut, ways, 1))
        }
        5 => {
            let ways = up_to(8);
            case(format!("mux_{ways}"), &MuxTop { ways }, move |dut| takes_turns(dut, ways))
        }
        6 => {
            let ways = up_to(8);
            case(format!("mux_by_{ways}"), &MuxByTop { ways }, move |dut| follows(dut, ways))
        }
        7 | 8 => {
            let inputs = up_to(8);
            let policy = if rng.chance(0.5) { Policy::Priority } else { Policy::RoundRobin };
            let grant = if rng.chance(0.5) { Grant::Beat } else { Grant::Packet };
            let arbiter = Arbiter { payload: uint(12), inputs, policy, grant };
            let name = format!("arbiter_{inputs}_{policy:?}_{grant:?}");
            case(name, &arbiter, move |dut| arbitrates(dut, inputs, policy, grant))
        }
        9 => {
            let ratio = up_to(17);
            case(format!("widen_{ratio}"), &Widen { part: uint(12), ratio }, move |dut| widens(dut, ratio))
        }
        10 => {
            let ratio = up_to(17);
            case(format!("narrow_{ratio}"), &Narrow { part: uint(12), ratio }, move |dut| narrows(dut, ratio))
        }
        11 => {
            let (limit, stages) = (rng.between(1, 12), rng.between(1, 9));
            let link = CreditLink { payload: sint(9), limit, stages };
            case(format!("credit_link_{limit}_{stages}"), &link, move |dut| links(dut, limit, stages))
        }
        12..=14 => super::packs::random(rng),
        15 => super::machines::random(rng),
        16 | 17 => super::rams::random(rng),
        _ => super::uarts::random(rng),
    }
}

fn stalls() -> Vec<Stall> {
    vec![Stall::Never, Stall::Random(0.5), Stall::Bursts(7)]
}

/// `body` under all pairs of stalls: of sources, of sinks, a seed, and whether nothing stalls.
pub fn under_stalls(mut body: impl FnMut(&Stall, &Stall, u64, bool) -> Checked) -> Checked {
    for (n, from) in stalls().iter().enumerate() {
        for (k, to) in stalls().iter().enumerate() {
            body(from, to, (10 * n + k) as u64, n + k == 0)?;
        }
    }
    Ok(())
}

/// `beats` beats of stream `stream`, each unlike all others, in packets of 1 to `longest`.
fn numbered(rng: &mut Rng, stream: usize, beats: usize, longest: u64) -> Vec<Beat> {
    let mut left = rng.between(1, longest);
    let beat = |n| {
        left -= 1;
        let last = left == 0 || n + 1 == beats;
        left = if last { rng.between(1, longest) } else { left };
        Beat::of((stream * 512 + n) as i64, last)
    };
    (0..beats).map(beat).collect()
}

fn source(dut: &dyn Dut, name: &str, beats: &[Beat], stall: &Stall, seed: u64) -> Result<StreamSource, SimError> {
    let mut source = StreamSource::new(dut, name)?.stall(stall.clone(), seed);
    beats.iter().try_for_each(|beat| source.push(beat.clone()))?;
    Ok(source)
}

fn sink(dut: &dyn Dut, name: &str, wanted: usize, stall: &Stall, seed: u64) -> Result<StreamSink, SimError> {
    Ok(StreamSink::new(dut, name, wanted)?.stall(stall.clone(), seed))
}

/// Sources for `inputs_0`, `inputs_1`, …
fn sources(dut: &dyn Dut, beats: &[Vec<Beat>], stall: &Stall, seed: u64) -> Result<Vec<StreamSource>, SimError> {
    let named =
        |(n, beats): (usize, &Vec<Beat>)| source(dut, &format!("inputs_{n}"), beats, stall, seed + 100 * n as u64);
    beats.iter().enumerate().map(named).collect()
}

/// Runs the device with these sources and others; the clocks it took.
fn run_with(dut: &mut dyn Dut, sources: &mut [StreamSource], others: &mut [&mut dyn Agent]) -> Result<u64, SimError> {
    let mut agents: Vec<&mut dyn Agent> = sources.iter_mut().map(|s| s as &mut dyn Agent).collect();
    agents.extend(others.iter_mut().map(|a| &mut **a as &mut dyn Agent));
    run(dut, &mut agents, 100)
}

/// Beat `n` of all streams side by side, with the `last` of the first.
fn side_by_side(beats: &[Vec<Beat>]) -> Vec<Beat> {
    let row = |n: usize| Beat {
        payload: beats.iter().flat_map(|stream| stream[n].payload.clone()).collect(),
        last: beats[0][n].last,
    };
    (0..beats[0].len()).map(row).collect()
}

fn joins(dut: &mut dyn Dut, ways: usize) -> Checked {
    under_stalls(|from, to, seed, free| {
        let mut rng = Rng::new(seed);
        let beats: Vec<_> = (0..ways).map(|k| numbered(&mut rng, k, 60, 4)).collect();
        let mut sources = sources(dut, &beats, from, seed)?;
        let mut sink = sink(dut, "output", 60, to, seed + 50)?;
        let clocks = run_with(dut, &mut sources, &mut [&mut sink])?;
        assert_eq!(sink.beats(), side_by_side(&beats));
        assert!(!free || clocks == 60, "{clocks}");
        Ok(())
    })
}

fn zips(dut: &mut dyn Dut) -> Checked {
    under_stalls(|from, to, seed, _| {
        let mut rng = Rng::new(seed);
        let beats = [numbered(&mut rng, 0, 60, 4), numbered(&mut rng, 1, 60, 9)];
        let mut left = source(dut, "left", &beats[0], from, seed)?;
        let mut right = source(dut, "right", &beats[1], from, seed + 1)?;
        let mut sink = sink(dut, "output", 60, to, seed + 50)?;
        run(dut, &mut [&mut left, &mut right, &mut sink], 100)?;
        assert_eq!(sink.beats(), side_by_side(&beats));
        Ok(())
    })
}

fn forks(dut: &mut dyn Dut, outputs: usize, latency: u64) -> Checked {
    under_stalls(|from, to, seed, free| {
        let beats = numbered(&mut Rng::new(seed), 3, 60, 4);
        let mut source = source(dut, "input", &beats, from, seed)?;
        let name = |n: usize| format!("outputs_{n}");
        let mut sinks: Vec<StreamSink> =
            (0..outputs).map(|n| sink(dut, &name(n), 60, to, seed + 50 + n as u64)).collect::<Result<_, _>>()?;
        let mut agents: Vec<&mut dyn Agent> = vec![&mut source];
        agents.extend(sinks.iter_mut().map(|s| s as &mut dyn Agent));
        let clocks = run(dut, &mut agents, 100)?;
        for sink in &sinks {
            assert_eq!(sink.beats(), beats);
        }
        assert!(!free || clocks == 60 + latency, "{clocks}");
        Ok(())
    })
}

fn forks_and_joins(dut: &mut dyn Dut, ways: usize) -> Checked {
    under_stalls(|from, to, seed, free| {
        let beats = numbered(&mut Rng::new(seed), 1, 80, 4);
        let mut source = source(dut, "input", &beats, from, seed)?;
        let mut sink = sink(dut, "output", 80, to, seed + 50)?;
        let clocks = run(dut, &mut [&mut source, &mut sink], 100)?;
        assert_eq!(sink.beats(), side_by_side(&vec![beats; ways]));
        assert!(!free || clocks == 81, "{clocks}");
        Ok(())
    })
}

fn takes_turns(dut: &mut dyn Dut, ways: usize) -> Checked {
    under_stalls(|from, to, seed, free| {
        let mut rng = Rng::new(seed);
        let beats: Vec<_> = (0..ways).map(|k| numbered(&mut rng, k, 30, 4)).collect();
        let mut sources = sources(dut, &beats, from, seed)?;
        let mut sink = sink(dut, "output", 30 * ways, to, seed + 50)?;
        let clocks = run_with(dut, &mut sources, &mut [&mut sink])?;
        let expected: Vec<Beat> = (0..30 * ways).map(|n| beats[n % ways][n / ways].clone()).collect();
        assert_eq!(sink.beats(), expected);
        assert!(!free || clocks == 30 * ways as u64, "{clocks}");
        Ok(())
    })
}

fn follows(dut: &mut dyn Dut, ways: usize) -> Checked {
    under_stalls(|from, to, seed, free| {
        let mut rng = Rng::new(seed);
        let order: Vec<usize> = (0..90).map(|_| rng.between(0, ways as u64 - 1) as usize).collect();
        let of = |k: usize| order.iter().filter(|&&way| way == k).count();
        let beats: Vec<_> = (0..ways).map(|k| numbered(&mut rng, k, of(k), 4)).collect();
        let mut queues: Vec<_> = beats.iter().map(|stream| stream.iter()).collect();
        let expected: Vec<Beat> = order.iter().map(|&k| queues[k].next().unwrap().clone()).collect();

        let named: Vec<Beat> = order.iter().map(|&k| Beat::of(k as i64, false)).collect();
        let mut indices = source(dut, "indices", &named, from, seed + 7)?;
        let mut sources = sources(dut, &beats, from, seed)?;
        let mut sink = sink(dut, "output", 90, to, seed + 50)?;
        let clocks = run_with(dut, &mut sources, &mut [&mut indices, &mut sink])?;
        assert_eq!(sink.beats(), expected);
        assert!(!free || clocks == 90, "{clocks}");
        Ok(())
    })
}

fn arbitrates(dut: &mut dyn Dut, inputs: usize, policy: Policy, grant: Grant) -> Checked {
    under_stalls(|from, to, seed, free| {
        // What is remembered of the turn belongs to the last run.
        dut.reset(true)?;
        dut.step()?;
        dut.reset(false)?;
        let mut rng = Rng::new(seed);
        let beats: Vec<_> = (0..inputs).map(|k| numbered(&mut rng, k, 40, 5)).collect();
        let mut sources = sources(dut, &beats, from, seed)?;
        let mut sink = sink(dut, "output", 40 * inputs, to, seed + 50)?;
        let mut turns = Turns::new(dut, inputs, policy, grant)?;
        let clocks = run_with(dut, &mut sources, &mut [&mut sink, &mut turns])?;
        assert!(!free || clocks == 40 * inputs as u64, "{clocks}");

        let source_of = |beat: &Beat| beat.payload[0].to_i64().unwrap() as usize;
        for (k, sent) in beats.iter().enumerate() {
            let of_k = sink.beats().iter().filter(|beat| source_of(beat) == k);
            let got: Vec<Beat> = of_k.map(|b| Beat { payload: vec![b.payload[1].clone()], last: b.last }).collect();
            assert_eq!(&got, sent, "input {k}");
        }
        if grant == Grant::Packet {
            for pair in sink.beats().windows(2) {
                assert!(pair[0].last || source_of(&pair[0]) == source_of(&pair[1]), "a packet was cut");
            }
        }
        if policy == Policy::RoundRobin {
            assert!(turns.longest_wait < inputs as u64, "{} went before", turns.longest_wait);
            assert!(!free || turns.longest_wait == inputs as u64 - 1);
        }
        Ok(())
    })
}

/// The beats of each packet in groups of `ratio`.
fn grouped(beats: &[Beat], ratio: usize) -> Vec<Vec<Beat>> {
    let packets = beats.split_inclusive(|beat| beat.last);
    packets.flat_map(|packet| packet.chunks(ratio).map(<[Beat]>::to_vec)).collect()
}

/// Parts and count of wide beats, of which only those that are there count.
fn meaning(beat: &Beat, ratio: usize) -> (Vec<Value>, bool) {
    let count = beat.payload[ratio].to_i64().unwrap() as usize;
    (beat.payload[..count].to_vec(), beat.last)
}

fn widens(dut: &mut dyn Dut, ratio: usize) -> Checked {
    under_stalls(|from, to, seed, free| {
        let mut beats = numbered(&mut Rng::new(seed), 2, 60, 3 * ratio as u64);
        beats.extend(numbered(&mut Rng::new(seed), 3, 3 * ratio, 1000));
        let groups = grouped(&beats, ratio);
        let mut source = source(dut, "input", &beats, from, seed)?;
        let mut sink = sink(dut, "output", groups.len(), to, seed + 50)?;
        let clocks = run(dut, &mut [&mut source, &mut sink], 100)?;
        let got: Vec<_> = sink.beats().iter().map(|beat| meaning(beat, ratio)).collect();
        let parts = |group: &Vec<Beat>| group.iter().map(|b| b.payload[0].clone()).collect();
        let expected: Vec<_> = groups.iter().map(|group| (parts(group), group[group.len() - 1].last)).collect();
        assert_eq!(got, expected);
        assert!(!free || clocks == beats.len() as u64 + 1, "{clocks}");
        Ok(())
    })
}

fn narrows(dut: &mut dyn Dut, ratio: usize) -> Checked {
    under_stalls(|from, to, seed, free| {
        let beats = numbered(&mut Rng::new(seed), 2, 80, 3 * ratio as u64);
        let wide = |group: Vec<Beat>| {
            let mut payload = vec![Value::from(999); ratio + 1];
            for (place, beat) in payload.iter_mut().zip(&group) {
                place.clone_from(&beat.payload[0]);
            }
            payload[ratio] = Value::from(group.len() as i64);
            Beat { payload, last: group[group.len() - 1].last }
        };
        let wide: Vec<Beat> = grouped(&beats, ratio).into_iter().map(wide).collect();
        let mut source = source(dut, "input", &wide, from, seed)?;
        let mut sink = sink(dut, "output", 80, to, seed + 50)?;
        let clocks = run(dut, &mut [&mut source, &mut sink], 100)?;
        assert_eq!(sink.beats(), beats);
        assert!(!free || clocks == 80, "{clocks}");
        Ok(())
    })
}

fn words(dut: &mut dyn Dut, ratio: usize) -> Checked {
    under_stalls(|from, to, seed, _| {
        let mut rng = Rng::new(seed);
        let mut beats = numbered(&mut rng, 0, 60, 9);
        beats.iter_mut().for_each(|beat| beat.payload[0] = Value::from(rng.between(0, 255) as i64));
        let groups = grouped(&beats, ratio);
        let mut source = source(dut, "input", &beats, from, seed)?;
        let mut sink = sink(dut, "output", groups.len(), to, seed + 50)?;
        run(dut, &mut [&mut source, &mut sink], 100)?;
        for (group, beat) in groups.iter().zip(sink.beats()) {
            let there = (1 << (8 * group.len())) - 1;
            let byte = |(n, beat): (usize, &Beat)| beat.payload[0].to_i64().unwrap() << (8 * n);
            let expected: i64 = group.iter().enumerate().map(byte).sum();
            assert_eq!(beat.payload[0].to_i64().unwrap() & there, expected);
            for (n, keep) in beat.payload[1..].iter().enumerate() {
                assert_eq!(!keep.is_zero(), n < group.len());
            }
        }
        assert_eq!(sink.beats().len(), groups.len());
        Ok(())
    })
}

fn counts(dut: &mut dyn Dut, limit: u64) -> Checked {
    let mut rng = Rng::new(limit);
    let mut count = limit;
    for clock in 0..300 {
        let (take, give) = (count > 0 && rng.chance(0.6), count < limit && rng.chance(0.5));
        dut.set("take", take)?;
        dut.set("give", give)?;
        assert_eq!(dut.get("count")?, Value::from(count as i64), "clock {clock}");
        assert_eq!(!dut.get("available")?.is_zero(), count > 0);
        dut.step()?;
        count = count + u64::from(give) - u64::from(take);
    }
    dut.set("take", false)?;
    dut.set("give", false)
}

fn links(dut: &mut dyn Dut, limit: u64, stages: u64) -> Checked {
    under_stalls(|from, to, seed, free| {
        let mut rng = Rng::new(seed);
        let mut beats = numbered(&mut rng, 0, 70, 9);
        beats.iter_mut().for_each(|beat| beat.payload[0] = rng.value(Ty::Int(sint(9))));
        let mut source = source(dut, "input", &beats, from, seed)?;
        let mut sink = sink(dut, "output", 70, to, seed + 50)?;
        let mut watch = StreamMonitor::new(dut, "input")?;
        let clocks = run(dut, &mut [&mut source, &mut watch, &mut sink], 200)?;
        assert_eq!((sink.beats(), watch.beats()), (&beats[..], &beats[..]));
        // A credit is back `stages` clocks of the line, one of the FIFO and one of the count after it was taken.
        let trip = stages + 2;
        let expected = match limit >= trip {
            true => 70 + stages + 1,
            false => 69 / limit * trip + 69 % limit + stages + 2,
        };
        assert!(!free || clocks == expected, "{clocks} clocks, {expected} expected");
        Ok(())
    })
}
