//! `gatewright demo`: a real model from its file to verified hardware. It needs no program but this one.

use std::path::{Path, PathBuf};

use gatewright_compiler::package::Options;
use gatewright_layers::target::{Family, Target};

use crate::{Failure, compile, output, verify};

/// What `gatewright demo` takes.
#[derive(clap::Args)]
pub struct Arguments {
    /// Where the results go
    #[arg(short, long, value_name = "DIR", default_value = "gatewright-demo")]
    output: PathBuf,
}

/// The files of the model, which the program carries with it.
const MODEL: [(&str, &[u8]); 4] = [
    ("model.onnx", include_bytes!("../examples/models/digits_mlp_w4a4/model.onnx")),
    ("inputs.npy", include_bytes!("../examples/models/digits_mlp_w4a4/inputs.npy")),
    ("outputs.npy", include_bytes!("../examples/models/digits_mlp_w4a4/outputs.npy")),
    ("labels.npy", include_bytes!("../examples/models/digits_mlp_w4a4/labels.npy")),
];

/// Runs the sub-command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let dir = &arguments.output;
    let samples = dir.join("model");
    std::fs::create_dir_all(&samples)
        .map_err(|e| Failure::Unusable(format!("cannot make `{}`: {e}", samples.display())))?;
    for (name, bytes) in MODEL {
        output::write_bytes(&samples.join(name), bytes)?;
    }
    let mut said =
        String::from("A network of 64-32-16-10 neurons with 4-bit weights reads handwritten digits of 8x8 pixels.\n");
    said +=
        &format!("Its QONNX file, 500 digits and the answers of the trained model are in {}.\n\n", samples.display());
    let options = Options { target: Target::mhz(200.0, Family::Lut6), ..Options::default() };
    said += &compile::compile(&samples.join("model.onnx"), options, None, dir)?;
    let verdict = verify::run_on(&verify::Arguments {
        dir: dir.clone(),
        inputs: vec![samples.join("inputs.npy")],
        expect: vec![samples.join("outputs.npy")],
        labels: Some(samples.join("labels.npy")),
        ..verify::Arguments::default()
    })?;
    said += "\nAll 500 digits, clock by clock:\n  ";
    said += &verdict.text();
    said += "\nWith a model of your own:\n  gatewright compile MODEL.onnx -o DIR\n  gatewright verify DIR --inputs X.npy --expect Y.npy\n";
    output::write(Path::new("-"), &said)
}
