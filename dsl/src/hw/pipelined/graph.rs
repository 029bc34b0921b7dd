//! A region as a graph for retiming.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Region;
use crate::ids::{Id, MemId, NodeId, PlaceId, WireId};
use crate::ir::{self, BinOp, Op, Stmt, UnOp};
use crate::retime::{Graph, Kind, Timing, Vertex};
use crate::target::Device;
use crate::value::Value;

/// The graph of a region with what its vertices are. Items are node ids, then wire ids above `wires_at`.
pub(super) struct Items {
    pub graph: Graph,
    pub wires_at: usize,
    /// The items of the region, each after those it depends on.
    pub order: Vec<usize>,
    /// The vertex of an item; none for constants and for what nothing needs.
    pub vertices: FxHashMap<usize, usize>,
    /// Items that depend on constants alone: they are the same in every stage.
    pub constants: FxHashSet<usize>,
    /// Where the operation of each vertex is.
    pub places: Vec<PlaceId>,
}

impl Region {
    /// What an item depends on, as items.
    pub(super) fn operands(&self, m: &ir::Module, item: usize, wires_at: usize, mut f: impl FnMut(usize)) {
        if let Some(wire) = item.checked_sub(wires_at) {
            ir::visit::for_each_in_block(&m.wires[WireId::new(wire)].driver, &mut |n| f(n.index()));
            return;
        }
        match &m.nodes[NodeId::new(item)].op {
            Op::Wire(w) if w.index() >= self.wire => f(wires_at + w.index()),
            Op::MemRead { mem, port, .. } if mem.index() >= self.mem => {
                f(m.mems[*mem].reads[*port as usize].addr.index());
            }
            op => op.for_each_operand(|n| f(n.index())),
        }
        self.enables.get(&NodeId::new(item)).into_iter().flatten().for_each(|n| f(n.index()));
    }

    /// The port of a table of the region that an item reads.
    fn read_port(&self, m: &ir::Module, item: usize, wires_at: usize) -> Option<(MemId, u32)> {
        match m.nodes.get(NodeId::new(item)).filter(|_| item < wires_at)?.op {
            Op::MemRead { mem, port, .. } if mem.index() >= self.mem => Some((mem, port)),
            _ => None,
        }
    }

    /// The items that `roots` need within the region, or with no roots all, each after those it depends on. A loop, which is
    /// reported elsewhere, is cut open.
    fn order(&self, m: &ir::Module, roots: &mut dyn Iterator<Item = usize>) -> Vec<usize> {
        let wires_at = m.nodes.len();
        let inside = |item: usize| {
            if item >= wires_at { item - wires_at >= self.wire } else { item >= self.node }
        };
        let mut seen = vec![false; wires_at + m.wires.len()];
        let mut order = Vec::new();
        for root in roots.filter(|&root| inside(root)) {
            let mut stack = vec![(root, false)];
            while let Some((item, expanded)) = stack.pop() {
                if expanded {
                    order.push(item);
                } else if !std::mem::replace(&mut seen[item], true) {
                    stack.push((item, true));
                    self.operands(m, item, wires_at, |n| {
                        if inside(n) && !seen[n] {
                            stack.push((n, false));
                        }
                    });
                }
            }
        }
        order
    }

    pub(super) fn items(&self, m: &ir::Module, device: &Device, outputs: &[Option<NodeId>]) -> Items {
        let wires_at = m.nodes.len();
        // What reaches an output, a check or a name is there in hardware.
        let mut needed: Vec<usize> = outputs.iter().flatten().map(|n| n.index()).collect();
        m.checks.values().skip(self.check).for_each(|c| c.kind.for_each_node(|n| needed.push(n.index())));
        needed.extend(m.names.range(NodeId::new(self.node)..).map(|(n, _)| n.index()));
        let live = self.order(m, &mut needed.into_iter());
        let all = (self.node..wires_at).chain(wires_at + self.wire..wires_at + m.wires.len());
        let order = self.order(m, &mut live.iter().copied().chain(all));
        let mut items = Items {
            graph: Graph::default(),
            wires_at,
            order,
            vertices: FxHashMap::default(),
            constants: FxHashSet::default(),
            places: Vec::new(),
        };
        let mut ports: FxHashMap<(MemId, u32), usize> = FxHashMap::default();
        for &item in &live {
            let port = self.read_port(m, item, wires_at);
            if let Some(&known) = port.and_then(|p| ports.get(&p)) {
                items.field(m, item, known);
                continue;
            }
            let (mut operands, mut constant) = (Vec::new(), true);
            let mut any = false;
            self.operands(m, item, wires_at, |n| {
                any = true;
                if let Some(v) = items.operand(m, self, n) {
                    operands.push(v);
                }
                constant &= items.is_constant(m, n);
            });
            if any && constant || items.is_constant(m, item) {
                items.constants.insert(item);
                continue;
            }
            match item.checked_sub(wires_at) {
                Some(wire) => {
                    let wire = &m.wires[WireId::new(wire)];
                    // A decision tree is a chain of multiplexers.
                    let timing = device.muxes(depth(&wire.driver));
                    let bits = Some(u64::from(wire.ty.width()));
                    items.push(item, Vertex { kind: Kind::Once, timing, bits, operands }, wire.place);
                }
                None => {
                    let node = &m.nodes[NodeId::new(item)];
                    if let Op::Wire(w) = node.op
                        && let Some(&wire) = items.vertices.get(&(wires_at + w.index()))
                    {
                        items.vertices.insert(item, wire);
                        continue;
                    }
                    let timing = timing_of(m, device, NodeId::new(item));
                    let view = is_view(m, &node.op);
                    let kind = match any {
                        false => Kind::Source,
                        true if view => Kind::View,
                        true => Kind::Once,
                    };
                    // A refined range holds where the value is selected; a register would carry it elsewhere.
                    let carried = port.is_none() && !matches!(node.op, Op::Un(UnOp::Refine, _));
                    let bits = carried.then(|| u64::from(node.ty.width()));
                    let vertex = items.push(item, Vertex { kind, timing, bits, operands }, node.place);
                    if let Some(port) = port {
                        ports.insert(port, vertex);
                        items.field(m, item, vertex);
                    }
                }
            }
        }
        let outputs: Vec<usize> = outputs.iter().flatten().filter_map(|n| items.operand(m, self, n.index())).collect();
        items.graph.outputs = outputs;
        items
    }
}

impl Items {
    fn push(&mut self, item: usize, vertex: Vertex, place: PlaceId) -> usize {
        let index = self.graph.vertices.len();
        self.graph.vertices.push(vertex);
        self.places.push(place);
        self.vertices.insert(item, index);
        index
    }

    /// The fields of a word come from one address, so they come together.
    fn field(&mut self, m: &ir::Module, item: usize, port: usize) {
        let node = &m.nodes[NodeId::new(item)];
        let bits = Some(u64::from(node.ty.width()));
        self.push(item, Vertex { kind: Kind::View, timing: Timing::WIRE, bits, operands: vec![port] }, node.place);
    }

    fn is_constant(&self, m: &ir::Module, item: usize) -> bool {
        let constant = |n: &ir::Node| matches!(n.op, Op::Const(_));
        self.constants.contains(&item) || item < self.wires_at && constant(&m.nodes[NodeId::new(item)])
    }

    /// The vertex of an operand; values from outside get one.
    fn operand(&mut self, m: &ir::Module, region: &Region, item: usize) -> Option<usize> {
        if let Some(&known) = self.vertices.get(&item) {
            return Some(known);
        }
        if item >= region.node || self.is_constant(m, item) {
            return None;
        }
        let node = &m.nodes[NodeId::new(item)];
        let bits = Some(u64::from(node.ty.width()));
        let source = Vertex { kind: Kind::Source, timing: Timing::WIRE, bits, operands: Vec::new() };
        Some(self.push(item, source, node.place))
    }
}

/// Whether an operation is only wires.
pub(super) fn is_view(m: &ir::Module, op: &Op) -> bool {
    match op {
        Op::Slice(..) | Op::Concat(_) => true,
        Op::Un(op, _) => {
            matches!(op, UnOp::ToBits | UnOp::ToUint | UnOp::ToSint | UnOp::Wrap | UnOp::Refine)
        }
        Op::Bin(BinOp::Shl | BinOp::Shr, _, by) => matches!(m.nodes[*by].op, Op::Const(_)),
        _ => false,
    }
}

fn timing_of(m: &ir::Module, device: &Device, node: NodeId) -> Timing {
    let node = &m.nodes[node];
    let (mut tys, mut constant, mut second) = (Vec::new(), true, None);
    node.op.for_each_operand(|n| {
        let operand = &m.nodes[n];
        if !tys.is_empty() {
            match &operand.op {
                Op::Const(value) => second = second.or(Some(value)),
                _ => constant = false,
            }
        }
        tys.push(operand.ty);
    });
    if let Op::MemRead { mem, port, .. } = node.op {
        tys.push(m.nodes[m.mems[mem].reads[port as usize].addr].ty);
    }
    let zero = second.is_some_and(Value::is_zero) && constant;
    device.timing(&node.op, node.ty, &tys, constant && tys.len() > 1, zero)
}

/// The multiplexers in a row of a decision tree.
fn depth(block: &[Stmt]) -> u32 {
    block
        .iter()
        .map(|stmt| match stmt {
            Stmt::Set { .. } => 0,
            Stmt::When { arms, otherwise, .. } => {
                let inner = arms.iter().map(|(_, arm)| depth(arm)).max().unwrap_or(0).max(depth(otherwise));
                arms.len() as u32 + inner
            }
            Stmt::Switch { arms, default, .. } => {
                let inner = arms.iter().map(|(_, arm)| depth(arm)).max().unwrap_or(0).max(depth(default));
                (arms.len() as f64).log(4.0).ceil().max(1.0) as u32 + inner
            }
        })
        .sum()
}
