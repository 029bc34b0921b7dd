//! Operators that move elements: a new shape or order, parts of a tensor, several in one.

use crate::shape::{broadcast, stretched, strides, walk};

use super::builder::Val;
use super::call::{Call, axes, axis};
use super::wrong::{Result, wrong};

pub fn flatten(call: &mut Call) -> Result<Vec<Val>> {
    let x = call.input(0)?;
    let shape = call.shape(&x);
    let at = call.attrs.int_or("axis", 1)?;
    let at = if at == shape.len() as i64 { shape.len() } else { axis(at, shape.len())? };
    let flat = vec![shape[..at].iter().product(), shape[at..].iter().product()];
    Ok(vec![call.builder.reshape(x, flat)?])
}

pub fn reshape(call: &mut Call) -> Result<Vec<Val>> {
    let x = call.input(0)?;
    let old = call.shape(&x);
    let mut target = call.ints(1, "shape")?;
    let keep_zero = call.attrs.flag("allowzero", false)?;
    let count: usize = old.iter().product();
    if let (Val::Dyn(_), Some(batch)) = (&x, call.batch.foreign) {
        one_sample(&mut target, batch, count);
    }
    let mut shape = Vec::with_capacity(target.len().min(64));
    let mut open = None;
    for (k, &length) in target.iter().enumerate() {
        shape.push(match length {
            -1 if open.is_none() => {
                open = Some(k);
                1
            }
            0 if !keep_zero => *old.get(k).ok_or_else(|| wrong(format!("there is no axis {k} to copy in {old:?}")))?,
            _ => usize::try_from(length).map_err(|_| wrong(format!("the shape {target:?} cannot be")))?,
        });
    }
    if let Some(open) = open {
        let rest = crate::shape::elements(&shape).unwrap_or(0);
        if rest == 0 || !count.is_multiple_of(rest) {
            return Err(wrong(format!("the shape {old:?} cannot become {target:?}: the numbers of elements differ")));
        }
        shape[open] = count / rest;
    }
    Ok(vec![call.builder.reshape(x, shape)?])
}

/// Adapts a target that was written for `batch` samples to one.
fn one_sample(target: &mut [i64], batch: usize, count: usize) {
    let Ok(batch) = i64::try_from(batch) else { return };
    let product = target.iter().try_fold(1i64, |n, &d| n.checked_mul(d));
    if target.contains(&-1) || target.contains(&0) {
        if let Some(first) = target.first_mut().filter(|first| **first == batch) {
            *first = 1;
        }
    } else if product.is_some_and(|n| i64::try_from(count).ok().and_then(|c| c.checked_mul(batch)) == Some(n))
        && let Some(length) = target.iter_mut().find(|d| **d % batch == 0)
    {
        *length /= batch;
    }
}

pub fn transpose(call: &mut Call) -> Result<Vec<Val>> {
    let x = call.input(0)?;
    let rank = call.builder.shape(&x).len();
    let order: Vec<usize> = match call.attrs.ints("perm")? {
        None => (0..rank).rev().collect(),
        Some(order) => order.iter().map(|&a| axis(a, rank)).collect::<Result<_>>()?,
    };
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..rank) {
        return Err(wrong(format!("{order:?} is not an order of {rank} axes")));
    }
    Ok(vec![call.builder.transpose(x, &order)?])
}

pub fn squeeze(call: &mut Call) -> Result<Vec<Val>> {
    let x = call.input(0)?;
    let old = call.shape(&x);
    let gone = match call.list("axes", 1)? {
        Some(list) => axes(&list, old.len())?,
        // The batch is 1 only here, not in the file.
        None => {
            let first = usize::from(call.batch.many && matches!(x, Val::Dyn(_)));
            (first..old.len()).filter(|&a| old[a] == 1).collect()
        }
    };
    if let Some(&long) = gone.iter().find(|&&a| old[a] != 1) {
        return Err(wrong(format!("axis {long} of the shape {old:?} is not of length 1")));
    }
    let shape = (0..old.len()).filter(|a| !gone.contains(a)).map(|a| old[a]).collect();
    Ok(vec![call.builder.reshape(x, shape)?])
}

pub fn unsqueeze(call: &mut Call) -> Result<Vec<Val>> {
    let x = call.input(0)?;
    let old = call.shape(&x);
    let list = call.list("axes", 1)?.ok_or_else(|| wrong("its axes are not given"))?;
    if list.len() > super::tensor::MAX_RANK {
        return Err(wrong(format!("it adds {} axes", list.len())));
    }
    let rank = old.len() + list.len();
    let new = axes(&list, rank)?;
    let mut lengths = old.into_iter();
    let shape = (0..rank).map(|a| if new.contains(&a) { 1 } else { lengths.next().unwrap_or(1) }).collect();
    Ok(vec![call.builder.reshape(x, shape)?])
}

pub fn expand(call: &mut Call) -> Result<Vec<Val>> {
    let x = call.input(0)?;
    let old = call.shape(&x);
    let mut target = call.ints(1, "shape")?;
    if let (Val::Dyn(_), Some(batch), Some(first)) = (&x, call.batch.foreign, target.first_mut())
        && *first == batch as i64
    {
        *first = 1;
    }
    let target: Option<Vec<usize>> = target.iter().map(|&d| usize::try_from(d).ok()).collect();
    let target = target.ok_or_else(|| wrong("its shape has a negative length"))?;
    let shape = broadcast(&old, &target).ok_or_else(|| wrong(format!("{old:?} does not stretch to {target:?}")))?;
    let steps = stretched(&old, &shape);
    Ok(vec![call.builder.view(x, shape, steps, 0)?])
}

/// Slice: attributes until opset 9, operands from 10.
pub fn slice(call: &mut Call) -> Result<Vec<Val>> {
    let x = call.input(0)?;
    let mut shape = call.shape(&x);
    let starts = call.list("starts", 1)?.ok_or_else(|| wrong("its starts are not given"))?;
    let ends = call.list("ends", 2)?.ok_or_else(|| wrong("its ends are not given"))?;
    let along = match call.list("axes", 3)? {
        Some(list) => list.iter().map(|&a| axis(a, shape.len())).collect::<Result<Vec<_>>>()?,
        None => (0..starts.len()).collect(),
    };
    let steps = call.optional_ints(4, "steps")?.unwrap_or_else(|| vec![1; starts.len()]);
    if ends.len() != starts.len() || along.len() != starts.len() || steps.len() != starts.len() {
        return Err(wrong("its starts, ends, axes and steps are not of the same number"));
    }
    if along.len() > shape.len() {
        return Err(wrong(format!("it cuts along {} axes of {}", along.len(), shape.len())));
    }
    let mut strides = strides(&shape);
    let mut offset = 0usize;
    for (((&a, &start), &end), &step) in along.iter().zip(&starts).zip(&ends).zip(&steps) {
        let length = shape[a] as i64;
        if step == 0 {
            return Err(wrong("a step is 0"));
        }
        let counted = |at: i64| if at < 0 { at.saturating_add(length) } else { at };
        let (first, span) = if step > 0 {
            let first = counted(start).clamp(0, length);
            (first, counted(end).clamp(0, length) - first)
        } else {
            let first = counted(start).clamp(-1, length - 1);
            (first, first - counted(end).clamp(-1, length - 1))
        };
        let taken = span.max(0).unsigned_abs().div_ceil(step.unsigned_abs()) as usize;
        if taken > 0 {
            offset += first as usize * strides[a] as usize;
            // One element needs no stride; more of them mean a step within the axis.
            strides[a] *= if taken > 1 { step as isize } else { 0 };
        }
        shape[a] = taken;
    }
    Ok(vec![call.builder.view(x, shape, strides, offset)?])
}

pub fn gather(call: &mut Call) -> Result<Vec<Val>> {
    let x = call.input(0)?;
    let old = call.shape(&x);
    let at = axis(call.attrs.int_or("axis", 0)?, old.len())?;
    let indices = call.constant(1, "indices")?;
    let list = indices.ints().ok_or_else(|| wrong("its indices are not integers"))?;
    let list = list.iter().map(|&i| axis(i, old[at]).map_err(|_| wrong(format!("index {i} is outside of {old:?}"))));
    let list = list.collect::<Result<Vec<_>>>()?;
    let shape: Vec<usize> = [&old[..at], indices.shape(), &old[at + 1..]].concat();
    call.builder.pay(&shape)?;
    let inner: usize = old[at + 1..].iter().product();
    let outer: usize = old[..at].iter().product();
    let length = old[at];
    let from = (0..outer).flat_map(|o| list.iter().map(move |&i| (o * length + i) * inner));
    let from = from.flat_map(|start| (start..start + inner).map(|element| (0, element)));
    Ok(vec![call.builder.pick(vec![x], shape, from)?])
}

pub fn split(call: &mut Call) -> Result<Vec<Val>> {
    let x = call.input(0)?;
    let old = call.shape(&x);
    let at = axis(call.attrs.int_or("axis", 0)?, old.len())?;
    let parts = call.node.output.len();
    let lengths: Vec<usize> = match call.list("split", 1)? {
        Some(list) => list.iter().map(|&d| usize::try_from(d).ok()).collect::<Option<_>>(),
        None => {
            let parts = call.attrs.int("num_outputs")?.and_then(|n| usize::try_from(n).ok()).unwrap_or(parts);
            let each = old[at].div_ceil(parts.max(1));
            // The last one may be smaller.
            Some((0..parts.min(call.node.output.len())).map(|k| each.min(old[at].saturating_sub(k * each))).collect())
        }
    }
    .ok_or_else(|| wrong("a part has a negative length"))?;
    let total = lengths.iter().try_fold(0usize, |n, &d| n.checked_add(d));
    if total != Some(old[at]) || lengths.len() != parts {
        let list = &lengths[..lengths.len().min(16)];
        return Err(wrong(format!("axis {at} of {old:?} is not split into {parts} parts by {list:?}")));
    }
    let steps = strides(&old);
    let mut start = 0;
    let mut out = Vec::with_capacity(parts);
    for (k, length) in lengths.into_iter().enumerate() {
        let mut shape = old.clone();
        shape[at] = length;
        // What nobody reads may be empty.
        out.push(if call.wants(k) {
            call.builder.view(x.clone(), shape, steps.clone(), start * steps[at] as usize)?
        } else {
            x.clone()
        });
        start += length;
    }
    Ok(out)
}

pub fn concat(call: &mut Call) -> Result<Vec<Val>> {
    let parts = call.all()?;
    let shapes: Vec<Vec<usize>> = parts.iter().map(|p| call.shape(p)).collect();
    let first = shapes.first().ok_or_else(|| wrong("it has no operands"))?;
    let at = axis(call.attrs.int("axis")?.ok_or_else(|| wrong("attribute `axis` is missing"))?, first.len())?;
    let fits = |s: &Vec<usize>| s.len() == first.len() && (0..s.len()).all(|a| a == at || s[a] == first[a]);
    if let Some(other) = shapes.iter().find(|s| !fits(s)) {
        return Err(wrong(format!("the shapes {first:?} and {other:?} cannot be joined at axis {at}")));
    }
    let mut shape = first.clone();
    let joined = shapes.iter().try_fold(0usize, |n, s| n.checked_add(s[at]));
    shape[at] = joined.ok_or_else(|| wrong("the result is too large"))?;
    call.builder.pay(&shape)?;
    let outer: usize = first[..at].iter().product();
    let runs: Vec<usize> = shapes.iter().map(|s| s[at..].iter().product()).collect();
    let mut from = Vec::new();
    for o in 0..outer {
        for (operand, &run) in runs.iter().enumerate() {
            from.extend((o * run..(o + 1) * run).map(|element| (operand, element)));
        }
    }
    Ok(vec![call.builder.pick(parts, shape, from.into_iter())?])
}

/// Where with a constant condition.
pub fn select(call: &mut Call) -> Result<Vec<Val>> {
    let condition = call.constant(0, "condition")?;
    let (x, y) = (call.input(1)?, call.input(2)?);
    let (of_x, of_y) = (call.shape(&x), call.shape(&y));
    let shape = broadcast(&of_x, &of_y).and_then(|s| broadcast(&s, condition.shape()));
    let shape = shape.ok_or_else(|| wrong("the shapes do not broadcast to one"))?;
    call.builder.pay(&shape)?;
    let choice = condition.ints().ok_or_else(|| wrong("its condition is not made of truth values"))?;
    let places = |from: &[usize]| walk(&shape, stretched(from, &shape), 0);
    let from: Vec<(usize, usize)> = places(condition.shape())
        .zip(places(&of_x).zip(places(&of_y)))
        .map(|(c, (x, y))| if choice[c] != 0 { (0, x) } else { (1, y) })
        .collect();
    Ok(vec![call.builder.pick(vec![x, y], shape, from.into_iter())?])
}
