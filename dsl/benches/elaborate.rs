//! Elaborate, check and emit: systolic arrays with and without reuse, and one flat module of many nodes.
//!
//! Beside each time stands the most memory held at once (divan's allocation profile). The peers' figures for the 128×128
//! array: CIRCT 8.8 CPU s and 318 MB, Amaranth 115 CPU s and 1.7 GB.

#![allow(missing_docs)]

use divan::{AllocProfiler, Bencher};
use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_dsl::prelude::*;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

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
        let sum = m.reg("sum", product.ty().times(1024)).reset(0);
        let base = i.clear.mux(0, sum.q());
        sum.set((base + product).claim(sum.ty()));
        PeOut { a: m.delay("a", i.a), w: m.delay("w", i.w), clear: m.delay("clear", i.clear), sum: sum.q() }
    }
}

/// An array of `size` × `size` elements: as instances of one module, or all in one module.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Systolic {
    size: usize,
    flat: bool,
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
                let name = format!("pe_{row}_{column}");
                let inputs = PeIn { a, w: *w, clear };
                let out = if self.flat { m.scope(&name, || Pe.build(m, inputs)) } else { m.inst(&name, &Pe, inputs) };
                (a, clear, *w) = (out.a, out.clear, out.w);
                sums.push(out.sum);
            }
        }
        sums
    }
}

/// One module of about `nodes` nodes: a long chain of sums, products and choices with registers between.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Flat {
    nodes: usize,
}

impl Generator for Flat {
    type In = (Int, Int);
    type Out = Int;
    fn shape(&self) -> (IntTy, IntTy) {
        (sint(12), sint(12))
    }
    fn build(&self, m: &Module, (a, b): (Int, Int)) -> Int {
        let (mut x, mut y) = (a, b);
        for n in 0..self.nodes / 10 {
            let sum = (x + y * 3).wrap(sint(12));
            let low = x.lt(y).mux(sum, x - 1).wrap(sint(12));
            let r = m.reg(&format!("r_{n}"), sint(12)).reset(0);
            r.set(low);
            (x, y) = (r.q(), sum);
        }
        x + y
    }
}

fn run<G: Generator + Sync>(bencher: Bencher, generator: G) {
    bencher.bench(|| elaborate(&generator).map(|design| emit(&design, &EmitOptions::default()).files.len()));
}

#[divan::bench(args = [16, 64, 128], sample_count = 5)]
fn systolic_reused(bencher: Bencher, size: usize) {
    run(bencher, Systolic { size, flat: false });
}

#[divan::bench(args = [16, 32, 64, 128], sample_count = 5)]
fn systolic_flat(bencher: Bencher, size: usize) {
    run(bencher, Systolic { size, flat: true });
}

#[divan::bench(args = [10_000, 100_000, 1_000_000], sample_count = 3)]
fn flat_nodes(bencher: Bencher, nodes: usize) {
    run(bencher, Flat { nodes });
}
