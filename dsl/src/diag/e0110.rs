//! E0110: an index beyond the choices.

use super::{Code, Draft};
use crate::ids::PlaceId;
use crate::ty::Ty;

pub(crate) const CODE: Code = Code("E0110");

pub(crate) fn new(place: PlaceId, operands: &[Ty]) -> Draft {
    let mut draft = Draft::new(CODE, "the index can lie outside of the choices", place,
        "narrow the index with .wrap(), .sat() or .claim(), or give a choice for every value of its range");
    if let [index, count] = operands {
        draft = draft.note(format!("index is {index}"));
        if let Some(count) = count.as_constant() {
            draft = draft.note(format!("there are {count} choices"));
        }
    }
    draft
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn index() {
        expect_error(
            (uint(2), uint(8)),
            |_, (n, x)| select(n, &[x, x + 1, x + 2]), //~ select
            "E0110: the index can lie outside of the choices
            at select
            | index is uint<2> [0..=3]
            | there are 3 choices
            help: narrow the index with .wrap(), .sat() or .claim(), or give a choice for every value of its range",
        );
        assert_eq!(codes((range(0..=2), uint(8)), |_, (n, x)| select(n, &[x, x + 1, x + 2])), [""; 0]);
    }

    #[test]
    fn outputs() {
        let found = errors((StreamTy(uint(8)), uint(2)), |m, (s, n)| {
            let outputs = s.demux(m, n, 3); //~ demux
            let mut fires = outputs.into_iter().map(|s| s.accept(true).fire);
            fires.next()
                .map(|first| fires.fold(first, |a, b| a | b))
                .unwrap_or(false.to_hw())
        });
        assert_eq!(found.codes(), ["E0110"]);
        assert!(text(&found.0[0]).contains("at demux"));
    }
}
