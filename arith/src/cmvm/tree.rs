//! The additions that are left for one output.

use super::cost::{Adder, CostModel, Span};
use super::state::{Node, Term, weight};

/// A partial sum.
#[derive(Clone, Copy, Debug)]
struct Part {
    range: Span,
    shift: u32,
    negative: bool,
    depth: u32,
    /// A term, or behind all terms the result of a merge.
    from: usize,
}

/// Two parts that become the next one: terms, and behind them results of merges.
type Merge = (usize, usize);

fn joined(x: &Part, y: &Part) -> (Adder, Part, bool) {
    let (low, high) = if x.shift <= y.shift { (x, y) } else { (y, x) };
    let adder = Adder::new(low.range, high.range, high.shift - low.shift, low.negative != high.negative);
    let depth = 1 + low.depth.max(high.depth);
    (adder, Part { range: adder.result, shift: low.shift, negative: low.negative, depth, from: 0 }, high.negative)
}

/// Merges the pair that is cheapest, again and again; the depth stays within the bound.
fn build(model: CostModel, limit: u64, mut parts: Vec<Part>, merges: Option<&mut Vec<Merge>>) -> u32 {
    let mut total = 0;
    let mut merges = merges;
    let count = parts.len();
    let mut made = 0;
    if let [only] = parts[..] {
        return if only.negative { model.negated(only.range) } else { 0 };
    }
    let mut kraft: u64 = parts.iter().map(|p| weight(p.depth)).sum();
    // Cost of each pair, by the greater index.
    let rate = |x: &Part, y: &Part| {
        let (adder, part, _) = joined(x, y);
        let size = 128 - (part.range.1 - part.range.0).leading_zeros();
        model.adder(&adder) << 16 | part.depth.min(255) << 8 | size
    };
    let mut rates: Vec<Vec<u32>> = Vec::with_capacity(count);
    for i in 0..count {
        rates.push((0..i).map(|j| rate(&parts[i], &parts[j])).collect());
    }
    while parts.len() > 1 {
        let mut best = (u32::MAX, 0, 0);
        for i in 1..parts.len() {
            for j in 0..i {
                if rates[i][j] < best.0 {
                    let (a, b) = (parts[i].depth, parts[j].depth);
                    if a == b || kraft + weight(a.max(b)) - weight(a.min(b)) <= limit {
                        best = (rates[i][j], i, j);
                    }
                }
            }
        }
        let (mut i, mut j) = (best.1, best.2);
        if best.0 == u32::MAX {
            // Cannot be, but for a bound below the least depth: then the two that are there first.
            let mut order: Vec<usize> = (0..parts.len()).collect();
            order.sort_by_key(|p| parts[*p].depth);
            (i, j) = (order[0].max(order[1]), order[0].min(order[1]));
        }
        let (x, y) = (parts[i], parts[j]);
        let (adder, mut part, high_negative) = joined(&x, &y);
        total += match parts.len() {
            2 => model.last(&adder, part.negative, high_negative),
            _ => model.adder(&adder),
        };
        kraft = kraft + weight(part.depth) - weight(x.depth) - weight(y.depth);
        part.from = count + made;
        made += 1;
        if let Some(merges) = merges.as_deref_mut() {
            merges.push((x.from, y.from));
        }
        // The new one takes the place of j, the last one that of i.
        parts[j] = part;
        parts.swap_remove(i);
        let n = parts.len();
        if let Some(last) = rates.pop().filter(|_| i < n) {
            for (k, &rate) in last.iter().enumerate().filter(|(k, _)| *k != i) {
                rates[i.max(k)][i.min(k)] = rate;
            }
        }
        for k in 0..n {
            if k != j {
                let r = rate(&parts[j], &parts[k]);
                rates[j.max(k)][j.min(k)] = r;
            }
        }
    }
    total
}

fn parts(nodes: &[Node], terms: &[Term]) -> Vec<Part> {
    let part = |(k, &(value, shift, negative)): (usize, &Term)| {
        let node = &nodes[value as usize];
        Part { range: node.range, shift, negative, depth: node.depth, from: k }
    };
    terms.iter().enumerate().map(part).collect()
}

/// Cost of the tree of these terms.
pub(crate) fn cost(model: CostModel, limit: u64, nodes: &[Node], terms: &[Term]) -> u32 {
    build(model, limit, parts(nodes, terms), None)
}

/// The merges in order.
pub(crate) fn merges(model: CostModel, limit: u64, nodes: &[Node], terms: &[Term]) -> Vec<Merge> {
    let mut merges = Vec::with_capacity(terms.len());
    build(model, limit, parts(nodes, terms), Some(&mut merges));
    merges
}
