//! E0106: a shift amount that can be negative.

use super::{Code, Draft};
use crate::ids::PlaceId;
use crate::ty::Ty;

pub(crate) const CODE: Code = Code("E0106");

pub(crate) fn new(place: PlaceId, what: &str, operands: &[Ty]) -> Draft {
    let amount = operands.last().map_or(String::new(), |t| format!("the amount is {t}"));
    Draft::new(CODE, format!("the amount of `{what}` can be negative"), place,
        "choose between << and >> with .mux(), or narrow the amount with .max(0) or .claim()").note(amount)
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn negative_amount() {
        expect_error(
            (uint(8), sint(3)),
            |_, i| i.0 >> i.1, //~ shift
            "E0106: the amount of `>>` can be negative
            at shift
            | the amount is sint<3> [-4..=3]
            help: choose between << and >> with .mux(), or narrow the amount with .max(0) or .claim()",
        );
    }
}
