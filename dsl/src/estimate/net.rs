//! Logic bit by bit: gates of few inputs, each once, between fixed points such as registers and carry chains.

use rustc_hash::FxHashMap;

use super::function::Function;

/// A signal: twice the number of a gate, plus one for its complement.
pub type Lit = u32;
/// The constant 0.
pub const FALSE: Lit = 0;
/// The constant 1.
pub const TRUE: Lit = 1;

/// Where a gate takes its value from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Gate {
    /// Gate 0: the constant 0.
    Constant,
    /// A fixed point: an input, a register, what a carry chain gives.
    Leaf,
    /// Both.
    And(Lit, Lit),
    /// One of two.
    Xor(Lit, Lit),
    /// The second where the first is 1, else the third.
    Mux(Lit, Lit, Lit),
    /// A function of up to six signals, which are not constants: index into [`Net::tables`].
    Table(u32),
}

/// Signals of a table and, for each word that they spell, its value.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Table {
    /// The lowest bit of the index first.
    pub inputs: Vec<Lit>,
    truth: u64,
}

/// Gates, those before that others read.
pub struct Net {
    pub gates: Vec<Gate>,
    pub tables: Vec<Table>,
    /// For each gate the owner at the time it was made.
    pub owners: Vec<u32>,
    /// The owner of gates that are made from now on.
    pub owner: u32,
    /// What each gate is of the fixed points, where these are few.
    functions: Vec<Option<Function>>,
    known: FxHashMap<Gate, Lit>,
    known_tables: FxHashMap<Table, Lit>,
    known_functions: FxHashMap<Function, Lit>,
}

pub fn constant(value: bool) -> Lit {
    Lit::from(value)
}

pub fn is_constant(x: Lit) -> bool {
    x <= TRUE
}

impl Net {
    pub fn new() -> Net {
        Net {
            gates: vec![Gate::Constant],
            tables: Vec::new(),
            owners: vec![0],
            owner: 0,
            functions: vec![Some(Function::FALSE)],
            known: FxHashMap::default(),
            known_tables: FxHashMap::default(),
            known_functions: FxHashMap::default(),
        }
    }

    fn push(&mut self, gate: Gate, function: Option<Function>) -> u32 {
        let id = self.gates.len() as u32;
        self.gates.push(gate);
        self.owners.push(self.owner);
        self.functions.push(function);
        id
    }

    pub fn leaf(&mut self) -> Lit {
        let own = Function::of(self.gates.len() as u32);
        self.push(Gate::Leaf, Some(own)) << 1
    }

    /// The gates on which a gate depends, where they are few.
    pub fn support(&self, gate: usize) -> Option<&[u32]> {
        self.functions[gate].as_ref().map(Function::signals)
    }

    fn once(&mut self, gate: Gate) -> Lit {
        if let Some(&known) = self.known.get(&gate) {
            return known;
        }
        let function = match gate {
            Gate::And(a, b) => self.function(&[a, b], |w| w == 3),
            Gate::Xor(a, b) => self.function(&[a, b], |w| w == 1 || w == 2),
            Gate::Mux(c, a, b) => self.function(&[c, a, b], |w| if w & 1 == 1 { w & 2 != 0 } else { w & 4 != 0 }),
            Gate::Constant | Gate::Leaf | Gate::Table(_) => None,
        };
        let lit = self.made(gate, function);
        self.known.insert(gate, lit);
        lit
    }

    fn function(&self, operands: &[Lit], value: impl Fn(usize) -> bool) -> Option<Function> {
        let of = |x: &Lit| self.functions[(x >> 1) as usize].map(|f| (f, x & 1 == 1));
        Function::combined(&operands.iter().map(of).collect::<Option<Vec<_>>>()?, value)
    }

    /// A new gate, or what is equal to it.
    fn made(&mut self, gate: Gate, function: Option<Function>) -> Lit {
        let Some(function) = function else { return self.push(gate, None) << 1 };
        let (normal, complement) = function.normal();
        match *normal.signals() {
            [] => return complement,
            [signal] => return signal << 1 ^ complement,
            _ => {}
        }
        if let Some(&known) = self.known_functions.get(&normal) {
            return known ^ complement;
        }
        let lit = self.push(gate, Some(function)) << 1;
        self.known_functions.insert(normal, lit ^ complement);
        lit
    }

    pub fn and(&mut self, a: Lit, b: Lit) -> Lit {
        let (a, b) = (a.min(b), a.max(b));
        match (a, b) {
            (FALSE, _) => FALSE,
            (TRUE, _) => b,
            _ if a == b => a,
            _ if a == b ^ 1 => FALSE,
            _ => self.once(Gate::And(a, b)),
        }
    }

    pub fn or(&mut self, a: Lit, b: Lit) -> Lit {
        self.and(a ^ 1, b ^ 1) ^ 1
    }

    pub fn xor(&mut self, a: Lit, b: Lit) -> Lit {
        let complement = (a ^ b) & 1;
        let (a, b) = ((a & !1).min(b & !1), (a & !1).max(b & !1));
        let plain = match (a, b) {
            (FALSE, _) => b,
            _ if a == b => FALSE,
            _ => self.once(Gate::Xor(a, b)),
        };
        plain ^ complement
    }

    /// `then` where `c` is 1, else `other`.
    pub fn mux(&mut self, c: Lit, then: Lit, other: Lit) -> Lit {
        let (c, then, other) = if c & 1 == 1 { (c ^ 1, other, then) } else { (c, then, other) };
        match (c, then, other) {
            (FALSE, _, other) => other,
            _ if then == other => then,
            _ if then == other ^ 1 => self.xor(c, other),
            (_, FALSE, _) => self.and(c ^ 1, other),
            (_, TRUE, _) => self.or(c, other),
            (_, _, FALSE) => self.and(c, then),
            (_, _, TRUE) => self.or(c ^ 1, then),
            _ if then & 1 == 1 => self.once(Gate::Mux(c, then ^ 1, other ^ 1)) ^ 1,
            _ => self.once(Gate::Mux(c, then, other)),
        }
    }

    /// The bit of `truth` at the index that `inputs` spell, at most six, the lowest bit first.
    pub fn table(&mut self, inputs: &[Lit], truth: u64) -> Lit {
        let (mut kept, mut truth) = (inputs.to_vec(), truth & mask(inputs.len()));
        for k in (0..kept.len()).rev() {
            let (zeros, ones) = (cofactor(truth, kept.len(), k, false), cofactor(truth, kept.len(), k, true));
            match kept[k] {
                FALSE => truth = zeros,
                TRUE => truth = ones,
                _ if zeros == ones => truth = zeros,
                _ => continue,
            }
            kept.remove(k);
        }
        match kept[..] {
            [] => constant(truth & 1 == 1),
            [x] => x ^ constant(truth & 1 == 1),
            _ => {
                let complement = truth & 1 == 1;
                let table = Table { truth: if complement { !truth & mask(kept.len()) } else { truth }, inputs: kept };
                let known = self.known_tables.get(&table).copied();
                let lit = known.unwrap_or_else(|| {
                    let function = self.function(&table.inputs, |w| table.truth >> w & 1 == 1);
                    let gates = self.gates.len();
                    let lit = self.made(Gate::Table(self.tables.len() as u32), function);
                    if self.gates.len() > gates {
                        self.tables.push(table.clone());
                    }
                    self.known_tables.insert(table, lit);
                    lit
                });
                lit ^ Lit::from(complement)
            }
        }
    }

    /// Calls `f` with the gates that a gate reads.
    pub fn for_each_fanin(&self, gate: usize, mut f: impl FnMut(u32)) {
        match self.gates[gate] {
            Gate::Constant | Gate::Leaf => {}
            Gate::And(a, b) | Gate::Xor(a, b) => [a, b].into_iter().for_each(|x| f(x >> 1)),
            Gate::Mux(c, a, b) => [c, a, b].into_iter().for_each(|x| f(x >> 1)),
            Gate::Table(t) => self.tables[t as usize].inputs.iter().for_each(|x| f(x >> 1)),
        }
    }

    /// Both of all pairs, as flat as can be.
    pub fn all(&mut self, mut signals: Vec<Lit>) -> Lit {
        while signals.len() > 1 {
            signals = signals.chunks(2).map(|p| if let [a, b] = *p { self.and(a, b) } else { p[0] }).collect();
        }
        signals.first().copied().unwrap_or(TRUE)
    }

    pub fn any(&mut self, signals: &[Lit]) -> Lit {
        self.all(signals.iter().map(|x| x ^ 1).collect()) ^ 1
    }
}

fn mask(inputs: usize) -> u64 {
    u64::MAX >> (64 - (1 << inputs))
}

/// The function of the other inputs where input `k` of `n` has the value `one`.
fn cofactor(truth: u64, n: usize, k: usize, one: bool) -> u64 {
    let mut result = 0;
    for index in 0..1_usize << (n - 1) {
        let low = index & ((1 << k) - 1);
        let from = (index >> k) << (k + 1) | usize::from(one) << k | low;
        result |= (truth >> from & 1) << index;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_that_are_alike_are_one() {
        let mut net = Net::new();
        let (a, b, c) = (net.leaf(), net.leaf(), net.leaf());
        assert_eq!(net.and(a, b), net.and(b, a));
        assert_eq!(net.xor(a ^ 1, b), net.xor(a, b) ^ 1);
        assert_eq!(net.mux(c, a, b), net.mux(c ^ 1, b, a));
        assert_eq!(net.mux(c, a ^ 1, b ^ 1), net.mux(c, a, b) ^ 1);
        assert_eq!((net.and(a, a ^ 1), net.or(a, TRUE), net.mux(c, a, a)), (FALSE, TRUE, a));
    }

    #[test]
    fn a_table_reads_only_what_it_depends_on() {
        let mut net = Net::new();
        let (a, b, c) = (net.leaf(), net.leaf(), net.leaf());
        // Of the index c b a: the value of b.
        assert_eq!(net.table(&[a, b, c], 0b1100_1100), b);
        assert_eq!(net.table(&[a, b, c], 0b0011_0011), b ^ 1);
        // a and c.
        let and = net.table(&[a, b, c], 0b1010_0000);
        assert_eq!(and, net.table(&[a, c], 0b1000));
        assert_eq!(net.table(&[a, TRUE, c], 0b1010_0000), and);
        assert_eq!(net.table(&[a, FALSE], 0b1000), FALSE);
    }
}
