//! A compiled model: the integers, and the hardware made of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use gatewright_dsl::diag::Diagnostics;
use gatewright_dsl::ir::Design;
use gatewright_dsl::prelude::Options as ElaborateOptions;
use gatewright_layers::layer::Form;
use gatewright_layers::target::Target;
use gatewright_layers::unrolled::{Timed, Unrolled};
use gatewright_layers::unrolled_stream::UnrolledStream;

use crate::graph::Graph;
use crate::number::NumberType;
use crate::streamline::{self, Model, StreamlineError};

/// The form of `network.json`; another one is refused.
pub const FORMAT: u32 = 2;

/// How samples go in and results come out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interface {
    /// A port per element, and a valid flag beside them.
    #[default]
    Plain,
    /// AXI4-Stream signals with back-pressure.
    Stream,
}

/// What is wanted of the hardware.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Options {
    /// Types of the hardware's inputs: one per input of the model, one for all, or none where the model quantises them.
    pub input_types: Vec<NumberType>,
    /// Clock and device.
    pub target: Target,
    /// Ports.
    pub interface: Interface,
    /// The hardware ends with the position of the greatest output.
    pub decision: bool,
    /// Bits of the probabilities, where the hardware computes the softmax at the model's end.
    pub softmax_bits: Option<u32>,
    /// The form of step functions, by the name of the layer.
    pub forms: BTreeMap<String, Form>,
}

/// A compiled model, as `network.json` keeps it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Package {
    /// [`FORMAT`].
    pub format: u32,
    /// Name of the model's file.
    pub source: String,
    /// What was wanted.
    pub options: Options,
    /// Clocks from a sample to its result.
    pub latency: u32,
    /// The integers, and the host's parts.
    pub model: Model,
}

/// Why a model has no hardware.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// It has no exact form on integers.
    #[error(transparent)]
    Streamline(#[from] StreamlineError),
    /// The hardware cannot be built for this target.
    #[error("{0}")]
    Hardware(Diagnostics),
}

impl Package {
    /// Compiles a graph; also gives the design.
    ///
    /// # Errors
    /// Where a part of the model has no exact form on integers, or where the clock is too fast for an operation.
    pub fn compile(graph: &Graph, source: &str, options: Options) -> Result<(Package, Design), CompileError> {
        let wanted = streamline::Options {
            input_types: options.input_types.clone(),
            decision: options.decision,
            softmax_bits: options.softmax_bits,
            forms: options.forms.clone(),
        };
        let model = streamline::streamline(graph, &wanted)?;
        let mut package = Package { format: FORMAT, source: source.to_owned(), options, latency: 0, model };
        let (design, latency) = package.design().map_err(CompileError::Hardware)?;
        package.latency = latency;
        Ok((package, design))
    }

    /// The hardware, and its latency in clocks.
    ///
    /// # Errors
    /// Where the clock is too fast for an operation.
    pub fn design(&self) -> Result<(Design, u32), Diagnostics> {
        let unrolled = Unrolled { network: Arc::new(self.model.network.clone()), target: self.options.target };
        let options = ElaborateOptions::default();
        match self.options.interface {
            Interface::Plain => unrolled.elaborate(&options),
            Interface::Stream => UnrolledStream(unrolled).elaborate(&options),
        }
    }
}
