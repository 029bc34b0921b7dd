//! Memories against a list of words: random accesses, every output in every clock.

use std::sync::Arc;

use gatewright_dsl::parts::ram::{Mode, Rom, SimpleDualPort, SinglePort, TrueDualPort};
use gatewright_dsl::prelude::*;
use gatewright_sim::rng::Rng;
use gatewright_sim::{Dut, DutExt};

use super::behaviour::{Case, Checked, case};

/// A word of `lanes` bytes; of one it is a number.
fn bytes(lanes: usize) -> Vec<BitsTy> {
    vec![word(8); lanes]
}

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (mode, lanes, masks, depth, output_register) in [
        (Mode::ReadFirst, 1, false, 16, false),
        (Mode::WriteFirst, 1, true, 10, true),
        (Mode::NoChange, 2, false, 13, false),
        (Mode::ReadFirst, 3, true, 8, true),
        (Mode::WriteFirst, 4, true, 16, false),
        (Mode::NoChange, 2, true, 5, true),
        (Mode::ReadFirst, 2, false, 1, false),
    ] {
        cases.push(single(mode, lanes, masks, depth, output_register));
    }
    for (collision, lanes, masks, depth, output_register) in [
        (Collision::Old, 1, false, 16, false),
        (Collision::New, 2, true, 12, false),
        (Collision::Undefined, 2, true, 7, true),
        (Collision::Old, 4, true, 9, true),
        (Collision::New, 1, false, 3, true),
    ] {
        cases.push(simple(collision, lanes, masks, depth, output_register));
    }
    for (lanes, masks, depth, output_register) in [(1, false, 16, false), (2, true, 6, true), (2, false, 9, false)] {
        cases.push(dual(lanes, masks, depth, output_register));
    }
    for (depth, output_register) in [(16, false), (11, true), (1, false)] {
        cases.push(rom(depth, output_register));
    }
    cases
}

pub fn random(rng: &mut Rng) -> Case {
    let (kind, third) = (rng.between(0, 3), rng.between(0, 2) as usize);
    let (lanes, depth) = (rng.between(1, 5) as usize, rng.between(1, 40));
    let (masks, output_register) = (rng.chance(0.5), rng.chance(0.5));
    let mode = [Mode::ReadFirst, Mode::WriteFirst, Mode::NoChange][third];
    let collision = [Collision::Old, Collision::New, Collision::Undefined][third];
    match kind {
        0 => single(mode, lanes, masks, depth, output_register),
        1 => simple(collision, lanes, masks, depth, output_register),
        2 => dual(lanes, masks, depth, output_register),
        _ => rom(depth as usize, output_register),
    }
}

pub fn single(mode: Mode, lanes: usize, masks: bool, depth: u64, output_register: bool) -> Case {
    let ram = SinglePort { word: bytes(lanes), depth, masks, mode, output_register };
    let name = format!("single_{mode:?}_{lanes}_{masks}_{depth}_{output_register}");
    case(name, &ram, move |dut| {
        let mut model = Model::new(lanes, depth);
        let mut out = Output::new(lanes, output_register);
        let mut rng = Rng::new(depth);
        model.clear(dut, "", &mut out)?;
        for clock in 0..400 {
            let access = Access::random(&mut rng, lanes, masks, depth);
            access.set(dut, "")?;
            out.expect(dut, "word", clock)?;
            let before = model.words[access.address].clone();
            model.write(&access);
            let writes = access.write.contains(&true);
            let read = match mode {
                Mode::ReadFirst => Some(before),
                Mode::WriteFirst => Some(model.words[access.address].clone()),
                Mode::NoChange => (!writes).then_some(before),
            };
            out.step(read.filter(|_| access.enable));
            dut.step()?;
        }
        Ok(())
    })
}

pub fn simple(collision: Collision, lanes: usize, masks: bool, depth: u64, output_register: bool) -> Case {
    let ram = SimpleDualPort { word: bytes(lanes), depth, masks, collision, output_register };
    let name = format!("simple_{collision:?}_{lanes}_{masks}_{depth}_{output_register}");
    case(name, &ram, move |dut| {
        let mut model = Model::new(lanes, depth);
        let mut out = Output::new(lanes, output_register);
        let mut rng = Rng::new(depth);
        dut.set("read", 0)?;
        model.fill(dut, |dut, address, lanes| {
            dut.set("write_address", address as i64)?;
            (0..if masks { lanes } else { 1 }).try_for_each(|n| dut.set(&format!("write_{n}"), 1))
        })?;
        // What the output holds is known from the first read on.
        let mut known = false;
        for clock in 0..400 {
            let mut access = Access { enable: true, ..Access::random(&mut rng, lanes, masks, depth) };
            let writes = access.write.contains(&true);
            let mut read = (rng.between(0, depth - 1) as usize, rng.chance(0.7));
            if rng.chance(0.4) {
                read.0 = access.address;
            }
            if collision == Collision::Undefined && read == (access.address, true) && writes {
                access.write.fill(false);
            }
            dut.set("write_address", access.address as i64)?;
            access.set_write(dut, "")?;
            dut.set("read_address", read.0 as i64)?;
            dut.set("read", read.1)?;
            if known {
                out.expect(dut, "word", clock)?;
            }
            let before = model.words[read.0].clone();
            model.write(&access);
            let word = if collision == Collision::New { model.words[read.0].clone() } else { before };
            known |= read.1;
            out.step(Some(word).filter(|_| read.1));
            known &= clock > 2;
            dut.step()?;
        }
        Ok(())
    })
}

pub fn dual(lanes: usize, masks: bool, depth: u64, output_register: bool) -> Case {
    let ram = TrueDualPort { word: bytes(lanes), depth, masks, output_register };
    let name = format!("dual_{lanes}_{masks}_{depth}_{output_register}");
    case(name, &ram, move |dut| {
        let mut model = Model::new(lanes, depth);
        let mut outs = [Output::new(lanes, output_register), Output::new(lanes, output_register)];
        let mut rng = Rng::new(depth);
        dut.set("b_enable", 0)?;
        let [a, b] = &mut outs;
        model.clear(dut, "a_", a)?;
        // The other port reads what was written first, long enough ago.
        dut.set("a_enable", 0)?;
        dut.set("b_enable", 1)?;
        dut.set("b_address", 0)?;
        for n in 0..if masks { lanes } else { 1 } {
            dut.set(&format!("b_write_{n}"), 0)?;
        }
        dut.step_n(2)?;
        b.fill(&model.words[0]);
        a.settle();
        for clock in 0..400 {
            let mut accesses = [0, 1].map(|_| Access::random(&mut rng, lanes, masks, depth));
            let writes = accesses.iter().any(|a| a.write.contains(&true));
            let [a, b] = &mut accesses;
            if a.address == b.address && writes {
                b.enable = false;
            }
            for (access, (side, out)) in accesses.iter().zip(["a_", "b_"].into_iter().zip(&outs)) {
                access.set(dut, side)?;
                out.expect(dut, &format!("{side}word"), clock)?;
            }
            let reads = accesses.each_ref().map(|access| model.words[access.address].clone());
            for ((access, out), read) in accesses.iter().zip(&mut outs).zip(reads) {
                model.write(access);
                out.step(Some(read).filter(|_| access.enable && !access.write.contains(&true)));
            }
            dut.step()?;
        }
        Ok(())
    })
}

pub fn rom(depth: usize, output_register: bool) -> Case {
    let word = |n: usize| (n * n * 7 % 31) as i64 - 15;
    let contents = Arc::new((0..depth).map(|n| word(n).into()).collect());
    let rom = Rom { word: range(-15..=15), contents, output_register };
    case(format!("rom_{depth}_{output_register}"), &rom, move |dut| {
        let mut rng = Rng::new(depth as u64);
        let mut line = [None; 2];
        for _ in 0..200 {
            let (address, read) = (rng.between(0, depth as u64 - 1) as usize, rng.chance(0.6));
            dut.set("address", address as i64)?;
            dut.set("read", read)?;
            if let Some(wanted) = line[usize::from(output_register)] {
                assert_eq!(dut.get("word")?, word(wanted).into());
            }
            line[1] = line[0];
            line[0] = if read { Some(address) } else { line[0] };
            dut.step()?;
        }
        Ok(())
    })
}

/// What a port is asked for.
#[derive(Clone)]
struct Access {
    address: usize,
    enable: bool,
    write: Vec<bool>,
    data: Vec<u64>,
}

impl Access {
    fn random(rng: &mut Rng, lanes: usize, masks: bool, depth: u64) -> Access {
        let bits = if masks { lanes } else { 1 };
        let writes = rng.chance(0.5);
        // A few words more often than others.
        let last = if rng.chance(0.5) { (depth - 1).min(2) } else { depth - 1 };
        Access {
            address: rng.between(0, last) as usize,
            enable: rng.chance(0.8),
            write: (0..bits).map(|_| writes && rng.chance(0.7)).collect(),
            data: (0..lanes).map(|_| rng.between(0, 255)).collect(),
        }
    }
    fn set(&self, dut: &mut dyn Dut, side: &str) -> Checked {
        dut.set(&format!("{side}address"), self.address as i64)?;
        dut.set(&format!("{side}enable"), self.enable)?;
        self.set_write(dut, side)
    }
    fn set_write(&self, dut: &mut dyn Dut, side: &str) -> Checked {
        for (n, &write) in self.write.iter().enumerate() {
            dut.set(&format!("{side}write_{n}"), write)?;
        }
        self.data.iter().enumerate().try_for_each(|(n, &byte)| dut.set(&format!("{side}data_{n}"), byte))
    }
}

struct Model {
    words: Vec<Vec<u64>>,
    lanes: usize,
}

impl Model {
    fn new(lanes: usize, depth: u64) -> Model {
        Model { words: vec![vec![0; lanes]; depth as usize], lanes }
    }
    fn write(&mut self, access: &Access) {
        if !access.enable {
            return;
        }
        for lane in 0..self.lanes {
            // One bit for all where there is one.
            if access.write[lane.min(access.write.len() - 1)] {
                self.words[access.address][lane] = access.data[lane];
            }
        }
    }
    /// Writes zeros to every word, whatever other runs have left, by `enable`.
    fn fill(&mut self, dut: &mut dyn Dut, enable: impl Fn(&mut dyn Dut, usize, usize) -> Checked) -> Checked {
        for address in 0..self.words.len() {
            enable(dut, address, self.lanes)?;
            (0..self.lanes).try_for_each(|n| dut.set(&format!("data_{n}"), 0))?;
            dut.step()?;
        }
        Ok(())
    }
    /// As above through a port that also reads, and one read without a write behind it.
    fn clear(&mut self, dut: &mut dyn Dut, side: &str, out: &mut Output) -> Checked {
        let write =
            |on: bool| Access { address: 0, enable: true, write: vec![on; self.lanes], data: vec![0; self.lanes] };
        let bits = (0..self.lanes).take_while(|n| dut.pin(&format!("{side}write_{n}")).is_ok()).count();
        for address in 0..self.words.len() {
            let mut access = Access { address, ..write(true) };
            access.write.truncate(bits);
            access.set(dut, side)?;
            dut.step()?;
        }
        let mut access = write(false);
        access.write.truncate(bits);
        access.set(dut, side)?;
        dut.step_n(2)?;
        out.fill(&self.words[0]);
        Ok(())
    }
}

/// The output of a port, with the register behind it if there is one.
struct Output {
    read: Vec<u64>,
    registered: Option<Vec<u64>>,
}

impl Output {
    fn new(lanes: usize, output_register: bool) -> Output {
        Output { read: vec![0; lanes], registered: output_register.then(|| vec![0; lanes]) }
    }
    fn fill(&mut self, word: &[u64]) {
        self.read = word.to_vec();
        self.settle();
    }
    fn settle(&mut self) {
        if let Some(registered) = &mut self.registered {
            registered.clone_from(&self.read);
        }
    }
    fn step(&mut self, read: Option<Vec<u64>>) {
        self.settle();
        self.read = read.unwrap_or_else(|| std::mem::take(&mut self.read));
    }
    fn expect(&self, dut: &mut dyn Dut, name: &str, clock: u64) -> Checked {
        for (n, &byte) in self.registered.as_ref().unwrap_or(&self.read).iter().enumerate() {
            assert_eq!(dut.get(&format!("{name}_{n}"))?, byte.into(), "clock {clock}, byte {n}");
        }
        Ok(())
    }
}
