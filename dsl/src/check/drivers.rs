//! Every wire is driven on every path.

use rustc_hash::FxHashSet;

use crate::diag::{Draft, e0206};
use crate::ids::PlaceId;
use crate::ir::{Block, Module, Stmt};
use crate::ty::Ty;
use crate::value::Value;

/// A path through a decision tree on which nothing is assigned: the places of its conditions, with what holds there.
type Gap = Vec<(Option<PlaceId>, String)>;

/// Reports each wire that is not driven on some path, but for those of which a mistake is known.
pub(crate) fn check(module: &Module, tainted: &FxHashSet<(bool, u32)>, drafts: &mut Vec<Draft>) {
    for (id, wire) in module.wires.iter() {
        if wire.ty.as_constant().is_some() && wire.driver.is_empty() || tainted.contains(&(true, id.0)) {
            continue;
        }
        if let Some(gap) = gap(&wire.driver, module) {
            drafts.push(e0206::new(wire.place, &wire.name, wire.driver.is_empty(), gap));
        }
    }
}

fn gap(block: &Block, module: &Module) -> Option<Gap> {
    let mut shown = Gap::new();
    for stmt in block.iter().rev() {
        match stmt {
            Stmt::Set { .. } => return None,
            Stmt::When { arms, otherwise, .. } => {
                let mut open = None;
                for (condition, arm) in arms {
                    let place = module.nodes[*condition].place;
                    if let Some(mut inner) = gap(arm, module) {
                        inner.insert(0, (Some(place), "this condition holds".into()));
                        open = Some(inner);
                        break;
                    }
                }
                if open.is_none()
                    && let Some(mut inner) = gap(otherwise, module)
                {
                    let first = arms.first().map(|(c, _)| module.nodes[*c].place);
                    let which = if arms.len() > 1 { "neither this condition nor a later one of its" } else { "this" };
                    let text = if arms.len() > 1 {
                        format!("{which} `when` holds")
                    } else {
                        "this condition does not hold".into()
                    };
                    inner.insert(0, (first, text));
                    open = Some(inner);
                }
                match open {
                    None => return None,
                    Some(inner) => shown = if shown.is_empty() { inner } else { shown },
                }
            }
            Stmt::Switch { subject, arms, default, .. } => {
                let place = module.nodes[*subject].place;
                let mut open = None;
                for (values, arm) in arms {
                    if let Some(mut inner) = gap(arm, module) {
                        let values: Vec<String> = values.iter().map(Value::to_string).collect();
                        inner.insert(0, (Some(place), format!("the `switch` on this is at {}", values.join(", "))));
                        open = Some(inner);
                        break;
                    }
                }
                if open.is_none()
                    && !exhaustive(module.nodes[*subject].ty, arms)
                    && let Some(mut inner) = gap(default, module)
                {
                    inner.insert(0, (Some(place), "the `switch` on this is at none of its cases".into()));
                    open = Some(inner);
                }
                match open {
                    None => return None,
                    Some(inner) => shown = if shown.is_empty() { inner } else { shown },
                }
            }
        }
    }
    Some(shown)
}

/// True where the arms list every value of the subject.
fn exhaustive(ty: Ty, arms: &[(Vec<Value>, Block)]) -> bool {
    let listed = arms.iter().flat_map(|(values, _)| values).filter(|v| ty.contains(v)).count();
    ty.range().count() == Value::from(listed)
}
