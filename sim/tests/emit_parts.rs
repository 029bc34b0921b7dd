//! Designs written in the language: their Verilog is clean under all tools.

use std::sync::Arc;

use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_dsl::parts::fifo::{Fifo, FifoStyle};
use gatewright_dsl::parts::ram::{Mode, Rom, SimpleDualPort, SinglePort, TrueDualPort};
use gatewright_dsl::prelude::*;
use gatewright_sim::lint::{expect_clean, lint};
use gatewright_sim::synth::{self, Cells, Family, SynthError};

#[path = "clocks/designs.rs"]
#[allow(dead_code)]
mod clocks;
#[path = "parts/mod.rs"]
#[allow(dead_code)]
mod parts;

/// Counts and wraps; shows the count under the register's own name, and a claim.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Counter {
    top: u64,
}

#[derive(Bundle)]
struct CounterIn {
    enable: Bool,
    clear: Bool,
    step: Int,
}

#[derive(Bundle)]
struct CounterOut {
    count: Int,
    total: Int,
}

impl Generator for Counter {
    type In = CounterIn;
    type Out = CounterOut;

    fn shape(&self) -> CounterInShape {
        CounterInShape { enable: BOOL, clear: BOOL, step: range(-3..=12) }
    }

    fn build(&self, m: &Module, i: CounterIn) -> CounterOut {
        let count = m.reg("count", range(0..=self.top)).reset(0);
        let total = m.reg("total", sint(12)).reset(0);
        m.when(i.clear, || count.set(lit(0)))
            .elsewhen(i.enable, || {
                count.set(count.q().next_wrapping(self.top + 1));
                total.set((total.q() + i.step * count.q()).claim(sint(12)));
            })
            .otherwise(|| total.set(total.q().wrap(sint(4))));
        CounterOut { count: count.q(), total: total.q() }
    }
}

fn check(design: Design) {
    let name = design.modules[design.top].name.clone();
    check_as(&name, design);
}

fn check_as(name: &str, design: Design) {
    let output = emit(&design, &EmitOptions::default());
    assert_eq!(output, emit(&design, &EmitOptions::default()));
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("part_{name}"));
    let _ = std::fs::remove_dir_all(&dir);
    output.write_to(&dir).expect("a writable folder");
    expect_clean(lint(&dir, &output.top));
}

#[test]
fn a_counter() {
    check(elaborate(&Counter { top: 9 }).expect("a correct generator"));
}

#[test]
fn fifos() {
    for style in [FifoStyle::Registers, FifoStyle::LutRam, FifoStyle::BlockRam] {
        let fifo = Fifo::new(range(-3..=12), 5).style(style);
        check(elaborate(&fifo).expect("a correct generator"));
        check(elaborate(&fifo.fall_through()).expect("a correct generator"));
    }
}

/// In one design, so that each tool runs once.
#[test]
fn parts_in_all_sizes() {
    let mut cases = parts::behaviour::cases();
    cases.extend(parts::behaviour::other_cases());
    let batch = gatewright_sim::Batch::new(cases.iter().map(|case| &case.design)).expect("designs that fit together");
    check_as("all_sizes", batch.design);
}

/// A port of the module's own name, and a register.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Sum;

#[derive(Bundle)]
struct SumOut {
    sum: Int,
}

impl Generator for Sum {
    type In = Int;
    type Out = SumOut;
    fn shape(&self) -> IntTy {
        sint(8)
    }
    fn build(&self, m: &Module, i: Int) -> SumOut {
        SumOut { sum: m.delay("last", i) + i }
    }
}

/// Instances of the names of their child's module, port, register and clock.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Names;

impl Generator for Names {
    type In = Int;
    type Out = Int;
    fn shape(&self) -> IntTy {
        sint(8)
    }
    fn build(&self, m: &Module, i: Int) -> Int {
        ["sum", "last", "out", "names"].iter().fold(i, |i, name| m.inst(name, &Sum, i.wrap(sint(8))).sum)
    }
}

#[test]
fn names_that_a_tool_confuses() {
    let sum = elaborate(&Sum).expect("a correct generator");
    assert_eq!(sum.modules[sum.top].name, "sum_top");
    check(sum);
    check(elaborate(&Names).expect("a correct generator"));
}

/// The cells that Yosys makes of each part for a family; `None` without Yosys.
fn synthesised(name: &str, parts: &[(String, Design)], family: Family) -> Option<Vec<Cells>> {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("inferred_{name}_{family:?}"));
    let designs: Vec<&Design> = parts.iter().map(|(_, design)| design).collect();
    match synth::cells(&designs, family, &folder) {
        Ok(cells) => Some(cells),
        Err(e @ SynthError::NoYosys(_)) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {e}");
            None
        }
        Err(e) => panic!("{e}"),
    }
}

fn part(name: &str, part: &impl Generator) -> (String, Design) {
    (name.to_string(), elaborate(part).expect("a correct generator"))
}

/// What Yosys makes of a large FIFO.
#[test]
fn fifos_are_where_their_style_says() {
    let fifo = |style| part(&format!("{style:?}"), &Fifo::new(uint(17), 512).style(style));
    let fifos = [fifo(FifoStyle::BlockRam), fifo(FifoStyle::LutRam)];
    for family in Family::ALL {
        let Some(cells) = synthesised("fifos", &fifos, family) else { return };
        let (block, lut) = (&cells[0], &cells[1]);
        assert!(block.block_rams() > 0 && block.lut_rams() == 0, "{family:?}: {block:?}");
        assert!(lut.block_rams() == 0 && lut.lut_rams() > 0, "{family:?}: {lut:?}");
    }
}

/// Large memories become block memory and nothing else: no word of them is in registers, which would be thousands.
#[test]
fn rams_are_block_memory() {
    let word = |lanes: usize| vec![gatewright_dsl::prelude::word(8); lanes];
    let mut parts = Vec::new();
    for (mode, masks) in [(Mode::ReadFirst, false), (Mode::WriteFirst, true), (Mode::NoChange, true)] {
        let ram = SinglePort { word: word(2), depth: 1024, masks, mode, output_register: masks };
        parts.push(part(&format!("single_{mode:?}"), &ram));
    }
    for (collision, masks) in [(Collision::Old, true), (Collision::New, false), (Collision::Undefined, true)] {
        let ram = SimpleDualPort { word: word(4), depth: 1024, masks, collision, output_register: false };
        parts.push(part(&format!("simple_{collision:?}"), &ram));
    }
    let ram = TrueDualPort { word: word(2), depth: 1024, masks: false, output_register: false };
    parts.push(part("dual", &ram));
    parts.push(part("dual_masks", &TrueDualPort { masks: true, ..ram }));
    let contents = Arc::new((0..2048u32).map(|n| Value::from(n * n % 65_521)).collect());
    parts.push(part("rom", &Rom { word: uint(16), contents, output_register: false }));
    for family in Family::ALL {
        let Some(all) = synthesised("rams", &parts, family) else { return };
        for ((name, _), cells) in parts.iter().zip(&all) {
            let right = cells.block_rams() > 0 && cells.lut_rams() == 0 && cells.registers() <= 100;
            assert!(right, "{name}, {family:?}: {cells:?}");
        }
    }
}

#[path = "small_parts/designs.rs"]
mod designs;

/// In one design, so that each tool runs once.
#[test]
fn small_parts() {
    let all = designs::all();
    let batch = gatewright_sim::Batch::new(all.iter().map(|(_, design)| design)).expect("designs that fit together");
    check(batch.design);
}

#[test]
fn parts_between_clocks() {
    for (n, kind) in clocks::all().into_iter().enumerate() {
        check_as(&format!("clocks_{n}"), kind.design());
    }
}
