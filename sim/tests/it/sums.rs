//! Constant matrix-vector products: the interpreter's sums, and those of the additions that `expand` writes, against the
//! additions worked out one by one.

use gatewright_dsl::ir::verify::verify;
use gatewright_dsl::ir::{Adders, Design, Dir, Op};
use gatewright_dsl::pass;
use gatewright_dsl::prelude::elaborate;
use gatewright_sim::{Dut, DutExt, Interpreter};

#[path = "../products/mod.rs"]
mod products;
use products::{ADDERS, Fast, LATENCY, Product, Rng, written};

fn sums_in(design: &Design) -> usize {
    let nodes = design.modules.values().flat_map(|m| m.nodes.values());
    nodes.filter(|n| matches!(n.op, Op::Matvec { .. })).count()
}

fn check(r: &mut Rng, inputs: usize, bits: u32, steps: usize, outputs: usize) -> usize {
    let product = Product::random(r, inputs, bits, steps, outputs);
    checked(r, product)
}

fn checked(r: &mut Rng, product: Product) -> usize {
    let design = elaborate(&product).unwrap_or_else(|e| panic!("{e}"));
    let mut engines = vec![Interpreter::new(&design).unwrap()];
    for adders in ADDERS {
        let written = written(&design, adders);
        assert_eq!(verify(&written), Ok(()));
        assert_eq!((sums_in(&written), written.modules[written.top].matvecs.len()), (0, 0));
        engines.push(Interpreter::new(&written).unwrap());
    }
    let pins = &design.modules[design.top].ports;
    for _ in 0..20 {
        let values: Vec<_> = product.inputs.iter().map(|&ty| r.value(ty)).collect();
        let wanted = product.sums(&values);
        for (which, engine) in engines.iter_mut().enumerate() {
            let named = |prefix: &str, k: usize| {
                let name = format!("{prefix}_{k}");
                let port = pins.values().find(|p| p.name == name).unwrap();
                (name, port.ty)
            };
            for (k, value) in values.iter().enumerate() {
                let (name, ty) = named("i", k);
                if ty.as_constant().is_none() {
                    engine.set(&name, value.clone()).unwrap();
                }
            }
            for (k, value) in wanted.iter().enumerate() {
                let (name, ty) = named("o", k);
                assert!(ty.contains(value), "{name} is {value}, not in {ty}: {product:?}");
                if ty.as_constant().is_none() {
                    assert_eq!(engine.get(&name).unwrap(), *value, "{name}, {which}: {product:?}");
                }
            }
        }
    }
    sums_in(&design)
}

/// With registers between the additions: in each clock from power-up on, the sums of the node are those of what is written,
/// and after the latency those of the inputs so long before. Gives the products that have stages.
fn check_pipelined(r: &mut Rng, product: Product, adders: Adders) -> usize {
    let mhz = [200, 400, 500][r.below(3)];
    let design = elaborate(&Fast { generator: product.clone(), mhz, adders }).unwrap_or_else(|e| panic!("{e}"));
    let latency = LATENCY.get() as usize;
    assert_eq!(verify(&design), Ok(()));
    let mut written = design.clone();
    pass::run(&mut written, &["expand"]).unwrap();
    assert_eq!(verify(&written), Ok(()));
    assert_eq!((sums_in(&written), written.modules[written.top].matvecs.len()), (0, 0));
    let mut engines = [Interpreter::new(&design).unwrap(), Interpreter::new(&written).unwrap()];
    let pins: Vec<_> = design.modules[design.top].ports.values().filter(|p| p.ty.as_constant().is_none()).collect();
    let mut wanted = Vec::new();
    for clock in 0..latency + 12 {
        let values: Vec<_> = product.inputs.iter().map(|&ty| r.value(ty)).collect();
        wanted.push(product.sums(&values));
        let number = |name: &str| name[2..].parse::<usize>().unwrap();
        for pin in pins.iter().filter(|p| p.dir == Dir::Input) {
            engines.iter_mut().for_each(|e| e.set(&pin.name, values[number(&pin.name)].clone()).unwrap());
        }
        for pin in pins.iter().filter(|p| p.dir == Dir::Output) {
            let found = engines.each_mut().map(|e| e.get(&pin.name).unwrap());
            assert_eq!(found[0], found[1], "{} in clock {clock} at {mhz} MHz: {product:?}", pin.name);
            if let Some(before) = clock.checked_sub(latency) {
                assert_eq!(found[0], wanted[before][number(&pin.name)], "{} at {mhz} MHz: {product:?}", pin.name);
            }
        }
        engines.iter_mut().for_each(|e| e.step().unwrap());
    }
    let products = design.modules.values().flat_map(|m| m.matvecs.values());
    products.filter(|m| m.pipeline.as_ref().is_some_and(|p| p.outputs.iter().any(|&stage| stage > 0))).count()
}

#[test]
fn sums_with_registers_are_those_of_the_additions() {
    let mut r = Rng(5);
    // Full adders are written at once.
    for (adders, some, all) in [(Adders::Two, 30, 4), (Adders::Three, 30, 4), (Adders::Compressors, 0, 0)] {
        let mut found = 0;
        for _ in 0..120 {
            let product = Product::random(&mut r, 6, 7, 12, 4);
            found += check_pipelined(&mut r, product, adders);
        }
        assert!(found >= some, "{found}");
        let mut found = 0;
        for _ in 0..4 {
            let product = Product::random(&mut r, 20, 8, 120, 20);
            found += check_pipelined(&mut r, product, adders);
        }
        assert_eq!(found, all);
        let mut found = 0;
        for _ in 0..60 {
            let product = Product::of_bits(&mut r, 9, 30, 2);
            found += check_pipelined(&mut r, product, adders);
        }
        assert!(found >= some, "{found}");
    }
}

#[test]
fn sums_are_those_of_the_additions() {
    let mut r = Rng(1);
    let found: usize = (0..150).map(|_| check(&mut r, 6, 7, 12, 4)).sum();
    assert!(found > 300, "{found}");
}

#[test]
fn sums_of_single_bits() {
    let mut r = Rng(2);
    for _ in 0..150 {
        let product = Product::of_bits(&mut r, 6, 10, 2);
        checked(&mut r, product);
    }
}

#[test]
fn wide_sums_are_those_of_the_additions() {
    let mut r = Rng(2);
    // Around the limit of machine words, and far above it.
    let found: usize = (0..210).map(|n| check(&mut r, 3, if n < 150 { 64 } else { 300 }, 6, 4)).sum();
    assert!(found > 400, "{found}");
}

#[test]
fn large_products() {
    let mut r = Rng(3);
    let found: usize = (0..5).map(|_| check(&mut r, 40, 8, 400, 60)).sum();
    assert!(found > 150, "{found}");
}
