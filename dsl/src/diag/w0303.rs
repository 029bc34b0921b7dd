//! W0303: an input that nothing reads.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("W0303");

pub(crate) fn new(place: PlaceId, module: &str, name: &str) -> Draft {
    Draft::new(CODE, format!("input `{name}` of module `{module}` is never read"), place, "drop it, or read it")
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn never_read() {
        let top = one_off((uint(8), StreamTy(uint(4))), |_, (_, s)| s.accept(true).fire);
        let (design, warnings) = elaborate_with(&top, &Options::default()).unwrap(); //~ elaborate
        checked(design);
        // Nor is the payload of the stream read, which is the consumer's choice.
        assert_eq!(warnings.0.len(), 1, "{warnings}");
        expect(
            &warnings.0[0],
            "W0303: input `in_0` of module `one_off` is never read
            at elaborate
            help: drop it, or read it",
        );
    }
}
