//! What a layer takes in hardware: estimates for reports and for choosing between forms of one function.
//!
//! A LUT has six inputs; an adder takes one per bit.

/// An estimate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Cost {
    /// Two-operand additions, subtractions and negations.
    pub adders: u64,
    /// Their bits.
    pub adder_bits: u64,
    /// Comparisons.
    pub comparators: u64,
    /// Six-input LUTs, those of adders and comparators included.
    pub luts: u64,
    /// Operations in a row.
    pub depth: u32,
}

impl Cost {
    /// Of logic that works at the same time.
    pub fn beside(self, other: Cost) -> Cost {
        Cost { depth: self.depth.max(other.depth), ..self.sum(other) }
    }

    /// Of logic that works one after the other.
    pub fn then(self, other: Cost) -> Cost {
        Cost { depth: self.depth + other.depth, ..self.sum(other) }
    }

    fn sum(self, other: Cost) -> Cost {
        Cost {
            adders: self.adders + other.adders,
            adder_bits: self.adder_bits + other.adder_bits,
            comparators: self.comparators + other.comparators,
            luts: self.luts + other.luts,
            depth: 0,
        }
    }

    /// Of shift-and-add steps.
    pub(crate) fn adds(cost: gatewright_arith::Cost) -> Cost {
        let (adders, adder_bits) = (cost.adders, cost.bits);
        Cost { adders, adder_bits, luts: adder_bits, depth: cost.depth, comparators: 0 }
    }

    /// Comparison of `width` bits with a constant.
    pub(crate) fn compare_constant(width: u32) -> Cost {
        // Each LUT after the first takes five more bits beside what the one before found.
        let luts = u64::from(width.saturating_sub(1)).div_ceil(5).max(1);
        Cost { comparators: 1, luts, depth: 1, ..Cost::default() }
    }

    /// Comparison of two words of `width` bits.
    pub(crate) fn compare(width: u32) -> Cost {
        Cost { comparators: 1, luts: u64::from(width).div_ceil(2).max(1), depth: 1, ..Cost::default() }
    }

    /// A choice between two words of `width` bits.
    pub(crate) fn choose(width: u32) -> Cost {
        Cost { luts: u64::from(width).div_ceil(2), depth: 1, ..Cost::default() }
    }

    /// A table from words of `from` bits to words of `to` bits.
    pub(crate) fn table(from: u32, to: u32) -> Cost {
        let beyond = from.saturating_sub(6).min(50);
        Cost { luts: u64::from(to) << beyond, depth: 1 + beyond.div_ceil(2), ..Cost::default() }
    }

    /// `n` of the same side by side.
    pub(crate) fn times(self, n: u64) -> Cost {
        Cost {
            adders: self.adders * n,
            adder_bits: self.adder_bits * n,
            comparators: self.comparators * n,
            luts: self.luts * n,
            depth: self.depth,
        }
    }
}
