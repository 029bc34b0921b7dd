//! Parts between clocks on the interpreter.

#[path = "../clocks/mod.rs"]
mod clocks;

use clocks::behaviour::body;
use clocks::designs::{Kind, all};
use gatewright_dsl::prelude::*;
use gatewright_sim::rng::Rng;
use gatewright_sim::{Batch, Dut, DutExt, Interpreter, Schedule, SimError};

#[test]
fn nothing_is_lost_or_doubled_at_any_ratio() {
    for seed in 0..4 {
        let mut rng = Rng::new(seed);
        let random = (0..6).map(|_| Kind::random(&mut rng)).collect::<Vec<_>>();
        for kind in all().into_iter().chain(random) {
            let done = body(kind, &mut Interpreter::new(&kind.design()).unwrap(), seed);
            done.unwrap_or_else(|e| panic!("{kind:?}: {e}"));
        }
    }
}

/// Two registers, in the domains that it names.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Two([Domain; 2]);

impl Generator for Two {
    type In = (Int, Int);
    type Out = (Int, Int);
    fn shape(&self) -> (IntTy, IntTy) {
        (uint(4), uint(4))
    }
    fn build(&self, m: &Module, (i, j): (Int, Int)) -> (Int, Int) {
        let held = |name: &str, domain: &Domain, value: Int| {
            let register = m.domain(domain, || m.reg(name, uint(4)).reset(2));
            register.set(value);
            register.q()
        };
        (held("a", &self.0[0], i), held("b", &self.0[1], j))
    }
}

/// Resets are shared by name, alone and in a batch.
#[test]
fn a_reset_reaches_the_domains_that_have_it() {
    let on = |clock: &str, reset: &str| Domain::new(clock).reset(reset, ResetKind::Sync, Polarity::High);
    let cases = [([on("c", "r"), on("c", "other")], [2, 9]), ([on("c", "r"), on("d", "r")], [2, 2])];
    for (domains, wanted) in cases {
        let design = elaborate(&Two(domains)).unwrap();
        let run = |dut: &mut dyn Dut| {
            let named = |c: &gatewright_sim::dut::ClockInfo| c.reset.as_ref().is_some_and(|r| r.name == "r");
            let clock = dut.interface().clocks.iter().position(named).unwrap();
            dut.set("in_0", 9).unwrap();
            dut.set("in_1", 9).unwrap();
            dut.poke_reset(clock, true).unwrap();
            dut.step().unwrap();
            ["out_0", "out_1"].map(|name| dut.get(name).unwrap())
        };
        assert_eq!(run(&mut Interpreter::new(&design).unwrap()), wanted.map(Value::from));
        let batch = Batch::new([&design]).unwrap();
        let mut all = Interpreter::new(&batch.design).unwrap();
        assert_eq!(run(&mut batch.view(&mut all, 0).unwrap()), wanted.map(Value::from));
    }
}

/// A reset made inside that acts at once does so in the step in which its bit rises.
#[derive(Clone, PartialEq, Eq, Hash)]
struct AtOnce;

impl Generator for AtOnce {
    type In = Bool;
    type Out = Int;
    fn shape(&self) -> BoolTy {
        BOOL
    }
    fn build(&self, m: &Module, i: Bool) -> Int {
        let made = Domain::new("clk").reset("made", ResetKind::Async, Polarity::High);
        m.drive_reset(&made, m.delay("late", i));
        let count = m.domain(&made, || m.reg("count", uint(4)).reset(2));
        count.set(count.q().next_wrapping(16));
        count.q()
    }
}

#[test]
fn a_reset_made_inside_acts_at_once() {
    let mut dut = Interpreter::new(&elaborate(&AtOnce).unwrap()).unwrap();
    let mut seen = Vec::new();
    for active in [false, false, true, true, false, false, false] {
        dut.set("in", active).unwrap();
        dut.step().unwrap();
        seen.push(dut.get("out").unwrap());
    }
    assert_eq!(seen, [3, 4, 2, 2, 2, 3, 4].map(Value::from));
}

#[test]
fn the_end_of_time_is_no_panic() {
    let mut dut = Interpreter::new(&elaborate(&AtOnce).unwrap()).unwrap();
    dut.set_schedule(&Schedule::new().clock("clk", u64::MAX, 1)).unwrap();
    dut.step_n(3).unwrap();
    dut.set_schedule(&Schedule::new().clock("clk", 1, u64::MAX)).unwrap();
    dut.step_n(3).unwrap();
    let unknown = dut.set_schedule(&Schedule::new().clock("clock", 1, 0));
    assert!(matches!(unknown, Err(SimError::Schedule { .. })));
}
