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
fn multiplies_and_writes_verilog() {
    let dir = folder("demo");
    let run = demo(&dir);
    let said = String::from_utf8(run.stdout).unwrap();
    assert!(run.status.success(), "{said}");
    assert!(said.contains("3 modules"), "{said}");
    assert!(said.contains("all 512 sums equal plain integer multiplication"), "{said}");
    let mut files: Vec<String> =
        std::fs::read_dir(&dir).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    for file in ["array.v", "files.f", "mat_mul.v", "pe.v", "source_map.json"] {
        assert!(files.iter().any(|f| f == file), "{file} is not among {files:?}");
    }
    for file in &files {
        assert!(said.contains(file), "{file} was written and not told of:\n{said}");
    }
    let array = std::fs::read_to_string(dir.join("array.v")).unwrap();
    assert_eq!(array.matches("    pe pe_").count(), 256);
}

#[test]
fn a_folder_that_cannot_be_is_an_error() {
    let file = folder("demo_file");
    std::fs::write(&file, "").unwrap();
    let run = demo(&file);
    let said = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(2), "{said}");
    assert!(said.starts_with("error: cannot write `"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    std::fs::remove_file(&file).unwrap();
}
