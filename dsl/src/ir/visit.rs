//! Walks over the places where a module uses its nodes: operands of nodes, decision trees, and everything else that
//! refers to a [`NodeId`].

use super::{CheckKind, Module, Op, Stmt};
use crate::ids::NodeId;

/// How deep `when` and `switch` nest at most.
pub const MAX_NESTING: usize = 500;

impl Op {
    /// Calls `f` with each operand in order.
    pub fn for_each_operand(&self, mut f: impl FnMut(NodeId)) {
        match self {
            Op::Const(_) | Op::Input(_) | Op::Reg(_) | Op::Wire(_) => {}
            Op::MemRead { .. } | Op::Matvec { .. } | Op::Inst(..) => {}
            Op::Un(_, x) | Op::Slice(x, _) => f(*x),
            Op::Bin(_, a, b) => {
                f(*a);
                f(*b);
            }
            Op::Mux(c, a, b) => {
                f(*c);
                f(*a);
                f(*b);
            }
            Op::Select(i, xs) => {
                f(*i);
                xs.iter().for_each(|&x| f(x));
            }
            Op::Concat(xs) => xs.iter().for_each(|&x| f(x)),
        }
    }

    /// Replaces each operand in order.
    pub fn map_operands(&mut self, mut f: impl FnMut(NodeId) -> NodeId) {
        self.for_each_operand_mut(|x| *x = f(*x));
    }

    /// Calls `f` with each operand in order, mutable.
    pub fn for_each_operand_mut(&mut self, mut f: impl FnMut(&mut NodeId)) {
        match self {
            Op::Const(_) | Op::Input(_) | Op::Reg(_) | Op::Wire(_) => {}
            Op::MemRead { .. } | Op::Matvec { .. } | Op::Inst(..) => {}
            Op::Un(_, x) | Op::Slice(x, _) => f(x),
            Op::Bin(_, a, b) => {
                f(a);
                f(b);
            }
            Op::Mux(c, a, b) => {
                f(c);
                f(a);
                f(b);
            }
            Op::Select(i, xs) => {
                f(i);
                xs.iter_mut().for_each(f);
            }
            Op::Concat(xs) => xs.iter_mut().for_each(f),
        }
    }
}

/// Calls `f` with every node that a decision tree uses: values, conditions and subjects, in order.
pub fn for_each_in_block(block: &[Stmt], f: &mut dyn FnMut(NodeId)) {
    for stmt in block {
        match stmt {
            Stmt::Set { value, .. } => f(*value),
            Stmt::When { arms, otherwise, .. } => {
                for (condition, body) in arms {
                    f(*condition);
                    for_each_in_block(body, f);
                }
                for_each_in_block(otherwise, f);
            }
            Stmt::Switch { subject, arms, default, .. } => {
                f(*subject);
                for (_, body) in arms {
                    for_each_in_block(body, f);
                }
                for_each_in_block(default, f);
            }
        }
    }
}

/// Calls `f` with every node that a decision tree uses, mutable.
pub fn for_each_in_block_mut(block: &mut [Stmt], f: &mut dyn FnMut(&mut NodeId)) {
    for stmt in block {
        match stmt {
            Stmt::Set { value, .. } => f(value),
            Stmt::When { arms, otherwise, .. } => {
                for (condition, body) in arms {
                    f(condition);
                    for_each_in_block_mut(body, f);
                }
                for_each_in_block_mut(otherwise, f);
            }
            Stmt::Switch { subject, arms, default, .. } => {
                f(subject);
                for (_, body) in arms {
                    for_each_in_block_mut(body, f);
                }
                for_each_in_block_mut(default, f);
            }
        }
    }
}

/// Calls `f` with every value that a decision tree sets, in order.
pub fn for_each_set(block: &[Stmt], f: &mut dyn FnMut(NodeId)) {
    for stmt in block {
        match stmt {
            Stmt::Set { value, .. } => f(*value),
            Stmt::When { arms, otherwise, .. } => {
                arms.iter().for_each(|(_, body)| for_each_set(body, f));
                for_each_set(otherwise, f);
            }
            Stmt::Switch { arms, default, .. } => {
                arms.iter().for_each(|(_, body)| for_each_set(body, f));
                for_each_set(default, f);
            }
        }
    }
}

/// Calls `f` with every value that a decision tree sets, mutable.
pub fn for_each_set_mut(block: &mut [Stmt], f: &mut dyn FnMut(&mut NodeId)) {
    for stmt in block {
        match stmt {
            Stmt::Set { value, .. } => f(value),
            Stmt::When { arms, otherwise, .. } => {
                arms.iter_mut().for_each(|(_, body)| for_each_set_mut(body, f));
                for_each_set_mut(otherwise, f);
            }
            Stmt::Switch { arms, default, .. } => {
                arms.iter_mut().for_each(|(_, body)| for_each_set_mut(body, f));
                for_each_set_mut(default, f);
            }
        }
    }
}

impl CheckKind {
    /// Calls `f` with each node of the check.
    pub fn for_each_node(&self, mut f: impl FnMut(NodeId)) {
        match self {
            CheckKind::Assert(x) | CheckKind::Assume(x) | CheckKind::Cover(x) => f(*x),
            CheckKind::Claim { claim, enable } => {
                f(*claim);
                enable.iter().for_each(|&x| f(x));
            }
            CheckKind::InputRange(_) | CheckKind::NoCollision(_) => {}
            CheckKind::Stable { valid, ready, payload } => {
                f(*valid);
                f(*ready);
                payload.iter().for_each(|&x| f(x));
            }
        }
    }

    /// Calls `f` with each node of the check, mutable.
    pub fn for_each_node_mut(&mut self, mut f: impl FnMut(&mut NodeId)) {
        match self {
            CheckKind::Assert(x) | CheckKind::Assume(x) | CheckKind::Cover(x) => f(x),
            CheckKind::Claim { claim, enable } => {
                f(claim);
                enable.iter_mut().for_each(f);
            }
            CheckKind::InputRange(_) | CheckKind::NoCollision(_) => {}
            CheckKind::Stable { valid, ready, payload } => {
                f(valid);
                f(ready);
                payload.iter_mut().for_each(f);
            }
        }
    }
}

impl Module {
    /// Calls `f` with each node from which the value of `op`, an operator of this module, is computed: its operands, and the
    /// inputs that a sum of a matrix-vector product has weights for. What lies behind registers, wires, memories and
    /// children is not among them.
    pub fn for_each_operand(&self, op: &Op, mut f: impl FnMut(NodeId)) {
        match op {
            Op::Matvec { matvec, output } => {
                let matvec = &self.matvecs[*matvec];
                let weights = &matvec.outputs[*output as usize].weights;
                weights.iter().for_each(|(i, _)| f(matvec.input(*output as usize, *i)));
            }
            op => op.for_each_operand(f),
        }
    }

    /// Calls `f` with every use of a node outside of the nodes: drivers of outputs, decision trees, memory ports, inputs
    /// of matrix-vector products and of children, and checks. Names are not uses.
    pub fn for_each_use(&self, mut f: impl FnMut(NodeId)) {
        self.regs.values().for_each(|r| for_each_in_block(&r.next, &mut f));
        self.for_each_use_but_registers(f);
    }

    /// As [`for_each_use`](Module::for_each_use), without what registers take.
    pub(crate) fn for_each_use_but_registers(&self, mut f: impl FnMut(NodeId)) {
        self.ports.values().filter_map(|p| p.driver).for_each(&mut f);
        self.wires.values().for_each(|w| for_each_in_block(&w.driver, &mut f));
        for mem in self.mems.values() {
            for read in &mem.reads {
                f(read.addr);
                read.enable.iter().for_each(|&x| f(x));
            }
            for write in &mem.writes {
                f(write.addr);
                write.data.iter().for_each(|&x| f(x));
                f(write.enable);
                write.mask.iter().for_each(|&x| f(x));
            }
        }
        self.matvecs.values().for_each(|m| m.nodes().for_each(&mut f));
        self.insts.values().for_each(|i| i.inputs.iter().for_each(|&(_, x)| f(x)));
        self.checks.values().for_each(|c| c.kind.for_each_node(&mut f));
    }

    /// Calls `f` with every use of a node outside of the nodes, mutable.
    pub fn for_each_use_mut(&mut self, mut f: impl FnMut(&mut NodeId)) {
        self.ports.values_mut().filter_map(|p| p.driver.as_mut()).for_each(&mut f);
        self.wires.values_mut().for_each(|w| for_each_in_block_mut(&mut w.driver, &mut f));
        self.regs.values_mut().for_each(|r| for_each_in_block_mut(&mut r.next, &mut f));
        for mem in self.mems.values_mut() {
            for read in &mut mem.reads {
                f(&mut read.addr);
                read.enable.iter_mut().for_each(&mut f);
            }
            for write in &mut mem.writes {
                f(&mut write.addr);
                write.data.iter_mut().for_each(&mut f);
                f(&mut write.enable);
                write.mask.iter_mut().for_each(&mut f);
            }
        }
        self.matvecs.values_mut().for_each(|m| m.nodes_mut().for_each(&mut f));
        self.insts.values_mut().for_each(|i| i.inputs.iter_mut().for_each(|(_, x)| f(x)));
        self.checks.values_mut().for_each(|c| c.kind.for_each_node_mut(&mut f));
    }
}
