//! Tests of the text form and the verifier.

mod arbitrary;
mod text;
mod verify;
