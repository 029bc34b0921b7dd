//! E0204: a name given twice.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0204");

pub(crate) fn new(place: PlaceId, other: PlaceId, name: &str) -> Draft {
    Draft::new(CODE, format!("the name `{name}` is taken"), place,
        "choose another name, number them, or open a scope with m.scope()")
        .other(other, format!("`{name}` is first named here"))
}

/// Where a name is needed for two things that have no places of their own.
pub(crate) fn reserved(place: PlaceId, name: &str, first: &str, second: &str) -> Draft {
    Draft::new(CODE, format!("{first} and {second} are both named `{name}`"), place, "rename one of the two")
}

/// Two black boxes of one name.
pub(crate) fn ports(place: PlaceId, other: PlaceId, name: &str) -> Draft {
    Draft::new(CODE, format!("two black boxes `{name}` have different ports"), place,
        "Verilog knows a module by its name alone: one name, one list of ports")
        .other(other, "the other one is made here")
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn two_registers() {
        expect_error(
            uint(8),
            |m, i| {
                let a = m.delay("x", (i, i)); //~ first
                let b = m.delay("x", (i, i)); //~ second
                (a, b)
            },
            "E0204: the name `x_0` is taken
            at second
            first: `x_0` is first named here
            help: choose another name, number them, or open a scope with m.scope()",
        );
    }

    #[derive(Bundle)]
    struct Nested {
        b: Int,
    }
    #[derive(Bundle)]
    struct Clash {
        a: Nested,
        a_b: Int,
        clk: Bool,
    }

    #[test]
    fn ports() {
        let shape = ClashShape { a: NestedShape { b: uint(4) }, a_b: uint(4), clk: BOOL };
        let top = one_off(shape, |_, i| (i.a.b + i.a_b, i.clk));
        let found = elaborate(&top).unwrap_err(); //~ elaborate
        assert_eq!(found.codes(), ["E0204", "E0204"]);
        expect(
            &found.0[0],
            "E0204: a port of module `one_off` and another port of it are both named `a_b`
            at elaborate
            help: rename one of the two",
        );
        expect(
            &found.0[1],
            "E0204: a port of module `one_off` and its clock or reset are both named `clk`
            at elaborate
            help: rename one of the two",
        );
    }

    #[test]
    fn reset_as_the_clock() {
        let options = Options::reset("clk", ResetKind::Sync, Polarity::High);
        let found = elaborate_with(&one_off(uint(4), |_, i| i), &options).unwrap_err();
        assert_eq!(found.codes(), ["E0204"]);
    }

    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Pll(u32);
    impl ExternModule for Pll {
        type In = Int;
        type Out = Int;
        fn verilog_name(&self) -> String {
            "pll".into()
        }
        fn shape(&self) -> IntTy {
            uint(self.0)
        }
        fn out_shape(&self) -> IntTy {
            uint(1)
        }
    }

    #[test]
    fn black_boxes() {
        expect_error(
            uint(2),
            |m, i| {
                let a = m.extern_inst("a", &Pll(2), i); //~ a
                let b = m.extern_inst("b", &Pll(3), i); //~ b
                (a, b)
            },
            "E0204: two black boxes `pll` have different ports
            at b
            a: the other one is made here
            help: Verilog knows a module by its name alone: one name, one list of ports",
        );
    }
}
