//! A small seeded generator (SplitMix64): the same stalls and stimuli on every machine and in every release.

use gatewright_dsl::ty::Ty;
use gatewright_dsl::value::Value;

/// A seeded stream of numbers.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Rng {
        Rng(seed)
    }
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        ((self.bits() >> 11) as f64) < p * (1u64 << 53) as f64
    }
    /// A number in `lo..=hi`.
    pub fn between(&mut self, lo: u64, hi: u64) -> u64 {
        let count = u128::from(hi.saturating_sub(lo)) + 1;
        lo + ((u128::from(self.bits()) * count) >> 64) as u64
    }
    /// A value of a type: the ends of its range and values near zero more often than others.
    pub fn value(&mut self, ty: Ty) -> Value {
        let range = ty.range();
        match self.between(0, 9) {
            0 => range.lo(),
            1 => range.hi(),
            2 => {
                let near = Value::from(self.between(0, 8) as i64 - 4);
                if range.contains(&near) { near } else { range.nearest_zero() }
            }
            _ => {
                let count = range.count();
                // 64 bits more than needed, so that the remainder is as good as even.
                let width = count.bits(false) + 64;
                let words: Vec<u32> = (0..width.div_ceil(32)).map(|_| self.bits() as u32).collect();
                let n = Value::from_words(&words, width, false).rem_trunc(&count).unwrap_or(Value::ZERO);
                &range.lo() + &n
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatewright_dsl::ty::{IntTy, sint};

    #[test]
    fn known_stream() {
        // The first outputs of SplitMix64 for the seed 1234567, from its reference implementation.
        let mut rng = Rng::new(1_234_567);
        assert_eq!(rng.bits(), 6_457_827_717_110_365_317);
        assert_eq!(rng.bits(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn values_are_in_range_and_reach_the_ends() {
        let mut rng = Rng::new(1);
        for ty in [Ty::Int(IntTy::new(-3, 4)), Ty::Int(sint(200)), Ty::Bits(1), Ty::Int(IntTy::new(5, 5))] {
            let values: Vec<Value> = (0..200).map(|_| rng.value(ty)).collect();
            assert!(values.iter().all(|v| ty.contains(v)));
            assert!(values.contains(&ty.range().lo()) && values.contains(&ty.range().hi()));
        }
        let ones = (0..1000).filter(|_| rng.chance(0.25)).count();
        assert!((200..300).contains(&ones), "{ones}");
    }
}
