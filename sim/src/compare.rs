//! Engines in lock step: the first difference is reported with the signal's name and the cycle.
//!
//! [`Lockstep`] is a device made of several engines of one design. Whatever a test does to it, it does to all of them,
//! and every value that is read, and every output after every edge, must be the same in all.

use gatewright_dsl::ir::Dir;
use gatewright_dsl::value::Value;

use crate::clocks::Schedule;
use crate::dut::{Dut, DutExt, Failures, Interface, OnFailure, Pin, SignalInfo};
use crate::error::{CheckFailure, Cover, SimError};
use crate::rng::Rng;

/// Several engines that are driven as one.
pub struct Lockstep<'a> {
    duts: Vec<&'a mut dyn Dut>,
    outputs: Vec<Pin>,
    failures: Failures,
}

impl<'a> Lockstep<'a> {
    /// Drives these engines together; the first answers where only one is asked. They must have the same ports.
    pub fn new(duts: Vec<&'a mut dyn Dut>) -> Result<Lockstep<'a>, SimError> {
        let Some(first) = duts.first() else {
            return Err(SimError::NotAlike("there are none".into()));
        };
        let a = first.interface();
        for other in &duts[1..] {
            let b = other.interface();
            if a.pins != b.pins || a.clocks != b.clocks {
                return Err(SimError::NotAlike(format!("`{}` and `{}` have different ports", a.top, b.top)));
            }
        }
        let outputs = (0..a.pins.len()).filter(|&n| a.pins[n].dir == Dir::Output).map(|n| Pin(n as u32)).collect();
        let mut lockstep = Lockstep { duts, outputs, failures: Failures::default() };
        for dut in &mut lockstep.duts {
            dut.on_failure(OnFailure::Collect);
        }
        Ok(lockstep)
    }

    fn same<T: PartialEq + ToString>(&self, signal: String, cycle: u64, values: &[T]) -> Result<(), SimError> {
        if values.windows(2).all(|w| w[0] == w[1]) {
            return Ok(());
        }
        let name = |n: usize| {
            let engine = self.duts[n].engine();
            let twice = self.duts.iter().filter(|d| d.engine() == engine).count() > 1;
            if twice { format!("{engine} {}", n + 1) } else { engine.to_string() }
        };
        let values = values.iter().enumerate().map(|(n, v)| (name(n), v.to_string())).collect();
        Err(SimError::Difference { signal, cycle, values })
    }

    /// Compares all outputs, in the order of the ports.
    pub fn compare_outputs(&mut self) -> Result<(), SimError> {
        for n in 0..self.outputs.len() {
            self.peek(self.outputs[n])?;
        }
        Ok(())
    }
}

impl Dut for Lockstep<'_> {
    fn interface(&self) -> &Interface {
        self.duts[0].interface()
    }
    fn engine(&self) -> &'static str {
        "lockstep"
    }
    fn poke_value(&mut self, pin: Pin, value: &Value) -> Result<(), SimError> {
        self.duts.iter_mut().try_for_each(|d| d.poke_value(pin, value))
    }
    fn peek(&mut self, pin: Pin) -> Result<Value, SimError> {
        let cycle = self.cycle();
        let first = self.duts[0].peek(pin)?;
        for n in 1..self.duts.len() {
            if self.duts[n].peek(pin)? != first {
                let values = self.duts.iter_mut().map(|d| d.peek(pin)).collect::<Result<Vec<_>, _>>()?;
                self.same(self.interface().info(pin)?.name.clone(), cycle, &values)?;
            }
        }
        Ok(first)
    }
    fn poke_reset(&mut self, clock: usize, active: bool) -> Result<(), SimError> {
        self.duts.iter_mut().try_for_each(|d| d.poke_reset(clock, active))
    }
    fn set_schedule(&mut self, schedule: &Schedule) -> Result<(), SimError> {
        self.duts.iter_mut().try_for_each(|d| d.set_schedule(schedule))
    }
    fn ticks(&self, clock: usize) -> bool {
        self.duts[0].ticks(clock)
    }
    fn time(&self) -> u64 {
        self.duts[0].time()
    }
    fn step(&mut self) -> Result<(), SimError> {
        let cycle = self.cycle();
        self.compare_outputs()?;
        let mut failed = Vec::new();
        for dut in &mut self.duts {
            dut.step()?;
            failed.push(dut.take_failures());
        }
        let names = |f: &Vec<CheckFailure>| {
            let mut names: Vec<String> = f.iter().map(|f| format!("{}.{}", f.path, f.check)).collect();
            names.sort();
            if names.is_empty() { "none".to_string() } else { names.join(", ") }
        };
        let all: Vec<String> = failed.iter().map(names).collect();
        self.same("checks that fail".into(), cycle, &all)?;
        self.compare_outputs()?;
        let failed = failed.swap_remove(0);
        self.failures.settle(failed)
    }
    fn cycle(&self) -> u64 {
        self.duts[0].cycle()
    }
    fn on_failure(&mut self, policy: OnFailure) {
        self.failures.policy = policy;
    }
    fn take_failures(&mut self) -> Vec<CheckFailure> {
        self.failures.take()
    }
    fn covers(&self) -> Vec<Cover> {
        self.duts[0].covers()
    }
    fn signals(&self) -> Vec<SignalInfo> {
        self.duts[0].signals()
    }
    fn peek_signal(&mut self, signal: usize) -> Result<Value, SimError> {
        self.duts[0].peek_signal(signal)
    }
}

/// What is done to a device before each edge.
pub trait Stimulus {
    /// The pokes of one cycle.
    fn drive(&mut self, cycle: u64, dut: &mut dyn Dut) -> Result<(), SimError>;
}

impl<F: FnMut(u64, &mut dyn Dut) -> Result<(), SimError>> Stimulus for F {
    fn drive(&mut self, cycle: u64, dut: &mut dyn Dut) -> Result<(), SimError> {
        self(cycle, dut)
    }
}

/// Random values on all inputs, and a reset now and then.
#[derive(Clone, Debug)]
pub struct RandomStimulus {
    rng: Rng,
    /// Probability that an input changes in a cycle.
    pub change: f64,
    /// Probability that the resets are active in a cycle.
    pub reset: f64,
}

impl RandomStimulus {
    /// Half of the inputs change in each cycle, and one cycle in 50 is under reset, the first two in any case.
    pub fn new(seed: u64) -> RandomStimulus {
        RandomStimulus { rng: Rng::new(seed), change: 0.5, reset: 0.02 }
    }
}

impl Stimulus for RandomStimulus {
    fn drive(&mut self, cycle: u64, dut: &mut dyn Dut) -> Result<(), SimError> {
        if dut.interface().clocks.iter().any(|c| c.reset.is_some()) {
            let active = cycle < 2 || self.rng.chance(self.reset);
            dut.reset(active)?;
        }
        for n in 0..dut.pins().len() {
            let info = &dut.pins()[n];
            if info.dir == Dir::Input && self.rng.chance(self.change) {
                let value = self.rng.value(info.ty);
                dut.poke(Pin(n as u32), value)?;
            }
        }
        Ok(())
    }
}

/// Runs engines of one design in lock step over so many cycles. Checks that fail must fail in all of them, and are not
/// an error.
pub fn compare(duts: Vec<&mut dyn Dut>, cycles: u64, mut stimulus: impl Stimulus) -> Result<(), SimError> {
    let mut all = Lockstep::new(duts)?;
    all.on_failure(OnFailure::Collect);
    for cycle in 0..cycles {
        stimulus.drive(cycle, &mut all)?;
        all.step()?;
        all.take_failures();
    }
    Ok(())
}
