//! Linear-feedback shift registers of maximal length.

use super::misuse::refuse;
use crate::hw::bits::{Bits, Bool, bits, word};
use crate::hw::bundle::ToHw;
use crate::hw::context::{Loc, Raw};
use crate::hw::module::Module;

/// Taps for widths from 2, numbered from 1: those of P. Alfke, "Efficient Shift Registers, LFSR Counters, and Long
/// Pseudo-Random Sequence Generators", Xilinx application note XAPP 052 (1996), whose table begins at 3. They are the
/// exponents of the feedback polynomial beside its 1.
const TAPS: [&[u32]; 63] = [
    &[2, 1],
    &[3, 2],
    &[4, 3],
    &[5, 3],
    &[6, 5],
    &[7, 6],
    &[8, 6, 5, 4],
    &[9, 5],
    &[10, 7],
    &[11, 9],
    &[12, 6, 4, 1],
    &[13, 4, 3, 1],
    &[14, 5, 3, 1],
    &[15, 14],
    &[16, 15, 13, 4],
    &[17, 14],
    &[18, 11],
    &[19, 6, 2, 1],
    &[20, 17],
    &[21, 19],
    &[22, 21],
    &[23, 18],
    &[24, 23, 22, 17],
    &[25, 22],
    &[26, 6, 2, 1],
    &[27, 5, 2, 1],
    &[28, 25],
    &[29, 27],
    &[30, 6, 4, 1],
    &[31, 28],
    &[32, 22, 2, 1],
    &[33, 20],
    &[34, 27, 2, 1],
    &[35, 33],
    &[36, 25],
    &[37, 5, 4, 3, 2, 1],
    &[38, 6, 5, 1],
    &[39, 35],
    &[40, 38, 21, 19],
    &[41, 38],
    &[42, 41, 20, 19],
    &[43, 42, 38, 37],
    &[44, 43, 18, 17],
    &[45, 44, 42, 41],
    &[46, 45, 26, 25],
    &[47, 42],
    &[48, 47, 21, 20],
    &[49, 40],
    &[50, 49, 24, 23],
    &[51, 50, 36, 35],
    &[52, 49],
    &[53, 52, 38, 37],
    &[54, 53, 18, 17],
    &[55, 31],
    &[56, 55, 35, 34],
    &[57, 50],
    &[58, 39],
    &[59, 58, 38, 37],
    &[60, 59],
    &[61, 60, 46, 45],
    &[62, 61, 6, 5],
    &[63, 62],
    &[64, 63, 61, 60],
];

/// What is XORed to the shifted state where a 1 falls out. `None` for widths that are not in `2..=64`.
fn mask(width: u32) -> Option<u64> {
    let taps = TAPS.get(width.checked_sub(2)? as usize)?;
    Some(taps.iter().fold(0, |mask, tap| mask | 1 << (tap - 1)))
}

/// The state after `state` of [`lfsr`], for a test bench. `None` for widths that are not in `2..=64`.
pub fn lfsr_after(width: u32, state: u64) -> Option<u64> {
    let mask = mask(width)?;
    Some((state >> 1) ^ if state & 1 == 1 { mask } else { 0 })
}

/// A pseudo-random word of `2..=64` bits in Galois form: the state moves down by one bit in each clock in which `enable`
/// is 1, and takes all `2^width - 1` values that are not 0 before it repeats. It starts from `seed`, which is not 0. One
/// XOR gate deep. Bit 0 is a random bit per clock; successive words are shifted copies of each other, so where whole
/// words have to look independent, advance by a width between them.
#[track_caller]
pub fn lfsr(m: &Module, name: &str, width: u32, seed: u64, enable: impl ToHw<Bool>) -> Bits {
    let loc = Loc::caller();
    let enable = enable.to_hw();
    let Some(mask) = mask(width) else {
        refuse(loc, &format!("an LFSR of {width} bits is not available"), "give it a width of 2 to 64 bits");
        return Bits::new(Raw::POISON);
    };
    if seed == 0 || (width < 64 && seed >> width != 0) {
        let help = "give a seed that is not 0 and fits the width";
        refuse(loc, &format!("an LFSR of {width} bits cannot start from {seed}"), help);
        return Bits::new(Raw::POISON);
    }
    let state = m.reg(name, word(width)).reset(seed);
    let shifted = state.q() >> 1;
    let feedback: Bits = state.q().bit(0).mux(bits(width, mask), bits(width, 0));
    m.when(enable, || state.set(shifted ^ feedback));
    state.q()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::testing::*;
    use crate::hw::bits::BOOL;

    #[test]
    fn widths_and_seeds_that_there_are_not() {
        expect_error(
            BOOL,
            |m, enable| lfsr(m, "state", 1, 1, enable), //~ here
            "E0109: an LFSR of 1 bits is not available
            at here
            help: give it a width of 2 to 64 bits",
        );
        expect_error(
            BOOL,
            |m, enable| lfsr(m, "state", 4, 16, enable), //~ seed
            "E0109: an LFSR of 4 bits cannot start from 16
            at seed
            help: give a seed that is not 0 and fits the width",
        );
        assert_eq!(codes(BOOL, |m, enable| lfsr(m, "state", 65, 1, enable)), ["E0109"]);
        assert_eq!(codes(BOOL, |m, enable| lfsr(m, "state", 64, 0, enable)), ["E0109"]);
    }

    /// The product of two polynomials over GF(2), modulo `x^width` plus the terms of `low`.
    fn product(a: u64, b: u64, width: u32, low: u64) -> u64 {
        let mut result = 0;
        for n in (0..width).rev() {
            let carry = result >> (width - 1) & 1;
            result = (result << 1) & (u64::MAX >> (64 - width)) ^ if carry == 1 { low } else { 0 };
            if b >> n & 1 == 1 {
                result ^= a;
            }
        }
        result
    }

    fn power_of_x(mut exponent: u64, width: u32, low: u64) -> u64 {
        let (mut result, mut square) = (1, 2);
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = product(result, square, width, low);
            }
            square = product(square, square, width, low);
            exponent >>= 1;
        }
        result
    }

    fn prime_factors(mut n: u64) -> Vec<u64> {
        let mut factors = Vec::new();
        let mut d = 2u64;
        while u128::from(d) * u128::from(d) <= u128::from(n) {
            if n.is_multiple_of(d) {
                factors.push(d);
                while n.is_multiple_of(d) {
                    n /= d;
                }
            }
            d += 1;
        }
        if n > 1 {
            factors.push(n);
        }
        factors
    }

    #[test]
    fn the_whole_period_up_to_20_bits() {
        for width in 2..=20 {
            let (mut state, mut steps) = (1, 0u64);
            loop {
                state = lfsr_after(width, state).unwrap();
                steps += 1;
                if state == 1 {
                    break;
                }
            }
            assert_eq!(steps, (1 << width) - 1, "width {width}");
        }
    }

    /// `x` has the order `2^width - 1` modulo the polynomial of the taps: the polynomial is primitive.
    #[test]
    fn every_polynomial_is_primitive() {
        for width in 2..=64 {
            let order = u64::MAX >> (64 - width);
            let low = TAPS[width as usize - 2].iter().filter(|&&t| t != width).fold(1, |low, t| low | 1 << t);
            assert_eq!(TAPS[width as usize - 2][0], width);
            assert_eq!(power_of_x(order, width, low), 1, "width {width}");
            for p in factors_of_order(width) {
                assert!(order.is_multiple_of(p));
                assert_ne!(power_of_x(order / p, width, low), 1, "width {width}, factor {p}");
            }
        }
        assert!(lfsr_after(1, 1).is_none() && lfsr_after(65, 1).is_none() && lfsr_after(0, 1).is_none());
    }

    /// The bits that fall out follow the recurrence whose polynomial is that of the taps, read backward: one is primitive
    /// where the other is.
    #[test]
    fn the_register_has_the_polynomial_of_its_taps() {
        for width in 2..=64 {
            let (mut state, mut out) = (1, Vec::new());
            for k in 0..300 {
                out.push(state & 1);
                state = lfsr_after(width, state).unwrap();
                if k >= width as usize {
                    let wanted = TAPS[width as usize - 2].iter().fold(0, |sum, &tap| sum ^ out[k - tap as usize]);
                    assert_eq!(out[k], wanted, "width {width}, clock {k}");
                }
            }
        }
    }

    /// `2^width - 1` factored: an even width as the difference of two squares, which keeps trial division short.
    fn factors_of_order(width: u32) -> Vec<u64> {
        if width == 61 {
            return vec![(1 << 61) - 1]; // A Mersenne prime, too large for trial division.
        }
        let mut factors = Vec::new();
        let (mut rest, mut n) = (Vec::new(), width);
        while n.is_multiple_of(2) {
            n /= 2;
            rest.push((1u64 << n) + 1);
        }
        rest.push((1 << n) - 1);
        rest.into_iter().for_each(|part| factors.extend(prime_factors(part)));
        factors.sort_unstable();
        factors.dedup();
        factors
    }
}
