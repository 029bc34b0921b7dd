//! E0216: state inside a pipelined region.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0216");

pub(crate) fn new(place: PlaceId, region: PlaceId, what: &str) -> Draft {
    Draft::new(CODE, format!("{what} inside a pipelined region"), place,
        "m.pipelined() takes pure generators and places the registers itself; instantiate this one with m.inst()")
        .other(region, "the region begins here")
}
