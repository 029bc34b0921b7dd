//! A light that blinks: the smallest module with state.

use gatewright_dsl::prelude::*;
use gatewright_sim::{Interpreter, TextWave};

/// Switches a light on or off every `half_period` clocks, at least 1.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Blinker {
    /// Clocks for which the light stays on, and then off.
    pub half_period: u64,
}

/// The light.
#[derive(Bundle)]
pub struct BlinkerOut {
    /// On.
    pub led: Bool,
}

impl Generator for Blinker {
    type In = ();
    type Out = BlinkerOut;

    fn shape(&self) {}

    fn build(&self, m: &Module, (): ()) -> BlinkerOut {
        let count = m.reg("count", range(0..=self.half_period - 1)).reset(0);
        let on = m.reg("on", BOOL).reset(false);
        count.set(count.q().next_wrapping(self.half_period));
        m.when(count.q().eq(self.half_period - 1), || on.set(!on.q()));
        BlinkerOut { led: on.q() }
    }
}

/// Shows it.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let design = elaborate(&Blinker { half_period: 3 })?;
    let mut dut = Interpreter::new(&design)?;
    let mut wave = TextWave::all(&dut)?;
    for _ in 0..16 {
        wave.step(&mut dut)?;
    }
    print!("{wave}");
    Ok(())
}
