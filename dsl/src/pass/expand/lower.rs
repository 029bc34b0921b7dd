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

mod compress;
mod fuse;
mod write;

use rustc_hash::FxHashMap;

use self::write::Write;
use crate::ids::NodeId;
use crate::ir::matvec::{Form, form_range};
use crate::ir::rules::RuleError;
use crate::ir::{Adders, BinOp, Matvec, MatvecOutput, Op, ShiftAdd, UnOp};
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
    /// It is the inverted word of its value.
    inverted: bool,
}

/// Writes a product.
struct Lower<'a, N> {
    write: Write<'a, N>,
    m: &'a Matvec,
    forms: &'a [Form],
    plans: Vec<Plan>,
    /// How often each value is taken.
    uses: Vec<u32>,
    /// For each step the operand whose step is written with it.
    fused: Vec<Option<Side>>,
    /// For each value the last stage in which something takes its word as it is.
    plain_until: Vec<u32>,
    /// Values by number and stage.
    words: FxHashMap<(usize, u32), Word>,
}

/// What was written: the node of each sum, and the word of each step, or of the step that it is written with.
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
    // Full adders do not keep apart the steps to which stages belong.
    if m.adders == Adders::Compressors && m.pipeline.is_none() && compress::fits(m, &types) {
        return Ok(Written { sums: compress::lower(m, forms, wanted, nodes)?, steps: vec![None; m.steps.len()] });
    }
    let plans = plans(m, forms, &types).map_err(|_| RuleError::TooWide)?;
    let inputs = m.inputs.len();
    let uses = uses(m);
    let fused = match m.adders {
        Adders::Three => fuse::chains_of_three(m, &plans, &uses),
        Adders::Two | Adders::Compressors => fuse::carries(m, &plans, &uses),
    };
    let ranges: Vec<IntTy> = m.outputs.iter().map(|o| o.range(|i| types[i])).collect();
    let needed = needed(m, &ranges, wanted);
    let plain_until = plain_until(m, &plans, (&needed, wanted), &uses);
    let mut with: Vec<Option<usize>> = vec![None; m.steps.len()];
    for (k, side) in fused.iter().enumerate() {
        if let Some(before) = side.and_then(|side| m.steps[k].operand(side).0.checked_sub(inputs)) {
            with[before] = Some(k);
        }
    }
    let words = FxHashMap::default();
    let mut lower = Lower { write: Write { nodes }, m, forms, plans, uses, fused, plain_until, words };
    let mut written = Written { sums: Vec::with_capacity(m.outputs.len()), steps: vec![None; m.steps.len()] };
    for value in (0..inputs).filter(|&value| needed[value]) {
        lower.word(value, m.input_stage(value))?;
    }
    for k in (0..m.steps.len()).filter(|&k| needed[inputs + k] && with[k].is_none()) {
        written.steps[k] = Some(lower.step(k)?);
    }
    for k in (0..m.steps.len()).rev() {
        if let Some(after) = with[k] {
            written.steps[k] = written.steps[after];
        }
    }
    for (k, (range, wanted)) in ranges.into_iter().zip(wanted).enumerate() {
        written.sums.push(wanted.then(|| lower.output(k, range)).transpose()?);
    }
    Ok(written)
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

/// For each value the last stage in which something takes its word as it is.
fn plain_until(m: &Matvec, plans: &[Plan], (needed, wanted): (&[bool], &[bool]), uses: &[u32]) -> Vec<u32> {
    let mut until = vec![0; plans.len()];
    let mut takes = |value: usize, stage: u32| until[value] = stage.max(until[value]);
    for (k, step) in m.steps.iter().enumerate().filter(|(k, _)| needed[m.inputs.len() + k]) {
        let inverted = inverts(step, &plans[step.a.0], &plans[step.b.0], keeps(m, step, uses));
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
            let plan = self.plans[value].clone();
            let word = self.write.input(self.m.input_in(value, stage), &plan)?;
            let word = Word { word, plan, chained: false, inverted: false };
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
                word = self.write.inverted(&word)?;
            }
            let later = Later { word: word.word, m: self.m, stage: at, form: &self.forms[value], plan: &word.plan };
            word.word = self.write.nodes.register(&later);
            self.words.insert((value, at), word.clone());
        }
        Ok(word)
    }

    /// The word of a value in a stage, or the inverted one.
    fn taken(&mut self, value: usize, stage: u32, inverted: bool) -> Result<Word> {
        let word = self.word(value, stage)?;
        if word.inverted == inverted { Ok(word) } else { self.write.inverted(&word) }
    }

    /// The word of a step, in its stage.
    fn step(&mut self, k: usize) -> Result<NodeId> {
        let (value, stage) = (self.m.inputs.len() + k, self.m.step_stage(k));
        let mut operands = self.operands(k, 0)?;
        let chained = operands.iter().any(|(word, shift)| word.chained && *shift == 0);
        let carry = match self.m.adders {
            Adders::Three => None,
            // What is written with it adds the single bit.
            Adders::Two | Adders::Compressors => (operands.len() > 2).then(|| operands.pop()).flatten(),
        };
        let carry = carry.map(|(bit, _)| self.write.single_bit(bit.word)).transpose()?;
        let below = chained || carry.is_some();
        let mut sum: Option<NodeId> = None;
        for (word, shift) in operands {
            let word = match carry {
                Some(bit) => self.write.with_bit_below(word.word, shift, bit)?,
                None if below => self.write.with_zeros_below(word.word, shift + 1)?,
                None => self.write.shifted(word.word, shift)?,
            };
            sum = Some(match sum {
                Some(sum) => self.write.binary(BinOp::Add, sum, word)?,
                None => word,
            });
        }
        let mut word = sum.ok_or(RuleError::Kind)?;
        if below {
            let width = self.write.ty(word).width();
            let bits = self.write.unary(UnOp::ToBits, word)?;
            let bits = self.write.slice(bits, 1, width.max(1) - 1);
            word = self.write.unary(UnOp::ToUint, bits)?;
        }
        let plan = self.plans[value].clone();
        let word = self.write.known(word, plan.range)?;
        let chained = self.uses[value] == 1;
        self.words.insert((value, stage), Word { word, plan, chained, inverted: false });
        Ok(word)
    }

    /// The words that a step adds, shifted further by some bits: two, or with those of a step that is written with it, three.
    fn operands(&mut self, k: usize, by: u32) -> Result<Vec<(Word, u32)>> {
        let (step, stage) = (self.m.steps[k], self.m.step_stage(k));
        let plan = |side| &self.plans[step.operand(side).0];
        let inverted = inverts(&step, plan(Side::A), plan(Side::B), keeps(self.m, &step, &self.uses));
        let mut operands = Vec::with_capacity(3);
        for side in [Side::A, Side::B] {
            let (value, shift) = step.operand(side);
            if self.fused[k] == Some(side) {
                operands.extend(self.operands(value - self.m.inputs.len(), by + shift)?);
            } else {
                operands.push((self.taken(value, stage, inverted == Some(side))?, by + shift));
            }
        }
        Ok(operands)
    }

    fn output(&mut self, k: usize, range: IntTy) -> Result<NodeId> {
        let output = &self.m.outputs[k];
        if let Some(only) = range.as_constant() {
            return Ok(self.write.lit(only));
        }
        let Some((value, shift)) = output.value else { return Ok(self.write.lit(output.constant.clone())) };
        let inverted = self.plans[value].negative != output.negative;
        let word = self.taken(value, self.m.output_stage(k), inverted)?;
        // The shifted word less the shifted offset; a shift of a sum would hide the constant from those who add to it.
        let constant = &output.constant - &word.plan.offset.shl(shift);
        let word = self.write.shifted(word.word, shift)?;
        self.write.added(word, constant, range)
    }
}
