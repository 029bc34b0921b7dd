//! E0202: a handle used after its module was finished.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0202");

pub(crate) fn new(place: PlaceId, here: &str, owner: Option<&str>) -> Draft {
    let owner = owner.map_or("another elaboration".to_string(), |o| format!("module `{o}`, which is finished"));
    Draft::new(CODE, format!("a value of {owner} is used in module `{here}`"), place,
        "values leave a module through its outputs; do not keep handles outside of `build`")
}
