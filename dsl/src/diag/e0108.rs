//! E0108: words of different widths.

use super::{Code, Draft};
use crate::ids::PlaceId;
use crate::ty::Ty;

pub(crate) const CODE: Code = Code("E0108");

pub(crate) fn new(place: PlaceId, what: &str, operands: &[Ty]) -> Draft {
    let mut draft = Draft::new(CODE, format!("the operands of `{what}` have different widths"), place,
        "extend the shorter word with .zero_extend() or .sign_extend(), or take a .slice() of the longer one");
    for ty in operands {
        draft = draft.note(format!("an operand is {ty}"));
    }
    draft
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn bitwise() {
        expect_error(
            (word(4), word(5)),
            |_, i| i.0 ^ i.1, //~ xor
            "E0108: the operands of `^` have different widths
            at xor
            | an operand is bits<4>
            | an operand is bits<5>
            help: extend the shorter word with .zero_extend() or .sign_extend(), or take a .slice() of the longer one",
        );
    }

    #[test]
    fn choices() {
        expect_error(
            (uint(2), word(4), word(5)),
            |_, i| select(i.0, &[i.1, i.1, i.2, i.1]), //~ select
            "E0108: the operands of `select` have different widths
            at select
            | an operand is bits<4>
            | an operand is bits<5>
            help: extend the shorter word with .zero_extend() or .sign_extend(), or take a .slice() of the longer one",
        );
        assert_eq!(codes((BOOL, word(4), word(5)), |_, i| i.0.mux(i.1, i.2)), ["E0108"]);
    }
}
