//! The order in which the combinational values of a module can be computed, loops where there is none, and the
//! combinational paths from a module's inputs to its outputs.
//!
//! Items are the nodes and the wires of one module. An instance's output depends on those inputs of the instance from
//! which its child has a path ([`Summary`]); a synchronous read and a register depend on nothing; an asynchronous read
//! depends on its address; a sum of a matrix-vector product depends on the inputs it has weights for. All ids must be in range. Time and memory are linear in the number of items and of
//! dependencies, and nothing is recursive.

use std::collections::VecDeque;
use std::fmt;

use super::visit::for_each_in_block;
use super::{Design, Dir, Module, ModuleKind, Op};
use crate::ids::{Arena, Id, ModuleId, NodeId, PortId, WireId};

/// A combinational value of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    /// A node.
    Node(NodeId),
    /// A wire, computed from its decision tree.
    Wire(WireId),
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Item::Node(id) => id.fmt(f),
            Item::Wire(id) => id.fmt(f),
        }
    }
}

/// A combinational loop, in the direction of the signal: each item depends on the one before it, and the first on the
/// last. It is a shortest loop through its first item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loop(pub Vec<Item>);

/// The combinational paths through a module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// For each port, the inputs it follows within the same clock cycle, in order; empty for inputs.
    pub depends: Vec<Vec<PortId>>,
}

/// The summaries of modules, by id.
pub type Summaries = Arena<ModuleId, Summary>;

/// The items that items depend on, as one flat list. Wires are numbered after nodes.
pub(crate) struct Graph {
    nodes: usize,
    start: Vec<u32>,
    targets: Vec<u32>,
}

impl Graph {
    pub fn new(module: &Module, summaries: &Summaries) -> Graph {
        let nodes = module.nodes.len();
        let mut start = Vec::with_capacity(nodes + module.wires.len() + 1);
        let mut targets = Vec::with_capacity(2 * nodes);
        for node in module.nodes.values() {
            start.push(targets.len() as u32);
            match &node.op {
                Op::Wire(w) => targets.push((nodes + w.index()) as u32),
                Op::MemRead { mem, port, .. } => {
                    let read = &module.mems[*mem].reads[*port as usize];
                    if read.sync.is_none() {
                        targets.push(read.addr.0);
                    }
                }
                Op::Inst(inst, port) => {
                    let inst = &module.insts[*inst];
                    for &input in &summaries[inst.module].depends[port.index()] {
                        if let Ok(at) = inst.inputs.binary_search_by_key(&input, |&(p, _)| p) {
                            targets.push(inst.inputs[at].1.0);
                        }
                    }
                }
                op => module.for_each_operand(op, |x| targets.push(x.0)),
            }
        }
        for wire in module.wires.values() {
            start.push(targets.len() as u32);
            for_each_in_block(&wire.driver, &mut |x| targets.push(x.0));
        }
        start.push(targets.len() as u32);
        Graph { nodes, start, targets }
    }

    pub fn len(&self) -> usize {
        self.start.len() - 1
    }

    /// What an item depends on.
    pub fn targets(&self, item: usize) -> &[u32] {
        &self.targets[self.start[item] as usize..self.start[item + 1] as usize]
    }

    pub fn item(&self, index: usize) -> Item {
        match index.checked_sub(self.nodes) {
            None => Item::Node(NodeId::new(index)),
            Some(wire) => Item::Wire(WireId::new(wire)),
        }
    }

    /// The items in an order in which each comes after those it depends on, or an item on a loop.
    pub fn sort(&self) -> Result<Vec<u32>, u32> {
        const NEW: u8 = 0;
        const OPEN: u8 = 1;
        const DONE: u8 = 2;
        let mut state = vec![NEW; self.len()];
        let mut order = Vec::with_capacity(self.len());
        let mut stack: Vec<(u32, u32)> = Vec::new();
        for root in 0..self.len() {
            if state[root] != NEW {
                continue;
            }
            state[root] = OPEN;
            stack.push((root as u32, self.start[root]));
            while let Some((item, next)) = stack.last_mut() {
                let at = *item as usize;
                if *next == self.start[at + 1] {
                    state[at] = DONE;
                    order.push(*item);
                    stack.pop();
                    continue;
                }
                let target = self.targets[*next as usize];
                *next += 1;
                match state[target as usize] {
                    NEW => {
                        state[target as usize] = OPEN;
                        stack.push((target, self.start[target as usize]));
                    }
                    OPEN => return Err(target),
                    _ => {}
                }
            }
        }
        Ok(order)
    }

    /// The shortest loop through `item`, which lies on one.
    fn shortest_loop(&self, item: u32) -> Loop {
        const NONE: u32 = u32::MAX;
        let mut user = vec![NONE; self.len()];
        let mut queue = VecDeque::from([item]);
        while let Some(at) = queue.pop_front() {
            for &target in self.targets(at as usize) {
                if user[target as usize] == NONE {
                    user[target as usize] = at;
                    if target == item {
                        queue.clear();
                        break;
                    }
                    queue.push_back(target);
                }
            }
        }
        let mut items = vec![self.item(item as usize)];
        let mut at = user[item as usize];
        while at != item && at != NONE {
            items.push(self.item(at as usize));
            at = user[at as usize];
        }
        Loop(items)
    }
}

/// All nodes and wires of the module, each after those it depends on; or a loop. `summaries` holds the summaries of the
/// module's children.
pub fn order(module: &Module, summaries: &Summaries) -> Result<Vec<Item>, Loop> {
    let graph = Graph::new(module, summaries);
    match graph.sort() {
        Ok(order) => Ok(order.into_iter().map(|i| graph.item(i as usize)).collect()),
        Err(item) => Err(graph.shortest_loop(item)),
    }
}

/// The items that `item` depends on, in the order in which it names them.
pub fn dependencies(module: &Module, summaries: &Summaries, item: Item) -> Vec<Item> {
    let mut found = Vec::new();
    match item {
        Item::Wire(wire) => for_each_in_block(&module.wires[wire].driver, &mut |x| found.push(Item::Node(x))),
        Item::Node(node) => match &module.nodes[node].op {
            Op::Wire(wire) => found.push(Item::Wire(*wire)),
            Op::MemRead { mem, port, .. } => {
                let read = &module.mems[*mem].reads[*port as usize];
                found.extend(read.sync.is_none().then_some(Item::Node(read.addr)));
            }
            Op::Inst(inst, port) => {
                let inst = &module.insts[*inst];
                let inputs = &summaries[inst.module].depends[port.index()];
                let value = |p| inst.inputs.binary_search_by_key(p, |&(q, _)| q).ok();
                found.extend(inputs.iter().filter_map(value).map(|at| Item::Node(inst.inputs[at].1)));
            }
            op => module.for_each_operand(op, |x| found.push(Item::Node(x))),
        },
    }
    found
}

/// The combinational paths through a module, from its `order`. Of a black box, those that it declares.
pub fn summarise(module: &Module, order: &[Item], summaries: &Summaries) -> Summary {
    let mut depends = vec![Vec::new(); module.ports.len()];
    let of = |dir| module.ports.iter().filter(move |(_, p)| p.dir == dir).map(|(id, _)| id);
    if let ModuleKind::Extern { paths, .. } = &module.kind {
        match paths {
            None => of(Dir::Output).for_each(|o| depends[o.index()] = of(Dir::Input).collect()),
            Some(paths) => {
                paths.iter().for_each(|&(input, output)| depends[output.index()].push(input));
                depends.iter_mut().for_each(|inputs| {
                    inputs.sort_unstable();
                    inputs.dedup();
                });
            }
        }
        return Summary { depends };
    }
    let graph = Graph::new(module, summaries);
    let inputs: Vec<PortId> = of(Dir::Input).collect();
    let mut reached = vec![0u64; graph.len()];
    // 64 inputs at a time: a bit per input and item.
    for chunk in inputs.chunks(64) {
        let mut bit_of = vec![0u64; module.ports.len()];
        chunk.iter().enumerate().for_each(|(n, p)| bit_of[p.index()] = 1 << n);
        for &item in order {
            let at = match item {
                Item::Node(n) => n.index(),
                Item::Wire(w) => graph.nodes + w.index(),
            };
            let own = match item {
                Item::Node(n) => match module.nodes[n].op {
                    Op::Input(port) => bit_of[port.index()],
                    _ => 0,
                },
                Item::Wire(_) => 0,
            };
            reached[at] = graph.targets(at).iter().fold(own, |bits, &t| bits | reached[t as usize]);
        }
        for (id, port) in module.ports.iter() {
            if let Some(driver) = port.driver {
                let bits = reached[driver.index()];
                depends[id.index()].extend((0..chunk.len()).filter(|n| bits >> n & 1 == 1).map(|n| chunk[n]));
            }
        }
    }
    Summary { depends }
}

/// The summaries of all modules, or the first module with a combinational loop.
pub fn summaries(design: &Design) -> Result<Summaries, (ModuleId, Loop)> {
    let mut summaries = Summaries::new();
    for (id, module) in design.modules.iter() {
        let order = order(module, &summaries).map_err(|l| (id, l))?;
        summaries.push(summarise(module, &order, &summaries));
    }
    Ok(summaries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PlaceId;
    use crate::ir::{BinOp, Format, Inst, Node, Port, Stmt, Wire};
    use crate::ty::Ty;
    use proptest::prelude::*;

    fn module() -> Module {
        Module::new("m".into(), PlaceId(0))
    }
    fn port(m: &mut Module, driver: Option<NodeId>) -> PortId {
        let dir = if driver.is_some() { Dir::Output } else { Dir::Input };
        m.ports.push(Port {
            name: String::new(),
            dir,
            ty: Ty::BOOL,
            format: Format::Bool,
            driver,
            domain: Default::default(),
            place: PlaceId(0),
        })
    }
    fn node(m: &mut Module, op: Op) -> NodeId {
        m.nodes.push(Node { op, ty: Ty::BOOL, place: PlaceId(0) })
    }
    fn wire(m: &mut Module, value: NodeId) -> WireId {
        let set = Stmt::Set { seq: 0, value, place: PlaceId(0) };
        let (name, ty, format) = (String::new(), Ty::BOOL, Format::Bool);
        m.wires.push(Wire { name, ty, format, driver: vec![set], place: PlaceId(0) })
    }
    fn and(m: &mut Module, a: NodeId, b: NodeId) -> NodeId {
        node(m, Op::Bin(BinOp::And, a, b))
    }

    #[test]
    fn a_chain_of_a_million_nodes_against_the_order_of_ids() {
        let mut m = module();
        let count = 1_000_000;
        for n in 0..count - 1 {
            node(&mut m, Op::Un(crate::ir::UnOp::Not, NodeId(n + 1)));
        }
        let input = port(&mut m, None);
        node(&mut m, Op::Input(input));
        let output = port(&mut m, Some(NodeId(0)));
        let order = order(&m, &Arena::new()).unwrap();
        assert_eq!(order, (0..count).rev().map(|n| Item::Node(NodeId(n))).collect::<Vec<_>>());
        assert_eq!(summarise(&m, &order, &Arena::new()).depends[output.index()], [input]);
    }

    #[test]
    fn loops_are_short_and_run_with_the_signal() {
        let mut m = module();
        let input = port(&mut m, None);
        let i = node(&mut m, Op::Input(input));
        let w = node(&mut m, Op::Wire(WireId(0)));
        let a = and(&mut m, w, i);
        let b = and(&mut m, a, i);
        let long = and(&mut m, b, a);
        wire(&mut m, long);
        let found = order(&m, &Arena::new()).unwrap_err().0;
        assert_eq!(found.len(), 4, "{found:?}");
        for (n, &item) in found.iter().enumerate() {
            let before = found[(n + found.len() - 1) % found.len()];
            assert!(dependencies(&m, &Arena::new(), item).contains(&before), "{found:?}");
        }
        assert!(!found.contains(&Item::Node(b)));
    }

    #[test]
    fn paths_go_through_children() {
        // The child passes its first input and has nothing from the second.
        let mut child = module();
        let (p, q) = (port(&mut child, None), port(&mut child, None));
        let value = node(&mut child, Op::Input(p));
        let out = port(&mut child, Some(value));
        let order_of_child = order(&child, &Arena::new()).unwrap();
        let mut summaries = Summaries::new();
        let of_child = summarise(&child, &order_of_child, &summaries);
        assert_eq!(of_child.depends, [vec![], vec![], vec![p]]);
        let child = summaries.push(of_child);

        let mut m = module();
        let i = node(&mut m, Op::Inst(crate::ids::InstId(0), out));
        let inputs = |a, b| vec![(p, a), (q, b)];
        let top_in = port(&mut m, None);
        let x = node(&mut m, Op::Input(top_in));
        let place = PlaceId(0);
        m.insts.push(Inst { name: "i".into(), module: child, domains: vec![], inputs: inputs(x, i), place });
        port(&mut m, Some(i));
        let order_of_m = order(&m, &summaries).unwrap();
        assert_eq!(summarise(&m, &order_of_m, &summaries).depends[1], [top_in]);
        m.insts.values_mut().for_each(|inst| inst.inputs = inputs(i, x));
        assert_eq!(order(&m, &summaries), Err(Loop(vec![Item::Node(i)])));
    }

    proptest! {
        /// Against cones held as sets.
        #[test]
        fn orders_and_summaries_of_random_graphs(
            edges in prop::collection::vec((0usize..100, 0usize..100), 1..100),
            inputs in 1usize..100,
        ) {
            let mut m = module();
            for _ in 0..inputs {
                let p = port(&mut m, None);
                node(&mut m, Op::Input(p));
            }
            for (a, b) in edges {
                let n = m.nodes.len();
                let (a, b) = (NodeId::new(a % n), NodeId::new(b % n));
                if (a.0 + b.0) % 5 == 0 {
                    let w = wire(&mut m, a);
                    node(&mut m, Op::Wire(w));
                } else {
                    and(&mut m, a, b);
                }
            }
            let mut cones: Vec<std::collections::BTreeSet<PortId>> = Vec::new();
            for n in m.nodes.ids() {
                let mut cone = std::collections::BTreeSet::new();
                match m.nodes[n].op {
                    Op::Input(p) => { cone.insert(p); }
                    Op::Bin(_, a, b) => cone.extend(cones[a.index()].iter().chain(&cones[b.index()]).copied()),
                    Op::Wire(w) => for_each_in_block(&m.wires[w].driver, &mut |x| cone.extend(&cones[x.index()])),
                    _ => unreachable!(),
                }
                cones.push(cone);
            }
            let out = port(&mut m, Some(NodeId::new(cones.len() - 1)));
            let order = order(&m, &Arena::new()).unwrap();
            prop_assert_eq!(order.len(), m.nodes.len() + m.wires.len());
            let mut seen = std::collections::HashSet::new();
            for &item in &order {
                prop_assert!(dependencies(&m, &Arena::new(), item).iter().all(|d| seen.contains(d)));
                seen.insert(item);
            }
            let summary = summarise(&m, &order, &Arena::new());
            prop_assert_eq!(&summary.depends[out.index()], &cones.last().unwrap().iter().copied().collect::<Vec<_>>());
        }
    }
}
