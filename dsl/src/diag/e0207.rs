//! E0207: a value that depends on itself within a clock.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0207");

pub(crate) fn new(module: &str, module_place: PlaceId, steps: Vec<(PlaceId, String)>) -> Draft {
    let place = steps.first().map_or(module_place, |s| s.0);
    let mut draft = Draft::new(CODE, format!("combinational loop in module `{module}`"), place,
        "put a register on the way: m.reg(), m.delay(), or .regslice() for a stream");
    let shown = 16;
    let more = steps.len().saturating_sub(shown);
    for (i, (at, text)) in steps.into_iter().take(shown).enumerate() {
        draft = if i == 0 { draft.note(format!("the loop goes through {text}")) } else { draft.other(at, format!("then {text}")) };
    }
    if more > 0 { draft.note(format!("and {more} more places")) } else { draft }
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn wire() {
        expect_error(
            (),
            |m, ()| {
                let w = m.wire("w", uint(4)); //~ w
                let next = w.get() + 1; //~ add
                w.set(next.wrap(uint(4))); //~ wrap
                w.get()
            },
            "E0207: combinational loop in module `one_off`
            at add
            | the loop goes through this `add`
            wrap: then this `wrap`
            w: then wire `w`
            help: put a register on the way: m.reg(), m.delay(), or .regslice() for a stream",
        );
    }

    #[test]
    fn through_a_child() {
        let found = errors((), |m, ()| {
            let w = m.wire("w", uint(4)); //~ w
            let child = one_off(uint(4), |_, i| (i + 1).wrap(uint(4)));
            w.set(m.inst("child", &child, w.get())); //~ inst
            w.get()
        });
        assert_eq!(found.codes(), ["E0207"]);
        let shown = text(&found.0[0]);
        assert!(shown.contains("instance `child`") && shown.contains("wire `w`"), "{shown}");
    }

    #[test]
    fn a_register_breaks_it() {
        let child = codes((), |m, ()| {
            let w = m.wire("w", uint(4));
            let child = one_off(uint(4), |m, i| m.delay("r", i));
            w.set((m.inst("child", &child, w.get()) + 1).wrap(uint(4)));
            w.get()
        });
        assert_eq!(child, [""; 0]);
    }
}
