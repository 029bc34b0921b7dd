//! A finite impulse response filter whose taps are inputs.

use gatewright_dsl::prelude::*;
use gatewright_sim::{Dut, DutExt, Interpreter, TextWave};

/// `y[n] = taps[0] * x[n] + taps[1] * x[n - 1] + …`, one clock after `x[n]`. The result is exact.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Fir {
    /// A sample.
    pub sample: IntTy,
    /// A tap.
    pub tap: IntTy,
    /// How many taps.
    pub taps: usize,
}

/// A sample and the filter's coefficients.
#[derive(Bundle)]
pub struct FirIn {
    /// The newest sample.
    pub x: Int,
    /// `x` is there; else the filter waits.
    pub en: Bool,
    /// The coefficients, for the newest sample first.
    pub taps: Vec<Int>,
}

/// The filtered signal.
#[derive(Bundle)]
pub struct FirOut {
    /// The weighted sum of the last samples.
    pub y: Int,
}

impl Generator for Fir {
    type In = FirIn;
    type Out = FirOut;

    fn shape(&self) -> FirInShape {
        FirInShape { x: self.sample, en: BOOL, taps: vec![self.tap; self.taps] }
    }

    fn build(&self, m: &Module, i: FirIn) -> FirOut {
        let mut window = vec![i.x];
        for n in 1..self.taps {
            let x = m.reg(&format!("x_{n}"), self.sample).reset(0);
            m.when(i.en, || x.set(window[n - 1]));
            window.push(x.q());
        }
        let products: Vec<Int> = window.iter().zip(&i.taps).map(|(&x, &tap)| x * tap).collect();
        let total = sum(&products);
        let y = m.reg("y", total.ty()).reset(0);
        m.when(i.en, || y.set(total));
        FirOut { y: y.q() }
    }
}

/// Shows it.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let design = elaborate(&Fir { sample: sint(8), tap: sint(4), taps: 4 })?;
    let mut dut = Interpreter::new(&design)?;
    for (n, tap) in [1, 3, 3, 1].into_iter().enumerate() {
        dut.set(&format!("taps_{n}"), tap)?;
    }
    dut.set("en", true)?;
    // The response to an impulse shows the taps, that to a step their sums.
    let mut wave = TextWave::new(&dut, &["x", "y"])?;
    for x in [1, 0, 0, 0, 0, 10, 10, 10, 10, 10] {
        dut.set("x", x)?;
        wave.step(&mut dut)?;
    }
    print!("{wave}");
    println!("y is {}", dut.pins()[dut.pin("y")?.index()].ty);
    Ok(())
}
