//! `fold`: computes what is constant and simplifies what algebra or ranges decide.
//!
//! Operators of constants; neutral and absorbing operands; choices that are decided or equal; comparisons that ranges
//! decide; slices of slices and of concatenations; double negation; claims, refinements and wraps of values that fit
//! anyway; branches of decision trees that are never or always taken, and assignments that later ones hide. A node is
//! replaced only by one that fits wherever it stood; types of ports, registers, wires and memories stay. Behaviour is kept
//! where claims and input ranges hold.
//!
//! ```
//! use gatewright_dsl::{ir::{parse::parse, print::print_without_places}, pass};
//!
//! let mut design = parse("
//!     design top module0
//!     module module0 m {
//!       input port0 x: 0..=9
//!       output port1 y: bool = %4
//!       %0: 0..=9 = port0
//!       %1: 0..=0 = const 0
//!       %2: 0..=9 = add %0 %1
//!       %3: 12..=12 = const 12
//!       %4: bool = lt %2 %3
//!     }")?;
//! pass::fold::run(&mut design);
//! assert_eq!(print_without_places(&design), "design top module0
//!
//! module module0 m {
//!   input port0 x: 0..=9
//!   output port1 y: bool = %0
//!   %0: bool = const 1
//! }
//! ");
//! # Ok::<(), gatewright_dsl::ir::parse::ParseError>(())
//! ```

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::rewrite::{self, each_module, pass_name, retype, substitute_uses, sweep};
use crate::ids::{Id, NodeId};
use crate::ir::order::Item;
use crate::ir::{CheckKind, Design, Module, Op, UnOp};
use crate::ty::{IntTy, Ty};
use crate::value::Value;

mod arith;
#[cfg(test)]
mod tests;
mod trees;
mod words;

/// Folds every module.
pub fn run(design: &mut Design) {
    each_module(design, module);
}

fn module(m: &mut Module, order: &[Item]) {
    let map = m.nodes.ids().collect();
    let mut fold = Fold { m, map, proved: Vec::new(), offsets: FxHashMap::default() };
    for &item in order {
        if let Item::Node(n) = item {
            fold.node(n);
        }
    }
    let Fold { m, map, mut proved, .. } = fold;
    substitute_uses(m, &map);
    trees::run(m);
    proved.sort_unstable();
    checks(m, &proved);
    sweep(m);
}

/// Drops checks that always hold, and conditions that are always true.
fn checks(m: &mut Module, proved: &[NodeId]) {
    let mut live = rewrite::Live::everything(m, true);
    for (n, check) in m.checks.values_mut().enumerate() {
        let always = |x: NodeId| matches!(&m.nodes[x].op, Op::Const(v) if *v == Value::ONE);
        live.checks[n] = match &mut check.kind {
            CheckKind::Assert(x) | CheckKind::Assume(x) => !always(*x),
            CheckKind::Claim { claim, enable } => {
                if enable.is_some_and(always) {
                    *enable = None;
                }
                proved.binary_search(claim).is_err()
            }
            _ => true,
        };
    }
    rewrite::compact(m, &live);
}

/// One way to write a node more simply.
enum Step {
    /// Another node has this value.
    Same(NodeId),
    /// Another operator gives this value.
    Op(Op),
    /// It is this value.
    Const(Value),
}

struct Fold<'a> {
    m: &'a mut Module,
    /// Which node stands for each; final for those that are done.
    map: Vec<NodeId>,
    /// Claims that hold by their operand's type, and that nothing uses any more.
    proved: Vec<NodeId>,
    /// For concatenations that are sliced: where each part begins, the least significant first, and the width.
    offsets: FxHashMap<NodeId, Rc<[u32]>>,
}

/// Steps that one node can take before it is left as it is; rules shrink a node, so that few are needed.
const MAX_STEPS: usize = 32;

impl Fold<'_> {
    fn op(&self, x: NodeId) -> &Op {
        &self.m.nodes[x].op
    }
    fn ty(&self, x: NodeId) -> Ty {
        self.m.nodes[x].ty
    }
    fn int(&self, x: NodeId) -> Option<IntTy> {
        self.ty(x).as_int()
    }
    fn constant(&self, x: NodeId) -> Option<Value> {
        match self.op(x) {
            Op::Const(v) => Some(v.clone()),
            _ => self.ty(x).as_constant(),
        }
    }
    fn is(&self, x: NodeId, v: &Value) -> bool {
        match self.op(x) {
            Op::Const(c) => c == v,
            _ => self.ty(x).as_constant().is_some_and(|c| c == *v),
        }
    }

    /// Makes a node, simplified, at the place of `of`.
    fn make(&mut self, op: Op, ty: Ty, of: NodeId) -> NodeId {
        let place = self.m.nodes[of].place;
        let id = rewrite::push(self.m, op, ty, place);
        self.map.push(id);
        self.node(id);
        self.map[id.index()]
    }

    fn make_const(&mut self, v: Value, word: Option<u32>, of: NodeId) -> NodeId {
        let ty = word.map_or_else(|| Ty::Int(IntTy::constant(v.clone())), Ty::Bits);
        self.make(Op::Const(v), ty, of)
    }

    fn node(&mut self, n: NodeId) {
        rewrite::map_operands(self.m, n, &self.map);
        for _ in 0..MAX_STEPS {
            retype(self.m, n);
            match self.step(n) {
                None => return,
                Some(Step::Op(op)) => self.m.nodes[n].op = op,
                Some(Step::Const(v)) => {
                    let node = &mut self.m.nodes[n];
                    if node.ty.contains(&v) {
                        if let Ty::Int(_) = node.ty {
                            node.ty = Ty::Int(IntTy::constant(v.clone()));
                        }
                        node.op = Op::Const(v);
                    }
                    return;
                }
                Some(Step::Same(x)) => return self.replace(n, x),
            }
        }
    }

    fn replace(&mut self, n: NodeId, mut x: NodeId) {
        if let Op::Un(UnOp::Refine, y) = *self.op(x) {
            // Where it would stand, nothing might guard it.
            x = y;
        }
        if !self.ty(x).fits(self.ty(n)) {
            return;
        }
        let free = pass_name(self.m, n, x);
        if free && matches!(self.op(n), Op::Un(UnOp::Claim, y) if *y == x) {
            self.proved.push(n);
        }
        self.map[n.index()] = x;
    }

    fn step(&mut self, n: NodeId) -> Option<Step> {
        let ty = self.ty(n);
        match self.m.nodes[n].op {
            Op::Const(_) => None,
            Op::Un(UnOp::Claim, x) => {
                if self.ty(x).fits(ty) {
                    return Some(Step::Same(x));
                }
                let v = ty.as_constant()?;
                Some(Step::Same(self.make_const(v, None, n)))
            }
            _ if ty.as_constant().is_some() => ty.as_constant().map(Step::Const),
            Op::Un(op, x) => self.unary(op, x, ty, n),
            Op::Bin(op, a, b) => self.binary(op, a, b, ty, n),
            Op::Mux(c, a, b) => self.mux(c, a, b),
            Op::Select(..) => self.select(n),
            Op::Slice(x, lo) => self.slice(x, lo, ty),
            Op::Concat(_) => self.concat(n),
            // A sum of constants has the range of one value.
            Op::Input(_) | Op::Reg(_) | Op::Wire(_) | Op::MemRead { .. } | Op::Matvec { .. } | Op::Inst(..) => None,
        }
    }
}
