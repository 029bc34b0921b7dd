//! Random expressions and modules: the interpreter on what the front end made of them, against the evaluator, which
//! steps the recipe itself.

use gatewright_verilator_tests::random::generate::Size;
use gatewright_verilator_tests::random::harness::{check_interpreter, for_seeds, module_count};

#[test]
fn expressions() {
    for_seeds(module_count(2000), Size::GRAPH, check_interpreter);
}

#[test]
fn modules() {
    for_seeds(module_count(2000), Size::MODULE, check_interpreter);
}
