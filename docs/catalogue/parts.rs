//! Every standard part at a stated size.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use gatewright_dsl::parts::arbiter::{Arbiter, Grant, Policy};
use gatewright_dsl::parts::bus::BusTy;
use gatewright_dsl::parts::bus::axi::{AxiReader, AxiTy, AxiWriter};
use gatewright_dsl::parts::bus::axi_lite::AxiLiteManager;
use gatewright_dsl::parts::bus::wishbone::{WishboneManager, WishbonePipelinedManager};
use gatewright_dsl::parts::cdc::{AsyncFifo, handshake, pulse, synchronize, synchronize_gray, synchronize_reset};
use gatewright_dsl::parts::cordic::{Cordic, Rotate, ToPolar};
use gatewright_dsl::parts::counter::{counter, saturating_counter};
use gatewright_dsl::parts::credit::Credits;
use gatewright_dsl::parts::delay::delay_line;
use gatewright_dsl::parts::divide::Divider;
use gatewright_dsl::parts::encode::*;
use gatewright_dsl::parts::fifo::{DelayLine, Fifo, FifoStyle, RegSlice};
use gatewright_dsl::parts::fork::{Fork, LazyFork};
use gatewright_dsl::parts::fsm::{Encoding, Machine};
use gatewright_dsl::parts::join::join;
use gatewright_dsl::parts::lfsr::lfsr;
use gatewright_dsl::parts::mux::{mux, mux_by};
use gatewright_dsl::parts::pack::{LanesShape, Order, Pack};
use gatewright_dsl::parts::ram::{Mode, Rom, SimpleDualPort, SinglePort, TrueDualPort};
use gatewright_dsl::parts::sqrt::SquareRoot;
use gatewright_dsl::parts::uart::{UartLine, UartReceiver, UartTransmitter};
use gatewright_dsl::parts::width::{Narrow, Widen};
use gatewright_dsl::prelude::*;

/// A part that has figures.
pub struct Entry {
    /// As the page calls it.
    pub name: &'static str,
    /// The parameters.
    pub size: &'static str,
    pub design: Design,
}

/// A module made of a function, told apart by its name.
pub struct Of<S: Shape, O> {
    name: &'static str,
    shape: S,
    build: fn(&Module, S::Value) -> O,
}

impl<S: Shape, O> Clone for Of<S, O> {
    fn clone(&self) -> Self {
        Of { shape: self.shape.clone(), ..*self }
    }
}
impl<S: Shape, O> PartialEq for Of<S, O> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
impl<S: Shape, O> Eq for Of<S, O> {}
impl<S: Shape, O> Hash for Of<S, O> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}
impl<S: Shape, O: Bundle> Generator for Of<S, O> {
    type In = S::Value;
    type Out = O;
    fn shape(&self) -> S {
        self.shape.clone()
    }
    fn build(&self, m: &Module, i: S::Value) -> O {
        (self.build)(m, i)
    }
    fn name(&self) -> String {
        "part".to_string()
    }
}

/// A module made of a function.
pub fn of<S: Shape, O: Bundle>(name: &'static str, shape: S, build: fn(&Module, S::Value) -> O) -> Of<S, O> {
    Of { name, shape, build }
}

/// All parts, in the order of the page.
pub fn all() -> Vec<Entry> {
    let mut all = streams();
    all.extend(memories_and_lines());
    all.extend(between_clocks());
    all.extend(buses());
    all.extend(codes_and_counters());
    all.extend(arithmetic());
    all
}

fn add(list: &mut Vec<Entry>, name: &'static str, size: &'static str, part: &impl Generator) {
    let design = elaborate(part).unwrap_or_else(|e| panic!("{name}: {e}"));
    list.push(Entry { name, size, design });
}

fn streams() -> Vec<Entry> {
    let l = &mut Vec::new();
    let payload = uint(16);
    let streams = |n: usize| vec![StreamTy(uint(16)); n];
    add(l, "fifo::Fifo", "16 bits, depth 4, registers", &Fifo::new(payload, 4).style(FifoStyle::Registers));
    add(l, "fifo::Fifo", "16 bits, depth 16, LUT RAM", &Fifo::new(payload, 16));
    add(l, "fifo::Fifo", "16 bits, depth 16, LUT RAM, fall-through", &Fifo::new(payload, 16).fall_through());
    add(l, "fifo::Fifo", "16 bits, depth 1024, block RAM", &Fifo::new(payload, 1024).style(FifoStyle::BlockRam));
    add(l, "fifo::RegSlice", "16 bits", &RegSlice { payload });
    add(l, "fifo::DelayLine", "16 bits, 2 stages", &DelayLine { payload, stages: 2 });
    add(l, "gate", "16 bits", &of("gate", (StreamTy(payload), BOOL), |m, (s, open)| s.gate(m, open)));
    add(l, "split", "16 bits", &of("split", (StreamTy(payload), BOOL), |m, (s, c)| s.split(m, c)));
    add(l, "demux", "16 bits, 4 outputs", &of("demux", (StreamTy(payload), uint(2)), |m, (s, n)| s.demux(m, n, 4)));
    add(l, "join::join", "16 bits, 2 inputs", &of("join", streams(2), join));
    add(l, "zip", "16 and 16 bits", &of("zip", [StreamTy(payload); 2], |m, [a, b]| a.zip(m, b)));
    add(l, "fork::Fork", "16 bits, 2 outputs", &Fork { payload, outputs: 2 });
    add(l, "fork::LazyFork", "16 bits, 2 outputs", &LazyFork { payload, outputs: 2 });
    for (size, policy) in
        [("4 inputs of 16 bits, priority", Policy::Priority), ("4 inputs of 16 bits, in turn", Policy::RoundRobin)]
    {
        add(l, "arbiter::Arbiter", size, &Arbiter { payload, inputs: 4, policy, grant: Grant::Packet });
    }
    add(l, "mux::mux", "4 inputs of 16 bits", &of("mux", (uint(2), streams(4)), |m, (n, s)| mux(m, n, s)));
    add(
        l,
        "mux::mux_by",
        "4 inputs of 16 bits",
        &of("mux_by", (StreamTy(uint(2)), streams(4)), |m, (n, s)| mux_by(m, n, s)),
    );
    add(l, "width::Widen", "8 to 32 bits", &Widen { part: uint(8), ratio: 4 });
    add(l, "width::Narrow", "32 to 8 bits", &Narrow { part: uint(8), ratio: 4 });
    add(
        l,
        "pack::Pack",
        "3 to 4 parts of 8 bits, counted",
        &Pack { part: uint(8), inputs: 3, counts: range(1..=3), outputs: 4 },
    );
    add(l, "gearbox", "8 to 12 bits", &of("gear_8", StreamTy(word(8)), |m, s| s.gearbox(m, 12, Order::LowFirst)));
    add(l, "gearbox", "66 to 64 bits", &of("gear_66", StreamTy(word(66)), |m, s| s.gearbox(m, 64, Order::LowFirst)));
    let lanes = LanesShape::<Int> { values: vec![uint(8); 4], there: vec![BOOL; 4] };
    add(l, "compact", "4 lanes of 8 bits", &of("compact", StreamTy(lanes), |m, s| s.compact(m)));
    add(l, "credit::Credits", "limit 16", &Credits { limit: 16 });
    std::mem::take(l)
}

fn between_clocks() -> Vec<Entry> {
    fn from() -> Domain {
        Domain::new("from").reset("from_rst", ResetKind::Sync, Polarity::High)
    }
    let l = &mut Vec::new();
    add(l, "cdc::synchronize", "2 stages", &of("level", BOOL, |m, i| synchronize(m, "level", i)));
    let gray = of("gray", word(5), |m, i| synchronize_gray(m, "gray", i, 2));
    add(l, "cdc::synchronize_gray", "5 bits, 2 stages", &gray);
    let event = of("event", BOOL, |m, i| {
        let pulse = pulse(m, "event", i, &from(), &m.here());
        (pulse.ready, pulse.arrived)
    });
    add(l, "cdc::pulse", "·", &event);
    let hand = of("hand", StreamTy(uint(16)), |m, s| handshake(m, "hand", s, &from(), &m.here()));
    add(l, "cdc::handshake", "16 bits", &hand);
    let here = Options::default().domain;
    let fifo = |depth| AsyncFifo::new(uint(16), depth, &from(), &here);
    add(l, "cdc::AsyncFifo", "16 bits, depth 16, LUT RAM", &fifo(16));
    add(l, "cdc::AsyncFifo", "16 bits, depth 1024, block RAM", &fifo(1024).style(FifoStyle::BlockRam));
    let reset = of("reset", (), |m, ()| {
        let raw = Domain::new("raw").reset("raw_rst", ResetKind::Async, Polarity::High);
        let clean = synchronize_reset(m, &raw, "clean", ResetKind::Async);
        let on = m.domain(&clean, || m.reg("on", BOOL).reset(true));
        on.set(!on.q());
        on.q()
    });
    add(l, "cdc::synchronize_reset", "with one register behind it", &reset);
    std::mem::take(l)
}

fn buses() -> Vec<Entry> {
    let l = &mut Vec::new();
    let (small, wide) = (BusTy { address: 12, data: 32 }, BusTy { address: 32, data: 64 });
    add(l, "bus::axi_lite::AxiLiteManager", "32 bits, 2 under way", &AxiLiteManager { bus: small, outstanding: 2 });
    let axi = AxiTy { bus: wide, id: 4, transfer: 1024, burst: 16, outstanding: 4 };
    add(l, "bus::axi::AxiReader", "64 bits, bursts of 16, 4 under way", &AxiReader(axi));
    add(l, "bus::axi::AxiWriter", "64 bits, bursts of 16, 4 under way", &AxiWriter(axi));
    add(l, "bus::wishbone::WishboneManager", "32 bits", &WishboneManager { bus: small });
    let pipelined = WishbonePipelinedManager { bus: small, outstanding: 2 };
    add(l, "bus::wishbone::WishbonePipelinedManager", "32 bits, 2 under way", &pipelined);
    std::mem::take(l)
}

fn memories_and_lines() -> Vec<Entry> {
    let l = &mut Vec::new();
    let (word, depth, output_register) = (vec![word(8); 4], 1024, false);
    let single = SinglePort { word: word.clone(), depth, masks: true, mode: Mode::ReadFirst, output_register };
    add(l, "ram::SinglePort", "1024 words of 4 bytes, byte enables, read first", &single);
    let collision = Collision::Old;
    let simple = SimpleDualPort { word: word.clone(), depth, masks: true, collision, output_register };
    add(l, "ram::SimpleDualPort", "1024 words of 4 bytes, byte enables", &simple);
    let dual = TrueDualPort { word: vec![gatewright_dsl::prelude::word(16)], depth, masks: false, output_register };
    add(l, "ram::TrueDualPort", "1024 words of 16 bits", &dual);
    let contents = Arc::new((0..2048u32).map(|n| Value::from(n * n % 65_521)).collect());
    add(l, "ram::Rom", "2048 words of 16 bits", &Rom { word: uint(16), contents, output_register });
    let line = UartLine::new(100_000_000, 115_200);
    add(l, "uart::UartTransmitter", "100 MHz, 115200 baud", &UartTransmitter(line));
    add(l, "uart::UartReceiver", "100 MHz, 115200 baud", &UartReceiver(line));
    add(
        l,
        "fsm::Machine",
        "ring of 5 states with recovery, binary",
        &of("fsm_b", vec![BOOL; 5], |m, i| ring(m, &i, Encoding::Binary)),
    );
    add(l, "fsm::Machine", "the same, one-hot", &of("fsm_o", vec![BOOL; 5], |m, i| ring(m, &i, Encoding::OneHot)));
    add(l, "fsm::Machine", "the same, Gray", &of("fsm_g", vec![BOOL; 5], |m, i| ring(m, &i, Encoding::Gray)));
    std::mem::take(l)
}

fn ring(m: &Module, go: &[Bool], encoding: Encoding) -> Bool {
    let names = ["idle", "load", "run", "drain", "done"];
    let state = Machine::named(&names).encoding(encoding).recovers().declare(m, "state");
    state.rules(m, |s| {
        for (n, &name) in names.iter().enumerate() {
            s.on(name, |at| m.when(go[n], || at.go(names[(n + 1) % names.len()])));
        }
    });
    state.is("run")
}

fn codes_and_counters() -> Vec<Entry> {
    let l = &mut Vec::new();
    let w = word(16);
    add(l, "encode::lowest_one", "16 bits", &of("lowest_one", w, |_, x| lowest_one(x)));
    add(l, "encode::highest_one", "16 bits", &of("highest_one", w, |_, x| highest_one(x)));
    add(l, "encode::lowest_one_hot", "16 bits", &of("lowest_one_hot", w, |_, x| lowest_one_hot(x)));
    add(l, "encode::leading_zeros", "16 bits", &of("leading_zeros", w, |_, x| leading_zeros(x)));
    add(l, "encode::trailing_zeros", "16 bits", &of("trailing_zeros", w, |_, x| trailing_zeros(x)));
    add(l, "encode::one_hot", "16 bits", &of("one_hot", uint(4), |_, x| one_hot(x, 16)));
    add(l, "encode::one_hot_index", "16 bits", &of("one_hot_index", w, |_, x| one_hot_index(x)));
    add(l, "encode::is_one_hot", "16 bits", &of("is_one_hot", w, |_, x| is_one_hot(x)));
    add(l, "encode::is_at_most_one", "16 bits", &of("is_at_most_one", w, |_, x| is_at_most_one(x)));
    add(l, "encode::thermometer", "16 bits", &of("thermometer", range(0..=16), |_, x| thermometer(x, 16)));
    add(l, "encode::thermometer_count", "16 bits", &of("thermometer_count", w, |_, x| thermometer_count(x)));
    add(l, "encode::to_gray", "16 bits", &of("to_gray", w, |_, x| to_gray(x)));
    add(l, "encode::from_gray", "16 bits", &of("from_gray", w, |_, x| from_gray(x)));
    add(l, "encode::reverse", "16 bits", &of("reverse", w, |_, x| reverse(x)));
    add(l, "counter::counter", "modulo 1000", &of("counter", BOOL, |m, e| counter(m, "count", 1000, e)));
    let saturating = of("saturating", [BOOL; 2], |m, [up, down]| saturating_counter(m, "count", uint(8), up, down));
    add(l, "counter::saturating_counter", "0 to 255", &saturating);
    add(l, "lfsr::lfsr", "16 bits", &of("lfsr", BOOL, |m, e| lfsr(m, "state", 16, 1, e)));
    add(l, "delay::delay_line", "16 bits, 8 stages", &of("delay_line", uint(16), |m, x| delay_line(m, "x", x, 8)));
    std::mem::take(l)
}

fn arithmetic() -> Vec<Entry> {
    let l = &mut Vec::new();
    let divider = Divider { dividend: uint(16), divisor: uint(16), bits_per_stage: 1 };
    add(l, "divide::Divider", "16 by 16 bits, 1 bit a stage", &divider);
    add(
        l,
        "divide::Divider",
        "16 by 16 bits with signs, 2 bits a stage",
        &Divider { dividend: sint(16), divisor: sint(16), bits_per_stage: 2 },
    );
    add(l, "sqrt::SquareRoot", "16 bits, 1 bit a stage", &SquareRoot { input: uint(16), bits_per_stage: 1 });
    let cordic = Cordic { coordinate: sint(16), angle_bits: 16, iterations: 16, iterations_per_stage: 1 };
    add(l, "cordic::Rotate", "16 bits, 16 iterations, 1 a stage", &Rotate(cordic.clone()));
    add(l, "cordic::ToPolar", "16 bits, 16 iterations, 1 a stage", &ToPolar(cordic));
    std::mem::take(l)
}
