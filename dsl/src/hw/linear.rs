//! Linear functions as lists of additions, with the exact ranges of everything on the way.
//!
//! Where an operand comes in more than once (`4x - x`), ranges of partial results say too much: each step of such a
//! list has the range of the linear function of the inputs that it computes.

use std::ops::Range;

use super::context::{Builder, Loc, Raw, with};
use super::int::Int;
use super::module::abort;
use crate::diag;
use crate::ids::{NodeId, PlaceId};
use crate::ir::matvec::{Form, Wrong};
use crate::ir::{Adders, Matvec, MatvecOutput, Op};
use crate::pass::expand::{Nodes, Written, lower, too_wide};
use crate::ty::{IntTy, Ty};
use crate::value::Value;

pub use crate::ir::ShiftAdd;

/// One sum of a constant matrix-vector product: a value, scaled, and a constant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LinearOutput {
    /// A value as steps name it, and its shift; `None` for 0.
    pub value: Option<(usize, u32)>,
    /// The value is subtracted.
    pub negative: bool,
    /// Added.
    pub constant: Value,
}

/// Sums of `inputs` with constant weights, each output with its exact range where the inputs are independent. `steps` are
/// the additions that make them in hardware.
///
/// The product is one thing in the design: simulators compute the sums from the weights, and Verilog has the additions,
/// as [`expand`](crate::pass::expand) writes them. In a region for a [target](crate::target::Target) they are added as its
/// device adds best, elsewhere by carry chains of two words. In a region that gets pipeline registers the product also says
/// in which stage each addition is.
#[track_caller]
pub fn const_matvec(inputs: &[Int], steps: &[ShiftAdd], outputs: &[LinearOutput]) -> Vec<Int> {
    let loc = Loc::caller();
    let poison = || vec![Int::new(Raw::POISON); outputs.len()];
    let made = with(|c| {
        let place = c.place(loc);
        let mut nodes = Vec::with_capacity(inputs.len());
        for x in inputs {
            nodes.push(c.local(x.raw(), loc).unwrap_or(NodeId(u32::MAX)));
        }
        let steps = steps.to_vec();
        let mut m = Matvec { inputs: nodes, steps, outputs: Vec::new(), adders: Adders::Two, pipeline: None, place };
        m.outputs.extend(outputs.iter().map(LinearOutput::without_weights));
        let misnamed = m.misnamed();
        if let Some((_, Wrong::Behind)) = misnamed {
            let help = "let each step name inputs and steps before it";
            c.report(diag::e0109::new(place, "const_matvec has a step that names a value behind it", help));
            return Err(());
        }
        if m.inputs.contains(&NodeId(u32::MAX)) {
            return Ok(poison());
        }
        if misnamed.is_none() {
            m.drop_unread();
        }
        let Some(b) = c.top() else { return Ok(poison()) };
        m.adders = b.adders;
        let types: Vec<IntTy> = m.inputs.iter().map(|&x| b.ir.nodes[x].ty.range()).collect();
        let forms = || m.forms().ok().filter(|forms| too_wide(&m, forms, &types).is_none());
        let Some(forms) = misnamed.is_none().then(forms).flatten() else {
            c.report(diag::e0105::new(place, "const_matvec", &[]));
            return Ok(poison());
        };
        for output in &mut m.outputs {
            output.weights = Matvec::recovered(&forms, output);
        }
        Ok(b.matvec(m, &forms, &types))
    });
    match made {
        Some(Ok(values)) => values,
        Some(Err(())) => abort(),
        None => poison(),
    }
}

/// A product whose additions are written as nodes, so that they get their stages together with everything else in their
/// region.
pub(crate) struct WrittenProduct {
    pub m: Matvec,
    /// The word of each step.
    pub steps: Vec<Option<NodeId>>,
    pub sums: Vec<Option<NodeId>>,
    /// The nodes made for it, by index.
    pub nodes: Range<usize>,
}

impl LinearOutput {
    fn without_weights(&self) -> MatvecOutput {
        let LinearOutput { value, negative, constant } = self.clone();
        MatvecOutput { weights: Vec::new(), constant, value, negative }
    }
}

impl Builder {
    /// The sums of a product: nodes that read it, or its additions where these are still to get their stages.
    fn matvec(&mut self, m: Matvec, forms: &[Form], types: &[IntTy]) -> Vec<Int> {
        let place = m.place;
        if self.scheduled {
            let wanted = vec![true; m.outputs.len()];
            let from = self.ir.nodes.len();
            let Written { sums, steps } = lower(&m, forms, &wanted, &mut Here { b: self, place }).unwrap_or_default();
            let raws = sums.iter().map(|n| Int::new(n.map_or(Raw::POISON, |n| self.raw(n)))).collect();
            // Full adders do not keep the steps apart.
            if m.adders == Adders::Compressors {
                return raws;
            }
            self.products.push(WrittenProduct { m, steps, sums, nodes: from..self.ir.nodes.len() });
            return raws;
        }
        let ranges: Vec<IntTy> = m.outputs.iter().map(|o| o.range(|i| types[i])).collect();
        let matvec = self.ir.matvecs.next_id();
        if ranges.iter().any(|range| range.as_constant().is_none()) {
            self.ir.matvecs.push(m);
        }
        let sum = |(output, range): (u32, IntTy)| self.push(Op::Matvec { matvec, output }, Ty::Int(range), place);
        (0..).zip(ranges).map(sum).map(Int::new).collect()
    }
}

/// The nodes of the module being built.
struct Here<'a> {
    b: &'a mut Builder,
    place: PlaceId,
}

impl Nodes for Here<'_> {
    fn ty(&self, x: NodeId) -> Ty {
        self.b.ir.nodes[x].ty
    }
    fn value(&self, x: NodeId) -> Option<Value> {
        self.b.const_of(x)
    }
    fn push(&mut self, op: Op, ty: Ty) -> NodeId {
        self.b.push(op, ty, self.place).node
    }
    fn constant(&mut self, value: Value, ty: Ty) -> NodeId {
        self.b.constant(value, ty, self.place).node
    }
    fn narrow(&mut self, x: NodeId, ty: IntTy) {
        self.b.ir.nodes[x].ty = Ty::Int(ty);
    }
}
