//! E0110: an index beyond the choices.

use super::{Code, Draft};
use crate::ids::PlaceId;
use crate::ty::Ty;

pub(crate) const CODE: Code = Code("E0110");

pub(crate) fn new(place: PlaceId, operands: &[Ty]) -> Draft {
    let mut draft = Draft::new(CODE, "the index can lie outside of the choices", place,
        "narrow the index with .wrap(), .sat() or .claim(), or give a choice for every value of its range");
    if let [index, count] = operands {
        draft = draft.note(format!("index is {index}"));
        if let Some(count) = count.as_constant() {
            draft = draft.note(format!("there are {count} choices"));
        }
    }
    draft
}
