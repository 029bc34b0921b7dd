//! Pipeline registers for a wanted clock, placed over a whole pure region.
//!
//! The least latency for the clock, and at this latency the fewest register bits: see [`retime`](crate::retime). A value used in
//! a later stage goes through one chain of registers, shared by all its users. Every path from the inputs to the outputs then
//! has the same latency, so the region computes the same function, later.

mod chains;
mod graph;
mod products;

use rustc_hash::{FxHashMap, FxHashSet};

use self::chains::{Chains, register};
use super::bundle::{Bundle, Shape, has_stream};
use super::context::{Builder, Loc, Raw, with};
use super::linear::WrittenProduct;
use super::module::{Generator, Module};
use crate::diag;
use crate::ids::{CheckId, Id, MemId, NodeId, PlaceId, WireId};
use crate::ir::visit::for_each_in_block_mut;
use crate::ir::{self, Adders, BinOp, CheckKind, Op, UnOp};
use crate::retime::{EFFORT, femtoseconds, nanoseconds};
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
        let inputs = crate::hw::module::checked_inputs(name, &inputs, &shape, &generator.name(), loc);
        self.scope(name, || {
            let start = with(|c| {
                let place = c.place(loc);
                let b = c.top()?;
                let outer = b.pure.replace(place);
                if outer.is_none() {
                    b.scheduled = target.period().is_some();
                    b.adders = target.device.adders;
                }
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
                if outer.is_none() {
                    (b.scheduled, b.adders) = (false, Adders::Two);
                }
                b.frames = frames;
                let products = match outer {
                    None => std::mem::take(&mut b.products),
                    Some(_) => Vec::new(),
                };
                region.check_pure(b, &mut drafts);
                region.find_enables(b);
                // A region inside a region is left to the outer one.
                let done = match (outer, target.period(), drafts.is_empty()) {
                    (None, Some(period), true) => {
                        region.pipeline(b, &c.places, target, period, (&nodes, products), &mut drafts)
                    }
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

    fn pipeline(
        &self,
        b: &mut Builder,
        places: &ir::Places,
        target: &Target,
        period: f64,
        (outputs, products): (&[Option<NodeId>], Vec<WrittenProduct>),
        drafts: &mut Vec<diag::Draft>,
    ) -> (Vec<Option<NodeId>>, u32) {
        let items = self.items(&b.ir, &target.device, outputs);
        let period = femtoseconds(period);
        let slowest = (0..items.graph.vertices.len()).rev().max_by_key(|&v| items.graph.vertices[v].timing.whole());
        let slowest = slowest.map(|v| (items.graph.vertices[v].timing.whole(), items.places[v]));
        let mut schedule = items.graph.earliest(period);
        match slowest.filter(|(delay, _)| *delay > period) {
            Some((delay, place)) => {
                let (delay, period) = (nanoseconds(delay), nanoseconds(period));
                drafts.push(diag::e0217::new(place, self.place, delay, period, target.clock_mhz));
            }
            None => schedule = items.graph.fewest_registers(period, &schedule, EFFORT),
        }
        let latency = schedule.latency;

        let mut chains = Chains::new(self, &b.ir, places, &items, &schedule.stages);
        let written = products::record(b, &items, &mut chains, (self, outputs, latency), products);
        let mut moved: FxHashSet<(MemId, u32)> = FxHashSet::default();
        for &item in items.order.iter().filter(|item| !written.contains(item)) {
            let Some(stage) = chains.stage(item) else { continue };
            match item.checked_sub(items.wires_at) {
                Some(wire) => {
                    let mut tree = std::mem::take(&mut b.ir.wires[WireId::new(wire)].driver);
                    for_each_in_block_mut(&mut tree, &mut |n| *n = chains.at(b, *n, stage));
                    b.ir.wires[WireId::new(wire)].driver = tree;
                }
                None => {
                    let id = NodeId::new(item);
                    if let Op::MemRead { mem, port, .. } = b.ir.nodes[id].op {
                        // Fields have one address.
                        if mem.index() >= self.mem && moved.insert((mem, port)) {
                            let addr = b.ir.mems[mem].reads[port as usize].addr;
                            let addr = chains.at(b, addr, stage);
                            b.ir.mems[mem].reads[port as usize].addr = addr;
                        }
                        continue;
                    }
                    chains.move_operands(b, id, stage);
                }
            }
        }
        let outputs = outputs.iter().map(|n| n.map(|n| chains.at(b, n, latency))).collect();
        self.gate_checks(b, &mut chains);
        (outputs, latency)
    }

    /// Checks inside wait until the first inputs have come through: before, the registers hold what no input gave.
    fn gate_checks(&self, b: &mut Builder, chains: &mut Chains<'_>) {
        let mut filled: Vec<NodeId> = Vec::new();
        for index in self.check..b.ir.checks.len() {
            let id = CheckId::new(index);
            let mut kind = b.ir.checks[id].kind.clone();
            let stage_of = |n: NodeId| chains.stage(n.index()).unwrap_or(0);
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
