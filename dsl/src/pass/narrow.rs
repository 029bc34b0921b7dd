//! `narrow`: shrinks the ranges of nodes, wires and registers to what values can reach.
//!
//! Ranges are computed from constants, ports and what registers hold at first, and grow along the operators until
//! nothing changes. What keeps growing is given room in steps, up to its declared type, so that this ends soon; what was
//! given too much is then taken back. Registers that would give it back bit by bit keep their types, and so does what is
//! computed from them. A refinement's range holds where it is selected, and only
//! there. Words keep their types, but those with one possible value become constants. Ports, memories and children keep
//! theirs.
//!
//! ```
//! use gatewright_dsl::{ir::{parse::parse, print::print_without_places}, pass};
//!
//! let mut design = parse("
//!     design top module0
//!     module module0 m {
//!       domain domain0 clk
//!       output port0 y: 0..=255 = %0
//!       %0: 0..=255 = reg0
//!       %1: 1..=1 = const 1
//!       %2: 1..=256 = add %0 %1
//!       %3: 9..=9 = const 9
//!       %4: 1..=9 = min %2 %3
//!       reg reg0 count: 0..=255 domain0 reset 0 { #0 set %4 }
//!     }")?;
//! pass::narrow::run(&mut design);
//! assert_eq!(print_without_places(&design), "design top module0
//!
//! module module0 m {
//!   domain domain0 clk
//!   output port0 y: 0..=255 = %0
//!   %0: 0..=9 = reg0
//!   %1: 1..=1 = const 1
//!   %2: 1..=10 = add %0 %1
//!   %3: 9..=9 = const 9
//!   %4: 1..=9 = min %2 %3
//!   reg reg0 count: 0..=9 domain0 reset 0 {
//!     #0 set %4
//!   }
//! }
//! ");
//! # Ok::<(), gatewright_dsl::ir::parse::ParseError>(())
//! ```

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::rewrite::{self, each_module, retype, substitute_uses, sweep};
use crate::ids::{Id, NodeId, RegId, WireId};
use crate::ir::order::Item;
use crate::ir::visit::{for_each_in_block, for_each_set, for_each_set_mut};
use crate::ir::{Block, Design, Module, Node, Op, Stmt, UnOp};
use crate::ty::{IntTy, Ty};
use crate::value::Value;

mod transfer;

/// Narrower types can leave less room to grow, so that a further round can find more; rarely is there a third.
const ROUNDS: usize = 8;

/// Narrows every module.
pub fn run(design: &mut Design) {
    for _ in 0..ROUNDS {
        let mut changed = false;
        each_module(design, |m, order| changed |= module(m, order));
        if !changed {
            return;
        }
    }
}

/// True where a range changed.
fn module(m: &mut Module, order: &[Item]) -> bool {
    let mut ranges = Ranges::new(m, order);
    for _ in 0..TRIALS {
        ranges.ascend();
        if ranges.descend() {
            let Ranges { nodes, regs, wires, .. } = ranges;
            return apply(m, order, &nodes, &regs, &wires);
        }
    }
    false
}

/// Changes of one range before it is widened to the next number of bits, and before it is given up.
const STEPS: u8 = 4;
const LEAPS: u8 = 16;
/// On the way down: changes of a register before it is said to creep, and of anything else before it is done.
const CREEPS: u8 = 32;
const SINKS: u8 = 200;
/// How often registers that creep are looked for before the module is left as it is.
const TRIALS: usize = 4;

/// What is known of the values; `None` where no value was seen to reach.
struct Ranges<'a> {
    m: &'a Module,
    nodes: Vec<Option<IntTy>>,
    regs: Vec<IntTy>,
    wires: Vec<Option<IntTy>>,
    changes: Vec<u8>,
    /// Ranges shrink instead of growing.
    down: bool,
    /// By position, and registers after them: those that keep their declared range, since they creep or are computed
    /// from what does.
    frozen: Vec<bool>,
    /// Registers that were found to creep.
    creeping: Vec<u32>,
    /// Positions in the order of items whose operands changed.
    due: BinaryHeap<Reverse<u32>>,
    /// Registers whose operands changed, counted after all positions. They move together when no item is due.
    due_regs: Vec<u32>,
    is_due: Vec<bool>,
    order: &'a [Item],
    /// By position: the positions that depend on it, and registers (counted after all positions).
    users: Users,
}

/// Lists of users as one flat table.
struct Users {
    start: Vec<u32>,
    list: Vec<u32>,
}

impl Users {
    fn new(count: usize, edges: impl Fn(&mut dyn FnMut(u32, u32))) -> Users {
        let mut start = vec![0u32; count + 2];
        edges(&mut |from, _| start[from as usize + 2] += 1);
        for i in 2..start.len() {
            start[i] += start[i - 1];
        }
        let mut list = vec![0; start[count + 1] as usize];
        edges(&mut |from, to| {
            let slot = &mut start[from as usize + 1];
            list[*slot as usize] = to;
            *slot += 1;
        });
        Users { start, list }
    }
    fn of(&self, at: u32) -> std::ops::Range<usize> {
        self.start[at as usize] as usize..self.start[at as usize + 1] as usize
    }
}

/// What a register holds before anything was set.
fn first_value(m: &Module, reg: RegId) -> Value {
    m.regs[reg].power_up()
}

impl<'a> Ranges<'a> {
    fn new(m: &'a Module, order: &'a [Item]) -> Ranges<'a> {
        let (mut nodes, mut wires) = (vec![0; m.nodes.len()], vec![0; m.wires.len()]);
        for (at, &item) in order.iter().enumerate() {
            match item {
                Item::Node(n) => nodes[n.index()] = at as u32,
                Item::Wire(w) => wires[w.index()] = at as u32,
            }
        }
        let count = order.len() + m.regs.len();
        let reg_at = |r: usize| (order.len() + r) as u32;
        let edges = |edge: &mut dyn FnMut(u32, u32)| {
            for (at, &item) in order.iter().enumerate() {
                let to = at as u32;
                match item {
                    Item::Node(n) => match &m.nodes[n].op {
                        Op::Reg(r) => edge(reg_at(r.index()), to),
                        Op::Wire(w) => edge(wires[w.index()], to),
                        op => m.for_each_operand(op, |x| edge(nodes[x.index()], to)),
                    },
                    Item::Wire(w) => {
                        for_each_in_block(&m.wires[w].driver, &mut |x| edge(nodes[x.index()], to));
                    }
                }
            }
            for (r, reg) in m.regs.iter() {
                for_each_in_block(&reg.next, &mut |x| edge(nodes[x.index()], reg_at(r.index())));
            }
        };
        let users = Users::new(count, edges);
        Ranges {
            m,
            nodes: vec![None; m.nodes.len()],
            regs: Vec::new(),
            wires: vec![None; m.wires.len()],
            changes: vec![0; count],
            down: false,
            frozen: vec![false; count],
            creeping: Vec::new(),
            due: BinaryHeap::new(),
            due_regs: Vec::new(),
            is_due: vec![false; count],
            order,
            users,
        }
    }

    /// Grows the ranges from nothing until they hold all that the operators make of them.
    fn ascend(&mut self) {
        self.down = false;
        let first = |r| IntTy::constant(first_value(self.m, r));
        self.regs = self.m.regs.ids().map(first).collect();
        self.nodes.fill(None);
        self.wires.fill(None);
        for at in (0..self.frozen.len()).filter(|&at| self.frozen[at]) {
            match self.order.get(at) {
                Some(&Item::Node(n)) => self.nodes[n.index()] = Some(self.m.nodes[n].ty.range()),
                Some(&Item::Wire(w)) => self.wires[w.index()] = Some(self.m.wires[w].ty.range()),
                None => {
                    let r = RegId::new(at - self.order.len());
                    self.regs[r.index()] = self.m.regs[r].ty.range();
                }
            }
        }
        self.settle();
    }

    /// Takes back what was given too much: computed once more from ranges that hold all values, what comes out holds
    /// them too. A register that shrinks again and again would never be done: where there is one, it is frozen with what
    /// is computed from it, and the answer is false.
    fn descend(&mut self) -> bool {
        self.down = true;
        self.settle();
        let mut open = std::mem::take(&mut self.creeping);
        if open.is_empty() {
            return true;
        }
        while let Some(at) = open.pop() {
            if std::mem::replace(&mut self.frozen[at as usize], true) {
                continue;
            }
            let users = self.users.list[self.users.of(at)].iter();
            open.extend(users.filter(|&&user| (user as usize) < self.order.len()));
        }
        false
    }

    /// Computes everything, and again what depends on what changed, until nothing changes.
    fn settle(&mut self) {
        self.changes.fill(0);
        self.is_due.fill(true);
        self.due = (0..self.order.len() as u32).map(Reverse).collect();
        self.due_regs = (self.order.len() as u32..self.changes.len() as u32).collect();
        loop {
            while let Some(Reverse(at)) = self.due.pop() {
                self.is_due[at as usize] = false;
                match self.order[at as usize] {
                    _ if self.frozen[at as usize] => {}
                    Item::Node(n) => {
                        let new = self.moved(at, self.nodes[n.index()], self.node(n), self.m.nodes[n].ty);
                        self.nodes[n.index()] = new;
                    }
                    Item::Wire(w) => {
                        let new = self.moved(at, self.wires[w.index()], self.wire(w), self.m.wires[w].ty);
                        self.wires[w.index()] = new;
                    }
                }
            }
            if self.due_regs.is_empty() {
                return;
            }
            for at in std::mem::take(&mut self.due_regs) {
                self.is_due[at as usize] = false;
                if self.frozen[at as usize] {
                    continue;
                }
                let r = RegId::new(at as usize - self.order.len());
                let old = self.regs[r.index()];
                self.regs[r.index()] = self.moved(at, Some(old), self.reg(r), self.m.regs[r].ty).unwrap_or(old);
            }
        }
    }

    /// The range after a computation gave `new`; where it changed, its users are due. On the way up it holds both, and
    /// more where it often changed.
    fn moved(&mut self, at: u32, old: Option<IntTy>, new: Option<IntTy>, declared: Ty) -> Option<IntTy> {
        let Some(mut new) = new else {
            return old;
        };
        if let Some(old) = old {
            new = if self.down { new.intersect(old).unwrap_or(old) } else { new.hull(old) };
            if new == old {
                return Some(old);
            }
            let changes = &mut self.changes[at as usize];
            *changes = changes.saturating_add(1);
            if !self.down {
                new = widened(old, new, declared.range(), *changes);
            } else if at as usize >= self.order.len() && *changes > CREEPS {
                self.creeping.push(at);
                return Some(old);
            } else if *changes > SINKS {
                return Some(old);
            }
        } else if self.down {
            return None;
        }
        for user in self.users.of(at) {
            let user = self.users.list[user];
            if std::mem::replace(&mut self.is_due[user as usize], true) {
                continue;
            }
            if user as usize >= self.order.len() {
                self.due_regs.push(user);
            } else {
                self.due.push(Reverse(user));
            }
        }
        Some(new)
    }

    fn node(&self, n: NodeId) -> Option<IntTy> {
        let node = &self.m.nodes[n];
        let declared = node.ty.range();
        match &node.op {
            Op::Reg(r) => declared.intersect(self.regs[r.index()]),
            Op::Wire(w) => declared.intersect(self.wires[w.index()]?),
            _ => transfer::node(self.m, n, &self.nodes),
        }
    }

    fn wire(&self, w: WireId) -> Option<IntTy> {
        self.block(&self.m.wires[w].driver)
    }

    fn reg(&self, r: RegId) -> Option<IntTy> {
        let first = IntTy::constant(first_value(self.m, r));
        Some(self.block(&self.m.regs[r].next).map_or(first, |t| t.hull(first)))
    }

    /// The hull of what a tree can set.
    fn block(&self, block: &Block) -> Option<IntTy> {
        let mut hull: Option<IntTy> = None;
        for_each_set(block, &mut |x| {
            if let Some(t) = self.nodes[x.index()] {
                hull = Some(hull.map_or(t, |h| h.hull(t)));
            }
        });
        hull
    }
}

/// `new`, with more room on the sides on which it grew, within `declared`.
fn widened(old: IntTy, new: IntTy, declared: IntTy, changes: u8) -> IntTy {
    if changes < STEPS {
        return new;
    }
    let leap = changes < LEAPS;
    let hi = match () {
        _ if new.hi() == old.hi() => new.hi(),
        _ if leap && new.hi().is_negative() => declared.hi().min(Value::from(-1)),
        _ if leap => declared.hi().min(&Value::pow2(new.hi().bits(false)) - &Value::ONE),
        _ => declared.hi(),
    };
    let lo = match () {
        _ if new.lo() == old.lo() => new.lo(),
        _ if leap && new.lo().is_negative() => declared.lo().max(-&Value::pow2(new.lo().bits(true) - 1)),
        _ if leap => declared.lo().max(Value::ZERO),
        _ => declared.lo(),
    };
    IntTy::new(lo, hi)
}

/// Writes the ranges into the module; true where a type changed or a word became a constant.
fn apply(m: &mut Module, order: &[Item], nodes: &[Option<IntTy>], regs: &[IntTy], wires: &[Option<IntTy>]) -> bool {
    let mut changed = false;
    for (r, range) in m.regs.values_mut().zip(regs) {
        changed |= shrink(&mut r.ty, Some(*range));
    }
    for (w, range) in m.wires.values_mut().zip(wires) {
        changed |= shrink(&mut w.ty, *range);
    }
    let mut map: Vec<NodeId> = m.nodes.ids().collect();
    for &item in order {
        let Item::Node(n) = item else {
            continue;
        };
        rewrite::map_operands(m, n, &map);
        let before = m.nodes[n].ty;
        retype(m, n);
        let node = &mut m.nodes[n];
        match (&node.op, node.ty) {
            (Op::Const(_), _) => {}
            (&Op::Un(UnOp::Wrap, x), ty) => {
                // A wrap keeps its full range, so that it goes where it does nothing any more.
                if m.nodes[x].ty.fits(ty) {
                    rewrite::pass_name(m, n, x);
                    map[n.index()] = x;
                }
            }
            (_, Ty::Int(_)) => {
                shrink(&mut node.ty, nodes[n.index()]);
                changed |= node.ty != before;
            }
            (op, Ty::Bits(width)) => match nodes[n.index()].and_then(IntTy::as_constant) {
                Some(v) => {
                    node.op = Op::Const(v);
                    changed = true;
                }
                None => {
                    if let Op::Un(UnOp::ToBits, x) = *op
                        && m.nodes[x].ty.width() < width
                    {
                        let place = m.nodes[n].place;
                        let op = rewrite::to_bits(m, x, width, &mut |m, op, ty| rewrite::push(m, op, ty, place));
                        m.nodes[n].op = op;
                    }
                }
            },
        }
    }
    never_set(m, nodes);
    map.extend((map.len()..m.nodes.len()).map(NodeId::new));
    substitute_uses(m, &map);
    let nodes = &m.nodes;
    let trees = m.regs.values_mut().map(|r| &mut r.next).chain(m.wires.values_mut().map(|w| &mut w.driver));
    trees.for_each(|tree| prune(tree, &|x| nodes[x].ty));
    sweep(m);
    changed
}

/// A value that never reaches its target, and does not fit it any more, becomes a constant that does.
fn never_set(m: &mut Module, ranges: &[Option<IntTy>]) {
    let nodes = &mut m.nodes;
    let mut fix = |tree: &mut Block, ty: Ty, place| {
        let mut constant = None;
        for_each_set_mut(tree, &mut |x| {
            if ranges[x.index()].is_none() && !nodes[*x].ty.fits(ty) {
                let v = ty.power_up();
                let ty = Ty::Int(IntTy::constant(v.clone()));
                *x = *constant.get_or_insert_with(|| nodes.push(Node { op: Op::Const(v), ty, place }));
            }
        });
    };
    m.regs.values_mut().for_each(|r| fix(&mut r.next, r.ty, r.place));
    m.wires.values_mut().for_each(|w| fix(&mut w.driver, w.ty, w.place));
}

/// True where the type changed.
fn shrink(ty: &mut Ty, range: Option<IntTy>) -> bool {
    if let (Ty::Int(old), Some(range)) = (*ty, range)
        && let Some(new) = old.intersect(range)
    {
        *ty = Ty::Int(new);
        return new != old;
    }
    false
}

/// Drops the values of switches that their subjects do not reach any more.
fn prune(block: &mut Block, ty: &dyn Fn(NodeId) -> Ty) {
    for stmt in block {
        match stmt {
            Stmt::Set { .. } => {}
            Stmt::When { arms, otherwise, .. } => {
                arms.iter_mut().for_each(|(_, body)| prune(body, ty));
                prune(otherwise, ty);
            }
            Stmt::Switch { subject, arms, default, .. } => {
                let subject = ty(*subject);
                for (values, body) in arms.iter_mut() {
                    values.retain(|v| subject.contains(v));
                    prune(body, ty);
                }
                arms.retain(|(values, _)| !values.is_empty());
                prune(default, ty);
            }
        }
    }
}

#[cfg(test)]
mod tests;
