//! Lists of additions of shifted values.

use crate::cmvm::{Adder, CostModel};

/// `±2^shift` times a value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Term {
    /// An input, or `inputs + k` for the result of step `k`.
    pub value: usize,
    /// Exponent.
    pub shift: u32,
    /// Subtracted.
    pub negative: bool,
}

impl Term {
    /// A value as it is.
    pub fn of(value: usize) -> Term {
        Term { value, shift: 0, negative: false }
    }

    pub(crate) fn factor(self) -> i128 {
        let power = 1_i128.wrapping_shl(self.shift);
        if self.negative { power.wrapping_neg() } else { power }
    }

    fn evaluate(self, values: &[i128]) -> i128 {
        let shifted = values[self.value].wrapping_shl(self.shift);
        if self.negative { shifted.wrapping_neg() } else { shifted }
    }
}

/// The sum of two terms, at most one of which is negative, and one of which is not shifted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Step {
    /// Not negative.
    pub a: Term,
    /// Added to it, or subtracted.
    pub b: Term,
}

/// What a list of steps costs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Cost {
    /// Two-operand additions, subtractions and negations.
    pub adders: u64,
    /// Bits of them that are computed rather than passed through.
    pub bits: u64,
    /// Adders in a row.
    pub depth: u32,
}

/// Constant-weighted sums of inputs as two-operand additions.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ShiftAdds {
    /// The ranges of the inputs and of the steps' results, both ends inclusive.
    pub ranges: Vec<(i128, i128)>,
    /// Operands first.
    pub steps: Vec<Step>,
    /// The sums; `None` is 0.
    pub outputs: Vec<Option<Term>>,
}

impl ShiftAdds {
    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.ranges.len() - self.steps.len()
    }

    /// The outputs for these inputs, in arithmetic modulo 2^128.
    pub fn evaluate(&self, inputs: &[i128]) -> Vec<i128> {
        let mut values = inputs.to_vec();
        for step in &self.steps {
            values.push(step.a.evaluate(&values).wrapping_add(step.b.evaluate(&values)));
        }
        self.outputs.iter().map(|o| o.map_or(0, |t| t.evaluate(&values))).collect()
    }

    /// The linear function of the inputs that each value is: `(input, coefficient)` by input, zeros left out.
    fn forms(&self) -> Vec<Vec<(usize, i128)>> {
        let mut forms: Vec<Vec<(usize, i128)>> = (0..self.inputs()).map(|i| vec![(i, 1)]).collect();
        for step in &self.steps {
            let form = combined(&forms[step.a.value], step.a.factor(), &forms[step.b.value], step.b.factor());
            forms.push(form);
        }
        forms
    }

    /// The weights of the inputs in each output, recovered from the steps: `(input, weight)` by input, zeros left out.
    pub fn coefficients(&self) -> Vec<Vec<(usize, i128)>> {
        let forms = self.forms();
        let of = |t: Term| forms[t.value].iter().map(|&(i, c)| (i, c.wrapping_mul(t.factor()))).collect();
        self.outputs.iter().map(|o| o.map_or(Vec::new(), of)).collect()
    }

    /// Sets the ranges of the steps to those of the linear functions that they compute.
    pub(crate) fn set_ranges(&mut self) {
        let inputs = self.inputs();
        for (value, form) in self.forms().iter().enumerate().skip(inputs) {
            let terms = form.iter().map(|&(i, c)| (c * self.ranges[i].0, c * self.ranges[i].1));
            let range = terms.fold((0, 0), |r, (x, y)| (r.0 + x.min(y), r.1 + x.max(y)));
            self.ranges[value] = range;
        }
    }

    /// Adders on the longest path to each value, where there are so many before the inputs.
    pub(crate) fn depths(&self, arrivals: Vec<u32>) -> Vec<u32> {
        let mut depths = arrivals;
        for step in &self.steps {
            depths.push(1 + depths[step.a.value].max(depths[step.b.value]));
        }
        depths
    }

    /// Adders, their bits, and how many lie in a row. An adder has a bit for each position from the lowest at which both
    /// operands have bits (of a difference: at which the subtracted one has) to the highest of the result; bits that are zero for
    /// all inputs are none.
    pub fn cost(&self) -> Cost {
        let inputs = self.inputs();
        let zeros = |form: &Vec<(usize, i128)>| form.iter().map(|t| t.1.trailing_zeros()).min().unwrap_or(0);
        let lowest: Vec<u32> = self.forms().iter().map(zeros).collect();
        let depths = self.depths(vec![0; inputs]);
        let mut cost = Cost::default();
        for (k, step) in self.steps.iter().enumerate() {
            cost.adders += 1;
            let (a, b) = (lowest[step.a.value] + step.a.shift, lowest[step.b.value] + step.b.shift);
            let passed = if step.b.negative { b } else { a.max(b) };
            cost.bits += u64::from(width(self.ranges[inputs + k]).saturating_sub(passed));
        }
        for output in self.outputs.iter().flatten() {
            let mut depth = depths[output.value];
            if output.negative {
                let (lo, hi) = self.ranges[output.value];
                cost.adders += 1;
                cost.bits += u64::from(width((-hi, -lo)).saturating_sub(lowest[output.value]));
                depth += 1;
            }
            cost.depth = cost.depth.max(depth);
        }
        cost
    }
}

impl ShiftAdds {
    /// How often each value is read, outputs included.
    pub(crate) fn uses(&self) -> Vec<u32> {
        let mut uses = vec![0; self.ranges.len()];
        self.steps
            .iter()
            .flat_map(|s| [s.a, s.b])
            .chain(self.outputs.iter().flatten().copied())
            .for_each(|t| uses[t.value] += 1);
        uses
    }

    /// For each step, whether it is the carry of another one beside carry chains: it adds a value of one bit to a sum that
    /// nothing else reads, and which has no such bit yet.
    pub fn carries(&self) -> Vec<bool> {
        let (uses, inputs) = (self.uses(), self.inputs());
        let mut carries: Vec<bool> = Vec::with_capacity(self.steps.len());
        for Step { a, b } in &self.steps {
            let free = a.value.checked_sub(inputs).is_some_and(|k| !carries[k]) && uses[a.value] == 1;
            carries.push(free && a.shift == 0 && b.shift == 0 && width(self.ranges[b.value]) == 1);
        }
        carries
    }

    /// Additions in a row beside carry chains: [carries](ShiftAdds::carries) are none, negations of outputs are.
    pub fn levels(&self) -> u32 {
        let mut levels = vec![0; self.inputs()];
        for (Step { a, b }, carry) in self.steps.iter().zip(self.carries()) {
            levels.push(u32::from(!carry) + levels[a.value].max(levels[b.value]));
        }
        self.outputs.iter().flatten().map(|t| levels[t.value] + u32::from(t.negative)).max().unwrap_or(0)
    }

    /// What a cost model counts.
    pub(crate) fn price(&self, model: CostModel) -> u64 {
        match model {
            CostModel::FullAdders => self.cost().bits,
            CostModel::CarryChains => self.luts(),
        }
    }

    /// LUTs of the steps beside carry chains: see [`CostModel::CarryChains`]. [Carries](ShiftAdds::carries) take none.
    pub fn luts(&self) -> u64 {
        let luts = |step: &Step| {
            let (low, high) = if step.a.shift <= step.b.shift { (step.a, step.b) } else { (step.b, step.a) };
            let shift = high.shift - low.shift;
            let adder =
                Adder::new(self.ranges[low.value], self.ranges[high.value], shift, low.negative != high.negative);
            u64::from(CostModel::CarryChains.adder(&adder))
        };
        self.steps.iter().zip(self.carries()).filter(|(_, carry)| !carry).map(|(step, _)| luts(step)).sum()
    }
}

/// `a * factor + b * factor`, both by input.
fn combined(a: &[(usize, i128)], f: i128, b: &[(usize, i128)], g: i128) -> Vec<(usize, i128)> {
    let mut sum = Vec::with_capacity(a.len() + b.len());
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    loop {
        let (x, y) = (a.peek().map_or(usize::MAX, |t| t.0), b.peek().map_or(usize::MAX, |t| t.0));
        let mut c = 0_i128;
        if let Some(t) = a.next_if(|t| t.0 <= y) {
            c = c.wrapping_add(t.1.wrapping_mul(f));
        }
        if let Some(t) = b.next_if(|t| t.0 <= x) {
            c = c.wrapping_add(t.1.wrapping_mul(g));
        }
        match (x.min(y), c) {
            (usize::MAX, _) => return sum,
            (_, 0) => {}
            (input, c) => sum.push((input, c)),
        }
    }
}

/// Bits that hold a range, with a sign where it reaches below zero.
pub fn width((lo, hi): (i128, i128)) -> u32 {
    let bits = |v: i128| 128 - (if v < 0 { !v } else { v }).leading_zeros();
    bits(lo).max(bits(hi)) + u32::from(lo < 0)
}
