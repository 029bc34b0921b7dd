//! E0207: a value that depends on itself within a clock.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0207");

pub(crate) fn new(module: &str, module_place: PlaceId, steps: Vec<(PlaceId, String)>) -> Draft {
    let place = steps.first().map_or(module_place, |s| s.0);
    let mut draft = Draft::new(CODE, format!("combinational loop in module `{module}`"), place,
        "put a register on the way: m.reg(), m.delay(), or .regslice() for a stream");
    let shown = 16;
    let more = steps.len().saturating_sub(shown);
    for (i, (at, text)) in steps.into_iter().take(shown).enumerate() {
        draft = if i == 0 { draft.note(format!("the loop goes through {text}")) } else { draft.other(at, format!("then {text}")) };
    }
    if more > 0 { draft.note(format!("and {more} more places")) } else { draft }
}
