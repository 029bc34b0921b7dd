//! The graph of a constant matrix-vector product as ordinary nodes.
//!
//! Words have no sign: an input that can be negative comes in with its sign bit inverted, subtracted words are inverted,
//! and the constants that this adds are taken out of each sum at once. A carry chain then needs LUTs only where both
//! operands have bits; above the narrower one the carry runs on by itself. An addition of unshifted results of additions
//! has a zero bit below: synthesis with Yosys would else make one sum of many operands of them, at two LUTs and more
//! for each bit that a carry chain adds with one.
//!
//! In a product with stages the words of additions go through registers to the stages that take them, inverted ones where none
//! takes them as they are, so that the inversion is in the LUTs of the addition before; the inputs are there in every stage.

use rustc_hash::FxHashMap;

use crate::ids::NodeId;
use crate::ir::matvec::{Form, form_range};
use crate::ir::rules::{self, RuleError};
use crate::ir::{BinOp, Matvec, MatvecOutput, Op, ShiftAdd, UnOp, eval};
use crate::ty::{IntTy, MAX_WIDTH, Ty};
use crate::value::Value;

/// Where nodes are made.
pub(crate) trait Nodes {
    /// The type of a node.
    fn ty(&self, x: NodeId) -> Ty;
    /// Its value, where it is a constant.
    fn value(&self, x: NodeId) -> Option<Value>;
    /// A new node, or a constant where the type has one value.
    fn push(&mut self, op: Op, ty: Ty) -> NodeId;
    /// A constant, of an integer or of the word type `ty`.
    fn constant(&mut self, value: Value, ty: Ty) -> NodeId;
    /// Says that the values of a node just made lie in a range inside of its own.
    fn narrow(&mut self, x: NodeId, ty: IntTy);
    /// A register that a word goes through; only products with stages have that.
    fn register(&mut self, later: &Later<'_>) -> NodeId {
        later.word
    }
}

/// A word that goes through a register.
pub(crate) struct Later<'a> {
    pub word: NodeId,
    pub m: &'a Matvec,
    /// The stage that it comes to.
    pub stage: u32,
    form: &'a Form,
    plan: &'a Plan,
}

impl Later<'_> {
    /// The range of the register.
    pub fn range(&self) -> IntTy {
        self.plan.range
    }

    /// What it holds at power-up, where the inputs of its stage hold `input`.
    pub fn power_up(&self, input: impl Fn(NodeId) -> Value) -> Value {
        let value =
            self.form.iter().fold(Value::ZERO, |sum, (i, c)| &sum + &(c * &input(self.m.input_in(*i, self.stage))));
        let value = if self.plan.negative { -&value } else { value };
        &value + &self.plan.offset
    }
}

/// How a value of the graph is held: `word = ±value + offset`, and the word is not negative.
#[derive(Clone)]
struct Plan {
    negative: bool,
    offset: Value,
    /// The word's range.
    range: IntTy,
}

impl Plan {
    /// Of an input. One that can be negative has its sign bit inverted.
    fn input(ty: IntTy) -> Plan {
        if !ty.is_signed() {
            return Plan { negative: false, offset: Value::ZERO, range: ty };
        }
        let offset = Value::pow2(ty.width() - 1);
        Plan { negative: false, range: ty.plus(IntTy::constant(offset.clone())), offset }
    }

    /// Of the inverted word: `~word = ∓value + (2^width - 1 - offset)`.
    fn inverted(&self) -> Plan {
        let most = &Value::pow2(self.range.width()) - &Value::ONE;
        let range = IntTy::constant(most.clone()).minus(self.range);
        Plan { negative: !self.negative, offset: &most - &self.offset, range }
    }

    /// Of the sum of `a` and `b`, inverted as [`inverts`] says.
    fn step(step: &ShiftAdd, (a, b): (&Plan, &Plan), form: &Form, types: &[IntTy]) -> Plan {
        let (a, b) = match inverts(step, a, b) {
            None => (a, b),
            Some(Side::A) => (&a.inverted(), b),
            Some(Side::B) => (a, &b.inverted()),
        };
        let offset = &a.offset.shl(step.a.1) + &b.offset.shl(step.b.1);
        let value = form_range(form, &Value::ZERO, |i| types[i]);
        let value = if a.negative { IntTy::constant(0).minus(value) } else { value };
        Plan { negative: a.negative, range: value.plus(IntTy::constant(offset.clone())), offset }
    }
}

/// An operand of a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    A,
    B,
}

/// The operand whose word is inverted: of words of different signs the one that is shifted further, so that what passes
/// by below stays as it is.
fn inverts(step: &ShiftAdd, a: &Plan, b: &Plan) -> Option<Side> {
    let differ = a.negative != (b.negative != step.subtract);
    differ.then_some(if step.b.1 >= step.a.1 { Side::B } else { Side::A })
}

/// How each value is held; or the first step with a word that would be too wide.
fn plans(m: &Matvec, forms: &[Form], types: &[IntTy]) -> Result<Vec<Plan>, usize> {
    let mut plans: Vec<Plan> = types.iter().map(|ty| Plan::input(*ty)).collect();
    for (k, step) in m.steps.iter().enumerate() {
        // With a zero bit below and a carry.
        let fits = |(value, shift): (usize, u32)| plans[value].range.width() + shift + 3 <= MAX_WIDTH;
        if !fits(step.a) || !fits(step.b) {
            return Err(k);
        }
        let plan = Plan::step(step, (&plans[step.a.0], &plans[step.b.0]), &forms[types.len() + k], types);
        plans.push(plan);
    }
    Ok(plans)
}

/// The first step, or output after all steps, that would take a word of more than [`MAX_WIDTH`] bits. The graph's names
/// are right, and `forms` are its coefficients.
pub(crate) fn too_wide(m: &Matvec, forms: &[Form], types: &[IntTy]) -> Option<usize> {
    let plans = match plans(m, forms, types) {
        Ok(plans) => plans,
        Err(step) => return Some(step),
    };
    let fits = |o: &MatvecOutput| {
        let value = o.value.map_or(0, |(value, shift)| plans[value].range.width() + shift);
        value.max(o.constant.bits(true)) + 3 <= MAX_WIDTH
    };
    m.outputs.iter().position(|o| !fits(o)).map(|k| m.steps.len() + k)
}

/// A value in hardware.
#[derive(Clone)]
struct Word {
    word: NodeId,
    plan: Plan,
    /// Made by an addition, and taken by one other only.
    chained: bool,
    /// It is the inverted word of its value.
    inverted: bool,
}

/// Writes a product.
struct Lower<'a, N> {
    nodes: &'a mut N,
    m: &'a Matvec,
    forms: &'a [Form],
    plans: Vec<Plan>,
    /// For each value the last stage in which something takes its word as it is.
    plain_until: Vec<u32>,
    /// Values by number and stage.
    words: FxHashMap<(usize, u32), Word>,
}

/// What was written: the node of each sum, and the word of each step.
#[derive(Default)]
pub(crate) struct Written {
    pub sums: Vec<Option<NodeId>>,
    pub steps: Vec<Option<NodeId>>,
}

type Result<T, E = RuleError> = std::result::Result<T, E>;

/// Writes the sums of `m` that are `wanted`, with all additions that they need. The type of a sum's node is its exact
/// range. `forms` are the coefficients of the values.
///
/// # Errors
/// Where a product that the verifier does not accept would take operands that there cannot be.
pub(crate) fn lower<N: Nodes>(m: &Matvec, forms: &[Form], wanted: &[bool], nodes: &mut N) -> Result<Written> {
    let types = m.input_ranges(|x| nodes.ty(x).range());
    let plans = plans(m, forms, &types).map_err(|_| RuleError::TooWide)?;
    let inputs = m.inputs.len();
    let mut uses = vec![0_u32; plans.len()];
    m.steps.iter().flat_map(|s| [s.a.0, s.b.0]).for_each(|value| uses[value] += 1);
    m.outputs.iter().filter_map(|o| o.value).for_each(|(value, _)| uses[value] += 1);
    let ranges: Vec<IntTy> = m.outputs.iter().map(|o| o.range(|i| types[i])).collect();
    let mut needed = vec![false; plans.len()];
    let ends =
        m.outputs.iter().zip(&ranges).zip(wanted).filter(|((_, range), wanted)| **wanted && !is_constant(**range));
    ends.filter_map(|((o, _), _)| o.value).for_each(|(value, _)| needed[value] = true);
    for (k, step) in m.steps.iter().enumerate().rev() {
        if needed[inputs + k] {
            needed[step.a.0] = true;
            needed[step.b.0] = true;
        }
    }
    let plain_until = plain_until(m, &plans, &needed, wanted);
    let mut lower = Lower { nodes, m, forms, plans, plain_until, words: FxHashMap::default() };
    let mut written = Written::default();
    for value in (0..inputs).filter(|&value| needed[value]) {
        lower.word(value, m.input_stage(value))?;
    }
    for k in 0..m.steps.len() {
        let value = inputs + k;
        let word = needed[value].then(|| lower.step(k, uses[value] == 1)).transpose()?;
        written.steps.push(word);
    }
    for (k, (range, wanted)) in ranges.into_iter().zip(wanted).enumerate() {
        written.sums.push(wanted.then(|| lower.output(k, range)).transpose()?);
    }
    Ok(written)
}

/// For each value the last stage in which something takes its word as it is.
fn plain_until(m: &Matvec, plans: &[Plan], needed: &[bool], wanted: &[bool]) -> Vec<u32> {
    let mut until = vec![0; plans.len()];
    let mut takes = |value: usize, stage: u32| until[value] = stage.max(until[value]);
    for (k, step) in m.steps.iter().enumerate().filter(|(k, _)| needed[m.inputs.len() + k]) {
        let inverted = inverts(step, &plans[step.a.0], &plans[step.b.0]);
        if inverted != Some(Side::A) {
            takes(step.a.0, m.step_stage(k));
        }
        if inverted != Some(Side::B) {
            takes(step.b.0, m.step_stage(k));
        }
    }
    for (k, output) in m.outputs.iter().enumerate().filter(|(k, _)| wanted[*k]) {
        if let Some((value, _)) = output.value.filter(|(value, _)| plans[*value].negative == output.negative) {
            takes(value, m.output_stage(k));
        }
    }
    until
}

fn is_constant(ty: IntTy) -> bool {
    ty.as_constant().is_some()
}

impl<N: Nodes> Lower<'_, N> {
    /// A value as it is in a stage.
    fn word(&mut self, value: usize, stage: u32) -> Result<Word> {
        if let Some(known) = self.words.get(&(value, stage)) {
            return Ok(known.clone());
        }
        let Some(step) = value.checked_sub(self.m.inputs.len()) else {
            let word = self.input(self.m.input_in(value, stage), self.plans[value].clone())?;
            self.words.insert((value, stage), word.clone());
            return Ok(word);
        };
        let made = self.m.step_stage(step);
        let (mut at, mut word) = (made..stage)
            .rev()
            .find_map(|at| Some((at, self.words.get(&(value, at))?.clone())))
            .ok_or(RuleError::Kind)?;
        while at < stage {
            at += 1;
            if !word.inverted && self.plain_until[value] < at {
                word = self.inverted(&word)?;
            }
            let later = Later { word: word.word, m: self.m, stage: at, form: &self.forms[value], plan: &word.plan };
            word.word = self.nodes.register(&later);
            self.words.insert((value, at), word.clone());
        }
        Ok(word)
    }

    /// The word of a value in a stage, or the inverted one.
    fn taken(&mut self, value: usize, stage: u32, inverted: bool) -> Result<Word> {
        let word = self.word(value, stage)?;
        if word.inverted == inverted { Ok(word) } else { self.inverted(&word) }
    }

    fn input(&mut self, x: NodeId, plan: Plan) -> Result<Word> {
        let ty = self.nodes.ty(x).range();
        // The plan is that of the widest of its stages.
        if plan.offset.is_zero() {
            return Ok(Word { word: self.known(x, plan.range)?, plan, chained: false, inverted: false });
        }
        let top = plan.offset.bits(false) - 1;
        let mut bits = self.unary(UnOp::ToBits, x)?;
        if ty.width() <= top {
            let sign = if ty.is_signed() { self.slice(bits, ty.width() - 1, 1) } else { self.zeros(1) };
            for _ in ty.width()..=top {
                bits = self.concat(sign, bits);
            }
        }
        let sign = self.slice(bits, top, 1);
        let sign = self.unary(UnOp::Not, sign)?;
        let word = if top == 0 {
            sign
        } else {
            let rest = self.slice(bits, 0, top);
            self.concat(sign, rest)
        };
        let word = self.unary(UnOp::ToUint, word)?;
        Ok(Word { word: self.known(word, plan.range)?, plan, chained: false, inverted: false })
    }

    fn inverted(&mut self, x: &Word) -> Result<Word> {
        let plan = x.plan.inverted();
        let ty = self.nodes.ty(x.word).range();
        let word = match ty.as_constant() {
            Some(only) => self.lit(&(&Value::pow2(x.plan.range.width()) - &Value::ONE) - &only),
            None => {
                let bits = self.unary(UnOp::ToBits, x.word)?;
                let bits = self.unary(UnOp::Not, bits)?;
                let word = self.unary(UnOp::ToUint, bits)?;
                self.known(word, plan.range)?
            }
        };
        Ok(Word { word, plan, chained: false, inverted: !x.inverted })
    }

    fn step(&mut self, k: usize, once: bool) -> Result<NodeId> {
        let (step, stage, value) = (self.m.steps[k], self.m.step_stage(k), self.m.inputs.len() + k);
        let inverted = inverts(&step, &self.plans[step.a.0], &self.plans[step.b.0]);
        let a = self.taken(step.a.0, stage, inverted == Some(Side::A))?;
        let b = self.taken(step.b.0, stage, inverted == Some(Side::B))?;
        let (s, t) = (step.a.1, step.b.1);
        let word = if (a.chained && s == 0) || (b.chained && t == 0) {
            let (a, b) = (self.with_zeros_below(a.word, s + 1)?, self.with_zeros_below(b.word, t + 1)?);
            let sum = self.binary(BinOp::Add, a, b)?;
            let width = self.nodes.ty(sum).width();
            let bits = self.unary(UnOp::ToBits, sum)?;
            let bits = self.slice(bits, 1, width.max(1) - 1);
            self.unary(UnOp::ToUint, bits)?
        } else {
            let (a, b) = (self.shifted(a.word, s)?, self.shifted(b.word, t)?);
            self.binary(BinOp::Add, a, b)?
        };
        let plan = self.plans[value].clone();
        let word = self.known(word, plan.range)?;
        self.words.insert((value, stage), Word { word, plan, chained: once, inverted: false });
        Ok(word)
    }

    fn output(&mut self, k: usize, range: IntTy) -> Result<NodeId> {
        let output = &self.m.outputs[k];
        if let Some(only) = range.as_constant() {
            return Ok(self.lit(only));
        }
        let Some((value, shift)) = output.value else { return Ok(self.lit(output.constant.clone())) };
        let inverted = self.plans[value].negative != output.negative;
        let word = self.taken(value, self.m.output_stage(k), inverted)?;
        // The shifted word less the shifted offset; a shift of a sum would hide the constant from those who add to it.
        let constant = &output.constant - &word.plan.offset.shl(shift);
        let word = self.shifted(word.word, shift)?;
        self.added(word, constant, range)
    }

    /// `word + constant`, which lies in `range`. A constant that is half of what the width holds inverts one bit.
    fn added(&mut self, word: NodeId, constant: Value, range: IntTy) -> Result<NodeId> {
        let width = range.width();
        let half = range.is_signed() && constant.wrap(width, false) == Value::pow2(width - 1);
        if half && self.nodes.ty(word).width() <= width {
            let bits = self.unary(UnOp::ToBits, word)?;
            let above = width - self.nodes.ty(word).width();
            let bits = if above == 0 {
                bits
            } else {
                let zeros = self.zeros(above);
                self.concat(zeros, bits)
            };
            let top = self.slice(bits, width - 1, 1);
            let top = self.unary(UnOp::Not, top)?;
            let bits = if width == 1 {
                top
            } else {
                let rest = self.slice(bits, 0, width - 1);
                self.concat(top, rest)
            };
            let word = self.unary(UnOp::ToSint, bits)?;
            return self.known(word, range);
        }
        if constant.is_zero() {
            Ok(word)
        } else if constant.is_negative() {
            let constant = self.lit(-&constant);
            self.binary(BinOp::Sub, word, constant)
        } else {
            let constant = self.lit(constant);
            self.binary(BinOp::Add, word, constant)
        }
    }

    fn shifted(&mut self, x: NodeId, by: u32) -> Result<NodeId> {
        if by == 0 {
            return Ok(x);
        }
        let by = self.lit(by.into());
        self.binary(BinOp::Shl, x, by)
    }

    fn with_zeros_below(&mut self, x: NodeId, zeros: u32) -> Result<NodeId> {
        let (bits, zeros) = (self.unary(UnOp::ToBits, x)?, self.zeros(zeros));
        let bits = self.concat(bits, zeros);
        self.unary(UnOp::ToUint, bits)
    }

    fn zeros(&mut self, width: u32) -> NodeId {
        self.nodes.constant(Value::ZERO, Ty::Bits(width))
    }

    fn lit(&mut self, value: Value) -> NodeId {
        let ty = Ty::Int(IntTy::constant(value.clone()));
        self.nodes.constant(value, ty)
    }

    fn unary(&mut self, op: UnOp, x: NodeId) -> Result<NodeId> {
        let x_ty = self.nodes.ty(x);
        let ty = rules::unary(op, x_ty).unwrap_or(Err(RuleError::Kind))?;
        Ok(match self.nodes.value(x) {
            Some(v) => self.nodes.constant(eval::unary(op, &v, x_ty, ty), ty),
            None => self.nodes.push(Op::Un(op, x), ty),
        })
    }

    fn binary(&mut self, op: BinOp, a: NodeId, b: NodeId) -> Result<NodeId> {
        let ty = rules::binary(op, self.nodes.ty(a), self.nodes.ty(b), None)?;
        Ok(match (self.nodes.value(a), self.nodes.value(b)) {
            (Some(x), Some(y)) => self.nodes.constant(eval::binary(op, &x, &y, ty), ty),
            _ => self.nodes.push(Op::Bin(op, a, b), ty),
        })
    }

    fn slice(&mut self, x: NodeId, lo: u32, width: u32) -> NodeId {
        let ty = Ty::Bits(width);
        match self.nodes.value(x) {
            _ if self.nodes.ty(x) == ty => x,
            Some(v) => self.nodes.constant(eval::slice(&v, lo, ty), ty),
            None => self.nodes.push(Op::Slice(x, lo), ty),
        }
    }

    fn concat(&mut self, high: NodeId, low: NodeId) -> NodeId {
        let (high_width, low_width) = (self.nodes.ty(high).width(), self.nodes.ty(low).width());
        let ty = Ty::Bits(high_width + low_width);
        match (self.nodes.value(high), self.nodes.value(low)) {
            (Some(x), Some(y)) => self.nodes.constant(eval::concat([(&x, high_width), (&y, low_width)]), ty),
            _ if high_width == 0 => low,
            _ if low_width == 0 => high,
            _ => self.nodes.push(Op::Concat([high, low].into()), ty),
        }
    }

    /// A node just made, whose values are known to lie in a range. It gets the width of the range.
    fn known(&mut self, x: NodeId, range: IntTy) -> Result<NodeId> {
        if let Some(only) = range.as_constant() {
            return Ok(self.lit(only));
        }
        let ty = self.nodes.ty(x).range();
        if range == ty || self.nodes.value(x).is_some() {
            return Ok(x);
        }
        // What comes from inputs with fewer values in this stage than in others has fewer, too.
        let Some(found) = range.intersect(ty) else { return Ok(x) };
        if let Some(only) = found.as_constant() {
            return Ok(self.lit(only));
        }
        self.nodes.narrow(x, found);
        if found.width() == range.width() {
            return Ok(x);
        }
        let bits = self.unary(UnOp::ToBits, x)?;
        let zeros = self.zeros(range.width() - found.width());
        let bits = self.concat(zeros, bits);
        let word = self.unary(UnOp::ToUint, bits)?;
        self.nodes.narrow(word, range);
        Ok(word)
    }
}
