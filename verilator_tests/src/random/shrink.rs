//! Makes a failing recipe small: tries smaller recipes as long as one still fails.

use std::sync::Arc;

use super::recipe::{Expr, Recipe, Step, Target, V};
use super::typing::{Typed, typing};

/// A smaller recipe for which `fails` is true, as it is for `recipe`; at most so many are tried.
pub fn shrink(recipe: &Recipe, tries: usize, fails: &dyn Fn(&Recipe) -> bool) -> Recipe {
    let mut best = recipe.clone();
    let mut budget = tries;
    loop {
        let before = best.clone();
        pass(&mut best, &mut budget, fails);
        if best == before || budget == 0 {
            return best;
        }
    }
}

fn attempt(best: &mut Recipe, candidate: Recipe, budget: &mut usize, fails: &dyn Fn(&Recipe) -> bool) -> bool {
    if *budget == 0 || candidate == *best || candidate.outputs.is_empty() || typing(&candidate).is_none() {
        return false;
    }
    *budget -= 1;
    if fails(&candidate) {
        *best = candidate;
        return true;
    }
    false
}

fn pass(best: &mut Recipe, budget: &mut usize, fails: &dyn Fn(&Recipe) -> bool) {
    // Outputs: half of them, then one by one.
    let mut n = best.outputs.len() / 2;
    while n > 0 {
        let mut at = 0;
        while at < best.outputs.len() {
            let mut candidate = best.clone();
            candidate.outputs.drain(at..(at + n).min(best.outputs.len()));
            if !attempt(best, candidate, budget, fails) {
                at += n;
            }
        }
        n /= 2;
    }
    drop_unused(best, budget, fails);
    let mut at = 0;
    while at < best.steps() {
        if !(0..VARIANTS).any(|kind| {
            let candidate = changed(best, at, kind);
            candidate.is_some_and(|c| attempt(best, c, budget, fails))
        }) {
            at += 1;
        }
    }
    drop_unused(best, budget, fails);
    for reg in 0..best.regs.len() {
        let mut candidate = best.clone();
        candidate.regs[reg].reset = None;
        attempt(best, candidate, budget, fails);
    }
    for child in 0..best.children.len() {
        let inner = best.children[child].clone();
        let with = |small: &Recipe| {
            let mut all = best.clone();
            all.children[child] = Arc::new(small.clone());
            all
        };
        let mut small = (*inner).clone();
        let mut at = 0;
        while at < small.steps() && *budget > 0 {
            let smaller = (0..VARIANTS).filter(|&k| k != TO_INPUT).find_map(|kind| {
                let candidate = changed(&small, at, kind)?;
                typing(&candidate)?;
                *budget = budget.saturating_sub(1);
                let all = with(&candidate);
                (typing(&all).is_some() && fails(&all)).then_some(candidate)
            });
            match smaller {
                Some(s) => small = s,
                None => at += 1,
            }
        }
        let all = with(&small);
        *best = all;
    }
}

const DROP: usize = 0;
const TO_INPUT: usize = 1;
const FIRST_BLOCK: usize = 2;
const VARIANTS: usize = 8;

/// `recipe` with the statement number `at` changed in the way `kind`; `None` where that is no change.
fn changed(recipe: &Recipe, at: usize, kind: usize) -> Option<Recipe> {
    let mut candidate = recipe.clone();
    let typed = typing(recipe)?;
    let mut inputs = candidate.inputs.clone();
    let mut count = at;
    let mut body = std::mem::take(&mut candidate.body);
    let found = edit(&mut body, &mut count, &mut |step| match kind {
        DROP => Some(Vec::new()),
        TO_INPUT => {
            let made = step.made();
            if made.is_empty() || matches!(step, Step::Let { expr: Expr::Input(_), .. }) {
                return None;
            }
            Some(made.into_iter().map(|id| as_input(id, &typed, &mut inputs)).collect())
        }
        _ => {
            // One block in place of the whole, or one block less.
            let blocks = step.blocks();
            let n = (kind - FIRST_BLOCK) / 2;
            if n >= blocks.len() {
                return None;
            }
            if kind.is_multiple_of(2) {
                return Some(blocks[n].clone());
            }
            let mut step = step.clone();
            match &mut step {
                Step::When { arms, otherwise } => {
                    if n < arms.len() && arms.len() > 1 {
                        arms.remove(n);
                    } else {
                        otherwise.take()?;
                    }
                }
                Step::Switch { arms, default, .. } => {
                    if n < arms.len() {
                        arms.remove(n);
                    } else {
                        default.take()?;
                    }
                }
                _ => return None,
            }
            Some(vec![step])
        }
    });
    candidate.body = body;
    candidate.inputs = inputs;
    found.then_some(candidate)
}

fn as_input(id: V, typed: &Typed, inputs: &mut Vec<super::ty::Type>) -> Step {
    inputs.push(typed.of(id).clone());
    Step::Let { id, named: false, expr: Expr::Input(inputs.len() - 1) }
}

/// Replaces the statement number `at` by what `f` gives.
fn edit(block: &mut Vec<Step>, at: &mut usize, f: &mut dyn FnMut(&Step) -> Option<Vec<Step>>) -> bool {
    for n in 0..block.len() {
        if *at == 0 {
            let Some(new) = f(&block[n]) else { return false };
            block.splice(n..=n, new);
            return true;
        }
        *at -= 1;
        for inner in block[n].blocks_mut() {
            let size: usize = inner.iter().map(Step::count).sum();
            if *at < size {
                return edit(inner, at, f);
            }
            *at -= size;
        }
    }
    false
}

/// Drops what nothing reads: values, registers, wires, memories, children, inputs.
fn drop_unused(best: &mut Recipe, budget: &mut usize, fails: &dyn Fn(&Recipe) -> bool) {
    loop {
        let mut used = vec![false; best.value_count()];
        best.outputs.iter().for_each(|&v| used[v as usize] = true);
        best.each_step(&mut |s| s.reads().into_iter().for_each(|v| used[v as usize] = true));
        let mut candidate = best.clone();
        retain(&mut candidate.body, &|s| match s {
            Step::Let { .. } | Step::Read { .. } | Step::Inst { .. } => s.made().iter().any(|&v| used[v as usize]),
            _ => true,
        });
        if !attempt(best, candidate, budget, fails) {
            break;
        }
    }
    for n in (0..best.wires.len()).rev() {
        let mut candidate = best.clone();
        candidate.wires.remove(n);
        if without(&mut candidate.body, Thing::Wire, n) {
            attempt(best, candidate, budget, fails);
        }
    }
    for n in (0..best.regs.len()).rev() {
        let mut candidate = best.clone();
        candidate.regs.remove(n);
        if without(&mut candidate.body, Thing::Reg, n) {
            attempt(best, candidate, budget, fails);
        }
    }
    for n in (0..best.mems.len()).rev() {
        let mut candidate = best.clone();
        candidate.mems.remove(n);
        if without(&mut candidate.body, Thing::Mem, n) {
            attempt(best, candidate, budget, fails);
        }
    }
    for n in (0..best.children.len()).rev() {
        let mut candidate = best.clone();
        candidate.children.remove(n);
        if without(&mut candidate.body, Thing::Child, n) {
            attempt(best, candidate, budget, fails);
        }
    }
    for n in (0..best.inputs.len()).rev() {
        let mut candidate = best.clone();
        candidate.inputs.remove(n);
        if without(&mut candidate.body, Thing::Input, n) {
            attempt(best, candidate, budget, fails);
        }
    }
}

fn retain(block: &mut Vec<Step>, keep: &dyn Fn(&Step) -> bool) {
    block.retain(keep);
    block.iter_mut().flat_map(Step::blocks_mut).for_each(|b| retain(b, keep));
    // Conditions that guard nothing.
    block.retain(|s| s.blocks().is_empty() || s.blocks().iter().any(|b| !b.is_empty()));
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Thing {
    Wire,
    Reg,
    Mem,
    Child,
    Input,
}

/// Takes number `n` out of all statements; false where something reads it.
fn without(block: &mut Vec<Step>, thing: Thing, n: usize) -> bool {
    block.retain(|s| match s {
        Step::Set { target: Target::Wire(k), .. } => thing != Thing::Wire || *k != n,
        Step::Set { target: Target::Reg(k), .. } => thing != Thing::Reg || *k != n,
        Step::Write { mem, .. } => thing != Thing::Mem || *mem != n,
        _ => true,
    });
    let lower = |k: &mut usize| {
        if *k > n {
            *k -= 1;
            return true;
        }
        *k != n
    };
    block.iter_mut().all(|s| {
        let fine = match (&mut *s, thing) {
            (Step::Let { expr: Expr::Wire(k), .. }, Thing::Wire)
            | (Step::Let { expr: Expr::Reg(k), .. }, Thing::Reg)
            | (Step::Let { expr: Expr::Input(k), .. }, Thing::Input)
            | (Step::Set { target: Target::Wire(k), .. }, Thing::Wire)
            | (Step::Set { target: Target::Reg(k), .. }, Thing::Reg)
            | (Step::Read { mem: k, .. } | Step::Write { mem: k, .. }, Thing::Mem)
            | (Step::Inst { child: k, .. }, Thing::Child) => lower(k),
            _ => true,
        };
        fine && s.blocks_mut().into_iter().all(|b| without(b, thing, n))
    })
}
