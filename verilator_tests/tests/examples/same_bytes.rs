//! The same design gives the same bytes, and a change stays where it was made.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use gatewright_dsl::emit::{EmitOptions, Output, emit};
use gatewright_dsl::prelude::*;

use crate::verilog::{folder, outputs};

const OTHER_PROCESS: &str = "GATEWRIGHT_TEST_EMIT_TO";

fn files(output: &Output) -> BTreeMap<String, Vec<u8>> {
    output.files.iter().map(|f| (f.name.clone(), f.text.clone().into_bytes())).collect()
}

fn files_in(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path());
    entries.map(|p| (p.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(p).unwrap())).collect()
}

#[test]
fn twice_and_in_two_processes() {
    if let Some(dir) = std::env::var_os(OTHER_PROCESS) {
        for (name, output) in outputs() {
            output.write_to(Path::new(&dir).join(name)).unwrap();
        }
        return;
    }
    let dir = folder("other_process");
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "same_bytes::twice_and_in_two_processes"])
        .env(OTHER_PROCESS, &dir)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
    for ((name, first), (_, second)) in outputs().into_iter().zip(outputs()) {
        assert!(first.files.len() > 1);
        assert_eq!(first, second, "{name}");
        assert_eq!(files(&first), files_in(&dir.join(name)), "{name}");
    }
}

/// A filter that adds or subtracts a constant: the change.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Offset(i64);

impl Generator for Offset {
    type In = Int;
    type Out = Int;
    fn shape(&self) -> IntTy {
        sint(8)
    }
    fn build(&self, m: &Module, x: Int) -> Int {
        m.delay("moved", (x + self.0).wrap(sint(8)))
    }
}

/// What stays.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Square;

impl Generator for Square {
    type In = Int;
    type Out = Int;
    fn shape(&self) -> IntTy {
        sint(8)
    }
    fn build(&self, m: &Module, x: Int) -> Int {
        m.delay("squared", x * x)
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Both(i64);

impl Generator for Both {
    type In = Int;
    type Out = (Int, Int);
    fn shape(&self) -> IntTy {
        sint(8)
    }
    fn build(&self, m: &Module, x: Int) -> (Int, Int) {
        let moved = m.inst("offset", &Offset(self.0), x);
        (m.inst("square", &Square, moved), m.inst("square_of_x", &Square, x))
    }
}

#[test]
fn a_change_stays_in_its_module() {
    let made = |offset| files(&emit(&elaborate(&Both(offset)).unwrap(), &EmitOptions::default()));
    let (before, after) = (made(3), made(-5));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    let changed: Vec<&str> = before.keys().filter(|k| before[*k] != after[*k]).map(String::as_str).collect();
    assert_eq!(changed, ["offset.v"]);
}
