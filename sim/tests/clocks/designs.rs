//! Designs of two clocks, `from` and `to`.

use gatewright_dsl::parts::cdc::{AsyncFifo, handshake, pulse, synchronize_reset, synchronize_stages};
use gatewright_dsl::parts::fifo::FifoStyle;
use gatewright_dsl::prelude::*;
use gatewright_sim::rng::Rng;

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

/// What is between the clocks.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A level through so many stages.
    Level(u32),
    Events,
    Beats,
    Fifo {
        depth: u64,
        style: FifoStyle,
        stages: u32,
    },
    Reset(ResetKind),
}

impl Kind {
    pub fn design(self) -> Design {
        fn design(top: &impl Generator) -> Design {
            elaborate(top).expect("a correct generator")
        }
        match self {
            Kind::Level(stages) => design(&Level(stages)),
            Kind::Events => design(&Events),
            Kind::Beats => design(&Beats),
            Kind::Fifo { depth, style, stages } => design(&Buffered { depth, style, stages }),
            Kind::Reset(kind) => design(&Restarted(kind)),
        }
    }

    /// A FIFO with parameters drawn at random.
    pub fn random(rng: &mut Rng) -> Kind {
        let style = if rng.chance(0.5) { FifoStyle::LutRam } else { FifoStyle::BlockRam };
        Kind::Fifo { depth: 1 << rng.between(1, 7), style, stages: rng.between(2, 4) as u32 }
    }
}

/// One of each, and FIFOs of several sizes.
pub fn all() -> Vec<Kind> {
    let fifo = |depth, style, stages| Kind::Fifo { depth, style, stages };
    vec![
        Kind::Level(2),
        Kind::Level(3),
        Kind::Events,
        Kind::Beats,
        fifo(2, FifoStyle::LutRam, 2),
        fifo(4, FifoStyle::LutRam, 3),
        fifo(8, FifoStyle::LutRam, 2),
        fifo(8, FifoStyle::BlockRam, 2),
        fifo(64, FifoStyle::BlockRam, 2),
        Kind::Reset(ResetKind::Async),
        Kind::Reset(ResetKind::Sync),
    ]
}
