//! E0218: combinational paths of a black box that are not as declared.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0218");

pub(crate) fn new(place: PlaceId, name: &str, what: &str) -> Draft {
    Draft::new(CODE, format!("`paths` of black box `{name}` do not fit"), place,
        "list every combinational path as (input port, output port), or return None where any may be")
        .note(what)
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    /// A black box of which the model is combinational; how it declares that.
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Multiplier(Option<Vec<(&'static str, &'static str)>>);
    impl ExternModule for Multiplier {
        type In = (Int, Int);
        type Out = Int;
        fn verilog_name(&self) -> String {
            "multiplier".into()
        }
        fn shape(&self) -> (IntTy, IntTy) {
            (uint(4), uint(4))
        }
        fn out_shape(&self) -> IntTy {
            uint(8)
        }
        fn paths(&self) -> Option<Vec<(String, String)>> {
            let own = |(a, b): &(&str, &str)| (a.to_string(), b.to_string());
            self.0.as_ref().map(|pairs| pairs.iter().map(own).collect())
        }
        fn model(&self, _: &Module, i: (Int, Int)) -> Option<Int> {
            Some(i.0 * i.1)
        }
    }

    #[test]
    fn path_of_the_model() {
        expect_error(
            (uint(4), uint(4)),
            |m, i| m.extern_inst("mult", &Multiplier(Some(vec![("in_0", "out")])), i), //~ inst
            "E0218: `paths` of black box `multiplier` do not fit
            at inst
            | its model has a combinational path from `in_1` to `out`
            help: list every combinational path as (input port, output port), or return None where any may be",
        );
        assert_eq!(codes((uint(4), uint(4)), |m, i| m.extern_inst("mult", &Multiplier(None), i)), [""; 0]);
    }

    #[test]
    fn path_of_no_port() {
        let paths = |m: &Module, i| m.extern_inst("mult", &Multiplier(Some(vec![("x", "out")])), i);
        let found = errors((uint(4), uint(4)), paths);
        assert!(text(&found.0[0]).contains("| it has no input and output for a path from `x` to `out`"), "{found}");
        let paths = |m: &Module, i| m.extern_inst("mult", &Multiplier(Some(vec![("out", "in_0")])), i);
        let found = errors((uint(4), uint(4)), paths);
        assert!(text(&found.0[0]).contains("for a path from `out` to `in_0`"), "{found}");
    }
}
