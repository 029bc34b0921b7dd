//! Tests that compare engines: what they share.

pub mod fixed;
pub mod lockstep;
pub mod random;

/// Models of the fixed designs, linked in by the build script.
pub mod models {
    include!(concat!(env!("OUT_DIR"), "/models.rs"));
}
