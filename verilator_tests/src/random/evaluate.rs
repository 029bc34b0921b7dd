//! What a recipe does, from the language's definition on big integers: statements are carried out in program order,
//! the last assignment wins, registers and memories change at the clock edge. Nothing here looks at the intermediate
//! representation.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatewright_dsl::prelude::ResetKind;
use num_bigint::BigInt;

use super::recipe::{Arith, Cmp, Collide, Expr, Logic, Narrow, ReadKind, Recipe, Reduce, Step, Target, V};
use super::rules::{real, round, symmetric};
use super::ty::{Range, Type, pow2};
use super::typing::Typed;

/// What a module remembers.
#[derive(Clone, Debug)]
pub struct State {
    regs: Vec<BigInt>,
    mems: Vec<Vec<Vec<BigInt>>>,
    /// What synchronous read ports hold, by the number of their first value.
    reads: BTreeMap<V, Vec<BigInt>>,
    /// Children, by the number of their first output.
    insts: BTreeMap<V, State>,
}

/// Why a recipe has no meaning: the recipe itself is at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// A claim that does not hold.
    Claim(V),
    /// An assertion that does not hold.
    Assert(V),
    /// A value outside of its type.
    Range(V),
    /// A read during a write that must not happen.
    Collision,
    /// Values that depend on themselves.
    Loop,
}

/// What happens at the next edge.
struct Next {
    regs: Vec<Option<BigInt>>,
    /// Memory, address, and per field what is written.
    writes: Vec<(usize, usize, Vec<Option<BigInt>>)>,
    /// First value, memory, address.
    reads: Vec<(V, usize, usize)>,
    /// First output, and the child's inputs.
    insts: Vec<(V, usize, Vec<BigInt>)>,
}

struct Run<'a> {
    recipe: &'a Recipe,
    typed: &'a Typed,
    state: &'a State,
    inputs: &'a [BigInt],
    wires: Vec<BigInt>,
    values: Vec<BigInt>,
    new_wires: Vec<BigInt>,
    next: Next,
    broken: Option<Broken>,
}

/// Outputs, state after the edge.
type Outcome = (Vec<BigInt>, Next, Option<Broken>);

impl State {
    /// The state at power-up.
    pub fn power_up(recipe: &Recipe) -> State {
        let regs = recipe.regs.iter().map(|r| r.reset.clone().unwrap_or_else(|| r.ty.power_up())).collect();
        let mems = recipe.mems.iter().map(|m| {
            let rest: Vec<BigInt> = m.fields.iter().map(Type::power_up).collect();
            (0..m.depth as usize).map(|n| m.init.get(n).cloned().unwrap_or_else(|| rest.clone())).collect()
        });
        let mut state = State { regs, mems: mems.collect(), reads: BTreeMap::new(), insts: BTreeMap::new() };
        recipe.each_step(&mut |step| match step {
            Step::Read { mem, kind: ReadKind::Sync | ReadKind::When(_), ids, .. } => {
                let held = recipe.mems[*mem].fields.iter().map(Type::power_up).collect();
                state.reads.insert(ids[0], held);
            }
            Step::Inst { child, ids, .. } => {
                state.insts.insert(ids[0], State::power_up(&recipe.children[*child]));
            }
            _ => {}
        });
        state
    }

    /// Registers that are reset take their reset values, here and in the children.
    fn reset(&mut self, recipe: &Recipe) {
        for (reg, def) in self.regs.iter_mut().zip(&recipe.regs) {
            if let Some(v) = &def.reset {
                reg.clone_from(v);
            }
        }
        recipe.each_step(&mut |step| {
            if let Step::Inst { child, ids, .. } = step
                && let Some(state) = self.insts.get_mut(&ids[0])
            {
                state.reset(&recipe.children[*child]);
            }
        });
    }

    /// One clock: what the outputs show before the edge, and the edge.
    ///
    /// # Errors
    /// Where the recipe has no meaning.
    pub fn step(
        &mut self,
        recipe: &Recipe,
        typed: &Typed,
        inputs: &[BigInt],
        reset: bool,
        kind: Option<ResetKind>,
    ) -> Result<Vec<BigInt>, Broken> {
        let reset = reset && kind.is_some();
        if reset && kind == Some(ResetKind::Async) {
            self.reset(recipe);
        }
        let (outputs, next, broken) = settle(recipe, typed, self, inputs)?;
        // Under reset nothing is checked.
        if let Some(broken) = broken.filter(|b| !reset || matches!(b, Broken::Range(_))) {
            return Err(broken);
        }
        self.edge(recipe, typed, next, reset)?;
        if reset {
            self.reset(recipe);
        }
        Ok(outputs)
    }

    fn edge(&mut self, recipe: &Recipe, typed: &Typed, next: Next, reset: bool) -> Result<(), Broken> {
        let before = self.mems.clone();
        for (mem, addr, data) in &next.writes {
            for (field, value) in data.iter().enumerate() {
                if let Some(v) = value {
                    self.mems[*mem][*addr][field].clone_from(v);
                }
            }
        }
        for (port, mem, addr) in next.reads {
            let collision = recipe.mems[mem].collision;
            let written = next.writes.iter().any(|(m, a, d)| *m == mem && *a == addr && d.iter().any(Option::is_some));
            if written && collision == Collide::Undefined && !reset {
                return Err(Broken::Collision);
            }
            let words = if collision == Collide::New { &self.mems[mem] } else { &before[mem] };
            self.reads.insert(port, words[addr].clone());
        }
        for (reg, value) in self.regs.iter_mut().zip(next.regs) {
            if let Some(v) = value {
                *reg = v;
            }
        }
        for (inst, child, inputs) in next.insts {
            let (def, types): (&Recipe, &Arc<Typed>) = (&recipe.children[child], &typed.children[child]);
            let state = self.insts.get_mut(&inst).expect("every instance has a state");
            let (_, next, broken) = settle(def, types, state, &inputs)?;
            if let Some(broken) = broken.filter(|_| !reset) {
                return Err(broken);
            }
            state.edge(def, types, next, reset)?;
        }
        Ok(())
    }
}

/// Carries the statements out again and again until the wires no longer change.
fn settle(recipe: &Recipe, typed: &Typed, state: &State, inputs: &[BigInt]) -> Result<Outcome, Broken> {
    let mut wires: Vec<BigInt> = recipe.wires.iter().map(Type::power_up).collect();
    for _ in 0..recipe.wires.len() + 2 {
        let mut run = Run {
            recipe,
            typed,
            state,
            inputs,
            new_wires: wires.clone(),
            wires,
            values: vec![BigInt::default(); typed.types.len()],
            next: Next { regs: vec![None; recipe.regs.len()], writes: vec![], reads: vec![], insts: vec![] },
            broken: None,
        };
        run.block(&recipe.body, true)?;
        if run.new_wires == run.wires {
            let outputs = recipe.outputs.iter().map(|&v| run.get(v)).collect();
            return Ok((outputs, run.next, run.broken));
        }
        wires = run.new_wires;
    }
    Err(Broken::Loop)
}

impl Run<'_> {
    fn get(&self, v: V) -> BigInt {
        self.values[v as usize].clone()
    }
    fn truth(&self, v: V) -> bool {
        self.values[v as usize] != BigInt::default()
    }
    fn set(&mut self, v: V, value: BigInt) {
        if !self.typed.of(v).range().contains(&value) {
            self.broken.get_or_insert(Broken::Range(v));
        }
        self.values[v as usize] = value;
    }
    /// An address; wires that have not settled may give one outside of the memory.
    fn address(&self, v: V, depth: u64) -> usize {
        usize::try_from(self.get(v)).unwrap_or(0).min(depth as usize - 1)
    }

    /// `active`: the conditions around hold.
    fn block(&mut self, steps: &[Step], active: bool) -> Result<(), Broken> {
        for step in steps {
            self.statement(step, active)?;
        }
        Ok(())
    }

    fn statement(&mut self, step: &Step, active: bool) -> Result<(), Broken> {
        match step {
            Step::Let { id, expr, .. } => {
                let value = self.expr(expr, active, *id);
                self.set(*id, value);
            }
            Step::Set { target, value } if active => {
                let value = self.get(*value);
                match target {
                    Target::Reg(n) => self.next.regs[*n] = Some(value),
                    Target::Wire(n) => self.new_wires[*n] = value,
                }
            }
            Step::Set { .. } => {}
            Step::When { arms, otherwise } => {
                let mut open = active;
                for (c, inner) in arms {
                    let taken = open && self.truth(*c);
                    self.block(inner, taken)?;
                    open &= !taken;
                }
                if let Some(inner) = otherwise {
                    self.block(inner, open)?;
                }
            }
            Step::Switch { subject, arms, default } => {
                let subject = self.get(*subject);
                let mut open = active;
                for (values, inner) in arms {
                    let taken = open && values.contains(&subject);
                    self.block(inner, taken)?;
                    open &= !taken;
                }
                if let Some(inner) = default {
                    self.block(inner, open)?;
                }
            }
            Step::Scope(_, inner) => self.block(inner, active)?,
            Step::Read { mem, addr, kind, ids } => {
                let addr = self.address(*addr, self.recipe.mems[*mem].depth);
                let word = match kind {
                    ReadKind::Async => self.state.mems[*mem][addr].clone(),
                    _ => self.state.reads[&ids[0]].clone(),
                };
                ids.iter().zip(word).for_each(|(id, v)| self.set(*id, v));
                match kind {
                    ReadKind::When(e) if !self.truth(*e) => {}
                    ReadKind::Async => {}
                    _ => self.next.reads.push((ids[0], *mem, addr)),
                }
            }
            Step::Write { mem, addr, data, mask } => {
                if active {
                    let addr = self.address(*addr, self.recipe.mems[*mem].depth);
                    let on = |n: usize| mask.as_ref().is_none_or(|m| self.truth(m[n]));
                    let word = data.iter().enumerate().map(|(n, v)| on(n).then(|| self.get(*v))).collect();
                    self.next.writes.push((*mem, addr, word));
                }
            }
            Step::Inst { child, inputs, ids } => {
                let given: Vec<BigInt> = inputs.iter().map(|v| self.get(*v)).collect();
                let (def, types) = (&self.recipe.children[*child], &self.typed.children[*child]);
                let (outputs, _, _) = settle(def, types, &self.state.insts[&ids[0]], &given)?;
                ids.iter().zip(outputs).for_each(|(id, v)| self.set(*id, v));
                self.next.insts.push((ids[0], *child, given));
            }
            Step::Assert(v) => {
                if active && !self.truth(*v) {
                    self.broken.get_or_insert(Broken::Assert(*v));
                }
            }
        }
        Ok(())
    }

    fn expr(&mut self, expr: &Expr, active: bool, id: V) -> BigInt {
        let get = |v: &V| self.get(*v);
        let truth = |v: &V| self.truth(*v);
        let of_bool = |b: bool| BigInt::from(b);
        let width = |v: &V| match self.typed.of(*v) {
            Type::Bits(w) => *w,
            other => other.range().width(),
        };
        let low = |v: BigInt, w: u32| modulo(&v, &pow2(w));
        match expr {
            Expr::Input(n) => self.inputs[*n].clone(),
            Expr::Reg(n) => self.state.regs[*n].clone(),
            Expr::Wire(n) => self.wires[*n].clone(),
            Expr::Lit(v) | Expr::Word(_, v) => v.clone(),
            Expr::Flag(b) => of_bool(*b),
            Expr::Real(m, e) => real(*m, *e).0,
            Expr::Variant(n) => BigInt::from(*n),

            Expr::Arith(op, a, b) => arith(*op, &get(a), &get(b)),
            Expr::ArithConst(op, a, c) => arith(*op, &get(a), c),
            Expr::ConstArith(op, c, a) => arith(*op, c, &get(a)),
            Expr::Neg(a) | Expr::FixedNeg(a) => -get(a),
            Expr::Abs(a) => BigInt::from(get(a).magnitude().clone()),
            Expr::Compare(op, a, b) => of_bool(compare(*op, &get(a), &get(b))),
            Expr::CompareConst(op, a, c) => of_bool(compare(*op, &get(a), c)),
            Expr::Narrow(kind, a, ty) => {
                let x = get(a);
                self.narrow(*kind, x, ty, active, id)
            }
            Expr::Round(mode, a, n) => round(*mode, &get(a), *n),
            Expr::NextWrapping(a, n) => modulo(&(get(a) + 1), &BigInt::from(*n)),
            Expr::IntBit(a, n) => low(get(a) >> *n, 1),
            Expr::Sum(xs) => xs.iter().map(get).sum(),
            Expr::ToBits(a) => low(get(a), width(a)),

            Expr::ToUint(a) => get(a),
            Expr::ToSint(a) => signed(get(a), width(a)),
            Expr::Ones(a) => BigInt::from(get(a).magnitude().count_ones()),
            Expr::Logic(op, a, b) => {
                let (a, b) = (get(a), get(b));
                match op {
                    Logic::And => a & b,
                    Logic::Or => a | b,
                    Logic::Xor => a ^ b,
                    Logic::Eq => of_bool(a == b),
                    Logic::Ne => of_bool(a != b),
                }
            }
            Expr::Not(a) => pow2(width(a)) - 1 - get(a),
            Expr::WordShift(left, a, by) => shift(*left, get(a), width(a), u32::try_from(get(by)).unwrap_or(u32::MAX)),
            Expr::WordShiftConst(left, a, by) => shift(*left, get(a), width(a), *by),
            Expr::Slice(a, from, to) => low(get(a) >> *from, to - from),
            Expr::WordBit(a, n) => low(get(a) >> *n, 1),
            Expr::Concat(xs) => xs.iter().fold(BigInt::default(), |high, x| (high << width(x)) + get(x)),
            Expr::FromBools(xs) => xs.iter().rev().fold(BigInt::default(), |high, x| high * 2 + get(x)),
            Expr::ZeroExtend(a, _) => get(a),
            Expr::SignExtend(a, w) => low(signed(get(a), width(a)), *w),
            Expr::Reduce(how, a) => {
                let (x, w) = (get(a), width(a));
                of_bool(match how {
                    Reduce::All => x == pow2(w) - 1,
                    Reduce::Any => x != BigInt::default(),
                    Reduce::Parity => x.magnitude().count_ones() % 2 == 1,
                })
            }

            Expr::BoolInt(a) | Expr::BoolBits(a) => get(a),
            Expr::Mux(c, a, b) => {
                if truth(c) {
                    get(a)
                } else {
                    get(b)
                }
            }
            Expr::Select(i, xs) => {
                let n = usize::try_from(get(i)).unwrap_or(0).min(xs.len() - 1);
                get(&xs[n])
            }

            Expr::FixedNew(a, _) | Expr::FixedInt(a) | Expr::FixedScale(a, _) | Expr::EnumInt(a) => get(a),
            Expr::FixedArith(Arith::Mul, a, b) => get(a) * get(b),
            Expr::FixedArith(op, a, b) => {
                let (a, b) = self.aligned(*a, *b);
                arith(*op, &a, &b)
            }
            Expr::FixedRound(mode, a, frac) => {
                let down = self.point(*a) - frac;
                if down > 0 { round(*mode, &get(a), down as u32) } else { get(a) << (-down) as u32 }
            }
            Expr::FixedNarrow(kind, a, ty, frac) => {
                let x = get(a) << (frac - self.point(*a)) as u32;
                self.narrow(*kind, x, ty, active, id)
            }
            Expr::FixedCompare(op, a, b) => {
                let (a, b) = self.aligned(*a, *b);
                of_bool(compare(*op, &a, &b))
            }

            Expr::EnumIs(a, n) => of_bool(get(a) == BigInt::from(*n)),
            Expr::EnumEq(a, b) => of_bool(get(a) == get(b)),
        }
    }

    fn narrow(&mut self, kind: Narrow, x: BigInt, ty: &Range, active: bool, id: V) -> BigInt {
        match kind {
            Narrow::Sat => ty.clamp(&x),
            Narrow::Symmetric => symmetric(ty).clamp(&x),
            Narrow::Zero if ty.contains(&x) => x,
            Narrow::Zero => BigInt::default(),
            Narrow::Wrap => &ty.lo + modulo(&(x - &ty.lo), &(&ty.hi - &ty.lo + 1)),
            // Where the conditions around do not hold, nobody may look at the value.
            Narrow::Claim if !active => ty.clamp(&x),
            Narrow::Claim => {
                if !ty.contains(&x) {
                    self.broken.get_or_insert(Broken::Claim(id));
                }
                x
            }
        }
    }

    fn point(&self, v: V) -> i32 {
        self.typed.of(v).fixed().map_or(0, |f| f.1)
    }
    /// Both as multiples of the finer unit.
    fn aligned(&self, a: V, b: V) -> (BigInt, BigInt) {
        let (p, q) = (self.point(a), self.point(b));
        let finer = p.max(q);
        (self.get(a) << (finer - p) as u32, self.get(b) << (finer - q) as u32)
    }
}

fn modulo(v: &BigInt, n: &BigInt) -> BigInt {
    ((v % n) + n) % n
}

fn signed(v: BigInt, width: u32) -> BigInt {
    if width > 0 && v >= pow2(width - 1) { v - pow2(width) } else { v }
}

fn shift(left: bool, v: BigInt, width: u32, by: u32) -> BigInt {
    match (by >= width, left) {
        (true, _) => BigInt::default(),
        (false, true) => modulo(&(v << by), &pow2(width)),
        (false, false) => v >> by,
    }
}

fn arith(op: Arith, a: &BigInt, b: &BigInt) -> BigInt {
    let amount = || u32::try_from(b).unwrap_or(1 << 20).min(1 << 20);
    match op {
        Arith::Add => a + b,
        Arith::Sub => a - b,
        Arith::Mul => a * b,
        Arith::Min => a.min(b).clone(),
        Arith::Max => a.max(b).clone(),
        Arith::Shl => a << amount(),
        Arith::Shr => a >> amount(),
        Arith::Div => a / b,
        Arith::Rem => a % b,
    }
}

fn compare(op: Cmp, a: &BigInt, b: &BigInt) -> bool {
    match op {
        Cmp::Eq => a == b,
        Cmp::Ne => a != b,
        Cmp::Lt => a < b,
        Cmp::Le => a <= b,
        Cmp::Gt => a > b,
        Cmp::Ge => a >= b,
    }
}
