//! What the AXI4 managers do, against a memory in plain Rust.

use gatewright_dsl::parts::bus::BusTy;
use gatewright_dsl::parts::bus::axi::{AxiManager, AxiTy};
use gatewright_dsl::prelude::Value;
use gatewright_sim::rng::Rng;
use gatewright_sim::stream::run;
use gatewright_sim::{Beat, Dut, SimError, Stall, StreamSink, StreamSource};

use super::axi_memory::{AxiMemory, before, resp};
use super::behaviour::{Case, Checked, case, reset, stalls};

fn ty(data: u32, transfer: u64, burst: u64, outstanding: u64) -> AxiTy {
    AxiTy { bus: BusTy { address: 32, data }, id: 4, transfer, burst, outstanding }
}

pub fn cases() -> Vec<Case> {
    let tys = [
        ty(32, 256, 256, 4),
        ty(64, 700, 16, 2),
        ty(8, 300, 256, 1),
        ty(256, 40, 1, 3),
        ty(1024, 70, 64, 8),
        ty(16, 1, 4, 3),
    ];
    let name = |t: &AxiTy| format!("axi_{}_{}_{}_{}", t.bus.data, t.transfer, t.burst, t.outstanding);
    tys.into_iter().map(|t| case(&name(&t), &AxiManager(t), move |dut| transfers(dut, t))).collect()
}

/// A transfer as beats of a command: byte address, words.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    addr: u64,
    beats: u64,
}

fn random(rng: &mut Rng, ty: AxiTy) -> Wanted {
    let bytes = u64::from(ty.bus.bytes());
    let beats = if rng.chance(0.3) { rng.between(1, ty.transfer) } else { rng.between(1, ty.transfer.min(20)) };
    // Near a boundary of 4096 bytes, most often.
    let page = rng.between(1, 30) * 4096;
    let addr = if rng.chance(0.7) { page - rng.between(0, beats) * bytes } else { page + rng.between(0, 4095) };
    Wanted { addr, beats }
}

/// Bursts that a transfer takes, one by one.
fn bursts(wanted: &[Wanted], ty: AxiTy) -> u64 {
    let bytes = u64::from(ty.bus.bytes());
    let count = |w: &Wanted| {
        let (mut at, mut left, mut count) = (w.addr / bytes * bytes, w.beats, 0);
        while left > 0 {
            let now = left.min(ty.burst).min((4096 - at % 4096) / bytes);
            (at, left, count) = (at + now * bytes, left - now, count + 1);
        }
        count
    };
    wanted.iter().map(count).sum()
}

fn push(source: &mut StreamSource, wanted: &[Wanted]) -> Checked {
    wanted
        .iter()
        .try_for_each(|w| source.push(Beat { payload: vec![Value::from(w.addr), Value::from(w.beats)], last: true }))
}

fn transfers(dut: &mut dyn Dut, ty: AxiTy) -> Checked {
    for (n, from) in stalls().iter().enumerate() {
        for (k, to) in stalls().iter().enumerate() {
            reset(dut)?;
            random_transfers(dut, ty, from, to, (10 * n + k) as u64)?;
        }
    }
    reset(dut)?;
    full_speed(dut, ty)
}

fn random_transfers(dut: &mut dyn Dut, ty: AxiTy, from: &Stall, to: &Stall, seed: u64) -> Checked {
    let bytes = u64::from(ty.bus.bytes());
    let mut rng = Rng::new(seed);
    let mut memory = AxiMemory::new(dut, bytes, ty.burst, [from, to], seed)?;
    // Reads lie above what is written.
    let above = |w: Wanted| Wanted { addr: w.addr + (1 << 20), ..w };
    let mut reads: Vec<Wanted> = (0..8).map(|_| above(random(&mut rng, ty))).collect();
    // Into pages that refuse, and out of them.
    reads[3] = Wanted { addr: 27 * 4096 - bytes, beats: ty.transfer };
    reads[4] = Wanted { addr: 29 * 4096 - bytes, beats: ty.transfer };
    reads[5].addr -= 1 << 20;
    let mut writes: Vec<Wanted> = (0..8).map(|_| random(&mut rng, ty)).collect();
    writes[2] = reads[4];
    writes[5] = reads[3];

    let source =
        |dut: &dyn Dut, name: &str, n| Ok::<_, SimError>(StreamSource::new(dut, name)?.stall(to.clone(), seed + n));
    let (mut read, mut write) = (source(dut, "reads", 10)?, source(dut, "writes", 11)?);
    push(&mut read, &reads)?;
    push(&mut write, &writes)?;
    let mut words = source(dut, "write_data", 12)?;
    let mut after = std::collections::HashMap::new();
    for w in &writes {
        for n in 0..w.beats {
            let data: Vec<u8> = (0..bytes).map(|_| rng.bits() as u8).collect();
            let strobes =
                if rng.chance(0.5) { u128::MAX } else { u128::from(rng.bits()) << 64 | u128::from(rng.bits()) };
            let strobes = strobes & (u128::MAX >> (128 - bytes));
            for k in (0..bytes).filter(|k| strobes >> k & 1 == 1) {
                after.insert(w.addr / bytes * bytes + n * bytes + k, data[k as usize]);
            }
            let word = data.iter().rev().fold(Value::ZERO, |word, &byte| &word.shl(8) + &Value::from(byte));
            words.push(Beat { payload: vec![word, Value::from(strobes)], last: rng.chance(0.5) })?;
        }
    }

    let total: u64 = reads.iter().map(|w| w.beats).sum();
    let sink = |dut: &dyn Dut, name: &str, wanted: u64, n| {
        Ok::<_, SimError>(StreamSink::new(dut, name, wanted as usize)?.stall(from.clone(), seed + n))
    };
    let mut read_data = sink(dut, "read_data", total, 13)?;
    let (mut read_done, mut write_done) = (sink(dut, "read_done", 8, 14)?, sink(dut, "write_done", 8, 15)?);
    run(
        dut,
        &mut [&mut memory, &mut read, &mut write, &mut words, &mut read_data, &mut read_done, &mut write_done],
        300,
    )?;

    assert_eq!(memory.bursts, bursts(&reads, ty) + bursts(&writes, ty));
    assert!(memory.most.iter().all(|&most| most <= ty.outstanding), "{:?}", memory.most);
    let mut beats = read_data.beats().iter();
    for w in &reads {
        for n in 0..w.beats {
            let beat = beats.next().unwrap();
            let at = w.addr / bytes * bytes + n * bytes;
            let expected = (0..bytes).rev().fold(Value::ZERO, |word, k| &word.shl(8) + &Value::from(before(at + k)));
            // What is below may have been written before or after.
            assert!(w.addr < 1 << 20 || beat.payload[0] == expected, "word {n} of {w:?}");
            assert_eq!(beat.last, n + 1 == w.beats, "word {n} of {w:?}");
        }
    }
    let outcome = |w: &Wanted| {
        let mut words = (0..w.beats).map(|n| resp(w.addr / bytes * bytes + n * bytes));
        Value::from(words.find(|&resp| resp > 0).unwrap_or(0))
    };
    assert_eq!(read_done.values(), reads.iter().map(outcome).collect::<Vec<_>>());
    assert_eq!(write_done.values(), writes.iter().map(outcome).collect::<Vec<_>>());
    for (&address, &byte) in &after {
        assert_eq!(memory.byte(address), byte, "at {address:#x}");
    }
    Ok(())
}

/// A word a clock where nothing stalls and enough bursts may be under way.
fn full_speed(dut: &mut dyn Dut, ty: AxiTy) -> Checked {
    let bytes = u64::from(ty.bus.bytes());
    let mut memory = AxiMemory::new(dut, bytes, ty.burst, [&Stall::Never, &Stall::Never], 1)?;
    let wanted = vec![Wanted { addr: 4096, beats: ty.transfer }; 3];
    let (mut read, mut write) = (StreamSource::new(dut, "reads")?, StreamSource::new(dut, "writes")?);
    push(&mut read, &wanted)?;
    push(&mut write, &wanted)?;
    let total = 3 * ty.transfer;
    let mut words = StreamSource::new(dut, "write_data")?;
    (0..total)
        .try_for_each(|n| words.push(Beat { payload: vec![Value::from(n % 256), Value::from(1)], last: false }))?;
    let mut read_data = StreamSink::new(dut, "read_data", total as usize)?;
    let (mut read_done, mut write_done) =
        (StreamSink::new(dut, "read_done", 3)?, StreamSink::new(dut, "write_done", 3)?);
    let clocks = run(
        dut,
        &mut [&mut memory, &mut read, &mut write, &mut words, &mut read_data, &mut read_done, &mut write_done],
        50,
    )?;
    // A burst is answered 4 clocks after its last word at most; bursts that short need more of them under way.
    let hidden = (ty.outstanding - 1) * ty.burst >= 5;
    assert!(!hidden || clocks <= total + 8, "{clocks} clocks for {total} words");
    assert!(clocks >= total);
    Ok(())
}
