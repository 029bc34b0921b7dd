//! Operators on tracked integer tensors.

use std::collections::HashMap;
use std::sync::Arc;

use num_bigint::BigInt;
use num_traits::{One, Signed, ToPrimitive, Zero};

use gatewright_dsl::emit::keywords::is_reserved;
use gatewright_layers::layer::{Combine, Form, Layer, Pick, Requantise, Rounding as LayerRounding, Steps};
use gatewright_layers::network::Range;

use super::StreamlineError;
use super::function::{Function, Stage, Vals, small};
use super::grids::{Grids, constant, grids};
use super::pick::broadcast;
use super::quantise::{Grid, TooMuch, near_ties, steps};
use super::track::{Builder, error};
use crate::exact::{Ratio, common_grid, exact, whole};
use crate::graph::{Node, Op, Operand, Rounding, Unary, count};

/// An integer tensor of the network and what its integers stand for.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// In the network.
    pub tensor: usize,
    /// The real value of each integer.
    pub function: Function,
    /// The graph's shape, with the batch.
    pub shape: Vec<usize>,
}

impl Tensor {
    /// Integers that stand for `n * scale + offset`.
    pub fn new(tensor: usize, scale: Vals, offset: Vals, shape: Vec<usize>) -> Tensor {
        Tensor { tensor, function: Function(vec![Stage::Affine(scale, offset)]), shape }
    }
}

/// The shape without the batch.
pub fn stripped(shape: &[usize]) -> Vec<usize> {
    match shape {
        [1, rest @ ..] if !rest.is_empty() => rest.to_vec(),
        all => all.to_vec(),
    }
}

/// A Verilog identifier like `name`.
pub fn identifier(name: &str, otherwise: &str) -> String {
    let mut out: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    while out.contains("__") {
        out = out.replace("__", "_");
    }
    let out = out.trim_matches('_');
    match out.chars().next() {
        None => otherwise.to_owned(),
        Some(c) if c.is_ascii_digit() || is_reserved(&out.to_lowercase()) => {
            format!("{otherwise}_{}", out.to_lowercase())
        }
        Some(_) => out.to_lowercase(),
    }
}

impl Builder<'_> {
    /// Adds a layer, and what its integers stand for.
    pub fn layer(
        &mut self,
        node: &Node,
        suffix: &str,
        layer: Layer,
        inputs: Vec<usize>,
        meaning: (Vals, Vals),
    ) -> Result<usize, StreamlineError> {
        let name = self.name(&format!("{}{suffix}", node.name));
        self.scales.push(meaning);
        self.near_ties.push(Vec::new());
        let help = match &layer {
            Layer::Steps(Steps { form, .. }) if *form != Form::Auto => "choose another form for it, or auto",
            _ => "use fewer bits in weights, activations or scales before this place",
        };
        self.network.push(name, layer, inputs).map_err(|e| error(node, e.to_string(), help))
    }

    /// The tensor in the network under this shape (without the batch), where it has another one there.
    pub fn shaped(&mut self, node: &Node, x: &Tensor) -> Result<usize, StreamlineError> {
        let shape = stripped(&x.shape);
        if self.network.ty(x.tensor).shape == shape {
            return Ok(x.tensor);
        }
        let from = (0..count(&shape) as u32).map(|e| (0, e)).collect();
        let meaning = self.scales[x.tensor].clone();
        self.layer(node, "_shape", Layer::Pick(Pick { shape, from: Arc::new(from) }), vec![x.tensor], meaning)
    }

    /// An operator of which all operands are integers.
    pub fn integer(
        &mut self,
        node: &Node,
        mut tensors: Vec<Tensor>,
        shape: &[usize],
    ) -> Result<Tensor, StreamlineError> {
        let constant_at = |k: usize| matches!(node.inputs.get(k), Some(Operand::Const(_)));
        match &node.op {
            Op::Quant { .. } | Op::BipolarQuant | Op::MultiThreshold { .. } => {
                let x = tensors.swap_remove(0);
                self.quantiser(node, &x)
            }
            Op::Trunc(_) => {
                let x = tensors.swap_remove(0);
                let (scale, own) = (constant(node, 1, &x.shape)?, x.function.affine());
                let on = |v: &Vals| v.zip(&scale, quotient).0.iter().all(Ratio::is_integer);
                if !own.is_some_and(|(scale, offset)| on(&scale) && on(&offset)) {
                    let help = "put it right behind the quantiser whose scale it names";
                    return Err(error(node, "its operand is not on the grid of its scale", help));
                }
                self.quantiser(node, &x)
            }
            Op::Unary(f) => {
                let mut x = tensors.swap_remove(0);
                x.function = match f {
                    Unary::Neg => x.function.then(affine(whole(-1), Ratio::zero())),
                    f => x.function.then(Stage::Unary(*f)),
                };
                Ok(x)
            }
            Op::PRelu => {
                let mut x = tensors.swap_remove(0);
                x.function = x.function.then(Stage::PRelu(constant(node, 1, shape)?));
                Ok(x)
            }
            Op::Add | Op::Sub | Op::Mul | Op::Div if tensors.len() == 1 => {
                let left = constant_at(0);
                let c = constant(node, usize::from(!left), shape)?;
                let x = self.broadcast(node, tensors.swap_remove(0), shape)?;
                let (one, zero) = (Vals::one(Ratio::one()), Vals::one(Ratio::zero()));
                let minus = Vals::one(whole(-1));
                let stage = match (&node.op, left) {
                    (Op::Add, _) => Stage::Affine(one, c),
                    (Op::Sub, false) => Stage::Affine(one, c.zip(&minus, |c, m| c * m)),
                    (Op::Sub, true) => Stage::Affine(minus, c),
                    (Op::Mul, _) => Stage::Affine(c, zero),
                    (_, false) if c.0.iter().all(|c| !c.is_zero()) => {
                        Stage::Affine(c.zip(&one, |c, one| one / c), zero)
                    }
                    (_, false) => return Err(error(node, "it divides by zero", "repair the model")),
                    (_, true) => return Err(error(node, "it divides by a tensor", "divide by constants only")),
                };
                Ok(Tensor { function: x.function.then(stage), ..x })
            }
            Op::Pow if tensors.len() == 1 && !constant_at(0) => {
                let exponent =
                    constant(node, 1, shape)?.uniform().and_then(|e| small(&e.to_integer()).filter(|_| e.is_integer()));
                let Some(exponent @ 1..=8) = exponent else {
                    let help = "use whole exponents of 1 to 8, the same for all elements, or a square root at the host";
                    return Err(error(node, "its exponent has no exact form on integers", help));
                };
                let x = tensors.swap_remove(0);
                let mut power = x.clone();
                for _ in 1..exponent {
                    power = self.product(node, vec![power, x.clone()], shape)?;
                }
                Ok(power)
            }
            Op::Add | Op::Sub => self.sum(node, tensors, shape),
            Op::Mul => self.product(node, tensors, shape),
            Op::MatMul => self.matmul(node, tensors, shape),
            Op::Pick(from) => self.pick(node, tensors, from, shape),
            Op::Sum { axes, .. } => self.reduce(node, tensors.swap_remove(0), axes, shape, Reduction::Sum),
            Op::ArgMax { .. } | Op::TopKIndices { .. } => self.decision(node, tensors.swap_remove(0), shape),
            Op::Mean { axes, .. } => self.reduce(node, tensors.swap_remove(0), axes, shape, Reduction::Mean),
            Op::Max { axis, .. } => self.reduce(node, tensors.swap_remove(0), &[*axis], shape, Reduction::Max),
            Op::Softmax { .. } => self.softmax(node, tensors.swap_remove(0), shape),
            _ => Err(error(
                node,
                "it has no exact form on integers here",
                "put it behind the last quantiser, where the host computes it, or replace it by supported operators",
            )),
        }
    }

    /// A quantiser of integers.
    fn quantiser(&mut self, node: &Node, x: &Tensor) -> Result<Tensor, StreamlineError> {
        let (grids, scale, offset) = grids(node, &x.shape)?;
        let ranges = self.network.ty(x.tensor).ranges.clone();
        let meaning = (scale.clone(), offset.clone());
        let form = self.form(node);
        let may_shift = matches!(form, Form::Auto | Form::Multiplier);
        if let Some(layer) = shift(&x.function, &grids).filter(|_| may_shift) {
            let tensor = self.layer(node, "", layer, vec![x.tensor], meaning)?;
            if let Some(own) = self.near_ties.last_mut() {
                *own = vec![Vec::new()];
            }
            return Ok(Tensor::new(tensor, scale, offset, x.shape.clone()));
        }
        let (mut functions, mut ties) = (Vec::new(), Vec::new());
        let mut of = Vec::with_capacity(ranges.len());
        // Elements of one channel have equal functions: each is found once.
        let mut known: HashMap<(Vec<Ratio>, usize, Range), u32> = HashMap::new();
        let mut distinct: Vec<(&Grid, i64)> = Vec::new();
        for (e, range) in ranges.iter().enumerate() {
            let grid = grids.at(e);
            let number = distinct.iter().position(|g| *g == grid).unwrap_or_else(|| {
                distinct.push(grid);
                distinct.len() - 1
            });
            let key = (x.function.key(e).into_iter().cloned().collect(), number, *range);
            if let Some(&k) = known.get(&key) {
                of.push(k);
                continue;
            }
            let mut found = steps(&x.function, e, grid.0, *range).map_err(|why| match why {
                TooMuch::Range(n) => error(
                    node,
                    format!("the function before it is not monotone and its argument has {n} values"),
                    "quantise more before the activation",
                ),
                TooMuch::Steps => error(
                    node,
                    "it has too many steps",
                    "quantise to fewer bits, or with scales that are powers of two",
                ),
            })?;
            ties.push(near_ties(&x.function, e, grid.0, *range, &found));
            found.first -= grid.1;
            found.steps.iter_mut().for_each(|s| s.1 -= grid.1);
            known.insert(key, functions.len() as u32);
            of.push(functions.len() as u32);
            functions.push(found);
        }
        if functions.len() == 1 {
            of.truncate(1);
        }
        let layer = Layer::Steps(Steps { functions: Arc::new(functions), of: Arc::new(of), form });
        let tensor = self.layer(node, "", layer, vec![x.tensor], meaning)?;
        if let Some(own) = self.near_ties.last_mut() {
            *own = ties;
        }
        Ok(Tensor::new(tensor, scale, offset, x.shape.clone()))
    }

    /// Sum or difference of tensors.
    fn sum(&mut self, node: &Node, tensors: Vec<Tensor>, shape: &[usize]) -> Result<Tensor, StreamlineError> {
        let mut parts = Vec::new();
        for x in tensors {
            let x = self.linear(node, x)?;
            let x = self.broadcast(node, x, shape)?;
            let (scale, offset) = x.function.affine().ok_or_else(|| unquantised(node))?;
            parts.push((self.shaped(node, &x)?, scale, offset));
        }
        let [(a, a_scale, a_offset), (b, b_scale, b_offset)] = &parts[..] else {
            return Err(error(node, "it does not have two operands", "repair the model"));
        };
        let sign = whole(if matches!(node.op, Op::Sub) { -1 } else { 1 });
        let b_scale = b_scale.zip(&Vals::one(sign.clone()), |s, sign| s * sign);
        let grid = a_scale.zip(&b_scale, |a, b| common_grid([a, b]));
        let factors = [a_scale, &b_scale].map(|s| integers(node, &s.zip(&grid, quotient)));
        let [a_factors, b_factors] = factors;
        let combine = Combine { factors: vec![a_factors?, b_factors?], offset: Arc::new(Vec::new()) };
        let offset = a_offset.zip(b_offset, |a, b| a + b * &sign);
        let meaning = (grid.clone(), Vals::one(Ratio::zero()));
        let tensor = self.layer(node, "", Layer::Combine(combine), vec![*a, *b], meaning)?;
        Ok(Tensor::new(tensor, grid, offset, shape.to_vec()))
    }

    fn product(&mut self, node: &Node, tensors: Vec<Tensor>, shape: &[usize]) -> Result<Tensor, StreamlineError> {
        let (mut sources, mut scale) = (Vec::new(), Vals::one(Ratio::one()));
        for x in tensors {
            let x = self.linear(node, x)?;
            let x = self.broadcast(node, x, shape)?;
            let x = self.without_offset(node, x)?;
            let (own, _) = x.function.affine().ok_or_else(|| unquantised(node))?;
            scale = scale.zip(&own, |a, b| a * b);
            sources.push(self.shaped(node, &x)?);
        }
        let meaning = (scale.clone(), Vals::one(Ratio::zero()));
        let tensor = self.layer(node, "", Layer::Mul, sources, meaning)?;
        Ok(Tensor::new(tensor, scale, Vals::one(Ratio::zero()), shape.to_vec()))
    }

    fn reduce(
        &mut self,
        node: &Node,
        x: Tensor,
        axes: &[usize],
        shape: &[usize],
        how: Reduction,
    ) -> Result<Tensor, StreamlineError> {
        let mut x = self.linear(node, x)?;
        let stripped_axes = usize::from(stripped(&x.shape).len() < x.shape.len());
        let mut own_axes = Vec::new();
        for axis in axes {
            match axis.checked_sub(stripped_axes) {
                Some(axis) => own_axes.push(axis),
                None => return Err(error(node, "it goes over the samples of a batch", "reduce over other axes")),
            }
        }
        // The result's element of each element.
        let mut kept = x.shape.clone();
        axes.iter().for_each(|&a| kept[a] = 1);
        let Some(to) = broadcast(&kept, &x.shape) else { return Err(unquantised(node)) };
        let results = count(&kept);
        let (mut scale, mut offset) = x.function.affine().ok_or_else(|| unquantised(node))?;
        let mut first: Vec<Option<usize>> = vec![None; results];
        let alike = to.iter().enumerate().all(|(e, &r)| {
            let other = *first[r].get_or_insert(e);
            let ordered = scale.at(e).is_positive() && offset.at(e) == offset.at(other);
            scale.at(e) == scale.at(other) && (ordered || !how.chooses())
        });
        if !alike {
            x = self.aligned(node, &x, &[], !how.chooses())?;
            (scale, offset) = x.function.affine().ok_or_else(|| unquantised(node))?;
        }
        let mut scales: Vec<Option<&Ratio>> = vec![None; results];
        let mut offsets = vec![Ratio::zero(); results];
        let mut terms = vec![0i64; results];
        for (e, &r) in to.iter().enumerate() {
            scales[r] = Some(scale.at(e));
            match how.chooses() {
                true => offsets[r] = offset.at(e).clone(),
                false => offsets[r] += offset.at(e),
            }
            terms[r] += 1;
        }
        let scales: Vec<Ratio> = scales.into_iter().map(|s| s.cloned().unwrap_or_else(Ratio::one)).collect();
        let source = self.shaped(node, &x)?;
        let layer = match how {
            Reduction::Max => Layer::Max(own_axes[0]),
            Reduction::Sum | Reduction::Mean => Layer::Sum(own_axes),
        };
        let (scale, offset) = (Vals(Arc::new(scales)), Vals(Arc::new(offsets)));
        let meaning = (scale.clone(), Vals::one(Ratio::zero()));
        let tensor = self.layer(node, "", layer, vec![source], meaning)?;
        let mut y = Tensor::new(tensor, scale, offset, shape.to_vec());
        if how == Reduction::Mean {
            let count = Ratio::new(BigInt::one(), BigInt::from(terms[0].max(1)));
            y.function = y.function.then(affine(count, Ratio::zero()));
        }
        Ok(y)
    }

    /// The tensor with a function that is scale and offset: ReLUs and clips that no quantiser follows are computed on
    /// a grid that holds their bounds.
    pub fn linear(&mut self, node: &Node, x: Tensor) -> Result<Tensor, StreamlineError> {
        let mut left = x.function.0.clone().into_iter();
        let mut y = Tensor { function: Function::default(), ..x };
        for stage in left.by_ref() {
            y = match stage {
                affine @ Stage::Affine(..) => Tensor { function: y.function.then(affine), ..y },
                Stage::Unary(Unary::Relu) => self.clipped(node, y, Some(Ratio::zero()), None)?,
                Stage::Unary(Unary::Clip(lo, hi)) => self.clipped(node, y, exact(lo), exact(hi))?,
                _ => return Err(unquantised(node)),
            };
        }
        Ok(y)
    }

    fn clipped(
        &mut self,
        node: &Node,
        x: Tensor,
        lo: Option<Ratio>,
        hi: Option<Ratio>,
    ) -> Result<Tensor, StreamlineError> {
        // Bounds that no value reaches, such as a float's greatest, would only make the grid finer or the numbers wider.
        let (own, at) = x.function.affine().ok_or_else(|| unquantised(node))?;
        let ranges = &self.network.ty(x.tensor).ranges;
        let end = |e: usize, n: i64| whole(n) * own.at(e) + at.at(e);
        let ends = || ranges.iter().enumerate().flat_map(|(e, r)| [end(e, r.lo), end(e, r.hi)]);
        let lo = lo.filter(|lo| ends().any(|v| v < *lo));
        let hi = hi.filter(|hi| ends().any(|v| v > *hi));
        if lo.is_none() && hi.is_none() {
            return Ok(x);
        }
        let zero = Ratio::zero();
        let bounds = [lo.as_ref().unwrap_or(&zero), hi.as_ref().unwrap_or(&zero)];
        let x = self.aligned(node, &x, &bounds, false)?;
        let (grid, offset) = x.function.affine().ok_or_else(|| unquantised(node))?;
        let whole = |bound: Option<Ratio>| bound.and_then(|b| small(&quotient(&b, grid.at(0)).to_integer()));
        let clip = Layer::Clip { lo: whole(lo), hi: whole(hi) };
        let tensor = self.layer(node, "_clip", clip, vec![x.tensor], (grid.clone(), offset.clone()))?;
        Ok(Tensor::new(tensor, grid, offset, x.shape))
    }

    /// The tensor with one scale for all elements, on a grid that also holds `others`; offsets become part of the integers
    /// where they are not kept.
    fn aligned(
        &mut self,
        node: &Node,
        x: &Tensor,
        others: &[&Ratio],
        keep_offsets: bool,
    ) -> Result<Tensor, StreamlineError> {
        let (scale, offset) = x.function.affine().ok_or_else(|| unquantised(node))?;
        let zero = Vals::one(Ratio::zero());
        let (inside, kept) = if keep_offsets { (zero, offset) } else { (offset, zero) };
        let all = scale.0.iter().chain(inside.0.iter()).chain(others.iter().copied());
        let grid = Vals::one(Some(common_grid(all)).filter(|g| !g.is_zero()).unwrap_or_else(Ratio::one));
        let factor = integers(node, &scale.zip(&grid, quotient))?;
        let add = integers(node, &inside.zip(&grid, quotient))?;
        let meaning = (grid.clone(), kept.clone());
        let source = self.shaped(node, x)?;
        let combine = Layer::Combine(Combine { factors: vec![factor], offset: add });
        let tensor = self.layer(node, "_aligned", combine, vec![source], meaning)?;
        Ok(Tensor::new(tensor, grid, kept, x.shape.clone()))
    }

    /// The tensor with an offset of 0.
    fn without_offset(&mut self, node: &Node, x: Tensor) -> Result<Tensor, StreamlineError> {
        match x.function.affine() {
            Some((_, offset)) if offset.uniform().is_some_and(Zero::is_zero) => Ok(x),
            _ => self.aligned(node, &x, &[], false),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Reduction {
    Sum,
    Mean,
    Max,
}

impl Reduction {
    /// Whether the result is one of the elements, so that these need an order.
    fn chooses(self) -> bool {
        self == Reduction::Max
    }
}

fn affine(scale: Ratio, offset: Ratio) -> Stage {
    Stage::Affine(Vals::one(scale), Vals::one(offset))
}

/// `a / b`, 0 where both are.
pub fn quotient(a: &Ratio, b: &Ratio) -> Ratio {
    if b.is_zero() { Ratio::zero() } else { a / b }
}

/// The numbers as integers of a size that hardware should have.
pub fn integers(node: &Node, vals: &Vals) -> Result<Arc<Vec<i64>>, StreamlineError> {
    let mut all = Vec::with_capacity(vals.0.len());
    for v in vals.0.iter() {
        match small(&v.to_integer()).filter(|n| v.is_integer() && n.unsigned_abs() < 1 << 40) {
            Some(n) => all.push(n),
            None => {
                return Err(error(
                    node,
                    "its numbers have no common grid of a practical size",
                    "quantise weights and biases, and use scales whose ratios are simple (powers of two, for example)",
                ));
            }
        }
    }
    Ok(Arc::new(all))
}

pub fn unquantised(node: &Node) -> StreamlineError {
    error(
        node,
        "an activation before it has no quantiser behind it",
        "train with a quantiser between the activation and this operator",
    )
}

/// The quantiser as a shift, where the scales are in the ratio of a power of two: one adder instead of a comparison per step.
fn shift(function: &Function, grids: &Grids) -> Option<Layer> {
    let ([Grid::Integers { scale, zero: 0, lo, hi, rounding }], stages) = (&grids.of[..], &function.0[..]) else {
        return None;
    };
    let (factor, offset, mut lo, hi) = match stages {
        [Stage::Affine(a, b)] => (a.uniform()?, b.uniform()?, *lo, *hi),
        [Stage::Affine(a, b), Stage::Unary(Unary::Relu)] => (a.uniform()?, b.uniform()?, 0.max(*lo), *hi),
        _ => return None,
    };
    lo = lo.min(hi);
    let (factor, offset) = (factor / scale, offset / scale);
    // x * factor + offset = (x * m + p) / 2^k.
    let dyadic = |r: &Ratio| {
        let bits = r.denom().bits() - 1;
        (*r.denom() == BigInt::one() << bits).then_some(bits)
    };
    let k = dyadic(&factor)?.max(dyadic(&offset)?);
    let times = |r: &Ratio| small(&(r * Ratio::from_integer(BigInt::one() << k)).to_integer());
    let (m, p) = (times(&factor)?, times(&offset)?);
    let odd = m.checked_abs()?.checked_shr(m.trailing_zeros())?;
    if odd != 1 || k > 40 || p.unsigned_abs() > 1 << 40 {
        return None;
    }
    let rounding = match rounding {
        Rounding::HalfEven => LayerRounding::HalfEven,
        Rounding::HalfUp => LayerRounding::HalfAway,
        Rounding::HalfDown => LayerRounding::HalfToZero,
        Rounding::Ceil => LayerRounding::Ceil,
        Rounding::Floor => LayerRounding::Floor,
        Rounding::Up => LayerRounding::Away,
        Rounding::Down => LayerRounding::ToZero,
    };
    Some(Layer::Requantise(Requantise { factor: m, offset: p, shift: k.to_u32()?, rounding, lo, hi }))
}

#[cfg(test)]
mod tests {
    use super::identifier;

    #[test]
    fn names_are_for_verilog() {
        for (name, wanted) in [
            ("/net/net.0/Relu_output_0", "net_net_0_relu_output_0"),
            ("42", "layer_42"),
            ("", "layer"),
            ("größe", "gr_e"),
            ("small", "layer_small"),
            ("Wire", "layer_wire"),
        ] {
            assert_eq!(identifier(name, "layer"), wanted);
        }
    }
}
