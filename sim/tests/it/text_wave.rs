//! Timing diagrams as text.

use gatewright_dsl::ir::*;
use gatewright_dsl::ty::Ty;
use gatewright_sim::stream::cycle;
use gatewright_sim::*;

use crate::build::*;

#[test]
fn a_stream_under_back_pressure() {
    let dut = Interpreter::new(&crate::streams::slice(false, false).done()).unwrap();
    let pins = ["in_valid", "in_ready", "in_data", "out_valid", "out_ready", "out_data"];
    let wave = TextWave::new(&dut, &pins).unwrap();
    let mut dut = Traced::new(dut, wave);
    let mut source = StreamSource::new(&dut, "in").unwrap();
    let mut sink = StreamSink::new(&dut, "out", 4).unwrap().stall(Stall::Pattern(vec![false, true, true, false]), 0);
    source.push_packet([9, 99, 255]).unwrap();
    for _ in 0..9 {
        cycle(&mut dut, &mut [&mut source, &mut sink]).unwrap();
    }
    let wave = dut.record();
    insta::assert_snapshot!(wave.to_string());
}

#[test]
fn names_and_real_numbers() {
    let mut b = B::new("m");
    let x = b.input("x", sint(8));
    let state = b.input("state", Ty::Bits(2));
    b.port("fixed", Dir::Output, sint(8), Format::Fixed(4), Some(x));
    let names = ["Idle", "Load", "Run"].map(String::from).to_vec();
    b.port("named", Dir::Output, Ty::Bits(2), Format::Enum(names), Some(state));
    let mut dut = Interpreter::new(&b.done()).unwrap();
    let mut wave = TextWave::all(&dut).unwrap();
    for (x, state) in [(-20, 0), (-20, 1), (24, 1), (127, 2), (0, 3)] {
        dut.set("x", x).unwrap();
        dut.set("state", state).unwrap();
        wave.step(&mut dut).unwrap();
    }
    insta::assert_snapshot!(wave.to_string());
}
