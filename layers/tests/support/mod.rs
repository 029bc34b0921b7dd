//! Random networks, and what they compute by the definitions of the layers: one sample at a time, in `i128`.
//!
//! Also a part of the tests in `verilator_tests`.

#![allow(dead_code, missing_docs)]

pub mod hardware;

use std::sync::Arc;

use gatewright_layers::layer::{Combine, Dense, Form, Layer, Matrix, Pick, Requantise, Rounding, StepFunction, Steps};
use gatewright_layers::network::{Network, Range, TensorTy};
use gatewright_sim::rng::Rng;

pub const ROUNDINGS: [Rounding; 7] = [
    Rounding::HalfEven,
    Rounding::HalfAway,
    Rounding::HalfToZero,
    Rounding::Ceil,
    Rounding::Floor,
    Rounding::Away,
    Rounding::ToZero,
];

fn between(rng: &mut Rng, lo: i64, hi: i64) -> i64 {
    (i128::from(lo) + i128::from(rng.between(0, hi.abs_diff(lo)))) as i64
}

fn one_of<T: Clone>(rng: &mut Rng, list: &[T]) -> T {
    list[rng.between(0, list.len() as u64 - 1) as usize].clone()
}

fn range(rng: &mut Rng) -> Range {
    let bits = rng.between(1, 6);
    match rng.between(0, 9) {
        0 => Range { lo: 0, hi: 1 },
        1 | 2 => Range { lo: 0, hi: (1 << bits) - 1 },
        3 | 4 => Range { lo: -(1 << bits), hi: (1 << bits) - 1 },
        5 => Range::of(between(rng, -9, 9)),
        6 => Range { lo: -(1 << 30) - between(rng, 0, 99), hi: 1 << 29 },
        7 => Range { lo: -1, hi: 1 },
        _ => {
            let lo = between(rng, -40, 40);
            Range { lo, hi: lo + between(rng, 0, 60) }
        }
    }
}

fn shape(rng: &mut Rng) -> Vec<usize> {
    let dims = if rng.chance(0.6) { 1 } else { rng.between(0, 3) };
    (0..dims).map(|_| rng.between(1, if dims == 1 { 7 } else { 3 }) as usize).collect()
}

fn tensor(rng: &mut Rng) -> TensorTy {
    let shape = shape(rng);
    let count: usize = shape.iter().product();
    let all = range(rng);
    let alike = rng.chance(0.5);
    let ranges = (0..count).map(|_| if alike { all } else { range(rng) }).collect();
    TensorTy { shape, ranges }
}

pub fn weight(rng: &mut Rng) -> i64 {
    match rng.between(0, 9) {
        0..=2 => 0,
        3..=5 => between(rng, -1, 1),
        6..=8 => between(rng, -8, 7),
        _ => between(rng, -3000, 3000),
    }
}

pub fn dense(rng: &mut Rng, cols: usize) -> Dense {
    let rows = rng.between(1, 5) as usize;
    let data = (0..rows * cols).map(|_| weight(rng)).collect();
    let bias = if rng.chance(0.5) { Vec::new() } else { (0..rows).map(|_| between(rng, -100, 100)).collect() };
    Dense { weights: Arc::new(Matrix { rows, cols, data }), bias }
}

fn steps(rng: &mut Rng, ty: &TensorTy) -> Steps {
    let (lo, hi) = (ty.ranges.iter().map(|r| r.lo).min(), ty.ranges.iter().map(|r| r.hi).max());
    let (lo, hi) = (lo.unwrap_or(0).saturating_sub(3), hi.unwrap_or(0).saturating_add(3));
    let mut function = || {
        if rng.chance(0.4) {
            return quantiser(rng, lo, hi);
        }
        let mut positions: Vec<i64> =
            (0..one_of(rng, &[0, 1, 1, 2, 3, 7, 15, 40])).map(|_| between(rng, lo, hi)).collect();
        positions.sort_unstable();
        positions.dedup();
        let first = between(rng, -5, 5);
        let kind = rng.between(0, 3);
        let mut value = first;
        let mut next = |_| {
            value = match kind {
                0 => value + 1,
                1 => value - 1,
                2 => between(rng, -20, 20),
                _ => i64::from(value == 0),
            };
            value
        };
        let steps = positions.into_iter().map(|p| (p, next(p))).collect();
        StepFunction { first: if kind == 3 { 0 } else { first }, steps }
    };
    let count = ty.ranges.len();
    let functions: Vec<StepFunction> = (0..3).map(|_| function()).collect();
    let of = if rng.chance(0.5) { vec![1] } else { (0..count).map(|_| rng.between(0, 2) as u32).collect() };
    let form =
        one_of(rng, &[Form::Auto, Form::Auto, Form::Comparisons, Form::Table, Form::Multiplier, Form::Staircase]);
    Steps { functions: Arc::new(functions), of: Arc::new(of), form }
}

/// Steps where a line through the middle of `levels` values passes whole numbers; several at once where it is steep.
fn quantiser(rng: &mut Rng, lo: i64, hi: i64) -> StepFunction {
    let (slope, shift) = (between(rng, 1, 50), rng.between(0, 7));
    let (middle, levels) = (between(rng, lo, hi), one_of(rng, &[2_i64, 3, 4, 8, 16, 40]));
    let (first, up) = (between(rng, -20, 20), one_of(rng, &[1, 1, -1]));
    let mut steps: Vec<(i64, i64)> = Vec::new();
    for level in 1..levels {
        // The first x with slope * (x - middle) >= (level - levels / 2) * 2^shift.
        let above = (level - levels / 2) << shift;
        let position = middle - (-above).div_euclid(slope);
        steps.retain(|s| s.0 != position);
        steps.push((position, first + up * level));
    }
    StepFunction { first, steps }
}

fn requantise(rng: &mut Rng) -> Requantise {
    let lo = between(rng, -300, 300);
    Requantise {
        factor: one_of(rng, &[1, 1, 1, -1, 3, 181, -77, 0, 4096]),
        offset: one_of(rng, &[0, 0, 1, -5, 1000]),
        shift: rng.between(0, 9) as u32,
        rounding: one_of(rng, &ROUNDINGS),
        lo,
        hi: lo + between(rng, 0, 400),
    }
}

fn layer(rng: &mut Rng, net: &Network) -> (Layer, Vec<usize>) {
    let tensors = net.inputs.len() + net.nodes.len();
    let last = tensors - 1;
    let x = if rng.chance(0.7) { last } else { rng.between(0, last as u64) as usize };
    let ty = net.ty(x);
    let count = ty.ranges.len();
    let dims = ty.shape.len();
    let axis = rng.between(0, dims.max(1) as u64 - 1) as usize;
    let alike: Vec<usize> = (0..tensors).filter(|&t| net.ty(t).shape == ty.shape).collect();
    let layer = match rng.between(0, 13) {
        0..=3 => Layer::Dense(dense(rng, ty.shape.last().copied().unwrap_or(1))),
        4 | 5 => Layer::Steps(steps(rng, ty)),
        6 => Layer::Requantise(requantise(rng)),
        7 => {
            let lo = between(rng, -20, 20);
            let hi = lo + between(rng, 0, 60);
            Layer::Clip { lo: rng.chance(0.8).then_some(lo), hi: rng.chance(0.6).then_some(hi) }
        }
        8 => {
            let operands: Vec<usize> = (0..rng.between(1, 3)).map(|_| one_of(rng, &alike)).collect();
            let mut list = |least: usize| {
                let len = one_of(rng, &[least, 1, count]);
                Arc::new((0..len).map(|_| weight(rng)).collect::<Vec<i64>>())
            };
            let factors = operands.iter().map(|_| list(1)).collect();
            return (Layer::Combine(Combine { factors, offset: list(0) }), operands);
        }
        9 => return (Layer::Mul, vec![x, one_of(rng, &alike)]),
        10 => {
            let operands = vec![x, rng.between(0, last as u64) as usize];
            let shape = shape(rng);
            let mut from = || {
                let operand = rng.between(0, 1) as usize;
                (operand as u32, rng.between(0, net.ty(operands[operand]).ranges.len() as u64 - 1) as u32)
            };
            let from = (0..shape.iter().product()).map(|_| from()).collect();
            return (Layer::Pick(Pick { shape, from: Arc::new(from) }), operands);
        }
        11 => Layer::Wrap(rng.between(0, 8) as u32),
        12 => Layer::Sum((0..dims).filter(|_| rng.chance(0.6)).collect()),
        _ if rng.chance(0.5) => Layer::Max(axis),
        _ => {
            let k = rng.between(1, ty.shape.get(axis).copied().unwrap_or(1) as u64) as usize;
            Layer::TopK { axis, k, last: rng.chance(0.5) }
        }
    };
    (layer, vec![x])
}

/// A network of at most `size` layers. All tensors are outputs, so that the first difference shows its layer.
pub fn network(seed: u64, size: usize) -> Network {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let mut net = Network { name: format!("n{seed}"), ..Network::default() };
    for n in 0..rng.between(1, 2) {
        net.inputs.push((format!("x{n}"), tensor(rng)));
    }
    for n in 0..size {
        let (layer, operands) = layer(rng, &net);
        let name = format!("{}{n}", layer.kind());
        let Ok(t) = net.push(name, layer, operands) else { continue };
        // Widths that would make the tests slow, and nothing else.
        if net.ty(t).ranges.iter().any(|r| r.width() > 50) {
            net.nodes.pop();
        }
    }
    let tensors = net.inputs.len() + net.nodes.len();
    net.outputs = (0..tensors).map(|t| (format!("y{t}"), t)).collect();
    net.check().unwrap_or_else(|e| panic!("seed {seed}: {e}"));
    net
}

/// A network of dense layers with few inputs of few bits for each row, functions of the sums behind them, and the last tensor,
/// and sometimes another one, as outputs.
pub fn narrow(seed: u64) -> Network {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let mut net = Network { name: format!("narrow{seed}"), ..Network::default() };
    let cols = rng.between(2, 6) as usize;
    let shape = if rng.chance(0.2) { vec![2, cols] } else { vec![cols] };
    let range = |rng: &mut Rng| {
        let lo = between(rng, -4, 2);
        Range { lo, hi: lo + one_of(rng, &[0, 1, 1, 2, 3, 3, 7]) }
    };
    let ranges = (0..shape.iter().product()).map(|_| range(rng)).collect();
    net.inputs.push(("x".into(), TensorTy { shape, ranges }));
    for n in 0..rng.between(1, 3) {
        let last = net.tensors() - 1;
        let (rows, cols) = (rng.between(1, 6) as usize, net.ty(last).shape.last().copied().unwrap_or(1));
        let few = one_of(rng, &[0.3, 0.6, 1.0]);
        let data = (0..rows * cols).map(|_| if rng.chance(few) { between(rng, -9, 9) } else { 0 }).collect();
        let bias = if rng.chance(0.5) { Vec::new() } else { (0..rows).map(|_| between(rng, -9, 9)).collect() };
        let weights = Arc::new(Matrix { rows, cols, data });
        let sums = net.push(format!("fc{n}"), Layer::Dense(Dense { weights, bias }), vec![last]).unwrap();
        let lo = between(rng, -3, 1);
        let function = match rng.between(0, 6) {
            0 => continue,
            1 => Layer::Clip { lo: Some(lo), hi: Some(lo + between(rng, 1, 6)) },
            2 => Layer::Wrap(rng.between(1, 3) as u32),
            3 => Layer::Requantise(Requantise { factor: 1, shift: 2, lo, hi: lo + 3, ..requantise(rng) }),
            _ => {
                let ty = net.ty(sums).clone();
                let functions: Vec<StepFunction> = (0..2)
                    .map(|_| {
                        let (lo, hi) = (ty.ranges[0].lo - 2, ty.ranges[0].hi + 2);
                        quantiser(rng, lo, hi)
                    })
                    .collect();
                let of = (0..ty.ranges.len()).map(|_| rng.between(0, 1) as u32).collect();
                let form = one_of(rng, &[Form::Auto, Form::Auto, Form::Auto, Form::Comparisons]);
                Layer::Steps(Steps { functions: Arc::new(functions), of: Arc::new(of), form })
            }
        };
        net.push(format!("act{n}"), function, vec![sums]).unwrap();
    }
    let last = net.tensors() - 1;
    net.outputs.push(("y".into(), last));
    if rng.chance(0.3) {
        net.outputs.push(("z".into(), rng.between(0, last as u64) as usize));
    }
    net.check().unwrap_or_else(|e| panic!("seed {seed}: {e}"));
    net
}

/// Values for each input tensor, sample by sample: both ends, ends at random, and anything between.
pub fn samples(net: &Network, rng: &mut Rng, count: usize) -> Vec<Vec<Vec<i64>>> {
    let mut element = |r: &Range, sample: usize| match sample {
        0 => r.lo,
        1 => r.hi,
        _ => match rng.between(0, 5) {
            0 => r.lo,
            1 => r.hi,
            _ => between(rng, r.lo, r.hi),
        },
    };
    let sample = |s| net.inputs.iter().map(|(_, ty)| ty.ranges.iter().map(|r| element(r, s)).collect()).collect();
    (0..count).map(sample).collect()
}

/// All samples of each input, as the golden model takes them.
pub fn batches(net: &Network, samples: &[Vec<Vec<i64>>]) -> Vec<Arc<Vec<i64>>> {
    (0..net.inputs.len()).map(|t| Arc::new(samples.iter().flat_map(|s| s[t].clone()).collect())).collect()
}

fn strides(shape: &[usize]) -> Vec<usize> {
    (0..shape.len()).map(|a| shape[a + 1..].iter().product()).collect()
}

fn coordinates(shape: &[usize], element: usize) -> Vec<usize> {
    strides(shape).iter().zip(shape).map(|(stride, len)| element / stride % len).collect()
}

fn element(shape: &[usize], coordinates: &[usize]) -> usize {
    strides(shape).iter().zip(coordinates).map(|(s, c)| s * c).sum()
}

/// The integer nearest to `v / 2^shift`, by its distances to the two around it.
fn rounded(v: i128, shift: u32, rounding: Rounding) -> i128 {
    let d = 1_i128 << shift;
    let down = v.div_euclid(d);
    let (below, above) = (v - down * d, (down + 1) * d - v);
    if below == 0 {
        return down;
    }
    let (toward_zero, away) = if v < 0 { (down + 1, down) } else { (down, down + 1) };
    let nearest = |tie| match below.cmp(&above) {
        std::cmp::Ordering::Less => down,
        std::cmp::Ordering::Greater => down + 1,
        std::cmp::Ordering::Equal => tie,
    };
    match rounding {
        Rounding::Floor => down,
        Rounding::Ceil => down + 1,
        Rounding::ToZero => toward_zero,
        Rounding::Away => away,
        Rounding::HalfEven => nearest(if down % 2 == 0 { down } else { down + 1 }),
        Rounding::HalfAway => nearest(away),
        Rounding::HalfToZero => nearest(toward_zero),
    }
}

/// One layer by its definition.
pub fn reference(layer: &Layer, x: &[&[i128]], shapes: &[&[usize]], out: &[usize]) -> Vec<i128> {
    let count: usize = out.iter().product();
    let all = |axis: usize, at: &[usize]| -> Vec<i128> {
        // The elements of the first operand that differ from `at` in `axis` only.
        let of = |k| {
            element(shapes[0], &at.iter().enumerate().map(|(a, &c)| if a == axis { k } else { c }).collect::<Vec<_>>())
        };
        (0..shapes[0][axis]).map(|k| x[0][of(k)]).collect()
    };
    let each = |f: &dyn Fn(usize) -> i128| (0..count).map(f).collect::<Vec<i128>>();
    match layer {
        Layer::Dense(d) => each(&|o| {
            let (rows, cols) = (d.weights.rows, d.weights.cols);
            let (position, row) = (o / rows, o % rows);
            let bias = d.bias.get(row).copied().unwrap_or(0);
            (0..cols).fold(bias.into(), |sum, i| {
                sum + i128::from(d.weights.data[row * cols + i]) * x[0][position * cols + i]
            })
        }),
        Layer::Steps(s) => each(&|e| {
            let function = &s.functions[s.of[e % s.of.len()] as usize];
            let mut passed = function.steps.iter().filter(|(position, _)| i128::from(*position) <= x[0][e]);
            passed.next_back().map_or(function.first, |step| step.1).into()
        }),
        Layer::Requantise(r) => each(&|e| {
            let scaled = x[0][e] * i128::from(r.factor) + i128::from(r.offset);
            rounded(scaled, r.shift, r.rounding).max(r.lo.into()).min(r.hi.into())
        }),
        Layer::Clip { lo, hi } => each(&|e| {
            let v = lo.map_or(x[0][e], |lo| x[0][e].max(lo.into()));
            hi.map_or(v, |hi| v.min(hi.into()))
        }),
        Layer::Wrap(bits) => each(&|e| x[0][e].rem_euclid(1 << bits)),
        Layer::Combine(c) => each(&|e| {
            let at = |list: &[i64]| if list.is_empty() { 0 } else { i128::from(list[e % list.len()]) };
            x.iter().zip(&c.factors).fold(at(&c.offset), |sum, (x, f)| sum + at(f) * x[e])
        }),
        Layer::Mul => each(&|e| x[0][e] * x[1][e]),
        Layer::Pick(p) => p.from.iter().map(|&(o, e)| x[o as usize][e as usize]).collect(),
        Layer::Sum(axes) => {
            let mut y = vec![0; count];
            for (e, v) in x[0].iter().enumerate() {
                let c = coordinates(shapes[0], e);
                let kept: Vec<usize> = (0..c.len()).filter(|a| !axes.contains(a)).map(|a| c[a]).collect();
                y[element(out, &kept)] += v;
            }
            y
        }
        Layer::Max(axis) => each(&|o| {
            let mut at = coordinates(out, o);
            at.insert(*axis, 0);
            all(*axis, &at).into_iter().max().unwrap_or(0)
        }),
        Layer::TopK { axis, last, .. } => each(&|o| {
            let at = coordinates(out, o);
            let values = all(*axis, &at);
            let mut left: Vec<usize> = (0..values.len()).collect();
            let mut best = 0;
            // Takes the greatest away, again and again.
            for _ in 0..=at[*axis] {
                let most = left.iter().map(|&k| values[k]).max().unwrap_or(0);
                let with = || left.iter().copied().filter(|&k| values[k] == most);
                best = if *last { with().next_back() } else { with().next() }.unwrap_or(0);
                left.retain(|&k| k != best);
            }
            best as i128
        }),
    }
}

/// All tensors of one sample by the definitions.
pub fn evaluate(net: &Network, sample: &[Vec<i64>]) -> Vec<Vec<i128>> {
    let mut tensors: Vec<Vec<i128>> = sample.iter().map(|x| x.iter().map(|&v| v.into()).collect()).collect();
    for node in &net.nodes {
        let x: Vec<&[i128]> = node.inputs.iter().map(|&t| &tensors[t][..]).collect();
        let shapes: Vec<&[usize]> = node.inputs.iter().map(|&t| &net.ty(t).shape[..]).collect();
        let y = reference(&node.layer, &x, &shapes, &node.ty.shape);
        tensors.push(y);
    }
    tensors
}
