//! E0107: bits that a word does not have.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0107");

pub(crate) fn new(place: PlaceId, origin: PlaceId, range: &std::ops::Range<u32>, width: u32) -> Draft {
    let draft = Draft::new(CODE, format!("bits {}..{} of a word of {width} bits", range.start, range.end), place,
        format!("bits are numbered from 0 to {}; the end of a slice is not part of it", width.saturating_sub(1)));
    if origin == place { draft } else { draft.other(origin, "the word is made here") }
}
