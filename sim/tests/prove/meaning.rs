//! z3's reading of a design is the interpreter's: random inputs, and designs in which checks fail.

use gatewright_dsl::ir::Dir;
use gatewright_dsl::prelude::*;
use gatewright_sim::prove::{self, Given};
use gatewright_sim::rng::Rng;
use gatewright_sim::{Dut, Interpreter, OnFailure, Pin};

use super::has_z3;

/// Random inputs and resets, the same outputs and the same failures. The number of failures.
#[track_caller]
fn agrees(design: &Design, seed: u64, clocks: usize) -> usize {
    let mut rng = Rng::new(seed);
    let mut dut = Interpreter::new(design).expect("a simulation");
    dut.on_failure(OnFailure::Collect);
    let pins = dut.pins().to_vec();
    let (mut given, mut outputs) = (Vec::new(), Vec::new());
    for n in 0..clocks {
        let reset = n > 0 && rng.chance(0.1);
        dut.poke_reset(0, reset).expect("a reset");
        let mut inputs = Vec::new();
        for (at, pin) in pins.iter().enumerate().filter(|(_, p)| p.dir == Dir::Input) {
            let value = rng.value(pin.ty);
            dut.poke_value(Pin(at as u32), &value).expect("a poke");
            inputs.push(value);
        }
        let outs = pins.iter().enumerate().filter(|(_, p)| p.dir == Dir::Output);
        outputs.push(outs.map(|(at, _)| dut.peek(Pin(at as u32)).expect("a peek")).collect::<Vec<_>>());
        given.push(Given { reset, inputs });
        dut.step().expect("a step");
    }
    let failures = dut.take_failures();
    let found = prove::run(design, &given).expect("z3 finds outputs");
    for (n, outcome) in found.iter().enumerate() {
        assert_eq!(outcome.outputs, outputs[n], "clock {n}");
        let wanted = failures.iter().filter(|f| f.cycle == n as u64).map(|f| (f.path.clone(), f.check.clone()));
        let (mut wanted, mut got) = (wanted.collect::<Vec<_>>(), outcome.failures.clone());
        wanted.sort();
        got.sort();
        assert_eq!(got, wanted, "clock {n}");
    }
    failures.len()
}

/// Claims that fail, under conditions and in a child, and what becomes of the values.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Claims;

impl Generator for Claims {
    type In = (Int, Int, Bool);
    type Out = (Int, Int, Int, Int);
    fn shape(&self) -> (IntTy, IntTy, gatewright_dsl::hw::bits::BoolTy) {
        (sint(6), uint(4), BOOL)
    }
    fn build(&self, m: &Module, (x, y, c): Self::In) -> Self::Out {
        let always = (x + y).claim(range(-3..=9));
        let kept = m.reg("kept", range(2..=11)).reset(5);
        m.when(c, || kept.set((x - y).claim(range(2..=11)))).elsewhen(y.eq(3), || kept.set(y));
        let child = m.inst("child", &Doubled, always);
        let list = [lit(7), lit(-2), x, lit(20), lit(1)];
        let chosen = select((x * y).claim(range(0..=4)), &list);
        m.assert("even", child.bit(0).eq(false) & kept.q().lt(11), "an odd number, or 11");
        (always, child, kept.q() * always, chosen)
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Doubled;

impl Generator for Doubled {
    type In = Int;
    type Out = Int;
    fn shape(&self) -> IntTy {
        range(-3..=9)
    }
    fn build(&self, m: &Module, x: Int) -> Int {
        m.assume("is_small", x.lt(8), "a small number");
        x + x
    }
}

#[test]
fn claims_that_fail() {
    if has_z3() {
        let failures: usize = (0..4).map(|seed| agrees(&elaborate(&Claims).expect("a design"), seed, 12)).sum();
        assert!(failures > 20, "{failures}");
    }
}

/// A stream that breaks its contract, and memories of each kind whose ports collide.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Careless;

#[derive(Bundle)]
struct CarelessIn {
    valid: Bool,
    data: Int,
    write: Bool,
    at: Int,
    from: Int,
    enable: Bool,
}

#[derive(Bundle)]
struct CarelessOut {
    output: Stream<Int>,
    words: Vec<Int>,
    parts: (Int, Bool),
}

impl Generator for Careless {
    type In = CarelessIn;
    type Out = CarelessOut;
    fn shape(&self) -> CarelessInShape {
        let three = range(0..=4);
        CarelessInShape { valid: BOOL, data: sint(3), write: BOOL, at: three, from: three, enable: BOOL }
    }
    fn build(&self, m: &Module, i: CarelessIn) -> CarelessOut {
        let mut words = Vec::new();
        for (name, collision) in [("m_old", Collision::Old), ("m_new", Collision::New), ("m_any", Collision::Undefined)]
        {
            let mem = m.mem(name, sint(3), 5).contents((0..5).map(|n| n - 2)).collision(collision);
            m.when(i.write, || mem.write(i.at, i.data));
            words.push(mem.read_sync(i.from));
            words.push(mem.read_sync_when(i.at, i.enable));
            words.push(mem.read(i.from));
        }
        let parts = m.mem("parts", (range(5..=9), BOOL), 5).collision(Collision::New);
        m.when(i.enable, || parts.write_masked(i.at, ((i.data + 7).sat(range(5..=9)), i.write), &[i.valid, i.write]));
        let (output, _) = m.stream("output", i.valid, i.write, i.data);
        CarelessOut { output, words, parts: parts.read_sync(i.from) }
    }
}

#[test]
fn contracts_and_collisions_that_fail() {
    if !has_z3() {
        return;
    }
    for options in [
        Options::default(),
        Options::reset("rst_n", ResetKind::Async, Polarity::Low),
        Options::reset("rst", ResetKind::Async, Polarity::High),
        Options::no_reset(),
    ] {
        let (design, _) = elaborate_with(&Careless, &options).expect("a design");
        let failures: usize = (0..4).map(|seed| agrees(&design, seed, 12)).sum();
        assert!(failures > 8, "{failures}");
    }
}
