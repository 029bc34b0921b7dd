//! Pipeline registers for a wanted clock, placed over a whole pure region.
//!
//! The region is scheduled as soon as possible: each operation starts in the stage and at the time at which its last
//! operand is there, or at the start of the next stage where it would not finish within the period. A value used in a
//! later stage goes through one chain of registers, shared by all its users. Every path from the inputs to the
//! outputs then has the same latency, so the region computes the same function, later.

use rustc_hash::FxHashMap;

use super::bundle::{Bundle, Shape, has_stream};
use super::context::{Builder, Loc, Raw, with};
use super::module::{Generator, Module};
use crate::diag;
use crate::ids::{CheckId, Id, MemId, NodeId, PlaceId, WireId};
use crate::ir::visit::{for_each_in_block, for_each_in_block_mut};
use crate::ir::{self, BinOp, CheckKind, Format, Op, Stmt, UnOp};
use crate::target::Target;
use crate::ty::Ty;

impl Module {
    /// Inlines `generator` with all its children here and places registers for `target`. Returns the outputs and by how
    /// many clocks they follow the inputs. The generator is pure: no registers, no memories that are written, no
    /// streams, no black boxes. The registers are not reset; assertions inside hold from the time at which the first inputs
    /// have come through.
    #[track_caller]
    pub fn pipelined<G: Generator>(&self, name: &str, generator: &G, inputs: G::In, target: &Target) -> (G::Out, u32) {
        let loc = Loc::caller();
        let shape = generator.shape();
        if has_stream(&shape) {
            with(|c| {
                let place = c.place(loc);
                c.report(diag::e0213::new(place, "a pipelined region"));
            });
        }
        let inputs = super::module::checked_inputs(name, &inputs, &shape, &generator.name(), loc);
        self.scope(name, || {
            let start = with(|c| {
                let place = c.place(loc);
                let b = c.top()?;
                let outer = b.pure.replace(place);
                b.scheduled |= outer.is_none() && target.period().is_some();
                Some((Region::start(b, place), outer, std::mem::take(&mut b.frames)))
            });
            let out = generator.build(self, inputs);
            let Some(Some((mut region, outer, frames))) = start else { return (out, 0) };
            let mut raws = Vec::new();
            out.raws(&mut |r| raws.push(r));
            let piped = with(|c| {
                let mut drafts = Vec::new();
                let mut nodes: Vec<Option<NodeId>> = Vec::with_capacity(raws.len());
                for raw in &raws {
                    nodes.push(c.local(*raw, loc));
                }
                let b = c.stack.last_mut()?;
                b.pure = outer;
                b.scheduled &= outer.is_some();
                b.frames = frames;
                region.check_pure(b, &mut drafts);
                region.find_enables(b);
                // A region inside a region is left to the outer one.
                let done = match (outer, target.period(), drafts.is_empty()) {
                    (None, Some(period), true) => region.pipeline(b, &c.places, target, period, &nodes, &mut drafts),
                    _ => (nodes, 0),
                };
                let raws: Vec<Raw> = done.0.into_iter().map(|n| n.map_or(Raw::POISON, |n| b.raw(n))).collect();
                c.drafts.extend(drafts);
                Some((raws, done.1))
            });
            let (raws, latency) = piped.flatten().unwrap_or((raws, 0));
            let mut next = raws.into_iter();
            (out.shape().value(&mut || next.next().unwrap_or(Raw::POISON)), latency)
        })
    }
}

/// The first ids of what a region adds to its module.
struct Region {
    place: PlaceId,
    node: usize,
    wire: usize,
    mem: usize,
    check: usize,
    /// The conditions under which each claim is checked: it must not come before them.
    enables: FxHashMap<NodeId, Vec<NodeId>>,
}

/// When a value is there: the stage, and nanoseconds after the clock edge that begins it.
type Arrival = (u32, f64);

fn later(a: Arrival, b: Arrival) -> Arrival {
    if b.0 > a.0 || (b.0 == a.0 && b.1 > a.1) { b } else { a }
}

impl Region {
    fn start(b: &Builder, place: PlaceId) -> Region {
        let m = &b.ir;
        let enables = FxHashMap::default();
        Region { place, node: m.nodes.len(), wire: m.wires.len(), mem: m.mems.len(), check: m.checks.len(), enables }
    }

    fn check_pure(&self, b: &Builder, drafts: &mut Vec<diag::Draft>) {
        for mem in b.ir.mems.values().skip(self.mem) {
            if !mem.writes.is_empty() || mem.reads.iter().any(|r| r.sync.is_some()) {
                drafts.push(diag::e0216::new(mem.place, self.place, &format!("memory `{}`", mem.name)));
            }
        }
    }

    fn find_enables(&mut self, b: &Builder) {
        for check in b.ir.checks.values().skip(self.check) {
            if let CheckKind::Claim { claim, enable: Some(enable) } = check.kind {
                self.enables.entry(claim).or_default().push(enable);
            }
        }
    }

    /// What an item of the region depends on. Items are node ids, then wire ids above `wires_at`.
    fn operands(&self, m: &ir::Module, item: usize, wires_at: usize, mut f: impl FnMut(usize)) {
        if let Some(wire) = item.checked_sub(wires_at) {
            for_each_in_block(&m.wires[WireId::new(wire)].driver, &mut |n| f(n.index()));
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

    /// The region's items, each after those it depends on. A loop, which is reported elsewhere, is cut open.
    fn order(&self, m: &ir::Module) -> Vec<usize> {
        let wires_at = m.nodes.len();
        let inside = |item: usize| {
            if item >= wires_at { item - wires_at >= self.wire } else { item >= self.node }
        };
        let mut seen = vec![false; wires_at + m.wires.len()];
        let mut order = Vec::new();
        let roots = (self.node..wires_at).chain(wires_at + self.wire..wires_at + m.wires.len());
        for root in roots {
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

    fn pipeline(
        &self,
        b: &mut Builder,
        places: &ir::Places,
        target: &Target,
        period: f64,
        outputs: &[Option<NodeId>],
        drafts: &mut Vec<diag::Draft>,
    ) -> (Vec<Option<NodeId>>, u32) {
        let m = &b.ir;
        let wires_at = m.nodes.len();
        let order = self.order(m);
        let mut arrival: FxHashMap<usize, Arrival> = FxHashMap::default();
        let mut too_slow: Option<(f64, PlaceId)> = None;
        // The fields of a word come from one address, so they come together.
        let mut read: FxHashMap<(MemId, u32), Arrival> = FxHashMap::default();
        for &item in &order {
            let port = self.read_port(m, item, wires_at);
            if let Some(&known) = port.and_then(|p| read.get(&p)) {
                arrival.insert(item, known);
                continue;
            }
            let mut start = (0, 0.0);
            let mut tys = Vec::new();
            // Whether all operands behind the first one are.
            let mut constant = true;
            self.operands(m, item, wires_at, |n| {
                start = later(start, arrival.get(&n).copied().unwrap_or((0, 0.0)));
                if n < wires_at {
                    let node = &m.nodes[NodeId::new(n)];
                    constant &= tys.is_empty() || matches!(node.op, Op::Const(_));
                    tys.push(node.ty);
                }
            });
            let (delay, place) = match item.checked_sub(wires_at) {
                // A decision tree is a chain of multiplexers.
                Some(wire) => {
                    let wire = &m.wires[WireId::new(wire)];
                    (target.device.lut * f64::from(depth(&wire.driver)), wire.place)
                }
                None => {
                    let node = &m.nodes[NodeId::new(item)];
                    (target.device.delay(&node.op, node.ty, &tys, constant && tys.len() > 1), node.place)
                }
            };
            if delay > period && too_slow.is_none_or(|(worst, _)| delay > worst) {
                too_slow = Some((delay, place));
            }
            let end = if start.1 + delay > period && start.1 > 0.0 {
                (start.0 + 1, delay)
            } else {
                (start.0, start.1 + delay)
            };
            arrival.insert(item, end);
            read.extend(port.map(|p| (p, end)));
        }
        if let Some((delay, place)) = too_slow {
            drafts.push(diag::e0217::new(place, self.place, delay, period, target.clock_mhz));
        }
        let latency = outputs.iter().flatten().filter_map(|n| arrival.get(&n.index())).map(|a| a.0).max().unwrap_or(0);

        let mut chains = Chains::new(self, places, &arrival);
        for &item in &order {
            let stage = arrival[&item].0;
            match item.checked_sub(wires_at) {
                Some(wire) => {
                    let mut tree = std::mem::take(&mut b.ir.wires[WireId::new(wire)].driver);
                    for_each_in_block_mut(&mut tree, &mut |n| *n = chains.at(b, *n, stage));
                    b.ir.wires[WireId::new(wire)].driver = tree;
                }
                None => {
                    let id = NodeId::new(item);
                    if let Op::MemRead { mem, port, .. } = b.ir.nodes[id].op {
                        if read.remove(&(mem, port)).is_none() {
                            continue; // Another field has moved the address.
                        }
                        let addr = b.ir.mems[mem].reads[port as usize].addr;
                        let addr = chains.at(b, addr, stage);
                        b.ir.mems[mem].reads[port as usize].addr = addr;
                        continue;
                    }
                    let mut op = b.ir.nodes[id].op.clone();
                    op.map_operands(|n| chains.at(b, n, stage));
                    b.ir.nodes[id].op = op;
                }
            }
        }
        let outputs = outputs.iter().map(|n| n.map(|n| chains.at(b, n, latency))).collect();
        self.gate_checks(b, places, &arrival);
        (outputs, latency)
    }

    /// Checks inside wait until the first inputs have come through: before, the registers hold what no input gave.
    fn gate_checks(&self, b: &mut Builder, places: &ir::Places, arrival: &FxHashMap<usize, Arrival>) {
        let stage_of = |n: NodeId| arrival.get(&n.index()).map_or(0, |a| a.0);
        let mut filled: Vec<NodeId> = Vec::new();
        for index in self.check..b.ir.checks.len() {
            let id = CheckId::new(index);
            let mut kind = b.ir.checks[id].kind.clone();
            let stage = match &kind {
                CheckKind::Assert(n) | CheckKind::Assume(n) | CheckKind::Cover(n) => stage_of(*n),
                CheckKind::Claim { claim, .. } => stage_of(*claim),
                _ => 0,
            } as usize;
            if stage == 0 {
                continue;
            }
            while filled.len() < stage {
                let before = match filled.last() {
                    Some(n) => *n,
                    None => b.constant(crate::value::Value::ONE, Ty::BOOL, self.place).node,
                };
                let name = format!("filled_{}", filled.len() + 1);
                filled.push(register(b, &name, before, self.place));
            }
            let ready = filled[stage - 1];
            match &mut kind {
                CheckKind::Assert(n) | CheckKind::Assume(n) => {
                    let not = b.push(Op::Un(UnOp::Not, ready), Ty::BOOL, self.place).node;
                    *n = b.push(Op::Bin(BinOp::Or, not, *n), Ty::BOOL, self.place).node;
                }
                CheckKind::Cover(n) => *n = b.push(Op::Bin(BinOp::And, ready, *n), Ty::BOOL, self.place).node,
                // The condition is of the claim's stage or an earlier one.
                CheckKind::Claim { enable, .. } => {
                    *enable = Some(match *enable {
                        None => ready,
                        Some(e) => {
                            let mut chains = Chains::new(self, places, arrival);
                            let e = chains.at(b, e, stage as u32);
                            b.push(Op::Bin(BinOp::And, ready, e), Ty::BOOL, self.place).node
                        }
                    });
                }
                _ => {}
            }
            b.ir.checks[id].kind = kind;
        }
    }
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

/// Values in later stages: one chain of registers per value.
struct Chains<'a> {
    region: &'a Region,
    places: &'a ir::Places,
    arrival: &'a FxHashMap<usize, Arrival>,
    chains: FxHashMap<NodeId, Vec<NodeId>>,
    refined: FxHashMap<(NodeId, u32), NodeId>,
}

impl<'a> Chains<'a> {
    fn new(region: &'a Region, places: &'a ir::Places, arrival: &'a FxHashMap<usize, Arrival>) -> Chains<'a> {
        Chains { region, places, arrival, chains: FxHashMap::default(), refined: FxHashMap::default() }
    }

    /// `node` as it is seen in `stage`.
    fn at(&mut self, b: &mut Builder, node: NodeId, stage: u32) -> NodeId {
        let own = self.arrival.get(&node.index()).map_or(0, |a| a.0);
        if stage <= own || matches!(b.ir.nodes[node].op, Op::Const(_)) {
            return node;
        }
        let place = b.ir.nodes[node].place;
        if let Op::Un(UnOp::Refine, x) = b.ir.nodes[node].op {
            // A refined range holds where the value is selected; a register would carry it elsewhere.
            if let Some(&known) = self.refined.get(&(node, stage)) {
                return known;
            }
            let ty = b.ir.nodes[node].ty;
            let x = self.at(b, x, stage);
            let refined = b.push(Op::Un(UnOp::Refine, x), ty, place).node;
            self.refined.insert((node, stage), refined);
            return refined;
        }
        let mut chain = self.chains.remove(&node).unwrap_or_default();
        while chain.len() < (stage - own) as usize {
            let before = chain.last().copied().unwrap_or(node);
            let base = match &b.ir.nodes[node].op {
                _ if b.ir.names.contains_key(&node) => b.ir.names[&node].clone(),
                Op::Input(port) => b.ir.ports[*port].name.clone(),
                Op::Reg(reg) => b.ir.regs[*reg].name.clone(),
                // After the scope in which the value is made.
                _ => match self.places.0[place].caller.and_then(|scope| b.prefixes.get(&scope)) {
                    Some(prefix) if !prefix.is_empty() => format!("{prefix}_pipe"),
                    _ => b.scoped("pipe"),
                },
            };
            let name = format!("{base}_s{}", own as usize + chain.len() + 1);
            chain.push(register_named(b, &name, before, self.region.place));
        }
        let at = chain[(stage - own) as usize - 1];
        self.chains.insert(node, chain);
        at
    }
}

fn register(b: &mut Builder, name: &str, value: NodeId, place: PlaceId) -> NodeId {
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
    let reg =
        b.ir.regs.push(ir::Reg { name, ty, format, domain, crossing: ir::Crossing::No, reset: None, next, place });
    b.push(Op::Reg(reg), ty, place).node
}
