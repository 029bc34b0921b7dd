//! A moved operand as bits.

use super::Staircase;

/// The function on the codes `0..2^bits` of its moved operand; codes that no operand has belong to a step beside them.
pub(super) struct Codes {
    pub bits: u32,
    first: i64,
    pub steps: Vec<(u64, i64)>,
    /// Codes that no operand has: from, up to, both inclusive; none where the first is greater.
    gaps: [(u64, u64); 2],
}

impl Codes {
    pub fn of(f: &Staircase, offset: i64, bits: u32) -> Codes {
        let size = 1_i64 << bits;
        let (lo, hi) = (f.lo + offset, f.hi + offset);
        let code = |z: i64| z.rem_euclid(size) as u64;
        let block = |z: i64| z.div_euclid(size);
        let moved = f.steps.iter().map(|&(p, v)| (p + offset, v));
        if block(lo) == block(hi) {
            let steps = moved.map(|(z, v)| (code(z), v)).collect();
            let gaps = [(0, code(lo).wrapping_sub(1)), (code(hi) + 1, size as u64 - 1)];
            let gaps = if code(lo) == 0 { [(1, 0), gaps[1]] } else { gaps };
            return Codes { bits, first: f.first, steps, gaps };
        }
        // Around the end: the upper part comes first.
        let turn = block(hi) * size;
        let first = f.at(turn - offset);
        let mut steps: Vec<(u64, i64)> = moved.clone().filter(|s| s.0 > turn).map(|(z, v)| (code(z), v)).collect();
        let last = steps.last().map_or(first, |s| s.1);
        let gap = (code(hi) + 1, code(lo));
        if last != f.first {
            steps.push((roundest(gap.0, gap.1), f.first));
        }
        steps.extend(moved.filter(|s| s.0 < turn).map(|(z, v)| (code(z), v)));
        // A step exactly at the turn is the first value.
        let gaps = if gap.0 < gap.1 { [(gap.0, gap.1 - 1), (1, 0)] } else { [(1, 0); 2] };
        Codes { bits, first, steps, gaps }
    }

    pub fn at(&self, code: u64) -> i64 {
        match self.steps.partition_point(|s| s.0 <= code) {
            0 => self.first,
            n => self.steps[n - 1].1,
        }
    }

    /// How many places steps have between multiples of the powers of two, together.
    pub fn roughness(&self) -> usize {
        let mut places: Vec<u64> = self.steps.iter().map(|s| s.0).collect();
        let mut sum = 0;
        for low in (1..=self.bits).rev() {
            places.iter_mut().for_each(|p| *p &= (1 << low) - 1);
            places.sort_unstable();
            places.dedup();
            sum += places.len();
        }
        sum
    }

    /// The word for codes from `from` to `to`, at which the function has one value; none where no operand has them.
    pub fn word(&self, from: u64, to: u64, mask: u64) -> Option<u32> {
        (!self.unused(from, to)).then(|| (self.at(from) as u64 & mask) as u32)
    }

    /// Whether operands have all codes from `from` to `to`.
    pub fn used(&self, from: u64, to: u64) -> bool {
        self.gaps.iter().all(|g| g.0 > g.1 || to < g.0 || g.1 < from)
    }

    /// Whether no operand has a code from `from` to `to`.
    pub fn unused(&self, from: u64, to: u64) -> bool {
        self.gaps.iter().any(|g| g.0 <= from && to <= g.1)
    }
}

/// The number in `lo..=hi` with the most zeros at its end.
fn roundest(lo: u64, hi: u64) -> u64 {
    let up = |bits: u32| (lo.div_ceil(1 << bits)) << bits;
    (0..63).rev().map(up).find(|c| *c <= hi).unwrap_or(lo)
}

/// The places of steps between multiples of `2^low`, in order, without 0; none where they are more than `most`.
pub(super) fn cuts(codes: &Codes, low: u32, most: usize) -> Option<Vec<u64>> {
    let mut found: Vec<u64> = Vec::new();
    for (position, _) in &codes.steps {
        let place = position & ((1 << low) - 1);
        if place != 0
            && let Err(at) = found.binary_search(&place)
        {
            if found.len() == most {
                return None;
            }
            found.insert(at, place);
        }
    }
    Some(found)
}

/// The threshold of each segment of `2^low` codes; none where one has several.
pub(super) fn thresholds(codes: &Codes, low: u32) -> Option<Vec<Option<u32>>> {
    let mut found = vec![None; 1 << (codes.bits - low)];
    for (position, _) in &codes.steps {
        let place = position & ((1 << low) - 1);
        let segment = &mut found[(position >> low) as usize];
        if place != 0 {
            if segment.is_some() {
                return None;
            }
            *segment = Some(place as u32);
        }
    }
    Some(found)
}
