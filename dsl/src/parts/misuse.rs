//! How a part refuses parameters that it cannot be built for.

use crate::diag::e0109;
use crate::hw::context::{Loc, with};

/// Reports what is asked of a function at its caller.
pub(crate) fn refuse(loc: Loc, what: &str, help: &str) {
    with(|c| {
        let place = c.place(loc);
        c.report(e0109::new(place, what, help));
    });
}

/// Reports what is asked of a generator where it is instantiated.
#[track_caller]
pub(crate) fn refuse_generator(what: &str, help: &str) {
    let loc = Loc::caller();
    with(|c| {
        let place = c.frame().unwrap_or_else(|| c.place(loc));
        c.report(e0109::new(place, what, help));
    });
}
