//! E0221: logic in front of a synchroniser.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0221");

pub(crate) fn new(place: PlaceId, declared: PlaceId, name: &str) -> Draft {
    Draft::new(CODE, format!("synchroniser `{name}` takes the result of logic, which can glitch"), place,
        "put a register of the sending clock in front of it: m.delay(..)")
        .other(declared, format!("`{name}` is here"))
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
            "E0221: synchroniser `both_0` takes the result of logic, which can glitch
            at and
            synchronize: `both_0` is here
            help: put a register of the sending clock in front of it: m.delay(..)",
        );
    }
}
