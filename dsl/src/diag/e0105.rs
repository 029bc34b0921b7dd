//! E0105: a result wider than the language's limit.

use super::{Code, Draft};
use crate::ids::PlaceId;
use crate::ty::{MAX_WIDTH, Ty};

pub(crate) const CODE: Code = Code("E0105");

pub(crate) fn new(place: PlaceId, what: &str, operands: &[Ty]) -> Draft {
    let mut draft = Draft::new(CODE, format!("the result of `{what}` can be wider than {MAX_WIDTH} bits"), place,
        "narrow an operand first (a shift amount with .sat(), say)");
    for ty in operands {
        draft = draft.note(format!("an operand is {}", brief(*ty)));
    }
    draft
}

/// Where the type is declared.
pub(crate) fn declared(place: PlaceId, what: &str) -> Draft {
    Draft::new(CODE, format!("{what} is wider than {MAX_WIDTH} bits"), place, "split it into several values, such as a Vec")
}

/// A type of moderate length: the ends of a huge range are left out.
fn brief(ty: Ty) -> String {
    if ty.width() <= 128 { ty.to_string() } else { format!("{} bits wide", ty.width()) }
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn shift() {
        expect_error(
            (uint(8), uint(20)),
            |_, i| i.0 << i.1, //~ shift
            "E0105: the result of `<<` can be wider than 65536 bits
            at shift
            | an operand is uint<8> [0..=255]
            | an operand is uint<20> [0..=1048575]
            help: narrow an operand first (a shift amount with .sat(), say)",
        );
    }

    #[test]
    fn declarations() {
        expect_error(
            (),
            |m, ()| m.reg("vast", uint(u32::MAX)).no_reset().q(), //~ reg
            "E0105: register `vast` is wider than 65536 bits
            at reg
            help: split it into several values, such as a Vec",
        );
        assert_eq!(codes(word(65_537), |_, i| i.any()), ["E0105"]);
        assert_eq!(codes(word(65_536), |_, i| i.any()), [""; 0]);
        assert_eq!(codes((), |_, ()| bits(1 << 30, 0).any()), ["E0105"]);
        assert_eq!(codes(word(3), |_, i| i.sign_extend(1 << 30)), ["E0105"]);
        assert_eq!(codes(uint(3), |m, i| m.mem("x", uint(1 << 20), 8).collision(Collision::Old).read(i)), ["E0105"]);
        fn shifted(i: Int, shift: u32) -> Vec<Int> {
            let sum = LinearOutput { value: Some((1, 0)), negative: false, constant: Value::ZERO };
            const_matvec(&[i], &[ShiftAdd { a: (0, shift), b: (0, 0), subtract: false }], &[sum])
        }
        assert_eq!(codes(uint(9), |_, i| shifted(i, 65_000)), [""; 0]);
        assert_eq!(codes(uint(9), |_, i| shifted(i, 65_530)), ["E0105"]);
        assert_eq!(codes(uint(9), |_, i| shifted(i, u32::MAX)), ["E0105"]);
        assert_eq!(codes(uint(9), |_, i| i.round(Rounding::HalfEven, u32::MAX)), ["E0105"]);
        assert_eq!(codes(sint(60_000), |_, i| i * i), ["E0105"]);
        assert_eq!(codes(word(60_000), |_, i| i.concat(i)), ["E0105"]);
    }
}
