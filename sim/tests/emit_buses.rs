//! The Verilog of buses and register banks is clean under all tools.

use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_sim::lint::{expect_clean, lint};

#[path = "buses/mod.rs"]
#[allow(dead_code)]
mod buses;

#[test]
fn tools_take_it_without_a_word() {
    for (n, case) in buses::behaviour::cases().into_iter().enumerate() {
        let output = emit(&case.design, &EmitOptions::default());
        assert_eq!(output, emit(&case.design, &EmitOptions::default()));
        let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bus_{n}"));
        let _ = std::fs::remove_dir_all(&dir);
        output.write_to(&dir).expect("a writable folder");
        expect_clean(lint(&dir, &output.top));
    }
}
