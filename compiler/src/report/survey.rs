//! What the design holds: registers, memories, and in which clocks after the inputs each layer works.

use std::collections::HashMap;

use gatewright_dsl::ids::{Id, NodeId, PlaceId, RegId};
use gatewright_dsl::ir::visit::for_each_set;
use gatewright_dsl::ir::{Design, Module, Op};

/// Registers, and the clocks of the layers.
#[derive(Default)]
pub(super) struct Survey {
    pub registers: u64,
    pub register_bits: u64,
    pub memory_bits: u64,
    /// In the order of the names.
    pub layers: Vec<Part>,
}

/// A layer's part of the design.
#[derive(Clone, Default)]
pub(super) struct Part {
    pub register_bits: u64,
    /// The first and the last clock after the inputs' in which it computes.
    pub stages: Option<(u32, u32)>,
}

impl Survey {
    /// A layer's hardware is what was built in the scope of its name.
    pub fn of(design: &Design, names: &[&str]) -> Survey {
        let mut survey = Survey { layers: vec![Part::default(); names.len()], ..Survey::default() };
        let mut copies = vec![0_u64; design.modules.len()];
        copies[design.top.index()] = 1;
        // A module is finished before those that use it.
        for (id, module) in design.modules.iter().rev() {
            let here = copies[id.index()];
            for inst in module.insts.values() {
                copies[inst.module.index()] += here;
            }
            for reg in module.regs.values() {
                survey.registers += here;
                survey.register_bits += here * u64::from(reg.ty.width());
            }
            for mem in module.mems.values() {
                let word: u64 = mem.fields.iter().map(|f| u64::from(f.ty.width())).sum();
                survey.memory_bits += here * mem.depth * word;
            }
        }
        let Some(top) = design.modules.get(design.top) else { return survey };
        let mut owners = Owners::new(design, names);
        for (id, reg) in top.regs.iter() {
            if let Some(layer) = source(top, id).and_then(|n| owners.of(top.nodes[n].place)) {
                survey.layers[layer].register_bits += u64::from(reg.ty.width());
            }
        }
        let stages = stages(top);
        for (id, node) in top.nodes.iter() {
            let works = matches!(node.op, Op::Un(..) | Op::Bin(..) | Op::Mux(..) | Op::Select(..) | Op::Matvec { .. });
            let (true, Some(stage)) = (works, stages[id.index()]) else { continue };
            let Some(layer) = owners.of(node.place) else { continue };
            let part = &mut survey.layers[layer].stages;
            *part = Some(part.map_or((stage, stage), |(a, b)| (a.min(stage), b.max(stage))));
        }
        survey
    }
}

/// The node whose value a register carries, through the registers before it; none in a ring of registers. The registers
/// themselves are placed where the whole region is.
fn source(module: &Module, reg: RegId) -> Option<NodeId> {
    // No pipeline is longer; a ring has no end.
    const MOST: usize = 4096;
    let mut at = reg;
    for _ in 0..MOST {
        let mut value = None;
        for_each_set(&module.regs.get(at)?.next, &mut |n| value = Some(n));
        let value = value?;
        match module.nodes.get(value)?.op {
            Op::Reg(before) if before == reg => return None,
            Op::Reg(before) => at = before,
            _ => return Some(value),
        }
    }
    None
}

/// Places by the layer in whose scope they are.
struct Owners<'a> {
    design: &'a Design,
    names: HashMap<&'a str, usize>,
    known: HashMap<PlaceId, Option<usize>>,
}

/// For each node of the top module the layer in whose scope it was built.
pub(super) fn owners(design: &Design, names: &[&str]) -> Vec<Option<usize>> {
    let mut owners = Owners::new(design, names);
    let Some(top) = design.modules.get(design.top) else { return Vec::new() };
    top.nodes.values().map(|node| owners.of(node.place)).collect()
}

impl<'a> Owners<'a> {
    fn new(design: &'a Design, names: &[&'a str]) -> Owners<'a> {
        Owners { design, names: names.iter().enumerate().map(|(k, n)| (*n, k)).collect(), known: HashMap::new() }
    }

    fn of(&mut self, place: PlaceId) -> Option<usize> {
        let mut way = Vec::new();
        let mut at = Some(place);
        let mut owner = None;
        while let Some(id) = at {
            if let Some(known) = self.known.get(&id) {
                owner = *known;
                break;
            }
            // Marked at once, so that a ring of places ends.
            self.known.insert(id, None);
            way.push(id);
            let Some(place) = self.design.places.0.get(id) else { break };
            owner = place.scope.as_deref().and_then(|s| self.names.get(s).copied());
            if owner.is_some() {
                break;
            }
            at = place.caller;
        }
        for id in way {
            self.known.insert(id, owner);
        }
        owner
    }
}

/// For each node the number of registers between it and the inputs, the most on any way; none for constants and for what
/// depends on a loop through registers. Conditions of registers (a stalled pipeline's enable) do not count.
fn stages(module: &Module) -> Vec<Option<u32>> {
    #[derive(Clone, Copy)]
    enum Use {
        Node(NodeId),
        Reg(RegId),
    }
    let count = module.nodes.len();
    let mut uses: Vec<Vec<Use>> = vec![Vec::new(); count];
    let mut waits = vec![0_usize; count];
    let mut reads: Vec<Vec<NodeId>> = vec![Vec::new(); module.regs.len()];
    let mut reg_waits = vec![0_usize; module.regs.len()];
    for (id, reg) in module.regs.iter() {
        for_each_set(&reg.next, &mut |n| {
            uses[n.index()].push(Use::Reg(id));
            reg_waits[id.index()] += 1;
        });
    }
    let mut ready = Vec::new();
    let mut stage: Vec<Option<u32>> = vec![None; count];
    for (id, node) in module.nodes.iter() {
        module.for_each_operand(&node.op, |n| {
            uses[n.index()].push(Use::Node(id));
            waits[id.index()] += 1;
        });
        match node.op {
            Op::Reg(reg) => reads[reg.index()].push(id),
            Op::Const(_) => ready.push(id),
            Op::Input(_) => {
                stage[id.index()] = Some(0);
                ready.push(id);
            }
            _ => {}
        }
    }
    let mut arrives: Vec<Option<u32>> = vec![None; module.regs.len()];
    let mut known = vec![false; count];
    while let Some(id) = ready.pop() {
        known[id.index()] = true;
        let own = stage[id.index()];
        for next in std::mem::take(&mut uses[id.index()]) {
            match next {
                Use::Node(n) => {
                    stage[n.index()] = stage[n.index()].max(own);
                    waits[n.index()] -= 1;
                    if waits[n.index()] == 0 {
                        ready.push(n);
                    }
                }
                Use::Reg(r) => {
                    arrives[r.index()] = arrives[r.index()].max(own.map(|s| s + 1));
                    reg_waits[r.index()] -= 1;
                    if reg_waits[r.index()] == 0 {
                        for &n in &reads[r.index()] {
                            stage[n.index()] = arrives[r.index()];
                            ready.push(n);
                        }
                    }
                }
            }
        }
    }
    stage.into_iter().zip(known).map(|(stage, known)| stage.filter(|_| known)).collect()
}
