//! The Verilog of the examples: without a warning, and as text that a person has read.

use std::path::PathBuf;

use gatewright_dsl::emit::{EmitOptions, Output, emit};
use gatewright_dsl::parts::uart::UartLine;
use gatewright_dsl::prelude::*;
use gatewright_sim::lint;

use crate::async_fifo::PacketSums;
use crate::axi_stream_filter::MovingAverage;
use crate::blinker::Blinker;
use crate::fir::Fir;
use crate::gcd::Gcd;
use crate::mac::Pe;
use crate::output_stationary::MatMul;
use crate::stream_pipeline::Sorter;
use crate::uart_bridge::UartBridge;
use crate::weight_stationary::VecMat;

/// Every example, small, with a name.
pub fn outputs() -> Vec<(&'static str, Output)> {
    fn output<G: Generator>(generator: &G) -> Output {
        emit(&elaborate(generator).unwrap(), &EmitOptions::default())
    }
    vec![
        ("async_fifo", output(&PacketSums { sample: sint(8), longest: 4, depth: 4 })),
        ("blinker", output(&Blinker { half_period: 5 })),
        ("gcd", output(&Gcd { width: 8 })),
        ("fir", output(&Fir { sample: sint(8), tap: sint(4), taps: 3 })),
        ("stream_pipeline", output(&Sorter { sample: uint(8), pedestal: 10, gain: 4, threshold: 300, depth: 3 })),
        ("mac", output(&Pe { act: uint(4), wgt: sint(4), terms: 4 })),
        ("systolic_output_stationary", output(&MatMul::int8(2, 2, 4))),
        ("axi_stream_filter", output(&MovingAverage { width: 16, log2_window: 2 })),
        ("uart_bridge", output(&UartBridge { line: UartLine::new(1_600_000, 115_200), depth: 4 })),
        ("register_bank", output(&crate::register_bank::Detector)),
        ("systolic_weight_stationary", output(&VecMat { rows: 2, cols: 2, act: uint(8), wgt: sint(8) })),
    ]
}

/// A folder of this test run.
pub fn folder(name: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&dir);
    dir
}

#[test]
fn tools_take_it_without_a_word() {
    for (name, output) in outputs() {
        let dir = folder(&format!("lint_{name}"));
        output.write_to(&dir).unwrap();
        lint::expect_clean(lint::lint(&dir, &output.top));
    }
}

#[test]
fn sixteen_by_sixteen_passes_too() {
    let output = emit(&elaborate(&MatMul::int8(16, 16, 16)).unwrap(), &EmitOptions::default());
    let dir = folder("lint_16");
    output.write_to(&dir).unwrap();
    lint::expect_clean(lint::lint(&dir, &output.top));
}

/// Without the places, which would change with every line of the source.
#[test]
fn snapshots() {
    let sources = |output: &Output| {
        let files = output.files.iter().filter(|f| f.name.ends_with(".v") || f.name.ends_with(".sv"));
        files.map(|f| format!("==== {}\n{}", f.name, without_places(&f.text))).collect::<String>()
    };
    for (name, output) in outputs() {
        insta::assert_snapshot!(name, sources(&output));
    }
}

fn without_places(text: &str) -> String {
    let place = |line: &str| line.rfind(" // ").filter(|&at| line[at..].contains(".rs:"));
    text.lines().map(|line| format!("{}\n", place(line).map_or(line, |at| line[..at].trim_end()))).collect()
}
