//! E0206: a wire that is not driven on some path.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0206");

pub(crate) fn new(place: PlaceId, name: &str, never: bool, path: Vec<(Option<PlaceId>, String)>) -> Draft {
    let (title, help) = match never {
        true => (format!("wire `{name}` is never driven"), "drive it with .set()"),
        false => (format!("wire `{name}` is not driven on every path"), "give it a value before the m.when(), or add the missing arm"),
    };
    let mut draft = Draft::new(CODE, title, place, help);
    for (at, text) in path {
        draft = match at {
            Some(at) => draft.other(at, format!("not driven where {text}")),
            None => draft.note(format!("not driven where {text}")),
        };
    }
    draft
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn never() {
        expect_error(
            (),
            |m, ()| m.wire("w", uint(8)).get(), //~ w
            "E0206: wire `w` is never driven
            at w
            help: drive it with .set()",
        );
    }

    #[test]
    fn not_where_a_condition_fails() {
        expect_error(
            (uint(8), BOOL, BOOL),
            |m, (i, c, d)| {
                let w = m.wire("w", uint(8)); //~ w
                let both = c & d; //~ outer
                let neither = !c & !d; //~ inner
                m.when(both, || w.set(i)).otherwise(|| {
                    m.when(neither, || w.set(1));
                });
                w.get()
            },
            "E0206: wire `w` is not driven on every path
            at w
            outer: not driven where this condition does not hold
            inner: not driven where this condition does not hold
            help: give it a value before the m.when(), or add the missing arm",
        );
    }

    #[test]
    fn not_in_every_case() {
        expect_error(
            uint(8),
            |m, i| {
                let w = m.wire("w", uint(8)); //~ w
                let low = i.wrap(uint(2)); //~ low
                m.switch(low, |s| {
                    s.cases([0, 1], || w.set(i));
                    s.case(3, || w.set(5));
                });
                w.get()
            },
            "E0206: wire `w` is not driven on every path
            at w
            low: not driven where the `switch` on this is at none of its cases
            help: give it a value before the m.when(), or add the missing arm",
        );
        let complete = codes(uint(2), |m, i| {
            let w = m.wire("w", uint(8));
            m.switch(i, |s| {
                s.cases([0, 1], || w.set(i)).cases([2, 3], || w.set(5));
            });
            w.get()
        });
        assert_eq!(complete, [""; 0]);
    }
}
