//! Division of two variables.

use crate::hw::bits::{Bits, Bool, bits};
use crate::hw::bundle::Bundle;
use crate::hw::int::{Int, lit};
use crate::hw::module::{Generator, Module};
use crate::ty::{IntTy, uint};
use crate::value::Value;

/// A restoring divider: quotient and remainder as `/` and `%` of Rust give them, rounded toward zero, the remainder with
/// the sign of the dividend. One division a clock.
///
/// A division by zero gives the quotient and the remainder of a division by 1, and sets `by_zero`. Nothing overflows: the
/// ranges of the results are exact, `-128 / -1` is 128.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Divider {
    /// Range of the dividend.
    pub dividend: IntTy,
    /// Range of the divisor.
    pub divisor: IntTy,
    /// How many bits of the quotient are found between two registers: 1 for the fastest clock. 0 for no registers at
    /// all; such a divider can be pipelined by [`Module::pipelined`].
    pub bits_per_stage: u32,
}

/// Inputs of a [`Divider`].
#[derive(Bundle)]
pub struct DivideIn {
    /// What is divided.
    pub dividend: Int,
    /// What it is divided by.
    pub divisor: Int,
}

/// Outputs of a [`Divider`].
#[derive(Bundle)]
pub struct DivideOut {
    /// The quotient, rounded toward zero.
    pub quotient: Int,
    /// `dividend - quotient * divisor`.
    pub remainder: Int,
    /// The divisor was 0.
    pub by_zero: Bool,
}

impl Divider {
    /// Clocks from the operands to the results: one for each `bits_per_stage` bits of the largest dividend, and two more
    /// where a sign is possible.
    pub fn latency(&self) -> u64 {
        let bits = magnitude(self.dividend).bits(false);
        match self.bits_per_stage {
            0 => 0,
            per_stage => u64::from(bits.div_ceil(per_stage)) + if self.is_signed() { 2 } else { 0 },
        }
    }

    fn is_signed(&self) -> bool {
        self.dividend.is_signed() || self.divisor.is_signed()
    }

    /// The ranges of quotient and remainder, with 0: registers hold it before the first division has come through.
    fn results(&self) -> (IntTy, IntTy) {
        let (zero, one) = (IntTy::constant(0), Value::ONE);
        let mut quotient = zero;
        let near_zero = [self.divisor.lo(), self.divisor.hi(), one.clone(), -&one];
        let divides = |d: &Value| !d.is_zero() && (self.divisor.contains(d) || (*d == one && self.has_zero()));
        for divisor in near_zero.iter().filter(|d| divides(d)) {
            for dividend in [self.dividend.lo(), self.dividend.hi()] {
                quotient = quotient.hull(dividend.div_trunc(divisor).map_or(zero, IntTy::constant));
            }
        }
        let most = &magnitude(self.divisor).max(one.clone()) - &one;
        let least = Value::ZERO.max(-&self.dividend.lo()).min(most.clone());
        (quotient, IntTy::new(-&least, Value::ZERO.max(self.dividend.hi()).min(most)))
    }

    fn has_zero(&self) -> bool {
        self.divisor.contains(&Value::ZERO)
    }
}

/// The greatest magnitude.
fn magnitude(ty: IntTy) -> Value {
    ty.lo().abs().max(ty.hi().abs())
}

/// What goes from stage to stage. Flags that cannot be set are absent, so that they have no registers.
struct State {
    /// Bits of the dividend that are still to come, the next one on top.
    rest: Bits,
    remainder: Int,
    quotient: Bits,
    divisor: Int,
    minus_quotient: Option<Bool>,
    minus_remainder: Option<Bool>,
    by_zero: Option<Bool>,
}

impl State {
    fn registered(self, m: &Module, stage: u64, more: bool) -> State {
        let flag = |name: &str, flag: Option<Bool>| flag.map(|f| m.delay(&format!("{name}_{stage}"), f));
        let rest = if self.rest.width() > 0 { m.delay(&format!("rest_{stage}"), self.rest) } else { self.rest };
        let fixed = |x: Int| x.ty().as_constant().is_some();
        let kept = |name: &str, x: Int| if fixed(x) { x } else { m.delay(&format!("{name}_{stage}"), x) };
        State {
            rest,
            remainder: kept("remainder", self.remainder),
            quotient: match self.quotient.width() {
                0 => self.quotient,
                _ => m.delay(&format!("quotient_{stage}"), self.quotient),
            },
            divisor: if more { kept("divisor", self.divisor) } else { self.divisor },
            minus_quotient: flag("minus_quotient", self.minus_quotient),
            minus_remainder: flag("minus_remainder", self.minus_remainder),
            by_zero: flag("by_zero", self.by_zero),
        }
    }

    /// One bit of the quotient; the remainder stays below `limit`.
    fn step(mut self, limit: &Value) -> State {
        let width = self.rest.width();
        let partial = self.remainder.to_bits().concat(self.rest.bit(width - 1)).to_uint();
        let difference = partial - self.divisor;
        let fits = difference.ge(0);
        let remainder: Int = fits.mux(difference, partial);
        let kept = (limit - &Value::ONE).bits(false);
        self.remainder = if kept == 0 { lit(0) } else { remainder.wrap(uint(kept.min(partial.ty().width()))) };
        self.quotient = self.quotient.concat(fits);
        self.rest = self.rest.slice(0..width - 1);
        self
    }
}

impl Generator for Divider {
    type In = DivideIn;
    type Out = DivideOut;

    fn shape(&self) -> DivideInShape {
        DivideInShape { dividend: self.dividend, divisor: self.divisor }
    }

    fn build(&self, m: &Module, i: DivideIn) -> DivideOut {
        let sign = |x: Int| x.ty().is_signed().then(|| x.lt(0));
        let absolute = |x: Int| if x.ty().is_signed() { x.abs() } else { x };
        let minus_remainder = sign(i.dividend);
        let minus_quotient = match (minus_remainder, sign(i.divisor)) {
            (Some(a), Some(b)) => Some(a ^ b),
            (a, b) => a.or(b),
        };
        let divisor = absolute(i.divisor);
        // Of the magnitude, so that the choice below refines its range: a register of it then never holds 0.
        let by_zero = self.has_zero().then(|| divisor.eq(0));
        let limit = magnitude(self.divisor).max(Value::ONE);
        let bits_left = magnitude(self.dividend).bits(false);
        let dividend = absolute(i.dividend).to_bits().zero_extend(bits_left);
        let mut state = State {
            rest: dividend,
            remainder: lit(0),
            quotient: bits(0, 0),
            divisor: match by_zero {
                Some(_) if limit == Value::ONE => lit(1),
                Some(zero) => zero.mux(1, divisor),
                None => divisor,
            },
            minus_quotient,
            minus_remainder,
            by_zero,
        };
        let mut stage = 0;
        let mut next = |state: State, more: bool| {
            stage += 1;
            if self.bits_per_stage == 0 { state } else { state.registered(m, stage, more) }
        };
        if self.is_signed() {
            state = next(state, bits_left > 0);
        }
        for bit in 1..=bits_left {
            state = state.step(&limit);
            if bit == bits_left || (self.bits_per_stage > 0 && bit.is_multiple_of(self.bits_per_stage)) {
                state = next(state, bit < bits_left);
            }
        }
        let signed = |minus: Option<Bool>, x: Int| minus.map_or(x, |minus| minus.mux(-x, x));
        let (quotient_ty, remainder_ty) = self.results();
        let quotient = signed(state.minus_quotient, state.quotient.to_uint()).claim(quotient_ty);
        let remainder = signed(state.minus_remainder, state.remainder).claim(remainder_ty);
        let last = |name: &str, x: Int| match self.bits_per_stage > 0 && self.is_signed() {
            true if x.ty().as_constant().is_none() => m.delay(name, x),
            _ => x,
        };
        let by_zero = match state.by_zero {
            Some(flag) if self.bits_per_stage > 0 && self.is_signed() => m.delay("by_zero_last", flag),
            Some(flag) => flag,
            None => Bool::constant(false),
        };
        DivideOut { quotient: last("quotient_last", quotient), remainder: last("remainder_last", remainder), by_zero }
    }
}
