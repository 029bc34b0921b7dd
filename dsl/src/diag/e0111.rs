//! E0111: binary points that differ.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0111");

pub(crate) fn new(place: PlaceId, declared: PlaceId, what: &str, name: &str, found: i32, wanted: i32) -> Draft {
    let draft = Draft::new(CODE, format!("binary point does not fit {what} `{name}`"), place,
        format!("round on purpose with .round(mode, {wanted}); an exact shift of the point is .round() too"))
        .note(format!("value has {found} fraction bits"))
        .note(format!("{what} has {wanted} fraction bits"));
    if declared == place { draft } else { draft.other(declared, format!("`{name}` declared here")) }
}
