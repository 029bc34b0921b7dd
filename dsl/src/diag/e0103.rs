//! E0103: wrapping to a range that is no power of two.

use super::{Code, Draft};
use crate::ids::PlaceId;
use crate::ty::IntTy;

pub(crate) const CODE: Code = Code("E0103");

pub(crate) fn new(place: PlaceId, ty: IntTy) -> Draft {
    let full = ty.widened_to_full();
    Draft::new(CODE, "wrap needs a full range of its width", place, format!("wrap to {full}, or use .sat() or .claim()"))
        .note(format!("{ty} leaves out some values of its width"))
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn wrap() {
        expect_error(
            uint(8),
            |_, i| i.wrap(range(0..=9)), //~ wrap
            "E0103: wrap needs a full range of its width
            at wrap
            | uint<4> [0..=9] leaves out some values of its width
            help: wrap to uint<4> [0..=15], or use .sat() or .claim()",
        );
    }
}
