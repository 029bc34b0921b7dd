//! Greedy sharing: the pattern that saves most becomes a value, again and again.
//!
//! While no digit comes in, counts only fall, so that a pattern's score is an upper bound until it is computed again:
//! it is enough to look at the best one each time (M. Minoux, Accelerated greedy algorithms, 1978).

use rustc_hash::FxHashMap;

use super::random::Random;
use super::state::{MAX_VALUES, Pattern, State, Term};
use super::word::Bits;

/// What the choice of patterns follows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taste {
    /// Scores are multiplied by up to one more than this, at random.
    pub noise: f32,
    /// What each difference in depth of the two operands takes of the score.
    pub uneven: f32,
}

/// Patterns by score, the greatest first; equal ones at random.
#[derive(Default)]
pub(crate) struct Queue {
    buckets: Vec<Vec<u64>>,
    top: usize,
}

/// Steps of the score per bit of cost.
const FINE: f32 = 4.0;

impl Queue {
    fn push(&mut self, score: f32, key: u64) {
        let at = (score * FINE).max(0.0) as usize;
        if at >= self.buckets.len() {
            self.buckets.resize_with(at + 1, Vec::new);
        }
        self.buckets[at].push(key);
        self.top = self.top.max(at);
    }

    fn pop(&mut self, random: &mut Random) -> Option<(usize, u64)> {
        loop {
            let bucket = self.buckets.get_mut(self.top)?;
            if !bucket.is_empty() {
                let at = random.below(bucket.len());
                return Some((self.top, bucket.swap_remove(at)));
            }
            if self.top == 0 {
                return None;
            }
            self.top -= 1;
        }
    }
}

/// Reused between calls.
#[derive(Default)]
pub(crate) struct Greedy {
    queue: Queue,
    table: FxHashMap<u64, u32>,
    terms: Vec<Term>,
    found: Vec<(u64, u32)>,
    fresh: Vec<(u32, u32)>,
    dense: Vec<u16>,
    touched: Vec<u32>,
    /// Patterns looked at, ever.
    pub work: u64,
}

/// Counters of patterns of which one value is known: by the other one, the distance, and the signs.
const SPAN: u32 = 128;
/// Inputs all of whose pairs are counted in one array.
const MOST_AT_ONCE: usize = 256;

impl Greedy {
    /// Shares until no pattern is there twice. Only patterns with digits that are fresh are looked at. `None` where there
    /// are too many values.
    pub fn run<B: Bits>(&mut self, state: &mut State<B>, taste: Taste, random: &mut Random) -> Option<()> {
        self.queue.top = 0;
        let first = state.fresh.len() > state.nodes.len() && state.nodes.iter().all(|n| n.made.is_none());
        self.look(state, taste, random, false, first);
        while let Some((bucket, key)) = self.queue.pop(random) {
            let p = Pattern::from_key(key);
            self.work += 1;
            let Some(score) = self.score(state, p, state.count(p), taste) else { continue };
            let noise = 1.0 + taste.noise * random.unit();
            if (score * noise * FINE) as usize >= bucket {
                if state.nodes.len() >= MAX_VALUES {
                    return None;
                }
                let new = state.create(p);
                self.look(state, taste, random, new, false);
            } else if (score * FINE) as usize + 1 < bucket {
                self.queue.push(score * noise, key);
            } else {
                self.queue.push((bucket as f32 - 0.5) / FINE, key);
            }
        }
        state.sweep();
        Some(())
    }

    fn score<B: Bits>(&self, state: &State<B>, p: Pattern, count: u32, taste: Taste) -> Option<f32> {
        let spared = if state.made(p).is_some() { count } else { count.saturating_sub(1) };
        if spared == 0 {
            return None;
        }
        let uneven = state.nodes[p.low as usize].depth.abs_diff(state.nodes[p.high as usize].depth);
        let cost = state.adder_cost(p) as f32 + 0.25;
        Some(spared as f32 * cost * (1.0 - taste.uneven * uneven.min(8) as f32))
    }

    /// Puts the patterns with fresh digits into the queue. `new`: they are those of one
    /// value, which is new.
    fn look<B: Bits>(&mut self, state: &mut State<B>, taste: Taste, random: &mut Random, new: bool, first: bool) {
        let mut fresh = std::mem::take(&mut self.fresh);
        std::mem::swap(&mut fresh, &mut state.fresh);
        self.found.clear();
        if new && 2 * B::POSITIONS <= SPAN / 2 {
            self.look_at_new(state, &fresh);
        } else if first && 2 * B::POSITIONS <= SPAN / 2 && state.nodes.len() <= MOST_AT_ONCE {
            self.look_at_inputs(state);
        } else {
            self.look_at_all(state, &mut fresh);
        }
        fresh.clear();
        self.fresh = fresh;
        self.work += self.found.len() as u64;
        for at in 0..self.found.len() {
            let (key, n) = self.found[at];
            let p = Pattern::from_key(key);
            let n = if n >= 2 || new { n } else { state.count(p) };
            if let Some(score) = self.score(state, p, n, taste) {
                self.queue.push(score * (1.0 + taste.noise * random.unit()), key);
            }
        }
    }

    /// Counts the patterns of inputs, while nothing is made.
    fn look_at_inputs<B: Bits>(&mut self, state: &State<B>) {
        let n = state.nodes.len() as u32;
        self.dense.clear();
        self.dense.resize((n * n * SPAN) as usize, 0);
        for sum in 0..state.sums() as u32 {
            state.choices(sum, &mut self.terms);
            self.terms.sort_unstable();
            for (i, &(a, at, negative)) in self.terms.iter().enumerate() {
                for &(b, other, minus) in &self.terms[i + 1..] {
                    if a == b && at == other {
                        continue;
                    }
                    let distance = other + SPAN / 4 - at;
                    let index = ((a * n + b) * SPAN + distance * 2 + u32::from(minus != negative)) as usize;
                    self.dense[index] = self.dense[index].saturating_add(1);
                }
            }
        }
        for (index, count) in self.dense.iter_mut().enumerate().filter(|(_, count)| **count > 0) {
            let n_found = std::mem::take(count);
            if n_found < 2 {
                continue;
            }
            let (pair, rest) = (index as u32 / SPAN, index as u32 % SPAN);
            let p = Pattern::of((pair / n, SPAN / 4, false), (pair % n, rest / 2, rest % 2 == 1));
            self.found.push((p.key(), n_found.into()));
        }
    }

    /// Counts the patterns of one value that is new, so that none of them has been made.
    fn look_at_new<B: Bits>(&mut self, state: &State<B>, fresh: &[(u32, u32)]) {
        let Some(&(new, _)) = fresh.first() else { return };
        let size = state.nodes.len() * SPAN as usize;
        if self.dense.len() < size {
            self.dense.resize(size.next_power_of_two(), 0);
        }
        for &(_, sum) in fresh {
            state.choices(sum, &mut self.terms);
            for (position, negative) in state.word(new, sum).choices() {
                for &(value, at, minus) in &self.terms {
                    if value == new && at <= position {
                        continue;
                    }
                    let distance = at + SPAN / 4 - position;
                    let index = value * SPAN + distance * 2 + u32::from(minus != negative);
                    let n = &mut self.dense[index as usize];
                    *n = n.saturating_add(1);
                    if *n == 1 {
                        self.touched.push(index);
                    }
                }
            }
        }
        for &index in &self.touched {
            let n = std::mem::take(&mut self.dense[index as usize]);
            if n < 2 {
                continue;
            }
            let (value, rest) = (index / SPAN, index % SPAN);
            let (position, minus) = (rest / 2, rest % 2 == 1);
            let p = Pattern::of((new, SPAN / 4, false), (value, position, minus));
            self.found.push((p.key(), n.into()));
        }
        self.touched.clear();
    }

    /// Counts the patterns of all fresh digits.
    fn look_at_all<B: Bits>(&mut self, state: &State<B>, fresh: &mut Vec<(u32, u32)>) {
        fresh.sort_unstable_by_key(|f| (f.1, f.0));
        fresh.dedup();
        let mut table = std::mem::take(&mut self.table);
        table.clear();
        for group in fresh.chunk_by(|a, b| a.1 == b.1) {
            state.choices(group[0].1, &mut self.terms);
            let is_fresh = |value: u32| group.binary_search_by_key(&value, |f| f.0).is_ok();
            for (i, &x) in self.terms.iter().enumerate() {
                if !is_fresh(x.0) {
                    continue;
                }
                for (j, &y) in self.terms.iter().enumerate() {
                    if (x.0 != y.0 || x.1 != y.1) && (j < i || !is_fresh(y.0)) {
                        *table.entry(Pattern::of(x, y).key()).or_insert(0) += 1;
                    }
                }
            }
        }
        self.found.extend(table.iter().map(|(k, n)| (*k, *n)));
        self.found.sort_unstable();
        self.table = table;
    }
}
