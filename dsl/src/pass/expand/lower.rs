//! The graph of a constant matrix-vector product as ordinary nodes.
//!
//! Words have no sign: an input that can be negative comes in with its sign bit inverted, subtracted words are inverted,
//! and the constants that this adds are taken out of each sum at once. A carry chain then needs LUTs only where both
//! operands have bits; above the narrower one the carry runs on by itself. An addition of unshifted results of additions
//! has a zero bit below: synthesis with Yosys would else make one sum of many operands of them, at two LUTs and more
//! for each bit that a carry chain adds with one.

mod compress;
mod fuse;

use crate::ids::NodeId;
use crate::ir::matvec::{Form, form_range};
use crate::ir::rules::{self, RuleError};
use crate::ir::{Adders, BinOp, Matvec, MatvecOutput, Op, ShiftAdd, UnOp, eval};
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

    /// Of the sum of `a` and `b`, of which one may be inverted.
    fn step(step: &ShiftAdd, inverts: Option<Side>, (a, b): (&Plan, &Plan), form: &Form, types: &[IntTy]) -> Plan {
        let (a, b) = match inverts {
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

impl ShiftAdd {
    fn operand(&self, side: Side) -> (usize, u32) {
        match side {
            Side::A => self.a,
            Side::B => self.b,
        }
    }
}

/// The operand whose word is inverted: of words of different signs the one that is shifted further, so that what passes
/// by below stays as it is, or the one that is not `kept`.
fn inverts(step: &ShiftAdd, a: &Plan, b: &Plan, kept: Option<Side>) -> Option<Side> {
    let differ = a.negative != (b.negative != step.subtract);
    differ.then_some(match kept {
        Some(Side::A) => Side::B,
        Some(Side::B) => Side::A,
        None if step.b.1 >= step.a.1 => Side::B,
        None => Side::A,
    })
}

/// The operand that is better not inverted: the one that can be a sum of three words with the other.
fn keeps(m: &Matvec, step: &ShiftAdd, uses: &[u32]) -> Option<Side> {
    let can = |value: usize| m.adders == Adders::Three && value >= m.inputs.len() && uses[value] == 1;
    match (can(step.a.0), can(step.b.0)) {
        (true, false) => Some(Side::A),
        (false, true) => Some(Side::B),
        _ => None,
    }
}

/// How often each value is taken.
fn uses(m: &Matvec) -> Vec<u32> {
    let mut uses = vec![0; m.inputs.len() + m.steps.len()];
    m.steps.iter().flat_map(|s| [s.a.0, s.b.0]).for_each(|value| uses[value] += 1);
    m.outputs.iter().filter_map(|o| o.value).for_each(|(value, _)| uses[value] += 1);
    uses
}

/// How each value is held; or the first step with a word that would be too wide.
fn plans(m: &Matvec, forms: &[Form], types: &[IntTy]) -> Result<Vec<Plan>, usize> {
    let mut plans: Vec<Plan> = types.iter().map(|ty| Plan::input(*ty)).collect();
    let uses = uses(m);
    for (k, step) in m.steps.iter().enumerate() {
        // With a zero bit below and a carry.
        let fits = |(value, shift): (usize, u32)| plans[value].range.width() + shift + 3 <= MAX_WIDTH;
        if !fits(step.a) || !fits(step.b) {
            return Err(k);
        }
        let (a, b) = (&plans[step.a.0], &plans[step.b.0]);
        let inverts = inverts(step, a, b, keeps(m, step, &uses));
        let plan = Plan::step(step, inverts, (a, b), &forms[types.len() + k], types);
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

/// What is known of a product's values, by number, before they are written.
struct Known<'a> {
    m: &'a Matvec,
    plans: &'a [Plan],
    uses: &'a [u32],
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
    if m.adders == Adders::Compressors && compress::fits(m, &types) {
        return compress::lower(m, forms, wanted, nodes);
    }
    let plans = plans(m, forms, &types).map_err(|_| RuleError::TooWide)?;
    let inputs = m.inputs.len();
    let uses = uses(m);
    let fused = match m.adders {
        Adders::Three => fuse::fused(m, &plans, &uses),
        Adders::Two | Adders::Compressors => vec![None; m.steps.len()],
    };
    let ranges: Vec<IntTy> = m.outputs.iter().map(|o| o.range(|i| types[i])).collect();
    let mut needed = needed(m, &ranges, wanted);
    for (step, side) in m.steps.iter().zip(&fused) {
        side.iter().for_each(|side| needed[step.operand(*side).0] = false);
    }
    let known = Known { m, plans: &plans, uses: &uses };
    let mut lower = Lower { nodes };
    let mut words: Vec<Option<Word>> = Vec::with_capacity(plans.len());
    for value in 0..plans.len() {
        let word = match value.checked_sub(inputs) {
            _ if !needed[value] => None,
            None => Some(lower.input(m.inputs[value], plans[value].clone())?),
            Some(k) => Some(lower.step(&known, k, &words)?),
        };
        words.push(word);
    }
    let ends = m.outputs.iter().zip(ranges).zip(wanted);
    ends.map(|((o, range), wanted)| wanted.then(|| lower.output(o, range, &words)).transpose()).collect()
}

/// The inputs and steps that the wanted outputs depend on.
fn needed(m: &Matvec, ranges: &[IntTy], wanted: &[bool]) -> Vec<bool> {
    let inputs = m.inputs.len();
    let mut needed = vec![false; inputs + m.steps.len()];
    let ends =
        m.outputs.iter().zip(ranges).zip(wanted).filter(|((_, range), wanted)| **wanted && !is_constant(**range));
    ends.filter_map(|((o, _), _)| o.value).for_each(|(value, _)| needed[value] = true);
    for (k, step) in m.steps.iter().enumerate().rev() {
        if needed[inputs + k] {
            needed[step.a.0] = true;
            needed[step.b.0] = true;
        }
    }
    needed
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
        let bits = self.unary(UnOp::ToBits, x)?;
        let word = self.top_inverted(bits)?;
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

    fn step(&mut self, known: &Known, k: usize, words: &[Option<Word>]) -> Result<Word> {
        let operands = self.operands(known, k, 0, words)?;
        let chained = operands.iter().any(|(word, shift)| word.chained && *shift == 0);
        let mut sum: Option<NodeId> = None;
        for (word, shift) in operands {
            let word = match chained {
                true => self.with_zeros_below(word.word, shift + 1)?,
                false => self.shifted(word.word, shift)?,
            };
            sum = Some(match sum {
                Some(sum) => self.binary(BinOp::Add, sum, word)?,
                None => word,
            });
        }
        let mut word = sum.ok_or(RuleError::Kind)?;
        if chained {
            let width = self.nodes.ty(word).width();
            let bits = self.unary(UnOp::ToBits, word)?;
            let bits = self.slice(bits, 1, width.max(1) - 1);
            word = self.unary(UnOp::ToUint, bits)?;
        }
        let value = known.m.inputs.len() + k;
        let plan = known.plans[value].clone();
        Ok(Word { word: self.known(word, plan.range), plan, chained: known.uses[value] == 1 })
    }

    /// The words that a step adds, shifted further by some bits: two, or where it is written with a step before, three.
    fn operands(&mut self, known: &Known, k: usize, by: u32, words: &[Option<Word>]) -> Result<Vec<(Word, u32)>> {
        let step = &known.m.steps[k];
        let plan = |side| &known.plans[step.operand(side).0];
        let inverted = inverts(step, plan(Side::A), plan(Side::B), keeps(known.m, step, known.uses));
        let mut operands = Vec::with_capacity(3);
        for side in [Side::A, Side::B] {
            let (value, shift) = step.operand(side);
            match &words[value] {
                Some(word) if inverted == Some(side) => operands.push((self.inverted(word)?, by + shift)),
                Some(word) => operands.push((word.clone(), by + shift)),
                None => operands.extend(self.operands(known, value - known.m.inputs.len(), by + shift, words)?),
            }
        }
        Ok(operands)
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
            let bits = self.top_inverted(bits)?;
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

    /// The word with its highest bit inverted.
    fn top_inverted(&mut self, bits: NodeId) -> Result<NodeId> {
        let top = self.nodes.ty(bits).width() - 1;
        let sign = self.slice(bits, top, 1);
        let sign = self.unary(UnOp::Not, sign)?;
        if top == 0 {
            return Ok(sign);
        }
        let rest = self.slice(bits, 0, top);
        Ok(self.concat(sign, rest))
    }

    fn shifted(&mut self, x: NodeId, by: u32) -> Result<NodeId> {
        if by == 0 {
            return Ok(x);
        }
        let by = self.lit(by.into());
        self.binary(BinOp::Shl, x, by)
    }

    fn with_zeros_below(&mut self, x: NodeId, zeros: u32) -> Result<NodeId> {
        let (bits, zeros) = (self.unary(UnOp::ToBits, x)?, self.nodes.constant(Value::ZERO, Ty::Bits(zeros)));
        let bits = self.concat(bits, zeros);
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
