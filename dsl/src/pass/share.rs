//! `share`: one node for equal ones.
//!
//! Nodes with the same operator, operands and type become one, also where the operands of a commutative operator stand
//! in another order. A node with a name takes in nodes without; of two with names both stay. Claims are shared where
//! their checks are the same.
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

use super::rewrite::{Live, compact, each_module, substitute_uses, sweep};
use crate::ids::{DomainId, Id, NodeId};
use crate::ir::order::Item;
use crate::ir::{CheckKind, Design, Module, Op, UnOp};
use crate::ty::Ty;

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
    let mut dropped = Vec::new();
    for &item in order {
        let Item::Node(n) = item else {
            continue;
        };
        let node = &mut m.nodes[n];
        node.op.map_operands(|x| map[x.index()]);
        let is_claim = matches!(node.op, Op::Un(UnOp::Claim, _));
        let domain = claims.get(&n).copied().flatten();
        if is_claim && domain.is_none() {
            continue;
        }
        let key = (normal(&node.op), node.ty, domain);
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
