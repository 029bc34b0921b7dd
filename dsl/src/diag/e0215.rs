//! E0215: a write mask of a wrong length.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0215");

pub(crate) fn new(place: PlaceId, declared: PlaceId, found: usize, leaves: usize) -> Draft {
    Draft::new(CODE, format!("a write mask of {found} bits for words of {leaves} leaves"), place,
        "give one bit per leaf of the word, in order")
        .other(declared, "the memory is declared here")
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn mask() {
        expect_error(
            BOOL,
            |m, c| {
                let mem = m.mem("mem", [uint(8), uint(8)], 4).collision(Collision::Old); //~ mem
                mem.write_masked(0, [lit(1), lit(2)], &[c]); //~ write
                mem.read(0)
            },
            "E0215: a write mask of 1 bits for words of 2 leaves
            at write
            mem: the memory is declared here
            help: give one bit per leaf of the word, in order",
        );
    }
}
