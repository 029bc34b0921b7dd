//! E0213: a stream where only data can be.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0213");

pub(crate) fn new(place: PlaceId, what: &str) -> Draft {
    Draft::new(CODE, format!("{what} cannot hold a stream"), place,
        "a stream has a reverse direction: use .fifo(), .regslice(), .gate() or .demux()")
}
