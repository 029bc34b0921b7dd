//! Sums and maxima over axes.

use gatewright_dsl::prelude::{Int, reduce};

use crate::cost::Cost;
use crate::error::Error;
use crate::linear::{self, Row};
use crate::network::{Range, TensorTy};

/// Where the axes `axes` go: the shape without them, and for each element the element of that shape that it becomes a
/// part of.
pub(crate) fn without(shape: &[usize], axes: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let kept: Vec<usize> = (0..shape.len()).filter(|a| !axes.contains(a)).map(|a| shape[a]).collect();
    let mut part = vec![0];
    for (axis, &len) in shape.iter().enumerate() {
        let gone = axes.contains(&axis);
        let mut next = Vec::with_capacity(part.len() * len);
        for p in part {
            next.extend((0..len).map(|i| if gone { p } else { p * len + i }));
        }
        part = next;
    }
    (kept, part)
}

/// The elements that become each of `count` results.
pub(crate) fn groups(part: &[usize], count: usize) -> Vec<Vec<usize>> {
    let mut groups = vec![Vec::new(); count];
    part.iter().enumerate().for_each(|(element, &group)| groups[group].push(element));
    groups
}

/// # Errors
/// Where an axis is not there, or the axes do not ascend.
pub(crate) fn check_axes(axes: &[usize], shape: &[usize]) -> Result<(), Error> {
    if let Some(axis) = axes.iter().find(|a| **a >= shape.len()) {
        return Err(Error::layer(format!("the shape {shape:?} has no axis {axis}")));
    }
    match axes.windows(2).find(|w| w[0] >= w[1]) {
        Some(_) => Err(Error::layer(format!("the axes {axes:?} do not ascend"))),
        None => Ok(()),
    }
}

fn grouped(x: &TensorTy, axes: &[usize]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let (shape, part) = without(&x.shape, axes);
    let count = shape.iter().product();
    (shape, groups(&part, count))
}

/// Each result starts as `start`, and `f` takes the elements in.
fn fold(x: &[i64], ty: &TensorTy, axes: &[usize], start: i64, f: impl Fn(i64, i64) -> i64) -> Vec<i64> {
    let (shape, part) = without(&ty.shape, axes);
    let count: usize = shape.iter().product();
    let samples = x.len() / part.len().max(1);
    let mut y = vec![start; samples * count];
    for (y, x) in y.chunks_exact_mut(count.max(1)).zip(x.chunks_exact(part.len().max(1))) {
        x.iter().zip(&part).for_each(|(x, &to)| y[to] = f(y[to], *x));
    }
    y
}

pub(crate) mod sum {
    use super::*;

    fn rows(groups: &[Vec<usize>]) -> Vec<Row> {
        let row = |group: &Vec<usize>| Row { terms: group.iter().map(|&e| (e, 1)).collect(), constant: 0 };
        groups.iter().map(row).collect()
    }

    pub fn output(axes: &[usize], x: &TensorTy) -> Result<TensorTy, Error> {
        check_axes(axes, &x.shape)?;
        let (shape, groups) = grouped(x, axes);
        let ranges = rows(&groups).iter().map(|row| row.range(&x.ranges)).collect::<Result<_, _>>()?;
        Ok(TensorTy { shape, ranges })
    }

    pub fn golden(axes: &[usize], samples: usize, x: &[i64], ty: &TensorTy, out: &TensorTy) -> Vec<i64> {
        if ty.ranges.is_empty() {
            return vec![0; samples * out.ranges.len()];
        }
        fold(x, ty, axes, 0, i64::wrapping_add)
    }

    pub fn unrolled(axes: &[usize], x: &[Int], ty: &TensorTy) -> Vec<Int> {
        linear::unrolled(x, &ty.ranges, &rows(&grouped(ty, axes).1))
    }

    pub fn cost(axes: &[usize], ty: &TensorTy) -> Cost {
        linear::cost(&ty.ranges, &rows(&grouped(ty, axes).1))
    }
}

pub(crate) mod max {
    use super::*;

    pub fn output(axis: usize, x: &TensorTy) -> Result<TensorTy, Error> {
        check_axes(&[axis], &x.shape)?;
        if x.shape[axis] == 0 {
            return Err(Error::layer("the greatest of no elements".to_owned()));
        }
        let (shape, groups) = grouped(x, &[axis]);
        let greatest = |group: &Vec<usize>| {
            let of = |end: fn(&Range) -> i64| group.iter().map(|&e| end(&x.ranges[e])).fold(i64::MIN, i64::max);
            Range { lo: of(|r| r.lo), hi: of(|r| r.hi) }
        };
        let ranges = groups.iter().map(greatest).collect();
        Ok(TensorTy { shape, ranges })
    }

    pub fn golden(axis: usize, x: &[i64], ty: &TensorTy) -> Vec<i64> {
        fold(x, ty, &[axis], i64::MIN, i64::max)
    }

    pub fn unrolled(axis: usize, x: &[Int], ty: &TensorTy) -> Vec<Int> {
        let greatest = |group: &Vec<usize>| {
            let values: Vec<Int> = group.iter().map(|&e| x[e]).collect();
            reduce(&values, |a, b| a.max(b))
        };
        grouped(ty, &[axis]).1.iter().filter_map(greatest).collect()
    }

    pub fn cost(axis: usize, ty: &TensorTy) -> Cost {
        let of = |group: &Vec<usize>| {
            let width = group.iter().map(|&e| ty.ranges[e].width()).max().unwrap_or(0);
            let one = Cost::compare(width).then(Cost::choose(width));
            Cost { depth: 2 * super::levels(group.len()), ..one.times(group.len() as u64 - 1) }
        };
        grouped(ty, &[axis]).1.iter().map(of).fold(Cost::default(), Cost::beside)
    }
}

/// Levels of a binary tree with `n` leaves.
pub(crate) fn levels(n: usize) -> u32 {
    n.next_power_of_two().ilog2()
}
