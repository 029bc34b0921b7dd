//! E0104: a divisor that is zero or no constant.

use super::{Code, Draft};
use crate::ids::PlaceId;
use crate::ty::Ty;

pub(crate) const CODE: Code = Code("E0104");

pub(crate) fn new(place: PlaceId, what: &str, operands: &[Ty]) -> Draft {
    let divisor = operands.last().map_or(String::new(), |t| format!("the divisor is {t}"));
    Draft::new(CODE, format!("`{what}` needs a divisor that is a constant other than 0"), place,
        "divide by a number, shift by a power of two, or multiply by a reciprocal").note(divisor)
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn division() {
        expect_error(
            (uint(8), uint(4)),
            |_, i| i.0 / i.1, //~ divide
            "E0104: `/` needs a divisor that is a constant other than 0
            at divide
            | the divisor is uint<4> [0..=15]
            help: divide by a number, shift by a power of two, or multiply by a reciprocal",
        );
    }

    #[test]
    fn remainder_by_zero() {
        expect_error(
            uint(8),
            |_, i| (i % 0).min(3) + 1, //~ remainder
            "E0104: `%` needs a divisor that is a constant other than 0
            at remainder
            | the divisor is uint<0> [0..=0]
            help: divide by a number, shift by a power of two, or multiply by a reciprocal",
        );
    }
}
