//! What passes share: walking modules in the order of computation, replacing nodes everywhere, and renumbering what is
//! left.
//!
//! A pass edits a module in place: it changes nodes, appends new ones, and says in a map which node stands for which.
//! [`substitute`] and [`compact`] then make the module whole again.

use crate::ids::{Arena, CheckId, Id, InstId, MatvecId, MemId, NodeId, PlaceId, RegId, WireId};
use crate::ir::order::{Item, Summaries, Summary, order, summarise};
use crate::ir::{CheckKind, Design, Module, Node, Op, UnOp, rules};
use crate::ty::{IntTy, Ty};
use crate::value::Value;

/// Calls `f` with each module that has no combinational loop, and its items in the order of computation.
pub fn each_module(design: &mut Design, mut f: impl FnMut(&mut Module, &[Item])) {
    let mut summaries = Summaries::new();
    for m in design.modules.values_mut() {
        match order(m, &summaries) {
            Ok(order) => {
                summaries.push(summarise(m, &order, &summaries));
                f(m, &order);
            }
            Err(_) => {
                summaries.push(Summary { depends: vec![Vec::new(); m.ports.len()] });
            }
        }
    }
}

/// Puts `map[x]` in the place of each use of `x`, but for the claims that checks name. Entries of the map are final.
pub fn substitute(m: &mut Module, map: &[NodeId]) {
    for node in m.nodes.values_mut() {
        node.op.map_operands(|x| map[x.index()]);
    }
    substitute_uses(m, map);
}

/// As [`substitute`], for uses outside of the nodes.
pub fn substitute_uses(m: &mut Module, map: &[NodeId]) {
    let claims: Vec<Option<NodeId>> = m
        .checks
        .values()
        .map(|c| match c.kind {
            CheckKind::Claim { claim, .. } => Some(claim),
            _ => None,
        })
        .collect();
    m.for_each_use_mut(|x| *x = map[x.index()]);
    for (check, kept) in m.checks.values_mut().zip(claims) {
        if let (CheckKind::Claim { claim, .. }, Some(kept)) = (&mut check.kind, kept) {
            *claim = kept;
        }
    }
}

/// Gives `from` up for `to`: a name that `from` has goes over to `to` where that is as good a place for it. False where
/// the name has to stay, so that `from` must be kept.
pub fn pass_name(m: &mut Module, from: NodeId, to: NodeId) -> bool {
    if !m.names.contains_key(&from) {
        return true;
    }
    let target = &m.nodes[to];
    let has_own =
        matches!(target.op, Op::Const(_) | Op::Input(_) | Op::Reg(_) | Op::Wire(_) | Op::MemRead { .. } | Op::Inst(..));
    if has_own || m.names.contains_key(&to) || target.ty != m.nodes[from].ty {
        return false;
    }
    if let Some(name) = m.names.remove(&from) {
        m.names.insert(to, name);
        m.nodes[to].place = m.nodes[from].place;
    }
    true
}

/// The type that the rules give an operator at its present operands; `None` where the type is chosen or declared, and
/// where the operands are wrong.
pub fn result(m: &Module, op: &Op) -> Option<Ty> {
    let ty = |x: NodeId| m.nodes[x].ty;
    match op {
        Op::Un(op, x) => rules::unary(*op, ty(*x))?.ok(),
        Op::Bin(op, a, b) => rules::binary(*op, ty(*a), ty(*b), ty(*b).as_constant().as_ref()).ok(),
        Op::Mux(c, a, b) => rules::mux(ty(*c), ty(*a), ty(*b)).ok(),
        Op::Select(i, xs) => {
            let index = ty(*i).as_int()?;
            let (lo, hi) = (index.lo().to_usize()?, index.hi().to_usize()?);
            let reached = xs.get(lo..=hi)?;
            let mut hull = ty(reached[0]);
            for &x in &reached[1..] {
                hull = rules::choice(hull, ty(x)).ok()?;
            }
            Some(hull)
        }
        Op::Matvec { matvec, output } => {
            let matvec = m.matvecs.get(*matvec)?;
            let sum = matvec.outputs.get(*output as usize)?;
            Some(Ty::Int(sum.range(|i| ty(matvec.input(*output as usize, i)).range())))
        }
        _ => None,
    }
}

/// Shrinks the type of a node to what the rules give its present operands. Where nothing would be left, which only a
/// failed claim can bring about, the node becomes a constant.
pub fn retype(m: &mut Module, id: NodeId) {
    let node = &m.nodes[id];
    let (Ty::Int(old), Some(Ty::Int(new))) = (node.ty, result(m, &node.op)) else {
        return;
    };
    if old.fits(new) {
        return;
    }
    match old.intersect(new) {
        Some(ty) => m.nodes[id].ty = Ty::Int(ty),
        None => {
            let v = old.nearest_zero();
            m.nodes[id].ty = Ty::Int(IntTy::constant(v.clone()));
            m.nodes[id].op = Op::Const(v);
        }
    }
}

/// The word of `width` bits that spells the integer `x`, whose type may have become narrower than that; `make` makes the
/// nodes that are needed on the way.
pub fn to_bits(m: &mut Module, x: NodeId, width: u32, make: &mut dyn FnMut(&mut Module, Op, Ty) -> NodeId) -> Op {
    let ty = m.nodes[x].ty;
    let from = ty.width();
    if from >= width {
        return Op::Un(UnOp::ToBits, x);
    }
    if from == 0 {
        return Op::Const(Value::ZERO);
    }
    let low = make(m, Op::Un(UnOp::ToBits, x), Ty::Bits(from));
    if !ty.is_signed() {
        let zeros = make(m, Op::Const(Value::ZERO), Ty::Bits(width - from));
        return Op::Concat([zeros, low].into());
    }
    let sign = make(m, Op::Slice(low, from - 1), Ty::BOOL);
    let mut parts = vec![sign; (width - from) as usize];
    parts.push(low);
    Op::Concat(parts.into())
}

/// Puts `map[x]` in the place of each operand `x` of a node; where the node is a sum of a matrix-vector product, in the
/// place of each input of that. Entries of the map are final for what is mapped.
pub fn map_operands(m: &mut Module, n: NodeId, map: &[NodeId]) {
    let op = &mut m.nodes[n].op;
    match op {
        Op::Matvec { matvec, .. } => m.matvecs[*matvec].nodes_mut().for_each(|x| *x = map[x.index()]),
        op => op.map_operands(|x| map[x.index()]),
    }
}

/// Appends a node.
pub fn push(m: &mut Module, op: Op, ty: Ty, place: PlaceId) -> NodeId {
    m.nodes.push(Node { op, ty, place })
}

/// What stays in a module.
#[derive(Clone, Debug)]
pub struct Live {
    /// By node.
    pub nodes: Vec<bool>,
    /// By register.
    pub regs: Vec<bool>,
    /// By wire.
    pub wires: Vec<bool>,
    /// By memory.
    pub mems: Vec<bool>,
    /// By memory and read port.
    pub reads: Vec<Vec<bool>>,
    /// By matrix-vector product.
    pub matvecs: Vec<bool>,
    /// By instance.
    pub insts: Vec<bool>,
    /// By check.
    pub checks: Vec<bool>,
}

impl Live {
    /// The same for everything.
    pub fn everything(m: &Module, live: bool) -> Live {
        Live {
            nodes: vec![live; m.nodes.len()],
            regs: vec![live; m.regs.len()],
            wires: vec![live; m.wires.len()],
            mems: vec![live; m.mems.len()],
            reads: m.mems.values().map(|mem| vec![live; mem.reads.len()]).collect(),
            matvecs: vec![live; m.matvecs.len()],
            insts: vec![live; m.insts.len()],
            checks: vec![live; m.checks.len()],
        }
    }
}

/// Drops the nodes without a name that nothing uses.
pub fn sweep(m: &mut Module) {
    let mut live = Live::everything(m, true);
    live.nodes = vec![false; m.nodes.len()];
    let mut open: Vec<NodeId> = Vec::new();
    let mut mark = |x: NodeId, open: &mut Vec<NodeId>| {
        if !std::mem::replace(&mut live.nodes[x.index()], true) {
            open.push(x);
        }
    };
    m.for_each_use(|x| mark(x, &mut open));
    m.names.keys().for_each(|&x| mark(x, &mut open));
    while let Some(x) = open.pop() {
        m.nodes[x].op.for_each_operand(|x| mark(x, &mut open));
    }
    compact(m, &live);
}

/// The new ids of what stays.
struct Renumber<K>(Vec<Option<K>>);

impl<K: Id> Renumber<K> {
    fn new(live: &[bool]) -> Self {
        let mut next = 0;
        let new = live.iter().map(|&keep| {
            keep.then(|| {
                next += 1;
                K::new(next - 1)
            })
        });
        Renumber(new.collect())
    }
    /// What stays uses only what stays, so that there is a new id.
    fn of(&self, id: K) -> K {
        self.0[id.index()].unwrap_or(id)
    }
}

fn retain<K: Id, V>(arena: &mut Arena<K, V>, live: &[bool]) {
    if live.iter().all(|&l| l) {
        return;
    }
    let old = std::mem::take(arena);
    *arena = old.into_values().zip(live).filter_map(|(v, &keep)| keep.then_some(v)).collect();
}

/// Drops what is not live and closes the gaps in the numbering. What is live uses nothing that is not.
pub fn compact(m: &mut Module, live: &Live) {
    let nodes: Renumber<NodeId> = Renumber::new(&live.nodes);
    let regs: Renumber<RegId> = Renumber::new(&live.regs);
    let wires: Renumber<WireId> = Renumber::new(&live.wires);
    let mems: Renumber<MemId> = Renumber::new(&live.mems);
    let matvecs: Renumber<MatvecId> = Renumber::new(&live.matvecs);
    let insts: Renumber<InstId> = Renumber::new(&live.insts);
    let reads: Vec<Renumber<NodeId>> = live.reads.iter().map(|l| Renumber::new(l)).collect();
    retain::<NodeId, _>(&mut m.nodes, &live.nodes);
    retain::<RegId, _>(&mut m.regs, &live.regs);
    retain::<WireId, _>(&mut m.wires, &live.wires);
    m.reset_wires.values_mut().for_each(|w| *w = wires.of(*w));
    for (mem, live) in m.mems.values_mut().zip(&live.reads) {
        let mut live = live.iter();
        mem.reads.retain(|_| live.next().is_none_or(|&l| l));
    }
    retain::<MemId, _>(&mut m.mems, &live.mems);
    retain::<MatvecId, _>(&mut m.matvecs, &live.matvecs);
    retain::<InstId, _>(&mut m.insts, &live.insts);
    retain::<CheckId, _>(&mut m.checks, &live.checks);
    for node in m.nodes.values_mut() {
        match &mut node.op {
            Op::Reg(x) => *x = regs.of(*x),
            Op::Wire(x) => *x = wires.of(*x),
            Op::Inst(x, _) => *x = insts.of(*x),
            Op::Matvec { matvec, .. } => *matvec = matvecs.of(*matvec),
            Op::MemRead { mem, port, .. } => {
                *port = reads[mem.index()].of(NodeId(*port)).0;
                *mem = mems.of(*mem);
            }
            op => op.map_operands(|x| nodes.of(x)),
        }
    }
    m.for_each_use_mut(|x| *x = nodes.of(*x));
    for check in m.checks.values_mut() {
        if let CheckKind::NoCollision(mem) = &mut check.kind {
            *mem = mems.of(*mem);
        }
    }
    let names = std::mem::take(&mut m.names);
    m.names = names.into_iter().filter(|(id, _)| live.nodes[id.index()]).map(|(id, n)| (nodes.of(id), n)).collect();
}
