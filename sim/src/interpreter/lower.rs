//! Decision trees become choices: the last assignment on a path wins, and where nothing is assigned the entry value
//! stays. Without recursion, for trees of any depth.

use gatewright_dsl::ids::{Id, NodeId};
use gatewright_dsl::ir::{BinOp, Block, Stmt};
use gatewright_dsl::ty::Ty;
use gatewright_dsl::value::Value;

use super::graph::{Def, Graph, V, is_small};

enum Frame<'a> {
    Block { rest: std::slice::Iter<'a, Stmt>, current: Option<V> },
    Choice { stmt: &'a Stmt, blocks: Vec<&'a Block>, entry: Option<V>, results: Vec<Option<V>> },
}

/// The value of a target of type `ty` after `block`, where it had the value `entry` before. Nodes of the module are the
/// vertices from `nodes` up.
pub(super) fn block(g: &mut Graph, nodes: V, block: &Block, ty: Ty, entry: Option<V>) -> Option<V> {
    let mut stack = vec![Frame::Block { rest: block.iter(), current: entry }];
    let mut returned: Option<Option<V>> = None;
    while let Some(frame) = stack.last_mut() {
        match frame {
            Frame::Block { rest, current } => {
                if let Some(value) = returned.take() {
                    *current = value;
                }
                match rest.next() {
                    None => {
                        returned = Some(*current);
                        stack.pop();
                    }
                    Some(Stmt::Set { value, .. }) => *current = Some(nodes + value.0),
                    Some(stmt) => {
                        let blocks = match stmt {
                            Stmt::Set { .. } => Vec::new(),
                            Stmt::When { arms, otherwise, .. } => {
                                arms.iter().map(|a| &a.1).chain([otherwise]).collect()
                            }
                            Stmt::Switch { arms, default, .. } => arms.iter().map(|a| &a.1).chain([default]).collect(),
                        };
                        let entry = *current;
                        stack.push(Frame::Choice { stmt, blocks, entry, results: Vec::new() });
                    }
                }
            }
            Frame::Choice { stmt, blocks, entry, results } => {
                results.extend(returned.take());
                match blocks.get(results.len()) {
                    Some(next) => {
                        let frame = Frame::Block { rest: next.iter(), current: *entry };
                        stack.push(frame);
                    }
                    None => {
                        returned = Some(match stmt {
                            Stmt::Switch { subject, arms, .. } => {
                                let values: Vec<&[Value]> = arms.iter().map(|a| a.0.as_slice()).collect();
                                switch(g, nodes + subject.0, &values, results, ty)
                            }
                            Stmt::When { arms, .. } => {
                                let conditions: Vec<V> = arms.iter().map(|a| nodes + a.0.0).collect();
                                when(g, &conditions, results, ty)
                            }
                            Stmt::Set { .. } => *entry,
                        });
                        stack.pop();
                    }
                }
            }
        }
    }
    returned.flatten()
}

/// The first result whose condition holds; the last result has none.
fn when(g: &mut Graph, conditions: &[V], results: &[Option<V>], ty: Ty) -> Option<V> {
    let mut chosen = results.last().copied().flatten();
    for (&c, &result) in conditions.iter().zip(results).rev() {
        chosen = g.choose(c, result, chosen, ty);
    }
    chosen
}

/// The result whose list holds the subject's value, else the last: by a table where the values lie close together.
fn switch(g: &mut Graph, subject: V, values: &[&[Value]], results: &[Option<V>], ty: Ty) -> Option<V> {
    let default = results.last().copied().flatten();
    if results.iter().all(|r| *r == default) {
        return default;
    }
    if let Some(table) = dense(g, subject, values, results, default) {
        return Some(g.push(table, ty));
    }
    let mut chosen = default;
    for (list, &result) in values.iter().zip(results).rev() {
        let subject_ty = g.ty(subject);
        let mut any = None;
        for value in *list {
            let constant = g.constant(value.clone(), subject_ty);
            let equal = g.push(Def::Bin(BinOp::Eq, subject, constant), Ty::BOOL);
            any = Some(match any {
                None => equal,
                Some(others) => g.push(Def::Bin(BinOp::Or, others, equal), Ty::BOOL),
            });
        }
        if let Some(c) = any {
            chosen = g.choose(c, result, chosen, ty);
        }
    }
    chosen
}

fn dense(g: &mut Graph, subject: V, values: &[&[Value]], results: &[Option<V>], default: Option<V>) -> Option<Def> {
    if !is_small(g.ty(subject)) {
        return None;
    }
    // A value outside of `i64` is none that the subject can have.
    let listed = || values.iter().enumerate().flat_map(|(n, l)| l.iter().filter_map(move |v| Some((v.to_i64()?, n))));
    let count = listed().count();
    let (lo, hi) = (listed().map(|x| x.0).min()?, listed().map(|x| x.0).max()?);
    let len = usize::try_from(hi.checked_sub(lo)?).ok()?.checked_add(1)?;
    if count < 3 || len > 4 * count + 8 {
        return None;
    }
    // A missing result is an undriven path, which no verified design has.
    let some = default.or_else(|| results.iter().copied().flatten().next())?;
    let mut entries = vec![default.unwrap_or(some); len];
    for (value, arm) in listed() {
        entries[(value - lo) as usize] = results[arm].unwrap_or(some);
    }
    entries.push(default.unwrap_or(some));
    let first = g.args.len() as u32;
    g.args.extend(entries);
    Some(Def::Table { index: subject, lo, first, len: len as u32 })
}

/// The vertex of a node of a module whose nodes start at `nodes`.
pub(super) fn vertex(nodes: V, node: NodeId) -> V {
    nodes + node.index() as V
}
