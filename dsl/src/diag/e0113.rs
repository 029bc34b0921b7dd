//! E0113: a claim that can never hold.

use super::{Code, Draft};
use crate::ids::PlaceId;
use crate::ty::IntTy;

pub(crate) const CODE: Code = Code("E0113");

pub(crate) fn new(place: PlaceId, mine: IntTy, claimed: IntTy) -> Draft {
    Draft::new(CODE, "the claim can never hold", place, "claim a range that the value can have")
        .note(format!("value is {mine}"))
        .note(format!("claim is {claimed}"))
}
