//! E0107: bits that a word does not have.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0107");

pub(crate) fn new(place: PlaceId, origin: PlaceId, range: &std::ops::Range<u32>, width: u32) -> Draft {
    let draft = Draft::new(CODE, format!("bits {}..{} of a word of {width} bits", range.start, range.end), place,
        format!("bits are numbered from 0 to {}; the end of a slice is not part of it", width.saturating_sub(1)));
    if origin == place { draft } else { draft.other(origin, "the word is made here") }
}

/// Where a word is to be extended to fewer bits than it has.
pub(crate) fn extension(place: PlaceId, width: u32, wanted: u32) -> Draft {
    Draft::new(CODE, format!("a word of {width} bits cannot be extended to {wanted}"), place,
        format!("take its low bits with .slice(0..{wanted})"))
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn slice() {
        expect_error(
            uint(8),
            |_, i| {
                let low = i.to_bits().slice(0..4); //~ made
                low.slice(2..5) //~ slice
            },
            "E0107: bits 2..5 of a word of 4 bits
            at slice
            made: the word is made here
            help: bits are numbered from 0 to 3; the end of a slice is not part of it",
        );
    }

    #[test]
    fn bit_of_an_input() {
        expect_error(
            word(4),
            |_, i| i.bit(4), //~ bit
            "E0107: bits 4..5 of a word of 4 bits
            at bit
            help: bits are numbered from 0 to 3; the end of a slice is not part of it",
        );
    }

    #[test]
    fn extension_to_fewer_bits() {
        expect_error(
            word(4),
            |_, i| i.zero_extend(3), //~ extend
            "E0107: a word of 4 bits cannot be extended to 3
            at extend
            help: take its low bits with .slice(0..3)",
        );
    }
}
