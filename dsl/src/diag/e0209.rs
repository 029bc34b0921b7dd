//! E0209: a case after the default of a switch.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0209");

pub(crate) fn new(place: PlaceId, default: PlaceId) -> Draft {
    Draft::new(CODE, "the switch goes on after its default", place, "put the default last, and only one")
        .other(default, "the default is here")
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn case_behind_the_default() {
        expect_error(
            uint(2),
            |m, i| {
                let r = m.reg("r", uint(2)).reset(0);
                m.switch(i, |s| {
                    s.case(0, || r.set(1));
                    s.default(|| r.set(2)); //~ default
                    s.case(1, || r.set(3)); //~ case
                });
                r.q()
            },
            "E0209: the switch goes on after its default
            at case
            default: the default is here
            help: put the default last, and only one",
        );
    }
}
