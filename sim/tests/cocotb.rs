//! Buses against models that others wrote: cocotbext-axi, under Icarus Verilog.
//!
//! `GATEWRIGHT_COCOTB` names a Python that has cocotb and cocotbext-axi; `cargo xtask test` provides one.

use std::path::Path;
use std::process::Command;

use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_dsl::parts::axi_stream::{AxiStream, AxiStreamTy};
use gatewright_dsl::parts::bus::BusTy;
use gatewright_dsl::parts::bus::axi::{AxiManager, AxiTy};
use gatewright_dsl::parts::bus::axi_lite::AxiLiteManager;
use gatewright_dsl::prelude::*;

#[path = "buses/banks.rs"]
#[allow(dead_code)]
mod banks;

/// Bytes through a buffer.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Bytes;

#[derive(Bundle)]
struct BytesIn {
    s_axis: AxiStream,
}

#[derive(Bundle)]
struct BytesOut {
    m_axis: AxiStream,
}

impl Generator for Bytes {
    type In = BytesIn;
    type Out = BytesOut;
    fn shape(&self) -> BytesInShape {
        BytesInShape { s_axis: AxiStreamTy(8) }
    }
    fn build(&self, m: &Module, i: BytesIn) -> BytesOut {
        BytesOut { m_axis: AxiStream(i.s_axis.0.fifo(m, 3).regslice(m)) }
    }
}

/// Runs `tests` of a module of this folder on the design.
fn cocotb(generator: &impl Generator, module: &str, tests: usize) {
    let Some(python) = std::env::var_os("GATEWRIGHT_COCOTB").filter(|p| !p.is_empty()) else {
        return eprintln!("SKIPPED: GATEWRIGHT_COCOTB is not set; `cargo xtask test` provides a Python with cocotb");
    };
    let output = emit(&elaborate(generator).unwrap(), &EmitOptions::default());
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cocotb_{module}"));
    let _ = std::fs::remove_dir_all(&dir);
    output.write_to(&dir).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cocotb/run.py");
    let mut command = Command::new(python);
    command.arg("-B").arg(script).arg(&dir).args([&output.top, module]).current_dir(&dir);
    let run = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let said = format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    let results = std::fs::read_to_string(dir.join("results.xml"));
    let results = results.unwrap_or_else(|e| panic!("no results: {e}\n{said}"));
    assert!(run.status.success(), "{said}");
    let count = |tag: &str| results.matches(tag).count();
    assert!(count("<failure") == 0 && count("<error") == 0, "{said}");
    assert_eq!((count("<testcase"), count("<skipped")), (tests, 0), "{said}");
}

#[test]
fn register_bank() {
    cocotb(&banks::AxiLiteTop, "test_axi_lite", 4);
}

#[test]
fn axi_lite_manager() {
    let manager = AxiLiteManager { bus: BusTy { address: 10, data: 32 }, outstanding: 4 };
    cocotb(&manager, "test_axi_lite_manager", 1);
}

#[test]
fn axi_manager() {
    let bus = BusTy { address: 16, data: 64 };
    cocotb(&AxiManager(AxiTy { bus, id: 8, transfer: 300, burst: 64, outstanding: 3 }), "test_axi_manager", 2);
}

#[test]
fn axi_stream() {
    cocotb(&Bytes, "test_axi_stream", 2);
}
