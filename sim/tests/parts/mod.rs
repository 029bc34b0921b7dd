//! The standard parts for streams, memories, state machines and lines, for any engine.

pub mod behaviour;
pub mod designs;
pub mod fifos;
pub mod machines;
pub mod packs;
pub mod rams;
pub mod turns;
pub mod uarts;

/// The seed of random parameters: that of the environment, or always the same.
pub fn seed() -> u64 {
    std::env::var("GATEWRIGHT_RANDOM_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(4711)
}
