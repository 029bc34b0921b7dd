//! E0205: an assignment that makes an earlier one ineffective.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0205");

pub(crate) fn new(place: PlaceId, before: PlaceId, what: &str, name: &str) -> Draft {
    Draft::new(CODE, format!("{what} `{name}` is driven here and there"), place,
        "the last assignment wins: put defaults first and exceptions under m.when() after them, or drop one")
        .note("this assignment makes the earlier one ineffective")
        .other(before, "driven here before")
}
