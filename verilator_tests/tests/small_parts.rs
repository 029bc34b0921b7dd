//! The small standard parts: against plain integer arithmetic and floating point on the interpreter, and on the
//! interpreter and Verilator in lock step, in one build for all.

#[path = "../../sim/tests/small_parts/designs.rs"]
mod designs;

use std::collections::VecDeque;
use std::f64::consts::TAU;

use designs::*;
use gatewright_dsl::parts::cordic::Cordic;
use gatewright_dsl::parts::divide::Divider;
use gatewright_dsl::parts::lfsr::lfsr_after;
use gatewright_dsl::parts::sqrt::SquareRoot;
use gatewright_dsl::prelude::*;
use gatewright_sim::rng::Rng;
use gatewright_sim::{Batch, Dut, DutExt, Interpreter, Lockstep, RandomStimulus, SimError, Verilated, compare};
use num_bigint::BigInt;

type Checked = Result<(), SimError>;
type Body = Box<dyn Fn(&mut dyn Dut) -> Checked>;

/// What each design does, in the order of [`all`].
fn bodies() -> Vec<Body> {
    let mut all: Vec<Body> = Vec::new();
    WIDTHS.into_iter().for_each(|width| all.push(Box::new(move |dut| codes(dut, width))));
    counters().into_iter().for_each(|c| all.push(Box::new(move |dut| counts(dut, &c))));
    LFSRS.into_iter().for_each(|(width, seed)| all.push(Box::new(move |dut| random_words(dut, width, seed))));
    [0, 1, 4].into_iter().for_each(|stages| all.push(Box::new(move |dut| delays(dut, stages))));
    dividers().into_iter().for_each(|d| all.push(Box::new(move |dut| divides(dut, &d, d.latency()))));
    roots().into_iter().for_each(|s| all.push(Box::new(move |dut| takes_roots(dut, &s, s.latency()))));
    for c in cordics() {
        let polar = c.clone();
        all.push(Box::new(move |dut| rotates(dut, &c)));
        all.push(Box::new(move |dut| to_polar(dut, &polar)));
    }
    let divider = Divider { dividend: sint(9), divisor: uint(5), bits_per_stage: 0 };
    all.push(Box::new(move |dut| divides(dut, &divider, pipelined_latency(&divider))));
    let root = SquareRoot { input: uint(12), bits_per_stage: 0 };
    all.push(Box::new(move |dut| takes_roots(dut, &root, pipelined_latency(&root))));
    all
}

/// How many registers `m.pipelined` places, which the design does not show.
fn pipelined_latency<G: Generator>(part: &G) -> u64 {
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Ask<G>(G);
    thread_local! {
        static LATENCY: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
    }
    impl<G: Generator> Generator for Ask<G> {
        type In = G::In;
        type Out = G::Out;
        fn shape(&self) -> <G::In as Bundle>::Shape {
            self.0.shape()
        }
        fn build(&self, m: &Module, i: G::In) -> G::Out {
            let (out, latency) = m.pipelined("part", &self.0, i, &Target::lut6(300.0));
            LATENCY.set(latency);
            out
        }
    }
    elaborate(&Ask(part.clone())).unwrap();
    assert!(LATENCY.get() > 1);
    LATENCY.get().into()
}

#[test]
fn right_on_the_interpreter() {
    for ((name, design), body) in all().into_iter().zip(bodies()) {
        let done = body(&mut Interpreter::new(&design).unwrap());
        done.unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

#[test]
fn right_and_equal_on_verilator() {
    let (all, bodies) = (all(), bodies());
    assert_eq!(all.len(), bodies.len());
    let batch = Batch::new(all.iter().map(|(_, design)| design)).unwrap();
    let mut verilated = match Verilated::new(&batch.design) {
        Ok(made) => made,
        Err(e @ SimError::NoVerilator { .. }) if std::env::var_os("CI").is_none() => {
            return eprintln!("skipped: {e}");
        }
        Err(e) => panic!("{e}"),
    };
    // All at once: a step of one is a step of all.
    let mut interpreter = Interpreter::new(&batch.design).unwrap();
    let done = compare(vec![&mut interpreter, &mut verilated], 1500, RandomStimulus::new(7));
    done.unwrap_or_else(|e| panic!("random inputs: {e}"));
    for (n, ((name, _), body)) in all.iter().zip(&bodies).enumerate() {
        let mut one = batch.view(&mut interpreter, n).unwrap();
        let mut other = batch.view(&mut verilated, n).unwrap();
        let done = body(&mut Lockstep::new(vec![&mut one, &mut other]).unwrap());
        done.unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

/// Short calls, by name.
struct Ports<'a>(&'a mut dyn Dut);

impl Ports<'_> {
    fn set(&mut self, name: &str, value: impl Into<Value>) -> Checked {
        self.0.set(name, value)
    }
    fn big(&mut self, name: &str) -> Result<BigInt, SimError> {
        Ok(self.0.get(name)?.to_bigint())
    }
    fn int(&mut self, name: &str) -> Result<i128, SimError> {
        Ok(i128::try_from(self.big(name)?).unwrap())
    }
    fn expect(&mut self, name: &str, wanted: impl Into<Value>, of: &dyn std::fmt::Debug) -> Checked {
        assert_eq!(self.0.get(name)?, wanted.into(), "{name} of {of:?}");
        Ok(())
    }
}

fn reset(dut: &mut dyn Dut) -> Checked {
    dut.reset(true)?;
    dut.step()?;
    dut.reset(false)
}

/// All words up to 11 bits; beyond, those with few ones or zeros, and random ones.
fn words(width: u32) -> Vec<u128> {
    if width <= 11 {
        return (0..1 << width).collect();
    }
    let all = u128::MAX >> (128 - width);
    let mut words: Vec<u128> = vec![0, all];
    for a in 0..width {
        words.extend([1 << a, all ^ (1 << a), all >> a, all << a & all, 1 << a | 1 << (width - 1), 1 << a | 1]);
    }
    let mut rng = Rng::new(1);
    for _ in 0..500 {
        let v = u128::from(rng.bits()) << 64 | u128::from(rng.bits());
        words.push((v >> rng.between(0, 127)) & all);
    }
    words
}

fn codes(dut: &mut dyn Dut, width: u32) -> Checked {
    let mut p = Ports(dut);
    let all = u128::MAX >> (128 - width);
    for (n, v) in words(width).into_iter().enumerate() {
        p.set("data", v)?;
        let (leading, trailing) = (v.leading_zeros() - (128 - width), v.trailing_zeros().min(width));
        p.expect("lowest_valid", v != 0, &v)?;
        p.expect("highest_valid", v != 0, &v)?;
        p.expect("lowest_index", trailing.min(width - 1), &v)?;
        p.expect("highest_index", if v == 0 { 0 } else { width - 1 - leading }, &v)?;
        p.expect("leading", leading, &v)?;
        p.expect("trailing", trailing, &v)?;
        p.expect("reversed", v.reverse_bits() >> (128 - width), &v)?;
        p.expect("one_hot", v.count_ones() == 1, &v)?;
        p.expect("at_most_one", v.count_ones() < 2, &v)?;
        let ored = (0..width).filter(|k| v >> k & 1 == 1).fold(0, |ored, k| ored | k);
        p.expect("encoded", ored, &v)?;
        p.expect("thermometer_count", v.trailing_ones(), &v)?;
        p.expect("grays_0", v ^ v >> 1, &v)?;
        let binary = (0..width).fold(0, |b, k| b ^ v >> k);
        p.expect("grays_1", binary, &v)?;
        p.expect("grant", v & v.wrapping_neg(), &v)?;

        let index = n as u32 % width;
        p.set("index", index)?;
        p.expect("decoded", 1u128 << index, &index)?;
        let count = n as i64 % i64::from(width + 5) - 2;
        p.set("count", count)?;
        let ones = count.clamp(0, width.into()) as u32;
        p.expect("thermometer", if ones == 0 { 0 } else { all >> (width - ones) }, &count)?;
    }
    Ok(())
}

fn counts(dut: &mut dyn Dut, c: &Counters) -> Checked {
    reset(dut)?;
    let mut p = Ports(dut);
    let mut rng = Rng::new(3);
    let (lo, hi) = c.saturating.small().unwrap();
    let (mut total, mut level) = (0, 0.clamp(lo, hi));
    for t in 0..400 {
        let (enable, up, down) = (rng.chance(0.8), rng.chance(if t < 200 { 0.7 } else { 0.2 }), rng.chance(0.5));
        p.set("enable", enable)?;
        p.set("up", up)?;
        p.set("down", down)?;
        p.expect("fast_value", total % c.modulus, &t)?;
        p.expect("slow_value", total / c.modulus % c.slow, &t)?;
        let fast = enable && total % c.modulus == c.modulus - 1;
        p.expect("fast_wraps", fast, &t)?;
        p.expect("slow_wraps", fast && total / c.modulus % c.slow == c.slow - 1, &t)?;
        p.expect("saturating", level, &t)?;
        total += u64::from(enable);
        level = (level + i64::from(up) - i64::from(down)).clamp(lo, hi);
        p.0.step()?;
    }
    Ok(())
}

fn random_words(dut: &mut dyn Dut, width: u32, seed: u64) -> Checked {
    reset(dut)?;
    let mut p = Ports(dut);
    let (mut rng, mut state) = (Rng::new(5), seed);
    // The whole period and around again, where it is short.
    for t in 0..if width <= 12 { (1 << width) + 50 } else { 300 } {
        let enable = t < 1 << width.min(12) || rng.chance(0.5);
        p.set("in", enable)?;
        p.expect("out", state, &t)?;
        if enable {
            state = lfsr_after(width, state).unwrap();
        }
        assert!(state != seed || t + 1 >= (1u64 << width.min(12)) - 1, "width {width}: back after {t}");
        p.0.step()?;
    }
    Ok(())
}

fn delays(dut: &mut dyn Dut, stages: u64) -> Checked {
    let mut p = Ports(dut);
    let mut rng = Rng::new(9);
    // What other tests left behind moves out.
    for (name, value) in [("value_0", 0), ("value_1", 0), ("enable", 1)] {
        p.set(name, value)?;
    }
    p.0.step_n(stages)?;
    let mut always: VecDeque<(i64, u64)> = vec![(0, 0); stages as usize].into();
    let mut enabled = always.clone();
    for t in 0..200 {
        let (value, enable) = ((rng.between(0, 15) as i64 - 3, rng.between(0, 7)), rng.chance(0.6));
        p.set("value_0", value.0)?;
        p.set("value_1", value.1)?;
        p.set("enable", enable)?;
        always.push_back(value);
        enabled.push_back(value);
        p.expect("always_0", always[0].0, &t)?;
        p.expect("always_1", always[0].1, &t)?;
        p.expect("enabled_0", enabled[0].0, &t)?;
        p.expect("enabled_1", enabled[0].1, &t)?;
        always.pop_front();
        if enable {
            enabled.pop_front();
        } else {
            enabled.pop_back();
        }
        p.0.step()?;
    }
    Ok(())
}

/// All pairs of two small ranges, and random ones of large ranges, their ends more often than others.
fn pairs(a: IntTy, b: IntTy, random: u64) -> Vec<(Value, Value)> {
    let values = |t: IntTy| (0..t.count().to_i64().unwrap_or(0)).map(move |n| &t.lo() + &Value::from(n));
    match &a.count() * &b.count() {
        count if count.to_i64().is_some_and(|n| n <= 1 << 14) => {
            values(a).flat_map(|x| values(b).map(move |y| (x.clone(), y))).collect()
        }
        _ => {
            let mut rng = Rng::new(11);
            let mut value = |t: IntTy| {
                // Of any magnitude.
                let v = rng.value(Ty::Int(t)).shr(if rng.chance(0.5) {
                    rng.between(0, t.width().into()) as u32
                } else {
                    0
                });
                if t.contains(&v) { v } else { t.lo() }
            };
            (0..random).map(|_| (value(a), value(b))).collect()
        }
    }
}

/// Inputs one a clock, and each one's results `latency` clocks later.
fn streamed<T>(
    dut: &mut dyn Dut,
    cases: &[T],
    latency: u64,
    set: impl Fn(&mut Ports, &T) -> Checked,
    check: impl Fn(&mut Ports, &T) -> Checked,
) -> Checked {
    let latency = latency as usize;
    let mut p = Ports(dut);
    for t in 0..cases.len() + latency {
        set(&mut p, &cases[t.min(cases.len() - 1)])?;
        if t >= latency {
            check(&mut p, &cases[t - latency])?;
        }
        p.0.step()?;
    }
    Ok(())
}

fn divides(dut: &mut dyn Dut, d: &Divider, latency: u64) -> Checked {
    let cases = pairs(d.dividend, d.divisor, 3000);
    let set = |p: &mut Ports, (a, b): &(Value, Value)| {
        p.set("dividend", a.clone())?;
        p.set("divisor", b.clone())
    };
    streamed(dut, &cases, latency, set, |p, case| {
        let (a, b) = (case.0.to_bigint(), case.1.to_bigint());
        let zero = b == BigInt::ZERO;
        let b = if zero { BigInt::from(1) } else { b };
        p.expect("quotient", &a / &b, case)?;
        p.expect("remainder", &a % &b, case)?;
        p.expect("by_zero", zero, case)
    })
}

fn takes_roots(dut: &mut dyn Dut, s: &SquareRoot, latency: u64) -> Checked {
    let cases = pairs(s.input, range(0..=0), 2000);
    streamed(
        dut,
        &cases,
        latency,
        |p, case| p.set("in", case.0.clone()),
        |p, (v, _)| {
            let (v, root) = (v.to_bigint(), p.big("root")?);
            assert!(&root * &root <= v && (&root + 1) * (&root + 1) > v, "the root of {v} is not {root}");
            p.expect("remainder", &v - &root * &root, &v)
        },
    )
}

/// Vectors, and angles where they are small: all, or random ones.
fn vectors(c: &Cordic, with_angle: bool) -> Vec<(f64, f64, i64)> {
    let full = 1i64 << c.angle_bits;
    let (lo, hi) = c.coordinate.small().unwrap();
    let mut cases = Vec::new();
    if (hi - lo) <= 64 {
        let angles = if with_angle { full } else { 1 };
        for x in lo..=hi {
            for y in lo..=hi {
                cases.extend((0..angles).map(|a| (x as f64, y as f64, a - full / 2)));
            }
        }
    } else {
        let mut rng = Rng::new(13);
        let mut coordinate = || rng.value(Ty::Int(c.coordinate)).to_f64();
        let pairs: Vec<(f64, f64)> = (0..5000).map(|_| (coordinate(), coordinate())).collect();
        // Every angle where there are few.
        let angle = |n: i64, rng: &mut Rng| match full <= 1 << 12 {
            true => n % full - full / 2,
            false => rng.between(0, full as u64 - 1) as i64 - full / 2,
        };
        cases.extend(pairs.into_iter().enumerate().map(|(n, (x, y))| (x, y, angle(n as i64, &mut rng))));
    }
    cases
}

fn set_vector(p: &mut Ports, (x, y, _): &(f64, f64, i64)) -> Checked {
    p.set("x", *x as i64)?;
    p.set("y", *y as i64)
}

fn rotates(dut: &mut dyn Dut, c: &Cordic) -> Checked {
    let (names, bound) = (["x_out", "y_out"], c.rotation_error());
    let worst = std::cell::Cell::new(0f64);
    let set = |p: &mut Ports, case: &(f64, f64, i64)| {
        set_vector(p, case)?;
        p.set("angle", case.2)
    };
    streamed(dut, &vectors(c, true), c.latency(), set, |p, &(x, y, angle)| {
        let (sin, cos) = (angle as f64 * TAU / (c.angle_bits as f64).exp2()).sin_cos();
        for (name, wanted) in names.iter().zip([x * cos - y * sin, x * sin + y * cos]) {
            let error = (p.int(name)? as f64 - c.gain() * wanted).abs();
            worst.set(worst.get().max(error));
            assert!(error <= bound, "{name} of {x}, {y} at {angle} in {c:?}: off by {error}, allowed {bound}");
        }
        Ok(())
    })?;
    eprintln!("{c:?}: rotation off by {} of {bound}", worst.get());
    Ok(())
}

fn to_polar(dut: &mut dyn Dut, c: &Cordic) -> Checked {
    let bound = c.magnitude_error();
    let worst = std::cell::Cell::new((0f64, 0f64));
    streamed(dut, &vectors(c, false), c.latency(), set_vector, |p, &(x, y, _)| {
        let radius = x.hypot(y);
        let error = (p.int("magnitude")? as f64 - c.gain() * radius).abs();
        assert!(error <= bound, "magnitude of {x}, {y} in {c:?}: off by {error}, allowed {bound}");
        let turns = p.int("angle")? as f64 / (c.angle_bits as f64).exp2();
        let off = turns - y.atan2(x) / TAU;
        let off = (off - off.round()).abs();
        if radius > 0.0 {
            let allowed = c.angle_error(radius);
            assert!(off <= allowed, "angle of {x}, {y} in {c:?}: off by {off} turns, allowed {allowed}");
            worst.set((worst.get().0.max(error), worst.get().1.max(off / allowed)));
        }
        Ok(())
    })?;
    eprintln!("{c:?}: magnitude off by {} of {bound}, angle by {} of what is allowed", worst.get().0, worst.get().1);
    Ok(())
}
