//! Passes on large modules: linear time, and no stack used.

use std::time::Instant;

use super::super::PASSES;
use crate::ir::Design;
use crate::ir::parse::parse;
use crate::ir::print::print;
use crate::ir::verify::verify;

/// A chain as deep as it has nodes, with a register every 1000.
fn chain(nodes: usize) -> Design {
    let mut text = String::from(
        "design top module0 module module0 m { domain domain0 clk input port0 a: 0..=255 input port1 b: bits<8> ",
    );
    text += &format!("output port2 y: 0..=255 = %{} ", nodes - 1);
    text += "%0: 0..=255 = port0 %1: bits<8> = port1 ";
    let mut regs = String::new();
    for n in 2..nodes {
        let (x, y) = (n - 1, n / 2);
        text += &match n % 1000 {
            2 => format!("%{n}: 0..=255 = to_uint %1 "),
            999 => {
                let r = n / 1000;
                regs += &format!("reg reg{r} r{r}: 0..=255 domain0 reset 0 {{ #0 set %{x} }} ");
                format!("%{n}: 0..=255 = reg{r} ")
            }
            _ if y < 2 => format!("%{n}: 0..=255 = min %{x} %0 "),
            _ if n % 2 == 0 => format!("%{n}: 0..=255 = min %{x} %{y} "),
            _ => format!("%{n}: 0..=255 = max %{x} %{y} "),
        };
    }
    parse(&(text + &regs + "}")).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn passes_on_a_million_nodes() {
    let design = chain(1_000_000);
    let start = Instant::now();
    assert_eq!(verify(&design), Ok(()));
    eprintln!("verify {:?}", start.elapsed());
    for pass in PASSES {
        let mut design = design.clone();
        let start = Instant::now();
        (pass.run)(&mut design);
        eprintln!("{} {:?}, {} nodes left", pass.name, start.elapsed(), design.modules[design.top].nodes.len());
        assert_eq!(verify(&design), Ok(()));
        assert!(start.elapsed().as_secs() < 60, "loose, because machines are shared");
        assert!(!print(&design).is_empty());
    }
}
