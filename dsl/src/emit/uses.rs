//! How often each node is used, and whether a use needs a name or is a whole right-hand side.

use rustc_hash::FxHashSet;

use crate::ids::NodeId;
use crate::ir::Op;

use super::graph::{Role, at, width};
use super::plan::{Plan, Root, check_nodes, reached};

/// How often and how each node is used.
pub(crate) struct Uses {
    pub count: Vec<u32>,
    /// The width of the target where a use is the whole right-hand side of an assignment, else 0.
    pub whole: Vec<u32>,
    /// The use needs a name.
    pub forced: Vec<bool>,
}

impl Uses {
    pub fn count(plan: &Plan, live: &[bool]) -> Uses {
        let m = plan.m;
        let nodes = m.nodes.len();
        let mut uses = Uses { count: vec![0; nodes], whole: vec![0; nodes], forced: vec![false; nodes] };
        for (_, node) in m.nodes.iter().filter(|(id, n)| live[at(*id)] && width(n.ty) > 0) {
            match &node.op {
                // A choice that the index cannot reach is not written.
                Op::Select(i, xs) => {
                    uses.count[at(*i)] += 1;
                    reached(m.nodes[*i].ty, xs).iter().for_each(|x| uses.count[at(*x)] += 1);
                }
                op => op.for_each_operand(|o| uses.count[at(o)] += 1),
            }
        }
        // Registers of one group share the `if` of a `when`: its condition is written once.
        let mut shared: FxHashSet<(u32, NodeId)> = FxHashSet::default();
        plan.roots(|n, root| {
            let i = at(n);
            let extend = |target: u32| target != plan.width(n) && m.nodes[n].ty.is_signed();
            match root {
                Root::Reg(_, Role::Condition(seq) | Role::Subject(seq)) if !shared.insert((seq, n)) => return,
                Root::Reg(_, Role::Condition(_) | Role::Subject(_)) => {}
                Root::Output(p) => {
                    uses.whole[i] = m.ports[p].ty.width();
                    uses.forced[i] |= extend(m.ports[p].ty.width());
                }
                Root::Reg(r, Role::Value) => {
                    uses.whole[i] = m.regs[r].ty.width();
                    uses.forced[i] |= extend(m.regs[r].ty.width());
                }
                Root::Wire(w, role) => {
                    let target = m.wires[w].ty.width();
                    match role {
                        Role::Value if plan.single_driver(w).is_some() => uses.whole[i] = target,
                        Role::Subject(_) => uses.forced[i] = true,
                        _ => {}
                    }
                    uses.forced[i] |= role == Role::Value && extend(target);
                }
                Root::Input(..) | Root::Mem(..) | Root::Check(_) => uses.forced[i] = true,
            }
            uses.count[i] += 1;
        });
        for (_, check) in m.checks.iter().filter(|(id, _)| plan.check_live[at(*id)]) {
            check_nodes(m, &check.kind, |n| uses.forced[at(n)] = true);
        }
        uses
    }
}
