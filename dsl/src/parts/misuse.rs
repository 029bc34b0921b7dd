//! How a part refuses parameters that it cannot be built for.

use crate::diag::e0109;
use crate::hw::context::{Loc, with};
use crate::prelude::Module;

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

impl Module {
    /// Reports that this generator (or black box) cannot be built for its parameters, where it is instantiated: `what` says
    /// what is wrong and `help` how to write it right. Elaboration goes on, so return values that fit as well as they can;
    /// the design is not finished. The error has the code E0109.
    #[track_caller]
    pub fn refuse(&self, what: &str, help: &str) {
        refuse_generator(what, help);
    }
}
