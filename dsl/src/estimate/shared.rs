//! Nodes and registers of a module that are the same, as a synthesiser finds them.

use std::collections::HashMap;

use crate::ids::{DomainId, Id, NodeId, RegId};
use crate::ir::visit::for_each_in_block;
use crate::ir::{Module, Op, Reg, Stmt};
use crate::ty::Ty;
use crate::value::Value;

/// What is the same, and how often each is read.
pub struct Shared {
    of: Vec<NodeId>,
    readers: Vec<u32>,
}

/// What makes two nodes equal: operator and operands, or what a register takes, when, and its reset.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Node(Op, Ty),
    Reg(NodeId, Option<NodeId>, Ty, DomainId, Option<Value>),
}

/// The value that a register takes, and the condition, where there is no more to it.
pub fn simple(reg: &Reg) -> Option<(NodeId, Option<NodeId>)> {
    match &reg.next[..] {
        [Stmt::Set { value, .. }] => Some((*value, None)),
        [Stmt::When { arms, otherwise, .. }] if otherwise.is_empty() => match &arms[..] {
            [(condition, body)] => match body[..] {
                [Stmt::Set { value, .. }] => Some((value, Some(*condition))),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

impl Shared {
    /// The one that stands for a node.
    pub fn of(&self, n: NodeId) -> NodeId {
        self.of[n.index()]
    }

    /// How often it is read by what an output depends on; checks do not count, as they are no hardware.
    pub fn readers(&self, n: NodeId) -> u32 {
        self.readers[n.index()]
    }

    pub fn new(module: &Module) -> Shared {
        let mut finder = Finder {
            module,
            state: vec![State::New; module.nodes.len()],
            of: module.nodes.ids().collect(),
            readers: vec![0; module.nodes.len()],
            known: HashMap::new(),
        };
        // Ports, children and memories read; registers where something reads them.
        let mut read = Vec::new();
        read.extend(module.ports.values().filter_map(|p| p.driver));
        read.extend(module.insts.values().flat_map(|i| &i.inputs).map(|(_, n)| *n));
        for mem in module.mems.values() {
            read.extend(mem.reads.iter().flat_map(|p| [Some(p.addr), p.enable]).flatten());
            for p in &mem.writes {
                read.extend([p.addr, p.enable].iter().chain(&p.data).chain(&p.mask));
            }
        }
        read.extend(module.reset_wires.values().flat_map(|w| {
            let mut nodes = Vec::new();
            for_each_in_block(&module.wires[*w].driver, &mut |n| nodes.push(n));
            nodes
        }));
        for n in read {
            finder.walk(n);
            finder.readers[finder.of[n.index()].index()] += 1;
        }
        Shared { of: finder.of, readers: finder.readers }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

struct Finder<'m> {
    module: &'m Module,
    state: Vec<State>,
    of: Vec<NodeId>,
    readers: Vec<u32>,
    known: HashMap<Key, NodeId>,
}

impl Finder<'_> {
    fn reads(&self, n: NodeId) -> Vec<NodeId> {
        let mut reads = Vec::new();
        match self.module.nodes[n].op {
            Op::Reg(r) => for_each_in_block(&self.module.regs[r].next, &mut |n| reads.push(n)),
            Op::Wire(w) => for_each_in_block(&self.module.wires[w].driver, &mut |n| reads.push(n)),
            ref op => op.for_each_operand(|x| reads.push(x)),
        }
        reads
    }

    fn walk(&mut self, root: NodeId) {
        let mut way = vec![root];
        while let Some(&n) = way.last() {
            match self.state[n.index()] {
                State::New => {
                    self.state[n.index()] = State::Open;
                    let reads = self.reads(n);
                    way.extend(reads.into_iter().filter(|x| self.state[x.index()] == State::New));
                }
                State::Open => {
                    self.finish(n);
                    self.state[n.index()] = State::Done;
                    way.pop();
                }
                State::Done => drop(way.pop()),
            }
        }
    }

    fn finish(&mut self, n: NodeId) {
        let node = &self.module.nodes[n];
        let one = match node.op {
            Op::Reg(r) => self.register_key(r, node.ty),
            ref op => {
                let mut op = op.clone();
                op.map_operands(|x| self.of[x.index()]);
                if let Op::Bin(kind, a, b) = &mut op
                    && kind.commutes()
                    && *a > *b
                {
                    std::mem::swap(a, b);
                }
                Key::Node(op, node.ty)
            }
        };
        let first = *self.known.entry(one).or_insert(n);
        self.of[n.index()] = first;
        if first == n {
            for x in self.reads(n) {
                self.readers[self.of[x.index()].index()] += 1;
            }
        }
    }

    /// In a ring of registers, one whose input is not known yet is only like itself.
    fn register_key(&self, r: RegId, ty: Ty) -> Key {
        let reg = &self.module.regs[r];
        let done = |n: NodeId| self.state[n.index()] == State::Done;
        match simple(reg) {
            Some((value, enable)) if done(value) && enable.is_none_or(done) => {
                let enable = enable.map(|e| self.of[e.index()]);
                Key::Reg(self.of[value.index()], enable, reg.ty, reg.domain, reg.reset.clone())
            }
            _ => Key::Node(Op::Reg(r), ty),
        }
    }
}
