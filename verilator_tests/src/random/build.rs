//! A recipe as a generator: the way through the real front end.
//!
//! Every value's type is compared with the type that [`super::rules`] gives it.

use std::cell::RefCell;

use gatewright_dsl::hw::Raw;
use gatewright_dsl::hw::bundle::{Leaf, Path};
use gatewright_dsl::hw::reg::{Reg, Wire};
use gatewright_dsl::prelude::*;
use num_bigint::BigInt;

use super::recipe::{Arith, Cmp, Collide, Expr, Logic, Narrow, ReadKind, Recipe, Reduce, Step, Target, V};
use super::rules::may_be_refined;
use super::ty::{Range, Type};
use super::typing::{Typed, typing};

/// The enum of the recipes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, HwEnum)]
#[allow(missing_docs)]
pub enum Phase {
    Idle,
    Load,
    Run,
    Drain,
    Stop,
}

/// All of [`Phase`].
pub const ALL_PHASES: [Phase; super::ty::PHASES] = [Phase::Idle, Phase::Load, Phase::Run, Phase::Drain, Phase::Stop];

/// A value of a type known at run time.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Hw {
    Int(Int),
    Bits(Bits),
    Bool(Bool),
    Fixed(Fixed),
    Enum(Enum<Phase>),
}

/// The shape of [`Hw`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum HwTy {
    Int(IntTy),
    Bits(BitsTy),
    Bool,
    Fixed(FixedTy),
    Enum,
}

impl HwTy {
    fn of(ty: &Type) -> HwTy {
        match ty {
            Type::Int(r) => HwTy::Int(r.int_ty()),
            Type::Bits(w) => HwTy::Bits(BitsTy(*w)),
            Type::Bool => HwTy::Bool,
            Type::Fixed(r, frac) => HwTy::Fixed(FixedTy { int: r.int_ty(), frac: *frac }),
            Type::Enum => HwTy::Enum,
        }
    }
    fn to_type(self) -> Type {
        match self {
            HwTy::Int(t) => Type::Int(Range::of_int_ty(t)),
            HwTy::Bits(w) => Type::Bits(w.0),
            HwTy::Bool => Type::Bool,
            HwTy::Fixed(t) => Type::Fixed(Range::of_int_ty(t.int), t.frac),
            HwTy::Enum => Type::Enum,
        }
    }
}

impl Bundle for Hw {
    type Shape = HwTy;
    fn shape(&self) -> HwTy {
        match self {
            Hw::Int(x) => HwTy::Int(x.ty()),
            Hw::Bits(x) => HwTy::Bits(BitsTy(x.width())),
            Hw::Bool(_) => HwTy::Bool,
            Hw::Fixed(x) => HwTy::Fixed(x.ty()),
            Hw::Enum(_) => HwTy::Enum,
        }
    }
    fn raws(&self, f: &mut dyn FnMut(Raw)) {
        match self {
            Hw::Int(x) => x.raws(f),
            Hw::Bits(x) => x.raws(f),
            Hw::Bool(x) => x.raws(f),
            Hw::Fixed(x) => x.raws(f),
            Hw::Enum(x) => x.raws(f),
        }
    }
}
impl Shape for HwTy {
    type Value = Hw;
    fn leaves(&self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf)) {
        match self {
            HwTy::Int(t) => t.leaves(path, f),
            HwTy::Bits(t) => t.leaves(path, f),
            HwTy::Bool => BOOL.leaves(path, f),
            HwTy::Fixed(t) => t.leaves(path, f),
            HwTy::Enum => Phase::shape().leaves(path, f),
        }
    }
    fn value(&self, next: &mut dyn FnMut() -> Raw) -> Hw {
        match self {
            HwTy::Int(t) => Hw::Int(t.value(next)),
            HwTy::Bits(t) => Hw::Bits(t.value(next)),
            HwTy::Bool => Hw::Bool(BOOL.value(next)),
            HwTy::Fixed(t) => Hw::Fixed(t.value(next)),
            HwTy::Enum => Hw::Enum(Phase::shape().value(next)),
        }
    }
}

thread_local! {
    static MISFITS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// The values to which the front end gave other types than the language says, since the last call.
pub fn take_misfits() -> Vec<String> {
    MISFITS.take()
}

impl Generator for Recipe {
    type In = Vec<Hw>;
    type Out = Vec<Hw>;

    fn shape(&self) -> Vec<HwTy> {
        self.inputs.iter().map(HwTy::of).collect()
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn build(&self, m: &Module, i: Vec<Hw>) -> Vec<Hw> {
        let typed = typing(self).expect("a valid recipe");
        let regs = self.regs.iter().map(|def| {
            let decl = m.reg(&def.name, HwTy::of(&def.ty));
            match &def.reset {
                Some(v) => decl.reset(v.clone()),
                None => decl.no_reset(),
            }
        });
        let wires = self.wires.iter().enumerate().map(|(n, ty)| m.wire(&format!("w{n}"), HwTy::of(ty)));
        let mems = self.mems.iter().enumerate().map(|(n, def)| {
            let shape: Vec<HwTy> = def.fields.iter().map(HwTy::of).collect();
            let words = def.init.iter().map(|w| w.iter().map(|v| Value::from(v.clone())).collect()).collect();
            m.mem(&format!("mem{n}"), shape, def.depth).contents_of(words).collision(match def.collision {
                Collide::Old => Collision::Old,
                Collide::New => Collision::New,
                Collide::Undefined => Collision::Undefined,
            })
        });
        let mut build = Build {
            m,
            recipe: self,
            typed: &typed,
            inputs: i,
            regs: regs.collect(),
            wires: wires.collect(),
            mems: mems.collect(),
            values: vec![None; typed.types.len()],
        };
        build.block(&self.body);
        self.outputs.iter().map(|&v| build.get(v)).collect()
    }
}

struct Build<'a> {
    m: &'a Module,
    recipe: &'a Recipe,
    typed: &'a Typed,
    inputs: Vec<Hw>,
    regs: Vec<Reg<Hw>>,
    wires: Vec<Wire<Hw>>,
    mems: Vec<Mem<Vec<Hw>>>,
    values: Vec<Option<Hw>>,
}

macro_rules! getters {
    ($($name:ident $variant:ident $ty:ty;)*) => {$(
        fn $name(&self, v: V) -> $ty {
            match self.get(v) {
                Hw::$variant(x) => x,
                other => panic!("value {v} is a {other:?}"),
            }
        }
    )*};
}

impl Build<'_> {
    fn get(&self, v: V) -> Hw {
        self.values[v as usize].expect("a value that is made before")
    }
    getters! {
        int Int Int;
        bits Bits Bits;
        bool Bool Bool;
        fixed Fixed Fixed;
        phase Enum Enum<Phase>;
    }

    /// Keeps a value, after a look at its type.
    fn keep(&mut self, id: V, value: Hw, expr: Option<&Expr>) {
        let (wanted, found) = (self.typed.of(id), value.shape().to_type());
        let mut value = value;
        if *wanted != found {
            // Conditions may have shown more than the rules here know, and an operator on constants gives a constant.
            let known = found.range();
            if (expr.is_some_and(may_be_refined) || known.lo == known.hi) && found.fits(wanted) {
                value = widened(value, wanted);
            } else {
                let text = format!("{}: {id} = {expr:?}: the type is {found:?}, not {wanted:?}", self.recipe.name);
                MISFITS.with_borrow_mut(|m| m.push(text));
            }
        }
        self.values[id as usize] = Some(value);
    }

    fn block(&mut self, steps: &[Step]) {
        for step in steps {
            self.step(step);
        }
    }

    fn step(&mut self, step: &Step) {
        let m = self.m;
        match step {
            Step::Let { id, named, expr } => {
                let value = self.expr(expr);
                self.keep(*id, value, Some(expr));
                if *named {
                    let name = format!("v{id}");
                    self.values[*id as usize] = Some(match self.get(*id) {
                        Hw::Int(x) => Hw::Int(x.named(&name)),
                        Hw::Bits(x) => Hw::Bits(x.named(&name)),
                        Hw::Bool(x) => Hw::Bool(x.named(&name)),
                        Hw::Fixed(x) => Hw::Fixed(x.named(&name)),
                        Hw::Enum(x) => Hw::Enum(x.named(&name)),
                    });
                }
            }
            Step::Set { target, value } => {
                let value = self.get(*value);
                match target {
                    Target::Reg(n) => self.regs[*n].set(value),
                    Target::Wire(n) => self.wires[*n].set(value),
                }
            }
            Step::When { arms, otherwise } => {
                let mut arms = arms.iter();
                let Some((c, inner)) = arms.next() else { return };
                let mut when = m.when(self.bool(*c), || self.block(inner));
                for (c, inner) in arms {
                    when = when.elsewhen(self.bool(*c), || self.block(inner));
                }
                if let Some(inner) = otherwise {
                    when.otherwise(|| self.block(inner));
                }
            }
            Step::Switch { subject, arms, default } => {
                let small = |v: &BigInt| i64::try_from(v).expect("a small case");
                macro_rules! switch {
                    ($x:expr, $case:expr) => {
                        m.switch($x, |s| {
                            for (values, inner) in arms {
                                s.cases(values.iter().map(small).map($case), || self.block(inner));
                            }
                            if let Some(inner) = default {
                                s.default(|| self.block(inner));
                            }
                        })
                    };
                }
                match self.get(*subject) {
                    Hw::Int(x) => switch!(x, |v| v),
                    Hw::Bits(x) => switch!(x, |v| v as u64),
                    Hw::Enum(x) => {
                        // The front end refuses cases that a constant cannot take.
                        let never = || Bool::constant(false);
                        let last = ALL_PHASES[super::ty::PHASES - 1];
                        let x: Enum<Phase> = never().mux(Phase::Idle, never().mux::<Enum<Phase>>(last, x));
                        switch!(x, |v| ALL_PHASES[v as usize])
                    }
                    other => panic!("{other:?} cannot be switched on"),
                }
            }
            Step::Scope(name, inner) => m.scope(name, || self.block(inner)),
            Step::Read { mem, addr, kind, ids } => {
                let (mem, addr) = (&self.mems[*mem], self.int(*addr));
                let word = match kind {
                    ReadKind::Async => mem.read(addr),
                    ReadKind::Sync => mem.read_sync(addr),
                    ReadKind::When(e) => mem.read_sync_when(addr, self.bool(*e)),
                };
                for (id, value) in ids.iter().zip(word) {
                    self.keep(*id, value, None);
                }
            }
            Step::Write { mem, addr, data, mask } => {
                let (mem, addr) = (&self.mems[*mem], self.int(*addr));
                let data: Vec<Hw> = data.iter().map(|v| self.get(*v)).collect();
                match mask {
                    None => mem.write(addr, data),
                    Some(mask) => {
                        let mask: Vec<Bool> = mask.iter().map(|v| self.bool(*v)).collect();
                        mem.write_masked(addr, data, &mask);
                    }
                }
            }
            Step::Inst { child, inputs, ids } => {
                let given = inputs.iter().map(|v| self.get(*v)).collect();
                let child: &Recipe = &self.recipe.children[*child];
                let outputs = m.inst(&format!("u{}", ids[0]), child, given);
                for (id, value) in ids.iter().zip(outputs) {
                    self.keep(*id, value, None);
                }
            }
            Step::Assert(v) => {
                let condition = self.bool(*v);
                // Several may ask for the same; names are the recipe's business.
                let name = format!("holds_{}", self.fresh());
                m.assert(&name, condition, "what always holds does not");
            }
        }
    }

    /// A number that no assertion of this module has.
    fn fresh(&mut self) -> usize {
        self.values.push(None);
        self.values.len()
    }

    fn expr(&self, expr: &Expr) -> Hw {
        let int = |v: &V| self.int(*v);
        let bits = |v: &V| self.bits(*v);
        let bool = |v: &V| self.bool(*v);
        let fixed = |v: &V| self.fixed(*v);
        match expr {
            Expr::Input(n) => self.inputs[*n],
            Expr::Reg(n) => self.regs[*n].q(),
            Expr::Wire(n) => self.wires[*n].get(),
            Expr::Lit(v) => Hw::Int(lit(v.clone())),
            Expr::Word(w, v) => Hw::Bits(gatewright_dsl::prelude::bits(*w, v.clone())),
            Expr::Flag(b) => Hw::Bool(b.to_hw()),
            Expr::Real(m, e) => Hw::Fixed(fixed_lit(*m as f64 * 2f64.powi(-e))),
            Expr::Variant(n) => Hw::Enum(ALL_PHASES[*n].to_hw()),

            Expr::Arith(op, a, b) => Hw::Int(arith(*op, int(a), int(b))),
            Expr::ArithConst(op, a, c) => Hw::Int(arith(*op, int(a), c.clone())),
            Expr::ConstArith(op, c, a) => Hw::Int(match op {
                Arith::Add => c.clone() + int(a),
                Arith::Sub => c.clone() - int(a),
                _ => c.clone() * int(a),
            }),
            Expr::Neg(a) => Hw::Int(-int(a)),
            Expr::Abs(a) => Hw::Int(int(a).abs()),
            Expr::Compare(op, a, b) => Hw::Bool(compare(*op, int(a), int(b))),
            Expr::CompareConst(op, a, c) => Hw::Bool(compare(*op, int(a), c.clone())),
            Expr::Narrow(kind, a, ty) => {
                let (x, ty) = (int(a), ty.int_ty());
                Hw::Int(match kind {
                    Narrow::Sat => x.sat(ty),
                    Narrow::Symmetric => x.sat_symmetric(ty),
                    Narrow::Zero => x.sat_zero(ty),
                    Narrow::Claim => x.claim(ty),
                    Narrow::Wrap => x.wrap(ty),
                })
            }
            Expr::Round(mode, a, n) => Hw::Int(int(a).round(Rounding::ALL[*mode], *n)),
            Expr::NextWrapping(a, n) => Hw::Int(int(a).next_wrapping(*n)),
            Expr::IntBit(a, n) => Hw::Bool(int(a).bit(*n)),
            Expr::Sum(xs) => Hw::Int(sum(&xs.iter().map(int).collect::<Vec<_>>())),
            Expr::ToBits(a) => Hw::Bits(int(a).to_bits()),

            Expr::ToUint(a) => Hw::Int(bits(a).to_uint()),
            Expr::ToSint(a) => Hw::Int(bits(a).to_sint()),
            Expr::Ones(a) => Hw::Int(bits(a).count_ones()),
            Expr::Logic(op, a, b) => match (op, self.get(*a), self.get(*b)) {
                (Logic::And, Hw::Bits(a), Hw::Bits(b)) => Hw::Bits(a & b),
                (Logic::Or, Hw::Bits(a), Hw::Bits(b)) => Hw::Bits(a | b),
                (Logic::Xor, Hw::Bits(a), Hw::Bits(b)) => Hw::Bits(a ^ b),
                (Logic::Eq, Hw::Bits(a), Hw::Bits(b)) => Hw::Bool(a.eq(b)),
                (Logic::Ne, Hw::Bits(a), Hw::Bits(b)) => Hw::Bool(a.ne(b)),
                (Logic::And, Hw::Bool(a), Hw::Bool(b)) => Hw::Bool(a & b),
                (Logic::Or, Hw::Bool(a), Hw::Bool(b)) => Hw::Bool(a | b),
                (Logic::Xor, Hw::Bool(a), Hw::Bool(b)) => Hw::Bool(a ^ b),
                (Logic::Eq, Hw::Bool(a), Hw::Bool(b)) => Hw::Bool(a.eq(b)),
                (Logic::Ne, Hw::Bool(a), Hw::Bool(b)) => Hw::Bool(a.ne(b)),
                other => panic!("{other:?}"),
            },
            Expr::Not(a) => match self.get(*a) {
                Hw::Bits(a) => Hw::Bits(!a),
                Hw::Bool(a) => Hw::Bool(!a),
                other => panic!("{other:?}"),
            },
            Expr::WordShift(left, a, by) => Hw::Bits(if *left { bits(a) << int(by) } else { bits(a) >> int(by) }),
            Expr::WordShiftConst(left, a, by) => Hw::Bits(if *left { bits(a) << *by } else { bits(a) >> *by }),
            Expr::Slice(a, from, to) => Hw::Bits(bits(a).slice(*from..*to)),
            Expr::WordBit(a, n) => Hw::Bool(bits(a).bit(*n)),
            Expr::Concat(xs) => Hw::Bits(concat(&xs.iter().map(bits).collect::<Vec<_>>())),
            Expr::FromBools(xs) => Hw::Bits(from_bools(&xs.iter().map(bool).collect::<Vec<_>>())),
            Expr::ZeroExtend(a, w) => Hw::Bits(bits(a).zero_extend(*w)),
            Expr::SignExtend(a, w) => Hw::Bits(bits(a).sign_extend(*w)),
            Expr::Reduce(how, a) => Hw::Bool(match how {
                Reduce::All => bits(a).all(),
                Reduce::Any => bits(a).any(),
                Reduce::Parity => bits(a).parity(),
            }),

            Expr::BoolInt(a) => Hw::Int(bool(a).to_int()),
            Expr::BoolBits(a) => Hw::Bits(bool(a).to_bits()),
            Expr::Mux(c, a, b) => bool(c).mux(self.get(*a), self.get(*b)),
            Expr::Select(i, xs) => select(int(i), &xs.iter().map(|v| self.get(*v)).collect::<Vec<_>>()),

            Expr::FixedNew(a, frac) => Hw::Fixed(Fixed::new(int(a), *frac)),
            Expr::FixedInt(a) => Hw::Int(fixed(a).int()),
            Expr::FixedArith(op, a, b) => Hw::Fixed(match op {
                Arith::Add => fixed(a) + fixed(b),
                Arith::Sub => fixed(a) - fixed(b),
                _ => fixed(a) * fixed(b),
            }),
            Expr::FixedNeg(a) => Hw::Fixed(-fixed(a)),
            Expr::FixedScale(a, n) => Hw::Fixed(fixed(a).scale(*n)),
            Expr::FixedRound(mode, a, frac) => Hw::Fixed(fixed(a).round(Rounding::ALL[*mode], *frac)),
            Expr::FixedNarrow(kind, a, ty, frac) => {
                let (x, ty) = (fixed(a), FixedTy { int: ty.int_ty(), frac: *frac });
                Hw::Fixed(match kind {
                    Narrow::Sat => x.sat(ty),
                    Narrow::Symmetric => x.sat_symmetric(ty),
                    Narrow::Zero => x.sat_zero(ty),
                    Narrow::Claim => x.claim(ty),
                    Narrow::Wrap => x.wrap(ty),
                })
            }
            Expr::FixedCompare(op, a, b) => {
                let (a, b) = (fixed(a), fixed(b));
                Hw::Bool(match op {
                    Cmp::Eq => a.eq(b),
                    Cmp::Ne => a.ne(b),
                    Cmp::Lt => a.lt(b),
                    Cmp::Le => a.le(b),
                    Cmp::Gt => a.gt(b),
                    Cmp::Ge => a.ge(b),
                })
            }

            Expr::EnumInt(a) => Hw::Int(self.phase(*a).to_int()),
            Expr::EnumIs(a, n) => Hw::Bool(self.phase(*a).is(ALL_PHASES[*n])),
            Expr::EnumEq(a, b) => Hw::Bool(self.phase(*a).eq(self.phase(*b))),
        }
    }
}

/// The same value, of a type that forgets what conditions showed: a choice that is never taken brings in the ends.
fn widened(value: Hw, wanted: &Type) -> Hw {
    let ends = wanted.range();
    let widen = |x: Int| {
        let never = || Bool::constant(false);
        never().mux(lit(ends.lo.clone()), never().mux(lit(ends.hi.clone()), x))
    };
    match value {
        Hw::Int(x) => Hw::Int(widen(x)),
        Hw::Fixed(x) => Hw::Fixed(Fixed::new(widen(x.int()), x.ty().frac)),
        other => other,
    }
}

fn arith(op: Arith, a: Int, b: impl ToHw<Int>) -> Int {
    match op {
        Arith::Add => a + b,
        Arith::Sub => a - b,
        Arith::Mul => a * b,
        Arith::Min => a.min(b),
        Arith::Max => a.max(b),
        Arith::Shl => a << b,
        Arith::Shr => a >> b,
        Arith::Div => a / b,
        Arith::Rem => a % b,
    }
}

fn compare(op: Cmp, a: Int, b: impl ToHw<Int>) -> Bool {
    match op {
        Cmp::Eq => a.eq(b),
        Cmp::Ne => a.ne(b),
        Cmp::Lt => a.lt(b),
        Cmp::Le => a.le(b),
        Cmp::Gt => a.gt(b),
        Cmp::Ge => a.ge(b),
    }
}
