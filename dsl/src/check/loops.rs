//! No value depends on itself within a clock.

use crate::diag::{Draft, e0207};
use crate::ids::PlaceId;
use crate::ir::order::{Item, Summaries, Summary, order, summarise};
use crate::ir::{Module, Op};

/// What a reader calls an operation.
fn operation(op: &Op) -> String {
    match op {
        Op::Un(op, _) => format!("`{}`", op.mnemonic()),
        Op::Bin(op, ..) => format!("`{}`", op.mnemonic()),
        Op::Mux(..) => "`mux`".into(),
        Op::Select(..) => "`select`".into(),
        Op::Slice(..) => "`slice`".into(),
        Op::Concat(_) => "`concat`".into(),
        Op::MemRead { .. } => "memory read".into(),
        Op::Matvec { .. } => "`const_matvec`".into(),
        _ => "value".into(),
    }
}

/// The combinational paths through `module`; reports a loop where there is one.
pub(crate) fn check(module: &Module, children: &Summaries, drafts: &mut Vec<Draft>) -> Summary {
    match order(module, children) {
        Ok(order) => summarise(module, &order, children),
        Err(found) => {
            let mut steps: Vec<(PlaceId, String)> = Vec::new();
            for item in found.0 {
                let step = match item {
                    Item::Wire(id) => (module.wires[id].place, format!("wire `{}`", module.wires[id].name)),
                    Item::Node(id) => {
                        let node = &module.nodes[id];
                        match &node.op {
                            Op::Wire(_) => continue,
                            Op::Inst(inst, _) => {
                                let inst = &module.insts[*inst];
                                (inst.place, format!("instance `{}`", inst.name))
                            }
                            _ => match module.names.get(&id) {
                                Some(name) => (node.place, format!("`{name}`")),
                                None => (node.place, format!("this {}", operation(&node.op))),
                            },
                        }
                    }
                };
                if steps.last() != Some(&step) {
                    steps.push(step);
                }
            }
            drafts.push(e0207::new(&module.name, module.place, steps));
            Summary { depends: vec![Vec::new(); module.ports.len()] }
        }
    }
}
