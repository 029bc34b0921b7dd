//! Positions of the greatest elements along an axis.
//!
//! One position comes from a tree of comparisons. Several come from comparing every two elements: an element's rank is
//! the number of elements that go before it.

use gatewright_dsl::prelude::{Bool, Int, from_bools, lit, reduce};

use crate::cost::Cost;
use crate::error::Error;
use crate::network::{Range, TensorTy};
use crate::reduce::{check_axes, levels};

/// The layer's parameters.
#[derive(Clone, Copy)]
pub(crate) struct TopK {
    pub axis: usize,
    pub k: usize,
    /// Of equal elements the last goes first.
    pub last: bool,
}

impl TopK {
    /// True where element `a` goes before `b` if they are equal.
    fn wins(self, a: usize, b: usize) -> bool {
        if self.last { a > b } else { a < b }
    }

    /// The elements of each line along the axis, and for each the place of its result `0` and the stride of the others.
    fn lines(self, shape: &[usize]) -> Vec<(Vec<usize>, usize, usize)> {
        let (outer, inner): (usize, usize) =
            (shape[..self.axis].iter().product(), shape[self.axis + 1..].iter().product());
        let len = shape[self.axis];
        let line = |n: usize| {
            let (o, i) = (n / inner, n % inner);
            let elements = (0..len).map(|k| (o * len + k) * inner + i).collect();
            (elements, o * self.k * inner + i, inner)
        };
        (0..outer * inner).map(line).collect()
    }

    /// Whether the element at `at` can have `rank` elements before it.
    fn can_have(self, ranges: &[Range], at: usize, rank: usize) -> bool {
        let (own, others) = (ranges[at], || (0..ranges.len()).filter(move |&j| j != at));
        let before = |end: i64, v: i64, j: usize| if self.wins(j, at) { end >= v } else { end > v };
        // With the value v, so many others go before for certain, and so many may; both fall as v rises. The least v with
        // few enough certain ones therefore has the most that may.
        let certain = |v: i64| others().filter(|&j| before(ranges[j].lo, v, j)).count();
        let possible = |v: i64| others().filter(|&j| before(ranges[j].hi, v, j)).count();
        if certain(own.hi) > rank {
            return false;
        }
        let (mut lo, mut hi) = (own.lo, own.hi);
        while lo < hi {
            let middle = lo + (hi - lo) / 2;
            if certain(middle) <= rank { hi = middle } else { lo = middle + 1 }
        }
        possible(lo) >= rank
    }

    /// The positions that can have each rank.
    fn candidates(self, ranges: &[Range]) -> Vec<Vec<usize>> {
        let n = ranges.len();
        // Alike and not constant, every element can have every rank.
        let alike = ranges.iter().all(|r| *r == ranges[0]) && ranges.first().is_some_and(|r| r.lo < r.hi);
        let of = |rank| (0..n).filter(|&at| alike || self.can_have(ranges, at, rank)).collect();
        (0..self.k).map(of).collect()
    }

    pub fn output(self, x: &TensorTy) -> Result<TensorTy, Error> {
        check_axes(&[self.axis], &x.shape)?;
        let len = x.shape[self.axis];
        if self.k == 0 || self.k > len {
            return Err(Error::layer(format!("the {} greatest of {len} elements", self.k)));
        }
        let mut shape = x.shape.clone();
        shape[self.axis] = self.k;
        let mut ranges = vec![Range::of(0); shape.iter().product()];
        for (line, first, stride) in self.lines(&x.shape) {
            let inputs: Vec<Range> = line.iter().map(|&e| x.ranges[e]).collect();
            for (rank, candidates) in self.candidates(&inputs).into_iter().enumerate() {
                // Somebody has each rank, so the list is not empty.
                let (lo, hi) = (candidates.iter().min(), candidates.iter().max());
                let end = |e: Option<&usize>| e.map_or(0, |&e| e as i64);
                ranges[first + rank * stride] = Range { lo: end(lo), hi: end(hi) };
            }
        }
        Ok(TensorTy { shape, ranges })
    }

    pub fn golden(self, x: &[i64], ty: &TensorTy, out: &TensorTy) -> Vec<i64> {
        let (inputs, outputs) = (ty.ranges.len().max(1), out.ranges.len().max(1));
        let lines = self.lines(&ty.shape);
        let mut y = vec![0; x.len() / inputs * outputs];
        let mut order: Vec<usize> = Vec::new();
        for (x, y) in x.chunks_exact(inputs).zip(y.chunks_exact_mut(outputs)) {
            for (line, first, stride) in &lines {
                let first_of = |a: usize, b: usize| {
                    let (p, q) = (x[line[a]], x[line[b]]);
                    if p > q || (p == q && self.wins(a, b)) { a } else { b }
                };
                if self.k == 1 {
                    y[*first] = (1..line.len()).fold(0, first_of) as i64;
                    continue;
                }
                order.clear();
                order.extend(0..line.len());
                order.sort_unstable_by_key(|&k| {
                    let tie = if self.last { line.len() - k } else { k };
                    (std::cmp::Reverse(x[line[k]]), tie)
                });
                for (rank, &k) in order[..self.k].iter().enumerate() {
                    y[first + rank * stride] = k as i64;
                }
            }
        }
        y
    }

    pub fn unrolled(self, x: &[Int], ty: &TensorTy, out: &TensorTy) -> Vec<Int> {
        let mut y = vec![lit(0); out.ranges.len()];
        for (line, first, stride) in self.lines(&ty.shape) {
            let ranges: Vec<Range> = line.iter().map(|&e| ty.ranges[e]).collect();
            let values: Vec<Int> = line.iter().map(|&e| x[e]).collect();
            let candidates = self.candidates(&ranges);
            if self.k == 1 {
                y[first] = self.greatest(&values, &candidates[0]);
                continue;
            }
            let ranks = self.ranks(&values, &ranges);
            for (rank, candidates) in candidates.iter().enumerate() {
                y[first + rank * stride] = chosen(&ranks, candidates, rank);
            }
        }
        y
    }

    /// The position of the greatest of those that can be.
    fn greatest(self, values: &[Int], candidates: &[usize]) -> Int {
        let start: Vec<(Int, Int)> = candidates.iter().map(|&k| (values[k], lit(k))).collect();
        // In a tree of neighbours, all of the first are before all of the second.
        let best = reduce(&start, |a, b| {
            let first = if self.last { a.0.gt(b.0) } else { a.0.ge(b.0) };
            (a.0.max(b.0), first.mux(a.1, b.1))
        });
        best.map_or(lit(0), |b| b.1)
    }

    /// For each element, how many go before it.
    fn ranks(self, values: &[Int], ranges: &[Range]) -> Vec<Int> {
        let n = values.len();
        let mut before: Vec<Vec<Bool>> = vec![Vec::with_capacity(n); n];
        let mut certain = vec![0_usize; n];
        for a in 0..n {
            for b in a + 1..n {
                let (x, y) = (ranges[a], ranges[b]);
                if x.lo > y.hi || (x.lo == y.hi && !self.last) {
                    certain[b] += 1;
                } else if y.lo > x.hi || (y.lo == x.hi && self.last) {
                    certain[a] += 1;
                } else {
                    let first = if self.last { values[a].gt(values[b]) } else { values[a].ge(values[b]) };
                    before[b].push(first);
                    before[a].push(!first);
                }
            }
        }
        let count = |(bools, certain): (&Vec<Bool>, usize)| match bools.len() {
            0 => lit(certain),
            _ => from_bools(bools).count_ones() + certain,
        };
        before.iter().zip(certain).map(count).collect()
    }

    pub fn cost(self, x: &TensorTy) -> Cost {
        let lines = self.lines(&x.shape);
        let of = |(line, ..): &(Vec<usize>, usize, usize)| {
            let (n, width) = (line.len() as u64, line.iter().map(|&e| x.ranges[e].width()).max().unwrap_or(0));
            let position = u64::BITS - (n - 1).leading_zeros();
            if self.k == 1 {
                let one = Cost::compare(width).then(Cost::choose(width).beside(Cost::choose(position)));
                return Cost { depth: 2 * levels(line.len()), ..one.times(n - 1) };
            }
            let compare = Cost::compare(width).times(n * (n - 1) / 2);
            let counts = Cost { adders: n, adder_bits: n * n, luts: n * n, depth: levels(line.len()), comparators: 0 };
            let hit = Cost::compare_constant(position).then(Cost::choose(position));
            let hits = Cost { depth: 1 + levels(line.len()), ..hit.times(n * self.k as u64) };
            compare.then(counts).then(hits)
        };
        lines.iter().map(of).fold(Cost::default(), Cost::beside)
    }
}

/// The one of `candidates` whose rank is `rank`.
fn chosen(ranks: &[Int], candidates: &[usize], rank: usize) -> Int {
    let start: Vec<(Bool, Int)> = candidates.iter().map(|&k| (ranks[k].eq(rank), lit(k))).collect();
    // Which of two it is, the first one's hit says; whether it is one of them, either.
    let found = reduce(&start, |a, b| (a.0 | b.0, a.0.mux(a.1, b.1)));
    found.map_or(lit(0), |f| f.1)
}
