//! Networks of lookup tables and comparisons, in hardware.

use gatewright_arith::net::{Net, Node, Signal};
use gatewright_dsl::prelude::{Bits, Bool, Int, bits, from_bools, lit, range, select};

use crate::network::Range;

/// Choosing bits from which on a comparison is a subtraction: its chain then takes the choice of each bit with it.
const SUBTRACTS: usize = 4;

/// What a network makes of a word, whose bits above its width are 0: an integer of `out`, `signed` if it has a sign.
pub(crate) fn element(net: &Net, word: Bits, signed: bool, out: Range) -> Int {
    within(from_bools(&outputs(net, word)), signed, out)
}

/// Most bits of a word that a table cuts to a range.
const MAX_CUT: u32 = 8;

/// A word as an integer of the range, which it is for every operand of the operand's range. What pipeline registers hold
/// before the first sample may be no such operand; the result is then any value of the range.
fn within(word: Bits, signed: bool, out: Range) -> Int {
    let bits = word.width();
    let y = if signed { word.to_sint() } else { word.to_uint() };
    let ty = range(out.lo..=out.hi);
    if y.ty().fits(ty) || bits > MAX_CUT {
        return y.sat(ty);
    }
    let value = |code: i64| if signed && code >> (bits - 1) == 1 { code - (1 << bits) } else { code };
    let inside = |code: i64| (out.lo..=out.hi).contains(&value(code));
    let codes = || 0..1_i64 << bits;
    // One bit that makes good ones of all others: the rest of the word then stays as it is.
    let fixes = (0..bits).flat_map(|b| [(1 << b, 0), (0, 1 << b)]);
    let fix = fixes.into_iter().find(|(clear, set)| codes().all(|c| inside(c) || inside(c & !clear | set)));
    let made = |code: i64| match fix {
        _ if inside(code) => value(code),
        Some((clear, set)) => value(code & !clear | set),
        None => value(code).clamp(out.lo, out.hi),
    };
    select(word.to_uint(), &codes().map(|c| lit(made(c))).collect::<Vec<Int>>())
}

/// The bits that a network makes of a word.
fn outputs(net: &Net, word: Bits) -> Vec<Bool> {
    let mut made: Vec<Bool> = Vec::with_capacity(net.nodes.len());
    let get = |made: &[Bool], s: &Signal| match *s {
        Signal::Constant(c) => Bool::constant(c),
        // The word is as wide as its greatest value.
        Signal::Input(n) if n < word.width() => word.bit(n),
        Signal::Input(_) => Bool::constant(false),
        Signal::Node(n) => made[n as usize],
    };
    let number =
        |made: &[Bool], of: &[Signal]| from_bools(&of.iter().map(|s| get(made, s)).collect::<Vec<_>>()).to_uint();
    while let Some(node) = net.nodes.get(made.len()) {
        match node {
            Node::AtLeast { of, by, least } => {
                let of = number(&made, of);
                let at_least = match by.len() {
                    0 => of.ge(least[0]),
                    n => {
                        let choices: Vec<Int> = least.iter().map(|n| lit(*n)).collect();
                        let least = select(number(&made, by), &choices);
                        if n < SUBTRACTS { of.ge(least) } else { (of - least).ge(0) }
                    }
                };
                made.push(at_least);
            }
            Node::Table { inputs, .. } => {
                // Tables of the same bits are one table of words.
                let same = |n: &&Node| matches!(n, Node::Table { inputs: i, .. } if i == inputs);
                let tables: Vec<&Node> = net.nodes[made.len()..].iter().take_while(same).collect();
                let bit = |node: &Node, n: usize| match node {
                    Node::Table { ones, .. } => ones[n / 64] >> (n % 64) & 1,
                    Node::AtLeast { .. } => 0,
                };
                let width = tables.len() as u32;
                let value = |n: usize| tables.iter().rev().fold(0, |value, t| value << 1 | bit(t, n));
                let words: Vec<Bits> = (0..1 << inputs.len()).map(|n| bits(width, value(n))).collect();
                let chosen = select(number(&made, inputs), &words);
                made.extend((0..width).map(|b| chosen.bit(b)));
            }
        }
    }
    net.outputs.iter().map(|s| get(&made, s)).collect()
}
