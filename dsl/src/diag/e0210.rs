//! E0210: a value that stands in two cases of a switch.

use super::{Code, Draft};
use crate::ids::PlaceId;
use crate::value::Value;

pub(crate) const CODE: Code = Code("E0210");

pub(crate) fn new(place: PlaceId, other: PlaceId, value: &Value) -> Draft {
    Draft::new(CODE, format!("{value} already has a case in this switch"), place, "drop one of the two")
        .other(other, "the case before")
}
