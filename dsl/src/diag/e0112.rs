//! E0112: bundles of different lengths.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0112");

pub(crate) fn new(place: PlaceId, declared: PlaceId, what: &str, name: &str, found: usize, wanted: usize) -> Draft {
    let draft = Draft::new(CODE, format!("{what} `{name}` has another number of values"), place,
        "give vectors and arrays the same length on both sides")
        .note(format!("{found} values here, {wanted} are wanted"));
    if declared == place { draft } else { draft.other(declared, "declared here") }
}
