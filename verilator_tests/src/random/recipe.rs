//! A recipe: a random module as a plain value.
//!
//! The body is a list of statements in program order, as a designer would write them. Every value has a number of its
//! own, so that a step can be dropped or replaced without renumbering the others.

use std::sync::Arc;

use num_bigint::BigInt;

use super::ty::{Range, Type};

/// The number of a value.
pub type V = u32;

/// A module.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Recipe {
    /// The module's name.
    pub name: String,
    /// Types of the inputs.
    pub inputs: Vec<Type>,
    /// Registers.
    pub regs: Vec<RegDef>,
    /// Types of the wires.
    pub wires: Vec<Type>,
    /// Memories.
    pub mems: Vec<MemDef>,
    /// Modules that may be instantiated.
    pub children: Vec<Arc<Recipe>>,
    /// What is built, in order.
    pub body: Vec<Step>,
    /// The values that leave the module.
    pub outputs: Vec<V>,
}

/// A register.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RegDef {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// The value under reset; `None`: not reset.
    pub reset: Option<BigInt>,
}

/// A memory.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct MemDef {
    /// The parts of a word.
    pub fields: Vec<Type>,
    /// Number of words.
    pub depth: u64,
    /// The first words at power-up.
    pub init: Vec<Vec<BigInt>>,
    /// What a read of a written word returns.
    pub collision: Collide,
}

/// As [`gatewright_dsl::ir::Collision`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Collide {
    /// The word before.
    Old,
    /// The word after.
    New,
    /// Must not happen.
    Undefined,
}

/// What a statement assigns to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Target {
    /// A register, by position.
    Reg(usize),
    /// A wire, by position.
    Wire(usize),
}

/// How a memory is read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ReadKind {
    /// In the same clock.
    Async,
    /// At the clock edge.
    Sync,
    /// At the clock edge where the value is true.
    When(V),
}

/// One statement.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    /// A new value; with a name in the Verilog where `named`.
    Let {
        /// Its number.
        id: V,
        /// Whether it gets a name.
        named: bool,
        /// How it is made.
        expr: Expr,
    },
    /// An assignment.
    Set {
        /// To what.
        target: Target,
        /// The value.
        value: V,
    },
    /// `when`, `elsewhen` …, `otherwise`.
    When {
        /// Conditions with what they guard.
        arms: Vec<(V, Vec<Step>)>,
        /// Where no condition holds.
        otherwise: Option<Vec<Step>>,
    },
    /// `switch`.
    Switch {
        /// An integer, word or enum.
        subject: V,
        /// Values with what they select.
        arms: Vec<(Vec<BigInt>, Vec<Step>)>,
        /// Where none is equal.
        default: Option<Vec<Step>>,
    },
    /// Names of what is declared inside get a prefix; no other meaning.
    Scope(String, Vec<Step>),
    /// A read port.
    Read {
        /// The memory.
        mem: usize,
        /// Where.
        addr: V,
        /// When.
        kind: ReadKind,
        /// The numbers of the values read, one per field.
        ids: Vec<V>,
    },
    /// A write port, under the conditions around.
    Write {
        /// The memory.
        mem: usize,
        /// Where.
        addr: V,
        /// What, per field.
        data: Vec<V>,
        /// Which fields.
        mask: Option<Vec<V>>,
    },
    /// An instance of a child.
    Inst {
        /// Which child.
        child: usize,
        /// Its inputs.
        inputs: Vec<V>,
        /// The numbers of its outputs.
        ids: Vec<V>,
    },
    /// An assertion that holds.
    Assert(V),
}

/// Two numbers in, one out (`Int`); for a word, see [`Expr::WordShift`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Arith {
    Add,
    Sub,
    Mul,
    Min,
    Max,
    Shl,
    Shr,
    Div,
    Rem,
}

/// Comparisons.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Cmp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// Bit by bit (`Eq` and `Ne` give a truth value).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Logic {
    And,
    Or,
    Xor,
    Eq,
    Ne,
}

/// Of all bits of a word.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Reduce {
    All,
    Any,
    Parity,
}

/// Ways down.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Narrow {
    Sat,
    Symmetric,
    Zero,
    Claim,
    /// To a full range.
    Wrap,
}

/// How a value is made.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Expr {
    Input(usize),
    Reg(usize),
    Wire(usize),
    Lit(BigInt),
    Word(u32, BigInt),
    Flag(bool),
    /// The float `.0 / 2^.1`.
    Real(i64, i32),
    Variant(usize),

    Arith(Arith, V, V),
    /// A Rust number on the right.
    ArithConst(Arith, V, BigInt),
    /// A Rust number on the left.
    ConstArith(Arith, BigInt, V),
    Neg(V),
    Abs(V),
    Compare(Cmp, V, V),
    CompareConst(Cmp, V, BigInt),
    Narrow(Narrow, V, Range),
    /// Rounding mode (position in [`gatewright_dsl::prelude::Rounding::ALL`]) and bits.
    Round(usize, V, u32),
    NextWrapping(V, u64),
    IntBit(V, u32),
    Sum(Vec<V>),
    ToBits(V),

    ToUint(V),
    ToSint(V),
    Ones(V),
    Logic(Logic, V, V),
    Not(V),
    /// `true`: to the left.
    WordShift(bool, V, V),
    WordShiftConst(bool, V, u32),
    Slice(V, u32, u32),
    WordBit(V, u32),
    Concat(Vec<V>),
    FromBools(Vec<V>),
    ZeroExtend(V, u32),
    SignExtend(V, u32),
    Reduce(Reduce, V),

    BoolInt(V),
    BoolBits(V),
    /// Condition, value where it holds, value elsewhere: of any type.
    Mux(V, V, V),
    Select(V, Vec<V>),

    FixedNew(V, i32),
    FixedInt(V),
    /// `Add`, `Sub`, `Mul`.
    FixedArith(Arith, V, V),
    FixedNeg(V),
    FixedScale(V, i32),
    FixedRound(usize, V, i32),
    FixedNarrow(Narrow, V, Range, i32),
    FixedCompare(Cmp, V, V),

    EnumInt(V),
    EnumIs(V, usize),
    EnumEq(V, V),
}

impl Expr {
    /// Calls `f` with each operand.
    pub fn operands(&self, f: &mut dyn FnMut(V)) {
        use Expr::*;
        match self {
            Input(_) | Reg(_) | Wire(_) | Lit(_) | Word(..) | Flag(_) | Real(..) | Variant(_) => {}
            Arith(_, a, b)
            | Compare(_, a, b)
            | Logic(_, a, b)
            | WordShift(_, a, b)
            | FixedArith(_, a, b)
            | FixedCompare(_, a, b)
            | EnumEq(a, b) => [*a, *b].into_iter().for_each(f),
            ArithConst(_, a, _)
            | ConstArith(_, _, a)
            | Neg(a)
            | Abs(a)
            | CompareConst(_, a, _)
            | Narrow(_, a, _)
            | Round(_, a, _)
            | NextWrapping(a, _)
            | IntBit(a, _)
            | ToBits(a)
            | ToUint(a)
            | ToSint(a)
            | Ones(a)
            | Not(a)
            | WordShiftConst(_, a, _)
            | Slice(a, ..)
            | WordBit(a, _)
            | ZeroExtend(a, _)
            | SignExtend(a, _)
            | Reduce(_, a)
            | BoolInt(a)
            | BoolBits(a)
            | FixedNew(a, _)
            | FixedInt(a)
            | FixedNeg(a)
            | FixedScale(a, _)
            | FixedRound(_, a, _)
            | FixedNarrow(_, a, ..)
            | EnumInt(a)
            | EnumIs(a, _) => f(*a),
            Sum(xs) | Concat(xs) | FromBools(xs) => xs.iter().copied().for_each(f),
            Mux(c, a, b) => [*c, *a, *b].into_iter().for_each(f),
            Select(i, xs) => std::iter::once(*i).chain(xs.iter().copied()).for_each(f),
        }
    }
}

impl Step {
    /// The numbers of the values that this step itself (not those inside it) makes.
    pub fn made(&self) -> Vec<V> {
        match self {
            Step::Let { id, .. } => vec![*id],
            Step::Read { ids, .. } | Step::Inst { ids, .. } => ids.clone(),
            _ => Vec::new(),
        }
    }
    /// The values that this step itself (not those inside it) reads.
    pub fn reads(&self) -> Vec<V> {
        let mut found = Vec::new();
        match self {
            Step::Let { expr, .. } => expr.operands(&mut |v| found.push(v)),
            Step::Set { value, .. } | Step::Assert(value) => found.push(*value),
            Step::When { arms, .. } => found.extend(arms.iter().map(|a| a.0)),
            Step::Switch { subject, .. } => found.push(*subject),
            Step::Scope(..) => {}
            Step::Read { addr, kind, .. } => {
                found.push(*addr);
                if let ReadKind::When(e) = kind {
                    found.push(*e);
                }
            }
            Step::Write { addr, data, mask, .. } => {
                found.push(*addr);
                found.extend(data);
                found.extend(mask.iter().flatten());
            }
            Step::Inst { inputs, .. } => found.extend(inputs),
        }
        found
    }
    /// The lists of statements inside.
    pub fn blocks(&self) -> Vec<&Vec<Step>> {
        match self {
            Step::When { arms, otherwise } => arms.iter().map(|a| &a.1).chain(otherwise).collect(),
            Step::Switch { arms, default, .. } => arms.iter().map(|a| &a.1).chain(default).collect(),
            Step::Scope(_, block) => vec![block],
            _ => Vec::new(),
        }
    }
    /// The lists of statements inside.
    pub fn blocks_mut(&mut self) -> Vec<&mut Vec<Step>> {
        match self {
            Step::When { arms, otherwise } => arms.iter_mut().map(|a| &mut a.1).chain(otherwise).collect(),
            Step::Switch { arms, default, .. } => arms.iter_mut().map(|a| &mut a.1).chain(default).collect(),
            Step::Scope(_, block) => vec![block],
            _ => Vec::new(),
        }
    }
    /// The number of statements, those inside included.
    pub fn count(&self) -> usize {
        1 + self.blocks().into_iter().flatten().map(Step::count).sum::<usize>()
    }
}

impl Recipe {
    /// The number of statements, children not included.
    pub fn steps(&self) -> usize {
        self.body.iter().map(Step::count).sum()
    }
    /// Calls `f` with every statement, in program order.
    pub fn each_step<'a>(&'a self, f: &mut dyn FnMut(&'a Step)) {
        fn walk<'a>(block: &'a [Step], f: &mut dyn FnMut(&'a Step)) {
            for step in block {
                f(step);
                step.blocks().into_iter().for_each(|b| walk(b, f));
            }
        }
        walk(&self.body, f);
    }
    /// One more than the greatest number of a value.
    pub fn value_count(&self) -> usize {
        let mut most = 0;
        self.each_step(&mut |s| most = s.made().into_iter().map(|v| v as usize + 1).fold(most, usize::max));
        most
    }
}
