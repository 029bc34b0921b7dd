//! Random modules over the whole language, and an evaluator of their meaning.
//!
//! A seed gives a [`recipe::Recipe`]; [`build`] brings it through the front end; [`evaluate`] says what it does without
//! looking at what the front end made of it; [`harness`] compares; [`shrink`] makes a failing recipe small.

pub mod batches;
pub mod build;
mod choose;
pub mod evaluate;
pub mod generate;
pub mod harness;
pub mod recipe;
pub mod rules;
pub mod shrink;
pub mod ty;
pub mod typing;
