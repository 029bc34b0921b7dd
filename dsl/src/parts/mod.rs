//! Standard parts, each a generator with documented latency and behaviour, or logic between streams without state.

pub mod arbiter;
pub mod axi_stream;
pub mod credit;
pub mod fifo;
pub mod fork;
pub mod join;
pub mod mux;
pub mod width;

use crate::diag;
use crate::hw::context::{Loc, with};

/// Reports that `what` got none of what it works on.
fn report_none(what: &str, help: &str, loc: Loc) {
    with(|c| {
        let place = c.place(loc);
        c.report(diag::e0109::new(place, what, help));
    });
}
