//! One multiply-accumulate element, of which the systolic array is made.

use gatewright_dsl::prelude::*;
use gatewright_sim::{DutExt, Interpreter, TextWave};

/// One multiply-accumulate element that keeps its sum in place.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Pe {
    /// An activation.
    pub act: IntTy,
    /// A weight.
    pub wgt: IntTy,
    /// The most products that are summed from one `clear` to the next.
    pub terms: u64,
}

/// One term of a sum.
#[derive(Bundle)]
pub struct PeIn {
    /// The activation.
    pub a: Int,
    /// The weight.
    pub w: Int,
    /// The term is the first of a new sum.
    pub clear: Bool,
    /// There is a term.
    pub en: Bool,
}

/// The sum, and the operands for the neighbours.
#[derive(Bundle)]
pub struct PeOut {
    /// The activation, one clock later.
    pub a: Int,
    /// The weight, one clock later.
    pub w: Int,
    /// The sum of the terms so far.
    pub sum: Int,
}

impl Generator for Pe {
    type In = PeIn;
    type Out = PeOut;

    fn shape(&self) -> PeInShape {
        PeInShape { a: self.act, w: self.wgt, clear: BOOL, en: BOOL }
    }

    fn build(&self, m: &Module, i: PeIn) -> PeOut {
        let product = i.a * i.w; // exact: no width to write
        let sum = m.reg("sum", product.ty().times(self.terms)).reset(0);
        let base = i.clear.mux(0, sum.q());
        m.when(i.en, || sum.set((base + product).claim(sum.ty())));
        PeOut { a: m.delay("a", i.a), w: m.delay("w", i.w), sum: sum.q() }
    }
}

/// Shows it.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let design = elaborate(&Pe { act: uint(4), wgt: sint(4), terms: 4 })?;
    let mut dut = Interpreter::new(&design)?;
    let mut wave = TextWave::new(&dut, &["a", "w", "clear", "en", "sum"])?;
    for (a, w, clear, en) in [(15, 7, 1, 1), (15, 7, 0, 1), (3, -8, 0, 1), (9, 5, 0, 0), (2, -1, 1, 1), (0, 0, 0, 0)] {
        for (name, value) in [("a", a), ("w", w), ("clear", clear), ("en", en)] {
            dut.set(name, value)?;
        }
        wave.step(&mut dut)?;
    }
    print!("{wave}");
    Ok(())
}
