//! Elements of tensors and constants in a new order and shape.
//!
//! A constant becomes an integer of one value, which takes no hardware: on the grid of the elements around it where it lies
//! there, else 0 with the constant as its offset. Operators that need one grid for all elements refine it then.

use std::sync::Arc;

use num_traits::{One, Zero};

use gatewright_layers::layer::{Combine, Layer, Pick};

use super::StreamlineError;
use super::function::{Function, Stage, Vals, small};
use super::integer::{Tensor, integers, quotient, stripped, unquantised};
use super::track::{Builder, error};
use crate::exact::{Ratio, exact};
use crate::graph::{Node, Operand, count};

/// Where each element of a tensor of shape `to` comes from in one of shape `from`, by numpy's broadcasting.
pub fn broadcast(from: &[usize], to: &[usize]) -> Option<Vec<usize>> {
    if from.len() > to.len() {
        // Axes of length 1 in front add nothing.
        let extra = from.len() - to.len();
        return from[..extra].iter().all(|&n| n == 1).then(|| broadcast(&from[extra..], to)).flatten();
    }
    let mut strides = vec![0; to.len()];
    let mut stride = 1;
    for (k, &n) in from.iter().enumerate().rev() {
        let axis = k + to.len() - from.len();
        if n != 1 && n != to[axis] {
            return None;
        }
        strides[axis] = if n == 1 { 0 } else { stride };
        stride *= n;
    }
    let mut all = Vec::with_capacity(count(to));
    let mut index = vec![0; to.len()];
    for _ in 0..count(to) {
        all.push(index.iter().zip(&strides).map(|(i, s)| i * s).sum());
        for axis in (0..to.len()).rev() {
            index[axis] += 1;
            if index[axis] < to[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
    Some(all)
}

/// Greatest integer for a constant on the grid of others.
const MAX_CONSTANT: u64 = 1 << 32;

/// Where an element comes from.
enum Element {
    /// One of the tensors, and its element.
    Of(usize, usize),
    Constant(Ratio),
}

/// The elements that are picked from the operands of a node.
fn elements(node: &Node, from: &[(u32, u32)]) -> Result<Vec<Element>, StreamlineError> {
    let mut tensors = 0..;
    let operands: Vec<(Option<usize>, &Operand)> = node
        .inputs
        .iter()
        .map(|operand| (matches!(operand, Operand::Value(_)).then(|| tensors.next()).flatten(), operand))
        .collect();
    let element = |&(k, e): &(u32, u32)| match operands.get(k as usize) {
        Some((Some(tensor), _)) => Ok(Element::Of(*tensor, e as usize)),
        Some((_, Operand::Const(c))) => match c.data.get(e as usize).map(|v| exact(*v)) {
            Some(Some(value)) => Ok(Element::Constant(value)),
            Some(None) => Err(error(node, "a constant is infinite or no number", "repair the model")),
            None => Err(error(node, "it reads behind a constant", "repair the model")),
        },
        _ => Err(error(node, format!("it has no operand {k}"), "repair the model")),
    };
    from.iter().map(element).collect()
}

impl Builder<'_> {
    /// The tensor with its elements repeated to the shape.
    pub fn broadcast(&mut self, node: &Node, x: Tensor, shape: &[usize]) -> Result<Tensor, StreamlineError> {
        if count(&x.shape) == count(shape) {
            return Ok(Tensor { shape: shape.to_vec(), ..x });
        }
        let Some(from) = broadcast(&x.shape, shape) else {
            return Err(error(node, format!("{:?} does not go with {shape:?}", x.shape), "repair the model"));
        };
        self.rearranged(node, &x, &from, shape)
    }

    /// Elements of one tensor.
    fn rearranged(
        &mut self,
        node: &Node,
        x: &Tensor,
        from: &[usize],
        shape: &[usize],
    ) -> Result<Tensor, StreamlineError> {
        if from.len() == count(&x.shape) && from.iter().enumerate().all(|(k, e)| k == *e) {
            return Ok(Tensor { shape: shape.to_vec(), ..x.clone() });
        }
        let (scale, offset) = &self.scales[x.tensor];
        let meaning = (scale.pick(from.iter().copied()), offset.pick(from.iter().copied()));
        let pairs = from.iter().map(|&e| (0, e as u32)).collect();
        let layer = Layer::Pick(Pick { shape: stripped(shape), from: Arc::new(pairs) });
        let tensor = self.layer(node, "", layer, vec![x.tensor], meaning)?;
        Ok(Tensor { tensor, function: x.function.pick(from), shape: shape.to_vec() })
    }

    /// Elements of the operands of a node, of which `tensors` are those that are not constant.
    pub fn pick(
        &mut self,
        node: &Node,
        mut tensors: Vec<Tensor>,
        from: &[(u32, u32)],
        shape: &[usize],
    ) -> Result<Tensor, StreamlineError> {
        let elements = elements(node, from)?;
        let of_one = |tensor: usize| {
            let own = |e: &Element| match e {
                Element::Of(t, e) if *t == tensor => Some(*e),
                _ => None,
            };
            elements.iter().map(own).collect::<Option<Vec<usize>>>()
        };
        if let Some((x, from)) = (0..tensors.len()).find_map(|t| Some((&tensors[t], of_one(t)?))) {
            return self.rearranged(node, x, &from, shape);
        }
        // Where several meet, each has to be scale and offset, of which the elements then take their own.
        let mut pairs = Vec::new();
        for x in &mut tensors {
            *x = self.linear(node, x.clone())?;
            pairs.push(x.function.affine().ok_or_else(|| unquantised(node))?);
        }
        let last = shape.last().copied().unwrap_or(1).max(1);
        // The grid of the first element of the same channel, or of the first of all.
        let mut channels: Vec<Option<(&Ratio, &Ratio)>> = vec![None; last];
        for (k, element) in elements.iter().enumerate() {
            if let Element::Of(t, e) = *element {
                channels[k % last].get_or_insert((pairs[t].0.at(e), pairs[t].1.at(e)));
            }
        }
        let (one, zero) = (Ratio::one(), Ratio::zero());
        let any = channels.iter().flatten().next().copied().unwrap_or((&one, &zero));
        let Some(source) = tensors.iter().position(|x| count(&x.shape) > 0) else {
            return Err(error(node, "all its elements are constant", "make it a constant of the model"));
        };
        let (mut sources, mut factors, mut integer) = (Vec::new(), Vec::new(), Vec::new());
        let (mut scales, mut offsets) = (Vec::new(), Vec::new());
        for (k, element) in elements.iter().enumerate() {
            match element {
                Element::Of(t, e) => {
                    sources.push((*t as u32, *e as u32));
                    factors.push(1);
                    integer.push(Ratio::zero());
                    scales.push(pairs[*t].0.at(*e).clone());
                    offsets.push(pairs[*t].1.at(*e).clone());
                }
                Element::Constant(value) => {
                    let (scale, offset) = channels[k % last].unwrap_or(any);
                    let place = quotient(&(value - offset), scale);
                    let fits = &(scale * &place) + offset == *value && place.is_integer();
                    let fits = fits && small(&place.to_integer()).is_some_and(|n| n.unsigned_abs() < MAX_CONSTANT);
                    sources.push((source as u32, 0));
                    factors.push(0);
                    integer.push(if fits { place } else { Ratio::zero() });
                    scales.push(scale.clone());
                    offsets.push(if fits { offset.clone() } else { value.clone() });
                }
            }
        }
        let (scale, offset) = (Vals(Arc::new(scales)), Vals(Arc::new(offsets)));
        let constants = factors.contains(&0);
        let layer = Layer::Pick(Pick { shape: stripped(shape), from: Arc::new(sources) });
        let meaning = || (scale.clone(), offset.clone());
        let operands = tensors.iter().map(|x| x.tensor).collect();
        let suffix = if constants { "_elements" } else { "" };
        let mut tensor = self.layer(node, suffix, layer, operands, meaning())?;
        if constants {
            let add = integers(node, &Vals(Arc::new(integer)))?;
            let combine = Layer::Combine(Combine { factors: vec![Arc::new(factors)], offset: add });
            tensor = self.layer(node, "", combine, vec![tensor], meaning())?;
        }
        Ok(Tensor { tensor, function: Function(vec![Stage::Affine(scale, offset)]), shape: shape.to_vec() })
    }
}
