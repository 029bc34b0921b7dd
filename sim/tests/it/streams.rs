//! Stream drivers and monitors on small devices, and engines in lock step.

use gatewright_dsl::ir::*;
use gatewright_dsl::ty::Ty;
use gatewright_dsl::value::Value;
use gatewright_sim::stream::run;
use gatewright_sim::*;

use crate::build::*;

/// A register slice of one place: `in` → (+1) → `out`. With `fault`, its register takes a new beat although the old one
/// waits; with `blocked`, it is never ready.
pub fn slice(fault: bool, blocked: bool) -> B {
    let mut b = B::new("slice");
    let (valid, last) = (b.input("in_valid", Ty::BOOL), b.input("in_last", Ty::BOOL));
    let (data, out_ready) = (b.input("in_data", uint(8)), b.input("out_ready", Ty::BOOL));
    let (full, full_q) = b.reg("full", Ty::BOOL, Some(0));
    let empty = b.un(UnOp::Not, full_q);
    let no = b.word(0, 1);
    let yes = b.word(1, 1);
    let mut ready = b.bin(BinOp::Or, empty, out_ready);
    if blocked {
        ready = b.bin(BinOp::And, ready, no);
    }
    let take = b.bin(BinOp::And, ready, valid);
    let load = if fault { valid } else { take };
    let one = b.int(1);
    let sum = b.add(data, one);
    let (hold, hold_q) = b.reg("data", int(0, 256), Some(0));
    let (hold_last, last_q) = b.reg("last", Ty::BOOL, Some(0));
    let set = b.set(sum);
    b.m.regs[hold].next = vec![b.when(vec![(load, vec![set])], vec![])];
    let set = b.set(last);
    b.m.regs[hold_last].next = vec![b.when(vec![(load, vec![set])], vec![])];
    let (set_yes, set_no) = (b.set(yes), b.set(no));
    b.m.regs[full].next = vec![b.when(vec![(take, vec![set_yes]), (out_ready, vec![set_no])], vec![])];
    b.output("in_ready", ready);
    b.output("out_valid", full_q);
    b.output("out_last", last_q);
    b.output("out_data", hold_q);
    b.stream("in", Dir::Input);
    b.stream("out", Dir::Output);
    b
}

#[test]
fn beats_arrive_in_order_under_every_stall() {
    let design = slice(false, false).done();
    let stalls = || [Stall::Never, Stall::Random(0.6), Stall::Bursts(5), Stall::Pattern(vec![true, true, false])];
    for (n, from) in stalls().into_iter().enumerate() {
        for (k, to) in stalls().into_iter().enumerate() {
            let mut dut = Interpreter::new(&design).unwrap();
            let mut source = StreamSource::new(&dut, "in").unwrap().stall(from.clone(), 1 + n as u64);
            let mut sink = StreamSink::new(&dut, "out", 103).unwrap().stall(to, 100 + k as u64);
            let mut watch = StreamMonitor::new(&dut, "in").unwrap();
            source.push_packet(0..100).unwrap();
            source.push_packet([7, 8, 9]).unwrap();
            let cycles = run(&mut dut, &mut [&mut source, &mut sink, &mut watch], 30).unwrap();
            let expected: Vec<Value> = (1..101).chain([8, 9, 10]).map(Value::from).collect();
            assert_eq!(sink.values(), expected);
            // Nothing moves once all are done.
            assert_eq!((dut.get("in_valid").unwrap(), dut.get("out_ready").unwrap()), (Value::ZERO, Value::ZERO));
            let lasts: Vec<usize> = (0..103).filter(|&n| sink.beats()[n].last).collect();
            assert_eq!(lasts, [99, 102]);
            assert_eq!((source.sent(), watch.beats().len()), (103, 103));
            match (n, k) {
                (0, 0) => assert_eq!(cycles, 104),
                // One beat in three cycles; the first comes in the third.
                (0, 3) | (3, 0) => assert!((309..=311).contains(&cycles), "{cycles}"),
                _ => assert!(cycles > 104),
            }
        }
    }
}

#[test]
fn the_stuck_stream_is_named() {
    let mut dut = Interpreter::new(&slice(false, true).done()).unwrap();
    let mut source = StreamSource::new(&dut, "in").unwrap();
    let mut sink = StreamSink::new(&dut, "out", 2).unwrap();
    source.push_packet([1, 2]).unwrap();
    let error = run(&mut dut, &mut [&mut source, &mut sink], 20).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no progress for 21 cycles (now at cycle 21): `in` has 2 beats to send after 0, and `in` is not ready; \
         `out` gave 0 of 2 beats, and `out` is not valid"
    );
    assert!(matches!(StreamSource::new(&dut, "out"), Err(SimError::NoStream { near, .. }) if near == ["in"]));
    assert!(matches!(source.push(Beat { payload: vec![], last: false }), Err(SimError::Payload { wanted: 1, .. })));
}

#[test]
fn a_beat_that_changes_while_it_waits_is_found() {
    let mut dut = Interpreter::new(&slice(true, false).done()).unwrap();
    let mut source = StreamSource::new(&dut, "in").unwrap();
    let mut sink = StreamSink::new(&dut, "out", 2).unwrap().stall(Stall::Pattern(vec![true, true, true, false]), 0);
    source.push_packet([1, 20]).unwrap();
    match run(&mut dut, &mut [&mut source, &mut sink], 20) {
        Err(SimError::Contract { stream, cycle, what }) => {
            assert_eq!((stream.as_str(), cycle), ("out", 2));
            assert_eq!(what, "the beat changed before it was taken, from [2] to [21] last");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_difference_is_named() {
    let mut fine = Interpreter::new(&slice(false, false).done()).unwrap();
    let mut same = Interpreter::new(&slice(false, false).done()).unwrap();
    compare(vec![&mut fine, &mut same], 500, RandomStimulus::new(1)).unwrap();

    let mut fine = Interpreter::new(&slice(false, false).done()).unwrap();
    let mut other = Interpreter::new(&slice(true, false).done()).unwrap();
    let by_hand = |cycle: u64, dut: &mut dyn Dut| {
        dut.set("in_valid", 1)?;
        dut.set("in_data", 10 + cycle)
    };
    let error = compare(vec![&mut fine, &mut other], 5, by_hand).unwrap_err();
    assert_eq!(
        error.to_string(),
        "engines differ at cycle 2 in `out_data`: interpreter 1 says 11, interpreter 2 says 12"
    );
    // Checks count as well.
    let checked = |limit: i64| {
        let mut b = B::new("m");
        let x = b.input("x", uint(8));
        let limit = b.int(limit);
        let ok = b.bin(BinOp::Lt, x, limit);
        b.check("low", CheckKind::Assert(ok));
        Interpreter::new(&b.done()).unwrap()
    };
    let error =
        compare(vec![&mut checked(10), &mut checked(9)], 20, |c, dut: &mut dyn Dut| dut.set("x", c)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "engines differ at cycle 9 in `checks that fail`: interpreter 1 says none, interpreter 2 says m.low"
    );
    let mut b = B::new("n");
    b.input("y", uint(8));
    let mut other = Interpreter::new(&b.done()).unwrap();
    assert!(matches!(Lockstep::new(vec![&mut fine, &mut other]), Err(SimError::NotAlike(_))));
}
