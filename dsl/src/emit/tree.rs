//! Wires with decision trees, as continuous assignments with `?:`.
//!
//! Statements in a row, of which the last wins, become one choice whose last part is what the statements before give.
//! Where that part is needed in several arms, or a chain grows long, it gets a wire of its own, so that the text stays
//! linear in the source.

use crate::ids::{NodeId, WireId};
use crate::ir::{Block, Stmt};
use crate::value::Value;

use super::expr::Around;
use super::graph::at;
use super::literal;
use super::text::Text;

/// When an arm is taken.
enum Condition<'a> {
    When(NodeId),
    Switch(NodeId, &'a [Value]),
}

/// A value of the wire at some point of the program.
enum Tree<'a> {
    Node(NodeId),
    /// The first arm whose condition holds, else the last part. Parts are indices of earlier trees.
    Choice(Vec<(Condition<'a>, usize)>, usize),
}

/// Longest chain of choices in one assignment: some tools walk them recursively.
const MAX_CHAIN: u32 = 200;
/// Deepest nesting of choices in one assignment.
const MAX_NEST: u32 = 4;

#[derive(Default)]
struct Lowering<'a> {
    trees: Vec<Tree<'a>>,
    /// Deepest nesting of choices in arms.
    nest: Vec<u32>,
    /// Length of the chain through last parts.
    chain: Vec<u32>,
    /// Must have a wire of its own.
    apart: Vec<bool>,
}

impl<'a> Lowering<'a> {
    fn push(&mut self, tree: Tree<'a>) -> usize {
        let (mut nest, mut chain) = (0, 0);
        if let Tree::Choice(arms, last) = &tree {
            chain = arms.len() as u32;
            for part in arms.iter().map(|a| a.1) {
                self.apart[part] |= self.nest[part] >= MAX_NEST;
                if !self.apart[part] && matches!(self.trees[part], Tree::Choice(..)) {
                    nest = nest.max(self.nest[part] + 1);
                    chain += self.chain[part];
                }
            }
            self.apart[*last] |= chain + self.chain[*last] > MAX_CHAIN;
            if !self.apart[*last] {
                nest = nest.max(self.nest[*last]);
                chain += self.chain[*last];
            }
        }
        self.trees.push(tree);
        self.nest.push(nest);
        self.chain.push(chain);
        self.apart.push(false);
        self.trees.len() - 1
    }

    /// The value after `block`, where it was `present` before. `None`: driven on no path.
    fn block(&mut self, block: &'a Block, mut present: Option<usize>) -> Option<usize> {
        for stmt in block {
            present = match stmt {
                Stmt::Set { value, .. } => Some(self.push(Tree::Node(*value))),
                Stmt::When { arms, otherwise, .. } => {
                    let arms = arms.iter().map(|(c, arm)| (Condition::When(*c), arm));
                    self.choice(arms, otherwise, present)
                }
                Stmt::Switch { subject, arms, default, .. } => {
                    let arms = arms.iter().map(|(v, arm)| (Condition::Switch(*subject, v), arm));
                    self.choice(arms, default, present)
                }
            };
        }
        present
    }

    fn choice(
        &mut self,
        arms: impl Iterator<Item = (Condition<'a>, &'a Block)>,
        otherwise: &'a Block,
        present: Option<usize>,
    ) -> Option<usize> {
        let mut taken: Vec<(Condition, usize)> = Vec::new();
        for (condition, arm) in arms {
            if let Some(value) = self.block(arm, present) {
                taken.push((condition, value));
            }
        }
        // Where the arms name every value, the last of them needs no condition.
        let last = self.block(otherwise, present).or_else(|| taken.pop().map(|arm| arm.1))?;
        while taken.last().is_some_and(|arm| arm.1 == last) {
            taken.pop();
        }
        Some(if taken.is_empty() { last } else { self.push(Tree::Choice(taken, last)) })
    }
}

impl Text<'_, '_> {
    /// Writes the wires that `wire` needs, then calls `declare` and writes what it is assigned. `fresh` makes a name.
    pub fn decision_tree(
        &mut self,
        wire: WireId,
        mut fresh: impl FnMut(&str) -> String,
        declare: impl FnOnce(&mut Self),
    ) {
        let plan = self.plan;
        let m = plan.m;
        let width = m.wires[wire].ty.width();
        let mut lowering = Lowering::default();
        let root = lowering.block(&m.wires[wire].driver, None);
        let Some(root) = root else {
            declare(self);
            literal::unsigned(&mut self.out, &Value::ZERO, width, true);
            return;
        };
        let mut count = vec![0u32; lowering.trees.len()];
        count[root] = 1;
        for k in (0..=root).rev().filter(|k| matches!(lowering.trees[*k], Tree::Choice(..))) {
            if count[k] > 0 {
                let Tree::Choice(arms, last) = &lowering.trees[k] else { continue };
                arms.iter().for_each(|arm| count[arm.1] += 1);
                count[*last] += 1;
            }
        }
        let mut names: Vec<Option<String>> = vec![None; lowering.trees.len()];
        let base = plan.wire_base[at(wire)];
        for k in 0..root {
            let shared = count[k] > 1 || lowering.apart[k] && count[k] > 0;
            if shared && matches!(lowering.trees[k], Tree::Choice(..)) {
                let name = fresh(&plan.bases[base as usize].name);
                self.put("    wire ");
                self.vector(plan.bases[base as usize].signed, width);
                self.put(&name);
                self.put(" =");
                self.tree(&lowering, &names, k, width, 12, false);
                self.put(";");
                self.end();
                names[k] = Some(name);
            }
        }
        declare(self);
        self.tree(&lowering, &names, root, width, 12, false);
    }

    fn tree(
        &mut self,
        lowering: &Lowering,
        names: &[Option<String>],
        root: usize,
        width: u32,
        indent: usize,
        nested: bool,
    ) {
        let is_choice = |k: usize| names[k].is_none() && matches!(lowering.trees[k], Tree::Choice(..));
        let lines = match &lowering.trees[root] {
            Tree::Choice(arms, last) => arms.len() > 1 || is_choice(*last) || arms.iter().any(|a| is_choice(a.1)),
            Tree::Node(_) => false,
        };
        let next = |text: &mut Self| {
            if lines {
                text.end();
                text.spaces(indent);
            } else {
                text.put(" ");
            }
        };
        if lines || !nested {
            next(self);
        }
        let mut k = root;
        loop {
            match &lowering.trees[k] {
                _ if names[k].is_some() && k != root => self.put(names[k].as_deref().unwrap_or_default()),
                Tree::Node(n) => self.ext(*n, width, if k == root { Around::Top } else { Around::Choice }),
                Tree::Choice(arms, last) => {
                    for (condition, part) in arms {
                        self.condition(condition);
                        self.put(" ?");
                        if is_choice(*part) {
                            self.put(" (");
                            self.tree(lowering, names, *part, width, indent + 4, true);
                            self.put(") :");
                        } else {
                            self.put(" ");
                            match (&names[*part], &lowering.trees[*part]) {
                                (Some(name), _) => self.put(name),
                                (None, Tree::Node(n)) => self.ext(*n, width, Around::Choice),
                                (None, Tree::Choice(..)) => {}
                            }
                            self.put(" :");
                        }
                        next(self);
                    }
                    k = *last;
                    continue;
                }
            }
            return;
        }
    }

    fn condition(&mut self, condition: &Condition) {
        match *condition {
            Condition::When(c) => self.ext(c, 1, Around::Binary),
            Condition::Switch(subject, values) => {
                let ty = self.plan.m.nodes[subject].ty;
                if ty.width() == 0 {
                    // The subject is 0, without wires.
                    return self.put(if values.iter().any(Value::is_zero) { "1'b1" } else { "1'b0" });
                }
                self.put("(");
                for (k, v) in values.iter().enumerate() {
                    if k > 0 {
                        self.put(" || ");
                        self.soft_break();
                    }
                    self.ext(subject, ty.width(), Around::Binary);
                    self.put(" == ");
                    literal::of_type(&mut self.out, v, ty, ty.width());
                }
                if values.is_empty() {
                    self.put("1'b0");
                }
                self.put(")");
            }
        }
    }

    /// Writes `signed [7:0] `, as far as there is something to write.
    pub fn vector(&mut self, signed: bool, width: u32) {
        if signed {
            self.put("signed ");
        }
        if width > 1 {
            self.range(0, width);
            self.put(" ");
        }
    }
}

/// `signed [7:0] `, `[7:0] ` or nothing for one bit.
pub(crate) fn vector(signed: bool, width: u32) -> String {
    let range = if width > 1 { format!("[{}:0] ", width - 1) } else { String::new() };
    if signed { format!("signed {range}") } else { range }
}
