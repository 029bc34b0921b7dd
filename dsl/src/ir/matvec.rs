//! Constant matrix-vector products: the weights of each output, and the additions that were chosen for them.
//!
//! Both stand side by side. What an output computes is said by its weights and its constant; simulators, ranges and the
//! dependences between values look at nothing else. The graph of additions is how it becomes hardware
//! ([`expand`](crate::pass::expand)). The [verifier](super::verify) recovers the weights from the graph, so that the two
//! say the same.
//!
//! A product in a pipelined region also says in which stage each addition is. Its registers stand in front of it: each
//! input has a node for every stage, one register behind the other, and a sum is computed from those of its own stage, as
//! if it had no registers inside. `expand` moves them to where the stages are, which changes no value in any clock.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::ids::{DomainId, NodeId, PlaceId};
use crate::ty::{IntTy, MAX_WIDTH};
use crate::value::Value;

/// A constant matrix-vector product, read by the nodes [`Op::Matvec`](super::Op::Matvec).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Matvec {
    /// Integers.
    pub inputs: Vec<NodeId>,
    /// The additions. A value is named by its number: the inputs, then the steps.
    pub steps: Vec<ShiftAdd>,
    /// The sums.
    pub outputs: Vec<MatvecOutput>,
    /// How the additions are written.
    pub adders: Adders,
    /// Where its registers go; `None`: it has none.
    #[serde(default)]
    pub pipeline: Option<Pipeline>,
    /// Where it was written.
    pub place: PlaceId,
}

/// The stages of a product, each a clock later than the one before.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pipeline {
    /// The clock.
    pub domain: DomainId,
    /// Registers are named so, with `_s` and the stage in which they are read.
    pub name: String,
    /// For each input the stage of its node, and the nodes that have its value in the stages that follow.
    pub inputs: Vec<(u32, Vec<NodeId>)>,
    /// Of the steps. Operands of earlier stages come through registers.
    pub steps: Vec<u32>,
    /// Of the sums.
    pub outputs: Vec<u32>,
}

/// How sums of more than two words are added, which depends on what a device adds with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Adders {
    /// A carry chain for each step.
    #[default]
    Two,
    /// Carry chains of three words, where that takes no more positions than two chains do.
    Three,
    /// Full adders side by side bring the words to two, which are added.
    Compressors,
}

/// `a * 2^s + b * 2^t`, or the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ShiftAdd {
    /// A value and its shift. Values are the inputs, and then the results of the steps before.
    pub a: (usize, u32),
    /// The same for the second operand.
    pub b: (usize, u32),
    /// The second is subtracted.
    pub subtract: bool,
}

/// One sum of a constant matrix-vector product: `sum of weight * input + constant`, which the graph makes as
/// `±value * 2^shift + constant`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MatvecOutput {
    /// Inputs by number, rising, with their weights: all that the graph reaches, also where they cancel out to 0.
    pub weights: Vec<(usize, Value)>,
    /// Added.
    pub constant: Value,
    /// A value as steps name it, and its shift; `None` for 0.
    pub value: Option<(usize, u32)>,
    /// The value is subtracted.
    pub negative: bool,
}

/// Coefficients of inputs, by input.
pub(crate) type Form = Vec<(usize, Value)>;

/// A step or an output that the graph cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It names a value that does not stand before it.
    Behind,
    /// Its shift is more than [`MAX_WIDTH`].
    Shift,
}

/// `a * 2^s ± b * 2^t`.
fn combined(a: &Form, s: u32, b: &Form, t: u32, subtract: bool) -> Form {
    let scaled = |c: &Value, shift: u32| if shift == 0 { c.clone() } else { c.shl(shift) };
    let second = |c: &Value| if subtract { -&scaled(c, t) } else { scaled(c, t) };
    let mut form = Form::with_capacity(a.len() + b.len());
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    loop {
        match (a.peek(), b.peek()) {
            (Some(x), Some(y)) if x.0 == y.0 => {
                form.push((x.0, &scaled(&x.1, s) + &second(&y.1)));
                a.next();
                b.next();
            }
            (Some(x), y) if y.is_none_or(|y| x.0 < y.0) => {
                form.push((x.0, scaled(&x.1, s)));
                a.next();
            }
            (_, Some(y)) => {
                form.push((y.0, second(&y.1)));
                b.next();
            }
            (_, None) => return form,
        }
    }
}

/// The range of a linear function of independent inputs.
pub(crate) fn form_range(form: &[(usize, Value)], constant: &Value, ty: impl Fn(usize) -> IntTy) -> IntTy {
    small_range(form, constant, &ty).unwrap_or_else(|| {
        let term = |(i, c): &(usize, Value)| ty(*i).product(IntTy::constant(c.clone()));
        form.iter().map(term).fold(IntTy::constant(constant.clone()), IntTy::plus)
    })
}

/// The range where it can be had in machine words.
fn small_range(form: &[(usize, Value)], constant: &Value, ty: &impl Fn(usize) -> IntTy) -> Option<IntTy> {
    let (mut lo, mut hi) = (i128::from(constant.to_i64()?), i128::from(constant.to_i64()?));
    for (i, c) in form {
        let ((a, b), c) = (ty(*i).small()?, i128::from(c.to_i64()?));
        let (a, b) = (i128::from(a) * c, i128::from(b) * c);
        lo = lo.checked_add(a.min(b))?;
        hi = hi.checked_add(a.max(b))?;
    }
    Some(IntTy::new(lo, hi))
}

impl Matvec {
    /// The first stage of an input.
    pub(crate) fn input_stage(&self, input: usize) -> u32 {
        self.pipeline.as_ref().map_or(0, |p| p.inputs[input].0)
    }

    /// The stage of a step.
    pub(crate) fn step_stage(&self, step: usize) -> u32 {
        self.pipeline.as_ref().map_or(0, |p| p.steps[step])
    }

    /// The stage of a sum.
    pub(crate) fn output_stage(&self, output: usize) -> u32 {
        self.pipeline.as_ref().map_or(0, |p| p.outputs[output])
    }

    /// The node of an input as it is in a stage; of one that has none there, the nearest.
    pub(crate) fn input_in(&self, input: usize, stage: u32) -> NodeId {
        let later = self.pipeline.as_ref().and_then(|p| {
            let (first, later) = &p.inputs[input];
            let after = stage.saturating_sub(*first) as usize;
            after.checked_sub(1).and_then(|k| later.get(k).or(later.last()))
        });
        later.copied().unwrap_or(self.inputs[input])
    }

    /// The node from which a sum takes an input.
    pub fn input(&self, output: usize, input: usize) -> NodeId {
        self.input_in(input, self.output_stage(output))
    }

    /// The nodes that it reads, also those of the same input in other stages.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.inputs.iter().copied().chain(self.later_inputs().copied())
    }

    /// As [`nodes`](Matvec::nodes), mutable.
    pub(crate) fn nodes_mut(&mut self) -> impl Iterator<Item = &mut NodeId> {
        let later = self.pipeline.iter_mut().flat_map(|p| p.inputs.iter_mut().flat_map(|(_, later)| later));
        self.inputs.iter_mut().chain(later)
    }

    fn later_inputs(&self) -> impl Iterator<Item = &NodeId> {
        self.pipeline.iter().flat_map(|p| p.inputs.iter().flat_map(|(_, later)| later))
    }

    /// The ranges of the inputs, in whatever stage they are.
    pub(crate) fn input_ranges(&self, ty: impl Fn(NodeId) -> IntTy) -> Vec<IntTy> {
        let mut ranges: Vec<IntTy> = self.inputs.iter().map(|&x| ty(x)).collect();
        for (range, (_, later)) in ranges.iter_mut().zip(self.pipeline.iter().flat_map(|p| &p.inputs)) {
            *range = later.iter().fold(*range, |range, &x| range.hull(ty(x)));
        }
        ranges
    }

    /// What is wrong with the names and shifts of the graph, and with which step, or output after all steps.
    pub(crate) fn misnamed(&self) -> Option<(usize, Wrong)> {
        let inputs = self.inputs.len();
        let named = |k: usize, (value, shift): (usize, u32)| match () {
            () if value >= inputs + k.min(self.steps.len()) => Some((k, Wrong::Behind)),
            () if shift > MAX_WIDTH => Some((k, Wrong::Shift)),
            () => None,
        };
        let steps = self.steps.iter().enumerate().find_map(|(k, s)| named(k, s.a).or(named(k, s.b)));
        let ends = self.outputs.iter().enumerate().filter_map(|(k, o)| Some((self.steps.len() + k, o.value?)));
        steps.or_else(|| ends.into_iter().find_map(|(k, end)| named(k, end)))
    }

    /// Drops the inputs and steps that no output needs from a product without weights and stages. The names are right.
    /// Returns for each input, then step, whether it stays.
    pub(crate) fn drop_unread(&mut self) -> Vec<bool> {
        let inputs = self.inputs.len();
        let mut read = vec![false; inputs + self.steps.len()];
        self.outputs.iter().filter_map(|o| o.value).for_each(|(value, _)| read[value] = true);
        for (k, step) in self.steps.iter().enumerate().rev() {
            if read[inputs + k] {
                read[step.a.0] = true;
                read[step.b.0] = true;
            }
        }
        let mut next = 0;
        let number = read.iter().map(|&stays| {
            next += usize::from(stays);
            next.saturating_sub(1)
        });
        let new: Vec<usize> = number.collect();
        let mut stays = read.iter();
        self.inputs.retain(|_| *stays.next().unwrap_or(&true));
        self.steps.retain(|_| *stays.next().unwrap_or(&true));
        self.steps.iter_mut().flat_map(|s| [&mut s.a.0, &mut s.b.0]).for_each(|value| *value = new[*value]);
        self.outputs.iter_mut().filter_map(|o| o.value.as_mut()).for_each(|(value, _)| *value = new[*value]);
        read
    }

    /// The coefficients of every value of a graph whose names are right: of the inputs, then of the steps.
    ///
    /// # Errors
    /// The first step with a coefficient of more than [`MAX_WIDTH`] bits.
    pub(crate) fn forms(&self) -> Result<Vec<Form>, usize> {
        let mut forms: Vec<Form> = (0..self.inputs.len()).map(|i| vec![(i, Value::ONE)]).collect();
        for (k, step) in self.steps.iter().enumerate() {
            let form = combined(&forms[step.a.0], step.a.1, &forms[step.b.0], step.b.1, step.subtract);
            if form.iter().any(|(_, c)| c.bits(true) > MAX_WIDTH) {
                return Err(k);
            }
            forms.push(form);
        }
        Ok(forms)
    }

    /// The weights of an output, from the coefficients of all values.
    pub(crate) fn recovered(forms: &[Form], output: &MatvecOutput) -> Form {
        let Some((value, shift)) = output.value else { return Form::new() };
        let weight = |c: &Value| if output.negative { -&c.shl(shift) } else { c.shl(shift) };
        forms[value].iter().map(|(i, c)| (*i, weight(c))).collect()
    }
}

impl MatvecOutput {
    /// The exact range of the sum, where each input takes every value of its type (`ty`, by number), whatever the others
    /// have.
    pub fn range(&self, ty: impl Fn(usize) -> IntTy) -> IntTy {
        form_range(&self.weights, &self.constant, ty)
    }

    /// The sum for these values of the inputs, by number.
    pub fn eval<'v>(&self, input: impl Fn(usize) -> Cow<'v, Value>) -> Value {
        self.weights.iter().fold(self.constant.clone(), |sum, (i, weight)| &sum + &(weight * &*input(*i)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn end(value: usize, shift: u32, negative: bool) -> MatvecOutput {
        MatvecOutput { weights: vec![], constant: 7.into(), value: Some((value, shift)), negative }
    }

    proptest! {
        /// The recovered weights give what the additions give, done one by one; the range holds it, and its ends are reached.
        #[test]
        fn weights_against_the_additions_done(
            ranges in prop::collection::vec((-9i128..9, 0i128..9), 1..4),
            steps in prop::collection::vec((any::<usize>(), 0u32..4, any::<usize>(), 0u32..4, any::<bool>()), 0..7),
            at in prop::collection::vec(0i128..9, 4),
            (shift, negative) in (0u32..3, any::<bool>()),
        ) {
            let n = ranges.len();
            let steps: Vec<ShiftAdd> = steps.iter().enumerate()
                .map(|(k, &(a, s, b, t, subtract))| ShiftAdd { a: (a % (n + k), s), b: (b % (n + k), t), subtract })
                .collect();
            let last = n + steps.len() - 1;
            let m = Matvec { inputs: vec![NodeId(0); n], steps, outputs: vec![end(last, shift, negative)], adders: Adders::Two, pipeline: None, place: PlaceId(0) };
            prop_assert_eq!(m.misnamed(), None);
            let weights = Matvec::recovered(&m.forms().unwrap(), &m.outputs[0]);
            let output = MatvecOutput { weights, ..m.outputs[0].clone() };
            let run = |inputs: &[i128]| {
                let mut values = inputs.to_vec();
                for s in &m.steps {
                    let (a, b) = (values[s.a.0] << s.a.1, values[s.b.0] << s.b.1);
                    values.push(if s.subtract { a - b } else { a + b });
                }
                let scaled = values[last] << shift;
                7 + if negative { -scaled } else { scaled }
            };
            let ty = |i: usize| IntTy::new(ranges[i].0, ranges[i].0 + ranges[i].1);
            let value = |inputs: &[i128]| output.eval(|i| Cow::Owned(Value::from(inputs[i])));
            let inputs: Vec<i128> = ranges.iter().zip(&at).map(|(r, x)| r.0 + x % (r.1 + 1)).collect();
            prop_assert_eq!(value(&inputs), Value::from(run(&inputs)));
            prop_assert!(output.range(ty).contains(&value(&inputs)));
            // An end of the range is at an end of each input.
            let corners = (0..1u32 << n).map(|k| {
                run(&(0..n).map(|i| ranges[i].0 + if k >> i & 1 == 1 { ranges[i].1 } else { 0 }).collect::<Vec<_>>())
            });
            let (lo, hi) = corners.fold((i128::MAX, i128::MIN), |(lo, hi), v| (lo.min(v), hi.max(v)));
            prop_assert_eq!(output.range(ty), IntTy::new(lo, hi));
        }
    }

    #[test]
    fn ranges_are_the_same_beyond_machine_words() {
        let wide = IntTy::new(-&Value::pow2(90), Value::pow2(80));
        let weights = vec![(0, Value::from(3)), (1, -&Value::pow2(70))];
        let output = MatvecOutput { weights, ..end(0, 0, false) };
        let found = output.range(|i| [wide, IntTy::new(-1, 2)][i]);
        let (lo, hi) = (&(&Value::pow2(90) * &Value::from(-3)) - &Value::pow2(71), &Value::pow2(80) * &Value::from(3));
        assert_eq!(found, IntTy::new(&lo + &7.into(), &(&hi + &Value::pow2(70)) + &7.into()));
    }

    #[test]
    fn graphs_that_name_what_is_not_there() {
        let add = |a, b| ShiftAdd { a, b, subtract: false };
        let make = |steps: Vec<ShiftAdd>, value| Matvec {
            inputs: vec![NodeId(0)],
            steps,
            outputs: vec![end(value, 0, false)],
            adders: Adders::Two,
            pipeline: None,
            place: PlaceId(0),
        };
        assert_eq!(make(vec![add((0, 1), (0, 0)), add((1, 0), (2, 0))], 0).misnamed(), Some((1, Wrong::Behind)));
        assert_eq!(make(vec![add((0, 1), (0, 0))], 2).misnamed(), Some((1, Wrong::Behind)));
        assert_eq!(make(vec![add((0, MAX_WIDTH + 1), (0, 0))], 1).misnamed(), Some((0, Wrong::Shift)));
        assert_eq!(make(vec![add((0, MAX_WIDTH), (0, 0))], 1).forms(), Err(0));
    }
}
