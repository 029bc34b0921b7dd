//! Registers: one `always` for each clock domain and reset group.
//!
//! Every register has its own decision tree. The trees of a group are merged back into the program they come from:
//! statements of one level are ordered by `seq`, and a `when` or `switch` that drives several registers is written once.
//! Trees that a pass has changed so that they no longer agree are written one after the other, which means the same.

use std::fmt::Write;

use rustc_hash::FxHashMap;

use crate::ids::{DomainId, NodeId, RegId};
use crate::ir::{Block, Domain, Polarity, ResetKind, Stmt};
use crate::ty::Ty;
use crate::value::Value;

use super::expr::Around;
use super::graph::at;
use super::literal;
use super::plan::NONE;
use super::text::Text;

type Level<'a> = Vec<(RegId, &'a Stmt)>;

/// What makes two statements with one `seq` the same.
#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    When(Vec<NodeId>),
    Switch(NodeId, Vec<&'a [Value]>),
}

impl<'a> Text<'_, 'a> {
    /// Writes power-up values and the `always` blocks of all registers.
    pub fn registers(&mut self) {
        let plan = self.plan;
        let m = plan.m;
        let regs: Vec<RegId> = m.regs.ids().filter(|r| plan.reg_base[at(*r)] != NONE).collect();
        if regs.is_empty() {
            return;
        }
        self.line("    initial begin");
        for &r in &regs {
            let reg = &m.regs[r];
            let value = reg.reset.clone().unwrap_or_else(|| reg.ty.power_up());
            self.put("        ");
            self.put(&plan.bases[plan.reg_base[at(r)] as usize].name);
            self.put(" = ");
            self.value(&value, reg.ty);
        }
        self.line("    end");
        let mut groups: FxHashMap<(DomainId, bool), Vec<RegId>> = FxHashMap::default();
        let mut order: Vec<(DomainId, bool)> = Vec::new();
        for &r in &regs {
            let reg = &m.regs[r];
            let key = (reg.domain, reg.reset.is_some() && m.domains[reg.domain].reset.is_some());
            let group = groups.entry(key).or_default();
            if group.is_empty() {
                order.push(key);
            }
            group.push(r);
        }
        for key in order {
            if let Some(group) = groups.remove(&key) {
                self.end();
                self.group(&m.domains[key.0], key.1, &group);
            }
        }
    }

    fn value(&mut self, value: &Value, ty: Ty) {
        literal::of_type(&mut self.out, value, ty, ty.width());
        self.line(";");
    }

    fn group(&mut self, domain: &Domain, has_reset: bool, regs: &[RegId]) {
        let plan = self.plan;
        let m = plan.m;
        let reset = domain.reset.as_ref().filter(|_| has_reset);
        let _ = write!(self.out, "    always @(posedge {}", domain.clock);
        self.clocks.insert(domain.clock.clone());
        if let Some(r) = reset {
            self.clocks.insert(r.name.clone());
            if r.kind == ResetKind::Async {
                let edge = if r.polarity == Polarity::High { "posedge" } else { "negedge" };
                let _ = write!(self.out, " or {edge} {}", r.name);
            }
        }
        self.line(") begin");
        let mut indent = 8;
        if let Some(r) = reset {
            let level = if r.polarity == Polarity::High { "" } else { "!" };
            let _ = write!(self.out, "        if ({level}{}) begin", r.name);
            self.end();
            for &r in regs {
                let reg = &m.regs[r];
                let value = reg.reset.clone().unwrap_or(Value::ZERO);
                self.put("            ");
                self.put(&plan.bases[plan.reg_base[at(r)] as usize].name);
                self.put(" <= ");
                self.value(&value, reg.ty);
            }
            indent = 12;
        }
        let level: Level<'a> = regs.iter().flat_map(|&r| m.regs[r].next.iter().map(move |s| (r, s))).collect();
        if level.iter().any(|(_, s)| drives(s)) {
            if reset.is_some() {
                self.line("        end else begin");
            }
            self.level(level, indent);
        }
        if reset.is_some() {
            self.line("        end");
        }
        self.line("    end");
    }

    /// The statements of one level, merged by `seq`.
    fn level(&mut self, mut level: Level<'a>, indent: usize) {
        level.retain(|(_, s)| drives(s));
        level.sort_by_key(|(_, s)| seq(s));
        let mut rest = level.as_slice();
        while let Some((_, first)) = rest.first() {
            let same = rest.iter().take_while(|(_, s)| seq(s) == seq(first)).count();
            let (group, others) = rest.split_at(same);
            rest = others;
            for (r, stmt) in group {
                if let Stmt::Set { value, place, .. } = stmt {
                    self.mark(*place);
                    self.assignment(*r, *value, indent);
                }
            }
            let mut classes: Vec<Level<'a>> = Vec::new();
            let mut class_of: FxHashMap<Key<'a>, usize> = FxHashMap::default();
            for (r, stmt) in group {
                let key = match *stmt {
                    Stmt::Set { .. } => continue,
                    Stmt::When { arms, .. } => Key::When(arms.iter().map(|a| a.0).collect()),
                    Stmt::Switch { subject, arms, .. } => {
                        Key::Switch(*subject, arms.iter().map(|a| a.0.as_slice()).collect())
                    }
                };
                let class = *class_of.entry(key).or_insert(classes.len());
                if class == classes.len() {
                    classes.push(Vec::new());
                }
                classes[class].push((*r, *stmt));
            }
            for class in classes {
                self.branch(&class, indent);
            }
        }
    }

    fn assignment(&mut self, r: RegId, value: NodeId, indent: usize) {
        let plan = self.plan;
        let reg = &plan.m.regs[r];
        self.spaces(indent);
        self.put(&plan.bases[plan.reg_base[at(r)] as usize].name);
        self.put(" <= ");
        self.whole(value, reg.ty.width());
        self.line(";");
    }

    /// One `if` or `case` over statements with equal conditions.
    fn branch(&mut self, class: &[(RegId, &'a Stmt)], indent: usize) {
        let part = |pick: &dyn Fn(&'a Stmt) -> &'a Block| -> Level<'a> {
            class.iter().flat_map(|&(r, s)| pick(s).iter().map(move |s| (r, s))).filter(|(_, s)| drives(s)).collect()
        };
        match class[0].1 {
            Stmt::Set { .. } => {}
            Stmt::When { arms, .. } => {
                let mut parts: Vec<Level> = (0..arms.len())
                    .map(|k| part(&|s| if let Stmt::When { arms, .. } = s { &arms[k].1 } else { EMPTY }))
                    .collect();
                let last = part(&|s| if let Stmt::When { otherwise, .. } = s { otherwise } else { EMPTY });
                while last.is_empty() && parts.last().is_some_and(|p| p.is_empty()) {
                    parts.pop();
                }
                self.spaces(indent);
                for (k, inside) in parts.into_iter().enumerate() {
                    self.put(if k > 0 { "end else if (" } else { "if (" });
                    self.ext(arms[k].0, 1, Around::Top);
                    self.line(") begin");
                    self.level(inside, indent + 4);
                    self.spaces(indent);
                }
                if !last.is_empty() {
                    self.line("end else begin");
                    self.level(last, indent + 4);
                    self.spaces(indent);
                }
                self.line("end");
            }
            Stmt::Switch { subject, arms, .. } => {
                let ty = self.plan.m.nodes[*subject].ty;
                if ty.width() == 0 {
                    // The subject is 0, without wires: one arm is left.
                    let taken = arms.iter().position(|(values, _)| values.iter().any(Value::is_zero));
                    let inside = part(&|s| match (s, taken) {
                        (Stmt::Switch { arms, .. }, Some(k)) => &arms[k].1,
                        (Stmt::Switch { default, .. }, None) => default,
                        _ => EMPTY,
                    });
                    return self.level(inside, indent);
                }
                self.spaces(indent);
                self.put("case (");
                self.ext(*subject, ty.width(), Around::Top);
                self.line(")");
                for (k, (values, _)) in arms.iter().enumerate() {
                    let inside = part(&|s| if let Stmt::Switch { arms, .. } = s { &arms[k].1 } else { EMPTY });
                    if values.is_empty() {
                        continue;
                    }
                    self.spaces(indent + 4);
                    for (j, v) in values.iter().enumerate() {
                        if j > 0 {
                            self.put(", ");
                            self.soft_break();
                        }
                        literal::of_type(&mut self.out, v, ty, ty.width());
                    }
                    self.case_arm(inside, indent + 4);
                }
                self.spaces(indent + 4);
                self.put("default");
                let last = part(&|s| if let Stmt::Switch { default, .. } = s { default } else { EMPTY });
                self.case_arm(last, indent + 4);
                self.spaces(indent);
                self.line("endcase");
            }
        }
    }

    fn case_arm(&mut self, inside: Level<'a>, indent: usize) {
        if inside.is_empty() {
            return self.line(": ;");
        }
        self.line(": begin");
        self.level(inside, indent + 4);
        self.spaces(indent);
        self.line("end");
    }
}

static EMPTY: &Block = &Block::new();

/// True where the statement assigns something on some path.
fn drives(stmt: &Stmt) -> bool {
    let any = |b: &Block| b.iter().any(drives);
    match stmt {
        Stmt::Set { .. } => true,
        Stmt::When { arms, otherwise, .. } => arms.iter().any(|a| any(&a.1)) || any(otherwise),
        Stmt::Switch { arms, default, .. } => arms.iter().any(|a| any(&a.1)) || any(default),
    }
}

fn seq(stmt: &Stmt) -> u32 {
    match stmt {
        Stmt::Set { seq, .. } | Stmt::When { seq, .. } | Stmt::Switch { seq, .. } => *seq,
    }
}
