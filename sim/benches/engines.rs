//! Speed of the engines on output-stationary systolic arrays: time of 100 cycles with new inputs in each, and all sums
//! read once. An element counts as one multiply-accumulate with its claim checked.

#![allow(missing_docs)]

use divan::Bencher;
use divan::counter::ItemsCount;
use gatewright_dsl::prelude::*;
use gatewright_sim::rng::Rng;
use gatewright_sim::{Dut, Interpreter, Pin, SimError, Verilated};

fn main() {
    divan::main();
}

/// A multiply-accumulate element that keeps its sum in place.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Pe;

#[derive(Bundle)]
struct PeIn {
    a: Int,
    w: Int,
    clear: Bool,
}

#[derive(Bundle)]
struct PeOut {
    a: Int,
    w: Int,
    clear: Bool,
    sum: Int,
}

impl Generator for Pe {
    type In = PeIn;
    type Out = PeOut;
    fn shape(&self) -> PeInShape {
        PeInShape { a: sint(8), w: sint(8), clear: BOOL }
    }
    fn build(&self, m: &Module, i: PeIn) -> PeOut {
        let product = i.a * i.w;
        let sum = m.reg("sum", product.ty().times(1 << 20)).reset(0);
        let base = i.clear.mux(0, sum.q());
        sum.set((base + product).claim(sum.ty()));
        PeOut { a: m.delay("a", i.a), w: m.delay("w", i.w), clear: m.delay("clear", i.clear), sum: sum.q() }
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Systolic {
    size: usize,
}

#[derive(Bundle)]
struct SystolicIn {
    a: Vec<Int>,
    w: Vec<Int>,
    clear: Vec<Bool>,
}

impl Generator for Systolic {
    type In = SystolicIn;
    type Out = Vec<Int>;
    fn shape(&self) -> SystolicInShape {
        let n = self.size;
        SystolicInShape { a: vec![sint(8); n], w: vec![sint(8); n], clear: vec![BOOL; n] }
    }
    fn build(&self, m: &Module, i: SystolicIn) -> Vec<Int> {
        let mut down: Vec<Int> = i.w;
        let mut sums = Vec::new();
        for row in 0..self.size {
            let (mut a, mut clear) = (i.a[row], i.clear[row]);
            for (column, w) in down.iter_mut().enumerate() {
                let out = m.inst(&format!("pe_{row}_{column}"), &Pe, PeIn { a, w: *w, clear });
                (a, clear, *w) = (out.a, out.clear, out.w);
                sums.push(out.sum);
            }
        }
        sums
    }
}

const CYCLES: u64 = 100;

fn run(bencher: Bencher, size: usize, engine: impl Fn(&Design) -> Result<Box<dyn Dut>, SimError>) {
    let design = elaborate(&Systolic { size }).expect("the array elaborates");
    let mut dut = match engine(&design) {
        Ok(dut) => dut,
        Err(e) => {
            eprintln!("SKIPPED: {e}");
            return;
        }
    };
    let mut rng = Rng::new(1);
    let pin = |n: usize| Pin(n as u32);
    let outputs = 3 * size..3 * size + size * size;
    let mut cycles = || -> Result<i64, SimError> {
        let mut total = 0;
        for cycle in 0..CYCLES {
            for n in 0..2 * size {
                dut.poke_i64(pin(n), rng.between(0, 255) as i64 - 128)?;
            }
            for n in 2 * size..3 * size {
                dut.poke_i64(pin(n), i64::from(cycle == 0))?;
            }
            dut.step()?;
        }
        for n in outputs.clone() {
            total += dut.peek(pin(n))?.to_i64().unwrap_or_default();
        }
        Ok(total)
    };
    let macs = CYCLES * (size * size) as u64;
    bencher.counter(ItemsCount::new(macs)).bench_local(|| cycles().expect("no check fails"));
}

#[divan::bench(args = [4, 16, 64], sample_count = 20)]
fn interpreter(bencher: Bencher, size: usize) {
    run(bencher, size, |d| Ok(Box::new(Interpreter::new(d)?)));
}

#[divan::bench(args = [4, 16], sample_count = 20)]
fn verilator(bencher: Bencher, size: usize) {
    run(bencher, size, |d| Ok(Box::new(Verilated::new(d)?)));
}
