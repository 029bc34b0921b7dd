//! The Verilog of random modules: not a word from Verilator, Yosys and Icarus, and the same bytes every time.

use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_sim::lint::{expect_clean, lint};
use gatewright_verilator_tests::random::batches::{for_batches, member};
use gatewright_verilator_tests::random::harness::module_count;

#[test]
fn no_tool_complains() {
    for_batches(module_count(400), 200, |batch, _, first| {
        let dir = std::env::temp_dir().join(format!("gatewright-random-{}-{first}", std::process::id()));
        let output = emit(&batch.design, &EmitOptions::default());
        output.write_to(&dir).unwrap_or_else(|e| panic!("{e}"));
        let result = lint(&dir, &output.top);
        if result.is_ok() {
            let _ = std::fs::remove_dir_all(&dir);
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
