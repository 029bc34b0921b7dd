//! `gatewright demo`: an example from beginning to end.
//!
//! A 16×16 systolic array is elaborated, simulated on two real products, compared with plain integer multiplication,
//! and written as Verilog. It needs no program but this one.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

use gatewright_dsl::emit::{EmitOptions, WriteError, emit};
use gatewright_dsl::ids::Id;
use gatewright_dsl::ir::Design;
use gatewright_dsl::prelude::*;
use gatewright_sim::rng::Rng;
use gatewright_sim::{Interpreter, Stall, StreamSink, StreamSource, stream};

use crate::Failure;

#[path = "../examples/systolic_output_stationary.rs"]
#[allow(dead_code)]
mod systolic;
use systolic::{MatMul, Matrix, beats};

const SIZE: usize = 16;

/// Runs the demo, writes the Verilog to `dir` and the story to the standard output.
pub fn run(dir: &Path) -> Result<(), Failure> {
    tell(dir, &mut io::stdout().lock()).or_else(|e| match e.downcast_ref::<io::Error>().map(io::Error::kind) {
        // Whoever reads has seen enough.
        Some(io::ErrorKind::BrokenPipe) => Ok(()),
        Some(_) => Err(Failure::Unusable(e.to_string())),
        None if e.is::<WriteError>() => Err(Failure::Unusable(e.to_string())),
        None => Err(Failure::Finding(e.to_string())),
    })
}

fn tell(dir: &Path, say: &mut impl Write) -> Result<(), Box<dyn Error>> {
    writeln!(say, "Gatewright multiplies matrices: a systolic array of {SIZE}×{SIZE} multiply-accumulate elements,")?;
    writeln!(say, "8-bit signed operands, exact sums. The source is examples/systolic_output_stationary.rs.\n")?;

    let start = Instant::now();
    let design = elaborate(&MatMul::int8(SIZE, SIZE, SIZE as u64))?;
    let names: Vec<&str> = design.modules.values().map(|m| m.name.as_str()).collect();
    let size = Size::of(&design);
    writeln!(say, "Elaborated and checked in {}:", since(start))?;
    writeln!(say, "  {} modules ({}), {} instances", names.len(), names.join(", "), size.instances)?;
    writeln!(say, "  {} registers with {} bits in all", size.registers, size.bits)?;

    let start = Instant::now();
    let products = operands();
    let mut dut = Interpreter::new(&design)?;
    let mut source = StreamSource::new(&dut, "terms")?;
    let mut sink = StreamSink::new(&dut, "product", products.len() * SIZE)?.stall(Stall::Random(0.25), 1);
    for (a, w) in &products {
        beats(a, w).into_iter().try_for_each(|beat| source.push(beat))?;
    }
    let cycles = stream::run(&mut dut, &mut [&mut source, &mut sink], 1000)?;
    writeln!(say, "Simulated {} products in {}:", products.len(), since(start))?;
    writeln!(say, "  {cycles} cycles on the interpreter, with stalls at the output; no assertion failed")?;

    let expected: Vec<Vec<i64>> = products.iter().flat_map(|(a, w)| multiply(a, w)).collect();
    for (n, (row, beat)) in expected.iter().zip(sink.beats()).enumerate() {
        let got: Vec<Option<i64>> = beat.payload.iter().map(Value::to_i64).collect();
        if row.iter().map(|&v| Some(v)).ne(got) {
            let (product, n) = (n / SIZE + 1, n % SIZE);
            return Err(format!("row {n} of product {product} is wrong: {:?}, not {row:?}", beat.payload).into());
        }
    }
    let sums = expected.len() * SIZE;
    writeln!(say, "  all {sums} sums equal plain integer multiplication")?;
    writeln!(say, "  the last row begins {:?}", &expected[expected.len() - 1][..6])?;

    let start = Instant::now();
    let output = emit(&design, &EmitOptions::default());
    output.write_to(dir)?;
    writeln!(say, "Wrote {} files to {} in {}:", output.files.len(), dir.display(), since(start))?;
    for file in &output.files {
        writeln!(say, "  {:20} {:>6} lines", file.name, file.text.lines().count())?;
    }
    writeln!(say, "\nThe Verilog is for any tool. With Verilator installed, for example:")?;
    writeln!(say, "  cd {} && verilator --lint-only -Wall --top-module {} -f files.f", dir.display(), output.top)?;
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
