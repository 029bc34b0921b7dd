//! Networks of lookup tables and comparisons: what functions of few bits become.
//!
//! Costs are those of six-input LUTs with carry chains: a table of up to six inputs is one LUT, one of seven or eight are two
//! or four behind multiplexers that the device has beside its LUTs. A comparison with a constant takes five bits in each
//! LUT after the first. Where the number compared with is chosen by up to five bits, a LUT chooses one bit of it and
//! compares that, and a carry chain does the rest.

/// Bits that one lookup table can read.
pub const LUT: usize = 6;
/// Bits of the widest table, several LUTs and the multiplexers beside them.
pub const WIDEST: usize = 8;

/// One bit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Signal {
    /// Always the same.
    Constant(bool),
    /// A bit of the input word, the lowest numbered 0.
    Input(u32),
    /// The result of a node.
    Node(u32),
}

/// One bit made of others; operands come before it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Node {
    /// Bit `n` of `ones` is the result where the inputs, the first one lowest, are the number `n`.
    Table {
        /// At most [`WIDEST`].
        inputs: Vec<Signal>,
        /// 64 results in each word.
        ones: Vec<u64>,
    },
    /// Whether the number `of`, lowest bit first, is at least `least[by]`.
    AtLeast {
        /// The number.
        of: Vec<Signal>,
        /// What chooses, lowest bit first; empty for a constant.
        by: Vec<Signal>,
        /// One for each value of `by`, below `2^of.len()`.
        least: Vec<u64>,
    },
}

/// What a network takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, PartialOrd, Ord)]
pub struct Luts {
    /// Six-input LUTs.
    pub luts: u64,
    /// LUTs in a row; a carry chain counts as one.
    pub depth: u32,
}

/// A network of one-bit nodes. It is pure and has no latency.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Net {
    /// Bits of the input word, at most 64.
    pub inputs: u32,
    /// In an order in which operands come first.
    pub nodes: Vec<Node>,
    /// Bits of the output word, lowest first.
    pub outputs: Vec<Signal>,
}

fn number(bits: &[Signal], get: impl Fn(Signal) -> bool) -> u64 {
    bits.iter().rev().fold(0, |n, s| n << 1 | u64::from(get(*s)))
}

impl Net {
    /// The output word.
    pub fn evaluate(&self, input: u64) -> u64 {
        let mut values: Vec<bool> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let get = |s| bit(s, input, &values);
            let value = match node {
                Node::Table { inputs, ones } => {
                    let n = number(inputs, get);
                    ones[(n / 64) as usize] >> (n % 64) & 1 == 1
                }
                Node::AtLeast { of, by, least } => number(of, get) >= least[number(by, get) as usize],
            };
            values.push(value);
        }
        number(&self.outputs, |s| bit(s, input, &values))
    }

    /// What all its nodes take.
    pub fn cost(&self) -> Luts {
        let mut luts = 0;
        let mut depths: Vec<u32> = Vec::with_capacity(self.nodes.len());
        let depth = |s: &Signal, depths: &[u32]| if let Signal::Node(n) = s { depths[*n as usize] } else { 0 };
        for node in &self.nodes {
            let (own, levels, operands) = node.cost();
            luts += own;
            depths.push(levels + operands.map(|s| depth(s, &depths)).max().unwrap_or(0));
        }
        let depth = self.outputs.iter().map(|s| depth(s, &depths)).max().unwrap_or(0);
        Luts { luts, depth }
    }

    /// The node's result; a node that is there already is not made again.
    pub(crate) fn push(&mut self, node: Node) -> Signal {
        let at = self.nodes.iter().position(|n| *n == node).unwrap_or_else(|| {
            self.nodes.push(node);
            self.nodes.len() - 1
        });
        Signal::Node(at as u32)
    }
}

fn bit(s: Signal, input: u64, values: &[bool]) -> bool {
    match s {
        Signal::Constant(c) => c,
        Signal::Input(n) => input >> n & 1 == 1,
        Signal::Node(n) => values[n as usize],
    }
}

impl Node {
    /// LUTs, levels, operands.
    fn cost(&self) -> (u64, u32, Box<dyn Iterator<Item = &Signal> + '_>) {
        match self {
            Node::Table { inputs, .. } => {
                let luts = match inputs.len() {
                    // A wire, or an inverter, which goes into what reads it.
                    0 | 1 => 0,
                    n => 1 << n.saturating_sub(LUT),
                };
                (luts, u32::from(luts > 0), Box::new(inputs.iter()))
            }
            Node::AtLeast { of, by, least } => {
                // Bits below all the numbers' lowest ones do not matter.
                let all = least.iter().fold(0, |all, n| all | n);
                let bits = of.len() - (all.trailing_zeros() as usize).min(of.len());
                let chain = |free: usize| bits.saturating_sub(1).div_ceil(free).max(1) as u64;
                let luts = match by.len() {
                    n @ 0..=3 => chain(5 - n),
                    n => (bits as u64) << n.saturating_sub(LUT - 1),
                };
                (luts, 1 + u32::from(bits > 5 || by.len() > 3), Box::new(of.iter().chain(by)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_compute_what_they_say() {
        let input = |n| Signal::Input(n);
        let mut net = Net { inputs: 4, ..Net::default() };
        // The majority of three bits; the low two bits at least 3, or at least 1 where bit 3 is set.
        let majority = net.push(Node::Table { inputs: (0..3).map(input).collect(), ones: vec![0b1110_1000] });
        let least = Node::AtLeast { of: vec![input(0), input(1)], by: vec![input(3)], least: vec![3, 1] };
        let at_least = net.push(least.clone());
        assert_eq!(net.push(least), at_least);
        net.outputs = vec![majority, at_least, Signal::Constant(true), input(3)];
        for x in 0..16_u64 {
            let wanted = u64::from((x & 7).count_ones() >= 2)
                | u64::from(x & 3 >= if x >= 8 { 1 } else { 3 }) << 1
                | 4
                | x >> 3 << 3;
            assert_eq!(net.evaluate(x), wanted, "{x}");
        }
        assert_eq!(net.cost(), Luts { luts: 2, depth: 1 });
    }
}
