//! Random modules on Verilator, many in one build: evaluator, interpreter and Verilator agree at every clock, and no
//! assertion fails.

use std::time::Instant;

use gatewright_sim::verilator::Options as VerilatorOptions;
use gatewright_sim::{Batch, Dut, Interpreter, OnFailure, Pin, SimError, Verilated};
use gatewright_verilator_tests::random::batches::{Member, batch_resets, for_batches, member};
use gatewright_verilator_tests::random::harness::{Clock, Failure, Trace, module_count, report, run, same};
use gatewright_verilator_tests::random::recipe::Recipe;

/// Modules per build.
const SIZE: u64 = 200;

fn build_options() -> VerilatorOptions {
    VerilatorOptions { optimise: "-O0".into(), ..VerilatorOptions::default() }
}

/// Where Verilator is missing the test is skipped, but not in CI.
fn model(design: &gatewright_dsl::ir::Design) -> Result<Option<Verilated>, Failure> {
    match Verilated::with(design, &build_options()) {
        Ok(dut) => Ok(Some(dut)),
        Err(e @ SimError::NoVerilator { .. }) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {e}");
            Ok(None)
        }
        Err(e) => Err(Failure::Engine(e.to_string())),
    }
}

/// One module alone on Verilator.
fn alone(recipe: &Recipe, seed: u64, resets: &[bool]) -> Result<(), Failure> {
    let member = member(recipe.clone(), seed)?;
    let (stimulus, wanted) = member.expected(resets)?;
    let Some(mut dut) = model(&member.design)? else { return Ok(()) };
    same("Verilator", &run(&mut dut, recipe.outputs.len(), &stimulus)?, &wanted)
}

fn failed(m: &Member, resets: &[bool], failure: &Failure) -> ! {
    panic!("{}", report(&m.recipe, m.seed, failure, 300, &|r, seed| alone(r, seed, resets)))
}

/// Runs the whole batch; one trace per module.
fn run_batch(
    dut: &mut dyn Dut,
    batch: &Batch,
    members: &[Member],
    stimuli: &[Vec<Clock>],
    resets: &[bool],
) -> Vec<Trace> {
    dut.on_failure(OnFailure::Collect);
    let mut traces = vec![Trace::new(); members.len()];
    let clocks = dut.interface().clocks.clone();
    for (t, &reset) in resets.iter().enumerate() {
        for (n, clock) in clocks.iter().enumerate() {
            if clock.reset.is_some() {
                dut.poke_reset(n, reset).unwrap_or_else(|e| panic!("{e}"));
            }
        }
        for (n, stimulus) in stimuli.iter().enumerate() {
            let mut view = batch.view(dut, n).unwrap_or_else(|| panic!("design {n}"));
            for (pin, v) in stimulus[t].inputs.iter().enumerate() {
                view.poke_value(Pin(pin as u32), &v.clone().into()).unwrap_or_else(|e| panic!("{e}"));
            }
        }
        for (n, m) in members.iter().enumerate() {
            let mut view = batch.view(dut, n).unwrap_or_else(|| panic!("design {n}"));
            let first = m.recipe.inputs.len();
            let outputs = (first..first + m.recipe.outputs.len())
                .map(|pin| view.peek(Pin(pin as u32)).unwrap_or_else(|e| panic!("{e}")).to_bigint());
            let outputs = outputs.collect();
            traces[n].push(outputs);
        }
        dut.step().unwrap_or_else(|e| panic!("{e}"));
    }
    traces
}

#[test]
fn modules() {
    for_batches(module_count(2000), SIZE, |batch, members, first| {
        let resets = batch_resets(first);
        let expected: Vec<(Vec<Clock>, Trace)> =
            members.iter().map(|m| m.expected(&resets).unwrap_or_else(|e| panic!("seed {}: {e}", m.seed))).collect();
        let stimuli: Vec<Vec<Clock>> = expected.iter().map(|e| e.0.clone()).collect();
        let begun = Instant::now();
        let Some(mut verilated) = model(&batch.design).unwrap_or_else(|e| panic!("seeds from {first}: {e}")) else {
            return;
        };
        let built = begun.elapsed();
        let mut interpreter = Interpreter::new(&batch.design).unwrap_or_else(|e| panic!("{e}"));
        let engines: [(&str, &mut dyn Dut); 2] = [("the interpreter", &mut interpreter), ("Verilator", &mut verilated)];
        for (name, dut) in engines {
            let traces = run_batch(dut, batch, members, &stimuli, &resets);
            for ((m, trace), (_, wanted)) in members.iter().zip(&traces).zip(&expected) {
                if let Err(failure) = same(name, trace, wanted) {
                    failed(m, &resets, &failure);
                }
            }
            if let Some(failure) = dut.take_failures().first() {
                panic!("seeds from {first}, {name}: {failure}");
            }
        }
        println!("seeds from {first}: {} modules, built in {built:.1?}, all in {:.1?}", members.len(), begun.elapsed());
    });
}
