//! `expand`: the additions of constant matrix-vector products in the place of their sums.
//!
//! A product becomes the ordinary nodes that its graph of additions stands for, where the first of its sums was. Sums
//! without a node, and additions that no other sum needs, are not written. Nodes keep their order, and names go to what
//! computes the named sums. Verilog is written from what this leaves.
//!
//! The words of the additions have no sign: an input that can be negative comes in with its sign bit inverted, subtracted
//! words are inverted, and the constants that this adds are taken out of each sum at once, together with its own. So a
//! carry chain needs LUTs only where both operands have bits. A single bit that is added to an unshared result of an
//! addition becomes the carry of that addition.
//!
//! A product with stages gets its registers: words go through them between the stages of the additions. They hold at
//! power-up what follows from the registers in front of the product, and of those the ones that nothing else reads go.
//!
//! How sums of many words are added the product says ([`Adders`](crate::ir::Adders)): a carry chain for each step, a chain for
//! two steps, or rows of full adders and one addition for all steps whose results are used once.
//!
//! ```
//! use gatewright_dsl::{ir::{parse::parse, print::print_without_places}, pass};
//!
//! let mut design = parse("
//!     design top module0
//!     module module0 m {
//!       input port0 a: 0..=9
//!       input port1 b: 0..=9
//!       output port2 y: 1..=46 = %2
//!       %0: 0..=9 = port0
//!       %1: 0..=9 = port1
//!       %2: 1..=46 = matvec0.sum0
//!       matvec matvec0 [%0, %1] {
//!         x2 = x0 shl 2 add x1
//!         sum [4 x0, 1 x1] 1 from x2
//!       }
//!     }")?;
//! pass::expand::run(&mut design);
//! assert_eq!(print_without_places(&design), "design top module0
//!
//! module module0 m {
//!   input port0 a: 0..=9
//!   input port1 b: 0..=9
//!   output port2 y: 1..=46 = %6
//!   %0: 0..=9 = port0
//!   %1: 0..=9 = port1
//!   %2: 2..=2 = const 2
//!   %3: 0..=36 = shl %0 %2
//!   %4: 0..=45 = add %3 %1
//!   %5: 1..=1 = const 1
//!   %6: 1..=46 = add %4 %5
//! }
//! ");
//! # Ok::<(), gatewright_dsl::ir::parse::ParseError>(())
//! ```

use std::borrow::Cow;
use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use super::rewrite::substitute;
use crate::ids::{Arena, Id, NodeId, PlaceId};
use crate::ir::{BinOp, Design, Matvec, Module, Node, Op};
use crate::ty::{IntTy, Ty};
use crate::value::Value;

mod lower;
mod registers;

pub(crate) use lower::{Later, Nodes, Written, lower, too_wide};
use registers::Registers;

/// Expands every matrix-vector product.
pub fn run(design: &mut Design) {
    design.modules.values_mut().for_each(module);
}

/// The design without matrix-vector products: itself where there are none.
pub fn expanded(design: &Design) -> Cow<'_, Design> {
    if design.modules.values().all(|m| m.matvecs.is_empty()) {
        return Cow::Borrowed(design);
    }
    let mut design = design.clone();
    run(&mut design);
    Cow::Owned(design)
}

/// The nodes made, numbered after all that there were.
struct Made<'a> {
    old: &'a Arena<NodeId, Node>,
    made: Vec<Node>,
    constants: FxHashMap<(Value, Ty), NodeId>,
    registers: Registers,
    place: PlaceId,
}

impl Made<'_> {
    fn node(&self, x: NodeId) -> &Node {
        x.index().checked_sub(self.old.len()).map_or_else(|| &self.old[x], |k| &self.made[k])
    }

    fn add(&mut self, op: Op, ty: Ty) -> NodeId {
        let id = NodeId::new(self.old.len() + self.made.len());
        self.made.push(Node { op, ty, place: self.place });
        id
    }

    /// A node of its own with the same value.
    fn copy(&mut self, x: NodeId, ty: Ty) -> NodeId {
        let zero = self.constant(Value::ZERO, Ty::Int(IntTy::constant(0)));
        self.add(Op::Bin(BinOp::Add, x, zero), ty)
    }
}

impl Nodes for Made<'_> {
    fn ty(&self, x: NodeId) -> Ty {
        self.node(x).ty
    }

    fn value(&self, x: NodeId) -> Option<Value> {
        match &self.node(x).op {
            Op::Const(v) => Some(v.clone()),
            _ => None,
        }
    }

    fn push(&mut self, op: Op, ty: Ty) -> NodeId {
        match ty.as_constant() {
            Some(value) => self.constant(value, ty),
            None => self.add(op, ty),
        }
    }

    fn constant(&mut self, value: Value, ty: Ty) -> NodeId {
        let ty = match ty {
            Ty::Int(_) => Ty::Int(IntTy::constant(value.clone())),
            word => word,
        };
        if let Some(&known) = self.constants.get(&(value.clone(), ty)) {
            return known;
        }
        let id = self.add(Op::Const(value.clone()), ty);
        self.constants.insert((value, ty), id);
        id
    }

    fn narrow(&mut self, x: NodeId, ty: IntTy) {
        if let Some(k) = x.index().checked_sub(self.old.len()) {
            self.made[k].ty = Ty::Int(ty);
        }
    }

    fn register(&mut self, later: &Later<'_>) -> NodeId {
        let first = later.power_up(|x| match &self.node(x).op {
            Op::Reg(reg) => self.registers.regs[*reg].power_up(),
            _ => self.node(x).ty.power_up(),
        });
        let reg = self.registers.push(later, first, self.place);
        self.add(Op::Reg(reg), Ty::Int(later.range()))
    }
}

fn module(m: &mut Module) {
    if m.matvecs.is_empty() {
        return;
    }
    let mut sums: Vec<Vec<NodeId>> = vec![Vec::new(); m.matvecs.len()];
    for (id, node) in m.nodes.iter() {
        if let Op::Matvec { matvec, .. } = node.op {
            sums[matvec.index()].push(id);
        }
    }
    let registers = Registers::new(m);
    let old = std::mem::take(&mut m.nodes);
    let (constants, place) = (FxHashMap::default(), m.place);
    let mut made = Made { old: &old, made: Vec::new(), constants, registers, place };
    // What stands for each sum, and what goes in front of the first sum of a product.
    let mut target: FxHashMap<NodeId, NodeId> = FxHashMap::default();
    let mut before: FxHashMap<NodeId, Range<usize>> = FxHashMap::default();
    let mut named: FxHashSet<NodeId> = m.names.keys().copied().collect();
    for ((_, matvec), nodes) in m.matvecs.iter().zip(&sums).filter(|(_, nodes)| !nodes.is_empty()) {
        let from = made.made.len();
        for (sum, node) in product(matvec, nodes, &mut made) {
            // A node cannot have two names.
            let is_free = !named.contains(&sum) || named.insert(node);
            let stands = is_free && made.node(node).ty.fits(old[sum].ty);
            target.insert(sum, if stands { node } else { made.copy(node, old[sum].ty) });
        }
        before.insert(nodes[0], from..made.made.len());
    }
    let Made { made, registers: Registers { regs, in_front, .. }, .. } = made;
    m.regs = regs;
    let mut new = vec![NodeId::new(0); old.len() + made.len()];
    let count = old.len();
    for (id, node) in (0..).map(NodeId::new).zip(old.into_values()) {
        for k in before.get(&id).cloned().into_iter().flatten() {
            new[count + k] = m.nodes.push(made[k].clone());
        }
        if !target.contains_key(&id) {
            new[id.index()] = m.nodes.push(node);
        }
    }
    for &sum in target.keys() {
        // A sum can be an input of another product as it is.
        let mut stands = sum;
        while let Some(&next) = target.get(&stands) {
            stands = next;
        }
        new[sum.index()] = new[stands.index()];
    }
    m.matvecs = Arena::new();
    let names = std::mem::take(&mut m.names);
    m.names = names.into_iter().map(|(id, name)| (new[id.index()], name)).collect();
    substitute(m, &new);
    registers::drop_unread(m, &in_front);
}

/// Writes the sums that `nodes` read; gives what computes each.
fn product(m: &Matvec, nodes: &[NodeId], made: &mut Made) -> Vec<(NodeId, NodeId)> {
    made.place = m.place;
    let output = |made: &Made, x: NodeId| match made.old[x].op {
        Op::Matvec { output, .. } => output as usize,
        _ => 0,
    };
    let mut wanted = vec![false; m.outputs.len()];
    nodes.iter().for_each(|&x| wanted[output(made, x)] = true);
    let written = m.forms().ok().and_then(|forms| lower(m, &forms, &wanted, made).ok()).unwrap_or_default().sums;
    let mut found = Vec::with_capacity(nodes.len());
    for &x in nodes {
        // There is nothing only for what the verifier does not let through.
        let node = written.get(output(made, x)).copied().flatten();
        let ty = made.old[x].ty;
        found.push((x, node.unwrap_or_else(|| made.constant(ty.power_up(), ty))));
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::pass::testing::{apply, becomes, read};

    #[track_caller]
    fn expands(before: &str, after: &str) {
        becomes("expand", before, after);
    }

    #[test]
    fn signs_are_inverted_and_the_constants_taken_out_at_the_end() {
        expands(
            "input port0 a: -4..=3 input port1 b: 0..=9 output port2 y: -13..=3 = %2
             %0: -4..=3 = port0 %1: 0..=9 = port1 %2 diff: -13..=3 = matvec0.sum0
             matvec matvec0 [%0, %1] { x2 = x0 sub x1 sum [1 x0, -1 x1] 0 from x2 }",
            "input port0 a: -4..=3 input port1 b: 0..=9 output port2 y: -13..=3 = %13
             %0: -4..=3 = port0 %1: 0..=9 = port1
             %2: bits<3> = to_bits %0 %3: bool = slice %2 2 %4: bool = not %3 %5: bits<2> = slice %2 0
             %6: bits<3> = concat [%4, %5] %7: 0..=7 = to_uint %6
             %8: bits<4> = to_bits %1 %9: bits<4> = not %8 %10: 6..=15 = to_uint %9
             %11: 6..=22 = add %7 %10 %12: 19..=19 = const 19 %13 diff: -13..=3 = sub %11 %12",
        );
    }

    #[test]
    fn half_of_the_width_inverts_a_bit() {
        expands(
            "input port0 a: -4..=3 output port1 y: -4..=3 = %1 %0: -4..=3 = port0 %1: -4..=3 = matvec0.sum0
             matvec matvec0 [%0] { sum [1 x0] 0 from x0 }",
            "input port0 a: -4..=3 output port1 y: -4..=3 = %12 %0: -4..=3 = port0
             %1: bits<3> = to_bits %0 %2: bool = slice %1 2 %3: bool = not %2 %4: bits<2> = slice %1 0
             %5: bits<3> = concat [%3, %4] %6: 0..=7 = to_uint %5
             %7: bits<3> = to_bits %6 %8: bool = slice %7 2 %9: bool = not %8 %10: bits<2> = slice %7 0
             %11: bits<3> = concat [%9, %10] %12: -4..=3 = to_sint %11",
        );
    }

    #[test]
    fn chained_additions_have_a_zero_bit_below() {
        expands(
            "input port0 a: 0..=3 input port1 b: 0..=3 output port2 y: 0..=12 = %2
             %0: 0..=3 = port0 %1: 0..=3 = port1 %2: 0..=12 = matvec0.sum0
             matvec matvec0 [%0, %1] {
               x2 = x0 shl 1 add x1 x3 = x2 add x1 x4 = x0 add x1 sum [2 x0, 2 x1] 0 from x3 }",
            "input port0 a: 0..=3 input port1 b: 0..=3 output port2 y: 0..=12 = %15
             %0: 0..=3 = port0 %1: 0..=3 = port1 %2: 1..=1 = const 1 %3: 0..=6 = shl %0 %2 %4: 0..=9 = add %3 %1
             %5: bits<4> = to_bits %4 %6: bool = const 0 %7: bits<5> = concat [%5, %6] %8: 0..=31 = to_uint %7
             %9: bits<2> = to_bits %1 %10: bits<3> = concat [%9, %6] %11: 0..=7 = to_uint %10
             %12: 0..=38 = add %8 %11 %13: bits<6> = to_bits %12 %14: bits<5> = slice %13 1 %15: 0..=12 = to_uint %14",
        );
    }

    #[test]
    fn three_words_are_one_sum() {
        expands(
            "input port0 a: 0..=3 input port1 b: 0..=3 input port2 c: 0..=3 output port3 y: 0..=9 = %3
             %0: 0..=3 = port0 %1: 0..=3 = port1 %2: 0..=3 = port2 %3: 0..=9 = matvec0.sum0
             matvec matvec0 [%0, %1, %2] by three {
               x3 = x0 add x1 x4 = x2 add x3 sum [1 x0, 1 x1, 1 x2] 0 from x4 }",
            "input port0 a: 0..=3 input port1 b: 0..=3 input port2 c: 0..=3 output port3 y: 0..=9 = %4
             %0: 0..=3 = port0 %1: 0..=3 = port1 %2: 0..=3 = port2 %3: 0..=6 = add %2 %0 %4: 0..=9 = add %3 %1",
        );
    }

    #[test]
    fn full_adders_stand_where_three_words_have_bits() {
        expands(
            "input port0 a: 0..=3 input port1 b: 0..=3 input port2 c: 0..=3 output port3 y: 0..=12 = %3
             %0: 0..=3 = port0 %1: 0..=3 = port1 %2: 0..=3 = port2 %3: 0..=12 = matvec0.sum0
             matvec matvec0 [%0, %1, %2] by compressors {
               x3 = x0 add x1 x4 = x3 add x2 shl 1 sum [1 x0, 1 x1, 2 x2] 0 from x4 }",
            "input port0 a: 0..=3 input port1 b: 0..=3 input port2 c: 0..=3 output port3 y: 0..=12 = %26
             %0: 0..=3 = port0 %1: 0..=3 = port1 %2: 0..=3 = port2
             %3: bits<2> = to_bits %0 %4: bits<2> = to_bits %1 %5: bits<2> = to_bits %2
             %6: bool = slice %3 1 %7: bool = slice %4 1 %8: bool = slice %5 0
             %9: bool = xor %6 %7 %10: bool = xor %9 %8 %11: bool = xor %6 %8 %12: bool = and %9 %11
             %13: bool = xor %6 %12 %14: bool = slice %5 1 %15: bool = slice %3 0
             %16: bits<2> = concat [%14, %10] %17: bits<3> = concat [%16, %15]
             %18: bool = const 0 %19: bool = slice %4 0 %20: bits<2> = concat [%18, %19]
             %21: bits<3> = concat [%13, %20] %22: 0..=7 = to_uint %17 %23: 0..=7 = to_uint %21
             %24: 0..=14 = add %22 %23 %25: bits<4> = to_bits %24 %26: 0..=12 = to_uint %25",
        );
    }

    #[test]
    fn single_bits_are_carries() {
        // One bit is the carry of the addition before it; the second is added.
        expands(
            "input port0 a: 0..=3 input port1 b: 0..=3 input port2 c: 0..=1 output port3 y: -1..=6 = %3
             %0: 0..=3 = port0 %1: 0..=3 = port1 %2: 0..=1 = port2 %3: -1..=6 = matvec0.sum0
             matvec matvec0 [%0, %1, %2] { x3 = x0 add x1 x4 = x3 sub x2 sum [1 x0, 1 x1, -1 x2] 0 from x4 }",
            "input port0 a: 0..=3 input port1 b: 0..=3 input port2 c: 0..=1 output port3 y: -1..=6 = %18
             %0: 0..=3 = port0 %1: 0..=3 = port1 %2: 0..=1 = port2
             %3: bool = to_bits %2 %4: bool = not %3 %5: 0..=1 = to_uint %4 %6: bool = to_bits %5
             %7: bits<2> = to_bits %0 %8: bits<3> = concat [%7, %6] %9: 0..=7 = to_uint %8
             %10: bits<2> = to_bits %1 %11: bits<3> = concat [%10, %6] %12: 0..=7 = to_uint %11
             %13: 0..=14 = add %9 %12 %14: bits<4> = to_bits %13 %15: bits<3> = slice %14 1 %16: 0..=7 = to_uint %15
             %17: 1..=1 = const 1 %18: -1..=6 = sub %16 %17",
        );
        // Not of a sum that something else reads, too.
        expands(
            "input port0 a: 0..=3 input port1 c: 0..=1 output port2 y: 0..=6 = %2 output port3 z: 0..=7 = %3
             %0: 0..=3 = port0 %1: 0..=1 = port1 %2: 0..=6 = matvec0.sum0 %3: 0..=7 = matvec0.sum1
             matvec matvec0 [%0, %1] { x2 = x0 add x0 x3 = x2 add x1 sum [2 x0] 0 from x2 sum [2 x0, 1 x1] 0 from x3 }",
            "input port0 a: 0..=3 input port1 c: 0..=1 output port2 y: 0..=6 = %2 output port3 z: 0..=7 = %3
             %0: 0..=3 = port0 %1: 0..=1 = port1 %2: 0..=6 = add %0 %0 %3: 0..=7 = add %2 %1",
        );
    }

    #[test]
    fn sums_that_are_inputs() {
        // Two names cannot go to one node, and a narrower sum is no input.
        expands(
            "input port0 a: 0..=9 output port1 y: 0..=9 = %1 output port2 z: 0..=9 = %2 output port3 w: 0..=5 = %3
             %0: 0..=9 = port0 %1 p: 0..=9 = matvec0.sum0 %2 q: 0..=9 = matvec0.sum0 %3: 0..=5 = matvec0.sum0
             matvec matvec0 [%0] { sum [1 x0] 0 from x0 }",
            "input port0 a: 0..=9 output port1 y: 0..=9 = %0 output port2 z: 0..=9 = %2 output port3 w: 0..=5 = %3
             %0 p: 0..=9 = port0 %1: 0..=0 = const 0 %2 q: 0..=9 = add %0 %1 %3: 0..=5 = add %0 %1",
        );
        // One product behind another, in any order of the nodes.
        expands(
            "input port0 a: 0..=9 output port1 y: 0..=18 = %0
             %0: 0..=18 = matvec0.sum0 %1: 0..=9 = matvec1.sum0 %2: 0..=9 = port0
             matvec matvec0 [%1] { x1 = x0 add x0 sum [2 x0] 0 from x1 }
             matvec matvec1 [%2] { sum [1 x0] 0 from x0 }",
            "input port0 a: 0..=9 output port1 y: 0..=18 = %1 %0: 0..=9 = port0 %1: 0..=18 = add %0 %0",
        );
    }

    #[test]
    fn constants_and_what_nothing_reads() {
        expands(
            "input port0 a: 0..=9 output port1 y: 6..=24 = %2
             %0: 0..=9 = port0 %1: 5..=5 = matvec0.sum1 %2: 6..=24 = add %4 %1 %3: 1..=10 = matvec0.sum3
             %4: 1..=19 = add %0 %3
             matvec matvec0 [%0] {
               x1 = x0 sub x0 x2 = x0 add x0 sum [2 x0] 0 from x2 sum [0 x0] 5 from x1 sum [] 9 sum [1 x0] 1 from x0 }",
            "input port0 a: 0..=9 output port1 y: 6..=24 = %5
             %0: 0..=9 = port0 %1: 5..=5 = const 5 %2: 1..=1 = const 1 %3: 1..=10 = add %0 %2
             %4: 1..=19 = add %0 %3 %5: 6..=24 = add %4 %1",
        );
    }

    #[test]
    fn registers_go_between_the_additions() {
        // What they hold at power-up follows from what those before the product held.
        let before = "domain domain0 clk input port0 a: 0..=3 input port1 b: 0..=3 output port2 y: 1..=10 = %4
             %0: 0..=3 = port0 %1: 0..=3 = port1 %2: 0..=3 = reg0 %3: 0..=3 = reg1 %4: 1..=10 = matvec0.sum0
             reg reg0 a_s1: 0..=3 domain0 init 2 { #0 set %0 } reg reg1 b_s1: 0..=3 domain0 { #1 set %1 }
             matvec matvec0 [%0, %1] stages domain0 pipe [0 [%2], 0 [%3]] {
               x2 = x0 shl 1 add x1 at 0 sum [2 x0, 1 x1] 1 from x2 at 1 }";
        expands(
            before,
            "domain domain0 clk input port0 a: 0..=3 input port1 b: 0..=3 output port2 y: 1..=10 = %6
             %0: 0..=3 = port0 %1: 0..=3 = port1 %2: 1..=1 = const 1 %3: 0..=6 = shl %0 %2 %4: 0..=9 = add %3 %1
             %5: 0..=9 = reg0 %6: 1..=10 = add %5 %2 reg reg0 pipe_s1: 0..=9 domain0 init 4 { #2 set %4 }",
        );
        // What something else reads stays, and so does a name.
        expands(
            &before
                .replace("port1 b", "port1 pipe_s1")
                .replace("output port2 y: 1..=10 = %4", "output port2 y: 1..=10 = %4 output port3 z: 0..=3 = %3")
                .replace("b_s1", "pipe_s1"),
            "domain domain0 clk input port0 a: 0..=3 input port1 pipe_s1: 0..=3 output port2 y: 1..=10 = %6
             output port3 z: 0..=3 = %7
             %0: 0..=3 = port0 %1: 0..=3 = port1 %2: 1..=1 = const 1 %3: 0..=6 = shl %0 %2 %4: 0..=9 = add %3 %1
             %5: 0..=9 = reg1 %6: 1..=10 = add %5 %2 %7: 0..=3 = reg0
             reg reg0 pipe_s1: 0..=3 domain0 { #1 set %1 } reg reg1 pipe_s1_1: 0..=9 domain0 init 4 { #2 set %4 }",
        );
    }

    #[test]
    fn words_are_as_wide_in_one_stage_as_in_another() {
        // The input can be negative behind its register only.
        expands(
            "domain domain0 clk input port0 a: 0..=1 input port1 b: 0..=1 output port2 y: -2..=2 = %4
             %0: 0..=1 = port0 %1: 0..=1 = port1 %2: -2..=1 = reg0 %3: 0..=1 = reg1 %4: -2..=2 = matvec0.sum0
             reg reg0 a_s1: -2..=1 domain0 init -2 { #0 set %0 } reg reg1 b_s1: 0..=1 domain0 { #1 set %1 }
             matvec matvec0 [%0, %1] stages domain0 pipe [0 [%2], 0 [%3]] {
               x2 = x0 add x1 at 0 sum [1 x0, 1 x1] 0 from x2 at 1 }",
            "domain domain0 clk input port0 a: 0..=1 input port1 b: 0..=1 output port2 y: -2..=2 = %13
             %0: 0..=1 = port0 %1: 0..=1 = port1 %2: bool = to_bits %0 %3: bool = const 0
             %4: bits<2> = concat [%3, %2] %5: bool = slice %4 1 %6: bool = not %5 %7: bool = slice %4 0
             %8: bits<2> = concat [%6, %7] %9: 0..=3 = to_uint %8 %10: 0..=4 = add %9 %1 %11: 0..=4 = reg0
             %12: 2..=2 = const 2 %13: -2..=2 = sub %11 %12
             reg reg0 pipe_s1: 0..=4 domain0 { #2 set %10 }",
        );
    }

    #[test]
    fn verilog_is_that_of_what_is_written() {
        use crate::emit::{EmitOptions, emit};
        let text = "design top module0 module module0 m {
            input port0 a: -4..=3 input port1 b: 0..=9 output port2 y: -13..=3 = %2
            %0: -4..=3 = port0 %1: 0..=9 = port1 %2: -13..=3 = matvec0.sum0
            matvec matvec0 [%0, %1] { x2 = x0 sub x1 sum [1 x0, -1 x1] 0 from x2 } }";
        let design = read(text);
        let options = EmitOptions::default();
        assert_eq!(emit(&design, &options), emit(&apply("expand", &design), &options));
    }
}
