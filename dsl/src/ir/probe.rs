//! Probes: a value inside a child as an output of the top level, for tests and debugging in any engine and in hardware.

use std::fmt;

use super::{Design, Dir, Format, Module, ModuleKind, Node, Op, Port};
use crate::ids::{DomainId, InstId, ModuleId, NodeId, PlaceId};
use crate::ty::Ty;

/// Why a probe cannot be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeError {
    /// The path asked for.
    pub path: String,
    /// The part of it that was not found, in which module.
    pub missing: String,
    /// What there is instead.
    pub present: Vec<String>,
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "probe `{}`: {}; there is {}",
            self.path,
            self.missing,
            match self.present.is_empty() {
                true => "nothing to probe".to_string(),
                false => self.present.join(", "),
            }
        )
    }
}
impl std::error::Error for ProbeError {}

impl Design {
    /// Makes the value at `path` (names of instances, then a register, wire, named value or port, joined with `.`) an
    /// output of the top level, and returns the output's name. The modules on the way get an output more, in all their
    /// instances.
    ///
    /// # Errors
    /// Where the path leads nowhere, with the names that there are.
    pub fn probe(&mut self, path: &str) -> Result<String, ProbeError> {
        let mut parts: Vec<&str> = path.split('.').collect();
        let last = parts.pop().unwrap_or_default();
        let mut way: Vec<(ModuleId, InstId)> = Vec::new();
        let mut at = self.top;
        for part in parts {
            let module = &self.modules[at];
            let found = module.insts.iter().find(|(_, i)| i.name == part);
            let Some((inst, child)) = found.map(|(id, inst)| (id, inst.module)) else {
                return Err(ProbeError {
                    path: path.into(),
                    missing: format!("no instance `{part}` in module `{}`", module.name),
                    present: module.insts.values().map(|i| i.name.clone()).collect(),
                });
            };
            way.push((at, inst));
            at = match &self.modules[child].kind {
                ModuleKind::Extern { .. } => {
                    return Err(ProbeError {
                        path: path.into(),
                        missing: format!("`{part}` is a black box"),
                        present: Vec::new(),
                    });
                }
                ModuleKind::Body => child,
            };
        }
        let (node, ty, format) = find(&mut self.modules[at], last).ok_or_else(|| {
            let module = &self.modules[at];
            ProbeError {
                path: path.into(),
                missing: format!("no value `{last}` in module `{}`", module.name),
                present: values(module),
            }
        })?;
        let name = format!("probe_{}", path.replace('.', "_"));
        let mut node = node;
        let mut name_here = if way.is_empty() { name.clone() } else { format!("probe_{last}") };
        loop {
            let module = &mut self.modules[at];
            name_here = unique(module, name_here);
            let place = module.nodes[node].place;
            let port = Port {
                name: name_here.clone(),
                dir: Dir::Output,
                ty,
                format: format.clone(),
                driver: Some(node),
                domain: DomainId(0),
                place,
            };
            let known = module.ports.iter().find(|(_, p)| p.driver == Some(node) && p.name.starts_with("probe_"));
            let port = match known.map(|(id, p)| (id, p.name.clone())) {
                Some((id, existing)) => {
                    name_here = existing;
                    id
                }
                None => module.ports.push(port),
            };
            let Some((parent, inst)) = way.pop() else { return Ok(name_here) };
            let module = &mut self.modules[parent];
            let existing = module.nodes.iter().find(|(_, n)| n.op == Op::Inst(inst, port)).map(|(id, _)| id);
            let place = module.insts[inst].place;
            node = existing.unwrap_or_else(|| module.nodes.push(Node { op: Op::Inst(inst, port), ty, place }));
            name_here = if way.is_empty() { name.clone() } else { format!("probe_{}_{last}", module.insts[inst].name) };
            at = parent;
        }
    }
}

fn unique(module: &Module, name: String) -> String {
    let taken = |n: &str| {
        module.ports.values().any(|p| p.name == n)
            || module.regs.values().any(|r| r.name == n)
            || module.wires.values().any(|w| w.name == n)
            || module.mems.values().any(|m| m.name == n)
            || module.insts.values().any(|i| i.name == n)
            || module.checks.values().any(|c| c.name == n)
            || module.names.values().any(|v| v == n)
    };
    let mut candidate = name.clone();
    let mut n = 1;
    while taken(&candidate) {
        n += 1;
        candidate = format!("{name}_{n}");
    }
    candidate
}

/// The node of a named thing; a node is added where nothing reads it yet.
fn find(module: &mut Module, name: &str) -> Option<(NodeId, Ty, Format)> {
    let by_name = |m: &Module| m.names.iter().find(|(_, n)| *n == name).map(|(id, _)| *id);
    if let Some(id) = by_name(module) {
        return Some((id, module.nodes[id].ty, Format::Plain));
    }
    if let Some(port) = module.ports.values().find(|p| p.name == name && p.dir == Dir::Output) {
        return Some((port.driver?, port.ty, port.format.clone()));
    }
    let reg = module.regs.iter().find(|(_, r)| r.name == name).map(|(id, r)| (Op::Reg(id), r.ty, &r.format, r.place));
    let wire =
        || module.wires.iter().find(|(_, w)| w.name == name).map(|(id, w)| (Op::Wire(id), w.ty, &w.format, w.place));
    let input =
        || module.ports.iter().find(|(_, p)| p.name == name).map(|(id, p)| (Op::Input(id), p.ty, &p.format, p.place));
    let (op, ty, format, place): (Op, Ty, &Format, PlaceId) = reg.or_else(wire).or_else(input)?;
    let format = format.clone();
    let node = module.nodes.iter().find(|(_, n)| n.op == op).map(|(id, _)| id);
    Some((node.unwrap_or_else(|| module.nodes.push(Node { op, ty, place })), ty, format))
}

fn values(module: &Module) -> Vec<String> {
    let regs = module.regs.values().map(|r| r.name.clone());
    let wires = module.wires.values().map(|w| w.name.clone());
    let ports = module.ports.values().map(|p| p.name.clone());
    regs.chain(wires).chain(module.names.values().cloned()).chain(ports).collect()
}
