//! The text of small designs, as snapshots.

mod support;

use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_dsl::ir::*;
use gatewright_dsl::pass::name;
use gatewright_dsl::ty::{Ty, range, sint, uint};
use gatewright_dsl::value::Value;
use support::*;

/// All files of the design but the map, after checking that naming twice is naming once and emission is repeatable.
fn text(design: Design) -> String {
    let options = EmitOptions { source_map: false, ..EmitOptions::default() };
    let output = emit(&design, &options);
    let mut named = design;
    name::run(&mut named);
    let plain = EmitOptions { comments: false, ..options.clone() };
    let mut twice = named.clone();
    name::run(&mut twice);
    assert_eq!(twice, named, "naming again changes nothing");
    assert_eq!(emit(&named, &plain), emit(&twice, &plain));
    let files = output.files.iter().filter(|f| !f.name.ends_with(".f"));
    files.map(|f| format!("==== {}\n{}", f.name, f.text)).collect()
}

#[test]
fn multiply_accumulate() {
    let mut b = Build::new("pe");
    let a = b.input("a", int(sint(8)));
    let w = b.input("w", int(sint(8)));
    let clear = b.input("clear", Ty::BOOL);
    let en = b.input("en", Ty::BOOL);
    let sum_ty = int(sint(20));
    let (sum, q) = b.reg("sum", sum_ty, Some(0));
    let (a_d, a_q) = b.reg("a_d", int(sint(8)), None);
    let (w_d, w_q) = b.reg("w_d", int(sint(8)), None);
    let product = b.mul(a, w);
    let zero = b.int(0);
    let base = b.mux(clear, zero, q);
    let total = b.add(base, product);
    let claimed = b.cast(UnOp::Claim, total, sint(20));
    b.check("sum_range", CheckKind::Claim { claim: claimed, enable: Some(en) });
    let set = b.set(claimed);
    let when = b.when(en, vec![set], vec![]);
    b.m.regs[sum].next = vec![when];
    let set = b.set(a);
    b.m.regs[a_d].next = vec![set];
    let set = b.set(w);
    b.m.regs[w_d].next = vec![set];
    b.output("a_out", a_q);
    b.output("w_out", w_q);
    b.output("sum_out", q);
    insta::assert_snapshot!(text(b.design()));
}

/// A `when` over several registers is one `if`; a switch is a `case`; the last assignment wins.
#[test]
fn shared_conditions() {
    let mut b = Build::with_domain("ctl", domain(Some((ResetKind::Async, Polarity::Low))));
    let go = b.input("go", Ty::BOOL);
    let stop = b.input("stop", Ty::BOOL);
    let x = b.input("x", int(uint(8)));
    let (state, s) = b.reg("state", int(range(0..=2)), Some(0));
    let (count, c) = b.reg("count", int(range(-3..=12)), Some(-3));
    let (held, h) = b.reg("held", int(uint(8)), None);
    let (zero, one, two, minus) = (b.int(0), b.int(1), b.int(2), b.int(-3));
    let next = b.add(c, one);
    let next = b.cast(UnOp::Refine, next, range(-3..=12));
    // switch state { 0: when go { state = 1; held = x; count = -3 }  1: { count += 1; when stop { state = 2 } } 2: state = 0 }
    let (sw, wh, s1, s2, s3, s4, wh2, s5, s6) =
        (b.seq(), b.seq(), b.set(one), b.set(x), b.set(minus), b.set(next), b.seq(), b.set(two), b.set(zero));
    let v = |n: i64| vec![Value::from(n)];
    let when = |seq, c, then: Block| vec![Stmt::When { seq, arms: vec![(c, then)], otherwise: vec![] }];
    let switch = |arms: [Block; 3]| {
        let arms = arms.into_iter().enumerate().map(|(k, a)| (v(k as i64), a)).collect();
        vec![Stmt::Switch { seq: sw, subject: s, arms, default: vec![] }]
    };
    b.m.regs[state].next = switch([when(wh, go, vec![s1]), when(wh2, stop, vec![s5]), vec![s6]]);
    b.m.regs[count].next = switch([when(wh, go, vec![s3]), vec![s4], vec![]]);
    b.m.regs[held].next = switch([when(wh, go, vec![s2]), vec![], vec![]]);
    b.output("state", s);
    b.output("count", c);
    b.output("held", h);
    insta::assert_snapshot!(text(b.design()));
}

#[test]
fn wires_with_conditions() {
    let mut b = Build::new("wires");
    let c = b.input("c", Ty::BOOL);
    let d = b.input("d", Ty::BOOL);
    let k = b.input("k", int(uint(2)));
    let x = b.input("x", int(sint(8)));
    let y = b.input("y", int(uint(4)));
    let ty = int(sint(8));
    // One `when`.
    let (s0, s1) = (b.set(x), b.set(y));
    let w = b.when(c, vec![s0], vec![s1]);
    let one = b.wire("one", ty, vec![w]);
    // A default, then two `when`s that may override it, one of them on an inner path.
    let s0 = b.set(y);
    let s1 = b.set(x);
    let first = b.when(c, vec![s1], vec![]);
    let s2 = b.set(one);
    let inner = b.when(c, vec![s2], vec![]);
    let second = b.when(d, vec![inner], vec![]);
    let over = b.wire("over", ty, vec![s0, first, second]);
    // A switch that names all values.
    let sets: Vec<Stmt> = [x, y, one, over].into_iter().map(|n| b.set(n)).collect();
    let arms = sets.into_iter().enumerate().map(|(i, s)| (vec![Value::from(i)], vec![s])).collect();
    let seq = b.seq();
    let pick = b.wire("pick", ty, vec![Stmt::Switch { seq, subject: k, arms, default: vec![] }]);
    b.output("over", over);
    b.output("pick", pick);
    insta::assert_snapshot!(text(b.design()));
}

#[test]
fn expressions() {
    let mut b = Build::new("expressions");
    let a = b.input("a", int(uint(8)));
    let s = b.input("s", int(sint(8)));
    let w = b.input("w", Ty::Bits(12));
    let t = b.input("t", Ty::BOOL);
    let three = b.int(3);
    let minus = b.int(-7);
    let sum = b.add(a, s);
    b.output("sum", sum);
    let plain = b.add(a, a);
    b.output("double", plain);
    let low = b.add(s, minus);
    b.output("low", low);
    let mixed = b.mul(a, s);
    b.output("mixed", mixed);
    let times = b.mul(s, minus);
    b.output("times", times);
    let chain = b.add(a, a);
    let chain = b.add(chain, a);
    let chain = b.add(chain, s);
    b.output("chain", chain);
    let quotient = b.bin(BinOp::Div, s, three);
    b.output("quotient", quotient);
    let less = b.bin(BinOp::Lt, s, a);
    let not = b.un(UnOp::Not, t);
    let both = b.bin(BinOp::And, less, not);
    b.output("both", both);
    let bits = b.un(UnOp::ToBits, sum);
    let top = b.slice(bits, 4, 4);
    let cat = b.concat(&[t, t, t, top, w]);
    b.output("cat", cat);
    let shifted = b.bin(BinOp::Shr, s, three);
    let up = b.bin(BinOp::Shl, shifted, three);
    b.output("up", up);
    let abs = b.un(UnOp::Abs, s);
    let max = b.bin(BinOp::Max, abs, a);
    b.output("max", max);
    let count = b.un(UnOp::PopCount, w);
    b.output("ones", count);
    let never = b.int(300);
    let never = b.bin(BinOp::Eq, a, never);
    b.output("never", never);
    insta::assert_snapshot!(text(b.design()));
}
