//! Designs of two clocks, `from` and `to`.

use gatewright_dsl::parts::cdc::{AsyncFifo, handshake, pulse, synchronize_reset, synchronize_stages};
use gatewright_dsl::parts::fifo::FifoStyle;
use gatewright_dsl::prelude::*;

pub fn from() -> Domain {
    Domain::new("from").reset("from_rst", ResetKind::Sync, Polarity::High)
}
/// With the other kind of reset, so that both meet.
pub fn to() -> Domain {
    Domain::new("to").reset("to_rst_n", ResetKind::Async, Polarity::Low)
}

/// A word with tags, as the payload of the streams.
pub fn payload() -> (BoolTy, IntTy) {
    (BOOL, range(-100..=1000))
}

/// A level, through so many stages.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Level(pub u32);

impl Generator for Level {
    type In = Bool;
    type Out = Bool;
    fn shape(&self) -> BoolTy {
        BOOL
    }
    fn name(&self) -> String {
        "level".into()
    }
    fn build(&self, m: &Module, i: Bool) -> Bool {
        let sent = m.domain(&from(), || m.delay("sent", i));
        m.domain(&to(), || synchronize_stages(m, "level", sent, self.0))
    }
}

/// Events.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Events;

#[derive(Bundle)]
pub struct EventsOut {
    pub ready: Bool,
    pub arrived: Bool,
}

impl Generator for Events {
    type In = Bool;
    type Out = EventsOut;
    fn shape(&self) -> BoolTy {
        BOOL
    }
    fn build(&self, m: &Module, i: Bool) -> EventsOut {
        let pulse = pulse(m, "event", i, &from(), &to());
        EventsOut { ready: pulse.ready, arrived: pulse.arrived }
    }
}

/// Single beats.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Beats;

impl Generator for Beats {
    type In = StreamIn<(Bool, Int)>;
    type Out = StreamOut<(Bool, Int)>;
    fn shape(&self) -> StreamInShape<(Bool, Int)> {
        StreamInShape { input: StreamTy(payload()) }
    }
    fn build(&self, m: &Module, i: Self::In) -> Self::Out {
        StreamOut { output: handshake(m, "hand", i.input, &from(), &to()) }
    }
}

/// A FIFO whose sides are bound to the two clocks, in a module that knows neither, beside one the other way round.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Buffered {
    pub depth: u64,
    pub style: FifoStyle,
    pub stages: u32,
}

#[derive(Bundle)]
pub struct BothWays {
    pub input: Stream<(Bool, Int)>,
    pub back: Stream<(Bool, Int)>,
}

#[derive(Bundle)]
pub struct BothWaysOut {
    pub output: Stream<(Bool, Int)>,
    pub returned: Stream<(Bool, Int)>,
}

impl Generator for Buffered {
    type In = BothWays;
    type Out = BothWaysOut;
    fn shape(&self) -> BothWaysShape {
        BothWaysShape { input: StreamTy(payload()), back: StreamTy(payload()) }
    }
    fn build(&self, m: &Module, i: BothWays) -> BothWaysOut {
        let (from, to) = (from(), to());
        let fifo = |a: &Domain, b: &Domain| {
            let fifo = AsyncFifo::new(payload(), self.depth, a, b).style(self.style);
            AsyncFifo { stages: self.stages, ..fifo }
        };
        let (out, back) = (fifo(&from, &to), fifo(&to, &from));
        let bindings = [(&out.writer(), &from), (&out.reader(), &to)];
        let output = m.inst_on("out", &out, StreamIn { input: i.input }, &bindings).output;
        let bindings = [(&back.writer(), &to), (&back.reader(), &from)];
        let returned = m.inst_on("back", &back, StreamIn { input: i.back }, &bindings).output;
        BothWaysOut { output, returned }
    }
}

/// Counts on a clock whose reset is made inside, below a module that does not know of it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Restarted(pub ResetKind);

impl Generator for Restarted {
    type In = ();
    type Out = Int;
    fn shape(&self) {}
    fn build(&self, m: &Module, (): ()) -> Int {
        m.inst("inner", &RestartedInside(self.0), ())
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct RestartedInside(ResetKind);

impl Generator for RestartedInside {
    type In = ();
    type Out = Int;
    fn shape(&self) {}
    fn build(&self, m: &Module, (): ()) -> Int {
        let clean = synchronize_reset(m, &to(), "clean", self.0);
        m.domain(&clean, || m.inst("counter", &Counter, ()))
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Counter;

impl Generator for Counter {
    type In = ();
    type Out = Int;
    fn shape(&self) {}
    fn build(&self, m: &Module, (): ()) -> Int {
        let count = m.reg("count", uint(6)).reset(5);
        count.set(count.q().next_wrapping(64u64));
        m.assert("some", count.q().lt(64), "there are 64 counts");
        count.q()
    }
}

/// Every design, with the name of what it does.
pub fn all() -> Vec<(String, Design)> {
    let mut all = Vec::new();
    fn add(all: &mut Vec<(String, Design)>, name: &str, top: &impl Generator) {
        all.push((name.to_string(), elaborate(top).expect("a correct generator")));
    }
    [2, 3].into_iter().for_each(|stages| add(&mut all, &format!("level {stages}"), &Level(stages)));
    add(&mut all, "events", &Events);
    add(&mut all, "beats", &Beats);
    for (depth, style, stages) in FIFOS {
        add(&mut all, &format!("fifo {depth} {style:?}"), &Buffered { depth, style, stages });
    }
    for kind in [ResetKind::Async, ResetKind::Sync] {
        add(&mut all, &format!("reset {kind:?}"), &Restarted(kind));
    }
    all
}

pub const FIFOS: [(u64, FifoStyle, u32); 5] = [
    (2, FifoStyle::LutRam, 2),
    (4, FifoStyle::LutRam, 3),
    (8, FifoStyle::LutRam, 2),
    (8, FifoStyle::BlockRam, 2),
    (64, FifoStyle::BlockRam, 2),
];
