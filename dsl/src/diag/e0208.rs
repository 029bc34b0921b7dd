//! E0208: a stream that nobody consumes.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0208");

pub(crate) fn new(place: PlaceId, name: &str) -> Draft {
    Draft::new(CODE, format!("stream `{name}` is not consumed"), place,
        "pass it on, or take its beats with .accept(ready); .accept(true) throws them away")
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    #[allow(unused_must_use)]
    fn made_and_dropped() {
        expect_error(
            uint(8),
            |m, i| {
                let (_, ready) = m.stream("beats", true, true, i); //~ stream
                ready
            },
            "E0208: stream `beats` is not consumed
            at stream
            help: pass it on, or take its beats with .accept(ready); .accept(true) throws them away",
        );
    }

    #[test]
    #[allow(unused_must_use)]
    fn of_a_combinator() {
        expect_error(
            StreamTy(uint(8)),
            |m, i| {
                i.fifo(m, 4).regslice(m); //~ regslice
            },
            "E0208: stream `regslice.output` is not consumed
            at regslice
            help: pass it on, or take its beats with .accept(ready); .accept(true) throws them away",
        );
    }

    #[test]
    fn inputs() {
        assert_eq!(errors(StreamTy(uint(8)), |_, _| ()).0[0].title, "stream `in` is not consumed");
        assert_eq!(errors((StreamTy(uint(8)),), |_, _| ()).0[0].title, "stream `0` is not consumed");
    }
}
