//! E0211: a case that the subject of a switch never has.

use super::{Code, Draft};
use crate::ids::PlaceId;
use crate::ty::Ty;
use crate::value::Value;

pub(crate) const CODE: Code = Code("E0211");

pub(crate) fn new(place: PlaceId, switch: PlaceId, value: &Value, ty: Ty) -> Draft {
    Draft::new(CODE, format!("the case {value} cannot occur"), place, "drop the case, or widen the subject")
        .other(switch, format!("the subject is {ty}"))
}
