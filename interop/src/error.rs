//! Why two designs do not go together.

use gatewright_sim::SimError;

/// What keeps a block of one side from being a part of the other.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InteropError {
    /// Ports that do not fit each other, all of them.
    #[error("the ports of `{block}` do not fit: {}", .found.join("; "))]
    Ports {
        /// The block or the design.
        block: String,
        /// One sentence for each.
        found: Vec<String>,
    },
    /// rust_hdl's own checks failed.
    #[error("rust_hdl refuses the block `{block}`: {what}")]
    Refused {
        /// The block.
        block: String,
        /// What its check says.
        what: String,
    },
    /// A black box for which no leaf was given.
    #[error("the black box `{module}` has no simulation model and is not among the leaves given{}", given(.known))]
    NoLeaf {
        /// Its name in Verilog.
        module: String,
        /// The names of the leaves given.
        known: Vec<String>,
    },
    /// Leaves with one name in Verilog.
    #[error("two leaves are called `{0}`; give each once, and values that differ another `name()`")]
    SameName(String),
    /// A name that the other side uses itself.
    #[error(
        "a module of the design is called `{0}`, as rust_hdl's own top level is; give the generator another `name()`"
    )]
    TakenName(String),
    /// More than one clock, where the seam carries one.
    #[error("`{name}` has the clocks `{}`; between Gatewright and rust_hdl there is one", .clocks.join("`, `"))]
    Clocks {
        /// The block or the design.
        name: String,
        /// Its clocks.
        clocks: Vec<String>,
    },
    /// A port that does not exist.
    #[error("`{block}` has no {wanted} `{name}`; there is `{}`", .known.join("`, `"))]
    NoPort {
        /// The block.
        block: String,
        /// `input` or `output`.
        wanted: &'static str,
        /// The name asked for.
        name: String,
        /// The ports there are.
        known: Vec<String>,
    },
    /// A simulator failed, or a check of the design.
    #[error(transparent)]
    Sim(#[from] SimError),
}

fn given(known: &[String]) -> String {
    match known {
        [] => String::from("; there were none"),
        names => format!(" (`{}`)", names.join("`, `")),
    }
}
