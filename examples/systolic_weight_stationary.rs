//! A weight-stationary systolic array that multiplies vectors by a matrix: weights stay, sums move.
//!
//! The weights are shifted in from the top. Then a vector may enter in every clock; its elements move right, one row a
//! clock after the row above, and the sums grow downward. No stream: the latency is fixed and nothing can stall.

use gatewright_dsl::prelude::*;
use gatewright_sim::{Dut, DutExt, Interpreter, TextWave};

/// One element, which keeps its weight and adds a product to a sum that passes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct WeightCell {
    /// An element of a vector.
    pub act: IntTy,
    /// A weight.
    pub wgt: IntTy,
    /// Products in a finished sum.
    pub terms: u64,
}

impl WeightCell {
    /// Sums of up to `terms` products.
    fn sum_ty(&self) -> IntTy {
        self.act.product(self.wgt).times(self.terms)
    }
}

/// From the left and from above.
#[derive(Bundle)]
pub struct WeightCellIn {
    /// Of the vector.
    pub x: Int,
    /// The sum so far.
    pub sum: Int,
    /// The weight of the element above.
    pub w: Int,
    /// Take that weight.
    pub load: Bool,
}

/// To the right and down, one clock later.
#[derive(Bundle)]
pub struct WeightCellOut {
    /// Of the vector.
    pub x: Int,
    /// The sum with this element's product.
    pub sum: Int,
    /// This element's weight.
    pub w: Int,
}

impl Generator for WeightCell {
    type In = WeightCellIn;
    type Out = WeightCellOut;

    fn shape(&self) -> WeightCellInShape {
        WeightCellInShape { x: self.act, sum: self.sum_ty(), w: self.wgt, load: BOOL }
    }

    fn build(&self, m: &Module, i: WeightCellIn) -> WeightCellOut {
        let w = m.reg("w", self.wgt).no_reset();
        m.when(i.load, || w.set(i.w));
        // A sum has passed fewer than `terms` elements before this one.
        let sum = (i.sum + i.x * w.q()).claim(self.sum_ty());
        WeightCellOut { x: m.delay("x", i.x), sum: m.delay("sum", sum), w: w.q() }
    }
}

/// `y = x · W` for vectors `x` of `rows` elements and a matrix `W` of `rows × cols` weights.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VecMat {
    /// Height: elements of `x`.
    pub rows: usize,
    /// Width: elements of `y`.
    pub cols: usize,
    /// An element of `x`.
    pub act: IntTy,
    /// A weight.
    pub wgt: IntTy,
}

impl VecMat {
    /// Clocks from a vector to its product.
    pub fn latency(&self) -> usize {
        self.rows + self.cols - 1
    }
}

/// A vector and, before it, the weights.
#[derive(Bundle)]
pub struct VecMatIn {
    /// A row of the matrix. The last row comes first.
    pub w: Vec<Int>,
    /// Shift the row in. Vectors on their way are lost.
    pub load: Bool,
    /// A vector.
    pub x: Vec<Int>,
    /// There is one.
    pub x_valid: Bool,
}

/// The product.
#[derive(Bundle)]
pub struct VecMatOut {
    /// Of the vector and the matrix.
    pub y: Vec<Int>,
    /// There is one.
    pub y_valid: Bool,
}

impl Generator for VecMat {
    type In = VecMatIn;
    type Out = VecMatOut;

    fn shape(&self) -> VecMatInShape {
        VecMatInShape { w: vec![self.wgt; self.cols], load: BOOL, x: vec![self.act; self.rows], x_valid: BOOL }
    }

    fn build(&self, m: &Module, i: VecMatIn) -> VecMatOut {
        let cell = WeightCell { act: self.act, wgt: self.wgt, terms: self.rows as u64 };
        let late = |name: &str, n: usize, x: Int| (1..=n).fold(x, |x, step| m.delay(&format!("{name}_{n}_{step}"), x));

        let mut sums = vec![lit(0); self.cols];
        let mut weights = i.w;
        for (r, &x) in i.x.iter().enumerate() {
            let mut x = late("x_late", r, x);
            for c in 0..self.cols {
                let inputs = WeightCellIn { x, sum: sums[c], w: weights[c], load: i.load };
                let out = m.inst(&format!("cell_{r}_{c}"), &cell, inputs);
                (x, sums[c], weights[c]) = (out.x, out.sum, out.w);
            }
        }
        // Column c is c clocks behind the first one.
        let y = sums.iter().enumerate().map(|(c, &sum)| late("y_early", self.cols - 1 - c, sum)).collect();
        let y_valid = (0..self.latency()).fold(i.x_valid, |valid, n| {
            let stage = m.reg(&format!("valid_{n}"), BOOL).reset(false);
            stage.set(valid & !i.load);
            stage.q()
        });
        VecMatOut { y, y_valid }
    }
}

/// Shows it.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let matrix = [[1, 2], [3, 4], [5, 6]];
    let vectors = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 10, 100]];
    let design = elaborate(&VecMat { rows: 3, cols: 2, act: uint(8), wgt: sint(8) })?;
    let mut dut = Interpreter::new(&design)?;
    dut.set("load", true)?;
    for row in matrix.iter().rev() {
        for (n, &w) in row.iter().enumerate() {
            dut.set(&format!("w_{n}"), w)?;
        }
        dut.step()?;
    }
    dut.set("load", false)?;
    let mut wave = TextWave::new(&dut, &["x_valid", "x_0", "x_1", "x_2", "y_valid", "y_0", "y_1"])?;
    for n in 0..10 {
        dut.set("x_valid", n < vectors.len())?;
        for (r, &x) in vectors.get(n).unwrap_or(&[0; 3]).iter().enumerate() {
            dut.set(&format!("x_{r}"), x)?;
        }
        wave.step(&mut dut)?;
    }
    print!("{wave}");
    Ok(())
}
