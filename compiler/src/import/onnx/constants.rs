//! Operators that make constants: of attributes, of shapes, of ranges.

use super::builder::Val;
use super::call::Call;
use super::tensor::{Const, Elem, INT64, decode, shape_of};
use super::wrong::{Result, wrong};

pub fn constant(call: &mut Call) -> Result<Vec<Val>> {
    let a = &call.attrs;
    let value = if let Some(proto) = a.tensor("value")? {
        decode(proto).map_err(|e| within("attribute `value`", e))?
    } else if let Some(x) = a.float("value_float")? {
        Const::real(Vec::new(), vec![x])
    } else if let Some(list) = a.floats("value_floats")? {
        Const::real(vec![list.len()], list.into_iter().map(f64::from).collect())
    } else if let Some(x) = a.int("value_int")? {
        Const::int(INT64, Vec::new(), vec![x])
    } else if let Some(list) = a.ints("value_ints")? {
        Const::int64s(list)
    } else {
        return Err(wrong("its value is a text, a sparse tensor or missing, which is not supported")
            .or("store it as a dense tensor of numbers"));
    };
    Ok(vec![Val::Const(value)])
}

/// Says which tensor is meant.
fn within(name: &str, mut problem: super::wrong::Wrong) -> super::wrong::Wrong {
    problem.what = format!("{name}: {}", problem.what);
    problem
}

pub fn constant_of_shape(call: &mut Call) -> Result<Vec<Val>> {
    let shape = shape_of(&call.ints(0, "shape")?)?;
    call.builder.pay(&shape)?;
    let count = crate::graph::count(&shape);
    let value = match call.attrs.tensor("value")? {
        Some(proto) => decode(proto).map_err(|e| within("attribute `value`", e))?,
        None => Const::real(vec![1], vec![0.0]),
    };
    let made = match &value {
        Const::Real(t) if t.data.len() == 1 => Const::real(shape, vec![t.data[0]; count]),
        Const::Int(t) if t.data.len() == 1 => Const::int(t.elem, shape, vec![t.data[0]; count]),
        _ => return Err(wrong("attribute `value` is not one number")),
    };
    Ok(vec![Val::Const(made)])
}

/// Shape and Size: known, whatever the value.
pub fn shape(call: &mut Call) -> Result<Vec<Val>> {
    let x = call.input(0)?;
    let shape: Vec<i64> = call.builder.shape(&x).iter().map(|&d| d as i64).collect();
    if call.node.op_type() == "Size" {
        return Ok(vec![Val::Const(Const::int(INT64, Vec::new(), vec![shape.iter().product()]))]);
    }
    let rank = shape.len() as i64;
    let place = |at: i64| if at < 0 { at.saturating_add(rank) } else { at }.clamp(0, rank) as usize;
    let (start, end) = (place(call.attrs.int_or("start", 0)?), place(call.attrs.int_or("end", rank)?));
    Ok(vec![Val::Const(Const::int64s(shape[start..end.max(start)].to_vec()))])
}

pub fn range(call: &mut Call) -> Result<Vec<Val>> {
    let parts = [call.constant(0, "start")?, call.constant(1, "limit")?, call.constant(2, "delta")?];
    if parts.iter().any(|p| p.len() != 1) {
        return Err(wrong("its start, limit and delta are not one number each"));
    }
    if let [Const::Int(start), Const::Int(limit), Const::Int(delta)] = &parts {
        let (start, limit, delta) = (start.data[0], limit.data[0], delta.data[0]);
        let span = i128::from(limit) - i128::from(start);
        let count = count_of(delta != 0, || (span as f64 / delta as f64).ceil())?;
        call.builder.pay(&[count])?;
        let data = (0..count as i64).map(|k| start.wrapping_add(k.wrapping_mul(delta))).collect();
        return Ok(vec![Val::Const(Const::int(parts[0].elem(), vec![count], data))]);
    }
    let mut numbers = [0.0; 3];
    for (number, part) in numbers.iter_mut().zip(&parts) {
        *number = part.tensor()?.data[0];
    }
    let [start, limit, delta] = numbers;
    let count = count_of(delta != 0.0, || ((limit - start) / delta).ceil())?;
    call.builder.pay(&[count])?;
    let data = (0..count).map(|k| start + k as f64 * delta).collect();
    Ok(vec![Val::Const(Const::from_reals(Elem::Float, vec![count], data)?)])
}

/// A number of elements; too large ones are refused by whoever pays for them.
fn count_of(steps: bool, count: impl Fn() -> f64) -> Result<usize> {
    if steps { Ok(count().max(0.0) as usize) } else { Err(wrong("its delta is 0")) }
}
