//! Comparisons refine ranges where a value is selected by them, and nowhere else.

#![allow(missing_docs)]

#[path = "../src/diag/testing.rs"]
mod testing;

use gatewright_dsl::prelude::*;
use testing::*;

/// What a case builds from two numbers and a condition.
type Body = fn(&Module, Int, Int, Bool);

/// What assignments to a register of a type do under conditions on `i` (a byte), `j` (4 bits) and `c`.
fn refused(build: Body) -> bool {
    thread_local! {
        static BUILD: std::cell::Cell<Option<Body>> = const { std::cell::Cell::new(None) };
    }
    BUILD.set(Some(build));
    let found = codes((uint(8), uint(4), BOOL), |m, (i, j, c)| {
        if let Some(f) = BUILD.take() {
            f(m, i, j, c);
        }
    });
    match &found[..] {
        [] => false,
        ["E0102"] => true,
        // Neither of the two: no case expects it.
        other => panic!("{other:?}"),
    }
}

fn reg(m: &Module, ty: IntTy) -> Reg<Int> {
    m.reg("r", ty).no_reset()
}

#[test]
fn accepted() {
    let cases: &[(&str, Body)] = &[
        ("lt", |m, i, _, _| _ = m.when(i.lt(16), || reg(m, uint(4)).set(i))),
        ("le", |m, i, _, _| _ = m.when(i.le(15), || reg(m, uint(4)).set(i))),
        ("gt", |m, i, _, _| _ = m.when(i.gt(240), || reg(m, range(1..=15)).set(i - 240))),
        ("ge", |m, i, _, _| _ = m.when(i.ge(240), || reg(m, uint(4)).set(i - 240))),
        ("eq", |m, i, _, _| _ = m.when(i.eq(5), || reg(m, range(5..=5)).set(i))),
        ("eq of two", |m, i, j, _| _ = m.when(i.eq(j), || reg(m, uint(4)).set(i))),
        ("ne at the end", |m, i, _, _| _ = m.when(i.ne(255), || reg(m, uint(8)).set(i + 1))),
        ("lt of two", |m, i, j, _| _ = m.when(i.lt(j), || reg(m, range(0..=14)).set(i))),
        ("gt of two", |m, i, j, _| _ = m.when(i.gt(j), || reg(m, uint(8)).set(i - 1))),
        ("elsewhen", |m, i, _, c| {
            let r = reg(m, uint(4));
            m.when(c, || r.set(1)).elsewhen(i.lt(16), || r.set(i));
        }),
        ("otherwise", |m, i, _, c| {
            let r = reg(m, uint(4));
            m.when(i.ge(100), || r.set(1)).elsewhen(i.ge(16) | c, || r.set(2)).otherwise(|| r.set(i));
        }),
        ("and", |m, i, _, c| _ = m.when(i.ge(4) & (c & i.lt(12)), || reg(m, uint(3)).set(i - 4))),
        ("not or", |m, i, _, c| _ = m.when(!(i.ge(16) | !c), || reg(m, uint(4)).set(i))),
        ("not not", |m, i, _, _| _ = m.when(!!i.lt(16), || reg(m, uint(4)).set(i))),
        ("nested", |m, i, _, _| {
            m.when(i.ge(4), || _ = m.when(i.lt(12), || reg(m, uint(3)).set(i - 4)));
        }),
        ("computed", |m, i, _, _| _ = m.when(i.lt(10), || reg(m, range(1..=19)).set(i * 2 + 1))),
        ("case", |m, i, _, _| {
            let r = reg(m, range(3..=9));
            m.switch(i, |s| _ = s.cases([9, 3, 4], || r.set(i)));
        }),
        ("default", |m, _, j, _| {
            let r = reg(m, range(1..=13));
            m.switch(j, |s| s.cases([15, 0], || r.set(1)).case(14, || r.set(2)).default(|| r.set(j)));
        }),
        ("mux", |m, i, _, _| reg(m, uint(4)).set(i.lt(16).mux(i, 0))),
        ("mux, below", |m, i, _, _| reg(m, uint(8)).set(i.eq(255).mux(0, i + 1))),
        ("mux in when", |m, i, _, c| {
            m.when(i.lt(32), || reg(m, uint(4)).set(c.mux(i >> 1, 3)));
        }),
        ("memory write", |m, i, _, _| {
            let mem = m.mem("mem", uint(4), 10).collision(Collision::Old);
            m.when(i.lt(10), || mem.write(i, i));
            reg(m, uint(4)).set(mem.read(3));
        }),
    ];
    for (what, case) in cases {
        assert!(!refused(*case), "{what}");
    }
}

#[test]
fn refused_where_it_would_be_wrong() {
    let cases: &[(&str, Body)] = &[
        ("behind the when", |m, i, _, c| {
            let r = reg(m, uint(4));
            m.when(i.lt(16) & c, || ());
            r.set(i);
        }),
        ("one too many", |m, i, _, _| _ = m.when(i.le(16), || reg(m, uint(4)).set(i))),
        ("the other arm", |m, i, _, _| m.when(i.lt(16), || ()).otherwise(|| reg(m, uint(4)).set(i))),
        ("the next arm", |m, i, _, c| _ = m.when(i.lt(16), || ()).elsewhen(c, || reg(m, uint(4)).set(i))),
        ("or", |m, i, _, c| _ = m.when(i.lt(16) | c, || reg(m, uint(4)).set(i))),
        ("or of both", |m, i, j, _| _ = m.when(i.lt(16) | j.lt(3), || reg(m, uint(4)).set(i))),
        ("not and", |m, i, _, c| m.when(i.ge(16) & c, || ()).otherwise(|| reg(m, uint(4)).set(i))),
        ("xor", |m, i, _, c| _ = m.when(i.lt(16) ^ c, || reg(m, uint(4)).set(i))),
        ("not", |m, i, _, _| _ = m.when(!i.lt(16), || reg(m, uint(4)).set(i))),
        ("ne in the middle", |m, i, _, _| _ = m.when(i.ne(100), || reg(m, range(0..=254)).set(i))),
        ("ne of a signal", |m, i, j, _| _ = m.when(i.ne(j + 240), || reg(m, range(0..=254)).set(i))),
        ("not eq of a signal", |m, i, j, _| m.when(i.eq(j), || ()).otherwise(|| reg(m, range(1..=255)).set(i))),
        ("the wrong side", |m, i, j, _| _ = m.when(i.gt(j), || reg(m, uint(4)).set(i))),
        ("another value", |m, i, j, _| _ = m.when(j.lt(3), || reg(m, uint(4)).set(i))),
        ("a default with a gap", |m, _, j, _| {
            let r = reg(m, range(0..=14));
            m.switch(j, |s| s.case(7, || r.set(1)).default(|| r.set(j)));
        }),
        ("cases beyond", |m, i, _, _| {
            let r = reg(m, range(3..=8));
            m.switch(i, |s| _ = s.cases([9, 3], || r.set(i)));
        }),
        ("the other arm of a mux", |m, i, _, _| reg(m, uint(4)).set(i.lt(16).mux(0, i))),
        ("a value chosen elsewhere", |m, i, _, c| reg(m, uint(4)).set(i.lt(16).mux(c.mux(i, 0), i))),
        ("read address", |m, i, _, _| {
            let mem = m.mem("mem", uint(4), 10).contents([1]).collision(Collision::Old);
            m.when(i.lt(10), || reg(m, uint(4)).set(mem.read(i)));
        }),
        ("clocked read address", |m, i, _, _| {
            let mem = m.mem("mem", uint(4), 10).contents([1]).collision(Collision::Old);
            m.when(i.lt(10), || reg(m, uint(4)).set(mem.read_sync_when(i, i.lt(10))));
        }),
        ("instance", |m, i, _, _| {
            let child = one_off(uint(4), |_, i| i);
            m.when(i.lt(16), || reg(m, uint(4)).set(m.inst("child", &child, i)));
        }),
        ("pipelined region", |m, i, _, _| {
            let child = one_off(uint(4), |_, i| i);
            m.when(i.lt(16), || reg(m, uint(4)).set(m.pipelined("child", &child, i, &Target::combinational()).0));
        }),
        ("the value of a clock ago", |m, i, _, _| {
            let before = m.delay("earlier", i);
            m.when(i.lt(16), || reg(m, uint(4)).set(before));
        }),
    ];
    for (what, case) in cases {
        assert!(refused(*case), "{what}");
    }
}

/// Arms that are interrupted by other assignments keep the order of the program (the verifier's V31).
#[test]
fn order_of_interrupted_arms() {
    let design = build((uint(8), BOOL, BOOL), |m, (i, c, d)| {
        let r = m.reg("r", uint(8)).reset(0);
        let other = m.reg("other", uint(8)).reset(0);
        r.set(7);
        let when = m.when(c, || r.set(i));
        other.set(1);
        m.when(d, || r.set(2));
        when.elsewhen(d, || r.set(3)).otherwise(|| other.set(2));
        m.switch(i, |s| {
            s.case(0, || r.set(4));
            m.when(c, || r.set(5));
            s.case(1, || r.set(6)).default(|| other.set(3));
        });
        (r.q(), other.q())
    });
    let text = gatewright_dsl::ir::print::print_without_places(&design);
    insta::assert_snapshot!(text);
}
