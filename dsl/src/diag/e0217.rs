//! E0217: one operation that takes longer than a clock.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0217");

pub(crate) fn new(place: PlaceId, region: PlaceId, delay: f64, period: f64, clock_mhz: f64) -> Draft {
    Draft::new(CODE, format!("this operation does not fit a clock of {clock_mhz} MHz"), place,
        "ask for a slower clock, or split the operation into smaller ones")
        .note(format!("it takes about {delay:.2} ns of the {period:.2} ns between two registers"))
        .other(region, "the region begins here")
}
