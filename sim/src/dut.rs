//! The device under test: one interface for every engine.
//!
//! A [`Dut`] has data ports ([`Pin`]s), clocks, and resets. Pokes take effect before the next edge; peeks see settled
//! values; [`Dut::step`] goes to the next edge of a clock and evaluates the checks of that clock there. The engines agree on all that can
//! be seen through this interface. Tests are written against `&mut dyn Dut` or `impl Dut`; [`DutExt`] adds calls by
//! name.

use std::collections::HashMap;

use gatewright_dsl::ids::{Id, PortId};
use gatewright_dsl::ir::{Design, Dir, Format, Reset};
use gatewright_dsl::ty::Ty;
use gatewright_dsl::value::Value;

use crate::clocks::Schedule;
use crate::error::{CheckFailure, Cover, SimError, near_names};

/// A data port of a device: its index among [`Dut::pins`], which is the id of the top module's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pin(pub u32);

impl Pin {
    /// The pin of a port of the top module.
    pub fn of(port: PortId) -> Pin {
        Pin(port.0)
    }
    /// The position in [`Dut::pins`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What is known of a pin. A pin whose type has one value has no wires in hardware; it can be read, and poked with that
/// value only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinInfo {
    /// The port's name.
    pub name: String,
    /// Direction, seen from the device.
    pub dir: Dir,
    /// Type.
    pub ty: Ty,
    /// What the type means to a reader.
    pub format: Format,
    /// The clock that takes an input, or that an output follows: an index into [`Interface::clocks`].
    pub clock: usize,
}

/// The pins of a stream port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamPins {
    /// The stream's name.
    pub name: String,
    /// `Input`: the device consumes the stream.
    pub dir: Dir,
    /// Beat offered.
    pub valid: Pin,
    /// Beat taken.
    pub ready: Pin,
    /// Last beat of a packet.
    pub last: Pin,
    /// The payload, in order.
    pub payload: Vec<Pin>,
    /// Its clock: an index into [`Interface::clocks`].
    pub clock: usize,
}

/// A clock of a device with its reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockInfo {
    /// The clock's port name.
    pub clock: String,
    /// The reset pin, where there is one.
    pub reset: Option<Reset>,
}

/// The outside of a device: what every engine of a design shares.
#[derive(Clone, Debug)]
pub struct Interface {
    /// The top module's name.
    pub top: String,
    /// All data ports.
    pub pins: Vec<PinInfo>,
    /// The stream ports.
    pub streams: Vec<StreamPins>,
    /// The clocks; the first is the implicit one.
    pub clocks: Vec<ClockInfo>,
    by_name: HashMap<String, Pin>,
}

impl Interface {
    /// The interface of a design's top level.
    pub fn of(design: &Design) -> Result<Interface, SimError> {
        let top = design.modules.get(design.top).ok_or_else(|| SimError::Malformed("there is no top module".into()))?;
        let pin = |port: PortId| match top.ports.get(port) {
            Some(_) => Ok(Pin::of(port)),
            None => Err(SimError::Malformed(format!("a stream of `{}` names the unknown {port}", top.name))),
        };
        let mut streams = Vec::new();
        for s in &top.streams {
            streams.push(StreamPins {
                name: s.name.clone(),
                dir: s.dir,
                valid: pin(s.valid)?,
                ready: pin(s.ready)?,
                last: pin(s.last)?,
                payload: s.payload.iter().map(|&p| pin(p)).collect::<Result<_, _>>()?,
                clock: top.ports[s.valid].domain.index(),
            });
        }
        let pins = top.ports.values().map(|p| PinInfo {
            name: p.name.clone(),
            dir: p.dir,
            ty: p.ty,
            format: p.format.clone(),
            clock: p.domain.index(),
        });
        // A reset that the design makes itself is no pin.
        let clocks = top.domains.iter().map(|(id, d)| {
            let reset = d.reset.clone().filter(|_| top.reset_wire(id).is_none());
            ClockInfo { clock: d.clock.clone(), reset }
        });
        let clocks = clocks.collect();
        Ok(Interface::new(top.name.clone(), pins.collect(), streams, clocks))
    }

    /// An interface of these pins, streams and clocks.
    pub fn new(top: String, pins: Vec<PinInfo>, streams: Vec<StreamPins>, clocks: Vec<ClockInfo>) -> Interface {
        let by_name = pins.iter().enumerate().map(|(i, p)| (p.name.clone(), Pin(i as u32))).collect();
        Interface { top, pins, streams, clocks, by_name }
    }

    /// The pin of this name, or an error that lists names like it.
    pub fn pin(&self, name: &str) -> Result<Pin, SimError> {
        self.by_name.get(name).copied().ok_or_else(|| SimError::NoPort {
            top: self.top.clone(),
            name: name.to_string(),
            near: near_names(name, self.pins.iter().map(|p| p.name.as_str())),
        })
    }

    /// What is known of `pin`.
    pub fn info(&self, pin: Pin) -> Result<&PinInfo, SimError> {
        self.pins.get(pin.index()).ok_or_else(|| SimError::BadPin {
            top: self.top.clone(),
            pin: pin.0,
            count: self.pins.len(),
        })
    }

    /// The stream of this name and direction, or an error that lists what there is.
    pub fn stream(&self, name: &str, dir: Dir) -> Result<&StreamPins, SimError> {
        self.streams.iter().find(|s| s.name == name && s.dir == dir).ok_or_else(|| SimError::NoStream {
            top: self.top.clone(),
            wanted: if dir == Dir::Input { "input" } else { "output" },
            name: name.to_string(),
            near: self.streams.iter().filter(|s| s.dir == dir).map(|s| s.name.clone()).collect(),
        })
    }

    /// Whether `value` may be poked into `pin`; every engine asks this first.
    pub fn check_poke(&self, pin: Pin, value: &Value) -> Result<(), SimError> {
        let info = self.info(pin)?;
        if info.dir != Dir::Input {
            return Err(SimError::NotInput { top: self.top.clone(), port: info.name.clone() });
        }
        let fits = match (value.to_i64(), info.ty) {
            // Without making a range: pokes are frequent.
            (Some(v), Ty::Bits(w)) if w < 63 => (0..1 << w).contains(&v),
            (Some(v), Ty::Int(t)) if t.small().is_some_and(|(lo, hi)| lo <= v && v <= hi) => true,
            _ => info.ty.contains(value),
        };
        if !fits {
            return Err(SimError::OutOfRange {
                port: info.name.clone(),
                value: value.clone(),
                ty: info.ty.to_string(),
            });
        }
        Ok(())
    }
}

/// What [`Dut::step`] does with checks that fail. The state moves on in both cases, equally in every engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// `step` returns [`SimError::CheckFailed`].
    #[default]
    Stop,
    /// They are kept for [`Dut::take_failures`].
    Collect,
}

/// The checks of an engine that failed, and what becomes of them.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    pub policy: OnFailure,
    kept: Vec<CheckFailure>,
}

impl Failures {
    /// What a step returns in which these failed.
    pub fn settle(&mut self, failed: Vec<CheckFailure>) -> Result<(), SimError> {
        match self.policy {
            _ if failed.is_empty() => Ok(()),
            OnFailure::Stop => Err(SimError::CheckFailed(failed)),
            OnFailure::Collect => {
                self.kept.extend(failed);
                Ok(())
            }
        }
    }

    pub fn take(&mut self) -> Vec<CheckFailure> {
        std::mem::take(&mut self.kept)
    }
}

/// A path of names with a type, inside a device; for waves and probes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalInfo {
    /// Instance names from below the top down; empty for a signal of the top.
    pub scope: Vec<String>,
    /// The name in its module.
    pub name: String,
    /// Type.
    pub ty: Ty,
    /// What the type means to a reader.
    pub format: Format,
}

/// A device under test.
pub trait Dut {
    /// The ports, streams and clocks.
    fn interface(&self) -> &Interface;
    /// The engine's name, for messages.
    fn engine(&self) -> &'static str;

    /// Sets an input before the next edge. The value must be in the port's range.
    fn poke_value(&mut self, pin: Pin, value: &Value) -> Result<(), SimError>;
    /// The settled value of a port.
    fn peek(&mut self, pin: Pin) -> Result<Value, SimError>;
    /// Puts the reset of one clock (an index into [`Interface::clocks`]) into its active or inactive level. Without
    /// effect where that clock has no reset. All resets are inactive at first. Clocks whose resets have one name share
    /// it.
    fn poke_reset(&mut self, clock: usize, active: bool) -> Result<(), SimError>;
    /// Says when the clocks have their edges from now on. Before the first call all have one at every step.
    fn set_schedule(&mut self, schedule: &Schedule) -> Result<(), SimError>;
    /// Advances to the next edge of a clock, or of several that fall together: values settle, checks of these clocks are
    /// evaluated, their state changes.
    fn step(&mut self) -> Result<(), SimError>;
    /// Whether the next step is an edge of this clock.
    fn ticks(&self, clock: usize) -> bool;
    /// The time of the next step, in the units of the schedule.
    fn time(&self) -> u64;
    /// How many steps there were.
    fn cycle(&self) -> u64;

    /// What `step` does with checks that fail.
    fn on_failure(&mut self, policy: OnFailure);
    /// The failures collected since the last call.
    fn take_failures(&mut self) -> Vec<CheckFailure>;
    /// How often each cover point was reached; empty where the engine does not count.
    fn covers(&self) -> Vec<Cover>;

    /// The named signals inside, where the engine can show them.
    fn signals(&self) -> Vec<SignalInfo> {
        Vec::new()
    }
    /// The settled value of a signal, by its index in [`Dut::signals`].
    fn peek_signal(&mut self, signal: usize) -> Result<Value, SimError> {
        Err(SimError::NoSignal { top: self.interface().top.clone(), path: format!("#{signal}"), near: Vec::new() })
    }

    /// As [`Dut::poke_value`], for values that fit `i64`.
    fn poke_i64(&mut self, pin: Pin, value: i64) -> Result<(), SimError> {
        self.poke_value(pin, &Value::small(value))
    }
    /// The data ports.
    fn pins(&self) -> &[PinInfo] {
        &self.interface().pins
    }
    /// The pin of this name, or an error that lists names like it.
    fn pin(&self, name: &str) -> Result<Pin, SimError> {
        self.interface().pin(name)
    }
    /// Puts every reset into its active or inactive level; an error where there is none.
    fn reset(&mut self, active: bool) -> Result<(), SimError> {
        let clocks = &self.interface().clocks;
        let with_reset: Vec<usize> = (0..clocks.len()).filter(|&n| clocks[n].reset.is_some()).collect();
        if with_reset.is_empty() {
            return Err(SimError::NoReset { top: self.interface().top.clone() });
        }
        with_reset.into_iter().try_for_each(|n| self.poke_reset(n, active))
    }
    /// So many steps.
    fn step_n(&mut self, n: u64) -> Result<(), SimError> {
        (0..n).try_for_each(|_| self.step())
    }
}

/// Calls by name, and with anything that is a [`Value`].
pub trait DutExt: Dut {
    /// As [`Dut::poke_value`].
    fn poke(&mut self, pin: Pin, value: impl Into<Value>) -> Result<(), SimError> {
        self.poke_value(pin, &value.into())
    }
    /// Pokes the port of this name.
    fn set(&mut self, name: &str, value: impl Into<Value>) -> Result<(), SimError> {
        let pin = self.pin(name)?;
        self.poke_value(pin, &value.into())
    }
    /// Peeks the port of this name.
    fn get(&mut self, name: &str) -> Result<Value, SimError> {
        let pin = self.pin(name)?;
        self.peek(pin)
    }
    /// The value of a named signal inside, by its path below the top, joined with dots.
    fn probe(&mut self, path: &str) -> Result<Value, SimError> {
        let signals = self.signals();
        let full = |s: &SignalInfo| {
            let mut names = s.scope.clone();
            names.push(s.name.clone());
            names.join(".")
        };
        match signals.iter().position(|s| full(s) == path) {
            Some(n) => self.peek_signal(n),
            None => {
                let names: Vec<String> = signals.iter().map(full).collect();
                let near = near_names(path, names.iter().map(String::as_str));
                Err(SimError::NoSignal { top: self.interface().top.clone(), path: path.to_string(), near })
            }
        }
    }
}
impl<D: Dut + ?Sized> DutExt for D {}

impl<D: Dut + ?Sized> Dut for &mut D {
    fn interface(&self) -> &Interface {
        (**self).interface()
    }
    fn engine(&self) -> &'static str {
        (**self).engine()
    }
    fn poke_value(&mut self, pin: Pin, value: &Value) -> Result<(), SimError> {
        (**self).poke_value(pin, value)
    }
    fn peek(&mut self, pin: Pin) -> Result<Value, SimError> {
        (**self).peek(pin)
    }
    fn poke_reset(&mut self, clock: usize, active: bool) -> Result<(), SimError> {
        (**self).poke_reset(clock, active)
    }
    fn set_schedule(&mut self, schedule: &Schedule) -> Result<(), SimError> {
        (**self).set_schedule(schedule)
    }
    fn step(&mut self) -> Result<(), SimError> {
        (**self).step()
    }
    fn ticks(&self, clock: usize) -> bool {
        (**self).ticks(clock)
    }
    fn time(&self) -> u64 {
        (**self).time()
    }
    fn cycle(&self) -> u64 {
        (**self).cycle()
    }
    fn on_failure(&mut self, policy: OnFailure) {
        (**self).on_failure(policy);
    }
    fn take_failures(&mut self) -> Vec<CheckFailure> {
        (**self).take_failures()
    }
    fn covers(&self) -> Vec<Cover> {
        (**self).covers()
    }
    fn signals(&self) -> Vec<SignalInfo> {
        (**self).signals()
    }
    fn peek_signal(&mut self, signal: usize) -> Result<Value, SimError> {
        (**self).peek_signal(signal)
    }
    fn poke_i64(&mut self, pin: Pin, value: i64) -> Result<(), SimError> {
        (**self).poke_i64(pin, value)
    }
}

/// The clocks whose reset has the name of this one's.
pub(crate) fn sharing_reset(interface: &Interface, clock: usize) -> impl Iterator<Item = usize> {
    let name = |n: usize| interface.clocks[n].reset.as_ref().map(|r| &r.name);
    (0..interface.clocks.len()).filter(move |&n| name(n).is_some() && name(n) == name(clock))
}

/// An error where the device has no such clock.
pub(crate) fn check_clock(interface: &Interface, clock: usize) -> Result<(), SimError> {
    if clock < interface.clocks.len() {
        return Ok(());
    }
    Err(SimError::Malformed(format!("`{}` has no clock number {clock}", interface.top)))
}
