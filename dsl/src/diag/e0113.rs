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

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn claim() {
        expect_error(
            uint(8),
            |_, i| i.claim(range(-4..=-1)), //~ claim
            "E0113: the claim can never hold
            at claim
            | value is uint<8> [0..=255]
            | claim is sint<3> [-4..=-1]
            help: claim a range that the value can have",
        );
    }
}
