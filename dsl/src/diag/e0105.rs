//! E0105: a result wider than the language's limit.

use super::{Code, Draft};
use crate::ids::PlaceId;
use crate::ty::{MAX_WIDTH, Ty};

pub(crate) const CODE: Code = Code("E0105");

pub(crate) fn new(place: PlaceId, what: &str, operands: &[Ty]) -> Draft {
    let mut draft = Draft::new(CODE, format!("the result of `{what}` can be wider than {MAX_WIDTH} bits"), place,
        "narrow an operand first (a shift amount with .sat(), say)");
    for ty in operands {
        draft = draft.note(format!("an operand is {}", brief(*ty)));
    }
    draft
}

/// A type of moderate length: the ends of a huge range are left out.
fn brief(ty: Ty) -> String {
    if ty.width() <= 128 { ty.to_string() } else { format!("{} bits wide", ty.width()) }
}
