//! E0221: logic in front of a synchroniser, or of a reset that acts at once.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0221");

/// `what`: the synchroniser or the reset.
pub(crate) fn new(place: PlaceId, declared: PlaceId, what: &str) -> Draft {
    Draft::new(CODE, format!("{what} takes the result of logic, or of two clocks, which can glitch"), place,
        "put a register of the sending clock in front of it: m.delay(..)")
        .other(declared, "it is here")
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::parts::cdc;
    use crate::prelude::*;

    #[test]
    fn an_and_of_two_registers() {
        expect_error(
            (BOOL, BOOL),
            |m, (i, j)| {
                let both = m.delay("a", i) & m.delay("b", j); //~ and
                let fast = Domain::new("fast");
                m.domain(&fast, || cdc::synchronize(m, "both", both)) //~ synchronize
            },
            "E0221: synchroniser `both_0` takes the result of logic, or of two clocks, which can glitch
            at and
            synchronize: it is here
            help: put a register of the sending clock in front of it: m.delay(..)",
        );
    }

    fn fast() -> Domain {
        Domain::new("fast").reset("fast_rst", ResetKind::Sync, Polarity::High)
    }

    #[test]
    fn logic_behind_bits_wires_and_children() {
        let found = codes((uint(3), uint(3)), |m, (i, j)| {
            let sum = m.delay("a", i) + m.delay("b", j);
            m.domain(&fast(), || cdc::synchronize(m, "top_bit", sum.to_bits().bit(3)))
        });
        assert_eq!(found, ["E0221"]);
        let found = codes((BOOL, BOOL), |m, (i, j)| {
            let child = one_off((BOOL, BOOL), |_, (i, j)| i & j);
            let both = m.inst("both", &child, (m.delay("a", i), m.delay("b", j)));
            m.domain(&fast(), || cdc::synchronize(m, "both_fast", both))
        });
        assert_eq!(found, ["E0221"]);
        let found = codes((BOOL, BOOL), |m, (i, j)| {
            let child = one_off(BOOL, |m, i| cdc::synchronize(m, "level", i));
            let both = m.delay("a", i) & m.delay("b", j);
            m.domain(&fast(), || m.inst("child", &child, both))
        });
        assert_eq!(found, ["E0221"]);
        let found = codes((BOOL, BOOL), |m, (i, j)| {
            let other = m.domain(&Domain::new("other"), || m.delay("b", j));
            let word = from_bools(&[m.delay("a", i), other]);
            m.domain(&fast(), || cdc::synchronize_gray(m, "mixed", word, 2))
        });
        assert_eq!(found, ["E0221"]);
        let found = codes((BOOL, BOOL), |m, (i, j)| {
            let made = Domain::new("clk").reset("made", ResetKind::Async, Polarity::High);
            m.drive_reset(&made, m.delay("a", i) & m.delay("b", j));
            m.domain(&made, || m.reg("q", BOOL).reset(false).q())
        });
        assert_eq!(found, ["E0221"]);
    }

    #[test]
    fn conversions_and_wires_are_no_logic() {
        let found = codes((uint(3), BOOL), |m, (i, j)| {
            let (a, b) = (m.delay("a", i), m.delay("b", j));
            let named = m.wire("named", BOOL);
            named.set(!b);
            m.domain(&fast(), || {
                (cdc::synchronize_gray(m, "word", a.to_bits(), 2), cdc::synchronize(m, "level", named.get()))
            })
        });
        assert_eq!(found, [""; 0]);
    }
}
