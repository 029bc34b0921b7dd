//! Why something could not be proved or refuted at all.

use crate::error::SimError;

/// An error of a proof.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// z3 is not there.
    #[error(
        "z3 was not found ({tried}); install it with `apt-get install z3` or `cargo xtask setup`, or name the program in \
         GATEWRIGHT_Z3"
    )]
    NoZ3 {
        /// What was tried.
        tried: String,
    },
    /// z3 did not do what was asked.
    #[error("z3 failed: {0}")]
    Solver(String),
    /// A black box without a simulation model.
    #[error("instance `{path}` is the black box `{module}`, which has no simulation model; give it one")]
    NoModel {
        /// Hierarchical path.
        path: String,
        /// The black box.
        module: String,
    },
    /// More than one clock.
    #[error("`{top}` has the clocks {}; a design with several clocks cannot be proved", .clocks.join(", "))]
    Clocks {
        /// The top module.
        top: String,
        /// Its clocks.
        clocks: Vec<String>,
    },
    /// More memory than is made into terms.
    #[error("memory `{path}` of {depth} words is too large to prove anything about (limit: {most} words in all)")]
    TooLarge {
        /// Hierarchical path.
        path: String,
        /// Words.
        depth: u64,
        /// The limit.
        most: u64,
    },
    /// Two designs that cannot be compared.
    #[error("the designs cannot be compared: {0}")]
    Ports(String),
    /// A design with state where there can be none.
    #[error("`{top}` has state (`{element}`), where a combinational design is wanted")]
    State {
        /// The top module.
        top: String,
        /// A register or a memory.
        element: String,
    },
    /// Assumptions that cannot hold together: anything would follow from them.
    #[error("the assumptions of `{top}` contradict each other: they cannot all hold for {clocks} clocks")]
    Contradiction {
        /// The top module.
        top: String,
        /// How long.
        clocks: u32,
    },
    /// A design that is not well formed.
    #[error("the design is not well formed: {0}; run its verifier")]
    Malformed(String),
    /// A simulation that goes with a proof.
    #[error(transparent)]
    Sim(#[from] SimError),
}
