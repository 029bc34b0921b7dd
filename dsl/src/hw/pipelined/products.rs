//! Matrix-vector products get the stages that were found for their additions, and are one thing again.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Region;
use super::chains::Chains;
use super::graph::{Items, is_view};
use crate::hw::context::Builder;
use crate::hw::linear::WrittenProduct;
use crate::ids::{Id, NodeId};
use crate::ir::{Matvec, Module, Op, Pipeline};

/// Puts products in the place of their additions; gives the nodes that are out of use, as items. A product stays written
/// where an input is wires only that are made again in several stages, and where additions cancel out.
pub(super) fn record(
    b: &mut Builder,
    items: &Items,
    chains: &mut Chains<'_>,
    (region, outputs, latency): (&Region, &[Option<NodeId>], u32),
    products: Vec<WrittenProduct>,
) -> FxHashSet<usize> {
    let mut gone = FxHashSet::default();
    if products.is_empty() {
        return gone;
    }
    let first_uses = first_uses(&b.ir, items, chains, (region, outputs, latency));
    for written in products {
        let nodes = written.nodes.clone();
        let Some((m, sums)) = staged(&b.ir, items, chains, &first_uses, written) else { continue };
        let Some(m) = with_inputs(b, chains, m) else { continue };
        gone.extend(nodes);
        let matvec = b.ir.matvecs.next_id();
        let stages = m.pipeline.as_ref().map(|p| p.outputs.clone()).unwrap_or_default();
        for (output, (&sum, stage)) in (0..).zip(sums.iter().zip(stages)) {
            b.ir.nodes[sum].op = Op::Matvec { matvec, output };
            chains.set_stage(sum, stage);
        }
        b.ir.matvecs.push(m);
    }
    gone
}

/// The first stage in which each item of the region is used by what is there in hardware. Wires are made in each stage that
/// uses them.
fn first_uses(
    m: &Module,
    items: &Items,
    chains: &Chains<'_>,
    (region, outputs, latency): (&Region, &[Option<NodeId>], u32),
) -> FxHashMap<usize, u32> {
    let mut first: FxHashMap<usize, u32> = outputs.iter().flatten().map(|n| (n.index(), latency)).collect();
    for &item in items.order.iter().rev().filter(|item| items.vertices.contains_key(item)) {
        let Some(mut stage) = chains.stage(item) else { continue };
        if item < items.wires_at && is_view(m, &m.nodes[NodeId::new(item)].op) {
            stage = stage.min(first.get(&item).copied().unwrap_or(stage));
        }
        region.operands(m, item, items.wires_at, |x| {
            first.entry(x).and_modify(|first| *first = stage.min(*first)).or_insert(stage);
        });
    }
    first
}

/// The product of the sums that are there in hardware, with the stages of its steps and sums, and the nodes of the sums.
fn staged(
    m: &Module,
    items: &Items,
    chains: &Chains<'_>,
    first_uses: &FxHashMap<usize, u32>,
    written: WrittenProduct,
) -> Option<(Matvec, Vec<NodeId>)> {
    let WrittenProduct { m: mut product, steps, sums: nodes, nodes: made } = written;
    let (mut sums, mut stages) = (Vec::new(), Vec::new());
    let mut listed = nodes.into_iter();
    product.outputs.retain(|_| {
        let Some(sum) = listed.next().flatten().filter(|sum| made.contains(&sum.index()) && !sums.contains(sum)) else {
            return false;
        };
        let Some(own) = chains.stage(sum.index()).filter(|_| items.vertices.contains_key(&sum.index())) else {
            return false;
        };
        // Checks and names take it where it is.
        let used = first_uses.get(&sum.index()).copied().unwrap_or(own);
        sums.push(sum);
        // Wires are made as late as their first use.
        stages.push(if is_view(m, &m.nodes[sum].op) { own.min(used) } else { own });
        true
    });
    if sums.is_empty() {
        return None;
    }
    let kept = product.drop_unread();
    let inputs = kept.len() - steps.len();
    let steps: Vec<Option<NodeId>> =
        steps.into_iter().zip(&kept[inputs..]).filter_map(|(x, kept)| kept.then_some(x)).collect();
    let mut step_stages = Vec::with_capacity(steps.len());
    for (step, node) in product.steps.iter().zip(steps) {
        // What is a constant is not made; its operands can be later than what takes it.
        let of = |value: usize| value.checked_sub(product.inputs.len()).map_or(0, |k| step_stages[k]);
        let operands = of(step.a.0).max(of(step.b.0));
        let adder = node.and_then(|x| chains.stage(behind_wires(m, x).index()));
        let stage = adder.unwrap_or(operands);
        if stage < operands {
            return None;
        }
        step_stages.push(stage);
    }
    // The weights are by input.
    let forms = product.forms().ok()?;
    let weights: Vec<_> = product.outputs.iter().map(|o| Matvec::recovered(&forms, o)).collect();
    product.outputs.iter_mut().zip(weights).for_each(|(o, weights)| o.weights = weights);
    let (domain, name) = (Id::new(0), String::new());
    product.pipeline = Some(Pipeline { domain, name, inputs: Vec::new(), steps: step_stages, outputs: stages });
    Some((product, sums))
}

/// The addition whose bits a word is.
fn behind_wires(m: &Module, mut x: NodeId) -> NodeId {
    while is_view(m, &m.nodes[x].op) {
        let mut first = None;
        m.nodes[x].op.for_each_operand(|operand| first = first.or(Some(operand)));
        match first {
            Some(operand) => x = operand,
            None => break,
        }
    }
    x
}

/// The stages in which a product takes each of its inputs, and the last one in which a sum that the input reaches is made.
fn uses(m: &Matvec, p: &Pipeline) -> Vec<(u32, u32, u32)> {
    let mut uses = vec![(u32::MAX, 0, 0); m.inputs.len()];
    let mut take = |value: usize, stage: u32| {
        if let Some((first, last, _)) = uses.get_mut(value) {
            (*first, *last) = ((*first).min(stage), (*last).max(stage));
        }
    };
    m.steps
        .iter()
        .zip(&p.steps)
        .for_each(|(s, &stage)| [s.a.0, s.b.0].into_iter().for_each(|value| take(value, stage)));
    m.outputs.iter().zip(&p.outputs).filter_map(|(o, &stage)| Some((o.value?.0, stage))).for_each(|(v, s)| take(v, s));
    for (output, &stage) in m.outputs.iter().zip(&p.outputs) {
        output.weights.iter().for_each(|(i, _)| uses[*i].2 = uses[*i].2.max(stage));
    }
    uses
}

/// The product with its inputs in all stages; `None` where it has to stay written.
fn with_inputs(b: &mut Builder, chains: &mut Chains<'_>, mut m: Matvec) -> Option<Matvec> {
    let mut pipeline = m.pipeline.take()?;
    let uses = uses(&m, &pipeline);
    let plain = m.inputs.iter().zip(&uses).all(|(&x, &(first, last, _))| match chains.stage(x.index()) {
        None => b.ir.nodes[x].ty.as_constant().is_some(),
        Some(own) => own <= first || (first == last && is_view(&b.ir, &b.ir.nodes[x].op)),
    });
    if !plain {
        return None;
    }
    for (input, &(first, _, last)) in m.inputs.iter_mut().zip(&uses) {
        let early = chains.stage(input.index()).is_some_and(|own| own > first);
        let own = *input;
        *input = chains.at(b, own, first);
        if early {
            // Wires that are made again for this product.
            chains.set_stage(*input, first);
        }
        let source = if early { *input } else { own };
        let later = (first + 1..=last).map(|stage| chains.at(b, source, stage)).collect();
        pipeline.inputs.push((first, later));
    }
    pipeline.name = chains.base_name(b, m.place);
    pipeline.domain = b.domain();
    m.pipeline = Some(pipeline);
    Some(m)
}
