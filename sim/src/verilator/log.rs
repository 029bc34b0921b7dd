//! From Verilator's messages to check failures.
//!
//! A failed assertion prints `[time] %Error: file:line: Assertion failed in TOP.gw_top.gw_dut.a.b.bound.label: message`.
//! The instance path is followed through the design to the check that said it.

use gatewright_dsl::ir::{Check, Design, Module, ModuleKind};

use super::shim;
use crate::error::CheckFailure;

/// What the checks of a design say, by instance path and label; found when a check fails.
pub(super) struct Checks {
    design: Option<Box<Design>>,
    top: String,
}

impl Checks {
    pub(super) fn of(design: &Design) -> Checks {
        Checks { top: design.modules[design.top].name.clone(), design: Some(Box::new(design.clone())) }
    }
    /// Nothing is known but the top's name.
    pub(super) fn unknown(top: &str) -> Checks {
        Checks { top: top.to_string(), design: None }
    }

    /// The failures in what Verilator printed during one evaluation.
    pub(super) fn failures(&self, log: &str, cycle: u64) -> Vec<CheckFailure> {
        log.lines().filter_map(|line| self.failure(line, cycle)).collect()
    }

    fn failure(&self, line: &str, cycle: u64) -> Option<CheckFailure> {
        let Some((_, rest)) = line.split_once("Assertion failed in ") else {
            // Something else that a model has to say, such as a memory file that is missing.
            let other = line.contains("%Error") || line.contains("%Fatal") || line.contains("%Warning");
            return other.then(|| CheckFailure {
                cycle,
                path: self.top.clone(),
                check: "verilator".into(),
                message: line.to_string(),
                place: String::new(),
                values: Vec::new(),
            });
        };
        let (path, message) = rest.split_once(": ").unwrap_or((rest.trim_end_matches(':'), ""));
        let names: Vec<&str> = path.split('.').skip_while(|n| *n != shim::INSTANCE).skip(1).collect();
        // The last is the label, the one before it the instance that was bound.
        let (label, instances) = match names.as_slice() {
            [instances @ .., _, label] => (*label, instances),
            other => (other.last().copied().unwrap_or(""), &[][..]),
        };
        let path = [self.top.as_str()].iter().chain(instances).copied().collect::<Vec<_>>().join(".");
        let found = self.design.as_deref().and_then(|d| {
            let check = named(follow(d, instances)?, label, message)?;
            Some((check.name.clone(), check.message.clone(), crate::interpreter::place_text(d, check.place)))
        });
        let (check, message, place) = found.unwrap_or_else(|| (label.to_string(), message.to_string(), String::new()));
        Some(CheckFailure { cycle, path, check, message, place, values: Vec::new() })
    }
}

/// The module at the end of a path of instances.
fn follow<'d>(design: &'d Design, instances: &[&str]) -> Option<&'d Module> {
    let body = |module: &'d Module| match module.kind {
        ModuleKind::Extern { model: Some(model), .. } => design.modules.get(model),
        _ => Some(module),
    };
    let mut at = body(design.modules.get(design.top)?)?;
    for name in instances {
        let inst = at.insts.values().find(|i| i.name == *name)?;
        at = body(design.modules.get(inst.module)?)?;
    }
    Some(at)
}

/// The check with this label. A label can have a suffix, where its name is also that of a port.
fn named<'m>(module: &'m Module, label: &str, message: &str) -> Option<&'m Check> {
    let checks = || module.checks.values();
    let says = |c: &&Check| message.starts_with(&c.message);
    let alike = |c: &&Check| label.starts_with(&c.name);
    (checks().find(|c| c.name == label && says(c)))
        .or_else(|| checks().find(|c| alike(c) && says(c)))
        .or_else(|| checks().find(|c| c.name == label))
        .or_else(|| checks().filter(alike).max_by_key(|c| c.name.len()))
}
