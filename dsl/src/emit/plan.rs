//! What becomes a Verilog name, what is written inside an expression, and in which order.
//!
//! Verilog can neither slice nor extend an expression, only a name, and it takes the width and the sign of an operand
//! from what stands around it. The plan therefore gives every live node one of these forms:
//!
//! * a constant, printed at the width its place needs;
//! * a reference to bits of a *base*: a port, register, wire, child's output, memory's output or named node. Slices,
//!   reinterpretations and constant right shifts of a reference are references and cost nothing;
//! * an inline expression: used once, short, and nowhere in need of a name. Its text has exactly the node's width.
//!
//! Nodes that the user named, that are used more than once, whose operator is right only as the whole right-hand side
//! (products, quotients, arithmetic shifts, large tables), or that checks, children and memories refer to, are bases.
//! A base may be wider than its node, where the operator's natural width is (a quotient); the reference takes the low
//! bits.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ids::{CheckId, Id, InstId, MemId, NodeId, PortId, RegId, WireId};
use crate::ir::{BinOp, CheckKind, Design, Dir, Module, Op, Stmt, UnOp};
use crate::ty::{Ty, uint};
use crate::value::Value;

use super::graph::{Role, at, block_nodes, constant_result, width};
use super::uses::Uses;

/// How a node is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// Nothing uses it.
    Dead,
    /// By its value.
    Const,
    /// As bits of a base, from bit `lo` up, as many as the node has.
    Ref { base: u32, lo: u32 },
    /// As an expression in its only place.
    Inline,
}

/// Something with a name and wires.
#[derive(Clone, Debug)]
pub(crate) struct Base<'a> {
    pub name: Cow<'a, str>,
    pub width: u32,
    pub signed: bool,
}

/// A combinational thing in the order of writing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Item {
    Node(NodeId),
    Wire(WireId),
    /// Asynchronous read port of a memory.
    Read(MemId, u32),
}

/// A place outside of the nodes that uses a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Root {
    Output(PortId),
    Wire(WireId, Role),
    Reg(RegId, Role),
    /// Input port of a child.
    Input(InstId, PortId),
    /// Operand of a memory port: what it is.
    Mem(MemId, &'static str),
    Check(CheckId),
}

/// What an operator asks of an operand's text.
enum Demand {
    /// Any expression of the operand's own width.
    Any,
    /// The operand cut or extended to this width.
    Width(u32),
    /// A reference or a constant.
    Leaf,
}

/// Most operators in one expression.
const MAX_OPERATORS: u32 = 6;
/// Most characters in one expression, estimated.
const MAX_CHARACTERS: u32 = 100;
/// Deepest nesting of one expression, reinterpretations included.
const MAX_DEPTH: u32 = 8;
/// Most choices of a `Select` that is written as a chain of comparisons.
pub(crate) const MAX_CHAIN: u64 = 4;
/// No base.
pub(crate) const NONE: u32 = u32::MAX;

/// The plan of one module.
pub(crate) struct Plan<'a> {
    pub design: &'a Design,
    pub m: &'a Module,
    pub form: Vec<Form>,
    /// Values of nodes of form `Const` that are found by computing.
    computed: FxHashMap<NodeId, Value>,
    pub bases: Vec<Base<'a>>,
    pub port_base: Vec<u32>,
    /// The number of bases that are ports.
    ports: u32,
    pub reg_base: Vec<u32>,
    pub wire_base: Vec<u32>,
    pub node_base: Vec<u32>,
    /// Per node: the first output that it drives as it is, whose name it then has where it needs one.
    shown: Vec<u32>,
    /// Per instance: its outputs that have wires.
    pub inst_base: Vec<Vec<(PortId, u32)>>,
    /// Per memory: its read ports; empty where the memory is not written at all.
    pub read_base: Vec<Vec<u32>>,
    /// The Verilog names of memories and instances.
    pub mem_name: Vec<Cow<'a, str>>,
    pub inst_name: Vec<Cow<'a, str>>,
    /// What is written, operands before users.
    pub order: Vec<Item>,
    /// Bases that are used before the place where they are written.
    pub early: FxHashSet<u32>,
    /// Checks that are written.
    pub check_live: Vec<bool>,
}

/// The width and sign in which two operands can be compared or divided.
pub(crate) fn common(a: Ty, b: Ty) -> (u32, bool) {
    let signed = a.is_signed() || b.is_signed();
    let w = |t: Ty| t.width() + u32::from(signed && !t.is_signed());
    (w(a).max(w(b)).max(1), signed)
}

/// The nodes a check watches.
pub(crate) fn check_nodes(m: &Module, kind: &CheckKind, mut f: impl FnMut(NodeId)) {
    match kind {
        CheckKind::Assert(n) | CheckKind::Assume(n) | CheckKind::Cover(n) => f(*n),
        CheckKind::Claim { claim, enable } => {
            if let Op::Un(_, operand) = m.nodes[*claim].op {
                f(operand);
            }
            if let Some(e) = enable {
                f(*e);
            }
        }
        CheckKind::InputRange(_) | CheckKind::NoCollision(_) => {}
        CheckKind::Stable { valid, ready, payload } => {
            f(*valid);
            f(*ready);
            payload.iter().copied().for_each(f);
        }
    }
}

impl<'a> Plan<'a> {
    /// Plans the module. Bases have no names yet: [`crate::pass::name`] gives them.
    pub fn new(design: &'a Design, m: &'a Module) -> Plan<'a> {
        let nodes = m.nodes.len();
        let mut plan = Plan {
            design,
            m,
            form: vec![Form::Dead; nodes],
            computed: FxHashMap::default(),
            bases: Vec::new(),
            port_base: Vec::new(),
            ports: 0,
            reg_base: Vec::new(),
            wire_base: Vec::new(),
            node_base: vec![NONE; nodes],
            shown: vec![NONE; nodes],
            inst_base: Vec::new(),
            read_base: Vec::new(),
            mem_name: Vec::new(),
            inst_name: Vec::new(),
            order: Vec::new(),
            early: FxHashSet::default(),
            check_live: vec![false; m.checks.len()],
        };
        plan.declared_bases();
        let live = plan.liveness();
        let uses = Uses::count(&plan, &live);
        let early = plan.sort(&live);
        for wire in m.domains.ids().filter_map(|d| m.reset_wire(d)) {
            let base = plan.wire_base[at(wire)];
            plan.early.insert(base);
        }
        plan.shape(&uses, &early);
        plan
    }

    fn base(&mut self, width: u32, signed: bool) -> u32 {
        self.bases.push(Base { name: Cow::Borrowed(""), width, signed });
        self.bases.len() as u32 - 1
    }

    fn base_of(&mut self, ty: Ty) -> u32 {
        match width(ty) {
            0 => NONE,
            w => self.base(w, ty.is_signed()),
        }
    }

    fn declared_bases(&mut self) {
        let m = self.m;
        self.port_base = m.ports.values().map(|p| self.base_of(p.ty)).collect();
        self.ports = self.bases.len() as u32;
        for (port, base) in m.ports.values().zip(&self.port_base) {
            if let Some(driver) = port.driver.filter(|_| port.dir == Dir::Output)
                && m.nodes[driver].ty.width() == port.ty.width()
                && m.nodes[driver].ty.is_signed() == port.ty.is_signed()
                && !m.names.contains_key(&driver)
                && self.shown[at(driver)] == NONE
            {
                self.shown[at(driver)] = *base;
            }
        }
        self.reg_base = m.regs.values().map(|r| self.base_of(r.ty)).collect();
        self.wire_base = m.wires.values().map(|w| self.base_of(w.ty)).collect();
        for inst in m.insts.values() {
            let outputs = self.design.modules[inst.module].ports.iter().filter(|(_, p)| p.dir == Dir::Output);
            let bases = outputs.map(|(id, p)| (id, self.base_of(p.ty))).filter(|(_, b)| *b != NONE).collect();
            self.inst_base.push(bases);
        }
        for mem in m.mems.values() {
            let word = mem.fields.iter().map(|f| width(f.ty)).sum::<u32>();
            let signed = mem.fields.len() == 1 && mem.fields[0].ty.is_signed();
            let reads = if word == 0 { 0 } else { mem.reads.len() };
            let bases = (0..reads).map(|_| self.base(word, signed)).collect();
            self.read_base.push(bases);
        }
    }

    /// True where the memory exists in hardware: it has bits and someone reads it.
    pub fn has_mem(&self, mem: MemId) -> bool {
        !self.read_base[at(mem)].is_empty()
    }

    /// Calls `f` with each use of a node from outside of the nodes, checks last; claims are left out.
    pub fn roots(&self, mut f: impl FnMut(NodeId, Root)) {
        let m = self.m;
        for (id, port) in m.ports.iter().filter(|(_, p)| width(p.ty) > 0) {
            if let Some(driver) = port.driver {
                f(driver, Root::Output(id));
            }
        }
        for (id, wire) in m.wires.iter().filter(|(_, w)| width(w.ty) > 0) {
            block_nodes(&wire.driver, &mut |n, role| f(n, Root::Wire(id, role)));
        }
        for (id, reg) in m.regs.iter().filter(|(_, r)| width(r.ty) > 0) {
            block_nodes(&reg.next, &mut |n, role| f(n, Root::Reg(id, role)));
        }
        for (id, inst) in m.insts.iter() {
            let ports = &self.design.modules[inst.module].ports;
            for (port, value) in inst.inputs.iter().filter(|(p, _)| width(ports[*p].ty) > 0) {
                f(*value, Root::Input(id, *port));
            }
        }
        for (id, mem) in m.mems.iter().filter(|(id, _)| self.has_mem(*id)) {
            for r in &mem.reads {
                f(r.addr, Root::Mem(id, "raddr"));
                r.enable.into_iter().for_each(|n| f(n, Root::Mem(id, "re")));
            }
            for w in &mem.writes {
                f(w.enable, Root::Mem(id, "we"));
                f(w.addr, Root::Mem(id, "waddr"));
                w.data.iter().for_each(|&n| f(n, Root::Mem(id, "wdata")));
                w.mask.iter().for_each(|&n| f(n, Root::Mem(id, "wmask")));
            }
        }
        for (id, check) in m.checks.iter() {
            if !matches!(check.kind, CheckKind::Claim { .. }) {
                check_nodes(m, &check.kind, |n| f(n, Root::Check(id)));
            }
        }
    }

    /// Marks what outputs, state, children, checks and the user's names need. A claim is checked where its node lives.
    fn liveness(&mut self) -> Vec<bool> {
        let m = self.m;
        let mut claims: FxHashMap<NodeId, Vec<CheckId>> = FxHashMap::default();
        for (id, check) in m.checks.iter() {
            match check.kind {
                CheckKind::Claim { claim, .. } => claims.entry(claim).or_default().push(id),
                CheckKind::InputRange(p) => self.check_live[at(id)] = !m.ports[p].ty.range().is_full(),
                CheckKind::NoCollision(mem) => self.check_live[at(id)] = self.has_mem(mem),
                _ => self.check_live[at(id)] = true,
            }
        }
        let mut live = vec![false; m.nodes.len()];
        let mut work: Vec<NodeId> = m.names.keys().copied().collect();
        self.roots(|n, _| work.push(n));
        while let Some(n) = work.pop() {
            if std::mem::replace(&mut live[at(n)], true) {
                continue;
            }
            if width(m.nodes[n].ty) > 0 {
                m.nodes[n].op.for_each_operand(|o| work.push(o));
            }
            for &check in claims.get(&n).into_iter().flatten() {
                self.check_live[at(check)] = true;
                check_nodes(m, &m.checks[check].kind, |o| work.push(o));
            }
        }
        live
    }

    /// Orders live nodes, wires and asynchronous reads, operands first. Returns which of them (as vertices) are reached
    /// from themselves; a verified design has none.
    fn sort(&mut self, live: &[bool]) -> FxHashSet<u32> {
        let m = self.m;
        let nodes = m.nodes.len() as u32;
        let first_read: Vec<u32> = {
            let mut next = nodes + m.wires.len() as u32;
            let mut first = |count: usize| {
                next += count as u32;
                next - count as u32
            };
            m.mems.values().map(|mem| first(mem.reads.len())).collect()
        };
        let item = |v: u32| -> Item {
            if v < nodes {
                Item::Node(NodeId(v))
            } else if v < nodes + m.wires.len() as u32 {
                Item::Wire(WireId(v - nodes))
            } else {
                let mem = first_read.partition_point(|&f| f <= v) - 1;
                Item::Read(MemId::new(mem), v - first_read[mem])
            }
        };
        let vertices = nodes as usize + m.wires.len() + m.mems.values().map(|mem| mem.reads.len()).sum::<usize>();
        let (mut seen, mut done) = (vec![false; vertices], vec![false; vertices]);
        let mut looped = FxHashSet::default();
        let mut stack: Vec<(u32, bool)> = Vec::new();
        for start in 0..vertices as u32 {
            let wanted = match item(start) {
                Item::Node(n) => live[at(n)],
                Item::Wire(w) => self.wire_base[at(w)] != NONE,
                Item::Read(mem, r) => self.has_mem(mem) && m.mems[mem].reads[r as usize].sync.is_none(),
            };
            if wanted {
                stack.push((start, false));
            }
            while let Some((v, leaving)) = stack.pop() {
                if leaving {
                    done[v as usize] = true;
                    self.order.push(item(v));
                    continue;
                }
                if std::mem::replace(&mut seen[v as usize], true) {
                    if !done[v as usize] {
                        looped.insert(v);
                    }
                    continue;
                }
                stack.push((v, true));
                let from = stack.len();
                match item(v) {
                    Item::Node(n) => match m.nodes[n].op {
                        _ if width(m.nodes[n].ty) == 0 => {}
                        Op::Wire(w) => stack.push((nodes + w.0, false)),
                        Op::MemRead { mem, port, .. } if m.mems[mem].reads[port as usize].sync.is_none() => {
                            stack.push((first_read[at(mem)] + port, false));
                        }
                        ref op => op.for_each_operand(|o| stack.push((o.0, false))),
                    },
                    Item::Wire(w) => block_nodes(&m.wires[w].driver, &mut |n, _| stack.push((n.0, false))),
                    Item::Read(mem, r) => stack.push((m.mems[mem].reads[r as usize].addr.0, false)),
                }
                stack[from..].reverse();
            }
        }
        looped
    }

    /// Gives every ordered node its form, and bases to those that need one.
    fn shape(&mut self, uses: &Uses, looped: &FxHashSet<u32>) {
        let nodes = self.m.nodes.len() as u32;
        let mut size = vec![Size::default(); self.m.nodes.len()];
        let mut dependents: Vec<(NodeId, Demand)> = Vec::new();
        for position in 0..self.order.len() {
            let n = match self.order[position] {
                Item::Node(n) => n,
                Item::Wire(w) => {
                    if looped.contains(&(nodes + w.0)) {
                        self.early.insert(self.wire_base[at(w)]);
                    }
                    continue;
                }
                Item::Read(..) => continue,
            };
            if let Some(value) = constant_result(self.m, n, |x| self.constant(x)) {
                self.form[at(n)] = Form::Const;
                if !matches!(self.m.nodes[n].op, Op::Const(_)) {
                    self.computed.insert(n, value);
                }
                continue;
            }
            dependents.clear();
            self.demands(n, |o, demand| dependents.push((o, demand)));
            for (o, demand) in &dependents {
                if self.form[at(*o)] == Form::Inline && self.needs_name(*o, demand) {
                    self.make_base(*o);
                }
            }
            let looped = looped.contains(&n.0);
            let user_named = self.m.names.contains_key(&n);
            if let Some(reference) = self.reference(n).filter(|_| !user_named && !looped) {
                self.form[at(n)] = reference;
                continue;
            }
            size[at(n)] = self.limit(n, &size);
            self.form[at(n)] = Form::Inline;
            let natural = self.natural(n).0;
            let alone = uses.count[at(n)] == 1 && uses.whole[at(n)] == natural && natural == self.width(n);
            let whole = match self.m.nodes[n].op {
                Op::Select(i, _) => self.is_long(i),
                _ => self.is_whole(n) && !alone,
            };
            let used = uses.count[at(n)];
            if user_named || looped || uses.forced[at(n)] || used > 1 || whole && used > 0 {
                self.make_base(n);
            }
            if looped {
                self.early.insert(self.node_base[at(n)]);
            }
        }
    }

    fn make_base(&mut self, n: NodeId) {
        // An operand can stand twice in one list.
        if self.node_base[at(n)] != NONE {
            return;
        }
        let (width, _) = self.natural(n);
        let base = match self.shown[at(n)] {
            port if port != NONE && width == self.width(n) => port,
            _ => self.base(width, self.m.nodes[n].ty.is_signed()),
        };
        self.node_base[at(n)] = base;
        self.form[at(n)] = Form::Ref { base, lo: 0 };
    }

    fn needs_name(&self, o: NodeId, demand: &Demand) -> bool {
        match demand {
            Demand::Any => false,
            Demand::Leaf => true,
            Demand::Width(w) => {
                let own = self.width(o);
                *w < own || *w > own && self.m.nodes[o].ty.is_signed()
            }
        }
    }

    /// Names the longest inline operands until the expression is short enough.
    fn limit(&mut self, n: NodeId, size: &[Size]) -> Size {
        let mut total = Size { operators: 1, characters: 4, depth: 0 };
        let mut inline: Vec<NodeId> = Vec::new();
        let mut count = 0;
        self.m.nodes[n].op.for_each_operand(|o| {
            count += 1;
            let characters = match self.form[at(o)] {
                Form::Inline => {
                    inline.push(o);
                    total.operators += size[at(o)].operators;
                    size[at(o)].characters
                }
                Form::Const => 5 + self.width(o) / 4,
                _ => 16,
            };
            total.characters += characters + 4;
        });
        // Long lists are broken over lines, so that only their parts must be short; nothing is written around them.
        if count > MAX_CHAIN {
            for o in inline.into_iter().filter(|o| size[at(*o)].operators > 2 || size[at(*o)].depth >= MAX_DEPTH) {
                self.make_base(o);
            }
            return Size { operators: MAX_OPERATORS, characters: MAX_CHARACTERS, depth: MAX_DEPTH };
        }
        inline.sort_by_key(|o| (size[at(*o)].characters, size[at(*o)].depth));
        let deepest = |inline: &[NodeId]| inline.iter().map(|o| size[at(*o)].depth).max().unwrap_or(0);
        while total.operators > MAX_OPERATORS || total.characters > MAX_CHARACTERS || deepest(&inline) >= MAX_DEPTH {
            let Some(o) = inline.pop() else { break };
            total.operators -= size[at(o)].operators;
            total.characters = total.characters - size[at(o)].characters + 16;
            self.make_base(o);
        }
        Size { depth: deepest(&inline) + 1, ..total }
    }

    /// True for the bases of ports, which come first.
    pub fn is_port(&self, base: u32) -> bool {
        base < self.ports
    }

    /// The width of a node in hardware.
    pub fn width(&self, n: NodeId) -> u32 {
        self.m.nodes[n].ty.width()
    }

    /// The value of a constant node that has been seen.
    pub fn constant(&self, n: NodeId) -> Option<Value> {
        if self.form[at(n)] != Form::Const {
            return None;
        }
        match &self.m.nodes[n].op {
            Op::Const(v) => Some(v.clone()),
            _ => self.computed.get(&n).cloned(),
        }
    }

    /// A constant shift amount, cut to something small.
    pub fn amount(&self, n: NodeId) -> Option<u32> {
        self.constant(n).map(|v| v.to_u64().map_or(1 << 20, |n| n.min(1 << 20) as u32))
    }

    /// True where a `Select` with this index has too many choices for a chain of comparisons.
    pub fn is_long(&self, index: NodeId) -> bool {
        let range = self.m.nodes[index].ty.range();
        range.count().to_u64().is_none_or(|n| n > MAX_CHAIN)
    }

    /// The least width in which the operator can be computed so that its result is the low bits, and whether signed.
    pub fn natural(&self, n: NodeId) -> (u32, bool) {
        let node = &self.m.nodes[n];
        let own = node.ty.width();
        match node.op {
            Op::Bin(BinOp::Div | BinOp::Rem, a, b) => {
                let (w, signed) = common(self.m.nodes[a].ty, self.m.nodes[b].ty);
                // Icarus 11 divides wide numbers wrongly where the top bit is 1: give it one that is 0.
                let spare = u32::from(!signed && w > 64);
                (w.max(own) + spare, signed)
            }
            Op::Bin(BinOp::Shr, a, b) if self.amount(b).is_none() => {
                (self.width(a).max(own), self.m.nodes[a].ty.is_signed())
            }
            _ => (own, node.ty.is_signed()),
        }
    }

    /// True for operators whose text is right only as a whole right-hand side.
    fn is_whole(&self, n: NodeId) -> bool {
        match self.m.nodes[n].op {
            Op::Bin(BinOp::Mul | BinOp::Div | BinOp::Rem, ..) => true,
            Op::Bin(BinOp::Shr, a, b) => {
                self.amount(b).is_none() && (self.m.nodes[a].ty.is_signed() || self.natural(n).0 != self.width(n))
            }
            _ => false,
        }
    }

    /// The node as bits of a base, where it is nothing else.
    fn reference(&self, n: NodeId) -> Option<Form> {
        let base = |base: u32| Some(Form::Ref { base, lo: 0 }).filter(|_| base != NONE);
        let own = self.width(n);
        match self.m.nodes[n].op {
            Op::Input(p) => base(self.port_base[at(p)]),
            Op::Reg(r) => base(self.reg_base[at(r)]),
            Op::Wire(w) => base(self.wire_base[at(w)]),
            Op::Inst(i, p) => {
                let outputs = &self.inst_base[at(i)];
                outputs.binary_search_by_key(&p, |o| o.0).ok().and_then(|k| base(outputs[k].1))
            }
            Op::MemRead { mem, port, field } => {
                let base = *self.read_base[at(mem)].get(port as usize)?;
                let lo = self.m.mems[mem].fields[..field as usize].iter().map(|f| width(f.ty)).sum();
                Some(Form::Ref { base, lo })
            }
            Op::Un(UnOp::ToBits | UnOp::ToUint | UnOp::ToSint, a) => self.bits(a, 0, own),
            Op::Un(UnOp::Wrap | UnOp::Claim | UnOp::Refine, a) => self.bits(a, 0, own),
            Op::Slice(a, lo) => self.bits(a, lo, own),
            Op::Bin(BinOp::Shr, a, b) => self.bits(a, self.shift_right(a, b)?, own),
            _ => None,
        }
    }

    /// The lowest bit that a constant right shift of `a` leaves.
    pub fn shift_right(&self, a: NodeId, amount: NodeId) -> Option<u32> {
        let k = self.amount(amount)?;
        Some(if self.m.nodes[a].ty.is_signed() { k.min(self.width(a) - 1) } else { k })
    }

    fn bits(&self, a: NodeId, from: u32, count: u32) -> Option<Form> {
        match self.form[at(a)] {
            Form::Ref { base, lo } if from + count <= self.width(a) => Some(Form::Ref { base, lo: lo + from }),
            _ => None,
        }
    }

    /// What the text of `n` asks of its operands' texts.
    fn demands(&self, n: NodeId, mut f: impl FnMut(NodeId, Demand)) {
        use Demand::{Any, Leaf, Width};
        let node = &self.m.nodes[n];
        let own = node.ty.width();
        let ty = |x: NodeId| self.m.nodes[x].ty;
        let amount = |s: NodeId| if self.width(s) > super::expr::MAX_AMOUNT { Leaf } else { Any };
        match &node.op {
            Op::Const(_) | Op::Input(_) | Op::Reg(_) | Op::Wire(_) => {}
            Op::MemRead { .. } | Op::Matvec { .. } | Op::Inst(..) => {}
            Op::Un(op, a) => match op {
                UnOp::Abs if ty(*a).is_signed() => f(*a, Leaf),
                UnOp::PopCount => f(*a, Leaf),
                UnOp::ReduceAnd | UnOp::ReduceOr | UnOp::ReduceXor => f(*a, Any),
                _ => f(*a, Width(own)),
            },
            Op::Bin(op, a, b) => match op {
                BinOp::Add | BinOp::Sub | BinOp::And | BinOp::Or | BinOp::Xor => {
                    f(*a, Width(own));
                    f(*b, Width(own));
                }
                BinOp::Mul | BinOp::Min | BinOp::Max => {
                    f(*a, Leaf);
                    f(*b, Leaf);
                }
                BinOp::Div | BinOp::Rem => f(*a, Width(self.natural(n).0)),
                BinOp::Eq | BinOp::Ne | BinOp::Lt | BinOp::Le => {
                    let (w, _) = common(ty(*a), ty(*b));
                    f(*a, Width(w));
                    f(*b, Width(w));
                }
                BinOp::Shl => match self.amount(*b) {
                    Some(k) => f(*a, Width(own.saturating_sub(k).max(1))),
                    None => {
                        f(*a, Width(own));
                        f(*b, amount(*b));
                    }
                },
                BinOp::Shr if self.amount(*b).is_some() => f(*a, Leaf),
                BinOp::Shr => {
                    f(*a, Width(self.natural(n).0));
                    f(*b, amount(*b));
                }
            },
            Op::Mux(c, a, b) => {
                f(*c, Any);
                f(*a, Width(own));
                f(*b, Width(own));
            }
            Op::Select(i, xs) => {
                f(*i, Leaf);
                xs.iter().for_each(|x| f(*x, Width(own)));
            }
            Op::Slice(a, lo) => f(*a, if *lo == 0 { Width(own) } else { Leaf }),
            Op::Concat(xs) => xs.iter().for_each(|x| f(*x, Any)),
        }
    }

    /// The only value that drives `wire`, where nothing chooses.
    pub fn single_driver(&self, wire: WireId) -> Option<NodeId> {
        match self.m.wires[wire].driver.as_slice() {
            [Stmt::Set { value, .. }] => Some(*value),
            _ => None,
        }
    }
}

/// A rough measure of an expression's text.
#[derive(Clone, Copy, Default)]
struct Size {
    operators: u32,
    characters: u32,
    depth: u32,
}

/// The choices of a `Select` that its index can reach.
pub(crate) fn reached(index: Ty, choices: &[NodeId]) -> &[NodeId] {
    let range = index.range().intersect(uint(32)).unwrap_or(uint(0));
    let (lo, hi) = (range.lo().to_usize().unwrap_or(0), range.hi().to_usize().unwrap_or(0));
    &choices[lo.min(choices.len())..choices.len().min(hi.saturating_add(1))]
}
