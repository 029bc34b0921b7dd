//! What is broken on purpose is found, and its trace leads the interpreter to the same failure.

use gatewright_dsl::ir::parse::parse;
use gatewright_dsl::ir::print::print;
use gatewright_dsl::ir::verify::verify;
use gatewright_dsl::pass;
use gatewright_dsl::prelude::*;
use gatewright_sim::prove::{self, Equality, Options as Bounds, ProveError};

use super::order::Order;
use super::{design, failures, has_z3, proved, replays};

/// What is wrong with a FIFO.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Fault {
    None,
    /// It takes a beat more than it has places for.
    Full,
    /// The write pointer comes round a place too early.
    Pointer,
    /// A beat that leaves while another comes stays in.
    Doubled,
    /// A beat that comes while another leaves is not counted.
    Lost,
    /// The end of a packet is forgotten.
    Last,
}

/// A FIFO in LUT RAM, plainly written.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Queue {
    depth: u64,
    fault: Fault,
}

impl Generator for Queue {
    type In = StreamIn<Bool>;
    type Out = StreamOut<Bool>;
    fn shape(&self) -> StreamInShape<Bool> {
        StreamInShape { input: StreamTy(BOOL) }
    }
    fn build(&self, m: &Module, i: StreamIn<Bool>) -> Self::Out {
        let (depth, fault) = (self.depth, self.fault);
        let mem = m.mem("mem", (BOOL, BOOL), depth).collision(Collision::Old);
        let write_at = m.reg("write_at", range(0..=depth - 1)).reset(0);
        let read_at = m.reg("read_at", range(0..=depth - 1)).reset(0);
        let most = depth + u64::from(fault == Fault::Full);
        let count = m.reg("count", range(0..=most)).reset(0);
        let beat = i.input.accept(count.q().lt(most));
        let (payload, last) = mem.read(read_at.q());
        let last = if fault == Fault::Last { last & count.q().lt(2) } else { last };
        let (output, ready) = m.stream("output", count.q().gt(0), last, payload);
        let leaves = count.q().gt(0) & ready;
        m.when(beat.fire, || {
            mem.write(write_at.q(), (beat.payload, beat.last));
            let round = depth - u64::from(fault == Fault::Pointer);
            write_at.set(write_at.q().ge(round - 1).mux::<Int>(0, write_at.q().next_wrapping(depth)));
        });
        m.when(leaves, || read_at.set(read_at.q().next_wrapping(depth)));
        let (comes, goes) = match fault {
            Fault::Doubled => (beat.fire, leaves & !beat.fire),
            Fault::Lost => (beat.fire & !leaves, leaves),
            _ => (beat.fire & !leaves, leaves & !beat.fire),
        };
        m.when(comes & count.q().lt(most), || count.set(count.q() + 1))
            .elsewhen(goes & count.q().gt(0), || count.set(count.q() - 1));
        StreamOut { output }
    }
}

#[test]
fn broken_fifos() {
    if !has_z3() {
        return;
    }
    let bounds = Bounds { depth: 10, induction: 1, ..Bounds::default() };
    for depth in [2, 3] {
        let harness = |fault| Order::new(Queue { depth, fault }, depth, 0);
        proved("a queue", &harness(Fault::None), &bounds);
        for fault in [Fault::Full, Fault::Pointer, Fault::Doubled, Fault::Lost, Fault::Last] {
            let found = failures(&design(&harness(fault)), &bounds);
            assert!(!found.is_empty(), "{fault:?} in a FIFO of {depth} is not found");
            let text = found[0].to_string();
            assert!(text.contains("clock ") && text.contains("source") | text.contains("offer"), "{text}");
        }
    }
}

/// A design that passes have something to do with.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Busy;

impl Generator for Busy {
    type In = (Int, Int, Bool);
    type Out = (Int, Int, Bool);
    fn shape(&self) -> (IntTy, IntTy, gatewright_dsl::hw::bits::BoolTy) {
        (sint(7), range(0..=20), BOOL)
    }
    fn build(&self, m: &Module, (x, y, c): Self::In) -> Self::Out {
        let count = m.reg("count", uint(8)).reset(3);
        m.when(c, || count.set((count.q() + 1).min(9)));
        let sum = m.reg("sum", sint(12)).reset(0);
        m.when(count.q().eq(9), || sum.set((sum.q() + x * y).sat(sint(12)))).elsewhen(c, || sum.set(x * 2 + y));
        let twice = (y + y) * 3 + (y + y).min(40);
        (sum.q(), twice - count.q(), (count.q().lt(20) & c) | x.gt(60))
    }
}

/// Every number and operator of the text after a pass that can be changed by one, changed.
fn mutants(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    for (n, line) in lines.iter().enumerate() {
        let mut changed = Vec::new();
        if let Some((head, value)) = line.split_once(" = const ") {
            let (value, rest) = value.split_once(' ').unwrap_or((value, ""));
            if let (Ok(v), true) = (value.parse::<i64>(), head.contains("..=")) {
                let id = head.split_once(':').expect("a type").0;
                changed.push(format!("{id}: {0}..={0} = const {0} {rest}", v + 1));
            }
        }
        for (from, to) in [(" = lt ", " = le "), (" = and ", " = or "), (" = min ", " = max "), (" = mux ", " = xum ")]
        {
            if from == " = mux " && line.contains(from) {
                let parts: Vec<&str> = line.split(' ').collect();
                let at = parts.iter().position(|p| *p == "mux").expect("a mux");
                let mut swapped = parts.clone();
                swapped.swap(at + 2, at + 3);
                changed.push(swapped.join(" "));
            } else if line.contains(from) {
                changed.push(line.replace(from, to));
            }
        }
        if line.trim_start().starts_with("reg ") {
            for (from, to) in [(" reset 3", " reset 4"), (" reset 0", " reset 1")] {
                if line.contains(from) {
                    changed.push(line.replace(from, to));
                }
            }
        }
        for line in changed {
            let mut lines = lines.clone();
            lines[n] = &line;
            all.push(lines.join("\n"));
        }
    }
    all
}

#[test]
fn wrong_results_of_passes() {
    if !has_z3() {
        return;
    }
    let before = design(&Busy);
    let bounds = Bounds { depth: 12, ..Bounds::default() };
    let (mut wrong, mut same) = (0, 0);
    for pass in ["fold", "narrow"] {
        let mut after = before.clone();
        pass::run(&mut after, &[pass]).expect("a pass");
        let found = prove::equal(&before, &after, &bounds).expect("an answer");
        assert_eq!(found, Equality::Proved, "{found}");
        for text in mutants(&print(&after)) {
            let Ok(mutant) = parse(&text) else { continue };
            if verify(&mutant).is_err() {
                continue;
            }
            match prove::equal(&before, &mutant, &bounds).expect("an answer") {
                Equality::Differs(trace) => {
                    wrong += 1;
                    replays(&trace, &before, &mutant).expect("a replay");
                    let last = trace.clocks() - 1;
                    let differ = trace.outputs.iter().zip(&trace.others).any(|(a, b)| a.values[last] != b.values[last]);
                    assert!(differ, "{trace}");
                }
                // Not every change of a line changes what it does.
                _ => same += 1,
            }
        }
    }
    println!("{wrong} mutants differ, {same} do not");
    assert!(wrong >= 10 && same <= wrong / 4, "{wrong} mutants differ, {same} do not");
}

/// Something that takes a while to fail.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Late(u64);

impl Generator for Late {
    type In = Bool;
    type Out = Int;
    fn shape(&self) -> gatewright_dsl::hw::bits::BoolTy {
        BOOL
    }
    fn build(&self, m: &Module, go: Bool) -> Int {
        let count = m.reg("count", range(0..=15)).reset(0);
        m.when(go, || count.set(count.q().ge(11).mux::<Int>(0, (count.q() + 1).min(15))));
        m.assert("below", count.q().lt(self.0), "the counter is below");
        m.assert("calm", count.q().ne(15), "the counter is calm");
        m.cover("seven", count.q().eq(7), "seven");
        m.cover("fourteen", count.q().eq(14), "fourteen");
        count.q()
    }
}

#[test]
fn results_say_what_was_shown() {
    if !has_z3() {
        return;
    }
    let bounds = Bounds { depth: 10, ..Bounds::default() };
    let text = |late, bounds: &Bounds| {
        let found = prove::asserts(&design(&Late(late)), bounds).expect("an answer");
        found.iter().map(|c| c.to_string().lines().next().unwrap_or_default().to_string()).collect::<Vec<_>>()
    };
    // 12 is reached by no path; that of 15 is found by an induction only together with it.
    assert_eq!(
        text(12, &bounds),
        [
            "`late.below` is proved",
            "`late.calm` is proved",
            "`late.seven` is reached in clock 7",
            "`late.fourteen` is not reached in 10 clocks from power-up"
        ]
    );
    assert_eq!(text(10, &bounds)[0], "`late.below` holds in 10 clocks from power-up");
    assert_eq!(
        text(10, &Bounds { depth: 11, ..bounds.clone() })[0],
        "`late.below` fails: `late.below`: the counter is below"
    );
    let trace = failures(&design(&Late(3)), &bounds).remove(0);
    assert_eq!(
        trace.to_string(),
        "`late.below` fails: `late.below`: the counter is below\n\
         clock  0  1  2  3\n\
         in     1  1  1  0\n\
         out    0  1  2  3\n"
    );
}

/// Two demands on the surroundings that cannot both be met.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Torn;

impl Generator for Torn {
    type In = Int;
    type Out = Int;
    fn shape(&self) -> IntTy {
        uint(4)
    }
    fn build(&self, m: &Module, x: Int) -> Int {
        m.assume("is_small", x.lt(5), "small");
        m.assume("is_large", x.gt(7), "large");
        m.assert("never", x.eq(6), "never");
        x
    }
}

#[test]
fn contradictions_are_no_proofs() {
    if has_z3() {
        let (design, bounds) = (design(&Torn), Bounds::default());
        assert!(matches!(prove::asserts(&design, &bounds), Err(ProveError::Contradiction { .. })));
        assert!(matches!(prove::equal(&design, &design, &bounds), Err(ProveError::Contradiction { .. })));
    }
}
