//! W0301: a register that nothing reads.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("W0301");

pub(crate) fn new(place: PlaceId, name: &str) -> Draft {
    Draft::new(CODE, format!("register `{name}` is never read"), place, "drop it, or read it")
}
