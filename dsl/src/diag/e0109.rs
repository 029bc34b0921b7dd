//! E0109: nothing to choose from, or a number that is none.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0109");

pub(crate) fn new(place: PlaceId, what: &str, help: &str) -> Draft {
    Draft::new(CODE, what, place, help)
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn no_choice() {
        expect_error(
            uint(2),
            |_, i| select::<Int>(i, &[]), //~ select
            "E0109: select needs at least one choice
            at select
            help: give it a list that is not empty",
        );
    }

    #[test]
    fn no_such_value() {
        expect_error(
            uint(2),
            |_, i| const_matvec(&[i], &[ShiftAdd { a: (0, 1), b: (1, 0), subtract: true }], &[]), //~ step
            "E0109: const_matvec has a step that names a value behind it
            at step
            help: let each step name inputs and steps before it",
        );
    }

    #[test]
    fn no_output() {
        expect_error(
            (StreamTy(uint(8)), uint(2)),
            |m, (s, i)| {
                let none = s.demux(m, i, 0); //~ demux
                assert!(none.is_empty());
            },
            "E0109: demux needs at least one output
            at demux
            help: give it at least one, or throw the beats away with .accept(true)",
        );
    }

    #[test]
    fn no_number() {
        expect_error(
            fixed(8, 4),
            |_, i| i + f64::NAN, //~ nan
            "E0109: NaN is no fixed-point number
            at nan
            help: give a finite number",
        );
    }

    /// A generator of a user that takes even widths only.
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Halves(u32);
    impl Generator for Halves {
        type In = Bits;
        type Out = Bits;
        fn shape(&self) -> BitsTy {
            word(self.0)
        }
        fn build(&self, m: &Module, x: Bits) -> Bits {
            if self.0 % 2 == 1 {
                m.refuse(&format!("{} bits have no halves", self.0), "give an even width");
                return x;
            }
            x.slice(0..self.0 / 2)
        }
    }

    #[test]
    fn refused_by_a_generator() {
        expect_error(
            word(3),
            |m, i| m.inst("halves", &Halves(3), i), //~ inst
            "E0109: 3 bits have no halves
            at inst
            help: give an even width",
        );
        assert_eq!(codes(word(4), |m, i| m.inst("halves", &Halves(4), i)), [""; 0]);
    }

    #[test]
    fn no_value_of_a_case() {
        expect_error(
            uint(2),
            |m, i| {
                let r = m.reg("r", uint(2)).reset(0);
                m.switch(i, |s| {
                    s.cases([], || r.set(1)); //~ case
                    s.default(|| r.set(2));
                });
                r.q()
            },
            "E0109: a case needs at least one value
            at case
            help: give the values of the case",
        );
    }
}
