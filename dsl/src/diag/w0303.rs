//! W0303: an input that nothing reads.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("W0303");

pub(crate) fn new(place: PlaceId, module: &str, name: &str) -> Draft {
    Draft::new(CODE, format!("input `{name}` of module `{module}` is never read"), place, "drop it, or read it")
}
