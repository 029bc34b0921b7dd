//! Registers: one `always` for each clock domain and reset group.
//!
//! Every register has its own decision tree. The trees of a group are merged back into the program they come from:
//! statements of one level are ordered by `seq`, and a `when` or `switch` that drives several registers is written once.
//! Trees that a pass has changed so that they no longer agree are written one after the other, which means the same.

use std::fmt::Write;

use rustc_hash::FxHashMap;

use crate::ids::{DomainId, NodeId, RegId};
use crate::ir::{Block, Domain, Format, Op, Polarity, ResetKind, Stmt};
use crate::ty::Ty;
use crate::value::Value;

use super::expr::Around;
use super::graph::at;
use super::literal;
use super::plan::NONE;
use super::text::Text;

type Level<'a> = Vec<(RegId, &'a Stmt)>;

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
            let value = reg.power_up();
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
            // A tree lists the arms up to the last that drives its register: those with more arms come first.
            let mut branches: Level<'a> =
                group.iter().filter(|(_, s)| !matches!(s, Stmt::Set { .. })).copied().collect();
            branches.sort_by_key(|(_, s)| std::cmp::Reverse(arm_count(s)));
            let mut classes: Vec<Level<'a>> = Vec::new();
            for (r, stmt) in branches {
                match classes.iter_mut().find(|class| covers(class[0].1, stmt)) {
                    Some(class) => class.push((r, stmt)),
                    None => classes.push(vec![(r, stmt)]),
                }
            }
            for mut class in classes {
                // In the order of the registers, behind the statement that has all arms.
                class[1..].sort_by_key(|(r, _)| *r);
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

    /// One `if` or `case` over statements with the conditions of the first.
    fn branch(&mut self, class: &[(RegId, &'a Stmt)], indent: usize) {
        let part = |pick: &dyn Fn(&'a Stmt) -> &'a Block| -> Level<'a> {
            class.iter().flat_map(|&(r, s)| pick(s).iter().map(move |s| (r, s))).filter(|(_, s)| drives(s)).collect()
        };
        match class[0].1 {
            Stmt::Set { .. } => {}
            Stmt::When { arms, .. } => {
                let arm = |s: &'a Stmt, k: usize| match s {
                    Stmt::When { arms, .. } => arms.get(k).map_or(EMPTY, |arm| &arm.1),
                    _ => EMPTY,
                };
                let mut parts: Vec<Level> = (0..arms.len()).map(|k| part(&|s| arm(s, k))).collect();
                let last = part(&|s| if let Stmt::When { otherwise, .. } = s { otherwise } else { EMPTY });
                while last.is_empty() && parts.last().is_some_and(|p| p.is_empty()) {
                    parts.pop();
                }
                self.chain(arms, parts, last, indent);
            }
            Stmt::Switch { subject, arms, .. } => {
                let ty = self.plan.m.nodes[*subject].ty;
                if ty.width() == 0 {
                    // The subject is 0, without wires: one arm is left.
                    let taken = arms.iter().position(|(values, _)| values.iter().any(Value::is_zero));
                    let inside = part(&|s| match (s, taken) {
                        (Stmt::Switch { arms, .. }, Some(k)) => arms.get(k).map_or(EMPTY, |arm| &arm.1),
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
                    let inside = part(&|s| match s {
                        Stmt::Switch { arms, .. } => arms.get(k).map_or(EMPTY, |arm| &arm.1),
                        _ => EMPTY,
                    });
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
                    self.case_arm(inside, indent + 4, &self.meaning(*subject, values));
                }
                self.spaces(indent + 4);
                self.put("default");
                let last = part(&|s| if let Stmt::Switch { default, .. } = s { default } else { EMPTY });
                self.case_arm(last, indent + 4, "");
                self.spaces(indent);
                self.line("endcase");
            }
        }
    }

    /// `if`, `else if` for each of `arms` with what is inside, `else` for `last`.
    fn chain(&mut self, arms: &[(NodeId, Block)], parts: Vec<Level<'a>>, last: Level<'a>, indent: usize) {
        let idle = parts.iter().take_while(|p| p.is_empty()).count();
        self.spaces(indent);
        if idle > 0 {
            // Instead of arms that do nothing, the rest is under the opposite of their conditions.
            let single = if last.is_empty() { 1 } else { 0 };
            let rest = parts.len() - idle;
            let around = if idle + rest * single > 1 { Around::Binary } else { Around::Top };
            self.put("if (");
            for (k, (condition, _)) in arms[..idle].iter().enumerate() {
                self.put(if k > 0 { " && " } else { "" });
                self.negated(*condition, around);
            }
            if rest > single {
                self.line(") begin");
                self.chain(&arms[idle..], parts.into_iter().skip(idle).collect(), last, indent + 4);
            } else {
                for (k, inside) in parts.into_iter().enumerate().skip(idle) {
                    self.put(" && ");
                    self.ext(arms[k].0, 1, Around::Binary);
                    self.line(") begin");
                    self.level(inside, indent + 4);
                }
                if !last.is_empty() {
                    self.line(") begin");
                    self.level(last, indent + 4);
                }
            }
            self.spaces(indent);
            return self.line("end");
        }
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

    /// The names that an enum gives to these values of `subject`, as a comment.
    fn meaning(&self, subject: NodeId, values: &[Value]) -> String {
        let m = self.plan.m;
        let format = match m.nodes[subject].op {
            Op::Reg(r) => &m.regs[r].format,
            Op::Wire(w) => &m.wires[w].format,
            Op::Input(p) => &m.ports[p].format,
            _ => return String::new(),
        };
        let Format::Enum(names) = format else { return String::new() };
        if !self.comments {
            return String::new();
        }
        let names: Vec<&str> = values.iter().filter_map(|v| Some(names.get(v.to_usize()?)?.as_str())).collect();
        format!(" // {}", names.join(", "))
    }

    fn case_arm(&mut self, inside: Level<'a>, indent: usize, comment: &str) {
        if inside.is_empty() {
            self.put(": ;");
            return self.line(comment);
        }
        self.put(": begin");
        self.line(comment);
        self.level(inside, indent + 4);
        self.spaces(indent);
        self.line("end");
    }
}

static EMPTY: &Block = &Block::new();

fn arm_count(stmt: &Stmt) -> usize {
    match stmt {
        Stmt::Set { .. } => 0,
        Stmt::When { arms, .. } => arms.len(),
        Stmt::Switch { arms, .. } => arms.len(),
    }
}

/// True where `stmt` can be written as part of `first`: it has the same conditions, or the first of them and nothing
/// that holds otherwise.
fn covers(first: &Stmt, stmt: &Stmt) -> bool {
    match (first, stmt) {
        (Stmt::When { arms: all, .. }, Stmt::When { arms, otherwise, .. }) => {
            (arms.len() == all.len() || arms.len() < all.len() && otherwise.is_empty())
                && arms.iter().zip(all).all(|(a, b)| a.0 == b.0)
        }
        (Stmt::Switch { subject: one, arms: all, .. }, Stmt::Switch { subject, arms, default, .. }) => {
            (arms.len() == all.len() || arms.len() < all.len() && default.is_empty())
                && one == subject
                && arms.iter().zip(all).all(|(a, b)| a.0 == b.0)
        }
        _ => false,
    }
}

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
