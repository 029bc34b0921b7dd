//! `gatewright demo`, as a user runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn demo(dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gatewright")).arg("demo").arg("-o").arg(dir).output().unwrap()
}

fn folder(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&dir);
    dir
}

#[test]
fn compiles_and_verifies_a_real_model() {
    let dir = folder("demo");
    let run = demo(&dir);
    let said = String::from_utf8(run.stdout).unwrap();
    assert!(run.status.success(), "{said}");
    assert!(said.contains("all 5000 integers of the outputs equal the golden model's"), "{said}");
    // The accuracy that the model's makers give for these digits.
    assert!(said.contains("accuracy 98.00 %"), "{said}");
    for file in ["network.json", "rtl/files.f", "rtl/main_graph.v", "model/model.onnx"] {
        assert!(dir.join(file).is_file(), "{file}");
    }
}

#[test]
fn a_folder_that_cannot_be_is_an_error() {
    let file = folder("demo_file");
    std::fs::write(&file, "").unwrap();
    let run = demo(&file);
    let said = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(2), "{said}");
    assert!(said.starts_with("error: cannot make `"), "{said}");
    std::fs::remove_file(&file).unwrap();
}
