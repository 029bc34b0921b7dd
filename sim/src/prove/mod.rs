//! Proofs with z3, behind the cargo feature `prove`: what holds for all inputs, and not only for those of a test.
//!
//! - [`equal`]: two designs do the same, such as one before and after a [pass](gatewright_dsl::pass).
//! - [`equal_later`]: a pipelined region computes what its generator does, so many clocks later.
//! - [`asserts`]: the assertions, claims and contracts of a design hold.
//!
//! A design becomes a state machine over bit vectors (`machine`, `clock`), whose operators (`operators`) are terms
//! (`terms`) that go to z3 (`solver`). A result says what was shown: a proof, so many clocks from power-up, or a
//! [`Trace`] that leads to the failure and can be replayed in any engine. Designs have one clock and memories of at most
//! [`MOST_WORDS`] words.
//!
//! ```
//! use gatewright_dsl::prelude::*;
//! use gatewright_sim::prove::{self, Equality, Options, ProveError};
//!
//! /// Twice a number, in two ways.
//! #[derive(Clone, PartialEq, Eq, Hash)]
//! struct Twice(bool);
//!
//! impl Generator for Twice {
//!     type In = Int;
//!     type Out = Int;
//!
//!     fn shape(&self) -> IntTy {
//!         sint(12)
//!     }
//!
//!     fn build(&self, _: &Module, x: Int) -> Int {
//!         if self.0 { x + x } else { x * 2 }
//!     }
//! }
//!
//! let (one, other) = (elaborate(&Twice(true)).unwrap(), elaborate(&Twice(false)).unwrap());
//! match prove::equal(&one, &other, &Options::default()) {
//!     Err(e @ ProveError::NoZ3 { .. }) => println!("{e}"),
//!     result => assert_eq!(result.unwrap(), Equality::Proved),
//! }
//! ```

mod asserts;
mod clock;
mod equal;
mod error;
mod invariant;
mod machine;
mod operators;
mod run;
mod solver;
mod terms;
mod trace;
mod unroll;

pub use asserts::{Checked, Proof, Verdict, asserts};
pub use equal::{Equality, equal, equal_later};
pub use error::ProveError;
pub use machine::MOST_WORDS;
pub use run::{Given, Outcome, run};
pub use solver::version;
pub use trace::{Replayed, Row, Trace};
pub use unroll::Options;
