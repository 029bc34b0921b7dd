//! W0302: a wire that nothing reads.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("W0302");

pub(crate) fn new(place: PlaceId, name: &str) -> Draft {
    Draft::new(CODE, format!("wire `{name}` is never read"), place, "drop it, or read it")
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn never_read() {
        let top = one_off(uint(8), |m, i| {
            let w = m.wire("w", uint(8)); //~ declared
                w.set(i);
            i
        });
        let (design, warnings) = elaborate_with(&top, &Options::default()).unwrap();
        checked(design);
        assert_eq!(warnings.0.len(), 1, "{warnings}");
        expect(
            &warnings.0[0],
            "W0302: wire `w` is never read
            at declared
            help: drop it, or read it",
        );
        assert!(warnings.to_string().starts_with("warning[W0302]"));
    }
}
