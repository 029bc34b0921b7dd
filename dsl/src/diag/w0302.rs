//! W0302: a wire that nothing reads.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("W0302");

pub(crate) fn new(place: PlaceId, name: &str) -> Draft {
    Draft::new(CODE, format!("wire `{name}` is never read"), place, "drop it, or read it")
}
