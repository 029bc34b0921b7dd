//! No value of one clock is taken by another, but where a register is made for it.
//!
//! Two sweeps over a module: backward, which clocks take each value (through logic); forward, from which clocks each
//! value comes. An input has the clock that takes it. Domains that share a clock are one here. A module's ports are
//! summed up the same way ([`Clocking`]), so that a child is looked at once.

use std::rc::Rc;

use crate::diag::{Draft, e0219, e0221};
use crate::hw::clock::MAX_DOMAINS;
use crate::hw::context::Context;
use crate::ids::{DomainId, Id, ModuleId, NodeId, PlaceId};
use crate::ir::order::{Graph, Item};
use crate::ir::visit::{for_each_in_block, for_each_set};
use crate::ir::{Block, CheckKind, Collision, Crossing, Dir, Module, ModuleKind, Op, ResetKind, Stmt, UnOp};

/// When the ports of a module are sampled: a bit per domain of the module.
#[derive(Debug)]
pub(crate) struct Clocking {
    /// For each input, the domains in which something takes it.
    taken: Vec<u64>,
    /// For each output, the domains of the state it shows.
    follows: Vec<u64>,
    /// For each output, whether it comes from a register or an input without logic.
    plain: Vec<bool>,
    /// For each input, the domains of the synchronisers that take it.
    crossed: Vec<u64>,
}

/// What takes values at the edges of one clock.
struct Sink<'m> {
    what: String,
    place: PlaceId,
    domain: DomainId,
    values: Vec<(NodeId, PlaceId)>,
    /// The tree of a register: of one that crosses, conditions alone are taken.
    tree: Option<(&'m Block, bool)>,
}

/// Finds the clocks of a module that has several: of its ports, and of the checks that the language made. Reports
/// values that are taken by the wrong clock.
pub(crate) fn check(c: &mut Context, drafts: &mut Vec<Draft>) {
    let Some(b) = c.stack.last() else { return };
    if b.ir.domains.len() < 2 {
        return;
    }
    let children = children(c, c.stack.len() - 1);
    let m = &c.stack[c.stack.len() - 1].ir;
    let graph = Graph::new(m, &c.summaries);
    let Ok(order) = graph.sort() else { return };
    let view = View { m, graph: &graph, children: &children, lines: lines(m) };
    let taken = view.taken(&order);
    let from = view.from(&order, &taken);
    view.report(&taken, &from, drafts);
    let first = |mask: u64| DomainId::new(if mask == 0 { 0 } else { mask.trailing_zeros() as usize });
    let mut ports = vec![DomainId(0); m.ports.len()];
    for (id, node) in m.nodes.iter() {
        if let Op::Input(port) = node.op {
            ports[port.index()] = first(from[id.index()]);
        }
    }
    for (id, port) in m.ports.iter() {
        if let Some(driver) = port.driver {
            ports[id.index()] = first(from[driver.index()]);
        }
    }
    // The language's own checks are made where no domain is known.
    let of_check = |kind: &CheckKind| match kind {
        CheckKind::InputRange(port) => Some(ports[port.index()]),
        CheckKind::Stable { valid, .. } => Some(first(from[valid.index()])),
        CheckKind::Claim { claim, .. } => Some(from[claim.index()]).filter(|&mask| mask != 0).map(first),
        _ => None,
    };
    let checks: Vec<Option<DomainId>> = m.checks.values().map(|k| of_check(&k.kind)).collect();
    let Some(b) = c.stack.last_mut() else { return };
    b.ir.ports.values_mut().zip(ports).for_each(|(p, domain)| p.domain = domain);
    for (check, domain) in b.ir.checks.values_mut().zip(checks) {
        check.domain = domain.unwrap_or(check.domain);
    }
}

/// For each domain, the first with the same clock.
fn lines(m: &Module) -> Vec<u32> {
    let first = |d: &crate::ir::Domain| m.domains.values().position(|k| k.clock == d.clock);
    m.domains.values().map(|d| first(d).unwrap_or(0).min(MAX_DOMAINS - 1) as u32).collect()
}

/// The clockings of the children of the module at `at` on the stack.
fn children(c: &mut Context, at: usize) -> Vec<Rc<Clocking>> {
    let ids: Vec<ModuleId> = c.stack[at].ir.insts.values().map(|i| i.module).collect();
    // Children have lower ids than their parents: all that is missing below, from the bottom up.
    let mut missing: Vec<ModuleId> = Vec::new();
    let mut open = ids.clone();
    while let Some(id) = open.pop() {
        if !c.clocking.contains_key(&id) && !missing.contains(&id) {
            missing.push(id);
            open.extend(c.modules[id].insts.values().map(|i| i.module));
        }
    }
    missing.sort_unstable();
    for id in missing {
        let m = &c.modules[id];
        let below: Vec<Rc<Clocking>> = m.insts.values().map(|i| c.clocking[&i.module].clone()).collect();
        let clocking = match m.kind {
            ModuleKind::Extern { clocked, .. } => {
                let (all, ports) = (u64::from(clocked), m.ports.len());
                Clocking {
                    taken: vec![all; ports],
                    follows: vec![all; ports],
                    plain: vec![true; ports],
                    crossed: vec![0; ports],
                }
            }
            ModuleKind::Body => {
                let graph = Graph::new(m, &c.summaries);
                let order = graph.sort().unwrap_or_default();
                View { m, graph: &graph, children: &below, lines: lines(m) }.clocking(&order)
            }
        };
        c.clocking.insert(id, Rc::new(clocking));
    }
    ids.iter().map(|id| c.clocking[id].clone()).collect()
}

struct View<'a> {
    m: &'a Module,
    graph: &'a Graph,
    /// Of each instance.
    children: &'a [Rc<Clocking>],
    lines: Vec<u32>,
}

impl<'a> View<'a> {
    fn bit(&self, domain: DomainId) -> u64 {
        1 << self.lines.get(domain.index()).copied().unwrap_or(0)
    }

    /// A child's mask in the domains here.
    fn outer(&self, domains: &[DomainId], mask: u64) -> u64 {
        let inner = domains.iter().enumerate().filter(|(n, _)| mask >> n & 1 == 1);
        inner.fold(0, |all, (_, &d)| all | self.bit(d))
    }

    /// Everything that takes values at a clock edge, but for children.
    fn sinks(&self) -> Vec<Sink<'a>> {
        let m = self.m;
        let mut sinks = Vec::new();
        for reg in m.regs.values() {
            let tree = Some((&reg.next, reg.crossing != Crossing::No));
            let what = format!("register `{}`", reg.name);
            sinks.push(Sink { what, place: reg.place, domain: reg.domain, values: Vec::new(), tree });
        }
        for mem in m.mems.values() {
            let mut port = |domain, place, nodes: Vec<NodeId>| {
                let values = nodes.into_iter().map(|n| (n, place)).collect();
                let what = format!("memory `{}`", mem.name);
                sinks.push(Sink { what, place: mem.place, domain, values, tree: None });
            };
            for read in &mem.reads {
                if let Some(domain) = read.sync {
                    port(domain, read.place, [Some(read.addr), read.enable].into_iter().flatten().collect());
                }
            }
            for write in &mem.writes {
                let fixed = [write.addr, write.enable];
                let nodes = fixed.iter().chain(&write.data).chain(&write.mask);
                port(write.domain, write.place, nodes.copied().collect());
            }
        }
        for id in m.domains.ids() {
            if let Some(wire) = m.reset_wire(id).map(|w| &m.wires[w]) {
                let (what, tree) = (format!("reset `{}`", wire.name), Some((&wire.driver, false)));
                sinks.push(Sink { what, place: wire.place, domain: id, values: Vec::new(), tree });
            }
        }
        for check in m.checks.values() {
            if let CheckKind::Assert(x) | CheckKind::Assume(x) | CheckKind::Cover(x) = check.kind {
                let (what, values) = (format!("check `{}`", check.name), vec![(x, check.place)]);
                sinks.push(Sink { what, place: check.place, domain: check.domain, values, tree: None });
            }
        }
        sinks
    }

    /// For each item, the clocks that take it.
    fn taken(&self, order: &[u32]) -> Vec<u64> {
        let mut taken = vec![0u64; self.graph.len()];
        for sink in self.sinks() {
            let bit = self.bit(sink.domain);
            each(&sink, |node, _| taken[node.index()] |= bit);
        }
        for (inst, child) in self.m.insts.values().zip(self.children) {
            for &(port, node) in &inst.inputs {
                taken[node.index()] |= self.outer(&inst.domains, child.taken[port.index()]);
            }
        }
        for &item in order.iter().rev() {
            let mask = taken[item as usize];
            if mask != 0 {
                self.graph.targets(item as usize).iter().for_each(|&t| taken[t as usize] |= mask);
            }
        }
        taken
    }

    /// The clocks of the state that an item shows by itself.
    fn own(&self, item: usize, taken: &[u64]) -> u64 {
        let Item::Node(id) = self.graph.item(item) else { return 0 };
        match &self.m.nodes[id].op {
            Op::Input(_) => taken[item],
            Op::Reg(reg) => self.bit(self.m.regs[*reg].domain),
            Op::MemRead { mem, port, .. } => {
                let mem = &self.m.mems[*mem];
                match mem.reads[*port as usize].sync {
                    Some(domain) => self.bit(domain),
                    None => mem.writes.iter().fold(0, |all, w| all | self.bit(w.domain)),
                }
            }
            Op::Inst(inst, port) => {
                let follows = self.children[inst.index()].follows[port.index()];
                self.outer(&self.m.insts[*inst].domains, follows)
            }
            _ => 0,
        }
    }

    /// For each item, the clocks it comes from.
    fn from(&self, order: &[u32], taken: &[u64]) -> Vec<u64> {
        let mut from = vec![0u64; self.graph.len()];
        for &item in order {
            let at = item as usize;
            from[at] = self.graph.targets(at).iter().fold(self.own(at, taken), |all, &t| all | from[t as usize]);
        }
        from
    }

    fn clocking(&self, order: &[u32]) -> Clocking {
        let taken_items = self.taken(order);
        // Inputs count at the parent, through the child's paths.
        let from = self.from(order, &vec![0; self.graph.len()]);
        let mut taken = vec![0u64; self.m.ports.len()];
        for (id, node) in self.m.nodes.iter() {
            if let Op::Input(port) = node.op {
                taken[port.index()] |= taken_items[id.index()];
            }
        }
        let follows = self.m.ports.values().map(|p| p.driver.map_or(0, |d| from[d.index()])).collect();
        let plain = self.m.ports.values().map(|p| p.driver.is_some_and(|d| self.plain(d, &mut |_| ()))).collect();
        let mut crossed = vec![0u64; self.m.ports.len()];
        let mut cross = |node: NodeId, mask: u64| {
            self.plain(node, &mut |leaf| {
                if let Op::Input(port) = self.m.nodes[leaf].op {
                    crossed[port.index()] |= mask;
                }
            });
        };
        for reg in self.m.regs.values().filter(|r| r.crossing == Crossing::Synchronizer) {
            for_each_set(&reg.next, &mut |node| cross(node, self.bit(reg.domain)));
        }
        for (inst, child) in self.m.insts.values().zip(self.children) {
            for &(port, node) in &inst.inputs {
                let mask = self.outer(&inst.domains, child.crossed[port.index()]);
                if mask != 0 {
                    cross(node, mask);
                }
            }
        }
        Clocking { taken, follows, plain, crossed }
    }

    /// Whether a value comes from registers and inputs without logic that could glitch; calls `f` with these.
    fn plain(&self, node: NodeId, f: &mut dyn FnMut(NodeId)) -> bool {
        use UnOp::{Claim, Not, Refine, ToBits, ToSint, ToUint, Wrap};
        let (mut open, mut plain) = (vec![node], true);
        while let Some(node) = open.pop() {
            match &self.m.nodes[node].op {
                Op::Const(_) => {}
                Op::Input(_) | Op::Reg(_) => f(node),
                Op::Inst(inst, port) => plain &= self.children[inst.index()].plain[port.index()],
                Op::MemRead { mem, port, .. } => plain &= self.m.mems[*mem].reads[*port as usize].sync.is_some(),
                Op::Wire(wire) => match &self.m.wires[*wire].driver[..] {
                    [Stmt::Set { value, .. }] => open.push(*value),
                    _ => plain = false,
                },
                Op::Un(ToBits | ToUint | ToSint | Wrap | Refine | Claim | Not, x) | Op::Slice(x, _) => open.push(*x),
                Op::Concat(parts) => open.extend(parts.iter().copied()),
                _ => plain = false,
            }
        }
        plain
    }

    fn clock(&self, mask: u64) -> String {
        let at = DomainId::new(mask.trailing_zeros() as usize);
        self.m.domains.get(at).map_or(String::new(), |d| d.clock.clone())
    }

    /// The item behind `node` that brings a clock of `mask`: its place, what it is, and the clock.
    fn origin(&self, node: NodeId, mask: u64, taken: &[u64], from: &[u64]) -> (PlaceId, String, String) {
        let mut at = node.index();
        loop {
            let own = self.own(at, taken) & mask;
            if own != 0 || !self.graph.targets(at).iter().any(|&t| from[t as usize] & mask != 0) {
                let what = match self.graph.item(at) {
                    Item::Wire(w) => (self.m.wires[w].place, format!("wire `{}`", self.m.wires[w].name)),
                    Item::Node(id) => self.describe(id),
                };
                return (what.0, what.1, self.clock(own));
            }
            let next = self.graph.targets(at).iter().find(|&&t| from[t as usize] & mask != 0);
            at = next.map_or(at, |&t| t as usize);
        }
    }

    fn describe(&self, id: NodeId) -> (PlaceId, String) {
        let m = self.m;
        match &m.nodes[id].op {
            Op::Reg(r) => (m.regs[*r].place, format!("register `{}`", m.regs[*r].name)),
            Op::Input(p) => (m.nodes[id].place, format!("input `{}`", m.ports[*p].name)),
            Op::MemRead { mem, .. } => (m.nodes[id].place, format!("memory `{}`", m.mems[*mem].name)),
            Op::Inst(i, _) => (m.insts[*i].place, format!("instance `{}`", m.insts[*i].name)),
            _ => (m.nodes[id].place, "a value".into()),
        }
    }

    fn report(&self, taken: &[u64], from: &[u64], drafts: &mut Vec<Draft>) {
        let m = self.m;
        let mut wrong = |node: NodeId, place: PlaceId, what: &str, declared: Option<PlaceId>, bit: u64| {
            let mask = from[node.index()] & !bit;
            if mask == 0 {
                return false;
            }
            let origin = self.origin(node, mask, taken, from);
            drafts.push(e0219::new(place, what, &self.clock(bit), declared, origin));
            true
        };
        // An input that two clocks take: where each takes it is what there is to see, so the first of them is its clock.
        for sink in self.sinks() {
            let bit = self.bit(sink.domain);
            let mut found = false;
            each(&sink, |node, place| {
                let place = place.unwrap_or(m.nodes[node].place);
                found = found || wrong(node, place, &sink.what, Some(sink.place), bit);
            });
        }
        for (inst, child) in m.insts.values().zip(self.children) {
            for &(port, node) in &inst.inputs {
                let mask = self.outer(&inst.domains, child.taken[port.index()]);
                if mask.count_ones() == 1 {
                    let what = format!("instance `{}`", inst.name);
                    wrong(node, inst.place, &what, None, mask);
                }
            }
        }
        for port in m.ports.values().filter(|p| p.dir == Dir::Output) {
            if let Some(driver) = port.driver.filter(|d| from[d.index()].count_ones() > 1) {
                let bit = 1 << from[driver.index()].trailing_zeros();
                wrong(driver, m.nodes[driver].place, &format!("output `{}`", port.name), None, bit);
            }
        }
        for mem in m.mems.values().filter(|m| m.collision != Collision::Undefined) {
            for read in mem.reads.iter() {
                let Some(domain) = read.sync else { continue };
                if let Some(write) = mem.writes.iter().find(|w| self.bit(w.domain) != self.bit(domain)) {
                    let clocks = [domain, write.domain].map(|d| m.domains[d].clock.as_str());
                    drafts.push(e0219::memory(read.place, write.place, &mem.name, clocks));
                }
            }
        }
        for mem in m.mems.values() {
            let first = mem.writes.first();
            let other = mem.writes.iter().find(|w| first.is_some_and(|f| self.bit(f.domain) != self.bit(w.domain)));
            if let (Some(first), Some(other)) = (first, other) {
                let clocks = [first.domain, other.domain].map(|d| m.domains[d].clock.as_str());
                drafts.push(e0219::memory_writes(other.place, first.place, &mem.name, clocks));
            }
        }
        self.report_streams(taken, from, drafts);
        let plain = |node| self.plain(node, &mut |_| ());
        for reg in m.regs.values().filter(|r| r.crossing == Crossing::Synchronizer) {
            for_each_set(&reg.next, &mut |node| {
                let (mask, own) = (from[node.index()], self.bit(reg.domain));
                if mask & !own != 0 && (!plain(node) || mask.count_ones() > 1) {
                    drafts.push(e0221::new(m.nodes[node].place, reg.place, &format!("synchroniser `{}`", reg.name)));
                }
            });
        }
        for (inst, child) in m.insts.values().zip(self.children) {
            for &(port, node) in &inst.inputs {
                let mask = self.outer(&inst.domains, child.crossed[port.index()]);
                if mask != 0 && from[node.index()] & !mask != 0 && !plain(node) {
                    let what = format!("a synchroniser in `{}`", inst.name);
                    drafts.push(e0221::new(m.nodes[node].place, inst.place, &what));
                }
            }
        }
        for (&domain, &wire) in &m.reset_wires {
            let (domain, wire) = (&m.domains[domain], &m.wires[wire]);
            let at_once = domain.reset.as_ref().is_some_and(|r| r.kind == ResetKind::Async);
            for_each_set(&wire.driver, &mut |node| {
                if at_once && !plain(node) {
                    drafts.push(e0221::new(
                        m.nodes[node].place,
                        wire.place,
                        &format!("asynchronous reset `{}`", wire.name),
                    ));
                }
            });
        }
    }

    /// Streams whose ports are not all of one clock: nobody could drive them.
    fn report_streams(&self, taken: &[u64], from: &[u64], drafts: &mut Vec<Draft>) {
        let m = self.m;
        let mut of_port: Vec<u64> = m.ports.values().map(|p| p.driver.map_or(0, |d| from[d.index()])).collect();
        for (id, node) in m.nodes.iter() {
            if let Op::Input(port) = node.op {
                of_port[port.index()] |= taken[id.index()];
            }
        }
        for stream in &m.streams {
            let ports = [stream.valid, stream.ready, stream.last].into_iter().chain(stream.payload.iter().copied());
            let mask = ports.fold(0, |all, p| all | of_port[p.index()]);
            if mask.count_ones() > 1 {
                let first = mask & mask.wrapping_neg();
                let clocks = [self.clock(first), self.clock(mask & !first)];
                drafts.push(e0219::stream(m.ports[stream.valid].place, &stream.name, clocks));
            }
        }
    }
}

/// Calls `f` with each node that the sink takes, and where it was assigned.
fn each(sink: &Sink<'_>, mut f: impl FnMut(NodeId, Option<PlaceId>)) {
    sink.values.iter().for_each(|&(node, place)| f(node, Some(place)));
    match sink.tree {
        None => {}
        Some((block, false)) => {
            // Values with the place of their assignment, before conditions.
            sets(block, &mut f);
            for_each_in_block(block, &mut |node| f(node, None));
        }
        Some((block, true)) => conditions(block, &mut |node| f(node, None)),
    }
}

fn sets(block: &Block, f: &mut impl FnMut(NodeId, Option<PlaceId>)) {
    for stmt in block {
        match stmt {
            Stmt::Set { value, place, .. } => f(*value, Some(*place)),
            Stmt::When { arms, otherwise, .. } => {
                arms.iter().for_each(|(_, body)| sets(body, f));
                sets(otherwise, f);
            }
            Stmt::Switch { arms, default, .. } => {
                arms.iter().for_each(|(_, body)| sets(body, f));
                sets(default, f);
            }
        }
    }
}

fn conditions(block: &Block, f: &mut impl FnMut(NodeId)) {
    for stmt in block {
        match stmt {
            Stmt::Set { .. } => {}
            Stmt::When { arms, otherwise, .. } => {
                for (condition, body) in arms {
                    f(*condition);
                    conditions(body, f);
                }
                conditions(otherwise, f);
            }
            Stmt::Switch { subject, arms, default, .. } => {
                f(*subject);
                arms.iter().for_each(|(_, body)| conditions(body, f));
                conditions(default, f);
            }
        }
    }
}
