//! E0201: a handle used in another module than its own.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0201");

pub(crate) fn new(place: PlaceId, origin: PlaceId, here: &str, owner: &str) -> Draft {
    Draft::new(CODE, format!("a value of module `{owner}` is used in module `{here}`"), place,
        "pass it to the module through its inputs")
        .other(origin, format!("it belongs to `{owner}`"))
}
