//! The Gatewright language.

pub mod emit;
pub mod ids;
pub mod ir;
pub mod pass;
pub mod ty;
pub mod value;
