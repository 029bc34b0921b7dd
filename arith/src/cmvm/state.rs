//! Sums under construction: which shared values there are, and of which digits of them each output is the sum.
//!
//! For each value and each output a [`Word`] says at which positions the value is added or subtracted. Creating a shared
//! value takes two digits from each sum that has both and puts one there; removing it does the reverse. All changes
//! are logged and can be taken back.

use rustc_hash::FxHashMap;

use super::Input;
use super::cost::{Adder, CostModel, Span};
use super::tree;
use super::word::{Bits, Word, starts, take, take_own};

/// `low ± high * 2^shift`; where the shift is 0, `low < high`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Pattern {
    pub low: u32,
    pub high: u32,
    pub shift: u32,
    pub subtract: bool,
}

/// What a digit of a value at this depth takes of the two to the greatest depth that a sum has. Depths above 40 are not told
/// apart, as no bound is that great.
pub(crate) fn weight(depth: u32) -> u64 {
    1 << depth.min(40)
}

/// Values that can be told apart.
pub(crate) const MAX_VALUES: usize = 1 << 24;

impl Pattern {
    /// Of the terms `(value, position, negative)`.
    pub fn of(x: Term, y: Term) -> Pattern {
        let (low, high) = if (x.1, x.0) <= (y.1, y.0) { (x, y) } else { (y, x) };
        Pattern { low: low.0, high: high.0, shift: high.1 - low.1, subtract: low.2 != high.2 }
    }

    pub fn key(self) -> u64 {
        u64::from(self.low) << 40 | u64::from(self.high) << 16 | u64::from(self.shift) << 1 | u64::from(self.subtract)
    }

    pub fn from_key(key: u64) -> Pattern {
        Pattern {
            low: (key >> 40) as u32,
            high: (key >> 16) as u32 & 0xff_ffff,
            shift: (key >> 1) as u32 & 0x7fff,
            subtract: key & 1 == 1,
        }
    }
}

/// A value, the position of its digit, and whether it is subtracted.
pub(crate) type Term = (u32, u32, bool);

/// An input or a shared value.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub range: Span,
    pub depth: u32,
    /// `None` for inputs and for places that are free.
    pub made: Option<Pattern>,
    /// Coefficients of inputs, by input.
    form: Vec<(u32, i128)>,
    /// A linear hash of them.
    hash: u128,
    /// Shared values that are made of it.
    pub users: Vec<u32>,
    cost: u32,
}

#[derive(Clone, Debug)]
enum Words<B: Bits> {
    /// One for each sum.
    All(Vec<Word<B>>),
    /// By sum, those that are not zero.
    Some(Vec<(u32, Word<B>)>),
}

impl<B: Bits> Words<B> {
    fn get(&self, sum: u32) -> Word<B> {
        match self {
            Words::All(words) => words[sum as usize],
            Words::Some(words) => match words.binary_search_by_key(&sum, |w| w.0) {
                Ok(at) => words[at].1,
                Err(_) => Word::zero(),
            },
        }
    }

    fn set(&mut self, sum: u32, word: Word<B>) {
        match self {
            Words::All(words) => words[sum as usize] = word,
            Words::Some(words) => match words.binary_search_by_key(&sum, |w| w.0) {
                Ok(at) if word.is_zero() => drop(words.remove(at)),
                Ok(at) => words[at].1 = word,
                Err(_) if word.is_zero() => {}
                Err(at) => words.insert(at, (sum, word)),
            },
        }
    }
}

/// One output.
#[derive(Clone, Debug, Default)]
struct Sum {
    /// Values with digits in it, in no order.
    values: Vec<u32>,
    /// Sum of two to the depth of each digit.
    kraft: u64,
    /// Cost of its tree, where that is known.
    tree: Option<u32>,
}

#[derive(Clone)]
enum Change<B: Bits> {
    Word { value: u32, sum: u32, old: Word<B> },
    Created(u32),
    Removed(u32, Box<Node>),
}

/// The state of a search.
#[derive(Clone)]
pub(crate) struct State<B: Bits> {
    model: CostModel,
    /// Two to the greatest depth.
    limit: u64,
    inputs: Vec<Span>,
    pub nodes: Vec<Node>,
    free: Vec<u32>,
    words: Vec<Words<B>>,
    sums: Vec<Sum>,
    made: FxHashMap<u64, u32>,
    known: FxHashMap<u128, u32>,
    node_cost: u64,
    log: Vec<Change<B>>,
    /// Words with digits that came in and have not been looked at.
    pub fresh: Vec<(u32, u32)>,
}

/// The sum of two sparse forms.
fn combined(a: &[(u32, i128)], b: &[(u32, i128)], factor: i128) -> Vec<(u32, i128)> {
    let mut form = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let (x, y) = (a.get(i).map_or(u32::MAX, |t| t.0), b.get(j).map_or(u32::MAX, |t| t.0));
        let mut c = 0;
        if x <= y {
            c += a[i].1;
            i += 1;
        }
        if y <= x {
            c += b[j].1 * factor;
            j += 1;
        }
        if c != 0 {
            form.push((x.min(y), c));
        }
    }
    form
}

impl<B: Bits> State<B> {
    /// `sums`: for each output its inputs' words.
    pub fn new(model: CostModel, depth: Option<u32>, inputs: &[Input], sums: &[Vec<(u32, Word<B>)>]) -> State<B> {
        let mut hash: u128 = 0x243f_6a88_85a3_08d3_1319_8a2e_0370_7344;
        let nodes = inputs.iter().enumerate().map(|(i, input)| {
            hash = hash.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645).wrapping_add(0x5851_f42d_4c95_7f2d);
            let mixed = hash ^ hash >> 61;
            Node {
                range: input.range,
                depth: input.arrival,
                made: None,
                form: vec![(i as u32, 1)],
                hash: mixed,
                users: Vec::new(),
                cost: 0,
            }
        });
        let nodes: Vec<Node> = nodes.collect();
        let mut state = State {
            model,
            limit: depth.filter(|d| *d < 40).map_or(1 << 60, |d| 1 << d),
            inputs: inputs.iter().map(|i| i.range).collect(),
            words: vec![Words::All(vec![Word::zero(); sums.len()]); inputs.len()],
            known: nodes.iter().enumerate().map(|(i, n)| (n.hash, i as u32)).collect(),
            nodes,
            free: Vec::new(),
            sums: vec![Sum::default(); sums.len()],
            made: FxHashMap::default(),
            node_cost: 0,
            log: Vec::new(),
            fresh: Vec::new(),
        };
        for (s, sum) in sums.iter().enumerate() {
            sum.iter().for_each(|(input, word)| state.set(*input, s as u32, *word));
        }
        state.log.clear();
        state
    }

    pub fn sums(&self) -> usize {
        self.sums.len()
    }

    pub fn is_live(&self, value: u32) -> bool {
        self.nodes[value as usize].made.is_some()
    }

    fn set(&mut self, value: u32, sum: u32, word: Word<B>) {
        let old = self.words[value as usize].get(sum);
        if old == word {
            return;
        }
        self.log.push(Change::Word { value, sum, old });
        self.put(value, sum, old, word);
        // What is left of a word has no digit in a shortest form that the word has not.
        if !(word.plus & !old.plus | word.minus & !old.minus).is_zero() {
            self.fresh.push((value, sum));
        }
    }

    fn put(&mut self, value: u32, sum: u32, old: Word<B>, word: Word<B>) {
        self.words[value as usize].set(sum, word);
        let weight = weight(self.nodes[value as usize].depth);
        let into = &mut self.sums[sum as usize];
        into.kraft = into.kraft - u64::from(old.count()) * weight + u64::from(word.count()) * weight;
        into.tree = None;
        match (old.is_zero(), word.is_zero()) {
            (true, false) => into.values.push(value),
            (false, true) => {
                if let Some(at) = into.values.iter().position(|v| *v == value) {
                    into.values.swap_remove(at);
                }
            }
            _ => {}
        }
    }

    /// The terms of a sum in canonical digits, in an order that does not depend on how they came in.
    pub fn terms(&self, sum: u32, terms: &mut Vec<Term>) {
        terms.clear();
        for &value in &self.sums[sum as usize].values {
            let word = self.words[value as usize].get(sum);
            terms.extend(word.digits().map(|(position, negative)| (value, position, negative)));
        }
        terms.sort_unstable();
    }

    /// The terms of a sum in all shortest forms.
    pub fn choices(&self, sum: u32, terms: &mut Vec<Term>) {
        terms.clear();
        for &value in &self.sums[sum as usize].values {
            let word = self.words[value as usize].get(sum);
            terms.extend(word.choices().map(|(position, negative)| (value, position, negative)));
        }
    }

    pub fn values(&self, sum: u32) -> &[u32] {
        &self.sums[sum as usize].values
    }

    pub fn word(&self, value: u32, sum: u32) -> Word<B> {
        self.words[value as usize].get(sum)
    }

    /// How often values of these depths may become one in a sum.
    fn room(&self, sum: u32, a: u32, b: u32) -> u32 {
        if a == b {
            return u32::MAX;
        }
        let more = weight(a.max(b)) - weight(a.min(b));
        if more == 0 {
            return u32::MAX;
        }
        ((self.limit.saturating_sub(self.sums[sum as usize].kraft)) / more).min(u64::from(u32::MAX)) as u32
    }

    /// How often the pattern is there, and may become one value.
    pub fn count(&self, p: Pattern) -> u32 {
        let (low, high) = (&self.words[p.low as usize], &self.words[p.high as usize]);
        let (a, b) = (self.nodes[p.low as usize].depth, self.nodes[p.high as usize].depth);
        let of = |sum: u32, low: Word<B>, high: Word<B>| {
            let (plus, minus) = starts(low, high, p.shift, p.subtract);
            let any = plus | minus;
            if any.is_zero() {
                return 0;
            }
            let room = self.room(sum, a, b);
            if p.low == p.high {
                take_own(low, p.shift, p.subtract, room).0
            } else if (any & (any - B::one())).is_zero() {
                room.min(1)
            } else {
                take(low, high, p.shift, p.subtract, room).0
            }
        };
        match (low, high) {
            (Words::All(x), Words::All(y)) => {
                x.iter().zip(y).enumerate().map(|(sum, (x, y))| of(sum as u32, *x, *y)).sum()
            }
            (Words::Some(x), Words::Some(y)) => {
                let (few, many, swapped) = if x.len() <= y.len() { (x, high, false) } else { (y, low, true) };
                let both = few.iter().map(|(sum, w)| {
                    let other = many.get(*sum);
                    if swapped { of(*sum, other, *w) } else { of(*sum, *w, other) }
                });
                both.sum()
            }
            (Words::Some(x), y) => x.iter().map(|(sum, w)| of(*sum, *w, y.get(*sum))).sum(),
            (x, Words::Some(y)) => y.iter().map(|(sum, w)| of(*sum, x.get(*sum), *w)).sum(),
        }
    }

    pub fn adder_cost(&self, p: Pattern) -> u32 {
        let (low, high) = (&self.nodes[p.low as usize], &self.nodes[p.high as usize]);
        self.model.adder(&Adder::new(low.range, high.range, p.shift, p.subtract))
    }

    pub fn made(&self, p: Pattern) -> Option<u32> {
        self.made.get(&p.key()).copied()
    }

    /// The value of a pattern, which is made where it is not there, in the place of all its occurrences. Whether it was made.
    pub fn create(&mut self, p: Pattern) -> bool {
        let (a, b) = (&self.nodes[p.low as usize], &self.nodes[p.high as usize]);
        let depth = 1 + a.depth.max(b.depth);
        let (low_depth, high_depth) = (a.depth, b.depth);
        let factor: i128 = if p.subtract { -(1 << p.shift) } else { 1 << p.shift };
        let hash = a.hash.wrapping_add(b.hash.wrapping_mul(factor as u128));
        // Another way to the same value.
        let same = |hash: u128| self.known.get(&hash).copied().filter(|v| self.nodes[*v as usize].depth <= depth);
        let (known, negative) = match (same(hash), same(hash.wrapping_neg())) {
            (Some(v), _) => (Some(v), false),
            (_, Some(v)) => (Some(v), true),
            _ => (None, false),
        };
        let mut found: Vec<(u32, i128, Word<B>, Word<B>)> = Vec::new();
        let visit = |sum: u32, low: Word<B>, high: Word<B>| {
            let (plus, minus) = starts(low, high, p.shift, p.subtract);
            if (plus | minus).is_zero() {
                return;
            }
            let room = self.room(sum, low_depth, high_depth);
            let (count, digits, low, high) = match p.low == p.high {
                true => {
                    let (count, digits, word) = take_own(low, p.shift, p.subtract, room);
                    (count, digits, word, word)
                }
                false => take(low, high, p.shift, p.subtract, room),
            };
            if count > 0 {
                found.push((sum, if negative { -digits } else { digits }, low, high));
            }
        };
        self.each(p, visit);
        let value = known.unwrap_or_else(|| self.new_node(p, depth, hash, found.len()));
        for (sum, digits, low, high) in found {
            self.set(p.low, sum, low);
            self.set(p.high, sum, high);
            let old = self.words[value as usize].get(sum);
            self.set(value, sum, old.plus(digits));
        }
        known.is_none()
    }

    fn each(&self, p: Pattern, mut visit: impl FnMut(u32, Word<B>, Word<B>)) {
        match (&self.words[p.low as usize], &self.words[p.high as usize]) {
            (Words::Some(x), y) => x.iter().for_each(|(sum, w)| visit(*sum, *w, y.get(*sum))),
            (x, Words::Some(y)) => y.iter().for_each(|(sum, w)| visit(*sum, x.get(*sum), *w)),
            (Words::All(x), Words::All(y)) => {
                x.iter().zip(y).enumerate().for_each(|(sum, (x, y))| visit(sum as u32, *x, *y));
            }
        }
    }

    fn new_node(&mut self, p: Pattern, depth: u32, hash: u128, places: usize) -> u32 {
        let factor: i128 = if p.subtract { -(1 << p.shift) } else { 1 << p.shift };
        let (low, high) = (&self.nodes[p.low as usize], &self.nodes[p.high as usize]);
        let form = combined(&low.form, &high.form, factor);
        let mut range = (0, 0);
        for (input, c) in &form {
            let (lo, hi) = self.inputs[*input as usize];
            let (x, y) = (c * lo, c * hi);
            range = (range.0 + x.min(y), range.1 + x.max(y));
        }
        let adder = Adder { result: range, ..Adder::new(low.range, high.range, p.shift, p.subtract) };
        let cost = self.model.adder(&adder);
        let node = Node { range, depth, made: Some(p), form, hash, users: Vec::new(), cost };
        let words = match places * 4 > self.sums.len() {
            true => Words::All(vec![Word::zero(); self.sums.len()]),
            false => Words::Some(Vec::with_capacity(places)),
        };
        let value = match self.free.pop() {
            Some(v) => v,
            None => self.nodes.len() as u32,
        };
        if value as usize == self.nodes.len() {
            self.nodes.push(node);
            self.words.push(words);
        } else {
            self.nodes[value as usize] = node;
            self.words[value as usize] = words;
        }
        self.log.push(Change::Created(value));
        self.link(value);
        value
    }

    fn link(&mut self, value: u32) {
        let node = &self.nodes[value as usize];
        let Some(p) = node.made else { return };
        self.node_cost += u64::from(node.cost);
        self.made.insert(p.key(), value);
        let hash = node.hash;
        self.known.entry(hash).or_insert(value);
        self.nodes[p.low as usize].users.push(value);
        if p.high != p.low {
            self.nodes[p.high as usize].users.push(value);
        }
    }

    /// Takes a node out of the tables.
    fn unlink(&mut self, value: u32) -> Node {
        let free = Node { range: (0, 0), depth: 0, made: None, form: Vec::new(), hash: 0, users: Vec::new(), cost: 0 };
        let node = std::mem::replace(&mut self.nodes[value as usize], free);
        self.words[value as usize] = Words::Some(Vec::new());
        self.free.push(value);
        let Some(p) = node.made else { return node };
        self.node_cost -= u64::from(node.cost);
        self.made.remove(&p.key());
        if self.known.get(&node.hash) == Some(&value) {
            self.known.remove(&node.hash);
        }
        for operand in [p.low, p.high] {
            let users = &mut self.nodes[operand as usize].users;
            if let Some(at) = users.iter().position(|u| *u == value) {
                users.swap_remove(at);
            }
        }
        node
    }

    /// Puts the two operands of a value that has no users in the place of all its digits.
    pub fn remove(&mut self, value: u32) {
        let Some(p) = self.nodes[value as usize].made else { return };
        let places: Vec<(u32, Word<B>)> = match &self.words[value as usize] {
            Words::Some(words) => words.clone(),
            Words::All(words) => {
                let all = words.iter().enumerate().filter(|w| !w.1.is_zero());
                all.map(|(sum, w)| (sum as u32, *w)).collect()
            }
        };
        for (sum, word) in places {
            let digits = word.value();
            self.set(value, sum, Word::zero());
            let low = self.words[p.low as usize].get(sum);
            self.set(p.low, sum, low.plus(digits));
            let more = digits << p.shift;
            let high = self.words[p.high as usize].get(sum);
            self.set(p.high, sum, high.plus(if p.subtract { -more } else { more }));
        }
        let node = self.unlink(value);
        self.log.push(Change::Removed(value, Box::new(node)));
    }

    /// Puts a value, times `digit`, a power of two or its negative, into a sum and its operands out of it, where that makes at
    /// most `more` terms more.
    pub fn exchange(&mut self, value: u32, sum: u32, digit: i128, more: i32) -> bool {
        let Some(p) = self.nodes[value as usize].made else { return false };
        // Three times a word has to fit.
        if digit.trailing_zeros() + p.shift + 2 >= B::POSITIONS {
            return false;
        }
        if p.low == p.high {
            let own = self.word(p.low, sum);
            let new = own.plus(-digit - if p.subtract { -(digit << p.shift) } else { digit << p.shift });
            let old = self.word(value, sum);
            let put = old.plus(digit);
            let change = (new.count() + put.count()) as i32 - (own.count() + old.count()) as i32;
            if change > more {
                return false;
            }
            self.set(p.low, sum, new);
            self.set(value, sum, put);
            return true;
        }
        let (low, high, old) = (self.word(p.low, sum), self.word(p.high, sum), self.word(value, sum));
        let above = if p.subtract { -(digit << p.shift) } else { digit << p.shift };
        let (new_low, new_high, put) = (low.plus(-digit), high.plus(-above), old.plus(digit));
        let change = (new_low.count() + new_high.count() + put.count()) as i32
            - (low.count() + high.count() + old.count()) as i32;
        if change > more {
            return false;
        }
        self.set(p.low, sum, new_low);
        self.set(p.high, sum, new_high);
        self.set(value, sum, put);
        true
    }

    /// Whether a sum that was changed cannot be made within the depth.
    pub fn over_limit(&self) -> bool {
        self.fresh.iter().any(|f| self.sums[f.1 as usize].kraft > self.limit)
    }

    /// Forgets how to go back.
    pub fn commit(&mut self) {
        self.log.clear();
        self.fresh.clear();
    }

    /// The present place in the log.
    pub fn mark(&self) -> usize {
        self.log.len()
    }

    /// Takes back all changes since this place in the log.
    pub fn undo(&mut self, mark: usize) {
        while self.log.len() > mark {
            let Some(change) = self.log.pop() else { break };
            match change {
                Change::Word { value, sum, old } => {
                    let new = self.words[value as usize].get(sum);
                    self.put(value, sum, new, old);
                }
                Change::Created(value) => drop(self.unlink(value)),
                Change::Removed(value, node) => {
                    if let Some(at) = self.free.iter().rposition(|f| *f == value) {
                        self.free.swap_remove(at);
                    }
                    self.nodes[value as usize] = *node;
                    self.link(value);
                }
            }
        }
        self.fresh.clear();
    }

    /// Values that no sum needs any more.
    pub fn sweep(&mut self) {
        let mut stack: Vec<u32> = (0..self.nodes.len() as u32).collect();
        while let Some(value) = stack.pop() {
            let node = &self.nodes[value as usize];
            let Some(p) = node.made else { continue };
            let used = match &self.words[value as usize] {
                Words::Some(words) => !words.is_empty(),
                Words::All(words) => words.iter().any(|w| !w.is_zero()),
            };
            if used || !node.users.is_empty() {
                continue;
            }
            let node = self.unlink(value);
            self.log.push(Change::Removed(value, Box::new(node)));
            stack.extend([p.low, p.high]);
        }
    }

    /// The cost of all.
    pub fn cost(&mut self) -> u64 {
        let mut terms = Vec::new();
        let mut total = self.node_cost;
        for sum in 0..self.sums.len() {
            let cost = match self.sums[sum].tree {
                Some(cost) => cost,
                None => {
                    self.terms(sum as u32, &mut terms);
                    let cost = tree::cost(self.model, self.limit, &self.nodes, &terms);
                    self.sums[sum].tree = Some(cost);
                    cost
                }
            };
            total += u64::from(cost);
        }
        total
    }

    /// Shared values, each after those it is made of.
    pub fn order(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.nodes.len() as u32).filter(|v| self.is_live(*v)).collect();
        order.sort_by_key(|v| self.nodes[*v as usize].depth);
        order
    }

    pub fn limit(&self) -> u64 {
        self.limit
    }

    pub fn model(&self) -> CostModel {
        self.model
    }
}
