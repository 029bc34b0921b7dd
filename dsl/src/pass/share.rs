//! `share`: one node for equal ones.
//!
//! Nodes with the same operator, operands and type become one, also where the operands of a commutative operator stand
//! in another order. Of sums of matrix-vector products the inputs, weights and constants count, whatever their graphs. A
//! node with a name takes in nodes without; of two with names both stay. Claims are shared where their checks are the
//! same.
//!
//! ```
//! use gatewright_dsl::{ir::{parse::parse, print::print_without_places}, pass};
//!
//! let mut design = parse("
//!     design top module0
//!     module module0 m {
//!       input port0 a: 0..=9
//!       input port1 b: 0..=9
//!       output port2 y: 0..=324 = %6
//!       %0: 0..=9 = port0
//!       %1: 0..=9 = port1
//!       %2: 0..=18 = add %0 %1
//!       %3: 0..=9 = port0
//!       %4: 0..=9 = port1
//!       %5: 0..=18 = add %4 %3
//!       %6: 0..=324 = mul %2 %5
//!     }")?;
//! pass::share::run(&mut design);
//! assert_eq!(print_without_places(&design), "design top module0
//!
//! module module0 m {
//!   input port0 a: 0..=9
//!   input port1 b: 0..=9
//!   output port2 y: 0..=324 = %3
//!   %0: 0..=9 = port0
//!   %1: 0..=9 = port1
//!   %2: 0..=18 = add %0 %1
//!   %3: 0..=324 = mul %2 %2
//! }
//! ");
//! # Ok::<(), gatewright_dsl::ir::parse::ParseError>(())
//! ```

use rustc_hash::FxHashMap;

use super::rewrite::{self, Live, compact, each_module, substitute_uses, sweep};
use crate::ids::{DomainId, Id, NodeId};
use crate::ir::order::Item;
use crate::ir::{CheckKind, Design, Module, Op, UnOp};
use crate::ty::Ty;
use crate::value::Value;

/// Shares nodes in every module.
pub fn run(design: &mut Design) {
    each_module(design, module);
}

/// What makes two nodes equal. Of a claim that is checked without condition: the domain of its one check.
type Key = (Op, Ty, Option<DomainId>);

fn module(m: &mut Module, order: &[Item]) {
    let claims = plain_claims(m);
    let mut map: Vec<NodeId> = m.nodes.ids().collect();
    let mut known: FxHashMap<Key, NodeId> = FxHashMap::default();
    let mut sums = Sums::default();
    let mut dropped = Vec::new();
    for &item in order {
        let Item::Node(n) = item else {
            continue;
        };
        rewrite::map_operands(m, n, &map);
        let node = &m.nodes[n];
        let is_claim = matches!(node.op, Op::Un(UnOp::Claim, _));
        let domain = claims.get(&n).copied().flatten();
        if is_claim && domain.is_none() {
            continue;
        }
        let key = (sums.first_equal(m, &normal(&node.op)), node.ty, domain);
        let Some(&first) = known.get(&key) else {
            known.insert(key, n);
            continue;
        };
        match (m.names.contains_key(&first), m.names.remove(&n)) {
            (true, Some(name)) => {
                m.names.insert(n, name);
                continue;
            }
            (false, Some(name)) => {
                m.names.insert(first, name);
                m.nodes[first].place = m.nodes[n].place;
            }
            (_, None) => {}
        }
        map[n.index()] = first;
        if is_claim {
            dropped.push(n);
        }
    }
    substitute_uses(m, &map);
    dropped.sort_unstable();
    let mut live = Live::everything(m, true);
    for (id, check) in m.checks.iter() {
        if let CheckKind::Claim { claim, .. } = &check.kind {
            live.checks[id.index()] = dropped.binary_search(claim).is_err();
        }
    }
    compact(m, &live);
    sweep(m);
}

/// The sums of matrix-vector products by what they compute: their inputs, weights and constants.
#[derive(Default)]
struct Sums(FxHashMap<(Vec<(NodeId, Value)>, Value), Op>);

impl Sums {
    /// The first operator that computes what `op` does.
    fn first_equal(&mut self, m: &Module, op: &Op) -> Op {
        let Op::Matvec { matvec, output } = op else { return op.clone() };
        let product = &m.matvecs[*matvec];
        let sum = &product.outputs[*output as usize];
        let weights = sum.weights.iter().filter(|(_, weight)| !weight.is_zero());
        let mut weights: Vec<_> =
            weights.map(|(i, weight)| (product.input(*output as usize, *i), weight.clone())).collect();
        weights.sort_unstable();
        self.0.entry((weights, sum.constant.clone())).or_insert_with(|| op.clone()).clone()
    }
}

/// The operator with the operands in the order of their ids where that makes no difference.
fn normal(op: &Op) -> Op {
    match op {
        Op::Bin(op, a, b) if op.commutes() && b < a => Op::Bin(*op, *b, *a),
        op => op.clone(),
    }
}

/// The claims with one check, without condition, and its domain; the others have `None`.
fn plain_claims(m: &Module) -> FxHashMap<NodeId, Option<DomainId>> {
    let mut claims = FxHashMap::default();
    for check in m.checks.values() {
        if let CheckKind::Claim { claim, enable } = check.kind {
            let domain = enable.is_none().then_some(check.domain);
            claims.entry(claim).and_modify(|d| *d = None).or_insert(domain);
        }
    }
    claims
}

#[cfg(test)]
mod tests {
    use crate::pass::testing::becomes;

    #[track_caller]
    fn shares(before: &str, after: &str) {
        becomes("share", before, after);
    }

    #[test]
    fn equal_nodes() {
        shares(
            "input port0 a: bits<4> output port1 y: bits<8> = %4
             %0: bits<4> = port0 %1: bits<4> = not %0 %2: bits<4> = port0 %3: bits<4> = not %2 %4: bits<8> = concat [%1, %3]",
            "input port0 a: bits<4> output port1 y: bits<8> = %2
             %0: bits<4> = port0 %1: bits<4> = not %0 %2: bits<8> = concat [%1, %1]",
        );
    }

    #[test]
    fn order_matters_where_it_matters() {
        let same = "input port0 a: 0..=9 input port1 b: 0..=9 output port2 y: -9..=9 = %2 output port3 z: -9..=9 = %3
             %0: 0..=9 = port0 %1: 0..=9 = port1 %2: -9..=9 = sub %0 %1 %3: -9..=9 = sub %1 %0";
        shares(same, same);
        let other_types = "input port0 a: 0..=9 output port1 y: 0..=3 = %1 output port2 z: 0..=1 = %2
             %0: 0..=9 = port0 %1: 0..=3 = wrap %0 %2: 0..=1 = wrap %0";
        shares(other_types, other_types);
    }

    #[test]
    fn sums_that_compute_the_same() {
        // In another order, by another graph, with an input that cancels out, and of an input that is shared itself.
        shares(
            "input port0 a: 0..=9 input port1 b: 0..=9 output port2 y: 0..=27 = %3 output port3 z: 0..=27 = %4
             %0: 0..=9 = port0 %1: 0..=9 = port1 %2: 0..=9 = port0 %3: 0..=27 = matvec0.sum0 %4: 0..=27 = matvec1.sum1
             matvec matvec0 [%0, %1] { x2 = x0 add x1 x3 = x2 add x1 sum [1 x0, 2 x1] 0 from x3 }
             matvec matvec1 [%1, %2] {
               x2 = x0 shl 1 add x1 sum [2 x0, 1 x1] 1 from x2 sum [2 x0, 1 x1] 0 from x2 }",
            "input port0 a: 0..=9 input port1 b: 0..=9 output port2 y: 0..=27 = %2 output port3 z: 0..=27 = %2
             %0: 0..=9 = port0 %1: 0..=9 = port1 %2: 0..=27 = matvec0.sum0
             matvec matvec0 [%0, %1] { x2 = x0 add x1 x3 = x2 add x1 sum [1 x0, 2 x1] 0 from x3 }
             matvec matvec1 [%1, %0] {
               x2 = x0 shl 1 add x1 sum [2 x0, 1 x1] 1 from x2 sum [2 x0, 1 x1] 0 from x2 }",
        );
        let same =
            "input port0 a: 0..=9 output port1 y: 1..=19 = %1 output port2 z: 2..=20 = %2 output port3 x: 1..=10 = %3
             %0: 0..=9 = port0 %1: 1..=19 = matvec0.sum0 %2: 2..=20 = matvec0.sum1 %3: 1..=10 = matvec0.sum2
             matvec matvec0 [%0] {
               x1 = x0 add x0 sum [2 x0] 1 from x1 sum [2 x0] 2 from x1 sum [1 x0] 1 from x0 }";
        shares(same, same);
    }

    #[test]
    fn names_stay() {
        shares(
            "input port0 a: bool output port1 y: bool = %1 output port2 z: bool = %2
             %0: bool = port0 %1: bool = not %0 %2 n: bool = not %0 %3: bool = not %0 %4: bool = and %3 %2
             output port3 x: bool = %4",
            "input port0 a: bool output port1 y: bool = %1 output port2 z: bool = %1
             %0: bool = port0 %1 n: bool = not %0 %2: bool = and %1 %1 output port3 x: bool = %2",
        );
        shares(
            "input port0 a: bool output port1 y: bool = %1 output port2 z: bool = %2 output port3 x: bool = %3
             %0: bool = port0 %1 p: bool = not %0 %2 q: bool = not %0 %3: bool = not %0",
            "input port0 a: bool output port1 y: bool = %1 output port2 z: bool = %2 output port3 x: bool = %1
             %0: bool = port0 %1 p: bool = not %0 %2 q: bool = not %0",
        );
    }

    #[test]
    fn claims() {
        let body = "domain domain0 clk input port0 a: 0..=9 input port1 e: bool output port2 y: 0..=6 = %4
             %0: 0..=9 = port0 %1: bool = port1 %2: 0..=3 = claim %0 %3: 0..=3 = claim %0 %4: 0..=6 = add %2 %3";
        let guarded =
            format!("{body} check check0 p: claim %2 domain0 \"\" check check1 q: claim %3 enable %1 domain0 \"\"");
        shares(&guarded, &guarded);
        shares(
            &format!("{body} check check0 p: claim %2 domain0 \"\" check check1 q: claim %3 domain0 \"\""),
            "domain domain0 clk input port0 a: 0..=9 input port1 e: bool output port2 y: 0..=6 = %3
             %0: 0..=9 = port0 %1: 0..=3 = claim %0 %3: 0..=6 = add %1 %1 check check0 p: claim %1 domain0 \"\""
                .replace("%3", "%2")
                .as_str(),
        );
    }
}
