//! E0104: a divisor that is zero or no constant.

use super::{Code, Draft};
use crate::ids::PlaceId;
use crate::ty::Ty;

pub(crate) const CODE: Code = Code("E0104");

pub(crate) fn new(place: PlaceId, what: &str, operands: &[Ty]) -> Draft {
    let divisor = operands.last().map_or(String::new(), |t| format!("the divisor is {t}"));
    Draft::new(CODE, format!("`{what}` needs a divisor that is a constant other than 0"), place,
        "divide by a number, shift by a power of two, or multiply by a reciprocal").note(divisor)
}
