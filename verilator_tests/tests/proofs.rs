//! Proofs with z3: its reading of random modules against the evaluator; every pass on random modules and on the
//! examples; random expressions with pipeline registers.

// One example uses another.
#![allow(clippy::duplicate_mod)]

#[path = "../../examples/axi_stream_filter.rs"]
#[allow(dead_code)]
mod axi_stream_filter;
#[path = "../../examples/blinker.rs"]
#[allow(dead_code)]
mod blinker;
#[path = "../../examples/fir.rs"]
#[allow(dead_code)]
mod fir;
#[path = "../../examples/gcd.rs"]
#[allow(dead_code)]
mod gcd;
#[path = "../../examples/mac.rs"]
#[allow(dead_code)]
mod mac;
#[path = "../../examples/systolic_output_stationary.rs"]
#[allow(dead_code)]
mod output_stationary;
#[path = "../../examples/register_bank.rs"]
#[allow(dead_code)]
mod register_bank;
#[path = "../../examples/stream_pipeline.rs"]
#[allow(dead_code)]
mod stream_pipeline;
#[path = "../../examples/uart_bridge.rs"]
#[allow(dead_code)]
mod uart_bridge;
#[path = "../../examples/systolic_weight_stationary.rs"]
#[allow(dead_code)]
mod weight_stationary;

use std::cell::Cell;

use gatewright_dsl::ir::{Design, ModuleKind};
use gatewright_dsl::parts::uart::UartLine;
use gatewright_dsl::pass::{self, PASSES};
use gatewright_dsl::prelude::*;
use gatewright_sim::prove::{self, Equality, Given, ProveError};
use gatewright_verilator_tests::random::generate::Size;
use gatewright_verilator_tests::random::harness::{
    Failure, design, expected, for_seeds, module_count, options, resets, same, stimulus,
};
use gatewright_verilator_tests::random::recipe::Recipe;

/// True where z3 is there; says so where it is not.
fn has_z3() -> bool {
    match prove::version() {
        Ok(_) => true,
        Err(e @ ProveError::NoZ3 { .. }) if std::env::var_os("CI").is_none() => {
            eprintln!("SKIPPED: {e}");
            false
        }
        Err(e) => panic!("{e}"),
    }
}

fn after(design: &Design, names: &[&str]) -> Design {
    let mut after = design.clone();
    pass::run(&mut after, names).expect("passes");
    after
}

fn bounds() -> prove::Options {
    prove::Options { depth: 8, effort: 20_000_000, ..prove::Options::default() }
}

/// z3 is told the inputs and finds the outputs that the evaluator computes.
fn is_read_rightly(recipe: &Recipe, seed: u64) -> Result<(), Failure> {
    const CLOCKS: usize = 8;
    let options = options(seed);
    let stimulus = stimulus(recipe, seed, &resets(seed, CLOCKS));
    let wanted = expected(recipe, &options, &stimulus)?;
    let design = design(recipe, &options)?;
    let given = stimulus.iter().map(|clock| Given {
        reset: clock.reset,
        inputs: clock.inputs.iter().map(|v| Value::from(v.clone())).collect(),
    });
    let found = prove::run(&design, &given.collect::<Vec<_>>()).map_err(|e| Failure::Engine(e.to_string()))?;
    if let Some(outcome) = found.iter().find(|o| !o.failures.is_empty()) {
        return Err(Failure::Engine(format!("checks fail: {:?}", outcome.failures)));
    }
    let outputs = found.iter().map(|o| o.outputs.iter().map(Value::to_bigint).collect()).collect();
    same("z3", &outputs, &wanted)
}

#[test]
fn expressions_are_read_rightly() {
    if has_z3() {
        for_seeds(module_count(150), Size::GRAPH, is_read_rightly);
    }
}

#[test]
fn modules_are_read_rightly() {
    if has_z3() {
        for_seeds(module_count(60), Size::MODULE, is_read_rightly);
    }
}

#[test]
fn passes_keep_random_modules() {
    if !has_z3() {
        return;
    }
    let (proved, bounded) = (Cell::new(0), Cell::new(0));
    let names: Vec<&str> = PASSES.iter().map(|p| p.name).collect();
    for_seeds(module_count(40), Size::MODULE, |recipe, seed| {
        let before = design(recipe, &options(seed))?;
        for names in names.chunks(1).chain([&names[..]]) {
            match prove::equal(&before, &after(&before, names), &bounds()) {
                Ok(Equality::Proved) => proved.set(proved.get() + 1),
                Ok(Equality::HoldsTo(n)) if n > 0 => {
                    println!("seed {seed}, {}: in {n} clocks", names.join(" "));
                    bounded.set(bounded.get() + 1);
                }
                Ok(other) => return Err(Failure::Other("proof", format!("{}: {other}", names.join(" ")))),
                Err(e) => return Err(Failure::Engine(e.to_string())),
            }
        }
        Ok(())
    });
    let (proved, bounded) = (proved.get(), bounded.get());
    println!("{proved} proved, {bounded} in the first clocks");
    assert!(bounded * 10 <= proved, "{proved} proved, {bounded} only in the first clocks");
}

thread_local! {
    static LATENCY: Cell<u32> = const { Cell::new(0) };
}

/// A random expression with registers for a clock of so many MHz.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Piped {
    recipe: Recipe,
    mhz: u32,
}

impl Generator for Piped {
    type In = <Recipe as Generator>::In;
    type Out = <Recipe as Generator>::Out;
    fn shape(&self) -> <Self::In as Bundle>::Shape {
        self.recipe.shape()
    }
    fn build(&self, m: &Module, i: Self::In) -> Self::Out {
        let (out, latency) = m.pipelined("fast", &self.recipe, i, &Target::lut6(f64::from(self.mhz)));
        LATENCY.set(latency);
        out
    }
}

#[test]
fn random_expressions_pipelined() {
    if !has_z3() {
        return;
    }
    let several = Cell::new(0);
    for_seeds(module_count(60), Size::GRAPH, |recipe, _| {
        let first = design(recipe, &Options::default())?;
        for mhz in [20, 50, 100, 200, 400] {
            let later = match elaborate(&Piped { recipe: recipe.clone(), mhz }) {
                Ok(later) => later,
                // An operation that does not fit the clock.
                Err(e) if e.codes().iter().all(|c| *c == "E0217") => continue,
                Err(e) => return Err(Failure::Refused(e.to_string())),
            };
            let latency = LATENCY.get();
            several.set(several.get() + u32::from(latency > 0));
            match prove::equal_later(&first, &later, latency, &bounds()) {
                Ok(Equality::Proved) => {}
                Ok(other) => return Err(Failure::Other("proof", format!("{latency} clocks: {other}"))),
                Err(e) => return Err(Failure::Engine(e.to_string())),
            }
        }
        Ok(())
    });
    println!("{} with registers", several.get());
    assert!(several.get() >= 10, "{}", several.get());
}

/// Every example of one clock, small, with a name; and each of their modules as a top.
fn examples() -> Vec<(String, Design)> {
    fn design<G: Generator>(generator: &G) -> Design {
        elaborate(generator).expect("an example")
    }
    let tops = [
        ("axi_stream_filter", design(&axi_stream_filter::MovingAverage { width: 8, log2_window: 1 })),
        ("register_bank", design(&register_bank::Detector)),
        ("uart_bridge", design(&uart_bridge::UartBridge { line: UartLine::new(1_600_000, 115_200), depth: 2 })),
        ("blinker", design(&blinker::Blinker { half_period: 5 })),
        ("gcd", design(&gcd::Gcd { width: 8 })),
        ("fir", design(&fir::Fir { sample: sint(8), tap: sint(4), taps: 3 })),
        (
            "stream_pipeline",
            design(&stream_pipeline::Sorter { sample: uint(8), pedestal: 10, gain: 4, threshold: 300, depth: 3 }),
        ),
        ("mac", design(&mac::Pe { act: uint(4), wgt: sint(4), terms: 4 })),
        ("output_stationary", design(&output_stationary::MatMul::int8(2, 2, 4))),
        ("weight_stationary", design(&weight_stationary::VecMat { rows: 2, cols: 2, act: uint(8), wgt: sint(8) })),
    ];
    let mut all = Vec::new();
    for (name, design) in tops {
        for (id, module) in design.modules.iter().filter(|(_, m)| m.kind == ModuleKind::Body) {
            all.push((format!("{name}: {}", module.name), Design { top: id, ..design.clone() }));
        }
    }
    all
}

#[test]
fn passes_keep_the_examples() {
    if !has_z3() {
        return;
    }
    let names: Vec<&str> = PASSES.iter().map(|p| p.name).collect();
    for (what, before) in examples() {
        for names in names.chunks(1).chain([&names[..]]) {
            let found = prove::equal(&before, &after(&before, names), &bounds()).expect("an answer");
            assert_eq!(found, Equality::Proved, "{what} after {}: {found}", names.join(" "));
        }
    }
}
