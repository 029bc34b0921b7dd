//! E0212: modules that contain themselves.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0212");

pub(crate) fn new(place: PlaceId, name: &str, chain: &[String], limit: usize) -> Draft {
    let shown: Vec<&str> = chain.iter().rev().take(8).rev().map(String::as_str).collect();
    let dots = if chain.len() > 8 { "… > " } else { "" };
    Draft::new(CODE, format!("module `{name}` is nested in itself without end"), place,
        format!("a recursive generator needs a smallest case; at most {limit} levels are built"))
        .note(format!("being built: {dots}{}", shown.join(" > ")))
}

/// Conditions inside of conditions.
pub(crate) fn conditions(place: PlaceId, limit: usize) -> Draft {
    Draft::new(CODE, format!("conditions are nested more than {limit} deep"), place,
        "use m.switch(), or compute the condition with & and |")
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Russian(u64);
    impl Generator for Russian {
        type In = Int;
        type Out = Int;
        fn shape(&self) -> IntTy {
            uint(8)
        }
        fn build(&self, m: &Module, i: Int) -> Int {
            if self.0 == 1 {
                return m.delay("r", i);
            }
            m.inst("doll", &Russian(self.0.wrapping_sub(1)), i) //~ inst
        }
    }

    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Itself;
    impl Generator for Itself {
        type In = Int;
        type Out = Int;
        fn shape(&self) -> IntTy {
            uint(8)
        }
        fn build(&self, m: &Module, i: Int) -> Int {
            m.inst("again", &Itself, i) //~ itself
        }
    }

    #[test]
    fn the_same_generator() {
        expect_error(
            uint(8),
            |m, i| m.inst("first", &Itself, i), //~ first
            "E0212: module `itself` is nested in itself without end
            at itself
            | being built: one_off > itself
            in first at first
            help: a recursive generator needs a smallest case; at most 200 levels are built",
        );
    }

    #[test]
    fn ever_other_generators() {
        assert_eq!(elaborate(&Russian(150)).map(|d| checked(d).modules.len()), Ok(150));
        let found = elaborate(&Russian(0)).unwrap_err();
        assert_eq!(found.codes(), ["E0212"]);
        let shown = text(&found.0[0]);
        assert!(shown.contains("being built: … > russian > russian") && shown.contains("at inst"), "{shown}");
    }

    #[test]
    fn in_a_pipelined_region() {
        let found = errors(uint(8), |m, i| m.pipelined("region", &Russian(0), i, &Target::lut6(100.0)).0);
        assert_eq!(found.codes(), ["E0212"]);
    }

    #[test]
    fn conditions() {
        fn nested(m: &Module, c: Bool, r: &Reg<Int>, levels: usize) {
            match levels {
                0 => r.set(1),
                n => {
                    m.when(c, || nested(m, c, r, n - 1)); //~ when
                }
            }
        }
        let fine = codes(BOOL, |m, c| {
            let r = m.reg("r", uint(1)).reset(0);
            nested(m, c, &r, crate::ir::visit::MAX_NESTING);
            r.q()
        });
        assert_eq!(fine, [""; 0]);
        expect_error(
            BOOL,
            |m, c| {
                let r = m.reg("r", uint(1)).reset(0);
                nested(m, c, &r, crate::ir::visit::MAX_NESTING + 1);
                r.q()
            },
            "E0212: conditions are nested more than 500 deep
            at when
            help: use m.switch(), or compute the condition with & and |",
        );
    }
}
