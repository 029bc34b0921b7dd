//! Linear functions as lists of additions, with the exact ranges of everything on the way.
//!
//! Where an operand comes in more than once (`4x - x`), ranges of partial results say too much: each step of such a
//! list has the range of the linear function of the inputs that it computes.

use super::context::{Loc, Raw, with};
use super::int::{Int, binary, lit};
use super::module::abort;
use crate::diag;
use crate::ir::BinOp;
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

/// The results of `steps`, each with the exact range of the linear function of `inputs` that it computes, where the
/// inputs are independent.
#[track_caller]
pub fn shift_adds(inputs: &[Int], steps: &[ShiftAdd]) -> Vec<Int> {
    let loc = Loc::caller();
    let mut values = inputs.to_vec();
    let mut forms: Vec<Form> = (0..inputs.len()).map(|i| vec![(i, Value::ONE)]).collect();
    for step in steps {
        let ((a, s), (b, t)) = (step.a, step.b);
        let (Some(x), Some(y)) = (values.get(a), values.get(b)) else {
            with(|c| {
                let place = c.place(loc);
                let help = "let each step name inputs and steps before it";
                c.report(diag::e0109::new(place, "shift_adds has a step that names a value behind it", help));
            });
            abort()
        };
        let shifted =
            |x: Int, n: u32| if n == 0 { x.raw() } else { binary(BinOp::Shl, x.raw(), lit(n).raw(), "<<", loc) };
        let (op, what) = if step.subtract { (BinOp::Sub, "-") } else { (BinOp::Add, "+") };
        let mut result = Int::new(binary(op, shifted(*x, s), shifted(*y, t), what, loc));
        let (form, shared) = match result.raw().is_poison() {
            true => (Form::new(), false),
            false => combined(&forms[a], s, &forms[b], t, step.subtract),
        };
        if shared {
            let term = |(i, c): &(usize, Value)| inputs[*i].ty().product(IntTy::constant(c.clone()));
            let exact = form.iter().map(term).fold(IntTy::constant(0), IntTy::plus);
            result = match exact.as_constant() {
                Some(only) => lit(only),
                None if exact == result.ty() => result,
                None => Int::new(with(|c| c.narrower(result.raw(), exact)).unwrap_or(Raw::POISON)),
            };
        }
        values.push(result);
        forms.push(form);
    }
    values.split_off(inputs.len())
}
