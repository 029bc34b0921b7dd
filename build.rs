//! The build script of `verilator_tests`: models of fixed designs, compiled with Verilator and linked into the tests.

#[path = "verilator_tests/src/fixed.rs"]
mod fixed;

fn main() {
    println!("cargo::rerun-if-changed=../build.rs");
    println!("cargo::rerun-if-changed=src/fixed.rs");
    let designs: Vec<_> = fixed::all().into_iter().map(|(name, design)| (name, design.expect(name))).collect();
    let named: Vec<_> = designs.iter().map(|(name, design)| (*name, design)).collect();
    if let Err(e) = gatewright_sim::verilator::build_script::compile(&named) {
        println!("cargo::error={}", e.to_string().replace('\n', " | "));
    }
}
