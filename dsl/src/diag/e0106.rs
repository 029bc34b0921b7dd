//! E0106: a shift amount that can be negative.

use super::{Code, Draft};
use crate::ids::PlaceId;
use crate::ty::Ty;

pub(crate) const CODE: Code = Code("E0106");

pub(crate) fn new(place: PlaceId, what: &str, operands: &[Ty]) -> Draft {
    let amount = operands.last().map_or(String::new(), |t| format!("the amount is {t}"));
    Draft::new(CODE, format!("the amount of `{what}` can be negative"), place,
        "choose between << and >> with .mux(), or narrow the amount with .max(0) or .claim()").note(amount)
}
