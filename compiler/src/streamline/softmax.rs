//! Softmax in hardware: probabilities of N bits, at most a unit of their last place, 2^-N, from the exact ones.
//!
//! The greatest logit is subtracted, powers come from tables, and one reciprocal serves all of a line:
//!
//! 1. Logits are rounded to a grid of at most 2^-N, where theirs is not coarser.
//! 2. The differences to the greatest index exp. Wide indices are split in two, exp(-(a + b)) = exp(-a) exp(-b).
//! 3. The reciprocal of the sum S comes from its upper bits with the tangent for the lower ones: 1/c - (S - c)/c².
//! 4. Products are rounded to N bits, 1 to the greatest number that these hold.
//!
//! The errors of all steps are bounded for the tables that are made, not for typical ones ([`Tables::error`]).

use std::sync::Arc;

use num_traits::{One, Signed, Zero};

use gatewright_layers::layer::{Combine, Form, Layer, Pick, Requantise, Rounding, StepFunction, Steps};
use gatewright_layers::network::Range;

use super::StreamlineError;
use super::function::Vals;
use super::integer::{Tensor, integers, quotient, stripped, unquantised};
use super::pick::broadcast;
use super::track::{Builder, error};
use crate::exact::{Ratio, approximate, common_grid, exact, whole};
use crate::graph::{Node, Op, Operand};

/// Widths of probabilities.
pub const BITS: std::ops::RangeInclusive<u32> = 2..=12;
/// Indices of exp up to this width have one table.
const ONE_TABLE: u32 = 7;
/// Widest index of a table.
const WIDEST: u32 = 16;

/// Integers that stand for the logits.
struct Logits {
    factors: Arc<Vec<i64>>,
    offsets: Arc<Vec<i64>>,
    grid: Ratio,
    /// Greatest difference from the real logits.
    error: f64,
}

/// The logits `n * scale + offset` on one grid, exactly where it is not too fine, else within `error`.
fn logits(node: &Node, scale: &Vals, offset: &Vals, ranges: &[Range], error: f64) -> Result<Logits, StreamlineError> {
    // What all have in common changes no probability.
    let base = Vals::one(offset.at(0).clone());
    let offset = offset.zip(&base, |o, base| o - base);
    let grid = Some(common_grid(scale.0.iter().chain(offset.0.iter()))).filter(|g| !g.is_zero());
    let grid = grid.unwrap_or_else(Ratio::one);
    let nearest = |v: &Vals, grid: &Ratio| Vals(Arc::new(v.0.iter().map(|v| quotient(v, grid).round()).collect()));
    let on = |grid: Ratio, error: f64| {
        let (factors, offsets) = (integers(node, &nearest(scale, &grid))?, integers(node, &nearest(&offset, &grid))?);
        Ok(Logits { factors, offsets, grid, error })
    };
    if approximate(&grid) >= error / 16.0 {
        return on(grid, 0.0);
    }
    let mut grid = match scale.uniform() {
        Some(scale) if !scale.is_zero() => scale.abs(),
        _ => {
            // Each factor is off by half a unit, as often as the integer says.
            let most = ranges.iter().map(|r| r.lo.unsigned_abs().max(r.hi.unsigned_abs())).max().unwrap_or(0);
            exact((2.0 * error / (most as f64 + 1.0)).log2().floor().exp2()).unwrap_or_else(Ratio::one)
        }
    };
    while approximate(&grid) > 2.0 * error {
        grid /= whole(2);
    }
    on(grid, error)
}

/// The tables of a softmax, and the widths between them.
struct Tables {
    /// Logits in one unit of the index.
    unit: f64,
    /// The last index: all further ones give 0.
    last: i64,
    /// Bits of the lower part of the index; 0 where it is whole.
    low: u32,
    /// Fraction bits of powers, and of the factors that make them.
    power: u32,
    factor: u32,
    /// Bits of the sum below its index.
    below: u32,
    /// The sum's greatest index.
    sums: i64,
    /// Fraction bits of reciprocals, and how many more the tangent has.
    reciprocal: u32,
    tangent: u32,
}

/// `round(2^bits * x)`.
fn fixed(x: f64, bits: u32) -> i64 {
    (x * f64::from(bits).exp2()).round() as i64
}

fn function(values: impl Iterator<Item = i64>) -> StepFunction {
    let mut values = values.peekable();
    let first = values.peek().copied().unwrap_or(0);
    let (mut before, mut steps) = (first, Vec::new());
    for (k, value) in values.enumerate() {
        if value != before {
            steps.push((k as i64, value));
            before = value;
        }
    }
    StepFunction { first, steps }
}

impl Tables {
    /// For probabilities of `bits` bits over `classes` classes, with logits in `unit`s.
    fn new(bits: u32, classes: usize, unit: f64) -> Tables {
        let more = classes.next_power_of_two().ilog2();
        let power = bits + 3 + more;
        // The power rounds to 0 from here on.
        let last = ((f64::from(power + 1) * std::f64::consts::LN_2 / unit).ceil() as i64).max(1);
        let width = Range { lo: 0, hi: last }.width();
        let low = if width <= ONE_TABLE { 0 } else { width / 2 };
        let index = (bits + 4).div_ceil(2);
        let below = power - index;
        Tables {
            unit,
            last,
            low,
            power,
            factor: power + 2,
            below,
            sums: (classes as i64) << index,
            reciprocal: bits + 5,
            tangent: below + 1,
        }
    }

    /// Bits of the widest index.
    fn widest(&self) -> u32 {
        let width = |hi: i64| Range { lo: 0, hi }.width();
        width(self.sums).max(width(self.last >> self.low)).max(self.low)
    }

    /// exp of the whole index.
    fn powers(&self) -> StepFunction {
        function((0..=self.last).map(|k| fixed((-(k as f64) * self.unit).exp(), self.power)))
    }

    /// exp of the upper part, and of the lower one.
    fn factors(&self) -> [StepFunction; 2] {
        let of =
            |unit: f64, count: i64| function((0..count).map(move |k| fixed((-(k as f64) * unit).exp(), self.factor)));
        [of(self.unit * f64::from(self.low).exp2(), (self.last >> self.low) + 1), of(self.unit, 1 << self.low)]
    }

    /// What makes powers of products of factors.
    fn product(&self) -> Requantise {
        let shift = 2 * self.factor - self.power;
        Requantise { factor: 1, offset: 0, shift, rounding: Rounding::HalfAway, lo: 0, hi: 1 << self.power }
    }

    /// By the sum's index: the tangent's value where the lower bits are 0, and its slope. Sums begin at 1.
    fn tangents(&self) -> [StepFunction; 2] {
        let first = 1 << (self.power - self.below);
        let of = |value: fn(&Tables, f64) -> f64| {
            function((0..=self.sums).map(move |k| value(self, self.middle(k.max(first))).round() as i64))
        };
        let slope = |t: &Tables, c: f64| f64::from(t.power + t.reciprocal + t.tangent).exp2() / (c * c);
        let value = |t: &Tables, c: f64| {
            let scale = f64::from(t.power + t.reciprocal + t.tangent).exp2();
            let half = (f64::from(t.below).exp2() - 1.0) / 2.0;
            scale / c + half * (scale / (c * c)).round()
        };
        [of(value), of(slope)]
    }

    /// The middle of the sums with an index.
    fn middle(&self, index: i64) -> f64 {
        let size = f64::from(self.below).exp2();
        index as f64 * size + (size - 1.0) / 2.0
    }

    /// What makes reciprocals of tangents.
    fn straightened(&self) -> Requantise {
        // The sum is at least 1, and so the reciprocal at most.
        let hi = 1 << self.reciprocal;
        Requantise { factor: 1, offset: 0, shift: self.tangent, rounding: Rounding::HalfAway, lo: 0, hi }
    }

    /// Greatest difference of a probability before its last rounding, without that of the logits.
    fn error(&self, classes: usize) -> f64 {
        let size = |bits: u32| f64::from(bits).exp2();
        let mut power = 0.0f64;
        let ([upper, lower], powers) = (self.factors(), self.powers());
        let made = self.product();
        for k in 0..=self.last {
            let found = match self.low {
                0 => powers.at(k),
                low => {
                    let product = upper.at(k >> low) * lower.at(k & ((1 << low) - 1));
                    made.rounding.divide(product.into(), made.shift) as i64
                }
            };
            let wanted = (-(k as f64) * self.unit).exp();
            power = power.max((found as f64 / size(self.power) - wanted).abs());
        }
        // Beyond the last index the power is that of the last one.
        power = power.max((-(self.last as f64) * self.unit).exp());
        let [value, slope] = self.tangents();
        let mut reciprocal = 0.0f64;
        for index in 1 << (self.power - self.below)..=self.sums {
            // Between a tangent and the reciprocal the difference is least in the middle and greatest at an end.
            let rests = if index == self.sums { 0 } else { (1i64 << self.below) - 1 };
            for rest in [0, rests / 2, rests] {
                let found = (value.at(index) - rest * slope.at(index)) as f64 / size(self.reciprocal + self.tangent);
                let sum = (index << self.below) + rest;
                reciprocal = reciprocal.max((found - size(self.power) / sum as f64).abs());
            }
        }
        // Powers are at most 1, their sum at least 1: the error of a quotient is at most that of all its powers, and the
        // reciprocal's once.
        classes as f64 * power + reciprocal + size(self.reciprocal).recip() / 2.0
    }
}

impl Builder<'_> {
    /// The probabilities, with the wanted fraction bits.
    pub fn softmax(&mut self, node: &Node, x: Tensor, shape: &[usize]) -> Result<Tensor, StreamlineError> {
        let bits = self.softmax_bits.unwrap_or_default();
        let reads = |n: &&Node| n.inputs.iter().any(|i| matches!(i, Operand::Value(v) if *v == node.output));
        if let Some(reader) = self.graph.nodes.iter().find(reads) {
            let problem = format!("node `{}` would read probabilities that are not exact", reader.name);
            return Err(error(node, problem, "leave the softmax to the host"));
        }
        let x = self.linear(node, x)?;
        let (scale, offset) = x.function.affine().ok_or_else(|| unquantised(node))?;
        let own = stripped(&x.shape);
        let axis = match node.op {
            Op::Softmax { axis } => axis.checked_sub(x.shape.len() - own.len()),
            _ => None,
        };
        let Some(axis) = axis else {
            return Err(error(node, "it goes over the samples of a batch", "use another axis"));
        };
        let classes = own[axis];
        if classes < 2 {
            return Err(error(node, "it has one class, whose probability is always 1", "leave the softmax out"));
        }
        if !BITS.contains(&bits) {
            let problem = format!("probabilities of {bits} bits are wanted");
            return Err(error(node, problem, format!("take {} to {} bits", BITS.start(), BITS.end())));
        }
        let last_place = (-f64::from(bits)).exp2();
        let mut source = self.shaped(node, &x)?;
        let logits = logits(node, &scale, &offset, &self.network.ty(source).ranges, last_place / 16.0)?;
        let coarser = (last_place / approximate(&logits.grid)).log2().floor().max(0.0);
        if !(coarser <= 40.0 && approximate(&logits.grid).is_finite()) {
            let problem = format!("its logits come in steps of {:.1e}", approximate(&logits.grid));
            return Err(error(node, problem, "use scales of a practical size before it"));
        }
        let coarser = coarser as u32;
        let unit = logits.grid.clone() * whole(1i64 << coarser);
        let tables = Tables::new(bits, classes, approximate(&unit));
        let widest = tables.widest();
        if widest > WIDEST {
            let problem = format!("{bits} bits over {classes} classes take a table with an index of {widest} bits");
            let help = "take fewer bits of probabilities, or leave the softmax to the host";
            return Err(error(node, problem, help));
        }
        // A probability has at most a quarter of the change of all logits to either side.
        let rounding = if coarser > 0 { approximate(&unit) / 2.0 } else { 0.0 };
        let error_before = (logits.error + rounding) / 2.0 + tables.error(classes);
        if error_before > last_place / 2.0 {
            let problem = format!("its tables would be off by {error_before:.1e}, more than half of 2^-{bits}");
            return Err(error(node, problem, "take fewer bits of probabilities"));
        }

        let meaning = |unit: &Ratio| (Vals::one(unit.clone()), Vals::one(Ratio::zero()));
        let fraction = |bits: u32| meaning(&Ratio::new(One::one(), num_bigint::BigInt::one() << bits));
        if logits.factors.iter().any(|f| *f != 1) || logits.offsets.iter().any(|o| *o != 0) {
            let combine = Combine { factors: vec![logits.factors], offset: logits.offsets };
            source = self.layer(node, "_logits", Layer::Combine(combine), vec![source], meaning(&logits.grid))?;
        }
        if coarser > 0 {
            let (lo, hi) = (i64::MIN / 4, i64::MAX / 4);
            let round = Requantise { factor: 1, offset: 0, shift: coarser, rounding: Rounding::HalfEven, lo, hi };
            source = self.layer(node, "_rounded", Layer::Requantise(round), vec![source], meaning(&unit))?;
        }
        // Of each element its place in the tensor without the axis.
        let mut line = own.clone();
        line[axis] = 1;
        let places = broadcast(&line, &own).unwrap_or_default();
        let from = Arc::new(places.into_iter().map(|e| (0, e as u32)).collect::<Vec<_>>());
        let each = || Layer::Pick(Pick { shape: own.clone(), from: from.clone() });
        let top = self.layer(node, "_max", Layer::Max(axis), vec![source], meaning(&unit))?;
        let top = self.layer(node, "_max_each", each(), vec![top], meaning(&unit))?;
        let minus = || {
            let factors = [1, -1].map(|f| Arc::new(vec![f])).to_vec();
            Layer::Combine(Combine { factors, offset: Arc::default() })
        };
        let index = self.layer(node, "_below", minus(), vec![top, source], meaning(&unit))?;
        let clip = Layer::Clip { lo: Some(0), hi: Some(tables.last) };
        let index = self.layer(node, "_index", clip, vec![index], meaning(&unit))?;
        let power = self.power(node, &tables, index, &unit)?;
        let sum = self.layer(node, "_sum", Layer::Sum(vec![axis]), vec![power], fraction(tables.power))?;
        let inverse = self.inverse(node, &tables, sum)?;
        let inverse = self.layer(node, "_inverse_each", each(), vec![inverse], fraction(tables.reciprocal))?;
        let product = fraction(tables.power + tables.reciprocal);
        let product = self.layer(node, "_product", Layer::Mul, vec![power, inverse], product)?;
        let shift = tables.power + tables.reciprocal - bits;
        let hi = (1 << bits) - 1;
        let round = Requantise { factor: 1, offset: 0, shift, rounding: Rounding::HalfAway, lo: 0, hi };
        let (scale, offset) = fraction(bits);
        let meaning = (scale.clone(), offset.clone());
        let tensor = self.layer(node, "", Layer::Requantise(round), vec![product], meaning)?;
        self.bounds.insert(node.output, last_place);
        Ok(Tensor::new(tensor, scale, offset, shape.to_vec()))
    }

    fn table(
        &mut self,
        node: &Node,
        suffix: &str,
        f: StepFunction,
        of: usize,
        bits: u32,
    ) -> Result<usize, StreamlineError> {
        let steps = Steps { functions: Arc::new(vec![f]), of: Arc::new(vec![0]), form: Form::Table };
        let scale = Ratio::new(One::one(), num_bigint::BigInt::one() << bits);
        self.layer(node, suffix, Layer::Steps(steps), vec![of], (Vals::one(scale), Vals::one(Ratio::zero())))
    }

    /// exp of minus the index.
    fn power(&mut self, node: &Node, tables: &Tables, index: usize, unit: &Ratio) -> Result<usize, StreamlineError> {
        if tables.low == 0 {
            return self.table(node, "_exp", tables.powers(), index, tables.power);
        }
        let zero = || Vals::one(Ratio::zero());
        let [upper, lower] = tables.factors();
        let cut = floor(tables.low, tables.last >> tables.low);
        let coarse = (Vals::one(unit * whole(1 << tables.low)), zero());
        let coarse = self.layer(node, "_index_upper", cut, vec![index], coarse)?;
        let fine = (Vals::one(unit.clone()), zero());
        let fine = self.layer(node, "_index_lower", Layer::Wrap(tables.low), vec![index], fine)?;
        let upper = self.table(node, "_exp_upper", upper, coarse, tables.factor)?;
        let lower = self.table(node, "_exp_lower", lower, fine, tables.factor)?;
        let scale = |bits: u32| Vals::one(Ratio::new(One::one(), num_bigint::BigInt::one() << bits));
        let meaning = (scale(2 * tables.factor), zero());
        let product = self.layer(node, "_exp_product", Layer::Mul, vec![upper, lower], meaning)?;
        let meaning = (scale(tables.power), zero());
        self.layer(node, "_exp", Layer::Requantise(tables.product()), vec![product], meaning)
    }

    /// The reciprocal of the sum.
    fn inverse(&mut self, node: &Node, tables: &Tables, sum: usize) -> Result<usize, StreamlineError> {
        let scale = |bits: u32| Vals::one(Ratio::new(One::one(), num_bigint::BigInt::one() << bits));
        let of = |bits: u32| (scale(bits), Vals::one(Ratio::zero()));
        let [value, slope] = tables.tangents();
        let (upper, lower) = (floor(tables.below, tables.sums), Layer::Wrap(tables.below));
        let index = self.layer(node, "_sum_upper", upper, vec![sum], of(tables.power - tables.below))?;
        let rest = self.layer(node, "_sum_lower", lower, vec![sum], of(tables.power))?;
        let line = tables.reciprocal + tables.tangent;
        let value = self.table(node, "_inverse_value", value, index, line)?;
        let slope = self.table(node, "_inverse_slope", slope, index, line + tables.power)?;
        let change = self.layer(node, "_inverse_change", Layer::Mul, vec![rest, slope], of(line))?;
        let minus = Combine { factors: [1, -1].map(|f| Arc::new(vec![f])).to_vec(), offset: Arc::default() };
        let tangent = self.layer(node, "_inverse_tangent", Layer::Combine(minus), vec![value, change], of(line))?;
        let round = Layer::Requantise(tables.straightened());
        self.layer(node, "_inverse", round, vec![tangent], of(tables.reciprocal))
    }
}

/// The upper bits.
fn floor(shift: u32, hi: i64) -> Layer {
    Layer::Requantise(Requantise { factor: 1, offset: 0, shift, rounding: Rounding::Floor, lo: 0, hi })
}
