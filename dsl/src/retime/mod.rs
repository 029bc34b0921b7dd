//! Where pipeline registers go: the least latency for a period, and at this latency the fewest register bits.
//!
//! A [`Graph`] is acyclic and pure. A schedule gives each vertex a stage; a value that is used in later stages goes
//! through one chain of registers, which all its users share, and outputs leave in the last stage. So every path has the
//! same latency, and the registers are `bits * (last stage of use - stage)`, summed over the values.
//!
//! This is retiming for minimum registers (Leiserson and Saxe, *Retiming Synchronous Circuitry*, 1991) of a circuit
//! without loops: the stages are integers under difference constraints, one for each edge and one for each path that is
//! longer than a period. The cost is an L-natural-convex function of them. Hence steepest ascent from the earliest schedule
//! ends in an optimum of the whole: each step moves the set of vertices that saves most to the next stage, and there is
//! none better where no set saves anything (Murota, *Discrete Convex Analysis*, 2003). The best set is a closure of
//! greatest weight, which is a minimum cut (Picard 1976); that maximum flow finds registers is also how Hurst, Mishchenko
//! and Brayton retime (*Fast Minimum-Register Retiming via Binary Maximum-Flow*, 2007).
//!
//! Views (slices, concatenations, casts, shifts by constants) are only wires. They may be made again in each stage, so the
//! registers stand before or after them, whichever is narrower.

mod arrival;
mod ascent;
mod flow;
mod pairs;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use arrival::Span;
pub(crate) use arrival::{Timing, femtoseconds, nanoseconds};

/// What is cut into stages. Operands come before their users.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    pub vertices: Vec<Vertex>,
    /// The values that leave in the last stage.
    pub outputs: Vec<usize>,
}

/// One value and how it is made.
#[derive(Clone, Debug)]
pub(crate) struct Vertex {
    pub kind: Kind,
    /// When its bits are there, after its operands'.
    pub timing: Timing,
    /// The width of a register for it. `None`: it cannot be registered, so it is made in each stage that uses it, and where
    /// it is no view, only views may use it.
    pub bits: Option<u64>,
    pub operands: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// There from the beginning of stage 0; no operands.
    Source,
    /// Made once.
    Once,
    /// Wires only: costs nothing in each stage in which it is made.
    View,
}

/// A stage for each vertex. A view is made in its stage, and in all earlier ones that use it; behind its stage its registers go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    pub stages: Vec<u32>,
    /// Of the outputs.
    pub latency: u32,
    /// Registers.
    pub bits: u64,
}

/// How much is looked at for the least registers: pairs of vertices at the ends of a path, counted along the way.
/// Beyond this, cuts are moved one by one, which is no longer sure to find the optimum.
pub(crate) const EFFORT: usize = 100_000_000;

impl Graph {
    /// The earliest schedule: each vertex in the first stage in which it can end within the period. What takes longer than a
    /// period alone has a stage of its own.
    pub fn earliest(&self, period: u64) -> Schedule {
        let stages = arrival::earliest(self, period);
        let latency = self.outputs.iter().map(|&v| stages[v]).max().unwrap_or(0);
        let mut lives = ascent::Lives::new(self, stages, latency);
        let bits = lives.bits(self);
        Schedule { stages: std::mem::take(&mut lives.stages), latency, bits }
    }

    /// Of the schedules with the latency of `earliest`, the earliest of those with the fewest register bits. Every vertex
    /// alone has to fit the period.
    pub fn fewest_registers(&self, period: u64, earliest: &Schedule, effort: usize) -> Schedule {
        let mut lives = ascent::Lives::new(self, earliest.stages.clone(), earliest.latency);
        match pairs::find(self, period, effort) {
            Some(pairs) => while lives.step(self, &pairs) {},
            None => lives.cut_by_cut(self, period),
        }
        Schedule { bits: lives.bits(self), latency: earliest.latency, stages: lives.stages }
    }

    /// For each vertex its users, in order.
    fn users(&self) -> Vec<Vec<u32>> {
        let mut users = vec![Vec::new(); self.vertices.len()];
        for (v, vertex) in self.vertices.iter().enumerate() {
            for &u in &vertex.operands {
                if users[u].last() != Some(&(v as u32)) {
                    users[u].push(v as u32);
                }
            }
        }
        users
    }
}
