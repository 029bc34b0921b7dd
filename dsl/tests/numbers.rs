//! Ranges of results against big integers, at widths around those of machine words.

#![allow(missing_docs)]

#[path = "../src/diag/testing.rs"]
mod testing;

use gatewright_dsl::prelude::*;
use num_bigint::BigInt;
use testing::*;

fn ends(t: IntTy) -> [BigInt; 2] {
    [t.lo().to_bigint(), t.hi().to_bigint()]
}

/// The hull of `f` over the corners: exact for operators that are monotone in each operand.
fn hull(f: impl Fn(&BigInt, &BigInt) -> BigInt, a: IntTy, b: IntTy) -> IntTy {
    let all: Vec<BigInt> = ends(a).iter().flat_map(|x| ends(b).map(|y| f(x, &y))).collect();
    IntTy::new(all.iter().min().cloned().unwrap_or_default(), all.iter().max().cloned().unwrap_or_default())
}

fn floor_shift(x: &BigInt, n: u32) -> BigInt {
    let d = BigInt::from(1) << n;
    let (q, r) = (x / &d, x % &d);
    if r < BigInt::ZERO { q - 1 } else { q }
}

fn types() -> Vec<IntTy> {
    let mut types = vec![range(-3..=12), range(5..=5), range(-9..=-2), range(0..=0), range(-1..=0), range(7..=1000)];
    for width in [1, 8, 31, 32, 33, 63, 64, 65, 128, 200] {
        types.extend([uint(width), sint(width)]);
        types.push(IntTy::new(-&Value::pow2(width), -&Value::pow2(width - 1)));
        types.push(IntTy::new(Value::pow2(width), &Value::pow2(width) + &Value::ONE));
    }
    types
}

/// All operators on a pair of types; their ranges are looked at while it is built.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Operators(IntTy, IntTy);

impl Generator for Operators {
    type In = (Int, Int);
    type Out = (Vec<Int>, Vec<Bool>);
    fn shape(&self) -> (IntTy, IntTy) {
        (self.0, self.1)
    }
    fn build(&self, _: &Module, (a, b): (Int, Int)) -> Self::Out {
        let (x, y) = (self.0, self.1);
        let magnitudes = ends(x).map(|v| if v < BigInt::ZERO { -v } else { v });
        let least = if x.contains(&Value::ZERO) { BigInt::ZERO } else { magnitudes.iter().min().unwrap().clone() };
        let absolute = IntTy::new(least, magnitudes.iter().max().unwrap().clone());
        let mut expected = vec![
            ("+", a + b, hull(|x, y| x + y, x, y)),
            ("-", a - b, hull(|x, y| x - y, x, y)),
            ("*", a * b, hull(|x, y| x * y, x, y)),
            ("* in parts", product_in_parts(a, b, 3), hull(|x, y| x * y, x, y)),
            ("neg", -a, hull(|x, _| -x, x, y)),
            ("abs", a.abs(), absolute),
            ("min", a.min(b), hull(|x, y| x.min(y).clone(), x, y)),
            ("max", a.max(b), hull(|x, y| x.max(y).clone(), x, y)),
            ("/", a / 7, hull(|x, _| x / 7, x, y)),
            ("/ -", a / -3, hull(|x, _| x / -3, x, y)),
            ("<<", a << 5, hull(|x, _| x << 5u32, x, y)),
            (">>", a >> 3, hull(|x, _| floor_shift(x, 3), x, y)),
            ("mux", b.lt(0).mux(a, 3), hull(|x, _| x.clone(), x, y).hull(range(3..=3))),
            ("u+", 5 + a, hull(|x, _| x + 5, x, y)),
            ("u-", 5 - a, hull(|x, _| 5 - x, x, y)),
        ];
        // Of a value that lies beyond, saturation gives the nearest end.
        let clamp = |v: &BigInt| v.clone().clamp(BigInt::from(-100), BigInt::from(100));
        expected.push(("sat", a.sat(range(-100..=100)), hull(|x, _| clamp(x), x, y)));
        for (what, found, wanted) in &expected {
            assert_eq!(found.ty(), *wanted, "{what} of {x} and {y}");
        }
        let wrapped = a.wrap(sint(8)).ty();
        assert_eq!(wrapped, if x.fits(sint(8)) { x } else { sint(8) });
        assert_eq!(a.to_bits().width(), x.width());
        assert!(a.bit(x.width()).to_int().ty().fits(range(0..=1)));
        assert!(a.to_bits().count_ones().ty().fits(IntTy::new(0, x.width())));
        let ints = expected.iter().map(|e| e.1).collect();
        (ints, vec![a.eq(b), a.ne(b), a.lt(b), a.le(b), a.gt(b), a.ge(b)])
    }
}

#[test]
fn ranges_of_operators_are_exact() {
    let types = types();
    for (n, &x) in types.iter().enumerate() {
        for &y in [types[(n * 7 + 3) % types.len()], types[(n * 11 + 5) % types.len()], x].iter() {
            match elaborate(&Operators(x, y)) {
                Ok(design) => _ = checked(design),
                Err(errors) => panic!("{x} {y}: {errors}"),
            }
        }
    }
}

/// Remainders, shifts by a signal and roundings, against every value of small ranges.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Small(i64, i64, i64);

impl Generator for Small {
    type In = (Int, Int);
    type Out = Vec<Int>;
    fn shape(&self) -> (IntTy, IntTy) {
        (range(self.0..=self.1), range(0..=3))
    }
    fn build(&self, _: &Module, (a, s): (Int, Int)) -> Vec<Int> {
        let Small(lo, hi, c) = *self;
        let rem = (a % c).ty();
        let (shl, shr) = ((a << s).ty(), (a >> s).ty());
        let holds = |t: IntTy, v: i64| assert!(t.contains(&Value::from(v)), "{v} is not in {t}: {lo}..={hi} {c}");
        let mut results = vec![a % c, a << s, a >> s];
        for v in lo..=hi {
            holds(rem, v % c);
            for n in 0..=3 {
                holds(shl, v << n);
                holds(shr, v >> n);
            }
        }
        assert!(rem.count() <= Value::from(2 * c.abs() - 1));
        for mode in Rounding::ALL {
            let rounded = a.round(mode, 2);
            for v in lo..=hi {
                holds(rounded.ty(), round_quarters(v, mode));
            }
            let (first, last) = (round_quarters(lo, mode), round_quarters(hi, mode));
            assert_eq!(rounded.ty(), range(first..=last), "{mode:?} of {lo}..={hi}");
            results.push(rounded);
        }
        results
    }
}

/// `v / 4`, rounded.
fn round_quarters(v: i64, mode: Rounding) -> i64 {
    let exact = v as f64 / 4.0;
    let (floor, away) = (exact.floor(), exact.signum() * (exact.abs() + 0.5).floor());
    let tie = exact - floor == 0.5;
    let rounded = match mode {
        Rounding::Floor => floor,
        Rounding::Ceiling => exact.ceil(),
        Rounding::TowardZero => exact.trunc(),
        Rounding::HalfUp => (exact + 0.5).floor(),
        Rounding::HalfDown => (exact - 0.5).ceil(),
        Rounding::HalfTowardZero if tie => exact.trunc(),
        Rounding::HalfAway if tie => away,
        Rounding::HalfEven if tie => (floor / 2.0).ceil() * 2.0,
        _ => (exact + 0.5).floor(),
    };
    rounded as i64
}

#[test]
fn ranges_hold_every_value() {
    for (lo, hi) in [(0, 15), (-8, 7), (-9, -2), (-3, 12), (3, 3), (-1, 0), (5, 22)] {
        for c in [1, 2, 3, -3, 10] {
            if let Err(errors) = elaborate(&Small(lo, hi, c)).map(checked) {
                panic!("{errors}");
            }
        }
    }
}

#[test]
fn ways_down() {
    let design = build((sint(8), uint(9)), |_, (a, b)| {
        assert_eq!(a.wrap(uint(4)).ty(), uint(4));
        assert_eq!(a.sat_symmetric(sint(8)).ty(), range(-127..=127));
        assert_eq!(b.sat_zero(uint(4)).ty(), uint(4));
        assert_eq!(b.sat_zero(range(3..=9)).ty(), range(0..=9));
        let claimed = b.claim(range(-5..=9));
        assert_eq!(claimed.ty(), range(0..=9), "a claim is cut to what can be");
        assert_eq!(b.next_wrapping(512).ty(), uint(9));
        assert_eq!(b.next_wrapping(0).ty(), range(0..=0), "0 counts as 1");
        assert_eq!(sum(&[a, a, a, b]).ty(), range(-384..=892));
        assert_eq!(sum(&[]).ty(), range(0..=0));
        (b.sat_zero(uint(4)), a.sat_symmetric(sint(8)), claimed)
    });
    // The claim is the one check.
    assert_eq!(design.modules[design.top].checks.len(), 1);
}

#[test]
fn linear_functions_have_exact_ranges() {
    let design = build((range(-3..=12), uint(4)), |_, (x, y)| {
        let add = |a, b, subtract| ShiftAdd { a, b, subtract };
        // 3x, 3x + 2y, 2y, 6y, 3x - 4y, 0.
        let steps = [
            add((0, 2), (0, 0), true),
            add((2, 0), (1, 1), false),
            add((3, 0), (2, 0), true),
            add((4, 2), (4, 0), true),
            add((3, 0), (5, 0), true),
            add((4, 0), (1, 1), true),
        ];
        let end = |k: usize| LinearOutput { value: Some((2 + k, 0)), negative: false, constant: 0.into() };
        let values = const_matvec(&[x, y], &steps, &(0..steps.len()).map(end).collect::<Vec<_>>());
        let types: Vec<IntTy> = values.iter().map(|v| v.ty()).collect();
        let [three, both, double, six, mixed] =
            [range(-9..=36), range(-9..=66), range(0..=30), range(0..=90), range(-69..=36)];
        assert_eq!(types, [three, both, double, six, mixed, range(0..=0)]);
        values
    });
    assert!(design.modules[design.top].checks.values().all(|c| c.name == "in_0_range"));
}

#[test]
fn inputs_that_no_sum_takes() {
    let design = build((range(-3..=12), uint(4), uint(4), range(5..=5)), |_, (x, y, z, _)| {
        let step = ShiftAdd { a: (2, 1), b: (1, 0), subtract: true };
        let sum = |value| LinearOutput { value: Some((value, 0)), negative: true, constant: 3.into() };
        let values = const_matvec(&[y, x, z, lit(5)], &[step], &[sum(4), sum(1), sum(3)]);
        assert_eq!(values.iter().map(|v| v.ty()).collect::<Vec<_>>(), [range(-30..=15), range(-9..=6), range(-2..=-2)]);
        values[0]
    });
    let module = &design.modules[design.top];
    let [product] = &module.matvecs.values().collect::<Vec<_>>()[..] else { panic!("one product") };
    assert_eq!(product.inputs.len(), 3, "without `y`");
    assert_eq!(gatewright_dsl::ir::verify::verify(&design), Ok(()));
}

#[test]
fn products_in_parts_have_the_range_of_products() {
    build((range(-9..=30), range(0..=1000), range(16..=31)), |_, (x, y, z)| {
        for bits in [0, 1, 3, 4, 9, 10, 40] {
            assert_eq!(product_in_parts(x, y, bits).ty(), range(-9000..=30000), "{bits}");
            assert_eq!(product_in_parts(y, x, bits).ty(), range(-9000..=30000), "{bits}");
            assert_eq!(product_in_parts(x, z, bits).ty(), range(-279..=930), "{bits}");
            assert_eq!(product_in_parts(lit(0), y, bits).ty(), range(0..=0), "{bits}");
            assert_eq!(product_in_parts(lit(1), y, bits).ty(), range(0..=1000), "{bits}");
        }
        product_in_parts(x, y, 4)
    });
}

#[test]
fn fixed_point() {
    build((fixed(8, 4), ufixed(6, 6)), |_, (a, b)| {
        assert_eq!((a + b).ty(), FixedTy { int: range(-128..=127 + 63 * 16), frac: 4 });
        assert_eq!((a * b).ty(), FixedTy { int: range(-128 * 63..=127 * 63), frac: 4 });
        assert_eq!((a * a).ty().frac, 8);
        assert_eq!((a - 0.25).ty(), FixedTy { int: range(-132..=123), frac: 4 });
        assert_eq!(a.scale(3).ty(), FixedTy { int: sint(8), frac: 1 });
        assert_eq!(a.round(Rounding::Floor, 2).ty(), FixedTy { int: sint(6), frac: 2 });
        assert_eq!(a.round(Rounding::Floor, 6).ty(), FixedTy { int: range(-512..=508), frac: 6 });
        assert_eq!(a.sat(fixed(6, 2)).ty(), fixed(6, 2));
        (a + b, a.lt(b))
    });
    // Steps of 4: 8 is two of them, and 6 is none.
    let coarse = FixedTy { int: sint(10), frac: -2 };
    let design = build((), |m, ()| m.reg("r", FixedTy { int: sint(10), frac: -2 }).reset(8.0).q());
    let reset = design.modules[design.top].regs.values().next().and_then(|r| r.reset.clone());
    assert_eq!((reset, coarse.frac), (Some(Value::from(2)), -2));
    let found = codes((), |m, ()| m.reg("r", FixedTy { int: sint(10), frac: -2 }).reset(6.0).q());
    assert_eq!(found, ["E0101"]);
}
