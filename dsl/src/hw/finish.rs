//! The end of a module: wires that the language made vanish, names are settled, and the module is checked.

use super::context::{Builder, Context};
use crate::check;
use crate::diag;
use crate::ids::{Arena, Id, NodeId};
use crate::ir::{self, Dir, ModuleKind, Op, Stmt};

/// Completes and checks the module on top of the stack.
pub(crate) fn module(c: &mut Context) {
    let Some(b) = c.stack.last_mut() else { return };
    let mut drafts = Vec::new();
    let mut streams: Vec<_> = std::mem::take(&mut b.streams).into_iter().collect();
    streams.sort_by_key(|(wire, _)| *wire);
    for (wire, (place, name)) in streams {
        drafts.push(diag::e0208::new(place, &name));
        b.ir.wires[wire].driver.clear();
        b.hidden[wire.index()] = false;
        // Already reported: the wire must not be reported again as not driven.
        let zero = b.constant(crate::value::Value::ZERO, b.ir.wires[wire].ty, place).node;
        b.ir.wires[wire].driver.push(Stmt::Set { seq: 0, value: zero, place });
    }
    let hidden = forward_hidden_wires(b);
    b.tainted = b
        .tainted
        .iter()
        .filter_map(|&(wire, id)| Some((wire, if wire { hidden.get(id as usize).copied()?? } else { id })))
        .collect();
    settle_names(b, &mut drafts);
    let failed = c.drafts.iter().chain(&drafts).any(|d| !d.code.is_warning());
    if let Some(b) = c.stack.last() {
        check::drivers::check(&b.ir, &b.tainted, &mut drafts);
        c.summaries.push(check::loops::check(&b.ir, &c.summaries, &mut drafts));
        if !failed {
            check::unused::check(&b.ir, &mut drafts);
        }
    }
    if !failed {
        check::domains::check(c, &mut drafts);
    }
    c.drafts.extend(drafts);
}

/// Replaces each wire of the language's own by its driver, and drops it.
/// Returns the new number of each wire that stays.
fn forward_hidden_wires(b: &mut Builder) -> Vec<Option<u32>> {
    let mut target: Vec<Option<NodeId>> =
        b.ir.wires
            .iter()
            .map(|(id, wire)| match &wire.driver[..] {
                [Stmt::Set { value, .. }] if b.hidden[id.index()] => Some(*value),
                _ => None,
            })
            .collect();
    let nodes = &b.ir.nodes;
    let wire_behind = |node: NodeId| match nodes[node].op {
        Op::Wire(id) => Some(id),
        _ => None,
    };
    // Follow chains; a wire that leads back to itself stays, and is found as a loop.
    for start in 0..target.len() {
        let mut path = vec![start];
        let mut end = target[start];
        while let Some(node) = end
            && let Some(next) = wire_behind(node)
            && let Some(further) = target[next.index()]
        {
            if path.contains(&next.index()) {
                end = None;
                break;
            }
            path.push(next.index());
            end = Some(further);
        }
        for wire in path {
            target[wire] = end;
        }
    }
    if target.iter().all(Option::is_none) {
        return (0..target.len() as u32).map(Some).collect();
    }
    let mut forward: Vec<Option<NodeId>> = vec![None; nodes.len()];
    for (wire, to) in target.iter().enumerate() {
        forward[b.wire_nodes[wire].index()] = *to;
    }
    let follow = |n: NodeId| forward[n.index()].unwrap_or(n);
    b.ir.nodes.values_mut().for_each(|node| node.op.map_operands(follow));
    b.ir.for_each_use_mut(|n| *n = follow(*n));
    for (wire, to) in target.iter().enumerate() {
        if let (Some(to), Some(name)) = (to, to.and_then(|_| b.ir.names.remove(&b.wire_nodes[wire])))
            && !matches!(b.ir.nodes[*to].op, Op::Const(_))
        {
            b.ir.names.entry(*to).or_insert(name);
        }
    }
    let mut new_ids = vec![None; target.len()];
    let mut kept = Arena::new();
    for (id, wire) in std::mem::take(&mut b.ir.wires).iter() {
        if target[id.index()].is_none() {
            new_ids[id.index()] = Some(kept.push(wire.clone()));
        }
    }
    b.ir.wires = kept;
    // Wires of the user, which stay.
    b.ir.reset_wires.values_mut().for_each(|w| *w = new_ids[w.index()].unwrap_or(*w));
    for node in b.ir.nodes.values_mut() {
        if let Op::Wire(id) = &mut node.op {
            match new_ids[id.index()] {
                Some(new) => *id = new,
                None => node.op = Op::Const(node.ty.power_up()),
            }
        }
    }
    // The nodes that read dropped wires are out of use; give them the type of the constant they now are.
    for node in b.ir.nodes.values_mut() {
        if let (Op::Const(v), crate::ty::Ty::Int(_)) = (&node.op, node.ty) {
            node.ty = crate::ty::Ty::Int(crate::ty::IntTy::constant(v.clone()));
        }
    }
    new_ids.into_iter().map(|id: Option<crate::ids::WireId>| id.map(|id| id.index() as u32)).collect()
}

/// Ports have the names of their paths. An output that shares one with an input gets `_out`; what is inside gives way to
/// ports and clocks with a suffix that says what it is.
fn settle_names(b: &mut Builder, drafts: &mut Vec<diag::Draft>) {
    let ir = &mut b.ir;
    let mut taken = rustc_hash::FxHashMap::default();
    let mut reserved = Vec::new();
    for domain in ir.domains.values() {
        reserved.push(domain.clock.clone());
        reserved.extend(domain.reset.iter().map(|r| r.name.clone()));
    }
    for pass in [Dir::Input, Dir::Output] {
        for port in ir.ports.values_mut() {
            if port.dir != pass {
                continue;
            }
            if pass == Dir::Output && taken.contains_key(&port.name) {
                port.name.push_str("_out");
            }
            if !super::names::is_identifier(&port.name) {
                drafts.push(diag::e0203::new(port.place, &port.name, "port"));
            }
            let (what, name) = (format!("a port of module `{}`", ir.name), port.name.clone());
            if taken.insert(port.name.clone(), port.place).is_some() {
                drafts.push(diag::e0204::reserved(port.place, &name, &what, "another port of it"));
            } else if reserved.contains(&port.name) {
                drafts.push(diag::e0204::reserved(port.place, &name, &what, "its clock or reset"));
            }
        }
    }
    // The streams' names follow their ports'.
    for stream in &mut ir.streams {
        if let Some(base) = ir.ports[stream.valid].name.strip_suffix("_valid_out") {
            stream.name = format!("{base}_out");
        }
    }
    for name in reserved {
        taken.entry(name).or_insert(ir.place);
    }
    let names = &mut b.names;
    let mut settle = |name: &mut String, suffix: &str| {
        if taken.contains_key(name.as_str()) {
            let base = format!("{name}_{suffix}");
            let mut candidate = base.clone();
            let mut n = 1;
            while taken.contains_key(&candidate) || names.contains_key(&candidate) {
                n += 1;
                candidate = format!("{base}_{n}");
            }
            names.insert(candidate.clone(), ir.place);
            *name = candidate;
        }
    };
    ir.regs.values_mut().for_each(|r| settle(&mut r.name, "reg"));
    // A reset made here is its wire, of the same name.
    let resets: Vec<_> = ir.reset_wires.values().copied().collect();
    ir.wires.iter_mut().filter(|(id, _)| !resets.contains(id)).for_each(|(_, w)| settle(&mut w.name, "wire"));
    ir.mems.values_mut().for_each(|m| settle(&mut m.name, "mem"));
    ir.insts.values_mut().for_each(|i| settle(&mut i.name, "inst"));
    ir.checks.values_mut().for_each(|c| settle(&mut c.name, "check"));
    ir.names.values_mut().for_each(|n| settle(n, "value"));
}

/// Completes a black box on top of the stack.
pub(crate) fn external(c: &mut Context) {
    let Some(b) = c.stack.last() else { return };
    let mut drafts = Vec::new();
    let mut taken = rustc_hash::FxHashSet::default();
    let (name, place) = (&b.ir.name, b.ir.place);
    let ModuleKind::Extern { clocked, model, .. } = b.ir.kind else { return };
    let domain = b.ir.domains.values().filter(|_| clocked);
    let pins: Vec<&String> =
        domain.flat_map(|d| [&d.clock].into_iter().chain(d.reset.as_ref().map(|r| &r.name))).collect();
    let what = format!("a port of black box `{name}`");
    for port in b.ir.ports.values() {
        if !super::names::is_identifier(&port.name) {
            drafts.push(diag::e0203::new(port.place, &port.name, "port"));
        }
        if !taken.insert(port.name.clone()) {
            drafts.push(diag::e0204::reserved(port.place, &port.name, &what, "another port of it"));
        } else if pins.contains(&&port.name) {
            drafts.push(diag::e0204::reserved(port.place, &port.name, &what, "its clock or reset"));
        }
    }
    let same_ports = |other: &ir::Module| {
        let key = |p: &ir::Port| (p.name.clone(), p.dir, p.ty);
        other.ports.values().map(key).eq(b.ir.ports.values().map(key))
    };
    let is_box = |m: &&ir::Module| matches!(m.kind, ModuleKind::Extern { .. }) && m.name == *name;
    if let Some(other) = c.modules.values().filter(is_box).find(|m| !same_ports(m)) {
        drafts.push(diag::e0204::ports(place, other.place, name));
    }
    let summary = crate::ir::order::summarise(&b.ir, &[], &c.summaries);
    if let Some(model) = model.and_then(|id| c.summaries.get(id)) {
        let port = |id: crate::ids::PortId| &b.ir.ports[id].name;
        let undeclared = model.depends.iter().zip(&summary.depends).enumerate().find_map(|(out, (found, declared))| {
            found.iter().find(|i| declared.binary_search(i).is_err()).map(|&i| (port(i), port(Id::new(out))))
        });
        if let Some((from, to)) = undeclared {
            let what = format!("its model has a combinational path from `{from}` to `{to}`");
            drafts.push(diag::e0218::new(place, name, &what));
        }
    }
    c.summaries.push(summary);
    c.drafts.extend(drafts);
}
