//! The models that are measured: one of the examples, and those of `shared/models` where that folder is there.
#![allow(dead_code)]

#[path = "../../tests/support/mod.rs"]
mod support;

use std::fmt;
use std::path::{Path, PathBuf};

use gatewright_compiler::graph::{Graph, Tensor};
use gatewright_compiler::import::onnx;
use gatewright_compiler::streamline::{self, Model};
use support::{array, models, rows};

pub struct Case {
    pub name: &'static str,
    input_type: Option<&'static str>,
}

pub const CASES: [Case; 5] = [
    Case { name: "digits_mlp_w4a4", input_type: None },
    Case { name: "tfc_1w1a", input_type: None },
    Case { name: "tfc_2w2a", input_type: None },
    Case { name: "jet_tagging_qkeras", input_type: Some("fixed<14,4>") },
    Case { name: "jets_deepsets_w6a6", input_type: None },
];

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Case {
    /// The model's folder; says so where it is not there.
    pub fn folder(&self) -> Option<PathBuf> {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/models").join(self.name);
        if examples.is_dir() { Some(examples) } else { Some(models()?.join(self.name)) }
    }

    pub fn graph(&self, folder: &Path) -> Graph {
        onnx::read(&folder.join("model.onnx")).unwrap_or_else(|e| panic!("{e}"))
    }

    pub fn model(&self, graph: &Graph) -> Model {
        let input_types = self.input_type.map(|t| t.parse().unwrap_or_else(|e| panic!("{e}")));
        let options =
            streamline::Options { input_types: input_types.into_iter().collect(), ..streamline::Options::default() };
        streamline::streamline(graph, &options).unwrap_or_else(|e| panic!("{}: {e}", self.name))
    }

    /// The stored inputs.
    pub fn samples(&self, folder: &Path) -> Vec<Vec<Tensor>> {
        rows(&array(&folder.join("inputs.npy"))).into_iter().map(|x| vec![x]).collect()
    }

    /// The stored outputs.
    pub fn outputs(&self, folder: &Path) -> Vec<Tensor> {
        rows(&array(&folder.join("outputs.npy")))
    }
}
