//! The named signals of a flattened design: ports, registers, wires and named nodes of every instance.

use std::sync::Arc;

use gatewright_dsl::ids::Id;
use gatewright_dsl::ir::{Design, Dir, Format};
use gatewright_dsl::ty::Ty;

use super::flatten::Flat;
use super::graph::V;
use super::lower::vertex;
use super::program::Slot;
use crate::dut::SignalInfo;

/// A signal of a module; shared by its instances.
pub(super) struct Name {
    pub(super) name: String,
    ty: Ty,
    format: Format,
}

/// The signals of one instance.
struct Scope {
    /// From below the top down.
    inst: u32,
    names: Arc<[Name]>,
    /// Where the values of this instance start.
    first: usize,
}

/// All signals, over vertices or slots.
pub(super) struct Signals<T> {
    scopes: Vec<Scope>,
    pub(super) values: Vec<T>,
}

/// The names of instances with their parents.
pub(super) type Paths = Vec<(u32, Arc<str>)>;

/// Collects the signals of all instances.
pub(super) fn collect(design: &Design, flat: &Flat) -> Signals<V> {
    let mut shared: Vec<Option<Arc<[Name]>>> = design.modules.ids().map(|_| None).collect();
    let mut signals = Signals { scopes: Vec::new(), values: Vec::new() };
    for (n, inst) in flat.insts.iter().enumerate() {
        let module = &design.modules[inst.module];
        let named = |name: &str, ty, format: &Format| Name { name: name.to_string(), ty, format: format.clone() };
        let first = signals.values.len();
        let names = shared[inst.module.index()].get_or_insert_with(|| {
            let ports = module.ports.values().map(|p| named(&p.name, p.ty, &p.format));
            let regs = module.regs.values().map(|r| named(&r.name, r.ty, &r.format));
            let wires = module.wires.values().map(|w| named(&w.name, w.ty, &w.format));
            let nodes = module.names.iter().map(|(&id, name)| named(name, module.nodes[id].ty, &Format::Plain));
            ports.chain(regs).chain(wires).chain(nodes).collect()
        });
        for (id, port) in module.ports.iter() {
            let value = match port.dir {
                Dir::Input => flat.input(design, n, id),
                Dir::Output if n == 0 => flat.pins.get(id.index()).copied(),
                Dir::Output => port.driver.map(|d| vertex(inst.nodes, d)),
            };
            signals.values.push(value.unwrap_or(inst.nodes));
        }
        signals.values.extend(module.regs.ids().map(|id| flat.reg(n, id)));
        signals.values.extend(module.wires.ids().map(|id| flat.wire(n, id)));
        signals.values.extend(module.names.keys().map(|&id| vertex(inst.nodes, id)));
        signals.scopes.push(Scope { inst: n as u32, names: names.clone(), first });
    }
    signals
}

impl Signals<V> {
    pub(super) fn placed(self, slot: impl Fn(V) -> Slot) -> Signals<Slot> {
        Signals { scopes: self.scopes, values: self.values.into_iter().map(slot).collect() }
    }
}

impl Signals<Slot> {
    /// All signals, in the order of their indices.
    pub(super) fn list(&self, paths: &Paths) -> Vec<SignalInfo> {
        let mut list = Vec::with_capacity(self.values.len());
        for scope in &self.scopes {
            let path = scope_names(paths, scope.inst);
            for n in scope.names.iter() {
                let name = n.name.clone();
                list.push(SignalInfo { scope: path.clone(), name, ty: n.ty, format: n.format.clone() });
            }
        }
        list
    }

    /// The index of the signal with this path below the top, or the names in the deepest instance on the way.
    pub(super) fn find(&self, paths: &Paths, path: &str) -> Result<usize, Vec<&str>> {
        let mut at = 0u32;
        let mut rest = path;
        loop {
            let scope = &self.scopes[at as usize];
            if let Some(n) = scope.names.iter().position(|n| n.name == rest) {
                return Ok(scope.first + n);
            }
            let child = rest.split_once('.').and_then(|(name, after)| {
                let child = (at + 1..paths.len() as u32).find(|&c| {
                    let (parent, ref child) = paths[c as usize];
                    parent == at && **child == *name
                })?;
                Some((child, after))
            });
            match child {
                Some((child, after)) => (at, rest) = (child, after),
                None => return Err(scope.names.iter().map(|n| n.name.as_str()).collect()),
            }
        }
    }
}

/// The names of the instances from below the top down to `inst`.
fn scope_names(paths: &Paths, inst: u32) -> Vec<String> {
    let (mut names, mut at) = (Vec::new(), inst);
    while paths[at as usize].0 != at {
        names.push(paths[at as usize].1.to_string());
        at = paths[at as usize].0;
    }
    names.reverse();
    names
}
