//! E0101: a constant does not fit its place.

use super::{Code, Draft};
use crate::ids::PlaceId;
use crate::ty::Ty;
use crate::value::Value;

pub(crate) const CODE: Code = Code("E0101");

pub(crate) fn new(place: PlaceId, value: &Value, ty: Ty, what: &str, name: Option<&str>) -> Draft {
    let of = name.map_or(String::new(), |n| format!(" of `{n}`"));
    let shown = if value.bits(true) > 256 { format!("a number of {} bits", value.bits(true)) } else { value.to_string() };
    Draft::new(CODE, format!("{what}{of} cannot be {shown}"), place, "give a value of the range, or widen the type")
        .note(format!("the type is {ty}"))
}

/// Where the value is no integer.
pub(crate) fn because(place: PlaceId, ty: Ty, what: &str, why: &str) -> Draft {
    Draft::new(CODE, format!("{what} is none of its type"), place, "give a value that the type holds exactly, or change the type")
        .note(why)
        .note(format!("as an integer, the type is {ty}"))
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn reset_value() {
        expect_error(
            uint(8),
            |m, i| {
                let acc = m.reg("acc", uint(8)).reset(300); //~ reset
                acc.set(i);
                acc.q()
            },
            "E0101: reset value of `acc` cannot be 300
            at reset
            | the type is uint<8> [0..=255]
            help: give a value of the range, or widen the type",
        );
    }

    #[test]
    fn reset_value_off_the_grid() {
        expect_error(
            (),
            |m, ()| m.reg("gain", fixed(8, 4)).reset(0.3).q(), //~ reset
            "E0101: reset value of `gain` is none of its type
            at reset
            | 0.3 is no multiple of 2^-4
            | as an integer, the type is sint<8> [-128..=127]
            help: give a value that the type holds exactly, or change the type",
        );
        assert_eq!(codes((), |m, ()| m.reg("gain", fixed(8, 4)).reset(0.25).q()), [""; 0]);
        assert_eq!(codes((), |m, ()| m.reg("gain", fixed(8, 4)).reset(8.0).q()), ["E0101"]);
    }

    #[test]
    fn contents() {
        expect_error(
            uint(2),
            |m, i| m.rom("squares", uint(3), [0, 1, 4, 9]).read(i), //~ contents
            "E0101: word 3 of `squares` cannot be 9
            at contents
            | the type is uint<3> [0..=7]
            help: give a value of the range, or widen the type",
        );
    }

    #[test]
    fn constant_word() {
        expect_error(
            word(4),
            |_, i| i & bits(4, 16), //~ word
            "E0101: a word cannot be 16
            at word
            | the type is bits<4>
            help: give a value of the range, or widen the type",
        );
    }
}
