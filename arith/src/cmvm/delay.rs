//! How long additions take.

use super::Problem;
use crate::shift_adds::{ShiftAdds, width};

/// Times of adders with carry chains, in a unit of the caller's choice.
///
/// The carries of additions in a row run side by side: a sum's lowest bit is there a time `adder` after its operands' lowest
/// bits; its highest bit a time `chain` and for each position a time `bit` after that, or a time `adder` after its operands'
/// highest bits, whichever is later.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Delay {
    /// Of one adder without its carry chain.
    pub adder: u32,
    /// Of a carry chain, however short.
    pub chain: u32,
    /// Of one position of it.
    pub bit: u32,
}

/// The greatest delay that additions may have.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct DelayBound {
    /// The adders.
    pub of: Delay,
    /// The bound, in the same unit.
    pub most: u64,
}

impl Delay {
    /// When the last bit of the last output is there. Inputs come as many times `adder` after 0 as their
    /// arrivals say.
    pub fn whole(self, adds: &ShiftAdds, problem: &Problem) -> u64 {
        let adder = u64::from(self.adder);
        let ripple = |range| u64::from(self.chain) + u64::from(width(range)) * u64::from(self.bit);
        let mut times: Vec<(u64, u64)> =
            problem.inputs.iter().map(|i| u64::from(i.arrival) * adder).map(|t| (t, t)).collect();
        let after = |a: usize, b: usize, range: (i128, i128), times: &[(u64, u64)]| {
            let first = times[a].0.max(times[b].0) + adder;
            (first, (times[a].1.max(times[b].1) + adder).max(first + ripple(range)))
        };
        for (k, step) in adds.steps.iter().enumerate() {
            let time = after(step.a.value, step.b.value, adds.ranges[problem.inputs.len() + k], &times);
            times.push(time);
        }
        let of = |t: &crate::shift_adds::Term| {
            let (lo, hi) = adds.ranges[t.value];
            if t.negative { after(t.value, t.value, (-hi, -lo), &times).1 } else { times[t.value].1 }
        };
        adds.outputs.iter().flatten().map(of).max().unwrap_or(0)
    }
}
