//! Building the graph: nodes are added to it, or evaluated at once where all operands are constants.
//!
//! What a small file can ask for is bounded here: elements and multiplications are paid from a budget.

use std::sync::Arc;

use crate::eval;
use crate::graph::{Graph, Node, Op, Operand, Unary, ValueId, ValueInfo, count};
use crate::quantise::Limits;
use crate::shape::{self, elements, strides, walk};

use super::tensor::{Const, Elem, MAX_ELEMENTS, MAX_RANK, within_limit};
use super::wrong::{Result, wrong};

/// A tensor of the file.
#[derive(Clone, Debug)]
pub enum Val {
    Const(Const),
    Dyn(Dyn),
}

/// A tensor that depends on the inputs.
#[derive(Clone, Debug)]
pub struct Dyn {
    pub id: ValueId,
    pub elem: Elem,
    /// Where it came from, if it is the integer that a quantiser made.
    pub quantised: Option<Arc<Quantised>>,
}

/// The integer result of a quantiser: `quant / scale + zero_point`.
#[derive(Debug)]
pub struct Quantised {
    /// What was quantised.
    pub x: Val,
    /// The result in units of x.
    pub quant: Val,
    /// Of the integer.
    pub limits: Limits,
    pub scale: Const,
    pub zero_point: Const,
}

/// Builds a graph.
pub struct Builder {
    pub graph: Graph,
    /// Elements that may still be made.
    elements: u64,
    /// Steps of work on constants that may still be done.
    work: u64,
    name: String,
    kind: String,
    result: String,
}

/// Steps of work on constants, such as one multiplication: seconds.
const WORK: u64 = 1 << 33;

impl Builder {
    /// For a file of so many bytes.
    pub fn new(name: String, file: usize) -> Builder {
        Builder {
            graph: Graph { name, ..Graph::default() },
            elements: MAX_ELEMENTS as u64 + 16 * file as u64,
            work: WORK + 128 * file as u64,
            name: String::new(),
            kind: String::new(),
            result: String::new(),
        }
    }

    /// Nodes from now on are made for this one of the file.
    pub fn begin(&mut self, name: &str, kind: &str, result: &str) {
        let name = if name.is_empty() { result } else { name };
        // One node of the file may become many: their names together must not outgrow it.
        let cut = |text: &str| text.chars().take(1000).collect();
        (self.name, self.kind, self.result) = (cut(name), cut(kind), cut(result));
    }

    /// An input of the graph.
    pub fn input(&mut self, name: &str, shape: Vec<usize>, elem: Elem) -> Val {
        let id = self.value(name.to_owned(), shape);
        self.graph.inputs.push(id);
        Val::Dyn(Dyn { id, elem, quantised: None })
    }

    fn value(&mut self, name: String, shape: Vec<usize>) -> ValueId {
        self.graph.values.push(ValueInfo { name, shape });
        ValueId(self.graph.values.len() - 1)
    }

    pub fn shape<'a>(&'a self, value: &'a Val) -> &'a [usize] {
        match value {
            Val::Const(constant) => constant.shape(),
            Val::Dyn(value) => &self.graph.values[value.id.0].shape,
        }
    }

    /// Pays for a tensor of this shape that is about to be made.
    pub fn pay(&mut self, shape: &[usize]) -> Result<()> {
        if shape.len() > MAX_RANK {
            return Err(wrong(format!("the result has {} axes; at most {MAX_RANK} are supported", shape.len())));
        }
        check(shape)?;
        // At least one, so that nothing is free.
        let left = self.elements.checked_sub(count(shape) as u64 + 1);
        self.elements = left.ok_or_else(|| wrong("the tensors that this file asks for are too large together"))?;
        Ok(())
    }

    /// Pays for steps of work on constants.
    pub fn work(&mut self, steps: u64) -> Result<()> {
        let left = self.work.checked_sub(steps);
        self.work = left.ok_or_else(|| wrong("the constants of this file ask for too much work"))?;
        Ok(())
    }

    /// Pays for reading a constant, which may mean a copy.
    pub fn read(&mut self, constant: &Const) -> Result<()> {
        let size = constant.len() as u64;
        self.work(4 * size)?;
        let left = self.elements.checked_sub(size);
        self.elements = left.ok_or_else(|| wrong("the constants of this file are used too often"))?;
        Ok(())
    }

    /// An operator, whose result is of the first operand's type.
    pub fn emit(&mut self, op: Op, operands: Vec<Val>) -> Result<Val> {
        let elem = operands.first().map_or(Elem::Float, Val::elem);
        self.emit_as(op, operands, elem)
    }

    /// An operator with a result of this type.
    pub fn emit_as(&mut self, op: Op, operands: Vec<Val>, elem: Elem) -> Result<Val> {
        let shapes: Vec<&[usize]> = operands.iter().map(|v| self.shape(v)).collect();
        let shape = shape::result(&op, &shapes)?.ok_or_else(|| wrong("a result without a shape"))?;
        if !operands.iter().all(|v| matches!(v, Val::Const(_))) {
            check(&shape)?;
            return self.push(op, operands, shape, elem);
        }
        let terms = terms(&op, &shapes);
        self.pay(&shape)?;
        let work = (count(&shape) as u64).saturating_mul(terms as u64);
        self.work(work)?;
        let mut tensors = Vec::new();
        for value in &operands {
            let Val::Const(constant) = value else { continue };
            self.read(constant)?;
            tensors.push(constant.tensor()?);
        }
        if elem.is_int() {
            exact_sum(&op, terms, &tensors)?;
        }
        let operands: Vec<_> = tensors.iter().map(|t| &**t).collect();
        let folded = eval::apply(&op, &operands, &shape)?;
        Ok(Val::Const(Const::from_reals(elem, shape, folded.data)?))
    }

    /// One function of each element.
    pub fn unary(&mut self, function: Unary, x: Val) -> Result<Val> {
        self.emit(Op::Unary(function), vec![x])
    }

    fn push(&mut self, op: Op, operands: Vec<Val>, shape: Vec<usize>, elem: Elem) -> Result<Val> {
        let mut inputs = Vec::with_capacity(operands.len());
        for operand in operands {
            inputs.push(match operand {
                Val::Dyn(value) => Operand::Value(value.id),
                Val::Const(constant) => {
                    self.read(&constant)?;
                    let tensor = constant.tensor()?;
                    if tensor.data.iter().any(|x| !x.is_finite()) {
                        return Err(wrong("a constant operand holds an infinite number or not-a-number"));
                    }
                    Operand::Const(tensor)
                }
            });
        }
        if count(&shape) == 0 {
            return Err(wrong(format!("the result of the shape {shape:?} has no elements")));
        }
        // Results but the last are of the importer's making; `begin` of the next node does not rename them.
        let output = self.value(format!("{}#{}", self.result, self.graph.nodes.len()), shape);
        self.graph.nodes.push(Node { name: self.name.clone(), kind: self.kind.clone(), op, inputs, output });
        Ok(Val::Dyn(Dyn { id: output, elem, quantised: None }))
    }

    /// Elements of the operands in a new order and shape; `from` gives operand and element.
    pub fn pick(
        &mut self,
        operands: Vec<Val>,
        shape: Vec<usize>,
        from: impl Iterator<Item = (usize, usize)>,
    ) -> Result<Val> {
        self.pay(&shape)?;
        let elem = operands.first().map_or(Elem::Float, Val::elem);
        let constants: Option<Vec<&Const>> = operands.iter().map(Val::constant).collect();
        if let Some(constants) = constants {
            return pick_constants(&constants, elem, shape, from).map(Val::Const);
        }
        // In one run over the only operand, with its shape: nothing is done.
        let pairs: Vec<(u32, u32)> = from.map(|(operand, element)| (operand as u32, element as u32)).collect();
        if let [only] = &operands[..]
            && self.shape(only) == shape
            && pairs.iter().enumerate().all(|(k, &(_, element))| element as usize == k)
        {
            return Ok(only.clone());
        }
        self.push(Op::Pick(Arc::new(pairs)), operands, shape, elem)
    }

    /// The same value under another name.
    pub fn copy(&mut self, name: &str, id: ValueId) -> Result<ValueId> {
        let shape = self.graph.values[id.0].shape.clone();
        self.pay(&shape)?;
        let all = (0..count(&shape) as u32).map(|element| (0, element)).collect();
        let output = self.value(name.to_owned(), shape);
        let (name, kind) = (name.to_owned(), "Identity".to_owned());
        let op = Op::Pick(Arc::new(all));
        self.graph.nodes.push(Node { name, kind, op, inputs: vec![Operand::Value(id)], output });
        Ok(output)
    }

    /// A view of one tensor: the element at `offset + sum of index * stride`.
    pub fn view(&mut self, x: Val, shape: Vec<usize>, strides: Vec<isize>, offset: usize) -> Result<Val> {
        let from = walk(&shape, strides, offset as isize).map(|element| (0, element));
        self.pick(vec![x], shape, from)
    }

    /// The same elements in a shape of as many.
    pub fn reshape(&mut self, x: Val, shape: Vec<usize>) -> Result<Val> {
        if elements(&shape) != elements(self.shape(&x)) {
            let old = self.shape(&x);
            return Err(wrong(format!("the shape {old:?} cannot become {shape:?}: the numbers of elements differ")));
        }
        let steps = strides(&shape);
        self.view(x, shape, steps, 0)
    }

    /// Axes in a new order.
    pub fn transpose(&mut self, x: Val, order: &[usize]) -> Result<Val> {
        let old = self.shape(&x);
        let steps = strides(old);
        let shape = order.iter().map(|&axis| old[axis]).collect();
        let steps = order.iter().map(|&axis| steps[axis]).collect();
        self.view(x, shape, steps, 0)
    }
}

fn check(shape: &[usize]) -> Result<()> {
    if within_limit(shape) {
        return Ok(());
    }
    Err(wrong(format!("the result of the shape {shape:?} has more than {MAX_ELEMENTS} elements")))
}

fn pick_constants(
    operands: &[&Const],
    elem: Elem,
    shape: Vec<usize>,
    from: impl Iterator<Item = (usize, usize)>,
) -> Result<Const> {
    let ints: Option<Vec<&[i64]>> = operands
        .iter()
        .map(|c| match c {
            Const::Int(ints) => Some(&ints.data[..]),
            Const::Real(_) => None,
        })
        .collect();
    if let Some(ints) = ints {
        return Ok(Const::int(elem, shape, from.map(|(operand, element)| ints[operand][element]).collect()));
    }
    let reals = operands.iter().map(|c| c.tensor()).collect::<Result<Vec<_>>>()?;
    Ok(Const::real(shape, from.map(|(operand, element)| reals[operand].data[element]).collect()))
}

/// How many numbers each element of the result is made of.
fn terms(op: &Op, shapes: &[&[usize]]) -> usize {
    let over = |axes: &[usize]| axes.iter().map(|&axis| shapes[0][axis]).product();
    match op {
        Op::MatMul => shapes[0].last().copied().unwrap_or(1),
        Op::Sum { axes, .. } | Op::Mean { axes, .. } => over(axes),
        Op::Max { axis, .. } | Op::ArgMax { axis, .. } => over(&[*axis]),
        Op::MultiThreshold { .. } => shapes[1].last().copied().unwrap_or(1),
        // At a tie the decision takes a division of long integers.
        Op::Quant { .. } => 256,
        _ => 1,
    }
}

/// Refuses a sum of integers that might pass through numbers of more than 53 bits.
fn exact_sum(op: &Op, terms: usize, operands: &[Arc<crate::graph::Tensor>]) -> Result<()> {
    if !matches!(op, Op::MatMul | Op::Sum { .. } | Op::Mean { .. }) {
        return Ok(());
    }
    let largest = |t: &Arc<crate::graph::Tensor>| t.data.iter().fold(0f64, |m, x| m.max(x.abs()));
    if operands.iter().map(largest).product::<f64>() * terms as f64 > 2f64.powi(53) {
        return Err(wrong("the constant sum may have more than 53 bits"));
    }
    Ok(())
}

impl Val {
    pub fn elem(&self) -> Elem {
        match self {
            Val::Const(constant) => constant.elem(),
            Val::Dyn(value) => value.elem,
        }
    }

    pub fn constant(&self) -> Option<&Const> {
        match self {
            Val::Const(constant) => Some(constant),
            Val::Dyn(_) => None,
        }
    }

    /// The same with another type of elements.
    pub fn of_type(self, elem: Elem) -> Val {
        match self {
            Val::Dyn(value) => Val::Dyn(Dyn { elem, ..value }),
            other => other,
        }
    }

    pub fn real(value: f64) -> Val {
        Val::Const(Const::real(Vec::new(), vec![value]))
    }
}
