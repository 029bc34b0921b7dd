//! E0214: a memory of a wrong size.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0214");

pub(crate) fn new(place: PlaceId, name: &str, what: &str) -> Draft {
    Draft::new(CODE, format!("memory `{name}`: {what}"), place,
        "a memory has 1 to 2^32 words; its contents are at most as many, each with one number per leaf")
}
