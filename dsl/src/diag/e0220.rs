//! E0220: a clock domain that cannot be here.

use super::{Code, Draft};
use crate::ids::PlaceId;
use crate::ir::Domain;

pub(crate) const CODE: Code = Code("E0220");

pub(crate) fn new(place: PlaceId, domain: &Domain, problem: &str) -> Draft {
    Draft::new(CODE, format!("the domain of clock `{}` does not fit here", domain.clock), place,
        "give each clock and reset one name and one meaning, and let a child's domain stand for one with the same kind of reset")
        .note(problem)
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn a_reset_of_two_kinds() {
        expect_error(
            uint(8),
            |m, i| {
                let other = Domain::new("fast").reset("rst", ResetKind::Async, Polarity::High);
                m.domain(&other, || m.delay("a", i)) //~ domain
            },
            "E0220: the domain of clock `fast` does not fit here
            at domain
            | the reset `rst` is of another kind in the domain of `clk`
            help: give each clock and reset one name and one meaning, and let a child's domain stand for one with the same kind of reset",
        );
    }

    #[test]
    fn bindings() {
        fn formal() -> Domain {
            Domain::new("inner").reset("inner_rst", ResetKind::Sync, Polarity::High)
        }
        fn bound(m: &Module, i: Int, inner: &Domain, outer: &Domain) -> Int {
            let child = one_off(uint(8), |m, i| m.domain(&formal(), || m.delay("a", i)));
            m.inst_on("child", &child, i, &[(inner, outer)])
        }
        let found = codes(uint(8), |m, i| {
            let fast = Domain::new("fast").reset("fast_rst", ResetKind::Sync, Polarity::High);
            bound(m, i, &formal(), &fast)
        });
        assert_eq!(found, [""; 0]);
        assert_eq!(codes(uint(8), |m, i| bound(m, i, &Domain::new("nobody"), &m.here())), ["E0220"]);
        assert_eq!(codes(uint(8), |m, i| bound(m, i, &formal(), &Domain::new("fast"))), ["E0220"]);
    }

    #[test]
    fn more_than_a_word_of_domains() {
        let found = codes(uint(8), |m, i| {
            for n in 0..64 {
                m.domain(&Domain::new(&format!("clk_{n}")), || m.cover(&format!("c{n}"), true, "it runs"));
            }
            m.delay("a", i)
        });
        assert_eq!(found, ["E0220"]);
    }
}
