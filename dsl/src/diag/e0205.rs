//! E0205: an assignment that makes an earlier one ineffective.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0205");

pub(crate) fn new(place: PlaceId, before: PlaceId, what: &str, name: &str) -> Draft {
    Draft::new(CODE, format!("{what} `{name}` is driven here and there"), place,
        "the last assignment wins: put defaults first and exceptions under m.when() after them, or drop one")
        .note("this assignment makes the earlier one ineffective")
        .other(before, "driven here before")
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn driven_twice() {
        expect_error(
            uint(8),
            |m, i| {
                let w = m.wire("w", uint(8));
                w.set(1); //~ first
                w.set(i); //~ second
                w.get()
            },
            "E0205: wire `w` is driven here and there
            at second
            | this assignment makes the earlier one ineffective
            first: driven here before
            help: the last assignment wins: put defaults first and exceptions under m.when() after them, or drop one",
        );
    }

    #[test]
    fn default_behind_the_exception() {
        expect_error(
            (uint(8), BOOL),
            |m, (i, c)| {
                let r = m.reg("r", uint(8)).reset(0);
                m.when(c, || {
                    r.set(1); //~ first
                });
                r.set(i); //~ second
                r.q()
            },
            "E0205: register `r` is driven here and there
            at second
            | this assignment makes the earlier one ineffective
            first: driven here before
            help: the last assignment wins: put defaults first and exceptions under m.when() after them, or drop one",
        );
    }
}
