//! From Verilator's messages to check failures.
//!
//! A failed assertion prints `[time] %Error: file:line: Assertion failed in TOP.gw_top.gw_dut.a.b.bound.label: message`.
//! The instance path is followed through the design to the check that said it.

use gatewright_dsl::ir::{Check, Design, Inst, Module, ModuleKind};

use super::shim;
use crate::error::CheckFailure;

/// The name of what Verilator says beside checks.
pub(super) const OTHER: &str = "verilator";

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
                check: OTHER.into(),
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
        let mut path = [self.top.as_str()].iter().chain(instances).copied().collect::<Vec<_>>().join(".");
        let found = self.design.as_deref().and_then(|d| {
            let (module, names) = follow(d, instances)?;
            let check = named(module, label, message)?;
            path = [self.top.as_str()].into_iter().chain(names).collect::<Vec<_>>().join(".");
            Some((check.name.clone(), check.message.clone(), crate::interpreter::place_text(d, check.place)))
        });
        let (check, message, place) = found.unwrap_or_else(|| (label.to_string(), message.to_string(), String::new()));
        Some(CheckFailure { cycle, path, check, message, place, values: Vec::new() })
    }
}

/// The module at the end of a path of Verilog instances, and the design's names of them: an instance can have a suffix,
/// and the levels between a black box and one of its models are of the Verilog alone.
fn follow<'d>(design: &'d Design, instances: &[&str]) -> Option<(&'d Module, Vec<&'d str>)> {
    let body = |module: &'d Module| match module.kind {
        ModuleKind::Extern { model: Some(model), .. } => design.modules.get(model),
        _ => Some(module),
    };
    let mut at = body(design.modules.get(design.top)?)?;
    let mut names = Vec::new();
    let mut boxed = false;
    for name in instances {
        let own = at.insts.values().find(|i| i.name == *name);
        let suffixed = || {
            let base = |i: &&Inst| name.strip_prefix(i.name.as_str()).is_some_and(|rest| rest.starts_with("_i"));
            at.insts.values().filter(base).max_by_key(|i| i.name.len())
        };
        let Some(inst) = own.or_else(suffixed) else {
            if boxed && (name.starts_with("choice_") || *name == "model") {
                continue;
            }
            return None;
        };
        let module = design.modules.get(inst.module)?;
        boxed = matches!(module.kind, ModuleKind::Extern { .. });
        names.push(inst.name.as_str());
        at = body(module)?;
    }
    Some((at, names))
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
