//! Constants that arrive through ports: a tool folds by itself what the emitter cannot know, and must fold it rightly,
//! in claims too.

use gatewright_dsl::ir::Adders;
use gatewright_dsl::prelude::*;
#[path = "../../sim/tests/products/mod.rs"]
mod products;
use products::{Fast, LATENCY, Product, Rng};

use gatewright_sim::{Interpreter, RandomStimulus, SimError, Verilated, compare};

/// Every comparison of `a` with `b` and with a literal, and its negation.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Comparisons {
    literal: i64,
}

impl Generator for Comparisons {
    type In = (Int, Int);
    type Out = Vec<Bool>;
    fn shape(&self) -> (IntTy, IntTy) {
        (sint(3), sint(4))
    }
    fn build(&self, _: &Module, (a, b): (Int, Int)) -> Vec<Bool> {
        let c = self.literal;
        let claimed = [a.claim(range(c - 1..=3)).lt(b), a.claim(range(-4..=c + 1)).gt(b)];
        let pairs = [a.lt(b), a.le(b), a.gt(b), a.ge(b), a.eq(b), a.ne(b)];
        let literals = [a.lt(c), a.le(c), a.gt(c), a.ge(c), a.eq(c), a.ne(c)];
        let found: Vec<Bool> = pairs.into_iter().chain(literals).chain(claimed).collect();
        found.iter().map(|&x| !x).chain(found.iter().copied()).collect()
    }
}

/// Comparisons of constants around the literal.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Constants;

impl Generator for Constants {
    type In = Int;
    type Out = Vec<Bool>;
    fn shape(&self) -> IntTy {
        sint(3)
    }
    fn build(&self, m: &Module, free: Int) -> Vec<Bool> {
        let mut all = Vec::new();
        for literal in -2..=1 {
            let generator = Comparisons { literal };
            let name = |a: i64, b: i64| format!("l{}_a{}_b{}", literal + 2, a + 4, b + 4);
            for a in literal - 1..=literal + 1 {
                all.extend(m.inst(&name(a, 4), &generator, (lit(a), free)));
                for b in a - 1..=a + 1 {
                    all.extend(m.inst(&name(a, b), &generator, (lit(a), lit(b))));
                }
            }
        }
        all
    }
}

/// A sum of an unsigned number that is read off a signed port, and a constant that only the emitter finds.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Sums;

impl Generator for Sums {
    type In = Int;
    type Out = (Int, Int);
    fn shape(&self) -> IntTy {
        sint(8)
    }
    fn build(&self, m: &Module, s: Int) -> (Int, Int) {
        let x = s.wrap(uint(8)).claim(range(0..=200));
        let k = m.wire("k", sint(4));
        k.set(5);
        (x + k.get(), x - k.get())
    }
}

/// Random matrix-vector products, one beside the other.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Products(Vec<Product>);

impl Generator for Products {
    type In = Vec<products::In>;
    type Out = Vec<products::Out>;
    fn shape(&self) -> Vec<products::InShape> {
        self.0.iter().map(Generator::shape).collect()
    }
    fn build(&self, m: &Module, inputs: Vec<products::In>) -> Vec<products::Out> {
        let each = self.0.iter().zip(inputs).enumerate();
        each.map(|(n, (product, i))| m.inst(&format!("product_{n}"), product, i)).collect()
    }
}

fn agree(design: &Design) {
    let mut interpreter = Interpreter::new(design).unwrap();
    let mut verilated = match Verilated::new(design) {
        Err(e @ SimError::NoVerilator { .. }) if std::env::var_os("CI").is_none() => return eprintln!("SKIPPED: {e}"),
        other => other.unwrap(),
    };
    if let Err(e) = compare(vec![&mut interpreter, &mut verilated], 200, RandomStimulus::new(1)) {
        panic!("{e}");
    }
}

#[test]
fn widened_sums_extend_by_the_operands_own_sign() {
    agree(&elaborate(&Sums).unwrap_or_else(|e| panic!("{e}")));
}

#[test]
fn products_are_the_additions_in_verilog() {
    let mut r = Rng(6);
    let narrow = (0..40).map(|_| Product::random(&mut r, 5, 6, 10, 3)).collect();
    agree(&elaborate(&Products(narrow)).unwrap_or_else(|e| panic!("{e}")));
    let wide = (0..10).map(|_| Product::random(&mut r, 3, 70, 6, 3)).collect();
    agree(&elaborate(&Products(wide)).unwrap_or_else(|e| panic!("{e}")));
}

#[test]
fn products_with_registers_are_the_additions_in_verilog() {
    let mut r = Rng(7);
    for (mhz, adders) in [(400, Adders::Two), (500, Adders::Two), (400, Adders::Three), (500, Adders::Compressors)] {
        let kinds = |n: usize| match n % 2 {
            0 => Product::random(&mut r, 5, 6, 10, 3),
            _ => Product::of_bits(&mut r, 6, 10, 2),
        };
        let products = (0..24).map(kinds).collect();
        agree(&elaborate(&Fast { generator: Products(products), mhz, adders }).unwrap_or_else(|e| panic!("{e}")));
        assert!(LATENCY.get() > 0, "{mhz} MHz");
    }
}

#[test]
fn comparisons_of_constants_are_folded_rightly() {
    agree(&elaborate(&Constants).unwrap_or_else(|e| panic!("{e}")));
}
