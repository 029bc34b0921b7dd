//! Random constant matrix-vector products, and what they compute, worked out addition by addition.
#![allow(dead_code, missing_docs)]

use std::cell::Cell;

use gatewright_dsl::ir::Adders;
use gatewright_dsl::pass;
use gatewright_dsl::prelude::*;

/// A product as a module: inputs `i_0`, …, outputs `o_0`, ….
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Product {
    pub inputs: Vec<IntTy>,
    pub steps: Vec<ShiftAdd>,
    pub outputs: Vec<LinearOutput>,
}

#[derive(Bundle)]
pub struct In {
    pub i: Vec<Int>,
}
#[derive(Bundle)]
pub struct Out {
    pub o: Vec<Int>,
}

impl Generator for Product {
    type In = In;
    type Out = Out;
    fn shape(&self) -> InShape {
        InShape { i: self.inputs.clone() }
    }
    fn build(&self, _: &Module, i: In) -> Out {
        Out { o: const_matvec(&i.i, &self.steps, &self.outputs) }
    }
}

thread_local! {
    /// Of the pipelined region elaborated last.
    pub static LATENCY: Cell<u32> = const { Cell::new(0) };
}

/// A generator with registers for a clock of so many MHz, for a device that adds so.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Fast<G> {
    pub generator: G,
    pub mhz: u32,
    pub adders: Adders,
}

impl<G: Generator> Generator for Fast<G> {
    type In = G::In;
    type Out = G::Out;
    fn shape(&self) -> <G::In as Bundle>::Shape {
        self.generator.shape()
    }
    fn build(&self, m: &Module, i: G::In) -> G::Out {
        let clock = f64::from(self.mhz);
        let target = match self.adders {
            Adders::Two => Target::lut6(clock),
            Adders::Three => Target::lut6_ternary(clock),
            Adders::Compressors => Target::gates(clock),
        };
        let (out, latency) = m.pipelined("fast", &self.generator, i, &target);
        LATENCY.set(latency);
        out
    }
}

/// All ways to add.
pub const ADDERS: [Adders; 3] = [Adders::Two, Adders::Three, Adders::Compressors];

/// The design with its products written as additions of a kind.
pub fn written(design: &Design, adders: Adders) -> Design {
    let mut written = design.clone();
    written.modules.values_mut().flat_map(|m| m.matvecs.values_mut()).for_each(|m| m.adders = adders);
    pass::run(&mut written, &["expand"]).expect("a pass");
    written
}

/// splitmix64.
pub struct Rng(pub u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
    /// A number of at most so many bits, often a short one or a power of two.
    fn number(&mut self, bits: u32) -> Value {
        let bits = self.below(bits as usize + 1) as u32;
        let words: Vec<u32> = (0..bits.div_ceil(32) + 1).map(|_| self.next() as u32).collect();
        let any = Value::from_words(&words, bits, false);
        let v = if self.below(3) == 0 { Value::pow2(bits) } else { any };
        if self.below(2) == 0 { -&v } else { v }
    }
    /// A value of the range, often one of its ends.
    pub fn value(&mut self, ty: IntTy) -> Value {
        match self.below(6) {
            0 => ty.lo(),
            1 => ty.hi(),
            _ => {
                let words: Vec<u32> = (0..ty.width().div_ceil(32) + 1).map(|_| self.next() as u32).collect();
                let any = Value::from_words(&words, 32 * words.len() as u32, false);
                &ty.lo() + &any.rem_trunc(&ty.count()).unwrap_or(Value::ZERO)
            }
        }
    }
}

impl Product {
    /// At most so many inputs, of at most so many bits, steps and outputs.
    pub fn random(r: &mut Rng, inputs: usize, bits: u32, steps: usize, outputs: usize) -> Product {
        let inputs: Vec<IntTy> = (0..1 + r.below(inputs)).map(|_| IntTy::new(r.number(bits), r.number(bits))).collect();
        let mut values = inputs.len();
        let mut list = Vec::new();
        for _ in 0..r.below(steps + 1) {
            // Rather the last ones, so that graphs are deep.
            let at = |r: &mut Rng| (values - 1 - r.below(values).min(r.below(values)), r.below(4) as u32);
            let (a, b) = (at(r), at(r));
            let (a, b) = if r.below(2) == 0 { ((a.0, 0), b) } else { (a, (b.0, 0)) };
            list.push(ShiftAdd { a, b, subtract: r.below(2) == 0 });
            values += 1;
        }
        let mut output = || LinearOutput {
            value: Some((values - 1 - r.below(values).min(r.below(values)), r.below(3) as u32))
                .filter(|_| r.below(9) > 0),
            negative: r.below(2) == 0,
            constant: if r.below(2) == 0 { Value::ZERO } else { r.number(bits) },
        };
        let outputs = (0..outputs).map(|_| output()).collect();
        Product { inputs, steps: list, outputs }
    }

    /// Of many inputs of one bit, which are mostly added to what has just been made.
    pub fn of_bits(r: &mut Rng, inputs: usize, steps: usize, outputs: usize) -> Product {
        let ranges = [(0, 1), (0, 1), (-1, 0), (-1, 0), (0, 3), (-2, 1), (-1, 1), (1, 2)];
        let mut range = || {
            let (lo, hi) = ranges[r.below(ranges.len())];
            IntTy::new(lo, hi)
        };
        let inputs: Vec<IntTy> = (0..inputs).map(|_| range()).collect();
        let mut list = Vec::new();
        for values in inputs.len()..inputs.len() + steps {
            let last = values - 1 - r.below(3).min(values - 1);
            let other = if r.below(4) > 0 { r.below(inputs.len()) } else { r.below(values) };
            let shift = |r: &mut Rng| if r.below(4) == 0 { r.below(3) as u32 } else { 0 };
            list.push(ShiftAdd { a: (last, shift(r)), b: (other, shift(r)), subtract: r.below(2) == 0 });
        }
        let mut output = |k: usize| LinearOutput {
            value: Some((inputs.len() + steps - 1 - k, 0)),
            negative: r.below(2) == 0,
            constant: r.number(2),
        };
        let outputs = (0..outputs).map(&mut output).collect();
        Product { inputs, steps: list, outputs }
    }

    /// The outputs.
    pub fn sums(&self, inputs: &[Value]) -> Vec<Value> {
        let mut values = inputs.to_vec();
        for s in &self.steps {
            let (a, b) = (&values[s.a.0] * &Value::pow2(s.a.1), &values[s.b.0] * &Value::pow2(s.b.1));
            values.push(if s.subtract { &a - &b } else { &a + &b });
        }
        let sum = |o: &LinearOutput| {
            let value = o.value.map_or(Value::ZERO, |(value, shift)| &values[value] * &Value::pow2(shift));
            if o.negative { &o.constant - &value } else { &o.constant + &value }
        };
        self.outputs.iter().map(sum).collect()
    }
}
