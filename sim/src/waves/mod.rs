//! Waves: timing diagrams as text.

mod text;

pub use text::{TextWave, show};
