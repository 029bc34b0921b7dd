//! Canonical signed digits: a constant as the shortest sum and difference of powers of two.
//!
//! No two neighbouring digits are nonzero, which makes the recoding unique, and no recoding has fewer nonzero digits
//! (G. W. Reitwiesner, Binary arithmetic, 1960).

use num_traits::PrimInt;

/// `2^shift`, or its negative.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Digit {
    /// Exponent.
    pub shift: u32,
    /// Subtracted.
    pub negative: bool,
}

/// The nonzero digits of `value`, the lowest first; none for 0.
pub fn digits(value: i128) -> Vec<Digit> {
    let mut rest = value.unsigned_abs();
    let (mut digits, mut shift) = (Vec::new(), 0);
    while rest != 0 {
        let zeros = rest.trailing_zeros();
        rest >>= zeros;
        shift += zeros;
        // Before a 1 that follows, this digit is -1 and carries.
        let negative = rest & 3 == 3;
        digits.push(Digit { shift, negative: negative != (value < 0) });
        rest = (rest >> 1) + u128::from(negative);
        shift += 1;
    }
    digits
}

/// How many of them there are: they are where `3v` differs from `v`. Of a magnitude below 2^125.
pub(crate) fn weight<V: PrimInt>(v: V) -> u32 {
    (v ^ (v + v + v)).count_ones()
}

#[cfg(test)]
mod tests {
    use std::collections::btree_map::{BTreeMap, Entry};

    use proptest::prelude::*;

    use super::*;

    /// The value of signed digits, in arithmetic modulo 2^128.
    fn value(digits: &[Digit]) -> i128 {
        digits.iter().fold(0_i128, |sum, d| {
            let power = 1_u128.checked_shl(d.shift).unwrap_or(0) as i128;
            if d.negative { sum.wrapping_sub(power) } else { sum.wrapping_add(power) }
        })
    }

    fn check(v: i128) {
        let found = digits(v);
        assert_eq!(value(&found), v);
        assert!(found.windows(2).all(|w| w[1].shift > w[0].shift + 1), "{v}: neighbours in {found:?}");
    }

    #[test]
    fn the_ends() {
        for v in [0, 1, -1, 2, 3, 7, -7, i128::MAX, i128::MIN, i128::MIN + 1, i64::MAX.into(), i64::MIN.into()] {
            check(v);
        }
        assert_eq!(digits(7).len(), 2);
        assert_eq!(digits(0), []);
    }

    /// The least number of powers of two with signs that add up to each value, by breadth first.
    #[test]
    fn the_least_number_of_digits() {
        const LIMIT: i64 = 512;
        let mut least = BTreeMap::from([(0_i64, 0_usize)]);
        let mut last = vec![0];
        for count in 1..=6 {
            let mut next = Vec::new();
            for v in last {
                for shift in 0..=11 {
                    for w in [v + (1 << shift), v - (1 << shift)] {
                        if let Entry::Vacant(new) = least.entry(w) {
                            new.insert(count);
                            next.push(w);
                        }
                    }
                }
            }
            last = next;
        }
        for v in -LIMIT..=LIMIT {
            assert_eq!(digits(v.into()).len(), least[&v], "{v}");
        }
    }

    proptest! {
        #[test]
        fn every_value(v: i128, shift in 0..127_u32) {
            check(v);
            check(v >> shift);
        }
    }
}
