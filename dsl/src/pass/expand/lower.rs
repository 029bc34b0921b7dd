//! The graph of a constant matrix-vector product as ordinary nodes.
//!
//! Words have no sign: an input that can be negative comes in with its sign bit inverted, subtracted words are inverted,
//! and the constants that this adds are taken out of each sum at once. A carry chain then needs LUTs only where both
//! operands have bits; above the narrower one the carry runs on by itself. An addition of unshifted results of additions
//! has a zero bit below: synthesis with Yosys would else make one sum of many operands of them, at two LUTs and more
//! for each bit that a carry chain adds with one. Where one bit is added to an unshared result of an addition, this addition
//! has the bit below both operands: the carry that comes of it takes no LUT.

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
#[derive(Clone, Copy)]
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
}

/// For each step, the one behind it whose one bit it takes as a carry: it alone reads the step's result, which has no other.
fn takes(m: &Matvec, plans: &[Plan], uses: &[u32]) -> Vec<Option<usize>> {
    let inputs = m.inputs.len();
    let mut takes = vec![None; m.steps.len()];
    let mut carry = vec![false; m.steps.len()];
    for (k, ShiftAdd { a, b, .. }) in m.steps.iter().enumerate() {
        let Some(sum) = a.0.checked_sub(inputs).filter(|sum| uses[a.0] == 1 && !carry[*sum]) else { continue };
        if a.1 == 0 && b.1 == 0 && plans[b.0].range.width() == 1 {
            (takes[sum], carry[k]) = (Some(k), true);
        }
    }
    takes
}

/// Writes a product.
struct Lower<'a, N> {
    nodes: &'a mut N,
}

type Result<T, E = RuleError> = std::result::Result<T, E>;

/// Writes the sums of `m` that are `wanted`, with all additions that they need; gives the node of each, whose type is
/// the sum's exact range. `forms` are the coefficients of the values.
///
/// # Errors
/// Where a product that the verifier does not accept would take operands that there cannot be.
pub(crate) fn lower<N: Nodes>(
    m: &Matvec,
    forms: &[Form],
    wanted: &[bool],
    nodes: &mut N,
) -> Result<Vec<Option<NodeId>>> {
    let types: Vec<IntTy> = m.inputs.iter().map(|&x| nodes.ty(x).range()).collect();
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
    let takes = takes(m, &plans, &uses);
    let mut lower = Lower { nodes };
    let mut words: Vec<Option<Word>> = Vec::with_capacity(plans.len());
    for (value, plan) in plans.iter().cloned().enumerate() {
        let word = match value.checked_sub(inputs) {
            _ if !needed[value] => None,
            None => Some(lower.input(m.inputs[value], plan)?),
            // It is made with the carry that it takes.
            Some(k) if takes[k].is_some() => None,
            Some(k) => {
                let (step, once) = (&m.steps[k], uses[value] == 1);
                match step.a.0.checked_sub(inputs).filter(|sum| takes[*sum] == Some(k)) {
                    None => lower.step(step, plan, &words, once, None)?,
                    Some(sum) => {
                        let inverted = inverts(step, &plans[step.a.0], &plans[step.b.0]).is_some();
                        let bit = match &words[step.b.0] {
                            Some(bit) if inverted => Some(lower.inverted(bit)?.word),
                            bit => bit.as_ref().map(|bit| bit.word),
                        };
                        lower.step(&m.steps[sum], plan, &words, once, bit)?
                    }
                }
            }
        };
        words.push(word);
    }
    let ends = m.outputs.iter().zip(ranges).zip(wanted);
    ends.map(|((o, range), wanted)| wanted.then(|| lower.output(o, range, &words)).transpose()).collect()
}

fn is_constant(ty: IntTy) -> bool {
    ty.as_constant().is_some()
}

impl<N: Nodes> Lower<'_, N> {
    fn input(&mut self, x: NodeId, plan: Plan) -> Result<Word> {
        let ty = self.nodes.ty(x).range();
        if !ty.is_signed() {
            return Ok(Word { word: x, plan, chained: false });
        }
        let top = ty.width() - 1;
        let bits = self.unary(UnOp::ToBits, x)?;
        let sign = self.slice(bits, top, 1);
        let sign = self.unary(UnOp::Not, sign)?;
        let word = if top == 0 {
            sign
        } else {
            let rest = self.slice(bits, 0, top);
            self.concat(sign, rest)
        };
        let word = self.unary(UnOp::ToUint, word)?;
        Ok(Word { word: self.known(word, plan.range), plan, chained: false })
    }

    fn inverted(&mut self, x: &Word) -> Result<Word> {
        let plan = x.plan.inverted();
        let ty = self.nodes.ty(x.word).range();
        let word = match ty.as_constant() {
            Some(only) => self.lit(&(&Value::pow2(ty.width()) - &Value::ONE) - &only),
            None => {
                let bits = self.unary(UnOp::ToBits, x.word)?;
                let bits = self.unary(UnOp::Not, bits)?;
                let word = self.unary(UnOp::ToUint, bits)?;
                self.known(word, plan.range)
            }
        };
        Ok(Word { word, plan, chained: false })
    }

    /// An addition, to which `carry` is added if there is one; `plan` is that of the result.
    fn step(
        &mut self,
        step: &ShiftAdd,
        plan: Plan,
        words: &[Option<Word>],
        once: bool,
        carry: Option<NodeId>,
    ) -> Result<Option<Word>> {
        let (Some(a), Some(b)) = (&words[step.a.0], &words[step.b.0]) else { return Ok(None) };
        let (a, b) = match inverts(step, &a.plan, &b.plan) {
            None => (a, b),
            Some(Side::A) => (&self.inverted(a)?, b),
            Some(Side::B) => (a, &self.inverted(b)?),
        };
        let (s, t) = (step.a.1, step.b.1);
        let word = if carry.is_some() || (a.chained && s == 0) || (b.chained && t == 0) {
            let below = match carry {
                Some(bit) => self.unary(UnOp::ToBits, bit)?,
                None => self.nodes.constant(Value::ZERO, Ty::Bits(1)),
            };
            let (a, b) = (self.with_bit_below(a.word, s, below)?, self.with_bit_below(b.word, t, below)?);
            let sum = self.binary(BinOp::Add, a, b)?;
            let width = self.nodes.ty(sum).width();
            let bits = self.unary(UnOp::ToBits, sum)?;
            let bits = self.slice(bits, 1, width.max(1) - 1);
            self.unary(UnOp::ToUint, bits)?
        } else {
            let (a, b) = (self.shifted(a.word, s)?, self.shifted(b.word, t)?);
            self.binary(BinOp::Add, a, b)?
        };
        Ok(Some(Word { word: self.known(word, plan.range), plan, chained: once }))
    }

    fn output(&mut self, output: &MatvecOutput, range: IntTy, words: &[Option<Word>]) -> Result<NodeId> {
        if let Some(only) = range.as_constant() {
            return Ok(self.lit(only));
        }
        let held = output.value.and_then(|(value, shift)| Some((shift, words[value].as_ref()?)));
        let Some((shift, word)) = held else { return Ok(self.lit(output.constant.clone())) };
        let word = if word.plan.negative == output.negative { word } else { &self.inverted(word)? };
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
                let zeros = self.nodes.constant(Value::ZERO, Ty::Bits(above));
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
            return Ok(self.known(word, range));
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

    /// The word shifted, and a bit below.
    fn with_bit_below(&mut self, x: NodeId, shift: u32, bit: NodeId) -> Result<NodeId> {
        let mut low = bit;
        if shift > 0 {
            let zeros = self.nodes.constant(Value::ZERO, Ty::Bits(shift));
            low = self.concat(zeros, bit);
        }
        let bits = self.unary(UnOp::ToBits, x)?;
        let bits = self.concat(bits, low);
        self.unary(UnOp::ToUint, bits)
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

    /// A node just made, whose values are known to lie in a range.
    fn known(&mut self, x: NodeId, range: IntTy) -> NodeId {
        let ty = self.nodes.ty(x).range();
        match range.as_constant() {
            Some(only) => self.lit(only),
            None if range == ty || !range.fits(ty) => x,
            None => {
                self.nodes.narrow(x, range);
                x
            }
        }
    }
}
