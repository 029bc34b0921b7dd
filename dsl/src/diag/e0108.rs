//! E0108: operands of different widths or kinds.

use super::{Code, Draft};
use crate::ids::PlaceId;
use crate::ty::Ty;

pub(crate) const CODE: Code = Code("E0108");

pub(crate) fn new(place: PlaceId, what: &str, operands: &[Ty]) -> Draft {
    let mut draft = Draft::new(CODE, format!("`{what}` does not take these operands together"), place,
        "extend the shorter word with .zero_extend() or .sign_extend(); numbers become words with .to_bits()");
    for ty in operands {
        draft = draft.note(format!("an operand is {ty}"));
    }
    draft
}
