//! Functions by their steps: activations and quantisers.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use gatewright_dsl::prelude::{Int, lit, select, uint};

use crate::cost::Cost;
use crate::error::Error;
use crate::layer::{Form, Made, OfOne, StepFunction, Steps};
use crate::network::{Range, TensorTy};
use crate::{multiplier, staircase, table};

/// Ranges up to this width may become a table addressed by the value, without being asked for and where it is wanted.
const AUTO_TABLE_WIDTH: u32 = 14;
const TABLE_WIDTH: u32 = 16;
/// Address bits of one lookup.
const TABLE_PART: u32 = 6;

/// Whether the first takes fewer LUTs, and where it is deeper, by more than a fifth: depth is latency.
fn worth(one: &Cost, other: &Cost) -> bool {
    one.luts < other.luts && (one.depth <= other.depth || 5 * one.luts < 4 * other.luts)
}

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

    /// The hull of all its values.
    pub(crate) fn values(&self) -> Range {
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

    /// The values by the bits of an operand, read without their sign.
    fn words(&self, range: Range) -> Vec<i64> {
        let size = 1_i64 << range.width();
        if range.lo >= 0 {
            return self.table_over(Range { lo: 0, hi: size - 1 });
        }
        let mut words = self.table_over(Range { lo: -size / 2, hi: size / 2 - 1 });
        words.rotate_left(size as usize / 2);
        words
    }

    fn table(&self, x: Int, range: Range) -> Int {
        let words = self.words(range);
        let address = x.wrap(uint(range.width()));
        if range.width() <= TABLE_PART {
            return select(address, &words.into_iter().map(lit).collect::<Vec<Int>>());
        }
        // In two parts, so that a register can go between; parts that are alike are one.
        let low = address.wrap(uint(TABLE_PART));
        let mut parts: HashMap<&[i64], Int> = HashMap::new();
        let mut choices = Vec::new();
        for part in words.chunks(1 << TABLE_PART) {
            choices.push(*parts.entry(part).or_insert_with(|| match part.iter().all(|word| *word == part[0]) {
                true => lit(part[0]),
                false => select(low, &part.iter().copied().map(lit).collect::<Vec<Int>>()),
            }));
        }
        select(address >> TABLE_PART, &choices)
    }

    /// What the function, which has been made for `range`, becomes, and its cost.
    ///
    /// # Errors
    /// Where it has not the wanted form.
    fn made(&self, range: Range, form: Form) -> Result<(Made, Cost), Error> {
        if self.steps.is_empty() {
            return Ok((Made::Constant, Cost::default()));
        }
        let tree = || (Made::Comparisons, self.tree_cost(range));
        let table = |most: u32| {
            (range.width() <= most).then(|| (Made::Table, Cost::table(&self.words(range), self.values().width())))
        };
        let multiplier = || multiplier::find(self, range).map(|(form, cost)| (Made::Multiplier(form), cost));
        let staircase = || staircase::find(self, range).map(|(plan, cost)| (Made::Staircase(plan), cost));
        match form {
            Form::Comparisons => Ok(tree()),
            Form::Table => table(TABLE_WIDTH).ok_or_else(|| {
                let width = range.width();
                Error::layer(format!("an operand of {width} bits is too wide for a table, which takes {TABLE_WIDTH}"))
            }),
            Form::Multiplier => multiplier().ok_or_else(|| {
                let Range { lo, hi } = range;
                Error::layer(format!("no multiplier and shift of up to 30 bits equals its function on {lo}..={hi}"))
            }),
            Form::Staircase => staircase().ok_or_else(|| {
                let Range { lo, hi } = range;
                Error::layer(format!("no network of few tables and comparisons equals its function on {lo}..={hi}"))
            }),
            Form::Auto => {
                let others = [table(AUTO_TABLE_WIDTH), multiplier(), staircase()].into_iter().flatten();
                Ok(others.fold(tree(), |best, other| if worth(&other.1, &best.1) { other } else { best }))
            }
        }
    }

    fn unrolled(&self, made: &Made, x: Int, range: Range) -> Int {
        match made {
            Made::Constant => lit(self.first),
            Made::Comparisons => self.tree(x),
            Made::Table => self.table(x, range),
            Made::Multiplier(form) => form.element(x, range),
            Made::Staircase(plan) => staircase::element(plan, x, self.values()),
        }
    }
}

/// The functions of elements, each made once for each range that it has.
struct Hardware {
    made: Vec<(StepFunction, Made, Cost)>,
    /// Which of them each element has.
    of: Vec<usize>,
}

impl Steps {
    /// The number of an element's function.
    pub(crate) fn number(&self, element: usize) -> u32 {
        if self.of.len() == 1 { self.of[0] } else { self.of[element] }
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
        let range = |(e, r): (usize, &Range)| self.functions[self.number(e) as usize].within(*r).values();
        let ty = TensorTy { shape: x.shape.clone(), ranges: x.ranges.iter().enumerate().map(range).collect() };
        ty.check()?;
        if self.form != Form::Auto {
            self.hardware(x, self.form)?;
        }
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

    /// # Errors
    /// Where a function has not the wanted form.
    fn hardware(&self, x: &TensorTy, form: Form) -> Result<Hardware, Error> {
        let mut known: HashMap<(u32, Range), usize> = HashMap::new();
        let mut made = Vec::new();
        let mut of = Vec::with_capacity(x.ranges.len());
        for (e, &range) in x.ranges.iter().enumerate() {
            let number = self.number(e);
            let n = match known.entry((number, range)) {
                Entry::Occupied(n) => *n.get(),
                Entry::Vacant(new) => {
                    let function = self.functions[number as usize].within(range);
                    let (form, cost) = function.made(range, form)?;
                    made.push((function, form, cost));
                    *new.insert(made.len() - 1)
                }
            };
            of.push(n);
        }
        Ok(Hardware { made, of })
    }

    /// As [`output`](Steps::output) has checked; without that, comparisons are always there.
    fn checked(&self, x: &TensorTy) -> Hardware {
        let comparisons = |_| self.hardware(x, Form::Comparisons);
        self.hardware(x, self.form).or_else(comparisons).unwrap_or(Hardware { made: Vec::new(), of: Vec::new() })
    }

    /// The function of one element with this range, alone; none where a form is asked for.
    pub(crate) fn of_element(&self, element: usize, range: Range) -> Option<Steps> {
        let function = || self.functions[self.number(element) as usize].within(range);
        (self.form == Form::Auto).then(|| Steps {
            functions: Arc::new(vec![function()]),
            of: Arc::new(vec![0]),
            form: Form::Auto,
        })
    }

    /// What the functions of the elements of `x` become in hardware, and of how many elements, for a layer that `x` fits.
    pub fn forms(&self, x: &TensorTy) -> Vec<(Made, usize)> {
        self.forms_where(x, |_| true)
    }

    /// The same of some elements.
    pub(crate) fn forms_where(&self, x: &TensorTy, counts_in: impl Fn(usize) -> bool) -> Vec<(Made, usize)> {
        let Hardware { made, of } = self.checked(x);
        let mut counts: Vec<(Made, usize)> = Vec::new();
        let mut numbers: HashMap<Made, usize> = HashMap::new();
        for (_, n) in of.into_iter().enumerate().filter(|(e, _)| counts_in(*e)) {
            let form = &made[n].1;
            let at = *numbers.entry(form.clone()).or_insert(counts.len());
            match counts.get_mut(at) {
                Some(count) => count.1 += 1,
                None => counts.push((form.clone(), 1)),
            }
        }
        counts
    }

    /// How far each element's form moves its operand first.
    pub(crate) fn offsets(&self, x: &TensorTy) -> Vec<i64> {
        let Hardware { made, of } = self.checked(x);
        let offset = |n: usize| if let Made::Staircase(plan) = &made[n].1 { plan.offset } else { 0 };
        of.into_iter().map(offset).collect()
    }

    pub(crate) fn unrolled(&self, x: &[Int], ty: &TensorTy) -> Vec<Int> {
        let Hardware { made, of } = self.checked(ty);
        let element = |((x, range), n): ((&Int, &Range), usize)| {
            let (function, form, _) = &made[n];
            function.unrolled(form, *x, *range)
        };
        x.iter().zip(&ty.ranges).zip(of).map(element).collect()
    }

    pub(crate) fn cost(&self, x: &TensorTy) -> Cost {
        let Hardware { made, of } = self.checked(x);
        of.into_iter().map(|n| made[n].2).fold(Cost::default(), Cost::beside)
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
