//! Tests of passes: text before and after, compared up to renumbering; and random modules, compared by behaviour.

use proptest::prelude::*;

use super::{PASSES, find};
use crate::ids::ModuleId;
use crate::ir::Design;
use crate::ir::parse::parse;
use crate::ir::print::print_without_places;
use crate::ir::verify::verify;

mod interpret;
mod large;
mod random;

pub(crate) fn read(text: &str) -> Design {
    parse(text).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

#[track_caller]
fn is_valid(design: &Design) {
    if let Err(errors) = verify(design) {
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        panic!("{}\n{}", errors.join("\n"), print_without_places(design));
    }
}

/// Runs a pass on a good design: the result is good too, and a second run changes nothing.
#[track_caller]
pub(crate) fn apply(pass: &str, design: &Design) -> Design {
    is_valid(design);
    let pass = find(pass).unwrap();
    let mut once = design.clone();
    (pass.run)(&mut once);
    is_valid(&once);
    let mut twice = once.clone();
    (pass.run)(&mut twice);
    assert_eq!(print_without_places(&once), print_without_places(&twice), "a second run changes nothing");
    once
}

/// The pass makes `after` of `before`, whole designs.
#[track_caller]
pub(crate) fn becomes_design(pass: &str, before: &str, after: &str) {
    let (found, mut wanted) = (apply(pass, &read(before)), read(after));
    is_valid(&wanted);
    wanted.modules.values_mut().for_each(super::rewrite::sweep);
    let (found, wanted) = (print_without_places(&renumbered(&found)), print_without_places(&renumbered(&wanted)));
    assert!(found == wanted, "found\n{found}\nwanted\n{wanted}");
}

/// The pass makes `after` of `before`, bodies of one module.
#[track_caller]
pub(crate) fn becomes(pass: &str, before: &str, after: &str) {
    let design = |body: &str| format!("design top module0 module module0 m {{ {body} }}");
    becomes_design(pass, &design(before), &design(after));
}

/// Nodes in the order in which drivers, trees and the rest reach them.
fn renumbered(design: &Design) -> Design {
    let mut design = design.clone();
    for m in design.modules.values_mut() {
        let mut found = Vec::new();
        m.for_each_use(|x| found.push(x));
        found.extend(m.names.keys());
        let mut new = vec![None; m.nodes.len()];
        let mut order = Vec::new();
        let mut open: Vec<_> = found.into_iter().rev().collect();
        while let Some(x) = open.pop() {
            if new[x.0 as usize].is_none() {
                new[x.0 as usize] = Some(crate::ids::NodeId(order.len() as u32));
                order.push(x);
                let mut operands = Vec::new();
                m.for_each_operand(&m.nodes[x].op, |x| operands.push(x));
                open.extend(operands.into_iter().rev());
            }
        }
        for x in m.nodes.ids() {
            if new[x.0 as usize].is_none() {
                new[x.0 as usize] = Some(crate::ids::NodeId(order.len() as u32));
                order.push(x);
            }
        }
        let of = |x: crate::ids::NodeId| new[x.0 as usize].unwrap();
        m.nodes = order.iter().map(|&x| m.nodes[x].clone()).collect();
        m.nodes.values_mut().for_each(|n| n.op.map_operands(of));
        m.for_each_use_mut(|x| *x = of(*x));
        m.names = std::mem::take(&mut m.names).into_iter().map(|(x, n)| (of(x), n)).collect();
    }
    design
}

/// What a random module shows over some cycles of random inputs.
fn behaviour(m: &crate::ir::Module, seed: u64) -> Vec<Vec<crate::value::Value>> {
    let mut r = random::Rng(seed);
    let inputs: Vec<_> = m.ports.values().filter(|p| p.dir == crate::ir::Dir::Input).map(|p| p.ty).collect();
    let cycles: Vec<Vec<_>> = (0..24).map(|_| inputs.iter().map(|&ty| r.value(ty)).collect()).collect();
    interpret::run(m, &cycles)
}

proptest! {
    /// Each pass, and all in a random order, keep the invariants and the behaviour; each has done all at once.
    #[test]
    fn passes_keep_behaviour(seed in any::<u64>(), size in 0usize..60, order in prop::collection::vec(0..PASSES.len(), 1..8)) {
        let module = random::module(seed, size);
        let mut design = Design { modules: [module].into_iter().collect(), top: ModuleId(0), places: Default::default() };
        is_valid(&design);
        let wanted = behaviour(&design.modules[design.top], seed);
        for pass in PASSES {
            let after = apply(pass.name, &design);
            prop_assert_eq!(&behaviour(&after.modules[after.top], seed), &wanted, "{}", pass.name);
        }
        for n in order {
            design = apply(PASSES[n].name, &design);
            prop_assert_eq!(&behaviour(&design.modules[design.top], seed), &wanted, "{}", PASSES[n].name);
        }
    }
}
