//! E0211: a case that the subject of a switch never has.

use super::{Code, Draft};
use crate::ids::PlaceId;
use crate::ty::Ty;
use crate::value::Value;

pub(crate) const CODE: Code = Code("E0211");

pub(crate) fn new(place: PlaceId, switch: PlaceId, value: &Value, ty: Ty) -> Draft {
    Draft::new(CODE, format!("the case {value} cannot occur"), place, "drop the case, or widen the subject")
        .other(switch, format!("the subject is {ty}"))
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn beyond_the_subject() {
        expect_error(
            uint(2),
            |m, i| {
                let r = m.reg("r", uint(2)).reset(0);
                m.switch(i, |s| { //~ switch
                    s.case(4, || r.set(1)); //~ case
                });
                r.q()
            },
            "E0211: the case 4 cannot occur
            at case
            switch: the subject is uint<2> [0..=3]
            help: drop the case, or widen the subject",
        );
    }
}
