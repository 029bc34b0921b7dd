//! E0112: bundles of different lengths.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0112");

pub(crate) fn new(place: PlaceId, declared: PlaceId, what: &str, name: &str, found: usize, wanted: usize) -> Draft {
    let draft = Draft::new(CODE, format!("{what} `{name}` has another number of values"), place,
        "give vectors and arrays the same length on both sides")
        .note(format!("{found} values here, {wanted} are wanted"));
    if declared == place { draft } else { draft.other(declared, "declared here") }
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn register() {
        expect_error(
            vec![uint(8); 3],
            |m, i| {
                let r = m.reg("r", vec![uint(8); 4]).reset(0); //~ r
                r.set(i); //~ set
                r.q()
            },
            "E0112: register `r` has another number of values
            at set
            | 3 values here, 4 are wanted
            r: declared here
            help: give vectors and arrays the same length on both sides",
        );
    }

    #[test]
    fn reset_value() {
        expect_error(
            (),
            |m, ()| m.reg("r", vec![uint(8); 4]).reset(vec![Value::from(1); 3]).q(), //~ reset
            "E0112: reset value of `r` has another number of values
            at reset
            | 3 values here, 4 are wanted
            help: give vectors and arrays the same length on both sides",
        );
    }

    #[test]
    fn instance_and_choice() {
        let found = errors((BOOL, vec![uint(8); 3], StreamTy(uint(2))), |m, (c, v, s)| {
            let child = one_off((vec![uint(8); 4], StreamTy(uint(2))), |_, (v, s)| (v, s.accept(true).fire));
            let two = v[..2].to_vec();
            // The stream goes down with the instance: that is not one more mistake.
            (c.mux(v.clone(), two), m.inst("child", &child, (v, s))) //~ both
        });
        assert_eq!(found.codes(), ["E0112", "E0112"]);
        expect(
            &found.0[1],
            "E0112: inputs of `child` has another number of values
            at both
            | 7 values here, 8 are wanted
            help: give vectors and arrays the same length on both sides",
        );
    }
}
