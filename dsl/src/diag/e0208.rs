//! E0208: a stream that nobody consumes.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0208");

pub(crate) fn new(place: PlaceId, name: &str) -> Draft {
    Draft::new(CODE, format!("stream `{name}` is not consumed"), place,
        "pass it on, or take its beats with .accept(ready); .accept(true) throws them away")
}
