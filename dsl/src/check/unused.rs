//! Registers, wires and inputs that nothing reads: warnings.

use crate::diag::{Draft, w0301, w0302, w0303};
use crate::ids::{Arena, Id};
use crate::ir::{Dir, Module, Op};

/// Reports what nothing reads.
pub(crate) fn check(module: &Module, drafts: &mut Vec<Draft>) {
    let mut used = vec![false; module.nodes.len()];
    let mut mark = |n: crate::ids::NodeId| used[n.index()] = true;
    module.nodes.values().for_each(|node| node.op.for_each_operand(&mut mark));
    module.for_each_use(mark);
    let mut regs = vec![false; module.regs.len()];
    let mut wires = vec![false; module.wires.len()];
    let mut ports = vec![false; module.ports.len()];
    for (id, node) in module.nodes.iter() {
        match node.op {
            Op::Reg(reg) => regs[reg.index()] |= used[id.index()],
            Op::Wire(wire) => wires[wire.index()] |= used[id.index()],
            Op::Input(port) => ports[port.index()] |= used[id.index()],
            _ => {}
        }
    }
    for stream in &module.streams {
        // A stream's parts are one thing: who does not care for `last` need not read it.
        for port in [stream.valid, stream.ready, stream.last].into_iter().chain(stream.payload.iter().copied()) {
            ports[port.index()] = true;
        }
    }
    fn unread<'a, K: Id, V>(arena: &'a Arena<K, V>, read: &'a [bool]) -> impl Iterator<Item = &'a V> {
        arena.iter().filter(|(id, _)| !read[id.index()]).map(|(_, v)| v)
    }
    for reg in unread(&module.regs, &regs).filter(|r| r.ty.as_constant().is_none()) {
        drafts.push(w0301::new(reg.place, &reg.name));
    }
    for id in module.domains.ids().filter_map(|d| module.reset_wire(d)) {
        wires[id.index()] = true;
    }
    for wire in unread(&module.wires, &wires).filter(|w| w.ty.as_constant().is_none()) {
        drafts.push(w0302::new(wire.place, &wire.name));
    }
    for port in unread(&module.ports, &ports).filter(|p| p.dir == Dir::Input && p.ty.as_constant().is_none()) {
        drafts.push(w0303::new(port.place, &module.name, &port.name));
    }
}
