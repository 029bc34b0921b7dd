//! When values are there: of each value the first and the last bit, since adders in a row overlap.

use super::{Graph, Kind};

/// A time in femtoseconds: whole numbers, so that sums do not depend on their order.
pub(crate) fn femtoseconds(ns: f64) -> u64 {
    (ns * 1e6).round().max(0.0) as u64
}

/// A time in nanoseconds.
pub(crate) fn nanoseconds(fs: u64) -> f64 {
    fs as f64 / 1e6
}

/// When the lowest bit of a value is there, and when all are, after the clock edge that begins its stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub first: u64,
    pub last: u64,
}

impl Span {
    pub fn join(self, other: Span) -> Span {
        Span { first: self.first.max(other.first), last: self.last.max(other.last) }
    }
}

/// How the bits of a result follow those of the operands. Times in femtoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timing {
    /// Every bit waits for all bits of the operands.
    Level(u64),
    /// A bit waits for those of its place and below: `enter` for its own, and from the lowest to the highest `ripple`.
    Ripple { enter: u64, ripple: u64 },
    /// One result at the end of a ripple.
    Compare { enter: u64, ripple: u64 },
}

impl Timing {
    /// A wire.
    pub const WIRE: Timing = Timing::Ripple { enter: 0, ripple: 0 };

    pub fn after(self, operands: Span) -> Span {
        let rippled = |enter: u64, ripple: u64| (operands.last + enter).max(operands.first + enter + ripple);
        match self {
            Timing::Level(delay) => Span { first: operands.last + delay, last: operands.last + delay },
            Timing::Ripple { enter, ripple } => Span { first: operands.first + enter, last: rippled(enter, ripple) },
            Timing::Compare { enter, ripple } => {
                let end = rippled(enter, ripple);
                Span { first: end, last: end }
            }
        }
    }

    /// The time from operands that are there to the last bit.
    pub fn whole(self) -> u64 {
        self.after(Span::default()).last
    }

    /// The converse of [`after`](Timing::after): how long before the end of the stage the operands' bits have to be there, where
    /// the result's have to be so long before it.
    fn before(self, result: Span) -> Span {
        match self {
            Timing::Level(delay) => Span { first: 0, last: result.first.max(result.last) + delay },
            Timing::Ripple { enter, ripple } => {
                Span { first: result.first.max(result.last + ripple) + enter, last: result.last + enter }
            }
            Timing::Compare { enter, ripple } => {
                let end = result.first.max(result.last);
                Span { first: end + enter + ripple, last: end + enter }
            }
        }
    }
}

/// The earliest stage of each vertex; of a view the earliest in which it can be made.
pub(super) fn earliest(graph: &Graph, period: u64) -> Vec<u32> {
    let mut stages: Vec<u32> = Vec::with_capacity(graph.vertices.len());
    let mut spans: Vec<Span> = Vec::with_capacity(graph.vertices.len());
    for vertex in &graph.vertices {
        let stage = vertex.operands.iter().map(|&u| stages[u]).max().unwrap_or(0);
        let here = vertex.operands.iter().filter(|&&u| stages[u] == stage);
        let start = here.fold(Span::default(), |span, &u| span.join(spans[u]));
        let end = vertex.timing.after(start);
        // What cannot be registered comes with its operands; only what is behind it can wait.
        let (stage, end) = if end.last > period && start.last > 0 && vertex.kind == Kind::Once {
            (stage + 1, vertex.timing.after(Span::default()))
        } else {
            (stage, end)
        };
        stages.push(stage);
        spans.push(end);
    }
    stages
}

/// For each vertex of the stages `cut - 1` and `cut` the time from its operands to the end of stage `cut`, were there no registers
/// between the two. `ready` are the first stages in which values are there.
pub(super) fn tails(graph: &Graph, ready: &[u32], cut: u32) -> Vec<u64> {
    let inside = |v: usize| ready[v] == cut || ready[v] + 1 == cut;
    let mut results = vec![Span::default(); graph.vertices.len()];
    let mut tails = vec![0; graph.vertices.len()];
    for (v, vertex) in graph.vertices.iter().enumerate().rev().filter(|(v, _)| inside(*v)) {
        let operands = vertex.timing.before(results[v]);
        tails[v] = operands.first.max(operands.last);
        for &u in vertex.operands.iter().filter(|&&u| inside(u)) {
            results[u] = results[u].join(operands);
        }
    }
    tails
}
