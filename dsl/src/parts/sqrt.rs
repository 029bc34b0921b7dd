//! The integer square root.

use super::misuse::refuse_generator;
use crate::hw::bits::{Bits, bits};
use crate::hw::bundle::Bundle;
use crate::hw::context::Raw;
use crate::hw::int::{Int, lit};
use crate::hw::module::{Generator, Module};
use crate::ty::{IntTy, uint};
use crate::value::Value;

/// The greatest integer whose square is at most the input, and what is left: digit by digit, one input a clock. The
/// input is not negative.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SquareRoot {
    /// Range of the input.
    pub input: IntTy,
    /// How many bits of the root are found between two registers: 1 for the fastest clock. 0 for no registers at all;
    /// such a root can be pipelined by [`Module::pipelined`].
    pub bits_per_stage: u32,
}

/// Outputs of a [`SquareRoot`].
#[derive(Bundle)]
pub struct SquareRootOut {
    /// The root, rounded down.
    pub root: Int,
    /// `input - root * root`.
    pub remainder: Int,
}

impl SquareRoot {
    /// Clocks from the input to the results: one for each `bits_per_stage` bits of the largest root.
    pub fn latency(&self) -> u64 {
        match self.bits_per_stage {
            0 => 0,
            per_stage => u64::from(self.root_bits().div_ceil(per_stage)),
        }
    }

    fn root_bits(&self) -> u32 {
        self.input.hi().bits(false).div_ceil(2)
    }
}

struct State {
    /// Bits of the input that are still to come, the next ones on top.
    rest: Bits,
    remainder: Int,
    root: Bits,
}

impl State {
    fn step(self) -> State {
        let (width, found) = (self.rest.width(), self.root.width());
        let partial = self.remainder.to_bits().concat(self.rest.slice(width - 2..width)).to_uint();
        let difference = partial - self.root.concat(bits(2, 1)).to_uint();
        let fits = difference.ge(0);
        // At most twice the root, which has one bit more from here on.
        let remainder: Int = fits.mux(difference, partial);
        State {
            rest: self.rest.slice(0..width - 2),
            remainder: remainder.wrap(uint(found + 2)),
            root: self.root.concat(fits),
        }
    }
    fn registered(self, m: &Module, stage: u32) -> State {
        State {
            rest: if self.rest.width() > 0 { m.delay(&format!("rest_{stage}"), self.rest) } else { self.rest },
            remainder: m.delay(&format!("remainder_{stage}"), self.remainder),
            root: m.delay(&format!("root_{stage}"), self.root),
        }
    }
}

impl Generator for SquareRoot {
    type In = Int;
    type Out = SquareRootOut;

    fn shape(&self) -> IntTy {
        self.input
    }

    fn build(&self, m: &Module, input: Int) -> SquareRootOut {
        if self.input.is_signed() {
            let what = format!("there is no square root of {}", self.input);
            refuse_generator(&what, "give a range without negative values, such as that of .abs() or .max(0)");
            return SquareRootOut { root: Int::new(Raw::POISON), remainder: Int::new(Raw::POISON) };
        }
        let root_bits = self.root_bits();
        let rest = input.to_bits().zero_extend(2 * root_bits);
        let mut state = State { rest, remainder: lit(0), root: bits(0, 0) };
        for bit in 1..=root_bits {
            state = state.step();
            let ends = bit == root_bits || bit.is_multiple_of(self.bits_per_stage.max(1));
            if ends && self.bits_per_stage > 0 {
                state = state.registered(m, bit);
            }
        }
        let most = Value::from(self.input.hi().to_bigint().sqrt());
        let left = (&most + &most).min(self.input.hi());
        SquareRootOut {
            root: state.root.to_uint().claim(IntTy::new(0, most)),
            remainder: state.remainder.claim(IntTy::new(0, left)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::testing::*;
    use crate::ty::sint;

    #[test]
    fn of_negative_values() {
        expect_error(
            sint(8),
            |m, i| m.inst("root", &SquareRoot { input: sint(8), bits_per_stage: 1 }, i), //~ here
            "E0109: there is no square root of sint<8> [-128..=127]
            at here
            help: give a range without negative values, such as that of .abs() or .max(0)",
        );
    }
}
