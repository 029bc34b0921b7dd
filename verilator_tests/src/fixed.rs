//! Designs that the build script compiles. Every change here is compiled by Verilator again.

use gatewright_dsl::diag::Diagnostics;
use gatewright_dsl::prelude::*;

/// Counts modulo `top + 1` while enabled.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Counter {
    /// The greatest value.
    pub top: u64,
}

/// Inputs of [`Counter`].
#[derive(Bundle)]
pub struct CounterIn {
    /// Count.
    pub enable: Bool,
}

impl Generator for Counter {
    type In = CounterIn;
    type Out = Int;
    fn shape(&self) -> CounterInShape {
        CounterInShape { enable: BOOL }
    }
    fn build(&self, m: &Module, i: CounterIn) -> Int {
        let count = m.reg("count", range(0..=self.top)).reset(0);
        m.when(i.enable, || count.set(count.q().next_wrapping(self.top + 1)));
        count.q()
    }
}

/// All designs by the names of their models.
pub fn all() -> Vec<(&'static str, Result<Design, Diagnostics>)> {
    vec![("counter", elaborate(&Counter { top: 9 })), ("wide_counter", elaborate(&Counter { top: 1 << 40 }))]
}
