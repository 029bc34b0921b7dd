//! `gatewright demo`: an example from beginning to end.
//!
//! A 16×16 systolic array is elaborated, simulated on two real products, compared with plain integer multiplication,
//! and written as Verilog. It needs no program but this one.

use std::path::{Path, PathBuf};
use std::time::Instant;

use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_dsl::ids::Id;
use gatewright_dsl::ir::Design;
use gatewright_dsl::ir::verify::verify;
use gatewright_dsl::prelude::*;
use gatewright_sim::rng::Rng;
use gatewright_sim::{Interpreter, SimError, Stall, StreamSink, StreamSource, stream};

use crate::{Failure, output};

#[path = "../examples/systolic_output_stationary.rs"]
#[allow(dead_code)]
mod systolic;
use systolic::{MatMul, Matrix, beats};

const SIZE: usize = 16;

/// What `gatewright demo` takes.
#[derive(clap::Args)]
pub struct Arguments {
    /// Where the Verilog goes.
    #[arg(short, long, value_name = "DIR", default_value = "gatewright-demo")]
    output: PathBuf,
}

/// Runs the sub-command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut story = String::new();
    let outcome = show(&arguments.output, &mut story);
    output::write(Path::new("-"), &story)?;
    outcome
}

impl From<SimError> for Failure {
    fn from(e: SimError) -> Failure {
        Failure::Finding(e.to_string())
    }
}

/// Runs the demo, writes the Verilog to `dir` and the story to `say`.
fn show(dir: &Path, say: &mut String) -> Result<(), Failure> {
    *say +=
        &format!("Gatewright multiplies matrices: a systolic array of {SIZE}×{SIZE} multiply-accumulate elements,\n");
    *say += "8-bit signed operands, exact sums. The source is examples/systolic_output_stationary.rs.\n\n";

    let start = Instant::now();
    let design = elaborate(&MatMul::int8(SIZE, SIZE, SIZE as u64)).map_err(|e| Failure::Finding(e.to_string()))?;
    verify(&design).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::Finding(lines.join("\n"))
    })?;
    let names: Vec<&str> = design.modules.values().map(|m| m.name.as_str()).collect();
    let size = Size::of(&design);
    *say += &format!("Elaborated and checked in {}:\n", since(start));
    *say += &format!("  {} modules ({}), {} instances\n", names.len(), names.join(", "), size.instances);
    *say += &format!("  {} registers with {} bits in all\n", size.registers, size.bits);

    let start = Instant::now();
    let products = operands();
    let mut dut = Interpreter::new(&design)?;
    let mut source = StreamSource::new(&dut, "terms")?;
    let mut sink = StreamSink::new(&dut, "product", products.len() * SIZE)?.stall(Stall::Random(0.25), 1);
    for (a, w) in &products {
        beats(a, w).into_iter().try_for_each(|beat| source.push(beat))?;
    }
    let cycles = stream::run(&mut dut, &mut [&mut source, &mut sink], 1000)?;
    *say += &format!("Simulated {} products in {}:\n", products.len(), since(start));
    *say += &format!("  {cycles} cycles on the interpreter, with stalls at the output; no assertion failed\n");

    let expected: Vec<Vec<i64>> = products.iter().flat_map(|(a, w)| multiply(a, w)).collect();
    for (n, (row, beat)) in expected.iter().zip(sink.beats()).enumerate() {
        let got: Vec<Option<i64>> = beat.payload.iter().map(Value::to_i64).collect();
        if row.iter().map(|&v| Some(v)).ne(got) {
            let (product, n) = (n / SIZE + 1, n % SIZE);
            let what = format!("row {n} of product {product} is {:?}, and not {row:?}", beat.payload);
            return Err(Failure::Finding(what));
        }
    }
    let sums = expected.len() * SIZE;
    *say += &format!("  all {sums} sums equal plain integer multiplication\n");
    *say += &format!("  the last row begins {:?}\n", &expected[expected.len() - 1][..6]);

    let start = Instant::now();
    let files = emit(&design, &EmitOptions::default());
    files.write_to(dir).map_err(|e| Failure::Unusable(e.to_string()))?;
    *say += &format!("Wrote {} files to {} in {}:\n", files.files.len(), dir.display(), since(start));
    for file in &files.files {
        *say += &format!("  {:20} {:>6} lines\n", file.name, file.text.lines().count());
    }
    *say += "\nThe Verilog is for any tool. With Verilator installed, for example:\n";
    *say += &format!("  cd {} && verilator --lint-only -Wall --top-module {} -f files.f\n", dir.display(), files.top);
    Ok(())
}

/// What a design holds, all instances counted.
struct Size {
    instances: u64,
    registers: u64,
    bits: u64,
}

impl Size {
    fn of(design: &Design) -> Size {
        let mut size = Size { instances: 0, registers: 0, bits: 0 };
        let mut copies = vec![0; design.modules.len()];
        copies[design.top.index()] = 1;
        // A module is finished before those that use it.
        for (id, module) in design.modules.iter().rev() {
            let here = copies[id.index()];
            for inst in module.insts.values() {
                copies[inst.module.index()] += here;
                size.instances += here;
            }
            for reg in module.regs.values() {
                size.registers += here;
                size.bits += here * u64::from(reg.ty.width());
            }
        }
        size
    }
}

/// Two products: random matrices, and the ends of the range.
fn operands() -> Vec<(Matrix, Matrix)> {
    let mut rng = Rng::new(2026);
    let mut random = || (0..SIZE).map(|_| (0..SIZE).map(|_| rng.between(0, 255) as i64 - 128).collect()).collect();
    let ends = |even: i64, odd: i64| {
        (0..SIZE).map(|r| (0..SIZE).map(|c| if (r + c) % 2 == 0 { even } else { odd }).collect()).collect()
    };
    vec![(ends(-128, 127), ends(127, -128)), (random(), random())]
}

/// The independent answer.
fn multiply(a: &Matrix, w: &Matrix) -> Matrix {
    let dot = |row: &Vec<i64>, c: usize| row.iter().zip(w).map(|(x, of_w)| x * of_w[c]).sum();
    a.iter().map(|row| (0..w[0].len()).map(|c| dot(row, c)).collect()).collect()
}

fn since(start: Instant) -> String {
    format!("{:.1} ms", start.elapsed().as_secs_f64() * 1000.0)
}
