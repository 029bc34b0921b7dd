//! Samples for a test bench where the user has none.

use std::sync::Arc;

use gatewright_layers::network::{Batch, Network, Range};

/// Most samples that are made.
const MOST: usize = 100;
/// Elements of inputs and outputs that are about enough for all samples together: bounds the files of large networks.
const ELEMENTS: usize = 200_000;

/// Samples of a network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Samples {
    /// How many.
    pub count: usize,
    /// One batch per input of the network.
    pub inputs: Vec<Batch>,
}

/// The vectors that come first.
const CORNERS: [fn(usize, Range) -> i64; 5] = [
    |_, r| r.lo,
    |_, r| r.hi,
    |_, r| 0.clamp(r.lo, r.hi),
    |e, r| if e.is_multiple_of(2) { r.lo } else { r.hi },
    |e, r| if e.is_multiple_of(2) { r.hi } else { r.lo },
];

impl Samples {
    /// The corners of the ranges, then pseudo-random integers in them: the same ones each time. At most 100 samples, fewer
    /// for networks with very many inputs and outputs.
    pub fn of_ranges(network: &Network) -> Samples {
        let inputs = network.inputs.iter().map(|(_, ty)| ty);
        let outputs = network.outputs.iter().map(|(_, t)| network.ty(*t));
        let elements: usize = inputs.chain(outputs).map(|ty| ty.ranges.len()).sum();
        let count = (ELEMENTS / elements.max(1)).clamp(CORNERS.len() + 5, MOST);
        let mut random = Random(1);
        let mut inputs: Vec<Vec<i64>> = vec![Vec::new(); network.inputs.len()];
        for sample in 0..count {
            let mut element = 0;
            for (batch, (_, ty)) in inputs.iter_mut().zip(&network.inputs) {
                for range in &ty.ranges {
                    batch.push(match CORNERS.get(sample) {
                        Some(corner) => corner(element, *range),
                        None => random.within(*range),
                    });
                    element += 1;
                }
            }
        }
        Samples { count, inputs: inputs.into_iter().map(Arc::new).collect() }
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn within(&mut self, range: Range) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // Ranges have at most 63 bits, so that this is no more than `hi`.
        range.lo.wrapping_add(((z ^ (z >> 31)) % range.count()) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatewright_layers::network::TensorTy;

    fn network(inputs: Vec<TensorTy>) -> Network {
        let inputs = inputs.into_iter().enumerate().map(|(n, ty)| (format!("x{n}"), ty)).collect();
        Network { name: "ranges".into(), inputs, ..Network::default() }
    }

    #[test]
    fn corners_come_first_and_all_values_are_in_their_ranges() {
        let (lo, hi) = (-(1 << 62), (1 << 62) - 1);
        let first = TensorTy { shape: vec![2], ranges: vec![Range { lo: -3, hi: 4 }, Range { lo: 2, hi: 9 }] };
        let second = TensorTy { shape: vec![2], ranges: vec![Range { lo, hi }, Range::of(-5)] };
        let network = network(vec![first, second]);
        let samples = Samples::of_ranges(&network);
        assert_eq!(samples.count, 100);
        assert_eq!(samples.inputs[0][..10], [-3, 2, 4, 9, 0, 2, -3, 9, 4, 2]);
        assert_eq!(samples.inputs[1][..10], [lo, -5, hi, -5, 0, -5, lo, -5, hi, -5]);
        // The golden model refuses what is out of its range.
        network.outputs(samples.count, &samples.inputs).unwrap();
        for value in -3..=4 {
            assert!(samples.inputs[0].iter().step_by(2).skip(5).any(|v| *v == value), "{value}");
        }
        assert_eq!(Samples::of_ranges(&network), samples);
    }

    #[test]
    fn large_networks_get_fewer_samples() {
        let bits = TensorTy::uniform(vec![50_000], Range { lo: 0, hi: 1 });
        let samples = Samples::of_ranges(&network(vec![bits]));
        assert_eq!((samples.count, samples.inputs[0].len()), (10, 500_000));
    }
}
