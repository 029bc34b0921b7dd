//! The registers of products with stages.

use super::lower::Later;
use crate::ids::{Arena, Id, NodeId, PlaceId, RegId};
use crate::ir::visit::for_each_in_block;
use crate::ir::{Block, Crossing, Format, Module, Op, Reg, Stmt};
use crate::pass::name::Namespace;
use crate::pass::rewrite::{Live, compact};
use crate::ty::Ty;
use crate::value::Value;

/// The registers of a module, and what new ones need.
pub(super) struct Registers {
    pub regs: Arena<RegId, Reg>,
    /// By register, those in front of products; true only where there is one.
    pub in_front: Vec<bool>,
    names: Namespace<'static>,
    seq: u32,
}

impl Registers {
    /// Takes those of `m`.
    pub fn new(m: &mut Module) -> Registers {
        let regs = std::mem::take(&mut m.regs);
        let mut in_front = vec![false; regs.len()];
        let mut names = Namespace::default();
        let mut seq = 0;
        if m.matvecs.values().any(|m| m.pipeline.is_some()) {
            regs.values().for_each(|r| drop(names.claim(r.name.clone())));
            let trees = regs.values().map(|r| &r.next).chain(m.wires.values().map(|w| &w.driver));
            seq = trees.filter_map(last_seq).max().unwrap_or(0);
            for later in m.matvecs.values().filter_map(|m| m.pipeline.as_ref()).flat_map(|p| &p.inputs) {
                for &x in &later.1 {
                    if let Op::Reg(reg) = m.nodes[x].op {
                        in_front[reg.index()] = true;
                    }
                }
            }
        }
        Registers { regs, in_front, names, seq }
    }

    /// The register for a word, with what it holds at power-up.
    pub fn push(&mut self, later: &Later<'_>, first: Value, place: PlaceId) -> RegId {
        let (base, domain) = later.m.pipeline.as_ref().map_or(("pipe", Id::new(0)), |p| (&p.name, p.domain));
        let name = self.names.claim(format!("{base}_s{}", later.stage)).into_owned();
        let ty = Ty::Int(later.range());
        self.seq += 1;
        self.regs.push(Reg {
            name,
            ty,
            format: Format::Plain,
            domain,
            crossing: Crossing::No,
            reset: None,
            init: (first != ty.power_up()).then_some(first),
            next: vec![Stmt::Set { seq: self.seq, value: later.word, place }],
            place,
        })
    }
}

/// The last number in a tree, in which they rise.
fn last_seq(block: &Block) -> Option<u32> {
    let mut block = block;
    let mut last = None;
    while let Some(stmt) = block.last() {
        let inner = match stmt {
            Stmt::Set { .. } => None,
            Stmt::When { arms, otherwise, .. } => {
                [otherwise].into_iter().chain(arms.iter().map(|a| &a.1).rev()).find(|b| !b.is_empty())
            }
            Stmt::Switch { arms, default, .. } => {
                [default].into_iter().chain(arms.iter().map(|a| &a.1).rev()).find(|b| !b.is_empty())
            }
        };
        let (Stmt::Set { seq, .. } | Stmt::When { seq, .. } | Stmt::Switch { seq, .. }) = stmt;
        last = Some(*seq);
        match inner {
            Some(inner) => block = inner,
            None => break,
        }
    }
    last
}

/// Drops of the registers given those that nothing reads, but for others of them.
pub(super) fn drop_unread(m: &mut Module, given: &[bool]) {
    if !given.contains(&true) {
        return;
    }
    let is_given = |reg: RegId| given.get(reg.index()).is_some_and(|&given| given);
    let mut live = Live::everything(m, true);
    m.regs.ids().for_each(|r| live.regs[r.index()] = !is_given(r));
    live.nodes.fill(false);
    let mut open: Vec<NodeId> = m.names.keys().copied().collect();
    let kept = m.regs.iter().filter(|(r, _)| !is_given(*r)).map(|(_, r)| &r.next);
    kept.for_each(|next| for_each_in_block(next, &mut |x| open.push(x)));
    m.for_each_use_but_registers(|x| open.push(x));
    while let Some(x) = open.pop() {
        if std::mem::replace(&mut live.nodes[x.index()], true) {
            continue;
        }
        match m.nodes[x].op {
            Op::Reg(r) if !std::mem::replace(&mut live.regs[r.index()], true) => {
                for_each_in_block(&m.regs[r].next, &mut |x| open.push(x));
            }
            ref op => op.for_each_operand(|x| open.push(x)),
        }
    }
    compact(m, &live);
}
