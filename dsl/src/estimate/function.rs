//! Functions of few signals, exactly: by them a synthesiser finds gates that are equal, fixed, or depend on less than they read.

use super::net::Lit;

/// Signals of a function at most.
pub const MOST: usize = 8;
const WORDS: usize = 1 << (MOST - 6);

/// A function of gates, all of which it depends on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Function {
    signals: [u32; MOST],
    len: u8,
    /// Its value for each word that the signals spell, the first one lowest.
    truth: [u64; WORDS],
}

impl Function {
    pub const FALSE: Function = Function { signals: [0; MOST], len: 0, truth: [0; WORDS] };

    /// The value of a gate itself.
    pub fn of(gate: u32) -> Function {
        let mut f = Function { len: 1, ..Function::FALSE };
        (f.signals[0], f.truth[0]) = (gate, 0b10);
        f
    }

    /// The gates on which it depends, in rising order.
    pub fn signals(&self) -> &[u32] {
        &self.signals[..self.len as usize]
    }

    fn at(&self, index: usize) -> bool {
        self.truth[index / 64] >> (index % 64) & 1 == 1
    }

    /// What `value` makes of operands; `None` where they depend on too many gates.
    pub fn combined(operands: &[(Function, bool)], value: impl Fn(usize) -> bool) -> Option<Function> {
        let mut signals: Vec<u32> = operands.iter().flat_map(|(f, _)| f.signals()).copied().collect();
        signals.sort_unstable();
        signals.dedup();
        if signals.len() > MOST {
            return None;
        }
        let place = |s: &u32| signals.binary_search(s).unwrap_or(0);
        let places: Vec<Vec<usize>> = operands.iter().map(|(f, _)| f.signals().iter().map(place).collect()).collect();
        let mut f = Function { len: signals.len() as u8, ..Function::FALSE };
        f.signals[..signals.len()].copy_from_slice(&signals);
        for index in 0..1_usize << signals.len() {
            let mut word = 0;
            for (k, ((operand, inverted), places)) in operands.iter().zip(&places).enumerate() {
                let own = places.iter().enumerate().fold(0, |own, (j, place)| own | (index >> place & 1) << j);
                word |= usize::from(operand.at(own) != *inverted) << k;
            }
            f.truth[index / 64] |= u64::from(value(word)) << (index % 64);
        }
        for k in (0..signals.len()).rev() {
            f.forget(k);
        }
        Some(f)
    }

    /// Without signal `k`, where it does not depend on it.
    fn forget(&mut self, k: usize) {
        let len = self.len as usize;
        let spread = |index: usize| (index >> k) << (k + 1) | index & ((1 << k) - 1);
        let mut truth = [0; WORDS];
        for index in 0..1_usize << (len - 1) {
            let (zero, one) = (self.at(spread(index)), self.at(spread(index) | 1 << k));
            if zero != one {
                return;
            }
            truth[index / 64] |= u64::from(zero) << (index % 64);
        }
        self.signals.copy_within(k + 1.., k);
        self.signals[MOST - 1] = 0;
        self.len -= 1;
        self.signals[self.len as usize..].fill(0);
        self.truth = truth;
    }

    /// The one of a function and its complement that is 0 where all signals are, and whether it is the complement.
    pub fn normal(mut self) -> (Function, Lit) {
        if !self.at(0) {
            return (self, 0);
        }
        let bits = 1_usize << self.len;
        for (k, word) in self.truth.iter_mut().enumerate() {
            let inside = bits.saturating_sub(64 * k).min(64);
            *word ^= if inside == 64 { u64::MAX } else { (1 << inside) - 1 };
        }
        (self, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_depends_on_what_it_changes_with() {
        let (a, b, c) = (Function::of(3), Function::of(9), Function::of(5));
        let and = Function::combined(&[(a, false), (b, false)], |w| w == 3).unwrap();
        let or = Function::combined(&[(and, false), (b, false)], |w| w != 0).unwrap();
        assert_eq!(or, b, "a and b, or b");
        let nothing = Function::combined(&[(and, false), (b, true)], |w| w == 3).unwrap();
        assert_eq!(nothing, Function::FALSE);
        let choice =
            Function::combined(
                &[(c, false), (a, false), (b, true)],
                |w| if w & 1 == 1 { w & 2 != 0 } else { w & 4 != 0 },
            );
        let choice = choice.unwrap();
        assert_eq!(choice.signals(), [3, 5, 9]);
        let (normal, complement) = choice.normal();
        assert_eq!((complement, normal.normal().1), (1, 0));
        assert_eq!(Function::combined(&[(normal, true)], |w| w == 1).unwrap(), choice);
    }

    #[test]
    fn functions_of_many_gates_are_not_known() {
        let all: Vec<(Function, bool)> = (1..=MOST as u32).map(|g| (Function::of(g), false)).collect();
        let and = Function::combined(&all, |w| w + 1 == 1 << MOST).unwrap();
        assert_eq!(and.signals().len(), MOST);
        assert_eq!(and.normal().1, 0);
        assert_eq!(Function::combined(&[(and, false), (Function::of(20), false)], |w| w == 3), None);
    }
}
