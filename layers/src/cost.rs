//! What a layer takes in hardware: estimates for reports and for choosing between forms of one function.
//!
//! A LUT has six inputs; an adder takes one per bit.

use std::collections::HashMap;

/// An estimate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Cost {
    /// Additions and subtractions of two values; those of constants, which have no logic of their own, are not counted.
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

    /// Of shift-and-add steps. An inverted word is a negative one; and a constant beside a carry chain takes no LUT.
    pub(crate) fn adds(cost: gatewright_arith::Cost, steps: usize, luts: u64) -> Cost {
        Cost { adders: steps as u64, adder_bits: cost.bits, luts, depth: cost.depth, comparators: 0 }
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

    /// A table of words of which the low `bits` bits are wanted.
    ///
    /// Each bit is a decision diagram: a LUT for each different function of the low six address bits, and above it one for
    /// each different choice between four. All bits share them. On tables of quantisers this is mostly within a
    /// quarter of what Yosys finds.
    pub(crate) fn table(words: &[i64], bits: u32) -> Cost {
        // Signals: 0 and 1, and for LUTs even numbers and odd ones for their complements.
        let (mut leaves, mut choices) = (HashMap::new(), HashMap::new());
        for bit in 0..bits {
            let mut leaf = |block: &[i64]| {
                let all = u64::MAX >> (64 - block.len());
                let values = block.iter().rev().fold(0, |values, word| values << 1 | (word >> bit & 1) as u64);
                let (function, complement) = if values & 1 == 1 { (values ^ all, 1) } else { (values, 0) };
                let next = 2 * (1 + leaves.len());
                if function == 0 { complement } else { *leaves.entry(function).or_insert(next) + complement }
            };
            let mut signals: Vec<usize> = words.chunks(64).map(&mut leaf).collect();
            while signals.len() > 1 {
                let mut choose = |of: &[usize]| {
                    let next = 2 * (1 + (1 << 32) + choices.len());
                    let same = of.iter().all(|s| *s == of[0]);
                    if same { of[0] } else { *choices.entry(of.to_vec()).or_insert(next) }
                };
                signals = signals.chunks(4).map(&mut choose).collect();
            }
        }
        let address = words.len().next_power_of_two().ilog2();
        let luts = (leaves.len() + choices.len()) as u64;
        Cost { luts, depth: 1 + address.saturating_sub(6).div_ceil(2), ..Cost::default() }
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
