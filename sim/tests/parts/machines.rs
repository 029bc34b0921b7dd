//! State machines with random transitions against their table, in every encoding, and from every illegal word.

use gatewright_dsl::parts::fsm::{Encoding, Fsm, Machine};
use gatewright_dsl::prelude::*;
use gatewright_sim::rng::Rng;
use gatewright_sim::{Dut, DutExt};

use super::behaviour::{Case, Checked, case};

const NAMES: [&str; 12] =
    ["rest", "wait a bit", "wire", "s3", "s4", "Fifth", "state", "s7", "eight of them", "9", "s10", "s11"];
const CONDITIONS: usize = 4;

/// A machine of which each state has some transitions: the condition's number, and where to. The first that is listed
/// counts.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Random {
    pub table: Vec<Vec<(usize, usize)>>,
    pub encoding: Encoding,
    pub recovers: bool,
}

#[derive(Bundle)]
pub struct RandomOut {
    number: Int,
    code: Bits,
    is: Vec<Bool>,
    /// So that every input is read.
    any: Bool,
}

impl Random {
    pub fn new(rng: &mut Rng, states: usize, encoding: Encoding, recovers: bool) -> Random {
        let to = |rng: &mut Rng| rng.between(0, states as u64 - 1) as usize;
        let condition = |rng: &mut Rng| rng.between(0, CONDITIONS as u64 - 1) as usize;
        // A ring, so that no state is out of reach, and ways across.
        let ways = |s: usize, rng: &mut Rng| {
            let mut ways: Vec<_> = (0..rng.between(0, 2)).map(|_| (condition(rng), to(rng))).collect();
            ways.push((condition(rng), (s + 1) % states));
            ways
        };
        Random { table: (0..states).map(|s| ways(s, rng)).collect(), encoding, recovers }
    }

    fn machine(&self, m: &Module, conditions: &[Bool]) -> Fsm<&'static str> {
        let machine = Machine::named(&NAMES[..self.table.len()]).encoding(self.encoding);
        let machine = if self.recovers { machine.recovers() } else { machine };
        let state = machine.declare(m, "state");
        state.rules(m, |s| {
            for (from, ways) in self.table.iter().enumerate() {
                s.on(NAMES[from], |at| {
                    // Some as a chain, and some as assignments of which the last one wins.
                    if from % 2 == 0 {
                        let mut ways = ways.iter();
                        let &(when, to) = ways.next().unwrap();
                        let chain = m.when(conditions[when], || at.go(NAMES[to]));
                        ways.fold(chain, |chain, &(when, to)| chain.elsewhen(conditions[when], || at.go(NAMES[to])));
                    } else {
                        for &(when, to) in ways.iter().rev() {
                            m.when(conditions[when], || at.go(NAMES[to]));
                        }
                    }
                });
            }
        });
        state
    }

    fn code(&self, state: usize) -> u64 {
        match self.encoding {
            Encoding::Binary => state as u64,
            Encoding::OneHot => 1 << state,
            Encoding::Gray => (state ^ state >> 1) as u64,
        }
    }
    fn illegal(&self) -> Vec<u64> {
        let states = self.table.len();
        let width = match self.encoding {
            Encoding::OneHot => states as u32,
            _ => states.next_power_of_two().ilog2().max(1),
        };
        (0..1 << width).filter(|&word| (0..states).all(|state| self.code(state) != word)).collect()
    }
}

impl Generator for Random {
    type In = Vec<Bool>;
    type Out = RandomOut;
    fn shape(&self) -> Vec<BoolTy> {
        vec![BOOL; CONDITIONS]
    }
    fn build(&self, m: &Module, i: Vec<Bool>) -> RandomOut {
        let state = self.machine(m, &i);
        let is = NAMES[..self.table.len()].iter().map(|&name| state.is(name)).collect();
        RandomOut { number: state.number(), code: state.code(), is, any: from_bools(&i).any() }
    }
}

fn follows(dut: &mut dyn Dut, machine: &Random, seed: u64) -> Checked {
    dut.reset(true)?;
    dut.step()?;
    dut.reset(false)?;
    let (mut rng, mut state) = (Rng::new(seed), 0);
    for clock in 0..300 {
        let inputs: Vec<bool> = (0..CONDITIONS).map(|_| rng.chance(0.4)).collect();
        for (n, &input) in inputs.iter().enumerate() {
            dut.set(&format!("in_{n}"), input)?;
        }
        assert_eq!(dut.get("number")?, state.into(), "clock {clock}");
        assert_eq!(dut.get("code")?, machine.code(state).into(), "clock {clock}");
        for n in 0..machine.table.len() {
            assert_eq!(dut.get(&format!("is_{n}"))?, (n == state).into(), "clock {clock}");
        }
        state = machine.table[state].iter().find(|(when, _)| inputs[*when]).map_or(state, |(_, to)| *to);
        dut.step()?;
    }
    Ok(())
}

/// From a word that is no state: the reset state comes next, whatever the inputs are.
fn recovers(dut: &mut dyn Dut, machine: &Random, word: u64) -> Checked {
    for inputs in 0..1u32 << CONDITIONS {
        dut.reset(true)?;
        dut.step()?;
        dut.reset(false)?;
        assert_eq!(dut.get("code")?, word.into());
        for n in 0..CONDITIONS {
            dut.set(&format!("in_{n}"), inputs >> n & 1 == 1)?;
        }
        dut.step()?;
        assert_eq!(dut.get("code")?, machine.code(0).into(), "after {word:b}");
        assert_eq!(dut.get("number")?, 0.into());
    }
    Ok(())
}

pub fn random_case(rng: &mut Rng, states: usize, encoding: Encoding, recovers: bool) -> Case {
    let machine = Random::new(rng, states, encoding, recovers);
    let name = format!("fsm_{states}_{encoding:?}_{recovers}");
    let seed = rng.bits();
    case(name, &machine.clone(), move |dut| follows(dut, &machine, seed))
}

pub fn random(rng: &mut Rng) -> Case {
    let encoding = [Encoding::Binary, Encoding::OneHot, Encoding::Gray][rng.between(0, 2) as usize];
    let (states, back) = (rng.between(1, NAMES.len() as u64) as usize, rng.chance(0.5));
    random_case(rng, states, encoding, back)
}

pub fn cases() -> Vec<Case> {
    let mut rng = Rng::new(77);
    let mut cases = Vec::new();
    for encoding in [Encoding::Binary, Encoding::OneHot, Encoding::Gray] {
        for (states, back) in [(1, false), (2, false), (5, false), (8, true), (12, true)] {
            cases.push(random_case(&mut rng, states, encoding, back));
        }
        let states = if encoding == Encoding::OneHot { 3 } else { 5 };
        let machine = Random::new(&mut rng, states, encoding, true);
        for word in machine.illegal() {
            let illegal = machine.clone();
            let name = format!("fsm_{encoding:?}_from_{word}");
            let mut case = case(name, &machine, move |dut| recovers(dut, &illegal, word));
            // Reset leads where only a disturbance would.
            let regs = &mut case.design.modules[case.design.top].regs;
            let register = regs.ids().find(|&id| regs[id].name == "state").unwrap();
            regs[register].reset = Some(word.into());
            cases.push(case);
        }
    }
    cases
}
