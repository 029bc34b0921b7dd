//! Every operator over random types and values: the program form against the definitions on exact integers, and a
//! dozen results worked out by hand.

use gatewright_dsl::ids::NodeId;
use gatewright_dsl::ir::*;
use gatewright_dsl::ty::{IntTy, Ty};
use gatewright_dsl::value::Value;
use gatewright_sim::{DutExt, Interpreter};
use proptest::prelude::*;

use crate::build::*;

/// A range of at most `bits` bits, with ends near powers of two as often as not.
fn a_range(bits: u32) -> impl Strategy<Value = IntTy> {
    let end = move || {
        (0..=bits, any::<bool>(), -2i64..3, any::<u64>(), any::<bool>()).prop_map(|(b, minus, near, low, exact)| {
            let base = Value::pow2(b);
            let v = if exact { &base + &Value::from(near) } else { &base - &Value::from(low).wrap(b, false) };
            if minus { -&v } else { v }
        })
    };
    (end(), end()).prop_map(|(a, b)| IntTy::new(a, b))
}

fn value_in(t: IntTy, seed: u64) -> Value {
    let count = t.count();
    let n = match seed % 4 {
        0 => Value::ZERO,
        1 => &count - &Value::ONE,
        _ => {
            let wide =
                Value::from_words(&[seed as u32, (seed >> 32) as u32, !(seed as u32), 77, seed as u32], 160, false);
            wide.rem_trunc(&count).unwrap()
        }
    };
    &t.lo() + &n
}

fn binaries() -> Vec<BinOp> {
    use BinOp::*;
    vec![Add, Sub, Mul, Div, Rem, Min, Max, Eq, Ne, Lt, Le, And, Or, Xor, Shl, Shr]
}

/// What an operator means, written once more, on big integers.
fn expected(op: BinOp, a: &Value, b: &Value, width: u32) -> Value {
    use num_bigint::BigInt;
    let (x, y) = (a.to_bigint(), b.to_bigint());
    let bit = |b: bool| BigInt::from(u8::from(b));
    let shift = || usize::try_from(b.to_u64().unwrap()).unwrap();
    let word = width > 0;
    let v = match op {
        BinOp::Add => x + y,
        BinOp::Sub => x - y,
        BinOp::Mul => x * y,
        BinOp::Div => x / y,
        BinOp::Rem => x % y,
        BinOp::Min => x.min(y),
        BinOp::Max => x.max(y),
        BinOp::Eq => bit(x == y),
        BinOp::Ne => bit(x != y),
        BinOp::Lt => bit(x < y),
        BinOp::Le => bit(x <= y),
        BinOp::And => x & y,
        BinOp::Or => x | y,
        BinOp::Xor => x ^ y,
        BinOp::Shl if word => (x << shift()) % (BigInt::from(1) << width),
        BinOp::Shl => x << shift(),
        BinOp::Shr => x >> shift(),
    };
    Value::from(v)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn integer_operators(x in a_range(70), y in a_range(70), s in a_range(6), seed: [u64; 4]) {
        for op in binaries().into_iter().filter(|op| !matches!(op, BinOp::And | BinOp::Or | BinOp::Xor)) {
            let mut b = B::new("m");
            let shift = matches!(op, BinOp::Shl | BinOp::Shr);
            let divide = matches!(op, BinOp::Div | BinOp::Rem);
            let second = if shift { IntTy::new(s.lo().abs(), s.hi().abs()) } else { y };
            let divisor = value_in(y, seed[0]);
            if divide && divisor.is_zero() {
                continue;
            }
            let p = b.input("x", Ty::Int(x));
            let q = if divide { b.int(divisor.clone()) } else { b.input("y", Ty::Int(second)) };
            let r = b.bin(op, p, q);
            b.output("r", r);
            let mut dut = Interpreter::new(&b.done()).unwrap();
            for &seed in &seed {
                let (v, w) = (value_in(x, seed), if divide { divisor.clone() } else { value_in(second, !seed) });
                dut.set("x", v.clone()).unwrap();
                if !divide {
                    dut.set("y", w.clone()).unwrap();
                }
                prop_assert_eq!(dut.get("r").unwrap(), expected(op, &v, &w, 0), "{:?} {} {}", op, v, w);
            }
        }
    }

    #[test]
    fn word_operators(w in 1u32..80, lo in 0u32..80, seed: [u64; 4]) {
        let t = gatewright_dsl::ty::uint(w);
        let lo = lo.min(w - 1);
        let mut b = B::new("m");
        let (x, y) = (b.input("x", Ty::Bits(w)), b.input("y", Ty::Bits(w)));
        let s = b.input("s", uint(7));
        let ops = [BinOp::And, BinOp::Or, BinOp::Xor, BinOp::Eq, BinOp::Ne, BinOp::Shl, BinOp::Shr];
        for op in ops {
            let second = if matches!(op, BinOp::Shl | BinOp::Shr) { s } else { y };
            let r = b.bin(op, x, second);
            b.output(&format!("{op:?}"), r);
        }
        for op in [UnOp::Not, UnOp::ReduceAnd, UnOp::ReduceOr, UnOp::ReduceXor, UnOp::PopCount, UnOp::ToUint, UnOp::ToSint] {
            let r = b.un(op, x);
            b.output(&format!("{op:?}"), r);
        }
        let high = b.slice(x, lo, w - lo);
        let low = b.slice(x, 0, lo);
        let swapped = b.concat(&[low, high, y]);
        b.output("high", high);
        b.output("swapped", swapped);
        let mut dut = Interpreter::new(&b.done()).unwrap();
        let ones = &Value::pow2(w) - &Value::ONE;
        for &seed in &seed {
            let (v, u, n) = (value_in(t, seed), value_in(t, !seed), seed % 128);
            dut.set("x", v.clone()).unwrap();
            dut.set("y", u.clone()).unwrap();
            dut.set("s", n).unwrap();
            for op in ops {
                let second = if matches!(op, BinOp::Shl | BinOp::Shr) { Value::from(n) } else { u.clone() };
                prop_assert_eq!(dut.get(&format!("{op:?}")).unwrap(), expected(op, &v, &second, w), "{:?}", op);
            }
            let count = (0..w).filter(|&n| v.bit(n)).count();
            let signed = if v.bit(w - 1) { &v - &Value::pow2(w) } else { v.clone() };
            for (name, value) in [
                ("Not", &ones ^ &v),
                ("ReduceAnd", Value::from(v == ones)),
                ("ReduceOr", Value::from(count > 0)),
                ("ReduceXor", Value::from(count % 2)),
                ("PopCount", Value::from(count)),
                ("ToUint", v.clone()),
                ("ToSint", signed),
                ("high", v.shr(lo)),
            ] {
                prop_assert_eq!(dut.get(name).unwrap(), value, "{}", name);
            }
            let low = v.wrap(lo, false);
            let swapped = &(&low.shl(2 * w - lo) + &v.shr(lo).shl(w)) + &u;
            prop_assert_eq!(dut.get("swapped").unwrap(), swapped);
        }
    }

    #[test]
    fn narrowing_choices_and_selection(x in a_range(70), y in a_range(70), w in 1u32..75, signed: bool, seed: [u64; 4]) {
        let mut b = B::new("m");
        let (p, q) = (b.input("x", Ty::Int(x)), b.input("y", Ty::Int(y)));
        let (c, i) = (b.input("c", Ty::BOOL), b.input("i", int(0, 2)));
        let wrapped = b.to(UnOp::Wrap, p, Ty::Int(IntTy::full(w, signed)));
        let (neg, abs, bits) = (b.un(UnOp::Neg, p), b.un(UnOp::Abs, p), b.un(UnOp::ToBits, p));
        let mux = b.mux(c, p, q);
        let five = b.int(5);
        let select = b.select(i, &[p, five, q]);
        for (name, n) in [("wrap", wrapped), ("neg", neg), ("abs", abs), ("bits", bits), ("mux", mux), ("select", select)] {
            b.output(name, n);
        }
        let mut dut = Interpreter::new(&b.done()).unwrap();
        for &seed in &seed {
            let (v, u) = (value_in(x, seed), value_in(y, !seed));
            dut.set("x", v.clone()).unwrap();
            dut.set("y", u.clone()).unwrap();
            dut.set("c", seed % 2).unwrap();
            dut.set("i", seed % 3).unwrap();
            let modulus = Value::pow2(w);
            let got = dut.get("wrap").unwrap();
            prop_assert!((&got - &v).rem_trunc(&modulus).unwrap().is_zero());
            prop_assert!(IntTy::full(w, signed).contains(&got));
            prop_assert_eq!(dut.get("neg").unwrap(), -&v);
            prop_assert_eq!(dut.get("abs").unwrap(), if v < Value::ZERO { -&v } else { v.clone() });
            let bits = if v < Value::ZERO { &v + &Value::pow2(x.width()) } else { v.clone() };
            prop_assert_eq!(dut.get("bits").unwrap(), bits);
            prop_assert_eq!(dut.get("mux").unwrap(), if seed % 2 == 1 { v.clone() } else { u.clone() });
            prop_assert_eq!(dut.get("select").unwrap(), [v, Value::from(5), u][(seed % 3) as usize].clone());
        }
    }
}

#[test]
fn results_by_hand() {
    let mut b = B::new("m");
    let x = b.input("x", sint(8));
    let three = b.int(-3);
    let outs: Vec<(NodeId, &str)> = vec![
        (b.bin(BinOp::Div, x, three), "div"),
        (b.bin(BinOp::Rem, x, three), "rem"),
        (b.un(UnOp::ToBits, x), "bits"),
        (b.to(UnOp::Wrap, x, sint(4)), "wrap4"),
        (b.to(UnOp::Wrap, x, uint(4)), "wrapu4"),
    ];
    let two = b.int(2);
    let floor = b.bin(BinOp::Shr, x, two);
    b.output("floor", floor);
    for (n, name) in outs {
        b.output(name, n);
    }
    let mut s = Interpreter::new(&b.done()).unwrap();
    s.set("x", -100).unwrap();
    // -100 = (-3)·33 − 1; −100 = −25·4; the low four bits of 0x9c are 0xc.
    for (name, v) in [("div", 33), ("rem", -1), ("bits", 0x9c), ("wrap4", -4), ("wrapu4", 12), ("floor", -25)] {
        assert_eq!(s.get(name).unwrap(), Value::from(v), "{name}");
    }
}
