//! Functions by their steps: activations and quantisers.

use gatewright_dsl::prelude::{Int, lit, select};

use crate::cost::Cost;
use crate::error::Error;
use crate::layer::{OfOne, StepFunction, Steps};
use crate::network::{Range, TensorTy};
use crate::table;

/// Ranges up to this width may become one table addressed by the value.
const TABLE_WIDTH: u32 = 12;

impl StepFunction {
    /// The value at `x`.
    pub fn at(&self, x: i64) -> i64 {
        match self.steps.partition_point(|(position, _)| *position <= x) {
            0 => self.first,
            n => self.steps[n - 1].1,
        }
    }

    /// The same function on `range`, without steps outside of it and steps that change nothing.
    pub fn within(&self, range: Range) -> StepFunction {
        let first = self.at(range.lo);
        let mut steps: Vec<(i64, i64)> = Vec::new();
        for &(position, value) in &self.steps {
            let before = steps.last().map_or(first, |s| s.1);
            if position > range.lo && position <= range.hi && value != before {
                steps.push((position, value));
            }
        }
        StepFunction { first, steps }
    }

    fn values(&self) -> Range {
        let all = || std::iter::once(self.first).chain(self.steps.iter().map(|s| s.1));
        Range { lo: all().fold(self.first, i64::min), hi: all().fold(self.first, i64::max) }
    }

    fn check(&self) -> Result<(), Error> {
        match self.steps.windows(2).find(|w| w[0].0 >= w[1].0) {
            Some(w) => Err(Error::layer(format!("a step at {} follows one at {}", w[1].0, w[0].0))),
            None => Ok(()),
        }
    }

    /// A binary tree of comparisons that choose values.
    fn tree(&self, x: Int) -> Int {
        fn build(x: Int, first: i64, steps: &[(i64, i64)]) -> Int {
            let middle = steps.len() / 2;
            let Some(&(position, value)) = steps.get(middle) else { return lit(first) };
            let at_least = x.ge(position);
            if (first, value, steps.len()) == (0, 1, 1) {
                return at_least.to_int();
            }
            at_least.mux(build(x, value, &steps[middle + 1..]), build(x, first, &steps[..middle]))
        }
        build(x, self.first, &self.steps)
    }

    fn tree_cost(&self, range: Range) -> Cost {
        let n = self.steps.len() as u64;
        let compare = Cost::compare_constant(range.width()).times(n);
        let choose = Cost::choose(self.values().width()).times(n.saturating_sub(1));
        Cost { depth: n.max(1).ilog2() + 1, ..compare.then(choose) }
    }

    /// The values by the bits of `x`, read without their sign.
    fn table(&self, x: Int, range: Range) -> Int {
        let size = 1_i64 << range.width();
        let word = |bits: i64| if bits <= range.hi { bits } else { bits - size };
        let value = |bits: i64| lit(self.at(word(bits).clamp(range.lo, range.hi)));
        let choices: Vec<Int> = (0..size).map(value).collect();
        select(x.wrap(gatewright_dsl::prelude::uint(range.width())), &choices)
    }

    /// The function, which has been made for `range`, in hardware.
    fn unrolled(&self, x: Int, range: Range) -> Int {
        if self.by_table(range) { self.table(x, range) } else { self.tree(x) }
    }

    fn by_table(&self, range: Range) -> bool {
        self.steps.len() > 1
            && range.width() <= TABLE_WIDTH
            && Cost::table(range.width(), self.values().width()).luts < self.tree_cost(range).luts
    }

    fn cost(&self, range: Range) -> Cost {
        if self.by_table(range) { Cost::table(range.width(), self.values().width()) } else { self.tree_cost(range) }
    }
}

impl Steps {
    fn function(&self, element: usize) -> &StepFunction {
        let of = if self.of.len() == 1 { self.of[0] } else { self.of[element] };
        &self.functions[of as usize]
    }

    pub(crate) fn output(&self, x: &TensorTy) -> Result<TensorTy, Error> {
        let count = x.ranges.len();
        if self.of.len() != 1 && self.of.len() != count {
            return Err(Error::layer(format!("{count} elements have {} step functions", self.of.len())));
        }
        if let Some(missing) = self.of.iter().find(|&&f| f as usize >= self.functions.len()) {
            let has = self.functions.len();
            return Err(Error::layer(format!("an element has step function {missing}, and there are {has}")));
        }
        self.functions.iter().try_for_each(StepFunction::check)?;
        let range = |(e, r): (usize, &Range)| self.function(e).within(*r).values();
        let ty = TensorTy { shape: x.shape.clone(), ranges: x.ranges.iter().enumerate().map(range).collect() };
        ty.check()?;
        Ok(ty)
    }

    pub(crate) fn prepared(&self, samples: usize, ty: &TensorTy) -> OfOne<'_> {
        let count = ty.ranges.len();
        if let [of] = self.of[..] {
            let function = &self.functions[of as usize];
            return table::prepared(&ty.ranges, samples.saturating_mul(count), |x| function.at(x));
        }
        let mut spans: Vec<Option<Range>> = vec![None; self.functions.len()];
        for (&of, r) in self.of.iter().zip(&ty.ranges) {
            let span = &mut spans[of as usize];
            *span = Some(span.map_or(*r, |s| Range { lo: s.lo.min(r.lo), hi: s.hi.max(r.hi) }));
        }
        let table = |(span, function): (&Option<Range>, &StepFunction)| {
            span.filter(|s| table::pays(*s, samples)).map(|s| (s.lo, function.table_over(s)))
        };
        let tables: Vec<Option<(i64, Vec<i64>)>> = spans.iter().zip(self.functions.iter()).map(table).collect();
        Box::new(move |x| {
            let each: Vec<_> =
                self.of.iter().map(|&f| (tables[f as usize].as_ref(), &self.functions[f as usize])).collect();
            let mut y = Vec::with_capacity(x.len());
            for sample in x.chunks_exact(count.max(1)) {
                y.extend(sample.iter().zip(&each).map(|(&x, (table, function))| match table {
                    Some((lo, table)) => table[(x - lo) as usize],
                    None => function.at(x),
                }));
            }
            y
        })
    }

    pub(crate) fn unrolled(&self, x: &[Int], ty: &TensorTy) -> Vec<Int> {
        let element = |(e, (x, r)): (usize, (&Int, &Range))| self.function(e).within(*r).unrolled(*x, *r);
        x.iter().zip(&ty.ranges).enumerate().map(element).collect()
    }

    pub(crate) fn cost(&self, x: &TensorTy) -> Cost {
        let element = |(e, r): (usize, &Range)| self.function(e).within(*r).cost(*r);
        x.ranges.iter().enumerate().map(element).fold(Cost::default(), Cost::beside)
    }
}

impl StepFunction {
    /// The values on `span`, in order.
    fn table_over(&self, span: Range) -> Vec<i64> {
        let inside = self.within(span);
        let mut table = Vec::with_capacity(span.count() as usize);
        let (mut value, mut from) = (inside.first, span.lo);
        for &(position, next) in &inside.steps {
            table.resize(table.len() + (position - from) as usize, value);
            (value, from) = (next, position);
        }
        table.resize(span.count() as usize, value);
        table
    }
}
