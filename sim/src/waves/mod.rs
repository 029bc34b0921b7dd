//! Waves: timing diagrams as text and as pictures, and VCD and FST files, of any engine.
//!
//! [`Traced`] wraps a device and records it at every step, so that any driver or harness leaves a wave. Files show the
//! pins, the clocks and the resets, and the named signals inside where the engine can tell them (the interpreter).
//! An edge at the time t of the schedule (without one, edge number t) rises at 10·t + 5; what was poked before it appears
//! at 10·t.

mod file;
mod svg;
mod text;

use gatewright_dsl::value::Value;

pub use file::{WaveFile, WaveFormat};
pub use text::{TextWave, show};

use crate::clocks::Schedule;
use crate::dut::{Dut, Interface, OnFailure, Pin, SignalInfo, sharing_reset};
use crate::error::{CheckFailure, Cover, SimError};

/// Something that records a device around every edge.
pub trait Record {
    /// Values have settled; the edge comes next.
    fn before_edge(&mut self, dut: &mut dyn Dut, resets: &[bool]) -> Result<(), SimError>;
    /// Values after the edge.
    fn after_edge(&mut self, dut: &mut dyn Dut, resets: &[bool]) -> Result<(), SimError>;
}

/// A device that is recorded at every step.
pub struct Traced<D, R> {
    dut: D,
    record: R,
    /// For each clock, whether its reset is active.
    resets: Vec<bool>,
}

impl<D: Dut, R: Record> Traced<D, R> {
    /// Records this device.
    pub fn new(dut: D, record: R) -> Traced<D, R> {
        let resets = vec![false; dut.interface().clocks.len()];
        Traced { dut, record, resets }
    }
    /// The record so far.
    pub fn record(&self) -> &R {
        &self.record
    }
    /// The device and its record.
    pub fn into_parts(self) -> (D, R) {
        (self.dut, self.record)
    }
}

impl<D: Dut, R: Record> Dut for Traced<D, R> {
    fn interface(&self) -> &Interface {
        self.dut.interface()
    }
    fn engine(&self) -> &'static str {
        self.dut.engine()
    }
    fn poke_value(&mut self, pin: Pin, value: &Value) -> Result<(), SimError> {
        self.dut.poke_value(pin, value)
    }
    fn peek(&mut self, pin: Pin) -> Result<Value, SimError> {
        self.dut.peek(pin)
    }
    fn poke_reset(&mut self, clock: usize, active: bool) -> Result<(), SimError> {
        self.dut.poke_reset(clock, active)?;
        for n in sharing_reset(self.dut.interface(), clock) {
            self.resets[n] = active;
        }
        Ok(())
    }
    fn set_schedule(&mut self, schedule: &Schedule) -> Result<(), SimError> {
        self.dut.set_schedule(schedule)
    }
    fn ticks(&self, clock: usize) -> bool {
        self.dut.ticks(clock)
    }
    fn time(&self) -> u64 {
        self.dut.time()
    }
    fn step(&mut self) -> Result<(), SimError> {
        self.record.before_edge(&mut self.dut, &self.resets)?;
        // A check that fails belongs on the wave: record what follows, then report.
        let outcome = self.dut.step();
        self.record.after_edge(&mut self.dut, &self.resets)?;
        outcome
    }
    fn cycle(&self) -> u64 {
        self.dut.cycle()
    }
    fn on_failure(&mut self, policy: OnFailure) {
        self.dut.on_failure(policy);
    }
    fn take_failures(&mut self) -> Vec<CheckFailure> {
        self.dut.take_failures()
    }
    fn covers(&self) -> Vec<Cover> {
        self.dut.covers()
    }
    fn signals(&self) -> Vec<SignalInfo> {
        self.dut.signals()
    }
    fn peek_signal(&mut self, signal: usize) -> Result<Value, SimError> {
        self.dut.peek_signal(signal)
    }
}
