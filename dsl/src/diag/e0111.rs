//! E0111: binary points that differ.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0111");

/// A value with `found` fraction bits where `wanted` are wanted.
pub(crate) fn new(place: PlaceId, declared: PlaceId, what: &str, name: &str, found: i32, wanted: i32) -> Draft {
    let help = match found < wanted {
        true => format!("move the point exactly with .round(Rounding::Floor, {wanted}): the value has fewer fraction bits"),
        false => format!("round on purpose with .round(mode, {wanted})"),
    };
    let width = what.len().max("value".len());
    let title = if what == "type" { format!("the type of `{name}`") } else { format!("{what} `{name}`") };
    let draft = Draft::new(CODE, format!("binary point does not fit {title}"), place, help)
        .note(format!("{:width$} has {found} fraction bits", "value"))
        .note(format!("{what:width$} has {wanted} fraction bits"));
    if declared == place { draft } else { draft.other(declared, format!("`{name}` declared here")) }
}

/// Choices that differ.
pub(crate) fn choices(place: PlaceId, what: &str, one: i32, another: i32) -> Draft {
    Draft::new(CODE, format!("binary points of the choices of `{what}` differ"), place,
        "round one of them on purpose with .round(mode, bits)")
        .note(format!("one choice has {one} fraction bits"))
        .note(format!("another has {another} fraction bits"))
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn register() {
        expect_error(
            fixed(8, 4),
            |m, i| {
                let r = m.reg("r", fixed(20, 4)).reset(0); //~ r
                r.set(i * i); //~ set
                r.q()
            },
            "E0111: binary point does not fit register `r`
            at set
            | value    has 8 fraction bits
            | register has 16 fraction bits
            r: `r` declared here
            help: move the point exactly with .round(Rounding::Floor, 16): the value has fewer fraction bits",
        );
    }

    #[test]
    fn coarser() {
        expect_error(
            fixed(8, 4),
            |_, i| i.sat(fixed(8, 6)), //~ sat
            "E0111: binary point does not fit the type of `sat`
            at sat
            | value has 4 fraction bits
            | type  has 2 fraction bits
            help: round on purpose with .round(mode, 2)",
        );
    }

    #[test]
    fn input_and_choice() {
        let found = errors((BOOL, fixed(8, 4), fixed(8, 2)), |m, (c, a, b)| {
            let child = one_off(fixed(8, 3), |_, i| i);
            (m.inst("child", &child, a), c.mux(a, b)) //~ both
        });
        assert_eq!(found.codes(), ["E0111", "E0111"]);
        expect(
            &found.0[0],
            "E0111: binary point does not fit input `child.in`
            at both
            | value has 4 fraction bits
            | input has 5 fraction bits
            help: move the point exactly with .round(Rounding::Floor, 5): the value has fewer fraction bits",
        );
        expect(
            &found.0[1],
            "E0111: binary points of the choices of `mux` differ
            at both
            | one choice has 4 fraction bits
            | another has 6 fraction bits
            help: round one of them on purpose with .round(mode, bits)",
        );
    }
}
