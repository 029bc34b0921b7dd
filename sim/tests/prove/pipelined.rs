//! Pipelined regions compute what their generators do, so many clocks later, from any state.

use gatewright_dsl::ir::Adders;
use gatewright_dsl::pass::expand::expanded;
use gatewright_dsl::prelude::*;
use gatewright_sim::prove::{self, Equality, Options};

use super::sums::products::{Fast, LATENCY, Product};
use super::{has_z3, replays};

/// A sum of products.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Dot(usize);

impl Generator for Dot {
    type In = (Vec<Int>, Vec<Int>);
    type Out = Int;
    fn shape(&self) -> (Vec<IntTy>, Vec<IntTy>) {
        (vec![sint(6); self.0], vec![sint(6); self.0])
    }
    fn build(&self, _: &Module, (a, b): Self::In) -> Int {
        sum(&a.iter().zip(&b).map(|(&a, &b)| a * b).collect::<Vec<_>>())
    }
}

/// Wires, decisions, a table, refinements, and a claim behind them.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Mixed;

impl Generator for Mixed {
    type In = Vec<Int>;
    type Out = (Int, Bool, Int);
    fn shape(&self) -> Vec<IntTy> {
        vec![sint(8); 3]
    }
    fn build(&self, m: &Module, x: Vec<Int>) -> Self::Out {
        let larger = m.wire("larger", sint(8));
        m.when(x[0].lt(x[1]), || larger.set(x[1])).otherwise(|| larger.set(x[0]));
        let squares = m.rom("squares", uint(8), (0..16u32).map(|n| n * n));
        let near = squares.read((larger.get() + x[2]).wrap(uint(4)));
        let slow = (x[0] * x[1]).abs() + x[2];
        let bound = slow.lt(9).mux(x[1].ge(0).mux(x[1], 0), 5);
        let kind = m.wire("kind", range(-7..=100));
        m.switch(near.wrap(uint(2)), |s| {
            s.case(0, || kind.set(x[2].sat(range(-7..=100))));
            s.case(1, || kind.set(-7));
            s.default(|| kind.set(near.sat(range(-7..=100))));
        });
        let claimed = m.wire("claimed", sint(9));
        claimed.set(bound);
        m.when(x[2].ge(0) & x[2].lt(50), || claimed.set((x[2] * 2).claim(range(0..=98))));
        (larger.get() * near + slow, bound.lt(kind.get()), claimed.get() - kind.get())
    }
}

fn check<G: Generator>(what: &str, generator: &G, clocks: &[u32]) {
    let first = elaborate(generator).expect("a design");
    let mut latencies = Vec::new();
    for &mhz in clocks {
        let later = elaborate(&Fast { generator: generator.clone(), mhz, adders: Adders::Two })
            .unwrap_or_else(|e| panic!("{e}"));
        let latency = LATENCY.get();
        latencies.push(latency);
        let found = prove::equal_later(&first, &later, latency, &Options::default()).expect("an answer");
        assert_eq!(found, Equality::Proved, "{what} at {mhz} MHz, {latency} clocks: {found}");
        // Also with the registers of products among their additions.
        let written = expanded(&later);
        let found = prove::equal_later(&first, &written, latency, &Options::default()).expect("an answer");
        assert_eq!(found, Equality::Proved, "{what} at {mhz} MHz, written, {latency} clocks: {found}");
        if latency > 0 {
            // A clock sooner, it is another.
            let found = prove::equal_later(&first, &later, latency - 1, &Options::default()).expect("an answer");
            assert!(matches!(found, Equality::Differs(_)), "{what} at {mhz} MHz: {found}");
        }
    }
    assert!(latencies.last() > latencies.first(), "{what}: {latencies:?}");
    for adders in [Adders::Three, Adders::Compressors] {
        let mhz = clocks[1];
        let later = elaborate(&Fast { generator: generator.clone(), mhz, adders }).unwrap_or_else(|e| panic!("{e}"));
        let found = prove::equal_later(&first, &later, LATENCY.get(), &Options::default()).expect("an answer");
        assert_eq!(found, Equality::Proved, "{what} by {adders:?}: {found}");
    }
}

#[test]
fn pipelined_is_the_same_later() {
    if has_z3() {
        check("dot of 2", &Dot(2), &[50, 200, 400]);
        check("dot of 4", &Dot(4), &[50, 200, 400]);
        // Registers go between the additions of a product.
        for n in 0..3 {
            let input = |n: i64| range(-n..=n + 4);
            let inputs = vec![input(0), input(3), input(7)];
            let add = |a, b, subtract| ShiftAdd { a, b, subtract };
            let steps = vec![add((0, 0), (1, 1), n == 1), add((3, n), (2, 0), true), add((4, 0), (3, 2), false)];
            let output = |value, negative| LinearOutput { value: Some(value), negative, constant: (n * 5).into() };
            let outputs = vec![output((5, 1), n == 2), output((4, 0), true), output((0, 0), false)];
            check("a product", &Product { inputs, steps, outputs }, &[50, 300, 500]);
        }
        check("mixed", &Mixed, &[20, 100, 200]);
    }
}

/// A register too few on one path.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Uneven;

impl Generator for Uneven {
    type In = (Int, Int);
    type Out = Int;
    fn shape(&self) -> (IntTy, IntTy) {
        (uint(4), uint(4))
    }
    fn build(&self, m: &Module, (a, b): (Int, Int)) -> Int {
        m.delay("sum", m.delay("a", a) + b)
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Sum;

impl Generator for Sum {
    type In = (Int, Int);
    type Out = Int;
    fn shape(&self) -> (IntTy, IntTy) {
        (uint(4), uint(4))
    }
    fn build(&self, _: &Module, (a, b): (Int, Int)) -> Int {
        a + b
    }
}

#[test]
fn a_register_too_few_is_found() {
    if !has_z3() {
        return;
    }
    let (first, later) = (elaborate(&Sum).expect("a design"), elaborate(&Uneven).expect("a design"));
    let found = prove::equal_later(&first, &later, 2, &Options::default()).expect("an answer");
    let Equality::Differs(trace) = found else { panic!("{found}") };
    replays(&trace, &later, &first).expect("a replay");
    let last = trace.clocks() - 1;
    assert_ne!(trace.outputs[0].values[last], trace.others[0].values[last - 2]);
}
