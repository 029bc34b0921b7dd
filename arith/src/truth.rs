//! Truth tables as networks of lookup tables.
//!
//! Functional decomposition: a function of a bound set of variables and others is a function of a few bits made of the
//! bound set alone, and the others, where the bound set has few different columns (R. L. Ashenhurst, The decomposition of
//! switching functions, 1957; H. A. Curtis, A New Approach to the Design of Switching Circuits, 1962; for several outputs
//! and values that do not matter, J. P. Roth and R. M. Karp, Minimization over Boolean graphs, 1962). Bound sets are
//! neighbours in the order of the variables: of words that are numbers, these are the ones that matter. Columns that differ
//! only where nothing is asked for are one. Where a variable of the bound set can be one of the bits, it is.
//!
//! ```
//! use gatewright_arith::truth::{self, Truth};
//!
//! // The product of two numbers of 0..=2, in two bits each.
//! let word = |n: usize| (n % 4 < 3 && n / 4 < 3).then_some((n as u32 % 4) * (n as u32 / 4));
//! let net = truth::decompose(&Truth { inputs: 4, outputs: 3, words: (0..16).map(word).collect() });
//! assert_eq!(net.evaluate(0b10_10), 4);
//! assert!(net.cost().luts <= 3);
//! ```

use rustc_hash::FxHashMap;

use crate::net::{LUT, Net, Node, Signal, WIDEST};

/// Most variables of a function: words are held one by one.
pub const MOST_INPUTS: u32 = 16;
/// Most outputs.
pub const MOST_OUTPUTS: u32 = 30;

/// A function of `inputs` bits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Truth {
    /// At most [`MOST_INPUTS`].
    pub inputs: u32,
    /// Bits of a word, at most [`MOST_OUTPUTS`].
    pub outputs: u32,
    /// `2^inputs` words; `None` where nothing is asked for.
    pub words: Vec<Option<u32>>,
}

/// A word that does not matter.
const ANY: u32 = u32::MAX;

/// A network of lookup tables that equals the function wherever something is asked for.
pub fn decompose(truth: &Truth) -> Net {
    let mut net = Net { inputs: truth.inputs, ..Net::default() };
    let words = truth.words.iter().map(|w| w.unwrap_or(ANY)).collect();
    let vars = (0..truth.inputs).map(Signal::Input).collect();
    net.outputs = implement(&mut net, Function { vars, words, outputs: truth.outputs });
    net
}

/// A function of signals: word `n` where the signals, the first one lowest, are the number `n`.
#[derive(Clone)]
pub(crate) struct Function {
    vars: Vec<Signal>,
    words: Vec<u32>,
    outputs: u32,
}

fn agree(a: u32, b: u32) -> bool {
    a == b || a == ANY || b == ANY
}

/// Both, which agree.
fn merged(a: u32, b: u32) -> u32 {
    if a == ANY { b } else { a }
}

/// How the values of some variables, which have classes, become fewer bits.
pub(crate) struct Encoding {
    /// The class of each value; the variables, first one lowest, are the number.
    classes: Vec<u32>,
    /// The variables that stay, as a mask.
    kept: u32,
    /// The tables beside them.
    tables: u32,
}

impl Encoding {
    /// Of at most [`LUT`] variables, and classes that are numbered from 0.
    pub(crate) fn of(classes: Vec<u32>) -> Encoding {
        let size = classes.len().ilog2();
        let count = classes.iter().max().map_or(1, |most| most + 1);
        let bits = count.next_power_of_two().ilog2();
        // The variables that can stay: what they leave open fits the other bits.
        let fits = |kept: &u32| {
            let mut open = [0_u64; 1 << LUT];
            classes.iter().enumerate().for_each(|(b, class)| open[b & *kept as usize] |= 1 << class);
            open.iter().all(|classes| classes.count_ones() <= 1 << (bits - kept.count_ones()))
        };
        let masks = (0..1_u32 << size).filter(|m| m.count_ones() <= bits);
        let kept = masks.filter(fits).max_by_key(|m| m.count_ones()).unwrap_or(0);
        Encoding { classes, kept, tables: bits - kept.count_ones() }
    }

    fn size(&self) -> usize {
        self.classes.len().ilog2() as usize
    }

    /// Bits of the code.
    fn bits(&self) -> usize {
        (self.kept.count_ones() + self.tables) as usize
    }

    /// The bits of the code, lowest first, and the code of each value.
    pub(crate) fn make(&self, vars: &[Signal], net: &mut Net) -> (Vec<Signal>, Vec<u32>) {
        let kept: Vec<usize> = (0..self.size()).filter(|v| self.kept >> v & 1 == 1).collect();
        // Numbers of classes beside the kept variables, in order of appearance.
        let mut numbers: FxHashMap<(u32, u32), u32> = FxHashMap::default();
        let mut next: FxHashMap<u32, u32> = FxHashMap::default();
        let code = |(b, class): (usize, &u32)| {
            let raw = b as u32 & self.kept;
            let number = *numbers.entry((raw, *class)).or_insert_with(|| {
                let next = next.entry(raw).or_default();
                *next += 1;
                *next - 1
            });
            let raw = kept.iter().enumerate().fold(0, |code, (k, v)| code | (b as u32 >> v & 1) << k);
            raw << self.tables | number
        };
        let codes: Vec<u32> = self.classes.iter().enumerate().map(code).collect();
        let tables = Function { vars: vars.to_vec(), words: codes.clone(), outputs: self.tables };
        let mut bits: Vec<Signal> = (0..self.tables).map(|bit| tables.output(bit).table(net)).collect();
        bits.extend(kept.iter().map(|v| vars[*v]));
        (bits, codes)
    }
}

/// A bound set: the variables from `at` on.
struct Bound {
    at: usize,
    code: Encoding,
}

impl Bound {
    fn removed(&self) -> usize {
        self.code.size() - self.code.bits()
    }
    /// Fewer tables for each variable that goes are better.
    fn better(&self, other: &Bound) -> bool {
        let cost = |b: &Bound, removed: usize| b.code.tables as usize * removed;
        (cost(self, other.removed()), other.removed()) < (cost(other, self.removed()), self.removed())
    }
}

impl Function {
    pub(crate) fn new(vars: Vec<Signal>, words: Vec<Option<u32>>, outputs: u32) -> Function {
        Function { vars, words: words.into_iter().map(|w| w.unwrap_or(ANY)).collect(), outputs }
    }

    /// Without variables that nothing depends on.
    pub(crate) fn reduced(mut self) -> Function {
        for v in (0..self.vars.len()).rev() {
            if let Signal::Constant(one) = self.vars[v] {
                let mut n = 0..;
                self.words.retain(|_| n.next().is_some_and(|n: usize| (n >> v & 1 == 1) == one));
                self.vars.remove(v);
                continue;
            }
            let pairs = || (0..self.words.len()).filter(|n| n >> v & 1 == 0).map(|n| (n, n | 1 << v));
            if pairs().all(|(a, b)| agree(self.words[a], self.words[b])) {
                self.words = pairs().map(|(a, b)| merged(self.words[a], self.words[b])).collect();
                self.vars.remove(v);
            }
        }
        self
    }

    /// The signals and the words that are left, where a word may not matter.
    pub(crate) fn parts(self) -> (Vec<Signal>, Vec<Option<u32>>) {
        (self.vars, self.words.into_iter().map(|w| (w != ANY).then_some(w)).collect())
    }

    fn output(&self, bit: u32) -> Function {
        let word = |w: &u32| if *w == ANY { ANY } else { w >> bit & 1 };
        Function { vars: self.vars.clone(), words: self.words.iter().map(word).collect(), outputs: 1 }.reduced()
    }

    /// Of one output.
    fn table(&self, net: &mut Net) -> Signal {
        let one = |n: usize| self.words.get(n) == Some(&1);
        if self.vars.is_empty() {
            return Signal::Constant(one(0));
        }
        if let ([only], false, true) = (&self.vars[..], one(0), one(1)) {
            return *only;
        }
        let word = |k: usize| (0..64).fold(0_u64, |w, n| w | u64::from(one(64 * k + n)) << n);
        let ones = (0..self.words.len().div_ceil(64)).map(word).collect();
        net.push(Node::Table { inputs: self.vars.clone(), ones })
    }

    /// The different columns of the variables `at..at + size`, if there are at most half as many as it could be.
    fn classes(&self, at: usize, size: usize) -> Option<Vec<u32>> {
        let most = 1 << (size - 1);
        let (low, high) = (1 << at, self.words.len() >> (at + size));
        let column = |b: usize, to: &mut Vec<u32>| {
            to.clear();
            (0..high).for_each(|h| to.extend_from_slice(&self.words[((h << size | b) << at)..][..low]));
        };
        let (mut known, mut column_of_b): (FxHashMap<Vec<u32>, u32>, Vec<u32>) = Default::default();
        let mut merged_columns: Vec<Vec<u32>> = Vec::new();
        let mut classes = Vec::with_capacity(1 << size);
        for b in 0..1 << size {
            column(b, &mut column_of_b);
            if let Some(class) = known.get(&column_of_b) {
                classes.push(*class);
                continue;
            }
            let fits = |other: &Vec<u32>| other.iter().zip(&column_of_b).all(|(a, b)| agree(*a, *b));
            let class = merged_columns.iter().position(fits).unwrap_or(merged_columns.len());
            if class == most {
                return None;
            }
            match merged_columns.get_mut(class) {
                Some(there) => there.iter_mut().zip(&column_of_b).for_each(|(a, b)| *a = merged(*a, *b)),
                None => merged_columns.push(column_of_b.clone()),
            }
            known.insert(column_of_b.clone(), class as u32);
            classes.push(class as u32);
        }
        Some(classes)
    }

    fn bound(&self) -> Option<Bound> {
        let n = self.vars.len();
        let mut best: Option<Bound> = None;
        for size in (2..=LUT.min(n - 1)).rev() {
            for at in (0..=n - size).rev() {
                let Some(classes) = self.classes(at, size) else { continue };
                let found = Bound { at, code: Encoding::of(classes) };
                if best.as_ref().is_none_or(|b| found.better(b)) {
                    best = Some(found);
                }
            }
        }
        best
    }

    /// The function of the encoded variables and the others.
    fn encoded(self, bound: &Bound, net: &mut Net) -> Function {
        let (at, size) = (bound.at, bound.code.size());
        let (inside, codes) = bound.code.make(&self.vars[at..at + size], net);
        let mut vars = self.vars[..at].to_vec();
        vars.extend(inside);
        vars.extend(&self.vars[at + size..]);
        let bits = bound.code.bits();
        let mut words = vec![ANY; 1 << vars.len()];
        for (n, word) in self.words.iter().enumerate() {
            let (low, b, high) = (n & ((1 << at) - 1), n >> at & ((1 << size) - 1), n >> (at + size));
            let to = &mut words[(high << bits | codes[b] as usize) << at | low];
            *to = merged(*to, *word);
        }
        Function { vars, words, outputs: self.outputs }
    }
}

/// The outputs, lowest first.
pub(crate) fn implement(net: &mut Net, function: Function) -> Vec<Signal> {
    let function = function.reduced();
    let single = |net: &mut Net| -> Vec<Signal> {
        (0..function.outputs).flat_map(|bit| implement(net, function.output(bit))).collect()
    };
    let n = function.vars.len();
    if function.outputs == 1 && n <= LUT {
        return vec![function.table(net)];
    }
    if n <= LUT {
        return single(net);
    }
    let outputs = function.outputs;
    let supports: Vec<usize> = match outputs {
        1 => vec![n],
        _ => (0..outputs).map(|bit| function.output(bit).vars.len()).collect(),
    };
    if outputs > 1 && supports.iter().all(|n| *n <= LUT) {
        return single(net);
    }
    let spent = |net: &Net| net.cost().luts;
    let mut ways: Vec<(Net, Vec<Signal>)> = Vec::new();
    let bound = function.bound();
    if outputs > 1 && (bound.is_none() || supports.iter().all(|n| *n <= WIDEST + 2)) {
        let mut own = net.clone();
        let found = single(&mut own);
        ways.push((own, found));
    }
    if outputs == 1 && n <= WIDEST {
        let mut own = net.clone();
        let found = function.table(&mut own);
        ways.push((own, vec![found]));
    }
    if outputs == 1 && n > WIDEST && bound.is_none() {
        // By the highest variable; a table chooses.
        let mut own = net.clone();
        let half = function.words.len() / 2;
        let mut part = |words: &[u32]| {
            let vars = function.vars[..n - 1].to_vec();
            implement(&mut own, Function { vars, words: words.to_vec(), outputs: 1 })[0]
        };
        let parts = vec![part(&function.words[..half]), part(&function.words[half..]), function.vars[n - 1]];
        let choice = Function { vars: parts, words: vec![0, 1, 0, 1, 0, 0, 1, 1], outputs: 1 };
        let found = choice.table(&mut own);
        ways.push((own, vec![found]));
    }
    if let Some(bound) = bound {
        let mut own = net.clone();
        let rest = function.clone().encoded(&bound, &mut own);
        let found = implement(&mut own, rest);
        ways.push((own, found));
    }
    let Some((best, found)) = ways.into_iter().min_by_key(|(net, _)| spent(net)) else { return Vec::new() };
    *net = best;
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn equal(truth: &Truth) -> Result<(), TestCaseError> {
        let net = decompose(truth);
        for (n, word) in truth.words.iter().enumerate() {
            if let Some(word) = word {
                prop_assert_eq!(net.evaluate(n as u64), u64::from(*word), "word {} of {:?}", n, truth);
            }
        }
        for node in &net.nodes {
            let narrow = matches!(node, Node::Table { inputs, .. } if inputs.len() <= WIDEST);
            prop_assert!(narrow);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn any_words(inputs in 0..11_u32, outputs in 1..5_u32, seed: u64, asked in 1..5_u64) {
            let mut state = seed | 1;
            let word = |_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (asked == 4 || (state >> 60) % 4 < asked).then_some((state >> 33) as u32 & ((1 << outputs) - 1))
            };
            equal(&Truth { inputs, outputs, words: (0..1 << inputs).map(word).collect() })?;
        }

        /// Products and sums of short numbers, of which not all values come.
        #[test]
        fn arithmetic(a in 1..12_u32, b in 1..12_u32, factor in 0..5_u32) {
            let word = |n: u32| (n % 16 < a && n / 16 < b).then(|| (n % 16 * (n / 16) + factor * (n / 16)) & 255);
            equal(&Truth { inputs: 8, outputs: 8, words: (0..256).map(word).collect() })?;
        }
    }

    /// Functions that are known to be of few tables.
    #[test]
    fn decompositions_are_found() {
        let luts = |inputs: u32, f: &dyn Fn(u32) -> u32| {
            let truth = Truth { inputs, outputs: 1, words: (0..1 << inputs).map(|n| Some(f(n))).collect() };
            equal(&truth).unwrap();
            decompose(&truth).cost().luts
        };
        assert_eq!(luts(16, &|n| n.count_ones() & 1), 3);
        assert_eq!(luts(11, &|n| u32::from(n == 1234)), 2);
        assert_eq!(luts(12, &|n| u32::from(n >= 1235)), 3);
        assert_eq!(luts(7, &|n| n >> 3 & 1), 0);
        // Eight ones or more of eleven: the number of ones among six is one of seven.
        assert!(luts(11, &|n| u32::from(n.count_ones() >= 8)) <= 6);
    }
}
