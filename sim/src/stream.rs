//! Drivers and monitors of valid/ready streams, for any engine.
//!
//! A [`StreamSource`] offers beats to an input stream of a device, a [`StreamSink`] takes beats from an output stream;
//! each stalls by a seeded pattern ([`Stall`]), and moves at the edges of its stream's clock. A sink, and a [`StreamMonitor`] on any stream, checks the contract: a
//! beat once offered stays, unchanged, until it is taken. [`run`] drives agents together until all are done, and names
//! the stream that is stuck where nothing moves.

use std::collections::VecDeque;

use gatewright_dsl::ir::Dir;
use gatewright_dsl::value::Value;

use crate::dut::{Dut, StreamPins};
use crate::error::SimError;
use crate::rng::Rng;

/// One beat of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    /// One value per payload port.
    pub payload: Vec<Value>,
    /// True for the last beat of a packet.
    pub last: bool,
}

impl Beat {
    /// A beat of one payload port.
    pub fn of(value: impl Into<Value>, last: bool) -> Beat {
        Beat { payload: vec![value.into()], last }
    }
}

/// When a driver does not want to move.
#[derive(Clone, Debug)]
pub enum Stall {
    /// Never.
    Never,
    /// In each cycle with this probability.
    Random(f64),
    /// Alternating runs of moving and stalling; each is 1 to this many cycles long.
    Bursts(u64),
    /// By this pattern, over and over; `true`: stall. An empty pattern never stalls.
    Pattern(Vec<bool>),
}

/// A stall pattern with its state.
#[derive(Clone, Debug)]
struct Staller {
    stall: Stall,
    rng: Rng,
    stalling: bool,
    left: u64,
    at: usize,
}

impl Staller {
    fn new(stall: Stall, seed: u64) -> Staller {
        Staller { stall, rng: Rng::new(seed), stalling: true, left: 0, at: 0 }
    }
    /// Whether to stall in this cycle; asked once per cycle.
    fn next(&mut self) -> bool {
        match &self.stall {
            Stall::Never => false,
            Stall::Random(p) => self.rng.chance(*p),
            Stall::Bursts(longest) => {
                if self.left == 0 {
                    self.stalling = !self.stalling;
                    self.left = self.rng.between(1, (*longest).max(1));
                }
                self.left -= 1;
                self.stalling
            }
            Stall::Pattern(pattern) => {
                let now = pattern.get(self.at % pattern.len().max(1)).copied().unwrap_or(false);
                self.at += 1;
                now
            }
        }
    }
}

/// Something that drives or watches a stream, step by step; it does nothing where its clock has no edge.
pub trait Agent {
    /// Pokes the device before the edge.
    fn drive(&mut self, dut: &mut dyn Dut) -> Result<(), SimError>;
    /// Looks at the settled values, after all agents have driven and before the edge. True where a beat moves.
    fn observe(&mut self, dut: &mut dyn Dut) -> Result<bool, SimError>;
    /// Takes back what it drives: nothing moves any more.
    fn release(&mut self, dut: &mut dyn Dut) -> Result<(), SimError>;
    /// True where there is nothing left to wait for.
    fn is_done(&self) -> bool;
    /// What it waits for, for messages.
    fn waits_for(&self) -> String;
}

/// Offers beats to an input stream of the device.
#[derive(Debug)]
pub struct StreamSource {
    pins: StreamPins,
    queue: VecDeque<Beat>,
    staller: Staller,
    offering: bool,
    sent: u64,
}

impl StreamSource {
    /// A source for the input stream `name`; it offers nothing yet, and never stalls.
    pub fn new(dut: &(impl Dut + ?Sized), name: &str) -> Result<StreamSource, SimError> {
        let pins = dut.interface().stream(name, Dir::Input)?.clone();
        Ok(StreamSource {
            pins,
            queue: VecDeque::new(),
            staller: Staller::new(Stall::Never, 0),
            offering: false,
            sent: 0,
        })
    }
    /// Stalls by this pattern. A beat already offered is not withdrawn.
    pub fn stall(mut self, stall: Stall, seed: u64) -> Self {
        self.staller = Staller::new(stall, seed);
        self
    }
    /// Adds a beat.
    pub fn push(&mut self, beat: Beat) -> Result<(), SimError> {
        let (wanted, got) = (self.pins.payload.len(), beat.payload.len());
        if wanted != got {
            return Err(SimError::Payload { stream: self.pins.name.clone(), wanted, got });
        }
        self.queue.push_back(beat);
        Ok(())
    }
    /// Adds beats of one payload port that make one packet: the last one is marked.
    pub fn push_packet<T: Into<Value>>(&mut self, values: impl IntoIterator<Item = T>) -> Result<(), SimError> {
        let mut values = values.into_iter().peekable();
        while let Some(value) = values.next() {
            self.push(Beat::of(value, values.peek().is_none()))?;
        }
        Ok(())
    }
    /// Beats that were taken.
    pub fn sent(&self) -> u64 {
        self.sent
    }
}

impl Agent for StreamSource {
    fn drive(&mut self, dut: &mut dyn Dut) -> Result<(), SimError> {
        if !dut.ticks(self.pins.clock) {
            return Ok(());
        }
        let stalled = self.staller.next();
        if !self.offering {
            self.offering = !stalled && !self.queue.is_empty();
        }
        let beat = self.queue.front().filter(|_| self.offering);
        dut.poke_i64(self.pins.valid, i64::from(beat.is_some()))?;
        let Some(beat) = beat else {
            return Ok(());
        };
        // A stream without packets has a `last` of one value, or its `valid` for one, as most channels of AXI.
        if self.pins.last != self.pins.valid && dut.interface().info(self.pins.last)?.ty.as_constant().is_none() {
            dut.poke_i64(self.pins.last, i64::from(beat.last))?;
        }
        for (&pin, value) in self.pins.payload.iter().zip(&beat.payload) {
            dut.poke_value(pin, value)?;
        }
        Ok(())
    }
    fn observe(&mut self, dut: &mut dyn Dut) -> Result<bool, SimError> {
        let moves = self.offering && dut.ticks(self.pins.clock) && !dut.peek(self.pins.ready)?.is_zero();
        if moves {
            self.offering = false;
            self.queue.pop_front();
            self.sent += 1;
        }
        Ok(moves)
    }
    fn release(&mut self, dut: &mut dyn Dut) -> Result<(), SimError> {
        self.offering = false;
        dut.poke_i64(self.pins.valid, 0)
    }
    fn is_done(&self) -> bool {
        self.queue.is_empty()
    }
    fn waits_for(&self) -> String {
        let (name, left) = (&self.pins.name, self.queue.len());
        format!("`{name}` has {left} beats to send after {}, and `{name}` is not ready", self.sent)
    }
}

/// Watches a stream: keeps the beats that move, and checks the contract.
#[derive(Debug)]
pub struct StreamMonitor {
    pins: StreamPins,
    beats: Vec<Beat>,
    /// The beat that was offered and not taken at the last edge.
    held: Option<Beat>,
}

impl StreamMonitor {
    /// A monitor on the stream `name`, whichever way it runs.
    pub fn new(dut: &(impl Dut + ?Sized), name: &str) -> Result<StreamMonitor, SimError> {
        let interface = dut.interface();
        let found = interface.stream(name, Dir::Output).or_else(|_| interface.stream(name, Dir::Input))?;
        Ok(StreamMonitor { pins: found.clone(), beats: Vec::new(), held: None })
    }
    /// The beats so far.
    pub fn beats(&self) -> &[Beat] {
        &self.beats
    }
    fn broken(&self, dut: &dyn Dut, what: String) -> SimError {
        SimError::Contract { stream: self.pins.name.clone(), cycle: dut.cycle(), what }
    }
}

impl Agent for StreamMonitor {
    fn drive(&mut self, _: &mut dyn Dut) -> Result<(), SimError> {
        Ok(())
    }
    fn release(&mut self, _: &mut dyn Dut) -> Result<(), SimError> {
        Ok(())
    }
    fn observe(&mut self, dut: &mut dyn Dut) -> Result<bool, SimError> {
        if !dut.ticks(self.pins.clock) {
            return Ok(false);
        }
        if dut.peek(self.pins.valid)?.is_zero() {
            return match self.held {
                Some(_) => Err(self.broken(dut, "valid was taken back before the beat was taken".into())),
                None => Ok(false),
            };
        }
        let mut payload = Vec::with_capacity(self.pins.payload.len());
        for &pin in &self.pins.payload {
            payload.push(dut.peek(pin)?);
        }
        let beat = Beat { payload, last: !dut.peek(self.pins.last)?.is_zero() };
        if let Some(held) = self.held.as_ref().filter(|held| **held != beat) {
            let what = format!("the beat changed before it was taken, from {} to {}", text(held), text(&beat));
            return Err(self.broken(dut, what));
        }
        let moves = !dut.peek(self.pins.ready)?.is_zero();
        if moves {
            self.held = None;
            self.beats.push(beat);
        } else {
            self.held = Some(beat);
        }
        Ok(moves)
    }
    fn is_done(&self) -> bool {
        true
    }
    fn waits_for(&self) -> String {
        String::new()
    }
}

fn text(beat: &Beat) -> String {
    let last = if beat.last { " last" } else { "" };
    format!("{:?}{last}", beat.payload)
}

/// Takes beats from an output stream of the device, and checks the contract.
#[derive(Debug)]
pub struct StreamSink {
    monitor: StreamMonitor,
    staller: Staller,
    wanted: usize,
}

impl StreamSink {
    /// A sink for the output stream `name` that is done after `wanted` beats (it goes on taking), and never stalls.
    pub fn new(dut: &(impl Dut + ?Sized), name: &str, wanted: usize) -> Result<StreamSink, SimError> {
        let pins = dut.interface().stream(name, Dir::Output)?.clone();
        let monitor = StreamMonitor { pins, beats: Vec::new(), held: None };
        Ok(StreamSink { monitor, staller: Staller::new(Stall::Never, 0), wanted })
    }
    /// Is not ready by this pattern.
    pub fn stall(mut self, stall: Stall, seed: u64) -> Self {
        self.staller = Staller::new(stall, seed);
        self
    }
    /// Waits for so many beats in all.
    pub fn want(&mut self, wanted: usize) {
        self.wanted = wanted;
    }
    /// The beats so far.
    pub fn beats(&self) -> &[Beat] {
        self.monitor.beats()
    }
    /// The first payload value of each beat so far.
    pub fn values(&self) -> Vec<Value> {
        self.beats().iter().filter_map(|b| b.payload.first().cloned()).collect()
    }
}

impl Agent for StreamSink {
    fn drive(&mut self, dut: &mut dyn Dut) -> Result<(), SimError> {
        if !dut.ticks(self.monitor.pins.clock) {
            return Ok(());
        }
        let ready = !self.staller.next();
        dut.poke_i64(self.monitor.pins.ready, i64::from(ready))
    }
    fn observe(&mut self, dut: &mut dyn Dut) -> Result<bool, SimError> {
        self.monitor.observe(dut)
    }
    fn release(&mut self, dut: &mut dyn Dut) -> Result<(), SimError> {
        dut.poke_i64(self.monitor.pins.ready, 0)
    }
    fn is_done(&self) -> bool {
        self.monitor.beats.len() >= self.wanted
    }
    fn waits_for(&self) -> String {
        let name = &self.monitor.pins.name;
        format!("`{name}` gave {} of {} beats, and `{name}` is not valid", self.monitor.beats.len(), self.wanted)
    }
}

/// Runs the device with these agents until all are done; the number of cycles it took. Then no agent drives `valid` or
/// `ready` any more. Gives up with [`SimError::Stuck`] after `patience` cycles in which no beat moved.
pub fn run(dut: &mut dyn Dut, agents: &mut [&mut dyn Agent], patience: u64) -> Result<u64, SimError> {
    let cycles = run_until_done(dut, agents, patience);
    let released = agents.iter_mut().try_for_each(|a| a.release(dut));
    let cycles = cycles?;
    released.map(|()| cycles)
}

fn run_until_done(dut: &mut dyn Dut, agents: &mut [&mut dyn Agent], patience: u64) -> Result<u64, SimError> {
    let start = dut.cycle();
    let mut idle = 0;
    while !agents.iter().all(|a| a.is_done()) {
        let moved = cycle(dut, agents)?;
        idle = if moved { 0 } else { idle + 1 };
        if idle > patience {
            let stuck = agents.iter().filter(|a| !a.is_done()).map(|a| a.waits_for()).collect();
            return Err(SimError::Stuck { cycle: dut.cycle(), idle, stuck });
        }
    }
    Ok(dut.cycle() - start)
}

/// One cycle with these agents; true where a beat moved.
pub fn cycle(dut: &mut dyn Dut, agents: &mut [&mut dyn Agent]) -> Result<bool, SimError> {
    for agent in agents.iter_mut() {
        agent.drive(dut)?;
    }
    let mut moved = false;
    for agent in agents.iter_mut() {
        moved |= agent.observe(dut)?;
    }
    dut.step()?;
    Ok(moved)
}
