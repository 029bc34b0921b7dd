//! E0215: a write mask of a wrong length.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0215");

pub(crate) fn new(place: PlaceId, declared: PlaceId, found: usize, leaves: usize) -> Draft {
    Draft::new(CODE, format!("a write mask of {found} bits for words of {leaves} leaves"), place,
        "give one bit per leaf of the word, in order")
        .other(declared, "the memory is declared here")
}
