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
    /// What comes out, and at which position.
    pub outputs: Vec<(usize, Lit)>,
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
        if a.len() <= self.family.longest_without_chain() {
            sum.extend(self.ripple(a, b, carry).0);
        } else {
            sum.extend(self.chain(a, b, carry));
        }
        self.known.insert(key, sum.clone());
        sum
    }

    /// Sum and carry by gates.
    fn ripple(&mut self, a: &[Lit], b: &[Lit], mut carry: Lit) -> (Vec<Lit>, Lit) {
        let mut sum = Vec::with_capacity(a.len());
        for (&x, &y) in a.iter().zip(b) {
            let half = self.net.xor(x, y);
            sum.push(self.net.xor(half, carry));
            carry = self.majority(x, y, carry);
        }
        (sum, carry)
    }

    fn chain(&mut self, a: &[Lit], b: &[Lit], carry_in: Lit) -> Vec<Lit> {
        // A cell of two bits turns the subtrahend over, but that of 0: so a word is negated by other means.
        let turned = Lit::from(carry_in == TRUE && a.iter().any(|x| *x != FALSE));
        let position = |net: &mut Net, x: Lit, y: Lit| match self.family {
            Family::Lut6 => vec![net.xor(x, y), x],
            Family::Ice40 => vec![x, y],
            Family::Ecp5 => vec![x, y ^ turned],
        };
        let positions = a.iter().zip(b).map(|(&x, &y)| position(&mut self.net, x, y)).collect();
        // What comes out at the top, where nothing is added, is a carry.
        let carry_only = self.family == Family::Ice40 && a.last() == Some(&FALSE) && b.last() == Some(&FALSE);
        let places = a.len() - usize::from(carry_only);
        if self.family == Family::Ice40 {
            // Each sum is a LUT's output.
            self.chain_luts.extend(std::iter::repeat_n(self.net.owner, places));
        }
        let sum: Vec<Lit> = a.iter().map(|_| self.net.leaf()).collect();
        self.chains.push(Chain { positions, carry_in, outputs: sum.iter().copied().enumerate().collect(), places });
        sum
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
                // The sign's row is subtracted: its bits are turned over before they are chosen, and one more is added.
                let sign = *signed && k + 1 == factor.len();
                let row: Vec<Lit> = s.word.iter().map(|&x| self.net.and(x ^ Lit::from(sign), bit)).collect();
                columns.add_word(&row, s.negative, k);
                if sign {
                    columns.add_word(&extend(&[bit], false, width), s.negative, k);
                }
            }
        }
        let (mut rows, mut more) = columns.rows();
        while rows.len() > 2 {
            let mut next = Vec::with_capacity(rows.len());
            for group in rows.chunks(3) {
                let [a, b, c] = group else {
                    next.extend(group.iter().cloned());
                    continue;
                };
                // Nothing is carried into the lowest bit: there is room for another one.
                let mut carries = vec![more.pop().unwrap_or(FALSE)];
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

    /// One of four in two LUTs of four inputs: the first one gives the choice of the lower half, or else the lower bit.
    pub fn choose_of_four(&mut self, [high, low]: [Lit; 2], choices: [Lit; 4]) -> Lit {
        let lower = self.net.mux(low, choices[1], choices[0]);
        let first = self.net.mux(high, low, lower);
        let upper = self.net.mux(first, choices[3], choices[2]);
        self.net.mux(high, upper, first)
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
            Family::Ice40 | Family::Ecp5 => self.greater_by_carry(a, b, signed, or_equal),
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

    /// By a difference of both: of the narrower one and the other, else in the order of the Verilog. Its carry says what is
    /// less; whether both are equal is found beside it where it is needed.
    fn greater_by_carry(&mut self, a: &[Lit], b: &[Lit], signed: bool, or_equal: bool) -> Lit {
        let needed = |word: &[Lit]| {
            let rest = if signed { word.last().copied().unwrap_or(FALSE) } else { FALSE };
            word.iter().rposition(|x| *x != rest).map_or(0, |k| k + 1)
        };
        let (of_a, of_b) = (needed(a), needed(b));
        let b_first = if of_a == of_b { !b.iter().all(|x| is_constant(*x)) } else { of_b < of_a };
        match (b_first, or_equal) {
            (true, false) => self.less_by_carry(b, a, signed),
            (true, true) => {
                let (less, equal) = (self.less_by_carry(b, a, signed), self.equal(a, b));
                self.net.or(less, equal)
            }
            (false, _) => {
                let (less, equal) = (self.less_by_carry(a, b, signed), self.equal(a, b));
                let greater = self.net.or(less, equal) ^ 1;
                if or_equal { self.net.or(greater, equal) } else { greater }
            }
        }
    }

    /// `a < b` by the carry of the difference.
    fn less_by_carry(&mut self, a: &[Lit], b: &[Lit], signed: bool) -> Lit {
        let top = a.len() - 1;
        let chain = a.len() > self.family.longest_without_chain();
        if chain && self.family == Family::Ecp5 {
            return self.less_in_pairs(a, b, signed);
        }
        let turned = |k: usize, x: &Lit| x ^ Lit::from(signed && k == top);
        let a: Vec<Lit> = a.iter().enumerate().map(|(k, x)| turned(k, x)).collect();
        let b: Vec<Lit> = b.iter().enumerate().map(|(k, x)| turned(k, x) ^ 1).collect();
        if !chain {
            return self.ripple(&a, &b, TRUE).1 ^ 1;
        }
        // Where one bit of both is fixed, and what is carried in, there is nothing to add.
        let (mut carry, mut from) = (TRUE, 0);
        while from < a.len() && is_constant(carry) && (is_constant(a[from]) || is_constant(b[from])) {
            carry = self.majority(a[from], b[from], carry);
            from += 1;
        }
        if from == a.len() {
            return carry ^ 1;
        }
        // A carry that leaves the chain is a LUT's output, which is turned over there.
        self.chain_luts.push(self.net.owner);
        let positions = a.iter().zip(&b).skip(from).map(|(&x, &y)| vec![x, y]).collect();
        self.carry_out(positions, carry)
    }

    /// The same where the cell turns the subtrahend over, and carries leave it at every second position only. Of signed words
    /// the difference's sign counts, turned over where it overflows.
    fn less_in_pairs(&mut self, a: &[Lit], b: &[Lit], signed: bool) -> Lit {
        let top = a.len() - 1;
        let at = if top % 2 == 1 { top } else { top - 1 };
        let carry = self.net.leaf();
        let mut outputs = vec![(at, carry)];
        let less = match (signed, at == top) {
            (false, true) => carry ^ 1,
            (false, false) => self.majority(a[top], b[top] ^ 1, carry) ^ 1,
            (true, false) => self.majority(b[top], a[top] ^ 1, carry) ^ 1,
            (true, true) => {
                let (before, sign) = (self.net.leaf(), self.net.leaf());
                outputs.extend([(top - 2, before), (top, sign)]);
                let last = self.majority(a[top - 1], b[top - 1] ^ 1, before);
                let overflow = self.net.xor(carry, last);
                self.net.xor(overflow, sign)
            }
        };
        let positions = a.iter().zip(b).map(|(&x, &y)| vec![x, y]).collect();
        self.chains.push(Chain { positions, carry_in: TRUE, outputs, places: a.len() });
        less
    }

    fn carry_out(&mut self, positions: Vec<Vec<Lit>>, carry_in: Lit) -> Lit {
        let out = self.net.leaf();
        let places = positions.len();
        self.chains.push(Chain { positions, carry_in, outputs: vec![(places - 1, out)], places });
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

    /// Rows of one bit of each column, and bits for which there will be room at the low ends of carries: a bit of a higher
    /// weight takes as many.
    fn rows(mut self) -> (Vec<Vec<Lit>>, Vec<Lit>) {
        let (mut rows, mut more) = (Vec::new(), Vec::new());
        while self.0.iter().any(|column| !column.is_empty()) {
            rows.push(self.0.iter_mut().map(|c| c.pop_first().unwrap_or(FALSE)).collect::<Vec<Lit>>());
            // Each full adder leaves one row less.
            let adders = rows.len().saturating_sub(2);
            for (k, column) in self.0.iter_mut().enumerate() {
                while k < usize::BITS as usize - 1 && more.len() + (1 << k) <= adders {
                    let Some(bit) = column.pop_first() else { break };
                    more.extend(std::iter::repeat_n(bit, 1 << k));
                }
            }
        }
        (rows, more)
    }
}
