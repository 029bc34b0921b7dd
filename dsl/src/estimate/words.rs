//! Arithmetic on words of bits, in the forms that Yosys gives it: chains of carries where they are long enough, look-up
//! tables and gates elsewhere.

use std::collections::{BTreeSet, HashMap};

use super::net::{FALSE, Lit, Net, TRUE, constant, is_constant};
use super::{Family, NOBODY};

/// A carry chain.
pub struct Chain {
    /// What each position reads.
    pub positions: Vec<Vec<Lit>>,
    /// The signal that goes in at its end.
    pub carry_in: Lit,
    /// What each position gives; none where nothing reads it.
    pub outputs: Vec<Option<Lit>>,
    /// How many positions take a place in a cell.
    pub places: usize,
}

/// Gates and carry chains of a design.
pub struct Logic {
    pub net: Net,
    pub family: Family,
    pub chains: Vec<Chain>,
    /// LUTs that belong to positions of carry chains, by owner.
    pub chain_luts: Vec<u32>,
    known: HashMap<(Vec<Lit>, Vec<Lit>, Lit), Vec<Lit>>,
}

/// A summand: a word, or a product of two; and whether it is subtracted.
pub struct Summand {
    pub word: Vec<Lit>,
    pub factor: Option<(Vec<Lit>, bool)>,
    pub negative: bool,
}

/// The word in `width` bits.
pub fn extend(word: &[Lit], signed: bool, width: usize) -> Vec<Lit> {
    let fill = if signed { word.last().copied().unwrap_or(FALSE) } else { FALSE };
    word.iter().copied().chain(std::iter::repeat(fill)).take(width).collect()
}

fn inverted(word: &[Lit]) -> Vec<Lit> {
    word.iter().map(|x| x ^ 1).collect()
}

impl Logic {
    pub fn new(family: Family) -> Logic {
        let mut net = Net::new();
        net.owner = NOBODY;
        Logic { net, family, chains: Vec::new(), chain_luts: Vec::new(), known: HashMap::new() }
    }

    fn majority(&mut self, a: Lit, b: Lit, c: Lit) -> Lit {
        let (differ, both) = (self.net.xor(a, b), self.net.and(a, b));
        let third = self.net.and(c, differ);
        self.net.or(both, third)
    }

    /// `a + b + carry`, words of equal width; a signal `carry` is 0 or 1.
    pub fn alu(&mut self, a: &[Lit], b: &[Lit], carry: Lit) -> Vec<Lit> {
        let key = (a.to_vec(), b.to_vec(), carry);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let mut sum = Vec::with_capacity(a.len());
        // Low bits to which a constant equal to the carry is added pass by.
        if is_constant(carry) {
            let passes = a.iter().zip(b).map(|(&x, &y)| if y == carry { Some(x) } else { (x == carry).then_some(y) });
            sum.extend(passes.map_while(|bit| bit));
        }
        let (a, b) = (&a[sum.len()..], &b[sum.len()..]);
        if a.len() <= 2 {
            let mut carry = carry;
            for (&x, &y) in a.iter().zip(b) {
                let half = self.net.xor(x, y);
                sum.push(self.net.xor(half, carry));
                carry = self.majority(x, y, carry);
            }
        } else {
            sum.extend(self.chain(a, b, carry));
        }
        self.known.insert(key, sum.clone());
        sum
    }

    fn chain(&mut self, a: &[Lit], b: &[Lit], carry_in: Lit) -> Vec<Lit> {
        let position = |net: &mut Net, x: Lit, y: Lit| match self.family {
            Family::Lut6 => vec![net.xor(x, y), x],
            Family::Lut4 => vec![x, y],
        };
        let positions = a.iter().zip(b).map(|(&x, &y)| position(&mut self.net, x, y)).collect();
        // What comes out at the top, where nothing is added, is a carry.
        let carry_only = self.family == Family::Lut4 && a.last() == Some(&FALSE) && b.last() == Some(&FALSE);
        let places = a.len() - usize::from(carry_only);
        if self.family == Family::Lut4 {
            // Each sum is a LUT's output.
            self.chain_luts.extend(std::iter::repeat_n(self.net.owner, places));
        }
        let outputs: Vec<Lit> = a.iter().map(|_| self.net.leaf()).collect();
        self.chains.push(Chain { positions, carry_in, outputs: outputs.iter().copied().map(Some).collect(), places });
        outputs
    }

    pub fn add(&mut self, a: &[Lit], b: &[Lit]) -> Vec<Lit> {
        self.alu(a, b, FALSE)
    }

    pub fn subtract(&mut self, a: &[Lit], b: &[Lit]) -> Vec<Lit> {
        self.alu(a, &inverted(b), TRUE)
    }

    /// A sum in `width` bits. More than two summands are first brought to two by full adders.
    pub fn sum(&mut self, summands: &[Summand], width: usize) -> Vec<Lit> {
        if let Some(sum) = self.pair(summands, width) {
            return sum;
        }
        let mut columns = Columns(vec![BTreeSet::new(); width]);
        for s in summands {
            let Some((factor, signed)) = &s.factor else {
                columns.add_word(&s.word, s.negative, 0);
                continue;
            };
            for (k, &bit) in factor.iter().enumerate() {
                let row: Vec<Lit> = s.word.iter().map(|&x| self.net.and(x, bit)).collect();
                let sign = *signed && k + 1 == factor.len();
                columns.add_word(&row, s.negative != sign, k);
            }
        }
        let mut rows = columns.rows();
        while rows.len() > 2 {
            let mut next = Vec::with_capacity(rows.len());
            for group in rows.chunks(3) {
                let [a, b, c] = group else {
                    next.extend(group.iter().cloned());
                    continue;
                };
                let mut carries = vec![FALSE];
                let mut sums = Vec::with_capacity(width);
                for ((&x, &y), &z) in a.iter().zip(b).zip(c) {
                    let half = self.net.xor(x, y);
                    sums.push(self.net.xor(half, z));
                    carries.push(self.majority(x, y, z));
                }
                carries.truncate(width);
                next.extend([sums, carries]);
            }
            rows = next;
        }
        match &rows[..] {
            [] => vec![FALSE; width],
            [one] => one.clone(),
            [a, b, ..] => self.add(a, b),
        }
    }

    /// Two words, and a bit beside them.
    fn pair(&mut self, summands: &[Summand], width: usize) -> Option<Vec<Lit>> {
        let (mut bits, mut words) = (Vec::new(), Vec::new());
        for s in summands {
            s.factor.is_none().then_some(())?;
            let single = !s.negative && s.word.iter().skip(1).all(|x| *x == FALSE);
            if single { bits.push(s.word.first().copied().unwrap_or(FALSE)) } else { words.push(s) }
        }
        words.sort_by_key(|s| s.negative);
        let mut next_bit = || extend(&[bits.pop().unwrap_or(FALSE)], false, width);
        let (a, b, negative) = match words[..] {
            [] => (next_bit(), next_bit(), false),
            [b] if b.negative => (vec![FALSE; width], b.word.clone(), true),
            [a] => (a.word.clone(), next_bit(), false),
            [a, b] if !a.negative => (a.word.clone(), b.word.clone(), b.negative),
            _ => return None,
        };
        match (negative, &bits[..]) {
            (true, []) => Some(self.subtract(&a, &b)),
            (false, []) => Some(self.add(&a, &b)),
            (false, [carry]) => Some(self.alu(&a, &b, *carry)),
            _ => None,
        }
    }

    pub fn choose(&mut self, c: Lit, then: &[Lit], other: &[Lit]) -> Vec<Lit> {
        then.iter().zip(other).map(|(&a, &b)| self.net.mux(c, a, b)).collect()
    }

    pub fn equal(&mut self, a: &[Lit], b: &[Lit]) -> Lit {
        let bits: Vec<Lit> = a.iter().zip(b).map(|(&x, &y)| self.net.xor(x, y) ^ 1).collect();
        self.net.all(bits)
    }

    /// `a > b`, or where `or_equal` also `a == b`; words of equal width.
    pub fn greater(&mut self, a: &[Lit], b: &[Lit], signed: bool, or_equal: bool) -> Lit {
        let fixed = |word: &[Lit]| word.iter().all(|x| is_constant(*x));
        if !signed && or_equal && fixed(b) && b.iter().filter(|x| **x == TRUE).count() == 1 {
            let from = b.iter().position(|x| *x == TRUE).unwrap_or(0);
            return self.net.any(&a[from..]);
        }
        let inputs = self.family.lut_inputs();
        if a.len() <= inputs && (fixed(a) || fixed(b)) {
            return self.small_greater(a, b, signed, or_equal);
        }
        match self.family {
            Family::Lut6 => self.greater_in_groups(a, b, signed, or_equal),
            Family::Lut4 => self.greater_by_carry(a, b, signed, or_equal),
        }
    }

    /// As [`greater`](Logic::greater), one of both constant and the other no wider than a LUT.
    fn small_greater(&mut self, a: &[Lit], b: &[Lit], signed: bool, or_equal: bool) -> Lit {
        let width = a.len();
        let number = |word: &[Lit], index: u64| {
            let bits =
                word.iter().enumerate().map(|(k, &x)| if is_constant(x) { u64::from(x) } else { index >> k & 1 });
            let value = bits.enumerate().fold(0, |n, (k, bit)| n | bit << k);
            // The sign's bit turned over makes the order that of unsigned numbers.
            if signed { value ^ 1 << (width - 1) } else { value }
        };
        let inputs: Vec<Lit> = a.iter().zip(b).map(|(&x, &y)| if is_constant(x) { y } else { x }).collect();
        let truth = (0..1_u64 << width).fold(0, |truth, index| {
            let (x, y) = (number(a, index), number(b, index));
            truth | u64::from(x > y || or_equal && x == y) << index
        });
        self.net.table(&inputs, truth)
    }

    /// In groups of as many bits as a LUT takes: each says that it decides, or that it passes on what comes from below.
    fn greater_in_groups(&mut self, a: &[Lit], b: &[Lit], signed: bool, or_equal: bool) -> Lit {
        let lut = self.family.lut_inputs();
        let mut groups: Vec<(Lit, Lit)> = vec![(TRUE, FALSE)];
        let mut budget = lut;
        for k in (0..a.len()).rev() {
            let some = |word: &[Lit]| word[..=k].iter().any(|x| is_constant(*x));
            let cost = 2 - usize::from(some(a)) - usize::from(some(b));
            if budget < cost {
                groups.push((TRUE, FALSE));
                budget = lut;
            }
            budget -= cost;
            let (x, y) = if signed && k + 1 == a.len() { (b[k], a[k]) } else { (a[k], b[k]) };
            let same = self.net.xor(x, y) ^ 1;
            let above = self.net.and(x, y ^ 1);
            let Some(&(passes, decides)) = groups.last() else { continue };
            let here = self.net.and(passes, above);
            let group = (self.net.and(passes, same), self.net.or(decides, here));
            groups.pop();
            groups.push(group);
        }
        groups.reverse();
        if groups.len() <= 2 {
            return groups.into_iter().fold(constant(or_equal), |carry, (passes, decides)| {
                let passed = self.net.and(passes, carry);
                self.net.or(decides, passed)
            });
        }
        let positions: Vec<Vec<Lit>> = groups.iter().map(|&(p, g)| vec![self.net.and(p, g ^ 1), g]).collect();
        self.carry_out(positions, constant(or_equal))
    }

    /// By the carry of the difference.
    fn greater_by_carry(&mut self, a: &[Lit], b: &[Lit], signed: bool, or_equal: bool) -> Lit {
        let top = a.len() - 1;
        let turned = |k: usize, x: Lit| if signed && k == top { x ^ 1 } else { x };
        let pairs = a.iter().zip(b).enumerate();
        let positions = pairs.map(|(k, (&x, &y))| vec![turned(k, x), turned(k, y) ^ 1]).collect();
        self.carry_out(positions, constant(or_equal))
    }

    fn carry_out(&mut self, positions: Vec<Vec<Lit>>, carry_in: Lit) -> Lit {
        let out = self.net.leaf();
        let mut outputs = vec![None; positions.len()];
        if let Some(last) = outputs.last_mut() {
            *last = Some(out);
        }
        let places = positions.len();
        self.chains.push(Chain { positions, carry_in, outputs, places });
        out
    }

    /// Quotient and remainder of words that are not negative, digit by digit.
    pub fn divide(&mut self, a: &[Lit], divisor: &[Lit]) -> (Vec<Lit>, Vec<Lit>) {
        let width = a.len() + divisor.len();
        let mut rest = extend(a, false, width);
        let mut quotient = vec![FALSE; a.len()];
        for k in (0..a.len()).rev() {
            let shifted: Vec<Lit> = std::iter::repeat_n(FALSE, k).chain(extend(divisor, false, width - k)).collect();
            let fits = self.greater(&rest, &shifted, false, true);
            let less = self.subtract(&rest, &shifted);
            rest = self.choose(fits, &less, &rest);
            quotient[k] = fits;
        }
        rest.truncate(divisor.len());
        (quotient, rest)
    }
}

/// Bits by their weight; no bit is twice in one column.
struct Columns(Vec<BTreeSet<Lit>>);

impl Columns {
    fn add(&mut self, bit: Lit, mut at: usize) {
        if bit == FALSE {
            return;
        }
        while let Some(column) = self.0.get_mut(at) {
            if column.insert(bit) {
                return;
            }
            column.remove(&bit);
            at += 1;
        }
    }

    fn add_word(&mut self, word: &[Lit], negative: bool, shift: usize) {
        if negative {
            // -x is the complement and one more.
            self.add(TRUE, shift);
        }
        for (k, &bit) in word.iter().enumerate() {
            self.add(bit ^ Lit::from(negative), k + shift);
        }
    }

    /// One bit of each column at a time.
    fn rows(mut self) -> Vec<Vec<Lit>> {
        let most = self.0.iter().map(BTreeSet::len).max().unwrap_or(0);
        let mut row = || self.0.iter_mut().map(|c| c.pop_first().unwrap_or(FALSE)).collect();
        (0..most).map(|_| row()).collect()
    }
}
