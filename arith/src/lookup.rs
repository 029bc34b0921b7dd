//! Functions of a few narrow integers as networks of lookup tables.
//!
//! All bits of the operands are the inputs of one truth table. Codes that no operand has are asked for nothing. The table is
//! decomposed ([`truth`]) for a few orders of its bits, of which bits that are neighbours may become fewer: operand after
//! operand, so that partial sums are found; and by how much a bit changes the result, so that bits of equal weight are
//! counted together.
//!
//! ```
//! use gatewright_arith::lookup;
//!
//! // The sign of a weighted sum of three numbers of two bits: a LUT, where additions would take several.
//! let found = lookup::find(&[(0, 3), (-2, 1), (0, 3)], |x| i64::from(3 * x[0] - 2 * x[1] - 2 * x[2] >= 1)).unwrap();
//! assert_eq!(found.evaluate(&[3, -1, 3]), 1);
//! assert_eq!(found.net.cost().luts, 1);
//! ```

use crate::net::{Net, Node, Signal};
use crate::shift_adds::width;
use crate::truth::{self, MOST_OUTPUTS, Truth};

/// Most bits of all operands together.
pub const MOST_BITS: u32 = 12;

/// A function in hardware: the bits of all operands go into a network, the first operand lowest, each in as many bits as its
/// range needs, with a sign if it reaches below zero. The output word is the result in the same way.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Lookup {
    /// The operands' ranges, both ends inclusive.
    pub operands: Vec<(i64, i64)>,
    /// From bits to bits.
    pub net: Net,
    /// The least and the greatest result.
    pub results: (i64, i64),
}

/// Bits of a range.
fn bits((lo, hi): (i64, i64)) -> u32 {
    width((lo.into(), hi.into()))
}

/// The number that a code of `bits` bits stands for.
fn decoded(code: u64, bits: u32, signed: bool) -> i64 {
    let negative = signed && bits > 0 && code >> (bits - 1) & 1 == 1;
    if negative { code as i64 - (1 << bits) } else { code as i64 }
}

/// The operands whose bits are `code`; none where one leaves its range.
fn operands(ranges: &[(i64, i64)], code: u64) -> Option<Vec<i64>> {
    let mut rest = code;
    let operand = |&(lo, hi): &(i64, i64)| {
        let bits = bits((lo, hi));
        let x = decoded(rest & ((1 << bits) - 1), bits, lo < 0);
        rest >>= bits;
        (lo..=hi).contains(&x).then_some(x)
    };
    ranges.iter().map(operand).collect()
}

impl Lookup {
    /// The result for operands of their ranges.
    pub fn evaluate(&self, x: &[i64]) -> i64 {
        let mut at = 0;
        let code = self.operands.iter().zip(x).fold(0, |code, (range, x)| {
            let bits = bits(*range);
            at += bits;
            code | (*x as u64 & ((1 << bits) - 1)) << (at - bits)
        });
        decoded(self.net.evaluate(code), bits(self.results), self.results.0 < 0)
    }
}

/// A network for `f`; none where the operands have more than [`MOST_BITS`] bits together, or results more than 30.
pub fn find(ranges: &[(i64, i64)], f: impl Fn(&[i64]) -> i64) -> Option<Lookup> {
    let inputs = ranges.iter().try_fold(0_u32, |n, r| n.checked_add(bits(*r)).filter(|n| *n <= MOST_BITS))?;
    let results: Vec<Option<i64>> = (0..1 << inputs).map(|code| operands(ranges, code).map(|x| f(&x))).collect();
    let given = || results.iter().flatten().copied();
    let (lo, hi) = (given().min()?, given().max()?);
    let outputs = bits((lo, hi));
    if outputs > MOST_OUTPUTS {
        return None;
    }
    let nets = orders(ranges, &results).into_iter().map(|order| {
        let word = |n: usize| {
            let code = order.iter().enumerate().fold(0, |code, (bit, to)| code | (n >> bit & 1) << to);
            results[code].map(|y| y as u32 & ((1 << outputs) - 1))
        };
        let words = (0..results.len()).map(word).collect();
        reordered(truth::decompose(&Truth { inputs, outputs, words }), &order)
    });
    let net = nets.min_by_key(Net::cost)?;
    Some(Lookup { operands: ranges.to_vec(), net, results: (lo, hi) })
}

/// Orders of the bits that are tried, without repetitions.
fn orders(ranges: &[(i64, i64)], results: &[Option<i64>]) -> Vec<Vec<u32>> {
    let operand = |(n, range): (usize, &(i64, i64))| (0..bits(*range)).map(move |_| n);
    let operand_of: Vec<usize> = ranges.iter().enumerate().flat_map(operand).collect();
    let count = operand_of.len() as u32;
    // How much the results change with each bit, all in all.
    let change = |bit: u32| -> u128 {
        let pairs = (0..results.len()).filter(|n| n >> bit & 1 == 0).map(|n| (results[n], results[n | 1 << bit]));
        pairs.map(|(a, b)| a.zip(b).map_or(0, |(a, b)| u128::from(a.abs_diff(b)))).sum()
    };
    let changes: Vec<u128> = (0..count).map(change).collect();
    let of_operand = |n: usize| (0..count as usize).filter(|b| operand_of[*b] == n).map(|b| changes[b]).max();
    let mut by_operand: Vec<u32> = (0..count).collect();
    by_operand.sort_by_key(|b| (of_operand(operand_of[*b as usize]), operand_of[*b as usize], *b));
    let mut by_change: Vec<u32> = (0..count).collect();
    by_change.sort_by_key(|b| (changes[*b as usize], *b));
    let mut orders = vec![by_operand, by_change];
    orders.dedup();
    orders
}

/// The network whose input `n` is input `order[n]`.
fn reordered(mut net: Net, order: &[u32]) -> Net {
    let map = |s: &mut Signal| {
        if let Signal::Input(n) = s {
            *n = order[*n as usize];
        }
    };
    for node in &mut net.nodes {
        match node {
            Node::Table { inputs, .. } => inputs.iter_mut().for_each(map),
            Node::AtLeast { of, by, .. } => of.iter_mut().chain(by).for_each(map),
        }
    }
    net.outputs.iter_mut().for_each(map);
    net
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All operands of the ranges.
    fn everything(ranges: &[(i64, i64)]) -> Vec<Vec<i64>> {
        ranges.iter().fold(vec![Vec::new()], |all, &(lo, hi)| {
            all.into_iter().flat_map(|x| (lo..=hi).map(move |v| [&x[..], &[v]].concat())).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        /// Sums, sums cut to steps, and functions without any order, at all operands.
        #[test]
        fn equals_the_function_everywhere(
            ranges in prop::collection::vec((-5..5_i64, 0..7_i64), 0..5),
            weights in prop::collection::vec(-4..5_i64, 5),
            (kind, step, seed) in (0..3_u8, 1..9_i64, any::<u64>()),
        ) {
            let ranges: Vec<(i64, i64)> = ranges.into_iter().map(|(lo, more)| (lo, lo + more)).collect();
            let f = |x: &[i64]| {
                let sum: i64 = x.iter().zip(&weights).map(|(x, w)| x * w).sum();
                match kind {
                    0 => sum,
                    1 => (sum / step).clamp(-2, 1),
                    _ => (x.iter().fold(seed, |h, x| (h ^ *x as u64).wrapping_mul(6364136223846793005)) >> 60) as i64 - 5,
                }
            };
            match find(&ranges, f) {
                None => prop_assert!(ranges.iter().map(|r| bits(*r)).sum::<u32>() > MOST_BITS),
                Some(found) => for x in everything(&ranges) {
                    prop_assert_eq!(found.evaluate(&x), f(&x), "at {:?} of {:?}", x, ranges);
                },
            }
        }
    }

    fn luts(ranges: &[(i64, i64)], f: impl Fn(&[i64]) -> i64) -> u64 {
        find(ranges, f).unwrap().net.cost().luts
    }

    /// Functions of which it is known what they take at most.
    #[test]
    fn networks_are_small() {
        let sum = |x: &[i64]| x.iter().sum::<i64>();
        // A LUT for each bit of what six inputs make.
        assert_eq!(luts(&[(0, 1); 6], sum), 3);
        assert_eq!(luts(&[(0, 3); 3], |x| (x[0] - x[1] + 2 * x[2]).clamp(-2, 1)), 2);
        // Two full adders and what three bits of weight one and three of weight two make.
        assert!(luts(&[(0, 1); 9], |x| i64::from(sum(x) >= 5)) <= 2 * 3 + 1);
        // Six numbers of two bits: both columns counted, and two outputs of these.
        assert!(luts(&[(0, 3); 6], |x| (sum(x) - 7).clamp(0, 3)) <= 3 + 3 + 2);
        // An operand that has one value, and codes that are not there.
        assert_eq!(luts(&[(3, 3), (0, 2)], |x| i64::from(x[0] + x[1] >= 5)), 0);
    }

    #[test]
    fn what_has_no_network() {
        assert_eq!(find(&[(0, 1); 13], |x| x[0]), None);
        assert_eq!(find(&[(0, 1)], |x| x[0] << 40), None);
        assert_eq!(find(&[(i64::MIN, i64::MAX); 2], |x| x[0]), None);
        assert_eq!(find(&[], |_| -3).unwrap().evaluate(&[]), -3);
    }
}
