//! W0304: a state that is never entered, or never left.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("W0304");

pub(crate) fn never_entered(place: PlaceId, state: &str, machine: &str) -> Draft {
    let what = format!("state `{state}` of `{machine}` is never entered");
    Draft::new(CODE, what, place, "let a state that is entered lead to it, or drop it")
}

pub(crate) fn never_left(place: PlaceId, state: &str, machine: &str) -> Draft {
    let what = format!("state `{state}` of `{machine}` is never left");
    Draft::new(CODE, what, place, "give it a way out with .go(…), or say .ends(…) where that is meant")
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::parts::fsm::{Encoding, Machine};
    use crate::prelude::*;

    #[test]
    fn an_island_and_a_dead_end() {
        for encoding in [Encoding::Binary, Encoding::OneHot, Encoding::Gray] {
            let top = match encoding {
                Encoding::Binary => one_off(BOOL, |m, go| machine(m, go, Encoding::Binary)),
                Encoding::OneHot => one_off(BOOL, |m, go| machine(m, go, Encoding::OneHot)),
                Encoding::Gray => one_off(BOOL, |m, go| machine(m, go, Encoding::Gray)),
            };
            let (design, warnings) = elaborate_with(&top, &Options::default()).unwrap();
            checked(design);
            assert_eq!(warnings.0.len(), 2, "{warnings}");
            expect(
                &warnings.0[0],
                "W0304: state `c` of `state` is never left
                at declared
                help: give it a way out with .go(…), or say .ends(…) where that is meant",
            );
            expect(
                &warnings.0[1],
                "W0304: state `e` of `state` is never entered
                at declared
                help: let a state that is entered lead to it, or drop it",
            );
        }
    }

    fn machine(m: &Module, go: Bool, encoding: Encoding) -> Int {
        let state = Machine::named(&["a", "b", "c", "d", "e"]).encoding(encoding).declare(m, "state"); //~ declared
        state.rules(m, |s| {
            s.on("a", |at| m.when(go, || at.go("b")));
            s.on("b", |at| {
                m.when(go, || at.go("c")).otherwise(|| at.go("d"));
            });
            s.ends("d");
            s.on("e", |at| at.go("a"));
        });
        state.number()
    }
}
