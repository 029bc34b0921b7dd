//! Many designs in one build.

use gatewright_dsl::ir::*;
use gatewright_dsl::value::Value;
use gatewright_sim::*;

use crate::build::*;

pub fn parts() -> Vec<Design> {
    let mut parts = vec![
        crate::interpreter::accumulator(ResetKind::Sync, Polarity::High).done(),
        crate::interpreter::accumulator(ResetKind::Async, Polarity::Low).done(),
        crate::interpreter::memory(Collision::New, true).done(),
        crate::interpreter::memory(Collision::Undefined, true).done(),
        crate::streams::slice(false, false).done(),
    ];
    // Without any clock.
    let mut b = B::with_domain("sum", None);
    let (x, y) = (b.input("x", sint(40)), b.input("y", sint(40)));
    let z = b.add(x, y);
    b.output("z", z);
    parts.push(b.done());
    parts
}

#[test]
fn every_design_behaves_as_alone() {
    let parts = parts();
    let batch = Batch::new(&parts).unwrap();
    assert_eq!(batch.len(), parts.len());
    for (n, design) in parts.iter().enumerate() {
        let mut whole = Interpreter::new(&batch.design).unwrap();
        let mut view = batch.view(&mut whole, n).unwrap();
        let mut alone = Interpreter::new(design).unwrap();
        view.on_failure(OnFailure::Collect);
        if let Err(e) = compare(vec![&mut alone, &mut view], 200, RandomStimulus::new(n as u64)) {
            panic!("design {n}: {e}");
        }
    }
    let mut whole = Interpreter::new(&batch.design).unwrap();
    let mut slice = batch.view(&mut whole, 4).unwrap();
    let mut source = StreamSource::new(&slice, "in").unwrap();
    let mut sink = StreamSink::new(&slice, "out", 3).unwrap();
    source.push_packet([1, 2, 3]).unwrap();
    stream::run(&mut slice, &mut [&mut source, &mut sink], 10).unwrap();
    assert_eq!(sink.values(), [2, 3, 4].map(Value::from));
    assert!(batch.view(&mut whole, 6).is_none());
}

#[test]
fn one_build_runs_them_all() {
    if !crate::verilator::available() {
        return;
    }
    let batch = Batch::new(&parts()).unwrap();
    let mut interpreter = Interpreter::new(&batch.design).unwrap();
    let mut verilated = Verilated::new(&batch.design).unwrap();
    if let Err(e) = compare(vec![&mut interpreter, &mut verilated], 500, RandomStimulus::new(4)) {
        panic!("{e}");
    }
}
