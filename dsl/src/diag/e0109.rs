//! E0109: nothing to choose from, or a number that is none.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0109");

pub(crate) fn new(place: PlaceId, what: &str) -> Draft {
    Draft::new(CODE, what, place, "give at least one choice, or a finite number")
}
