//! The standard parts for streams, for any engine.

pub mod behaviour;
pub mod designs;
pub mod fifos;
pub mod turns;
