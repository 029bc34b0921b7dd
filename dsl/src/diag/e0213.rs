//! E0213: a stream where only data can be.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0213");

pub(crate) fn new(place: PlaceId, what: &str) -> Draft {
    Draft::new(CODE, format!("{what} cannot hold a stream"), place,
        "a stream has a reverse direction: use .fifo(), .regslice(), .gate() or .demux()")
}

/// A stream that is consumed under a condition.
pub(crate) fn conditional(place: PlaceId) -> Draft {
    Draft::new(CODE, "a stream is consumed under a condition", place,
        "it is consumed always, whatever `when` says: use .gate(), .split() or .demux()")
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn register() {
        expect_error(
            StreamTy(uint(8)),
            |m, i| {
                let r = m.reg("r", StreamTy(uint(8))).no_reset(); //~ reg
                r.set(i);
            },
            "E0213: a register cannot hold a stream
            at reg
            help: a stream has a reverse direction: use .fifo(), .regslice(), .gate() or .demux()",
        );
    }

    #[test]
    fn under_a_condition() {
        expect_error(
            (BOOL, StreamTy(uint(8))),
            |m, (c, s)| {
                let r = m.reg("r", uint(8)).reset(0);
                m.when(c, || r.set(s.accept(true).payload)); //~ accept
            },
            "E0213: a stream is consumed under a condition
            at accept
            help: it is consumed always, whatever `when` says: use .gate(), .split() or .demux()",
        );
    }

    #[test]
    fn choice() {
        let found = errors((BOOL, StreamTy(uint(8)), StreamTy(uint(8))), |_, (c, a, b)| {
            let _: Stream<Int> = c.mux(a, b); //~ mux
        });
        assert_eq!(found.0.len(), 1, "{found}");
        expect(
            &found.0[0],
            "E0213: mux cannot hold a stream
            at mux
            help: a stream has a reverse direction: use .fifo(), .regslice(), .gate() or .demux()",
        );
    }

    #[test]
    fn elsewhere() {
        assert_eq!(codes((), |m, ()| _ = m.wire("w", StreamTy(uint(8)))), ["E0213"]);
        assert_eq!(codes((), |m, ()| _ = m.mem("w", StreamTy(uint(8)), 8).collision(Collision::Old)), ["E0213"]);
        let region = codes(uint(8), |m, i| {
            let pure = one_off(uint(8), |m, i| {
                let (s, ready) = m.stream("s", true, true, i);
                let _: Bool = ready;
                s.accept(true).payload
            });
            m.pipelined("region", &pure, i, &Target::lut6(200.0)).0
        });
        assert_eq!(region, ["E0213"]);
    }
}
