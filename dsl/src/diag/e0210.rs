//! E0210: a value that stands in two cases of a switch.

use super::{Code, Draft};
use crate::ids::PlaceId;
use crate::value::Value;

pub(crate) const CODE: Code = Code("E0210");

pub(crate) fn new(place: PlaceId, other: PlaceId, value: &Value) -> Draft {
    let draft = Draft::new(CODE, format!("{value} already has a case in this switch"), place, "drop one of the two");
    if other == place { draft } else { draft.other(other, "the case before") }
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn value_in_two_cases() {
        expect_error(
            uint(2),
            |m, i| {
                let r = m.reg("r", uint(2)).reset(0);
                m.switch(i, |s| {
                    s.cases([0, 1], || r.set(1)); //~ first
                    s.cases([1, 2], || r.set(2)); //~ second
                });
                r.q()
            },
            "E0210: 1 already has a case in this switch
            at second
            first: the case before
            help: drop one of the two",
        );
    }

    #[test]
    fn value_twice_in_a_case() {
        expect_error(
            uint(2),
            |m, i| {
                let r = m.reg("r", uint(2)).reset(0);
                m.switch(i, |s| {
                    s.cases([1, 1], || r.set(1)); //~ case
                });
                r.q()
            },
            "E0210: 1 already has a case in this switch
            at case
            help: drop one of the two",
        );
    }
}
