//! E0201: a handle used in another module than its own.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0201");

pub(crate) fn new(place: PlaceId, origin: PlaceId, here: &str, owner: &str) -> Draft {
    Draft::new(CODE, format!("a value of module `{owner}` is used in module `{here}`"), place,
        "pass it to the module through its inputs")
        .other(origin, format!("it belongs to `{owner}`"))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use crate::diag::testing::*;
    use crate::prelude::*;

    thread_local! {
        static OUTER: Cell<Option<Int>> = const { Cell::new(None) };
        static REGISTER: Cell<Option<Reg<Int>>> = const { Cell::new(None) };
    }

    #[test]
    fn value_of_the_parent() {
        expect_error(
            uint(8),
            |m, i| {
                OUTER.set(Some(i + 1)); //~ made
                let child = one_off(uint(8), |_, i| OUTER.get().map_or(i, |o| i + o)); //~ used
                m.inst("child", &child, i) //~ inst
            },
            "E0201: a value of module `one_off` is used in module `one_off`
            at used
            made: it belongs to `one_off`
            in child at inst
            help: pass it to the module through its inputs",
        );
    }

    #[test]
    fn register_of_the_parent() {
        expect_error(
            uint(8),
            |m, i| {
                REGISTER.set(Some(m.reg("r", uint(8)).reset(0))); //~ made
                let child = one_off(uint(8), |_, i| {
                    REGISTER.get().inspect(|r| r.set(i)); //~ used
                    i
                });
                m.inst("child", &child, i) //~ inst
            },
            "E0201: a value of module `one_off` is used in module `one_off`
            at used
            made: it belongs to `one_off`
            in child at inst
            help: pass it to the module through its inputs",
        );
    }
}
