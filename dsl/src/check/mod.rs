//! Checks of a finished module: drivers, loops, things nobody uses.

pub(crate) mod domains;
pub(crate) mod drivers;
pub(crate) mod loops;
pub(crate) mod unused;
