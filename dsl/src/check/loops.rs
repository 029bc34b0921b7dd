//! No value depends on itself within a clock.

use crate::diag::{Draft, e0207};
use crate::ids::PlaceId;
use crate::ir::order::{Item, Summaries, Summary, order, summarise};
use crate::ir::{Module, Op};

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
                                (inst.place, format!("through instance `{}`", inst.name))
                            }
                            _ => match module.names.get(&id) {
                                Some(name) => (node.place, format!("`{name}`")),
                                None => (node.place, "this operation".to_string()),
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
