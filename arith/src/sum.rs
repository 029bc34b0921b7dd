//! Sums of products with constants as trees of additions of least depth.
//!
//! The operands that are there first are added first, and of those the ones that are alike: equal shifts, so that a
//! common shift costs nothing, and narrow ones together. With operands that arrive `d` adders late, the depth is
//! `ceil(log2(sum of 2^d))`, which no tree beats (M. C. Golumbic, Combinatorial merging, 1976). Each product is one such
//! tree of its signed digits, and each sum one of its products; no subexpression is shared.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::csd;
use crate::shift_adds::{ShiftAdds, Step, Term, width};

/// Something to be added: arrival in adders, shift, width, and a number that settles ties; then the term.
type Operand = (u32, u32, u32, usize, bool);

struct Builder {
    adds: ShiftAdds,
    heap: BinaryHeap<Reverse<Operand>>,
}

/// One tree for each row of a constant matrix, rows given by their nonzero weights: `(input, weight)`, each input at most
/// once. `inputs` are ranges, both ends inclusive.
///
/// Weights and ranges are such that every sum of magnitudes stays below 2^126.
pub fn rows(inputs: &[(i128, i128)], rows: &[Vec<(usize, i128)>]) -> ShiftAdds {
    let adds = ShiftAdds { ranges: inputs.to_vec(), ..ShiftAdds::default() };
    let mut b = Builder { adds, heap: BinaryHeap::new() };
    for row in rows {
        let mut products = Vec::with_capacity(row.len());
        for &(input, weight) in row {
            products.extend(b.product(input, weight));
        }
        products.into_iter().for_each(|(depth, term)| b.push(depth, term));
        let output = b.total(None).map(|(_, term)| term);
        b.adds.outputs.push(output);
    }
    b.adds
}

impl Builder {
    fn push(&mut self, depth: u32, term: Term) {
        let bits = width(self.adds.ranges[term.value]);
        self.heap.push(Reverse((depth, term.shift, bits, term.value, term.negative)));
    }

    /// `weight * input` and its depth.
    fn product(&mut self, input: usize, weight: i128) -> Option<(u32, Term)> {
        for digit in csd::digits(weight) {
            self.push(0, Term { value: input, shift: digit.shift, negative: digit.negative });
        }
        self.total(Some((input, weight)))
    }

    /// The sum of all in the heap. For the digits of a `product` of one input and a weight, ranges follow from the
    /// coefficients that have come together; else from the operands, which have no input in common.
    fn total(&mut self, product: Option<(usize, i128)>) -> Option<(u32, Term)> {
        let first = self.adds.ranges.len();
        let mut coefficients: Vec<i128> = Vec::new();
        loop {
            let Reverse(x) = self.heap.pop()?;
            let Some(Reverse(y)) = self.heap.pop() else {
                return Some((x.0, term(x)));
            };
            let shift = x.1.min(y.1);
            let lowered = |o: Operand| Term { shift: o.1 - shift, ..term(o) };
            // The negative one second; both negative: their sum is.
            let (a, b) = if x.4 && !y.4 { (lowered(y), lowered(x)) } else { (lowered(x), lowered(y)) };
            let negative = a.negative;
            let step = Step { a: Term { negative: false, ..a }, b: Term { negative: b.negative && !negative, ..b } };
            let range = match product {
                Some((input, _)) => {
                    let of = |t: Term| {
                        let c = t.value.checked_sub(first).map_or(1, |k| coefficients[k]) << t.shift;
                        if t.negative { -c } else { c }
                    };
                    let c = of(step.a) + of(step.b);
                    coefficients.push(c);
                    scaled(self.adds.ranges[input], c)
                }
                None => {
                    let of = |t: Term| {
                        scaled(self.adds.ranges[t.value], if t.negative { -(1 << t.shift) } else { 1 << t.shift })
                    };
                    let (p, q) = (of(step.a), of(step.b));
                    (p.0 + q.0, p.1 + q.1)
                }
            };
            let value = self.adds.ranges.len();
            self.adds.steps.push(step);
            self.adds.ranges.push(range);
            self.push(1 + x.0.max(y.0), Term { value, shift, negative });
        }
    }
}

fn term(o: Operand) -> Term {
    Term { value: o.3, shift: o.1, negative: o.4 }
}

fn scaled((lo, hi): (i128, i128), c: i128) -> (i128, i128) {
    if c < 0 { (hi * c, lo * c) } else { (lo * c, hi * c) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The weights that a list computes, by giving it one input at a time.
    fn coefficients(adds: &ShiftAdds) -> Vec<Vec<i128>> {
        let n = adds.inputs();
        let columns: Vec<Vec<i128>> =
            (0..n).map(|i| adds.evaluate(&(0..n).map(|k| i128::from(k == i)).collect::<Vec<_>>())).collect();
        (0..adds.outputs.len()).map(|o| columns.iter().map(|c| c[o]).collect()).collect()
    }

    fn weight() -> impl Strategy<Value = i128> {
        prop_oneof![4 => -1..=1_i128, 4 => -8..=7_i128, 2 => -40_000..40_000_i128, 1 => -(1_i128 << 62)..1 << 62]
    }

    fn matrix() -> impl Strategy<Value = (Vec<(i128, i128)>, Vec<Vec<i128>>)> {
        (1..12_usize, 0..6_usize).prop_flat_map(|(n, rows)| {
            let range = (-300..300_i128, 0..500_i128).prop_map(|(lo, more)| (lo, lo + more));
            (prop::collection::vec(range, n), prop::collection::vec(prop::collection::vec(weight(), n), rows))
        })
    }

    fn sparse(weights: &[Vec<i128>]) -> Vec<Vec<(usize, i128)>> {
        weights.iter().map(|row| row.iter().copied().enumerate().filter(|(_, w)| *w != 0).collect()).collect()
    }

    proptest! {
        #[test]
        fn the_list_has_the_coefficients((inputs, weights) in matrix()) {
            let adds = rows(&inputs, &sparse(&weights));
            prop_assert_eq!(coefficients(&adds), weights);
            for step in &adds.steps {
                prop_assert!(!step.a.negative && step.a.shift.min(step.b.shift) == 0);
            }
        }

        /// The ranges are those of the linear form of each step, which the extreme inputs reach.
        #[test]
        fn ranges_are_exact((inputs, weights) in matrix()) {
            let adds = rows(&inputs, &sparse(&weights));
            let n = inputs.len();
            for (k, range) in adds.ranges.iter().enumerate() {
                let only = ShiftAdds { outputs: vec![Some(Term::of(k))], ..adds.clone() };
                let form = coefficients(&only).remove(0);
                let end = |greatest: bool| -> i128 {
                    (0..n).map(|i| form[i] * if (form[i] > 0) == greatest { inputs[i].1 } else { inputs[i].0 }).sum()
                };
                prop_assert_eq!(*range, (end(false), end(true)));
            }
        }

        /// Weights of one digit: as many adders as it takes, and a tree as flat as can be.
        #[test]
        fn single_digits_make_balanced_trees(n in 1..70_usize, signs: u128, shifts in 0..4_u32) {
            let row: Vec<(usize, i128)> = (0..n)
                .map(|i| (i, (if signs >> i & 1 == 1 { -1 } else { 1 }) << (i as u32 % (shifts + 1))))
                .collect();
            let negated = row.iter().all(|w| w.1 < 0);
            let cost = rows(&vec![(0, 7); n], &[row]).cost();
            prop_assert_eq!(cost.adders, n as u64 - 1 + u64::from(negated));
            prop_assert_eq!(cost.depth, usize::ilog2(2 * n - 1) + u32::from(negated));
        }
    }

    #[test]
    fn late_operands_come_last() {
        // Seven single digits and one product of four digits, which is two adders late: 7 + 4 make 16.
        let row: Vec<(usize, i128)> = (0..7).map(|i| (i, 1)).chain([(7, 0b1001001001)]).collect();
        assert_eq!(rows(&[(0, 1); 8], &[row]).cost().depth, 4);
        assert_eq!(rows(&[(0, 1); 2], &[vec![]]).outputs, [None]);
    }

    #[test]
    fn bits_that_pass_through_are_free() {
        let bits = |weight| rows(&[(0, 15), (0, 15)], &[vec![(0, 1), (1, weight)]]).cost().bits;
        // 0..=30 takes 5 bits; 0..=255 takes 8, of which the low 4 are the first input's.
        assert_eq!((bits(1), bits(16)), (5, 4));
    }
}
