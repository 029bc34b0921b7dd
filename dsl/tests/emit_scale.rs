//! Large and deep modules: linear time, no recursion over the graph, equal text for equal input.

mod support;

use std::time::Instant;

use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_dsl::ids::*;
use gatewright_dsl::ir::*;
use gatewright_dsl::pass::name;
use gatewright_dsl::ty::{Ty, sint, uint};
use support::*;

/// A chain of `count` operators, each on the one before: sums, products cut back, choices, and a register now and then.
fn chain(count: usize) -> Design {
    let mut b = Build::new("chain");
    let x = b.input("x", int(sint(8)));
    let c = b.input("c", Ty::BOOL);
    let mut n = x;
    let mut steps = 0;
    while b.m.nodes.len() < count {
        let product = b.mul(n, x);
        let sum = b.add(product, n);
        let low = b.cast(UnOp::Wrap, sum, sint(8));
        n = b.mux(c, low, x);
        steps += 1;
        if steps % 64 == 0 {
            let (r, q) = b.reg(&format!("r{steps}"), int(sint(8)), Some(0));
            let set = b.set(n);
            let when = b.when(c, vec![set], vec![]);
            b.m.regs[r].next = vec![when];
            n = q;
        }
    }
    b.output("y", n);
    b.design()
}

#[test]
fn a_deep_chain_is_written_in_linear_time() {
    let time = |count: usize| {
        let design = chain(count);
        let start = Instant::now();
        let output = emit(&design, &EmitOptions::default());
        let took = start.elapsed();
        eprintln!("{count} nodes: {took:?}, {} bytes", output.files.iter().map(|f| f.text.len()).sum::<usize>());
        took
    };
    time(10_000);
    // Linear would be 8 times as long, quadratic 64.
    let (small, large) = (time(50_000), time(400_000));
    assert!(large < small * 30, "{small:?} for 50,000 nodes, {large:?} for 400,000");
}

/// Pure nodes only, so that the whole depth is combinational: any recursion over it would overflow the test's stack.
#[test]
fn depth_does_not_matter() {
    let mut b = Build::new("deep");
    let x = b.input("x", Ty::Bits(8));
    let mut n = x;
    for _ in 0..300_000 {
        let bits = b.un(UnOp::Not, n);
        let number = b.un(UnOp::ToUint, bits);
        n = b.un(UnOp::ToBits, number);
    }
    b.output("y", n);
    let design = b.design();
    let output = emit(&design, &EmitOptions::default());
    let text = output.file("deep.v").expect("a file");
    let longest = text.lines().map(str::len).max().unwrap_or(0);
    assert!(longest < 140, "a line of {longest} characters");
    assert!(text.matches('~').count() == 300_000, "every inversion is written once");
}

/// Ten thousand `when`s in a row on one wire and on one register, each of which the next may override.
#[test]
fn many_statements_on_one_target() {
    let mut b = Build::new("many");
    let x = b.input("x", int(uint(16)));
    let mut block = vec![b.set(x)];
    for k in 0..10_000 {
        let constant = b.int(k);
        let c = b.bin(BinOp::Eq, x, constant);
        let value = b.int(k / 2);
        let inner = b.set(value);
        let inner = b.when(c, vec![], vec![inner]);
        block.push(b.when(c, vec![inner], vec![]));
    }
    let (r, q) = b.reg("r", int(uint(16)), None);
    b.m.regs[r].next = block.clone();
    let w = b.wire("w", int(uint(16)), block);
    b.output("q", q);
    b.output("w_out", w);
    let output = emit(&b.design(), &EmitOptions::default());
    let size = output.file("many.v").expect("a file").len();
    assert!(size < 10_000 * 500, "{size} bytes");
}

/// The order of the tables inside does not show, and an unrelated module does not change a file.
#[test]
fn equal_input_gives_equal_text() {
    let first = emit(&chain(5_000), &EmitOptions::default());
    let second = emit(&chain(5_000), &EmitOptions::default());
    assert_eq!(first, second);
    let both = |other: i64| {
        let mut b = Build::new("other");
        let x = b.input("x", int(sint(8)));
        let n = b.int(other);
        let y = b.add(x, n);
        b.output("y", y);
        emit(&combine("top", vec![chain(100).modules[ModuleId(0)].clone(), b.m]), &EmitOptions::default())
    };
    let (one, two) = (both(1), both(1000));
    assert_eq!(one.file("chain.v"), two.file("chain.v"));
    assert_ne!(one.file("other.v"), two.file("other.v"));
}

/// After the pass exactly the wires have names, and emission does not depend on whether the pass has run.
#[test]
fn names_are_those_of_the_wires() {
    let design = chain(2_000);
    let mut named = design.clone();
    name::run(&mut named);
    let options = EmitOptions { comments: false, ..EmitOptions::default() };
    assert_eq!(emit(&design, &options), emit(&named, &options));
    let text = emit(&named, &options);
    let text = text.file("chain.v").expect("a file");
    let module = &named.modules[named.top];
    for name in module.names.values() {
        assert!(text.contains(&format!(" {name} = ")), "{name} is a wire");
    }
    let wires = text.lines().filter(|l| l.starts_with("    wire ") && !l.contains("_unused")).count();
    assert_eq!(wires, module.names.len());
}

#[test]
fn files_are_written_whole_or_not_at_all() {
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("emit_write");
    let _ = std::fs::remove_dir_all(&dir);
    let output = emit(&chain(100), &EmitOptions::default());
    output.write_to(dir.join("rtl")).expect("a writable folder");
    for file in &output.files {
        assert_eq!(std::fs::read_to_string(dir.join("rtl").join(&file.name)).ok().as_ref(), Some(&file.text));
    }
    assert_eq!(
        std::fs::read_dir(dir.join("rtl")).expect("a folder").count(),
        output.files.len(),
        "nothing else is left"
    );
    // A folder stands where a file should be: an error that names it, and no part of a file.
    std::fs::create_dir_all(dir.join("blocked/chain.v")).expect("a writable folder");
    let error = output.write_to(dir.join("blocked")).expect_err("blocked");
    assert!(error.to_string().contains("chain.v"), "{error}");
    assert_eq!(std::fs::read_dir(dir.join("blocked")).expect("a folder").count(), 1, "no part is left");
}

/// The map leads from a line of Verilog to the statement that it prints.
#[test]
fn the_map_names_the_source() {
    let mut b = Build::new("mapped");
    let x = b.input("x", int(uint(8)));
    let (r, q) = b.reg("r", int(uint(8)), None);
    let set = b.set(x);
    let Stmt::Set { place, .. } = set else { unreachable!("a set") };
    b.m.regs[r].next = vec![set];
    b.output("y", q);
    let design = b.design();
    let output = emit(&design, &EmitOptions::default());
    let text = output.file("mapped.v").expect("a file");
    let line = 1 + text.lines().position(|l| l.contains("r <= x;")).expect("the statement");
    let map: serde_json::Value = serde_json::from_str(output.file("source_map.json").expect("a map")).expect("JSON");
    let entries = map["files"]["mapped.v"].as_array().expect("lines");
    let entry = entries.iter().find(|e| e[0] == line).expect("the line is in the map");
    assert_eq!(map["sources"][entry[1].as_u64().expect("an index") as usize], "tests/test.rs");
    assert_eq!(entry[2], design.places.0[place].line);
    assert_eq!(entry[3], 9);
}
