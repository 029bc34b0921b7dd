//! Tests that compare engines cycle by cycle. See `tests/`.
