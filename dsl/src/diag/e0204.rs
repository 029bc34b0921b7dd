//! E0204: a name given twice.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0204");

pub(crate) fn new(place: PlaceId, other: PlaceId, name: &str) -> Draft {
    Draft::new(CODE, format!("the name `{name}` is taken"), place,
        "choose another name, number them, or open a scope with m.scope()")
        .other(other, format!("`{name}` is first named here"))
}
