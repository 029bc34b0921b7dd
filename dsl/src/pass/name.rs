//! Names for the nodes that become Verilog wires.
//!
//! After [`run`] exactly the nodes that the emitter writes as a wire have a name in [`Module::names`]: those the user
//! named, and those the emitter cannot or does not want to write inside an expression (see `emit/plan.rs`). What is an
//! output at the same time has the output's name instead. A generated
//! name is made from the named thing the node feeds and its operator: `sum_next` is what the register `sum` takes,
//! `sum_mul` a product on the way there. Names are unique among everything in the module, never a keyword, and depend on
//! nothing outside of the module. The pass changes nothing when it is run again.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::emit::graph::Role;
use crate::emit::keywords::is_reserved;
use crate::emit::plan::{Form, Item, NONE, Plan, Root, check_nodes};
use crate::ids::{CheckId, Id, InstId, MemId, ModuleId, NodeId, PortId, RegId, WireId};
use crate::ir::{CheckKind, Design, Module, Op, UnOp};

/// Names every node of the design that becomes a wire; other nodes lose their names. Matrix-vector products are
/// [expanded](super::expand) first.
pub fn run(design: &mut Design) {
    super::expand::run(design);
    let names: Vec<BTreeMap<NodeId, String>> = design.modules.ids().map(|id| names(design, id)).collect();
    for (module, names) in design.modules.values_mut().zip(names) {
        module.names = names;
    }
}

fn names(design: &Design, id: ModuleId) -> BTreeMap<NodeId, String> {
    let mut plan = Plan::new(design, &design.modules[id]);
    assign(&mut plan);
    let named = plan.node_base.iter().enumerate().filter(|(_, b)| **b != NONE && !plan.is_port(**b));
    named.map(|(i, b)| (NodeId::new(i), plan.bases[*b as usize].name.to_string())).collect()
}

/// The names that are taken in a module.
#[derive(Default)]
pub(crate) struct Namespace<'a> {
    /// The next number to try after a name.
    next: FxHashMap<Cow<'a, str>, u32>,
}

impl<'a> Namespace<'a> {
    /// Takes `name`, or `name_what` where that is taken, as it is by an output that shows a register of its name.
    fn claim_or(&mut self, name: &'a str, what: &str) -> Cow<'a, str> {
        if self.next.contains_key(name) || is_reserved(name) {
            self.claim(format!("{name}_{what}"))
        } else {
            self.claim(name)
        }
    }

    /// Takes `name`, or the first of `name_1`, `name_2`, … that is free.
    pub fn claim(&mut self, name: impl Into<Cow<'a, str>>) -> Cow<'a, str> {
        let name = name.into();
        let mut number = match self.next.get(&name) {
            Some(number) => *number,
            None if is_reserved(&name) => 1,
            None => {
                self.next.insert(name.clone(), 1);
                return name;
            }
        };
        loop {
            let candidate = format!("{name}_{number}");
            number += 1;
            if !self.next.contains_key(candidate.as_str()) && !is_reserved(&candidate) {
                self.next.insert(name, number);
                self.next.insert(candidate.clone().into(), 1);
                return candidate.into();
            }
        }
    }
}

/// The named thing that a node feeds.
#[derive(Clone, Copy)]
enum Stem {
    None,
    Port(PortId),
    Reg(RegId),
    Wire(WireId),
    Node(NodeId),
    Input(InstId, PortId),
    Mem(MemId, &'static str),
    Check(CheckId),
}

/// Gives every base of the plan its name. Returns the names taken, for those who need more.
pub(crate) fn assign<'a>(plan: &mut Plan<'a>) -> Namespace<'a> {
    let m = plan.m;
    let mut taken = Namespace::default();
    taken.next.reserve(plan.bases.len() + m.mems.len() + m.insts.len() + 4);
    for domain in m.domains.values() {
        for name in [Some(&domain.clock), domain.reset.as_ref().map(|r| &r.name)].into_iter().flatten() {
            taken.next.insert(name.into(), 1);
        }
    }
    let bases = &mut plan.bases;
    let mut set = |base: u32, name: Cow<'a, str>| {
        if base != NONE {
            bases[base as usize].name = name;
        }
    };
    // Ports are promised as they are; Verilator takes nothing else of the module's own name.
    for (port, base) in m.ports.values().zip(&plan.port_base) {
        taken.next.insert(port.name.as_str().into(), 1);
        set(*base, port.name.as_str().into());
    }
    taken.claim(m.name.as_str());
    for (reg, base) in m.regs.values().zip(&plan.reg_base) {
        set(*base, taken.claim_or(&reg.name, "reg"));
    }
    let resets: FxHashSet<WireId> = m.domains.ids().filter_map(|d| m.reset_wire(d)).collect();
    for ((id, wire), base) in m.wires.iter().zip(&plan.wire_base) {
        // The name of a reset is taken, by itself.
        let own = resets.contains(&id).then(|| wire.name.as_str().into());
        set(*base, own.unwrap_or_else(|| taken.claim_or(&wire.name, "wire")));
    }
    plan.mem_name = m.mems.values().map(|mem| taken.claim_or(&mem.name, "mem")).collect();
    // Verilator warns where a signal of the child is named like the instance.
    let mut inside: FxHashMap<ModuleId, FxHashSet<&str>> = FxHashMap::default();
    for inst in m.insts.values() {
        let inside = inside.entry(inst.module).or_insert_with(|| declared(&plan.design.modules[inst.module]));
        plan.inst_name.push(match inside.contains(inst.name.as_str()) {
            true => taken.claim(format!("{}_i", inst.name)),
            false => taken.claim_or(&inst.name, "i"),
        });
    }
    for (node, name) in &m.names {
        if plan.node_base[node.index()] != NONE {
            set(plan.node_base[node.index()], taken.claim(name.as_str()));
        }
    }
    for (inst, outputs) in m.insts.values().zip(&plan.inst_base) {
        let ports = &plan.design.modules[inst.module].ports;
        for (port, base) in outputs {
            set(*base, taken.claim(format!("{}_{}", inst.name, ports[*port].name)));
        }
    }
    for (mem, reads) in m.mems.values().zip(&plan.read_base) {
        for (k, base) in reads.iter().enumerate() {
            let name = if reads.len() == 1 { format!("{}_q", mem.name) } else { format!("{}_q{k}", mem.name) };
            set(*base, taken.claim(name));
        }
    }
    generated(plan, &mut taken);
    taken
}

/// The names of the module's signals, but for generated ones.
fn declared(m: &Module) -> FxHashSet<&str> {
    let ports = m.ports.values().map(|p| &p.name).chain(m.regs.values().map(|r| &r.name));
    let state = m.wires.values().map(|w| &w.name).chain(m.mems.values().map(|m| &m.name));
    let clocks = m.domains.values().flat_map(|d| [&d.clock].into_iter().chain(d.reset.as_ref().map(|r| &r.name)));
    ports.chain(state).chain(clocks).chain(m.names.values()).map(String::as_str).collect()
}

fn generated<'a>(plan: &mut Plan<'a>, taken: &mut Namespace<'a>) {
    let m = plan.m;
    let mut stems = vec![(Stem::None, false); m.nodes.len()];
    plan.roots(|n, root| match root {
        Root::Output(p) => feed(&mut stems, n, Stem::Port(p), true),
        Root::Wire(w, role) => feed(&mut stems, n, Stem::Wire(w), role == Role::Value),
        Root::Reg(r, role) => feed(&mut stems, n, Stem::Reg(r), role == Role::Value),
        Root::Input(i, p) => feed(&mut stems, n, Stem::Input(i, p), true),
        Root::Mem(mem, part) => feed(&mut stems, n, Stem::Mem(mem, part), true),
        Root::Check(c) => feed(&mut stems, n, Stem::Check(c), true),
    });
    inherit(plan, &mut stems);
    // A claim's operand is named after what takes the value, and after the check only where nothing does.
    for (id, check) in m.checks.iter().filter(|(_, c)| matches!(c.kind, CheckKind::Claim { .. })) {
        check_nodes(m, &check.kind, |n| feed(&mut stems, n, Stem::Check(id), true));
    }
    inherit(plan, &mut stems);
    for n in m.nodes.ids() {
        let base = plan.node_base[n.index()];
        if base == NONE || plan.is_port(base) || m.names.contains_key(&n) {
            continue;
        }
        debug_assert!(matches!(plan.form[n.index()], Form::Ref { .. }));
        let (stem, whole) = stems[n.index()];
        let name = stem_name(plan, m, stem, whole, suffix(&m.nodes[n].op));
        plan.bases[base as usize].name = taken.claim(name);
    }
}

/// What each node feeds, and whether it is all that the thing takes.
type Stems = [(Stem, bool)];

fn feed(stems: &mut Stems, n: NodeId, stem: Stem, whole: bool) {
    let entry = &mut stems[n.index()];
    if matches!(entry.0, Stem::None) {
        *entry = (stem, whole);
    }
}

/// Operands that feed nothing named themselves take the stem of the first node that uses them.
fn inherit(plan: &Plan, stems: &mut Stems) {
    let m = plan.m;
    for item in plan.order.iter().rev() {
        let Item::Node(n) = *item else { continue };
        let (stem, whole) = match stems[n.index()] {
            _ if m.names.contains_key(&n) => (Stem::Node(n), false),
            (stem, whole) => (stem, whole && is_view(&m.nodes[n].op)),
        };
        if !matches!(stem, Stem::None) {
            m.nodes[n].op.for_each_operand(|o| feed(stems, o, stem, whole));
        }
    }
}

/// True for operators that only look at their operand's bits.
fn is_view(op: &Op) -> bool {
    use UnOp::{Claim, Refine, ToBits, ToSint, ToUint, Wrap};
    matches!(op, Op::Un(ToBits | ToSint | ToUint | Claim | Refine | Wrap, _))
}

fn stem_name(plan: &Plan, m: &Module, stem: Stem, whole: bool, suffix: &str) -> String {
    let name = match stem {
        Stem::None => return format!("n_{suffix}"),
        Stem::Reg(r) if whole => return format!("{}_next", m.regs[r].name),
        Stem::Mem(mem, part) if whole => return format!("{}_{part}", m.mems[mem].name),
        Stem::Input(i, p) if whole => return input_name(plan, m, i, p),
        Stem::Check(c) if whole => return m.checks[c].name.clone(),
        Stem::Port(p) => &m.ports[p].name,
        Stem::Reg(r) => &m.regs[r].name,
        Stem::Wire(w) => &m.wires[w].name,
        Stem::Node(n) => &m.names[&n],
        Stem::Input(i, p) => &input_name(plan, m, i, p),
        Stem::Mem(mem, _) => &m.mems[mem].name,
        Stem::Check(c) => &m.checks[c].name,
    };
    format!("{name}_{suffix}")
}

fn input_name(plan: &Plan, m: &Module, inst: InstId, port: PortId) -> String {
    let inst = &m.insts[inst];
    format!("{}_{}", inst.name, plan.design.modules[inst.module].ports[port].name)
}

fn suffix(op: &Op) -> &'static str {
    match op {
        Op::Const(_) => "const",
        Op::Input(_) | Op::Reg(_) | Op::Wire(_) | Op::Inst(..) => "copy",
        Op::MemRead { .. } => "read",
        Op::Matvec { .. } => "sum",
        Op::Mux(..) => "mux",
        Op::Select(..) => "select",
        Op::Slice(..) => "slice",
        Op::Concat(_) => "cat",
        Op::Un(op, _) => match op {
            UnOp::Neg => "neg",
            UnOp::Abs => "abs",
            UnOp::Not => "not",
            UnOp::ReduceAnd => "all",
            UnOp::ReduceOr => "any",
            UnOp::ReduceXor => "parity",
            UnOp::PopCount => "count",
            UnOp::ToBits => "bits",
            UnOp::ToUint | UnOp::ToSint => "int",
            UnOp::Wrap => "wrap",
            UnOp::Claim => "claim",
            UnOp::Refine => "refine",
        },
        Op::Bin(op, ..) => op.mnemonic(),
    }
}
