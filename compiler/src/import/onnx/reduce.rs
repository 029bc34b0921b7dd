//! Operators along axes: reductions, softmax, decisions.

use crate::graph::{Op, Unary};

use super::builder::Val;
use super::call::{Call, axes, axis};
use super::tensor::{Const, INT64};
use super::wrong::{Result, wrong};

/// ReduceSum, ReduceMean, ReduceMax; ReduceProd of constants.
pub fn reduce(call: &mut Call) -> Result<Vec<Val>> {
    let x = call.input(0)?;
    let rank = call.builder.shape(&x).len();
    let keep = call.attrs.flag("keepdims", true)?;
    let nothing = call.attrs.flag("noop_with_empty_axes", false)?;
    let axes = match call.list("axes", 1)? {
        Some(list) if !list.is_empty() => axes(&list, rank)?,
        _ if nothing => return Ok(vec![x]),
        _ => (0..rank).collect(),
    };
    if axes.first() == Some(&0) && call.batch.many && matches!(x, Val::Dyn(_)) {
        return Err(wrong("it runs over the first axis, which counts samples")
            .or("name the axes; if the first axis is none of samples, put one of length 1 before it"));
    }
    if axes.is_empty() {
        return Ok(vec![x]);
    }
    let result = match call.node.op_type() {
        "ReduceSum" => call.emit(Op::Sum { axes, keep }, vec![x])?,
        "ReduceMean" if x.elem().is_int() => {
            return Err(wrong("the mean of integers cuts off the fraction").or("cast to float first"));
        }
        "ReduceMean" => call.emit(Op::Mean { axes, keep }, vec![x])?,
        "ReduceMax" => {
            let mut value = x;
            // The last first, so that the others keep their numbers.
            for &axis in axes.iter().rev() {
                value = call.emit(Op::Max { axis, keep }, vec![value])?;
            }
            value
        }
        _ => product(&x, &axes, keep)?,
    };
    Ok(vec![result])
}

/// The product of all of a constant: what shape arithmetic needs.
fn product(x: &Val, axes: &[usize], keep: bool) -> Result<Val> {
    let Some(Const::Int(ints)) = x.constant() else { return Err(wrong("it takes constant integers")) };
    if axes.len() != ints.shape.len() {
        return Err(wrong("a product over some of the axes is not supported"));
    }
    let product = ints.data.iter().try_fold(1i64, |n, &x| n.checked_mul(x)).ok_or_else(|| wrong("it overflows"))?;
    let shape = if keep { vec![1; axes.len()] } else { Vec::new() };
    Ok(Val::Const(Const::int(ints.elem, shape, vec![product])))
}

/// Softmax; until opset 12 it runs over all axes from the given one on.
pub fn softmax(call: &mut Call) -> Result<Vec<Val>> {
    let x = call.input(0)?;
    let shape = call.shape(&x);
    let old = call.opset < 13;
    let at = axis(call.attrs.int_or("axis", if old { 1 } else { -1 })?, shape.len())?;
    if !old || at + 1 == shape.len() || shape[at + 1..].iter().all(|&d| d == 1) {
        return Ok(vec![call.emit(Op::Softmax { axis: at }, vec![x])?]);
    }
    let flat = vec![shape[..at].iter().product(), shape[at..].iter().product()];
    let line = call.builder.reshape(x, flat)?;
    let line = call.emit(Op::Softmax { axis: 1 }, vec![line])?;
    Ok(vec![call.builder.reshape(line, shape)?])
}

pub fn argmax(call: &mut Call) -> Result<Vec<Val>> {
    let mut x = call.input(0)?;
    let axis = axis(call.attrs.int_or("axis", 0)?, call.builder.shape(&x).len())?;
    let keep = call.attrs.flag("keepdims", true)?;
    let last = call.attrs.flag("select_last_index", false)?;
    if call.node.op_type() == "ArgMin" {
        x = call.builder.unary(Unary::Neg, x)?;
    }
    Ok(vec![call.builder.emit_as(Op::ArgMax { axis, keep, last }, vec![x], INT64)?])
}

/// TopK: indices; values only of the greatest one.
pub fn topk(call: &mut Call) -> Result<Vec<Val>> {
    // The order is free then; greatest first is one.
    call.attrs.ignore(&["sorted"]);
    let mut x = call.input(0)?;
    let axis = axis(call.attrs.int_or("axis", -1)?, call.builder.shape(&x).len())?;
    let k = match call.attrs.int("k")? {
        Some(k) => k,
        None => match call.ints(1, "K")?[..] {
            [k] => k,
            _ => return Err(wrong("K is not one number")),
        },
    };
    let largest = call.attrs.flag("largest", true)?;
    if !largest {
        x = call.builder.unary(Unary::Neg, x)?;
    }
    let k = usize::try_from(k).map_err(|_| wrong(format!("{k} elements cannot be taken")))?;
    let mut values = x.clone();
    if call.wants(0) {
        if k != 1 {
            return Err(wrong(format!("the values of the {k} greatest elements are used; only their indices can be"))
                .or("use the second output only, or K = 1"));
        }
        values = call.emit(Op::Max { axis, keep: true }, vec![x.clone()])?;
        if !largest {
            values = call.builder.unary(Unary::Neg, values)?;
        }
    }
    let mut indices = values.clone();
    if call.wants(1) {
        indices = call.builder.emit_as(Op::TopKIndices { axis, k }, vec![x], INT64)?;
    }
    Ok(vec![values, indices])
}
