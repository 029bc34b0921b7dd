//! The Gatewright language.

pub mod ids;
pub mod ir;
pub mod ty;
pub mod value;
