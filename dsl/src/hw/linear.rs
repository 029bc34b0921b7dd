//! Linear functions as lists of additions, with the exact ranges of everything on the way.
//!
//! Where an operand comes in more than once (`4x - x`), ranges of partial results say too much: each step of such a
//! list has the range of the linear function of the inputs that it computes.

use super::bits::{bits, concat};
use super::context::{Loc, Raw, with};
use super::int::{Int, lit};
use super::module::abort;
use crate::diag;
use crate::ty::IntTy;
use crate::value::Value;

/// `a * 2^s + b * 2^t`, or the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShiftAdd {
    /// A value and its shift. Values are the inputs, and then the results of the steps before.
    pub a: (usize, u32),
    /// The same for the second operand.
    pub b: (usize, u32),
    /// The second is subtracted.
    pub subtract: bool,
}

/// Coefficients of inputs, by input.
type Form = Vec<(usize, Value)>;

/// `a * 2^s ± b * 2^t`; and whether an input comes in on both sides.
fn combined(a: &Form, s: u32, b: &Form, t: u32, subtract: bool) -> (Form, bool) {
    let scaled = |c: &Value, shift| c * &Value::pow2(shift);
    let second = |c: &Value| if subtract { -&scaled(c, t) } else { scaled(c, t) };
    let mut form = Form::with_capacity(a.len() + b.len());
    let (mut a, mut b, mut shared) = (a.iter().peekable(), b.iter().peekable(), false);
    loop {
        match (a.peek(), b.peek()) {
            (Some(x), Some(y)) if x.0 == y.0 => {
                shared = true;
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
            (_, None) => return (form, shared),
        }
    }
}

/// One sum of a constant matrix-vector product: a value, scaled, and a constant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LinearOutput {
    /// A value as steps name it, and its shift; `None` for 0.
    pub value: Option<(usize, u32)>,
    /// The value is subtracted.
    pub negative: bool,
    /// Added.
    pub constant: Value,
}

/// A value in hardware: `word = ±value + offset`, and the word is not negative.
#[derive(Clone)]
struct Word {
    word: Int,
    negative: bool,
    offset: Value,
    /// The value's coefficients.
    form: Form,
    /// Made by an addition, and taken by one other only.
    chained: bool,
}

/// Sums of `inputs` with constant weights as the additions `steps`, each output with its exact range where the inputs are
/// independent.
///
/// Words have no sign: an input that can be negative comes in with its sign bit inverted, subtracted words are inverted,
/// and the constants that this adds are taken out of each output at once. A carry chain then needs LUTs only where both
/// operands have bits; above the narrower one the carry runs on by itself. An addition of unshifted results of additions
/// has a zero bit below: synthesis with Yosys would else make one sum of many operands of them, at two LUTs and more
/// for each bit that a carry chain adds with one.
#[track_caller]
pub fn const_matvec(inputs: &[Int], steps: &[ShiftAdd], outputs: &[LinearOutput]) -> Vec<Int> {
    let loc = Loc::caller();
    let types: Vec<IntTy> = inputs.iter().map(|i| i.ty()).collect();
    let mut uses = vec![0_u32; inputs.len() + steps.len()];
    let named = steps.iter().enumerate().flat_map(|(k, s)| [(inputs.len() + k, s.a.0), (inputs.len() + k, s.b.0)]);
    let ends = outputs.iter().filter_map(|o| Some((uses.len(), o.value?.0)));
    let all: Vec<(usize, usize)> = named.chain(ends).collect();
    if all.iter().any(|(by, of)| of >= by) {
        with(|c| {
            let place = c.place(loc);
            let help = "let each step name inputs and steps before it";
            c.report(diag::e0109::new(place, "const_matvec has a step that names a value behind it", help));
        });
        abort()
    }
    all.iter().for_each(|(_, of)| uses[*of] += 1);
    let mut values: Vec<Word> = inputs.iter().enumerate().map(|(i, x)| Word::input(i, *x)).collect();
    for (k, step) in steps.iter().enumerate() {
        let once = uses[inputs.len() + k] == 1;
        let value = values[step.a.0].plus(step.a.1, &values[step.b.0], step.b.1, step.subtract, &types, once);
        values.push(value);
    }
    outputs.iter().map(|o| o.made(&values, &types)).collect()
}

impl LinearOutput {
    fn made(&self, values: &[Word], types: &[IntTy]) -> Int {
        let Some((value, shift)) = self.value else { return lit(self.constant.clone()) };
        let value = &values[value];
        let range = value.range(types).product(IntTy::constant(Value::pow2(shift)));
        let range = if self.negative { IntTy::constant(0).minus(range) } else { range };
        let wanted = range.plus(IntTy::constant(self.constant.clone()));
        // `word = value + offset` without a sign.
        let (word, offset) = match value.negative == self.negative {
            true => (value.word, value.offset.clone()),
            false => value.inverted(),
        };
        if word.raw().is_poison() {
            return word;
        }
        let shifted = if shift == 0 { word } else { word << shift };
        match wanted.as_constant() {
            Some(only) => lit(only),
            None => added(shifted, &self.constant - &(&offset * &Value::pow2(shift)), wanted),
        }
    }
}

/// `word + constant`, which lies in `wanted`. Bits below the constant's lowest one pass by, and a constant that is half of
/// the width inverts one bit.
fn added(word: Int, constant: Value, wanted: IntTy) -> Int {
    let width = wanted.width();
    let rest = constant.wrap(width, false);
    if wanted.is_signed() && rest == Value::pow2(width - 1) && word.ty().width() <= width {
        let bits = word.to_bits().zero_extend(width);
        let top = (!bits.bit(width - 1)).to_bits();
        let bits = if width == 1 { top } else { concat(&[top, bits.slice(0..width - 1)]) };
        return known(bits.to_sint(), wanted);
    }
    if constant.is_zero() {
        word
    } else if constant.is_negative() {
        word - lit(-&constant)
    } else {
        word + lit(constant)
    }
}

impl Word {
    fn input(index: usize, x: Int) -> Word {
        let ty = x.ty();
        let form = vec![(index, Value::ONE)];
        if x.raw().is_poison() || !ty.is_signed() {
            return Word { word: x, negative: false, offset: Value::ZERO, form, chained: false };
        }
        let top = ty.width() - 1;
        let bits = x.to_bits();
        let sign = (!bits.bit(top)).to_bits();
        let word = if top == 0 { sign } else { concat(&[sign, bits.slice(0..top)]) };
        let offset = Value::pow2(top);
        let word = known(word.to_uint(), ty.plus(IntTy::constant(offset.clone())));
        Word { word, negative: false, offset, form, chained: false }
    }

    /// The inverted word, and the offset with which it is the other sign's: `~word = ∓value + (2^width - 1 - offset)`.
    fn inverted(&self) -> (Int, Value) {
        let ty = self.word.ty();
        let most = &Value::pow2(ty.width()) - &Value::ONE;
        let word = match ty.as_constant() {
            Some(only) => lit(&most - &only),
            None => known((!self.word.to_bits()).to_uint(), IntTy::constant(most.clone()).minus(ty)),
        };
        (word, &most - &self.offset)
    }

    fn plus(&self, s: u32, other: &Word, t: u32, subtract: bool, types: &[IntTy], once: bool) -> Word {
        let (form, _) = combined(&self.form, s, &other.form, t, subtract);
        if self.word.raw().is_poison() || other.word.raw().is_poison() {
            return Word { word: Int::new(Raw::POISON), form, ..self.clone() };
        }
        // Of different signs, the one that is shifted further is inverted, so that what passes by below stays as it is.
        let other_negative = other.negative != subtract;
        let invert = self.negative != other_negative;
        let (mut a, mut b) = ((self.word, self.offset.clone()), (other.word, other.offset.clone()));
        let mut negative = self.negative;
        let mut chained = [self.chained && s == 0, other.chained && t == 0];
        if invert && t >= s {
            (b, chained[1]) = (other.inverted(), false);
        } else if invert {
            (a, chained[0]) = (self.inverted(), false);
            negative = other_negative;
        }
        let offset = &(&a.1 * &Value::pow2(s)) + &(&b.1 * &Value::pow2(t));
        let sum = Word { word: a.0, negative, offset, form, chained: once };
        let range = sum.range(types);
        let range = if negative { IntTy::constant(0).minus(range) } else { range };
        let exact = range.plus(IntTy::constant(sum.offset.clone()));
        let shifted = |x: Int, n: u32| if n == 0 { x } else { x << n };
        let word = if chained[0] || chained[1] {
            let below = |x: Int, n: u32| x.to_bits().concat(bits(n + 1, 0)).to_uint();
            let sum = below(a.0, s) + below(b.0, t);
            let width = sum.ty().width();
            known(sum.to_bits().slice(1..width.max(1)).to_uint(), exact)
        } else {
            known(shifted(a.0, s) + shifted(b.0, t), exact)
        };
        Word { word, ..sum }
    }

    /// The range of the value.
    fn range(&self, types: &[IntTy]) -> IntTy {
        let term = |(i, c): &(usize, Value)| types[*i].product(IntTy::constant(c.clone()));
        self.form.iter().map(term).fold(IntTy::constant(0), IntTy::plus)
    }
}

/// A node just made, whose values are known to lie in a range.
fn known(x: Int, exact: IntTy) -> Int {
    match exact.as_constant() {
        Some(only) => lit(only),
        None if exact == x.ty() || !exact.fits(x.ty()) => x,
        None => Int::new(with(|c| c.narrower(x.raw(), exact)).unwrap_or(Raw::POISON)),
    }
}
