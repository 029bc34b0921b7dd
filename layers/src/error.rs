//! What can be wrong with a network or its inputs.

use crate::network::Range;

/// Why a network cannot be built or run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Shapes do not fit.
    #[error("layer `{layer}`: {problem}")]
    Layer {
        /// The layer.
        layer: String,
        /// What is wrong.
        problem: String,
    },
    /// A number of inputs.
    #[error("the network has {wanted} inputs, and {found} are given")]
    Inputs {
        /// Inputs of the network.
        wanted: usize,
        /// Inputs given.
        found: usize,
    },
    /// A number of elements.
    #[error("input `{input}` takes {wanted} elements, and {found} are given")]
    Elements {
        /// Its name.
        input: String,
        /// Elements for all samples.
        wanted: usize,
        /// Elements given.
        found: usize,
    },
    /// A value that the input's type does not hold.
    #[error("input `{input}`, sample {sample}, element {element}: {value} is outside of {}..={}", range.lo, range.hi)]
    OutOfRange {
        /// Its name.
        input: String,
        /// Sample in the batch.
        sample: usize,
        /// Element of the sample, row-major.
        element: usize,
        /// The value.
        value: i64,
        /// The element's range.
        range: Range,
    },
}

impl Error {
    /// A problem of a layer whose name is added by [`Error::of`].
    pub(crate) fn layer(problem: String) -> Error {
        Error::Layer { layer: String::new(), problem }
    }

    /// The same with the layer's name.
    pub fn of(self, layer: &str) -> Error {
        match self {
            Error::Layer { problem, .. } => Error::Layer { layer: layer.to_owned(), problem },
            other => other,
        }
    }
}
