//! E0202: a handle used after its module was finished.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0202");

pub(crate) fn new(place: PlaceId, here: &str, owner: Option<&str>) -> Draft {
    let owner = owner.map_or("another elaboration".to_string(), |o| format!("module `{o}`, which is finished,"));
    Draft::new(CODE, format!("a value of {owner} is used in module `{here}`"), place,
        "values leave a module through its outputs; do not keep handles outside of `build`")
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use crate::diag::testing::*;
    use crate::prelude::*;

    thread_local! {
        static KEPT: Cell<Option<Int>> = const { Cell::new(None) };
    }

    #[test]
    fn value_of_a_child() {
        expect_error(
            uint(8),
            |m, i| {
                let child = one_off(uint(8), |_, i| {
                    KEPT.set(Some(i + 1));
                    i
                });
                let out = m.inst("child", &child, i);
                KEPT.get().map_or(out, |kept| out - kept) //~ used
            },
            "E0202: a value of module `one_off`, which is finished, is used in module `one_off`
            at used
            help: values leave a module through its outputs; do not keep handles outside of `build`",
        );
    }

    #[test]
    fn value_of_another_elaboration() {
        build(uint(8), |_, i| {
            KEPT.set(Some(i));
            i
        });
        expect_error(
            uint(8),
            |_, i| KEPT.get().map_or(i, |kept| i + kept), //~ used
            "E0202: a value of another elaboration is used in module `one_off`
            at used
            help: values leave a module through its outputs; do not keep handles outside of `build`",
        );
    }
}
