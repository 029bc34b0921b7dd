//! Derive macros of the Gatewright language: `Bundle` and `HwEnum`.
