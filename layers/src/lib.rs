//! Neural layers on integer tensors: golden models and generators.

pub mod error;
pub mod layer;
pub mod network;

pub use error::Error;
