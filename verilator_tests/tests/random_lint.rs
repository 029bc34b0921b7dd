//! The Verilog of random modules: not a word from Verilator, Yosys and Icarus, and the same bytes every time.

use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_dsl::ir::Design;
use gatewright_sim::lint::{LintReport, expect_clean, lint};
use gatewright_verilator_tests::random::batches::{Member, for_batches, member};
use gatewright_verilator_tests::random::harness::{Failure, module_count, report};
use gatewright_verilator_tests::random::recipe::Recipe;

/// What the tools say about a design.
fn linted(design: &Design, name: &str) -> Result<(), LintReport> {
    let dir = std::env::temp_dir().join(format!("gatewright-random-{}-{name}", std::process::id()));
    let output = emit(design, &EmitOptions::default());
    output.write_to(&dir).unwrap_or_else(|e| panic!("{e}"));
    let result = lint(&dir, &output.top);
    let _ = std::fs::remove_dir_all(&dir);
    result
}

fn alone(recipe: &Recipe, seed: u64) -> Result<(), Failure> {
    linted(&member(recipe.clone(), seed)?.design, "one").map_err(|e| Failure::Other("lint", e.to_string()))
}

#[test]
fn no_tool_complains() {
    for_batches(module_count(400), 200, |batch, members, first| {
        let result = linted(&batch.design, &first.to_string());
        if result.as_ref().is_err_and(|e| !e.only_missing()) {
            let failed: Vec<(&Member, Failure)> =
                members.iter().filter_map(|m| Some((m, alone(&m.recipe, m.seed).err()?))).collect();
            for (m, failure) in &failed {
                println!("seed {}: {failure}\n", m.seed);
            }
            if let Some((m, failure)) = failed.first() {
                panic!("{}", report(&m.recipe, m.seed, failure, 150, &alone));
            }
        }
        expect_clean(result);
    });
}

#[test]
fn the_same_recipe_gives_the_same_bytes() {
    for_batches(module_count(300), 100, |_, members, _| {
        for m in members {
            let again = member(m.recipe.clone(), m.seed).unwrap_or_else(|e| panic!("{e}"));
            let (a, b) = (emit(&m.design, &EmitOptions::default()), emit(&again.design, &EmitOptions::default()));
            assert_eq!(a, b, "seed {}", m.seed);
        }
    });
}
