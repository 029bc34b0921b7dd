//! E0101: a constant does not fit its place.

use super::{Code, Draft};
use crate::ids::PlaceId;
use crate::ty::Ty;
use crate::value::Value;

pub(crate) const CODE: Code = Code("E0101");

pub(crate) fn new(place: PlaceId, value: &Value, ty: Ty, what: &str, name: Option<&str>) -> Draft {
    let of = name.map_or(String::new(), |n| format!(" of `{n}`"));
    Draft::new(CODE, format!("{what}{of} cannot be {value}"), place, "give a value of the range, or widen the type")
        .note(format!("the type is {ty}"))
}
