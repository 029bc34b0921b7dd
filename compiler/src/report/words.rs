//! Layers in words: what they are, and why their results are as wide as they are.

use gatewright_layers::hardware::Hardware;
use gatewright_layers::layer::{Dense, Layer, Made, Requantise, Rounding, Steps};
use gatewright_layers::network::{Range, TensorTy};

use crate::graph::{Op, Unary};

/// The least range that holds all elements.
pub(super) fn hull(ranges: &[Range]) -> Range {
    let lo = ranges.iter().map(|r| r.lo).min().unwrap_or(0);
    let hi = ranges.iter().map(|r| r.hi).max().unwrap_or(0);
    Range { lo, hi }
}

/// Width of the widest element.
pub(super) fn widest(ranges: &[Range]) -> u32 {
    ranges.iter().map(|r| r.width()).max().unwrap_or(0)
}

/// `2×3`, or `scalar`.
pub(super) fn shape(shape: &[usize]) -> String {
    match shape {
        [] => "scalar".to_owned(),
        all => all.iter().map(usize::to_string).collect::<Vec<_>>().join("×"),
    }
}

/// `1 thing`, `2 things`.
pub(super) fn counted(n: usize, one: &str) -> String {
    format!("{n} {one}{}", if n == 1 { "" } else { "s" })
}

/// What a layer is.
pub(super) fn kind(layer: &Layer, types: &[&TensorTy], out: &TensorTy) -> String {
    match layer {
        Layer::Dense(d) => {
            let (rows, cols) = (d.weights.rows, d.weights.cols);
            let positions = types.first().map_or(1, |t| t.ranges.len() / cols.max(1));
            let shared = if positions == 1 { String::new() } else { format!(" at {positions} positions") };
            format!("dense {cols}→{rows}{shared}")
        }
        Layer::Steps(steps) => {
            let most = steps.functions.iter().map(|f| f.steps.len()).max().unwrap_or(0);
            match steps.functions.len() {
                1 => format!("step function with {}", counted(most, "step")),
                n => format!("{n} step functions with up to {}", counted(most, "step")),
            }
        }
        Layer::Requantise(r) => {
            let factor = if r.factor == 1 { String::new() } else { format!("multiplier {}, ", r.factor) };
            format!("requantise by {factor}shift {}, {}", r.shift, rounding(r.rounding))
        }
        Layer::Clip { lo: Some(0), hi: None } => "ReLU".to_owned(),
        Layer::Clip { lo: Some(lo), hi: Some(hi) } => format!("clip to {lo}..{hi}"),
        Layer::Clip { lo: Some(lo), hi: None } => format!("clip below {lo}"),
        Layer::Clip { lo: None, hi: Some(hi) } => format!("clip above {hi}"),
        Layer::Clip { lo: None, hi: None } => "clip without ends".to_owned(),
        Layer::Wrap(bits) => format!("lowest {}", counted(*bits as usize, "bit")),
        Layer::Combine(c) if c.factors.len() == 1 => "scale and offset".to_owned(),
        Layer::Combine(c) => {
            let plain = c.factors.iter().all(|f| f.iter().all(|&f| f == 1));
            format!("sum of {} {}tensors", c.factors.len(), if plain { "" } else { "scaled " })
        }
        Layer::Mul => "product of two tensors".to_owned(),
        Layer::Pick(_) => format!("new order, {}", shape(&out.shape)),
        Layer::Sum(axes) => format!("sum over {}", axes_named(axes)),
        Layer::Max(axis) => format!("greatest over axis {axis}"),
        Layer::TopK { axis, k: 1, .. } => format!("position of the greatest over axis {axis}"),
        Layer::TopK { axis, k, .. } => format!("positions of the {k} greatest over axis {axis}"),
    }
}

fn axes_named(axes: &[usize]) -> String {
    let all: Vec<String> = axes.iter().map(usize::to_string).collect();
    format!("{} {}", if axes.len() == 1 { "axis" } else { "axes" }, all.join(", "))
}

fn rounding(r: Rounding) -> &'static str {
    match r {
        Rounding::HalfEven => "ties to even",
        Rounding::HalfAway => "ties away from zero",
        Rounding::HalfToZero => "ties toward zero",
        Rounding::Ceil => "rounding up",
        Rounding::Floor => "rounding down",
        Rounding::Away => "rounding away from zero",
        Rounding::ToZero => "rounding toward zero",
    }
}

/// What the host computes.
pub(super) fn operator(op: &Op) -> &'static str {
    match op {
        Op::Quant { .. } | Op::BipolarQuant => "quantise",
        Op::Trunc(_) => "truncate",
        Op::MultiThreshold { .. } => "count thresholds",
        Op::MatMul => "matrix product",
        Op::Add => "add",
        Op::Sub => "subtract",
        Op::Mul => "multiply",
        Op::Div => "divide",
        Op::Pow => "power",
        Op::Unary(unary) => match unary {
            Unary::Neg => "negate",
            Unary::Relu => "ReLU",
            Unary::LeakyRelu(_) => "leaky ReLU",
            Unary::Clip(..) => "clip",
            Unary::Sign => "sign",
            Unary::Abs => "magnitude",
            Unary::Sigmoid => "sigmoid",
            Unary::Tanh => "tanh",
            Unary::HardSigmoid(..) => "hard sigmoid",
            Unary::Elu(_) => "ELU",
            Unary::Selu(..) => "SELU",
            Unary::Round | Unary::Floor | Unary::Ceil => "round",
        },
        Op::PRelu => "ReLU with slopes",
        Op::Pick(_) => "new order",
        Op::Sum { .. } => "sum",
        Op::Mean { .. } => "mean",
        Op::Max { .. } => "greatest",
        Op::Softmax { .. } => "softmax",
        Op::ArgMax { .. } => "position of the greatest",
        Op::TopKIndices { .. } => "positions of the greatest",
    }
}

/// Why the result is as wide as it is, and what step functions are made of.
pub(super) fn why(layer: &Layer, types: &[&TensorTy], out: &TensorTy, forms: &[(Made, usize)]) -> String {
    let bits = widest(&out.ranges);
    let operands: Vec<u32> = types.iter().map(|t| widest(&t.ranges)).collect();
    let first = operands.first().copied().unwrap_or(0);
    match layer {
        Layer::Dense(d) => dense(d, types, bits),
        Layer::Steps(s) => types.first().map_or_else(String::new, |x| steps(s, x, out, forms)),
        Layer::Requantise(r) => {
            let Range { lo, hi } = hull(&out.ranges);
            match (lo <= r.lo, hi >= r.hi) {
                (false, false) => {
                    format!("{lo}..{hi} is all that {first} bits reach after rounding; nothing is clipped")
                }
                _ => format!("rounded from {first} bits and clipped to {}..{}", r.lo, r.hi),
            }
        }
        Layer::Clip { .. } => format!("what clipping leaves of {first} bits"),
        Layer::Wrap(_) => format!("the lowest of {first} bits"),
        Layer::Combine(_) => format!("exact sum of operands of {}", list(&operands)),
        Layer::Mul => format!("exact product of operands of {}", list(&operands)),
        Layer::Pick(_) => "the operands' own ranges".to_owned(),
        Layer::Sum(_) => {
            let terms = types.first().map_or(0, |t| t.ranges.len()) / out.ranges.len().max(1);
            format!("exact sum of {terms} elements of {first} bits")
        }
        Layer::Max(_) => format!("one of the elements of {first} bits"),
        Layer::TopK { axis, .. } => {
            let of = types.first().and_then(|t| t.shape.get(*axis)).copied().unwrap_or(0);
            format!("a position among {of}")
        }
    }
}

fn list(bits: &[u32]) -> String {
    let all: Vec<String> = bits.iter().map(u32::to_string).collect();
    format!("{} bits", all.join(" and "))
}

/// What tables stand for, if anything.
pub(super) fn tables(hardware: &Hardware, node: usize) -> String {
    let mut said = String::new();
    if let n @ 1.. = hardware.lookups(node) {
        said += &format!("; {} made as tables of the bits that the sums read", counted(n, "element"));
    }
    if let n @ 1.. = hardware.left_out(node) {
        said += &format!("; {} not made: the tables of the layer behind read their inputs", counted(n, "sum"));
    }
    said
}

fn steps(s: &Steps, x: &TensorTy, out: &TensorTy, forms: &[(Made, usize)]) -> String {
    let Range { lo, hi } = hull(&out.ranges);
    let from = widest(&x.ranges);
    let thresholds: usize = s.functions.iter().map(|f| f.steps.len()).sum();
    match thresholds {
        0 => format!("constant: the function has no step over {from} bits"),
        _ => {
            let values = format!("the function's own values, {lo}..{hi}, whatever its operand of {from} bits is");
            if forms.is_empty() { values } else { format!("{values}; made {}", made(forms)) }
        }
    }
}

/// The forms of step functions: the multiplier where there is only one, and how many elements have each where there are
/// several.
fn made(forms: &[(Made, usize)]) -> String {
    let kind = |form: &Made| match form {
        Made::Constant => "as constants",
        Made::Comparisons => "by comparisons",
        Made::Table => "as tables",
        Made::Multiplier(_) => "as multipliers",
        Made::Staircase(_) => "as staircases",
    };
    if let [(Made::Multiplier(Requantise { factor, offset, shift, .. }), _)] = forms {
        let sign = if *offset < 0 { '-' } else { '+' };
        return format!("as a multiplier: {factor} x {sign} {} over {}", offset.unsigned_abs(), 1_u64 << shift);
    }
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for (form, n) in forms {
        match counts.iter_mut().find(|c| c.0 == kind(form)) {
            Some(count) => count.1 += n,
            None => counts.push((kind(form), *n)),
        }
    }
    match &counts[..] {
        [(kind, _)] => (*kind).to_owned(),
        _ => counts.iter().map(|(kind, n)| format!("{n} {kind}")).collect::<Vec<_>>().join(", "),
    }
}

fn dense(d: &Dense, types: &[&TensorTy], bits: u32) -> String {
    let Some(x) = types.first() else { return String::new() };
    let weights = Range { lo: least(&d.weights.data), hi: greatest(&d.weights.data) };
    let (of_x, of_w) = (hull(&x.ranges), weights);
    let bias = if d.bias.is_empty() { (0, 0) } else { (least(&d.bias), greatest(&d.bias)) };
    let worst = worst_case(of_x, of_w, d.weights.cols, bias);
    let and_bias = if d.bias.is_empty() { "" } else { " and a bias" };
    let sum = format!(
        "sum of {} of {}-bit inputs and {}-bit weights{and_bias}",
        counted(d.weights.cols, "product"),
        of_x.width(),
        of_w.width()
    );
    if worst > bits {
        format!("{sum}; the real weights need {bits} bits, the worst case of the types would be {worst}")
    } else {
        format!("{sum}; the real weights need all {bits} bits of the types' worst case")
    }
}

fn least(all: &[i64]) -> i64 {
    all.iter().copied().min().unwrap_or(0)
}

fn greatest(all: &[i64]) -> i64 {
    all.iter().copied().max().unwrap_or(0)
}

/// The bits of a sum of `terms` products of any numbers of the operands' types.
fn worst_case(x: Range, w: Range, terms: usize, bias: (i64, i64)) -> u32 {
    let full = |r: Range| {
        let width = r.width().min(62);
        match r.lo < 0 {
            true => (-(1_i128 << (width.max(1) - 1)), (1_i128 << (width.max(1) - 1)) - 1),
            false => (0, (1_i128 << width) - 1),
        }
    };
    let ((a, b), (c, d)) = (full(x), full(w));
    let products = [a * c, a * d, b * c, b * d];
    let (lo, hi) = products.iter().fold((0, 0), |(lo, hi), &p| (p.min(lo), p.max(hi)));
    let terms = i128::try_from(terms).unwrap_or(i128::MAX);
    let end = |product: i128, bias: i64| product.saturating_mul(terms).saturating_add(i128::from(bias));
    width((end(lo, bias.0), end(hi, bias.1)))
}

fn width((lo, hi): (i128, i128)) -> u32 {
    let bits = |v: i128| 128 - (if v < 0 { !v } else { v }).leading_zeros();
    bits(lo).max(bits(hi)) + u32::from(lo < 0)
}
