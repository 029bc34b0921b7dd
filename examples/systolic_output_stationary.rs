//! An output-stationary systolic array that multiplies matrices: operands move, sums stay.
//!
//! Activations enter at the left and move right, weights enter at the top and move down, each row and column one clock
//! after the one before, so that the operands of every sum meet in its element. The sums are then read row by row.

use gatewright_dsl::prelude::*;
use gatewright_sim::{Beat, Interpreter, StreamSink, StreamSource, stream};

#[path = "mac.rs"]
#[allow(dead_code)]
mod mac;
pub use mac::{Pe, PeIn};

/// `rows × cols` equal elements with the delays that bring their operands together.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Array {
    /// Height: rows of the first matrix.
    pub rows: usize,
    /// Width: columns of the second matrix.
    pub cols: usize,
    /// The element.
    pub pe: Pe,
}

/// What goes with the operands of a clock.
#[derive(Bundle, Clone, Copy)]
pub struct Control {
    /// They are the first terms of new sums.
    pub clear: Bool,
    /// They are terms.
    pub en: Bool,
    /// They are the last terms.
    pub last: Bool,
}

/// The operands of a clock.
#[derive(Bundle)]
pub struct ArrayIn {
    /// A column of the first matrix.
    pub a: Vec<Int>,
    /// A row of the second matrix.
    pub w: Vec<Int>,
    /// What they are.
    pub control: Control,
}

/// The sums.
#[derive(Bundle)]
pub struct ArrayOut {
    /// By row and column.
    pub sums: Vec<Vec<Int>>,
    /// The last terms are in: 1 for one clock, `rows + cols - 1` clocks after `last`.
    pub done: Bool,
}

impl Generator for Array {
    type In = ArrayIn;
    type Out = ArrayOut;

    fn shape(&self) -> ArrayInShape {
        ArrayInShape {
            a: vec![self.pe.act; self.rows],
            w: vec![self.pe.wgt; self.cols],
            control: ControlShape { clear: BOOL, en: BOOL, last: BOOL },
        }
    }

    fn build(&self, m: &Module, i: ArrayIn) -> ArrayOut {
        // The element in row r and column c works r + c clocks after the operands came in.
        let mut control = vec![i.control];
        for n in 1..self.rows + self.cols - 1 {
            let stage = m.reg(&format!("control_{n}"), i.control.shape()).reset(false);
            stage.set(control[n - 1]);
            control.push(stage.q());
        }
        let late = |name: &str, n: usize, x: Int| (1..=n).fold(x, |x, step| m.delay(&format!("{name}_{n}_{step}"), x));
        let mut down: Vec<Int> = i.w.iter().enumerate().map(|(c, &w)| late("w_late", c, w)).collect();

        let mut sums = Vec::new();
        for r in 0..self.rows {
            let mut a = late("a_late", r, i.a[r]);
            let mut row = Vec::new();
            for c in 0..self.cols {
                let Control { clear, en, .. } = control[r + c];
                let pe = m.inst(&format!("pe_{r}_{c}"), &self.pe, PeIn { a, w: down[c], clear, en });
                (a, down[c]) = (pe.a, pe.w);
                row.push(pe.sum);
            }
            sums.push(row);
        }
        let corner = control[self.rows + self.cols - 2];
        let done = m.reg("done", BOOL).reset(false);
        done.set(corner.en & corner.last);
        ArrayOut { sums, done: done.q() }
    }
}

/// Multiplies matrices: takes the columns of the first together with the rows of the second, gives the rows of the
/// product. A packet is a product.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MatMul {
    /// The array, which has the size of the product.
    pub array: Array,
}

impl MatMul {
    /// For an 8-bit signed product of `rows × terms` and `terms × cols`.
    pub fn int8(rows: usize, cols: usize, terms: u64) -> MatMul {
        MatMul { array: Array { rows, cols, pe: Pe { act: sint(8), wgt: sint(8), terms } } }
    }
}

/// One term of every sum.
#[derive(Bundle)]
pub struct Term {
    /// A column of the first matrix.
    pub a: Vec<Int>,
    /// A row of the second matrix.
    pub w: Vec<Int>,
}

/// Two matrices.
#[derive(Bundle)]
pub struct MatMulIn {
    /// Term by term.
    pub terms: Stream<Term>,
}

/// Their product.
#[derive(Bundle)]
pub struct MatMulOut {
    /// Row by row.
    pub product: Stream<Vec<Int>>,
}

/// What the machine around the array does.
#[derive(HwEnum, Clone, Copy)]
pub enum Phase {
    /// Takes terms.
    Feed,
    /// Waits for the last elements.
    Finish,
    /// Gives rows.
    Read,
}

impl Generator for MatMul {
    type In = MatMulIn;
    type Out = MatMulOut;

    fn shape(&self) -> MatMulInShape {
        let array = self.array.shape();
        MatMulInShape { terms: StreamTy(TermShape { a: array.a, w: array.w }) }
    }

    fn build(&self, m: &Module, i: MatMulIn) -> MatMulOut {
        let rows = self.array.rows as u64;
        let phase = m.reg("phase", Phase::shape()).reset(Phase::Feed);
        let first = m.reg("first", BOOL).reset(true);
        let row = m.reg("row", range(0..=rows - 1)).reset(0);

        let term = i.terms.accept(phase.q().is(Phase::Feed));
        let control = Control { clear: first.q(), en: term.fire, last: term.last };
        let array = m.inst("array", &self.array, ArrayIn { a: term.payload.a, w: term.payload.w, control });

        let is_last = row.q().eq(rows - 1);
        let (product, taken) = m.stream("product", phase.q().is(Phase::Read), is_last, select(row.q(), &array.sums));

        m.when(term.fire, || first.set(term.last));
        m.switch(phase.q(), |s| {
            s.case(Phase::Feed, || {
                m.when(term.fire & term.last, || phase.set(Phase::Finish));
            });
            s.case(Phase::Finish, || {
                m.when(array.done, || phase.set(Phase::Read));
            });
            s.case(Phase::Read, || {
                m.when(taken, || row.set(row.q().next_wrapping(rows)));
                m.when(taken & is_last, || phase.set(Phase::Feed));
            });
        });
        MatMulOut { product }
    }
}

/// A matrix, row by row.
pub type Matrix = Vec<Vec<i64>>;

/// The beats that a product of `a` and `w` takes.
pub fn beats(a: &Matrix, w: &Matrix) -> Vec<Beat> {
    let beat = |(k, row): (usize, &Vec<i64>)| Beat {
        payload: a.iter().map(|of_a| of_a[k]).chain(row.iter().copied()).map(Value::from).collect(),
        last: k + 1 == w.len(),
    };
    w.iter().enumerate().map(beat).collect()
}

/// Shows it.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let a = vec![vec![1, 2, 3], vec![-4, 5, -6]];
    let w = vec![vec![7, -8], vec![9, 10], vec![-11, 12]];
    let design = elaborate(&MatMul::int8(2, 2, 3))?;
    let mut dut = Interpreter::new(&design)?;
    let mut source = StreamSource::new(&dut, "terms")?;
    let mut sink = StreamSink::new(&dut, "product", 2)?;
    beats(&a, &w).into_iter().try_for_each(|beat| source.push(beat))?;
    let cycles = stream::run(&mut dut, &mut [&mut source, &mut sink], 100)?;
    for row in sink.beats() {
        println!("{:?}", row.payload);
    }
    println!("{cycles} cycles, {} modules", design.modules.len());
    Ok(())
}
