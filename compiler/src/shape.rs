//! Shapes: broadcasting, walking along strides, and what an operator makes of the shapes of its operands.

use crate::graph::Op;

/// The number of elements, where it does not overflow.
pub fn elements(shape: &[usize]) -> Option<usize> {
    // A zero makes it zero, whatever else would overflow.
    if shape.contains(&0) { Some(0) } else { shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)) }
}

/// The shape of which `a` and `b` are stretched parts, by numpy's rules.
pub fn broadcast(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let length = |s: &[usize], k: usize| (k + s.len()).checked_sub(rank).map_or(1, |i| s[i]);
    let join = |k| match (length(a, k), length(b, k)) {
        (x, y) if x == y => Some(x),
        (1, y) => Some(y),
        (x, 1) => Some(x),
        _ => None,
    };
    (0..rank).map(join).collect()
}

/// Distance in memory of neighbours along each axis, row-major.
pub fn strides(shape: &[usize]) -> Vec<isize> {
    let mut out = vec![0; shape.len()];
    let mut step = 1isize;
    for (stride, &length) in out.iter_mut().zip(shape).rev() {
        *stride = step;
        step = step.wrapping_mul(length as isize);
    }
    out
}

/// The strides that read a tensor of shape `from` as one of shape `to`, to which it broadcasts.
pub fn stretched(from: &[usize], to: &[usize]) -> Vec<isize> {
    let missing = to.len().saturating_sub(from.len());
    let own = strides(from).into_iter().zip(from).map(|(s, &d)| if d == 1 { 0 } else { s });
    std::iter::repeat_n(0, missing).chain(own).collect()
}

/// Positions of the elements of a view, row-major: `offset + sum of index * stride`.
pub struct Walk {
    shape: Vec<usize>,
    strides: Vec<isize>,
    index: Vec<usize>,
    at: isize,
    left: usize,
}

/// Walks over a view of this shape.
pub fn walk(shape: &[usize], strides: Vec<isize>, offset: isize) -> Walk {
    Walk { shape: shape.to_vec(), index: vec![0; shape.len()], left: elements(shape).unwrap_or(0), strides, at: offset }
}

impl Iterator for Walk {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let here = self.at as usize;
        for axis in (0..self.shape.len()).rev() {
            self.index[axis] += 1;
            self.at += self.strides[axis];
            if self.index[axis] < self.shape[axis] {
                break;
            }
            self.at -= self.strides[axis] * self.shape[axis] as isize;
            self.index[axis] = 0;
        }
        Some(here)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// The shape of `numpy.matmul`.
pub fn matmul(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let (&k, rows) = a.split_last()?;
    let (inner, cols, b_outer) = match b {
        [] => return None,
        [only] => (*only, None, &[][..]),
        [outer @ .., inner, cols] => (*inner, Some(*cols), outer),
    };
    let (a_outer, row) = rows.split_last().map_or((&[][..], None), |(&row, outer)| (outer, Some(row)));
    let mut out = broadcast(a_outer, b_outer).filter(|_| k == inner)?;
    out.extend(row);
    out.extend(cols);
    Some(out)
}

/// The shape after a reduction.
pub fn reduced(shape: &[usize], axes: &[usize], keep: bool) -> Vec<usize> {
    let over = |axis: &usize| axes.contains(axis);
    (0..shape.len()).filter(|a| keep || !over(a)).map(|a| if over(&a) { 1 } else { shape[a] }).collect()
}

/// How many operands an operator takes; `None` for any number.
fn operands(op: &Op) -> Option<usize> {
    match op {
        Op::Quant { .. } => Some(4),
        Op::Trunc(_) => Some(5),
        Op::BipolarQuant | Op::MultiThreshold { .. } | Op::MatMul | Op::PRelu => Some(2),
        Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Pow => Some(2),
        Op::Pick(_) => None,
        Op::Unary(_) | Op::Sum { .. } | Op::Mean { .. } | Op::Max { .. } => Some(1),
        Op::Softmax { .. } | Op::ArgMax { .. } | Op::TopKIndices { .. } => Some(1),
    }
}

/// The shape of an operator's result; `None` for [`Op::Pick`], which may have any of its number of elements.
///
/// # Errors
/// What does not fit.
pub fn result(op: &Op, of: &[&[usize]]) -> Result<Option<Vec<usize>>, String> {
    if operands(op).is_some_and(|n| n != of.len()) {
        return Err(format!("{} operands are given", of.len()));
    }
    let within = |axis: usize| match of[0].get(axis) {
        Some(0) => Err(format!("axis {axis} of the shape {:?} is empty", of[0])),
        Some(&length) => Ok(length),
        None => Err(format!("axis {axis} is outside of the shape {:?}", of[0])),
    };
    let shape = match op {
        Op::Pick(_) => return Ok(None),
        Op::Quant { .. } | Op::Trunc(_) | Op::BipolarQuant | Op::PRelu => {
            for parameter in &of[1..] {
                if broadcast(of[0], parameter).as_deref() != Some(of[0]) {
                    return Err(format!("a parameter of the shape {parameter:?} does not broadcast to {:?}", of[0]));
                }
            }
            of[0].to_vec()
        }
        Op::MultiThreshold { axis, .. } => {
            let channels = within(*axis)?;
            match of[1] {
                [n, _] if *n == 1 || *n == channels => of[0].to_vec(),
                other => {
                    return Err(format!("thresholds of the shape {other:?} do not fit {channels} channels"));
                }
            }
        }
        Op::MatMul => matmul(of[0], of[1])
            .ok_or_else(|| format!("the shapes {:?} and {:?} do not fit in a matrix product", of[0], of[1]))?,
        Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Pow => broadcast(of[0], of[1])
            .ok_or_else(|| format!("the shapes {:?} and {:?} do not broadcast to one", of[0], of[1]))?,
        Op::Unary(_) => of[0].to_vec(),
        Op::Sum { axes, keep } | Op::Mean { axes, keep } => {
            axes.iter().try_for_each(|&axis| within(axis).map(|_| ()))?;
            reduced(of[0], axes, *keep)
        }
        Op::Max { axis, keep } | Op::ArgMax { axis, keep, .. } => {
            within(*axis)?;
            reduced(of[0], &[*axis], *keep)
        }
        Op::Softmax { axis } => within(*axis).map(|_| of[0].to_vec())?,
        Op::TopKIndices { axis, k } => {
            let length = within(*axis)?;
            if *k == 0 || *k > length {
                return Err(format!("{k} of {length} elements cannot be taken"));
            }
            let mut shape = of[0].to_vec();
            shape[*axis] = *k;
            shape
        }
    };
    Ok(Some(shape))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasting_follows_numpy() {
        assert_eq!(broadcast(&[2, 1, 3], &[4, 1]), Some(vec![2, 4, 3]));
        assert_eq!(broadcast(&[], &[2]), Some(vec![2]));
        assert_eq!(broadcast(&[2], &[3]), None);
        assert_eq!(broadcast(&[0], &[1]), Some(vec![0]));
    }

    #[test]
    fn matrix_products_follow_numpy() {
        assert_eq!(matmul(&[2, 3], &[3, 4]), Some(vec![2, 4]));
        assert_eq!(matmul(&[3], &[3]), Some(vec![]));
        assert_eq!(matmul(&[3], &[5, 3, 4]), Some(vec![5, 4]));
        assert_eq!(matmul(&[5, 1, 2, 3], &[7, 3, 4]), Some(vec![5, 7, 2, 4]));
        assert_eq!(matmul(&[2, 3], &[3]), Some(vec![2]));
        assert_eq!(matmul(&[2, 3], &[2, 3]), None);
        assert_eq!(matmul(&[], &[2]), None);
    }

    #[test]
    fn a_walk_transposes_and_runs_backwards() {
        assert_eq!(walk(&[3, 2], vec![1, 3], 0).collect::<Vec<_>>(), [0, 3, 1, 4, 2, 5]);
        assert_eq!(walk(&[3], vec![-2], 4).collect::<Vec<_>>(), [4, 2, 0]);
        assert_eq!(walk(&[2, 2], stretched(&[2, 1], &[2, 2]), 0).collect::<Vec<_>>(), [0, 0, 1, 1]);
        assert_eq!(walk(&[], vec![], 0).collect::<Vec<_>>(), [0]);
        assert_eq!(walk(&[2, 0], vec![1, 1], 0).count(), 0);
    }
}
