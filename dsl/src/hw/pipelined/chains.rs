//! Values in later stages: one chain of registers for each, and views made where they are wanted.

use rustc_hash::FxHashMap;

use super::graph::{Items, is_view};
use crate::hw::context::Builder;
use crate::ids::{Id, NodeId, PlaceId};
use crate::ir::{self, Format, Op, Stmt, UnOp};
use crate::ty::Ty;

pub(super) struct Chains<'a> {
    place: PlaceId,
    places: &'a ir::Places,
    /// The stages of the items; none for constants and for what is outside and not used.
    stages: FxHashMap<usize, u32>,
    chains: FxHashMap<NodeId, Vec<NodeId>>,
    views: FxHashMap<(NodeId, u32), NodeId>,
    /// Views as they were before their operands came through registers.
    originals: FxHashMap<NodeId, Op>,
}

impl<'a> Chains<'a> {
    /// `of_vertices`: the stages of the graph's vertices. What nothing needs is where its operands are.
    pub fn new(
        region: &super::Region,
        m: &ir::Module,
        places: &'a ir::Places,
        items: &Items,
        of_vertices: &[u32],
    ) -> Chains<'a> {
        let mut stages: FxHashMap<usize, u32> =
            items.vertices.iter().map(|(&item, &vertex)| (item, of_vertices[vertex])).collect();
        for &item in &items.order {
            if !stages.contains_key(&item) && !items.constants.contains(&item) {
                let mut stage = 0;
                region.operands(m, item, items.wires_at, |n| stage = stage.max(stages.get(&n).copied().unwrap_or(0)));
                stages.insert(item, stage);
            }
        }
        for constant in &items.constants {
            stages.remove(constant);
        }
        Chains {
            place: region.place,
            places,
            stages,
            chains: FxHashMap::default(),
            views: FxHashMap::default(),
            originals: FxHashMap::default(),
        }
    }

    /// Lets a node's operands come from the node's stage. Those of its operands have to be done.
    pub fn move_operands(&mut self, b: &mut Builder, node: NodeId, stage: u32) {
        let mut op = b.ir.nodes[node].op.clone();
        if is_view(&b.ir, &op) {
            self.originals.insert(node, op.clone());
        }
        op.map_operands(|n| self.at(b, n, stage));
        b.ir.nodes[node].op = op;
    }

    /// The name of registers for values without one: after the scope in which the value is made.
    pub fn base_name(&self, b: &Builder, place: PlaceId) -> String {
        match self.places.0[place].caller.and_then(|scope| b.prefixes.get(&scope)) {
            Some(prefix) if !prefix.is_empty() => format!("{prefix}_pipe"),
            _ => b.scoped("pipe"),
        }
    }

    /// The stage of an item.
    pub fn stage(&self, item: usize) -> Option<u32> {
        self.stages.get(&item).copied()
    }

    /// Says in which stage a node is made.
    pub fn set_stage(&mut self, node: NodeId, stage: u32) {
        self.stages.insert(node.index(), stage);
    }

    /// `node` as it is seen in `stage`.
    pub fn at(&mut self, b: &mut Builder, node: NodeId, stage: u32) -> NodeId {
        // Views of views go deep, so their operands wait here.
        let mut open = vec![(node, stage)];
        while let Some(&(node, stage)) = open.last() {
            if self.known(b, node, stage).is_some() {
                open.pop();
                continue;
            }
            let mut op = self.originals.get(&node).unwrap_or(&b.ir.nodes[node].op).clone();
            let ready = open.len();
            op.for_each_operand(|x| {
                if self.known(b, x, stage).is_none() {
                    open.push((x, stage));
                }
            });
            if open.len() == ready {
                op.map_operands(|x| self.known(b, x, stage).unwrap_or(x));
                let (ty, place) = (b.ir.nodes[node].ty, b.ir.nodes[node].place);
                let again = b.push(op, ty, place).node;
                self.views.insert((node, stage), again);
            }
        }
        self.known(b, node, stage).unwrap_or(node)
    }

    /// `node` in `stage`, but for views that are to be made there first.
    fn known(&mut self, b: &mut Builder, node: NodeId, stage: u32) -> Option<NodeId> {
        let Some(own) = self.stage(node.index()).filter(|&own| own != stage) else { return Some(node) };
        let refined = matches!(b.ir.nodes[node].op, Op::Un(UnOp::Refine, _));
        if refined || (stage < own && is_view(&b.ir, &b.ir.nodes[node].op)) {
            return self.views.get(&(node, stage)).copied();
        }
        Some(self.later(b, node, own, stage))
    }

    /// `node`, which is made in stage `own`, through registers.
    fn later(&mut self, b: &mut Builder, node: NodeId, own: u32, stage: u32) -> NodeId {
        let Some(count) = stage.checked_sub(own + 1) else { return node };
        let place = b.ir.nodes[node].place;
        let mut chain = self.chains.remove(&node).unwrap_or_default();
        while chain.len() <= count as usize {
            let before = chain.last().copied().unwrap_or(node);
            let base = match &b.ir.nodes[node].op {
                _ if b.ir.names.contains_key(&node) => b.ir.names[&node].clone(),
                Op::Input(port) => b.ir.ports[*port].name.clone(),
                Op::Reg(reg) => b.ir.regs[*reg].name.clone(),
                _ => self.base_name(b, place),
            };
            let name = format!("{base}_s{}", own as usize + chain.len() + 1);
            chain.push(register_named(b, &name, before, self.place));
        }
        let at = chain[count as usize];
        self.chains.insert(node, chain);
        at
    }
}

pub(super) fn register(b: &mut Builder, name: &str, value: NodeId, place: PlaceId) -> NodeId {
    let name = b.scoped(name);
    register_named(b, &name, value, place)
}

/// A register without reset that follows `value`.
fn register_named(b: &mut Builder, name: &str, value: NodeId, place: PlaceId) -> NodeId {
    let name = b.fresh_name(name, place);
    let ty = b.ir.nodes[value].ty;
    let (domain, seq) = (b.domain(), b.next_seq());
    let format = if ty == Ty::BOOL { Format::Bool } else { Format::Plain };
    let next = vec![Stmt::Set { seq, value, place }];
    let reg = b.ir.regs.push(ir::Reg {
        name,
        ty,
        format,
        domain,
        crossing: ir::Crossing::No,
        reset: None,
        init: None,
        next,
        place,
    });
    b.push(Op::Reg(reg), ty, place).node
}
