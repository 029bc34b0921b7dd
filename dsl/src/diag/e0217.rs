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

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn wide_product() {
        expect_error(
            sint(64),
            |m, i| {
                let child = one_off(sint(64), |_, i| i * i); //~ product
                m.pipelined("region", &child, i, &Target::lut6(400.0)).0 //~ region
            },
            "E0217: this operation does not fit a clock of 400 MHz
            at product
            | it takes about 6.14 ns of the 2.30 ns between two registers
            region: the region begins here
            in region at region
            help: ask for a slower clock, or split the operation into smaller ones",
        );
    }

    #[test]
    fn no_time_at_all() {
        let found = errors(sint(8), |m, i| {
            let child = one_off(sint(8), |_, i| i + 1);
            m.pipelined("region", &child, i, &Target::lut6(10_000.0)).0
        });
        assert_eq!(found.codes(), ["E0217"]);
    }
}
