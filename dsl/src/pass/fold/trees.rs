//! Simpler decision trees: branches that are never taken go, those that are always taken take the place of the
//! statement, and assignments that a later one hides go. The arms of a `when` that stays also stay where they are empty,
//! so that the same `when` keeps its shape in all its targets.

use crate::ids::{Arena, NodeId};
use crate::ir::{Block, Module, Node, Op, Stmt};
use crate::value::Value;

/// Folds the trees of all registers and wires.
pub(super) fn run(m: &mut Module) {
    let nodes = &m.nodes;
    for r in m.regs.values_mut() {
        r.next = block(std::mem::take(&mut r.next), nodes).0;
    }
    for w in m.wires.values_mut() {
        w.driver = block(std::mem::take(&mut w.driver), nodes).0;
    }
}

fn constant(x: NodeId, nodes: &Arena<NodeId, Node>) -> Option<Value> {
    match &nodes[x].op {
        Op::Const(v) => Some(v.clone()),
        _ => nodes[x].ty.as_constant(),
    }
}

/// The folded block, and whether it sets its target on every path.
fn block(old: Block, nodes: &Arena<NodeId, Node>) -> (Block, bool) {
    let mut new = Block::new();
    let mut driven = false;
    for stmt in old {
        let (stmts, always) = statement(stmt, nodes);
        if always {
            new.clear();
            driven = true;
        }
        new.extend(stmts);
    }
    (new, driven)
}

fn statement(stmt: Stmt, nodes: &Arena<NodeId, Node>) -> (Block, bool) {
    match stmt {
        Stmt::Set { .. } => (vec![stmt], true),
        Stmt::When { seq, arms, otherwise } => {
            let mut kept = Vec::new();
            let mut rest = Some(otherwise);
            let mut all = true;
            for (condition, body) in arms {
                match constant(condition, nodes) {
                    Some(v) if v.is_zero() => {}
                    Some(_) => {
                        rest = Some(body);
                        break;
                    }
                    None => {
                        let (body, driven) = block(body, nodes);
                        all &= driven;
                        kept.push((condition, body));
                    }
                }
            }
            let (otherwise, driven) = block(rest.take().unwrap_or_default(), nodes);
            if kept.is_empty() {
                return (otherwise, driven);
            }
            if otherwise.is_empty() && kept.iter().all(|(_, b)| b.is_empty()) {
                return (vec![], false);
            }
            (vec![Stmt::When { seq, arms: kept, otherwise }], all && driven)
        }
        Stmt::Switch { seq, subject, arms, default } => {
            if let Some(v) = constant(subject, nodes) {
                let taken = arms.into_iter().find(|(values, _)| values.contains(&v)).map_or(default, |(_, body)| body);
                return block(taken, nodes);
            }
            let ty = nodes[subject].ty;
            let mut kept = Vec::new();
            let mut count = 0u64;
            let mut all = true;
            for (mut values, body) in arms {
                values.retain(|v| ty.contains(v));
                if !values.is_empty() {
                    count += values.len() as u64;
                    let (body, driven) = block(body, nodes);
                    all &= driven;
                    kept.push((values, body));
                }
            }
            let complete = Value::from(count) == ty.range().count();
            let (default, driven) = if complete { (vec![], true) } else { block(default, nodes) };
            if kept.is_empty() {
                return (default, driven);
            }
            if default.is_empty() && kept.iter().all(|(_, b)| b.is_empty()) {
                return (vec![], false);
            }
            (vec![Stmt::Switch { seq, subject, arms: kept, default }], all && driven)
        }
    }
}
