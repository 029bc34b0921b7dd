//! What an adder costs.

use crate::shift_adds::width;

/// An inclusive range of integers.
pub(crate) type Span = (i128, i128);

/// `low ± high * 2^shift`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Adder {
    pub low: Span,
    pub high: Span,
    pub shift: u32,
    /// The range of the result, which may be narrower than that of independent operands.
    pub result: Span,
}

impl Adder {
    /// Of operands that are independent.
    pub fn new(low: Span, high: Span, shift: u32, subtract: bool) -> Adder {
        let high_shifted = (high.0 << shift, high.1 << shift);
        let result = if subtract {
            (low.0 - high_shifted.1, low.1 - high_shifted.0)
        } else {
            (low.0 + high_shifted.0, low.1 + high_shifted.1)
        };
        Adder { low, high, shift, result }
    }
}

/// How adders are counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, serde::Serialize, serde::Deserialize)]
pub enum CostModel {
    /// Bits of full adders, signed words: from the lowest position at which both operands have bits (of a difference: at
    /// which the subtracted one has) to the highest of the result. A negated output costs a subtraction from zero.
    #[default]
    FullAdders,
    /// LUTs beside a carry chain, words without sign (a value less its least one): one for each position at which
    /// both operands have bits. Above, the carry runs on by itself. Negation is free: whoever takes the word inverts it.
    CarryChains,
}

impl CostModel {
    /// An adder inside, whose sign can be chosen such that the lower operand is not the subtracted one.
    pub(crate) fn adder(self, a: &Adder) -> u32 {
        match self {
            CostModel::FullAdders => width(a.result).saturating_sub(a.shift),
            CostModel::CarryChains => overlap(a),
        }
    }

    /// The last adder before an output, of whose operands the lower or the higher is negative.
    pub(crate) fn last(self, a: &Adder, low_negative: bool, high_negative: bool) -> u32 {
        match self {
            CostModel::CarryChains => overlap(a),
            CostModel::FullAdders if !low_negative => self.adder(a),
            CostModel::FullAdders => {
                let result = (-a.result.1, -a.result.0);
                if high_negative { self.adder(a) + width(result) } else { width(result) }
            }
        }
    }

    /// An output that is the negative of a value in this range.
    pub(crate) fn negated(self, range: Span) -> u32 {
        match self {
            CostModel::FullAdders => width((-range.1, -range.0)),
            CostModel::CarryChains => 0,
        }
    }
}

fn overlap(a: &Adder) -> u32 {
    let extent = |r: Span| 128 - (r.1 - r.0).leading_zeros();
    extent(a.low).min(extent(a.high) + a.shift).saturating_sub(a.shift)
}
