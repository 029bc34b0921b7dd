//! Writes the recipe, IR and Verilog of one random module: `random_dump SEED FOLDER`.

use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_dsl::ir::print;
use gatewright_verilator_tests::random::batches::member;
use gatewright_verilator_tests::random::generate::{Size, recipe};

fn main() {
    let mut args = std::env::args().skip(1);
    let seed = args.next().and_then(|s| s.parse().ok()).expect("a seed");
    let folder = args.next().expect("a folder");
    let recipe = recipe(seed, Size::MODULE);
    println!("{recipe:#?}");
    let member = member(recipe, seed).unwrap_or_else(|e| panic!("{e}"));
    println!("{}", print::print_without_places(&member.design));
    emit(&member.design, &EmitOptions::default()).write_to(folder).unwrap_or_else(|e| panic!("{e}"));
}
