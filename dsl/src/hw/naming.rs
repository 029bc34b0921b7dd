//! Names of modules: a generator's own name, with a suffix only where several modules want the same one.
//!
//! The suffix is a hash of the module's content without places, so that a change elsewhere does not touch it. Modules
//! of one name and equal content are made one.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::ids::{Arena, Id, ModuleId};
use crate::ir::{self, Design, ModuleKind, print};

/// A hash of a module's text, in which children appear by name, and of what else tells it apart.
fn content(module: &ir::Module, modules: &Arena<ModuleId, ir::Module>, more: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(print::print_module(module, modules).as_bytes());
    hash.update(more.as_bytes());
    hash.finalize().into()
}

fn hex(hash: &[u8]) -> String {
    hash.iter().map(|b| format!("{b:02x}")).collect()
}

/// Which modules the children are, after merging.
fn children(module: &ir::Module, same: &[ModuleId]) -> String {
    module.insts.values().map(|i| format!("{} ", same[i.module.index()])).collect()
}

/// Verilator takes no port of the top module's own name. The ports are the user's, so the module gives way.
pub(crate) fn top_apart_from_ports(design: &mut Design) {
    let top = &design.modules[design.top];
    if top.ports.values().any(|p| p.name == top.name) {
        let mut name = format!("{}_top", top.name);
        let taken = |name: &String| {
            top.ports.values().any(|p| p.name == *name) || design.modules.values().any(|m| m.name == *name)
        };
        while taken(&name) {
            name.push('_');
        }
        design.modules[design.top].name = name;
    }
}

/// Makes module names unique, merging equal modules of one name.
pub(crate) fn unique_names(design: &mut Design) {
    let mut by_name: BTreeMap<String, Vec<ModuleId>> = BTreeMap::new();
    for (id, module) in design.modules.iter() {
        by_name.entry(module.name.clone()).or_default().push(id);
    }
    if by_name.values().all(|ids| ids.len() == 1) {
        return;
    }
    // Children come before parents, so a child's representative is known when its parent is looked at.
    let mut same: Vec<ModuleId> = design.modules.ids().collect();
    let mut seen: BTreeMap<(String, [u8; 32]), ModuleId> = BTreeMap::new();
    for (id, module) in design.modules.iter() {
        if by_name[&module.name].len() > 1 {
            let deep = content(module, &design.modules, &children(module, &same));
            same[id.index()] = *seen.entry((module.name.clone(), deep)).or_insert(id);
        }
    }
    let is_extern = |m: &ir::Module| matches!(m.kind, ModuleKind::Extern { .. });
    let mut names: Vec<String> = design.modules.values().map(|m| m.name.clone()).collect();
    for (name, ids) in &by_name {
        let distinct: Vec<ModuleId> = ids.iter().copied().filter(|&id| same[id.index()] == id).collect();
        if distinct.len() == 1 {
            continue;
        }
        let mut used = std::collections::BTreeSet::new();
        for id in distinct {
            let module = &design.modules[id];
            if is_extern(module) {
                continue; // The name of a black box is not ours to change.
            }
            let shallow = content(module, &design.modules, "");
            let deep = content(module, &design.modules, &children(module, &same));
            let mut candidate = format!("{name}_{}", &hex(&shallow)[..6]);
            if !used.insert(candidate.clone()) || by_name.contains_key(&candidate) {
                candidate = format!("{name}_{}", &hex(&deep)[..12]);
                used.insert(candidate.clone());
            }
            names[id.index()] = candidate;
        }
    }
    let mut new_ids = vec![ModuleId(0); same.len()];
    let mut kept = Arena::new();
    for (id, module) in std::mem::take(&mut design.modules).iter() {
        if same[id.index()] != id {
            new_ids[id.index()] = new_ids[same[id.index()].index()];
            continue;
        }
        let mut module = module.clone();
        module.name = names[id.index()].clone();
        module.insts.values_mut().for_each(|i| i.module = new_ids[i.module.index()]);
        if let ModuleKind::Extern { model: Some(model), .. } = &mut module.kind {
            *model = new_ids[model.index()];
        }
        new_ids[id.index()] = kept.push(module);
    }
    design.modules = kept;
    design.top = new_ids[design.top.index()];
}
