//! Tests that compare engines: what they share.

pub mod random;
