//! The intermediate representation: what elaboration writes, passes rewrite, and every back end reads.
//!
//! A [`Design`] is a list of [`Module`]s, children before parents. A module owns arenas of ports, nodes, registers,
//! wires, memories, matrix-vector products, instances and checks, indexed by typed ids. A [`Node`] has one ground-typed result ([`Ty`]);
//! registers and wires are driven by a decision tree ([`Block`]) in which the last assignment on a path wins.
//! Nodes are in no particular order; what they compute is defined by [`eval`] and by the interpreter in the `sim` crate.
//!
//! Every result is *cut* to the width and sign of its node's type ([`Ty::cut`]); in a verified design whose claims
//! hold, the cut changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{Arena, CheckId, DomainId, InstId, MatvecId, MemId, ModuleId, NodeId, PlaceId, PortId, RegId, WireId};
use crate::ty::Ty;
use crate::value::Value;

pub mod eval;
mod lex;
pub mod matvec;
mod mnemonic;
pub mod order;
pub mod parse;
pub mod print;
pub mod probe;
pub mod rules;
#[cfg(test)]
mod tests;
pub mod verify;
pub mod visit;

pub use matvec::{Adders, Matvec, MatvecOutput, Pipeline, ShiftAdd};

/// An elaborated design.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Design {
    /// All modules, children before parents.
    pub modules: Arena<ModuleId, Module>,
    /// The top level.
    pub top: ModuleId,
    /// Where things were written.
    pub places: Places,
}

/// A source place with the scopes it was reached through.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The file as the compiler names it; shared, since a design has many places in few files.
    pub file: Arc<str>,
    /// 1-based.
    pub line: u32,
    /// 1-based.
    pub column: u32,
    /// The scope, instance or combinator that was being built there, with its own place.
    pub caller: Option<PlaceId>,
    /// Where this place opens a scope: the scope's name.
    pub scope: Option<String>,
}

/// The table of source places of a design.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Places(pub Arena<PlaceId, Place>);

/// One module: ports, state, nodes and children.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// Unique in the design; a Verilog identifier.
    pub name: String,
    /// Ours, or a black box.
    pub kind: ModuleKind,
    /// Clock domains; the first is the implicit one.
    pub domains: Arena<DomainId, Domain>,
    /// Resets that the module makes itself: wires of their names. All others are pins.
    #[serde(default)]
    pub reset_wires: BTreeMap<DomainId, WireId>,
    /// Data ports in order: those of the inputs' bundle, then those of the outputs' (a stream has ports of both
    /// directions). Clocks and resets belong to the domains.
    pub ports: Arena<PortId, Port>,
    /// The stream ports, for drivers and reports.
    pub streams: Vec<StreamPort>,
    /// All nodes.
    pub nodes: Arena<NodeId, Node>,
    /// Names of nodes that the user named.
    pub names: BTreeMap<NodeId, String>,
    /// Registers.
    pub regs: Arena<RegId, Reg>,
    /// Wires: named values with a decision tree.
    pub wires: Arena<WireId, Wire>,
    /// Memories.
    pub mems: Arena<MemId, Mem>,
    /// Constant matrix-vector products.
    #[serde(default)]
    pub matvecs: Arena<MatvecId, Matvec>,
    /// Children.
    pub insts: Arena<InstId, Inst>,
    /// Assertions, assumptions, covers.
    pub checks: Arena<CheckId, Check>,
    /// Where the generator was instantiated first.
    pub place: PlaceId,
}

impl Module {
    /// A module of ours with nothing in it.
    pub fn new(name: String, place: PlaceId) -> Module {
        Module {
            name,
            kind: ModuleKind::Body,
            domains: Arena::new(),
            reset_wires: BTreeMap::new(),
            ports: Arena::new(),
            streams: Vec::new(),
            nodes: Arena::new(),
            names: BTreeMap::new(),
            regs: Arena::new(),
            wires: Arena::new(),
            mems: Arena::new(),
            matvecs: Arena::new(),
            insts: Arena::new(),
            checks: Arena::new(),
            place,
        }
    }
}

impl Module {
    /// The wire that is the reset of a domain, where it is none of the module's pins.
    pub fn reset_wire(&self, domain: DomainId) -> Option<WireId> {
        self.reset_wires.get(&domain).copied()
    }
}

/// Most words of a memory.
pub const MAX_WORDS: u64 = 1 << 24;

/// Whether a module has a body here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ModuleKind {
    /// Built in the language.
    Body,
    /// A black box: only its ports are known. `Module::name` is the Verilog name.
    Extern {
        /// Verilog parameters.
        params: Vec<(String, Param)>,
        /// The module that stands in for it in simulation; its ports are equal, id for id.
        model: Option<ModuleId>,
        /// True where it has clock and reset ports.
        clocked: bool,
        /// Pairs (input, output) with a combinational path; `None`: all of them.
        paths: Option<Vec<(PortId, PortId)>>,
    },
}

/// The value of a Verilog parameter of a black box.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Param {
    /// An integer.
    Int(Value),
    /// A string.
    Str(String),
}

/// A clock with its reset.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Domain {
    /// The clock's port name.
    pub clock: String,
    /// The reset, where there is one.
    pub reset: Option<Reset>,
}

impl Domain {
    /// A clock without reset: reset values hold at power-up only.
    pub fn new(clock: &str) -> Domain {
        Domain { clock: clock.into(), reset: None }
    }
    /// The same clock with this reset.
    pub fn reset(self, name: &str, kind: ResetKind, polarity: Polarity) -> Domain {
        Domain { reset: Some(Reset { name: name.into(), kind, polarity }), ..self }
    }
    /// What its reset is like; domains that agree in it can stand for each other.
    pub fn kind(&self) -> Option<(ResetKind, Polarity)> {
        self.reset.as_ref().map(|r| (r.kind, r.polarity))
    }
}

/// The reset of a clock domain.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reset {
    /// The reset's port name.
    pub name: String,
    /// Sampled at the clock edge, or acting at once.
    pub kind: ResetKind,
    /// The level that resets.
    pub polarity: Polarity,
}

/// When a reset takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ResetKind {
    /// At the clock edge.
    Sync,
    /// At once.
    Async,
}

/// The level at which a reset resets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Polarity {
    /// Resets while 1.
    High,
    /// Resets while 0.
    Low,
}

/// Direction of a port, seen from its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Dir {
    /// Driven from outside.
    Input,
    /// Driven by the module.
    Output,
}

/// A data port. A port whose type has one value ([`Ty::as_constant`]) has no wires: back ends and simulators' pin
/// lists leave it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// The Verilog name: the path joined with `_`.
    pub name: String,
    /// Direction.
    pub dir: Dir,
    /// Type.
    pub ty: Ty,
    /// What the type means to a reader.
    pub format: Format,
    /// For outputs: the driver. `None` for inputs, whose value is the node [`Op::Input`].
    pub driver: Option<NodeId>,
    /// The clock that samples an input, or that an output follows; the implicit one where there is none or several. For
    /// drivers and reports.
    #[serde(default)]
    pub domain: DomainId,
    /// Where it was declared.
    pub place: PlaceId,
}

/// What the bits of a value mean to a reader: used in waves and reports, never by the meaning of the design.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Format {
    /// The number or word itself.
    #[default]
    Plain,
    /// Yes or no.
    Bool,
    /// A fixed-point number: the integer times 2 to the power of minus this.
    Fixed(i32),
    /// One of these names, counted from 0.
    Enum(Vec<String>),
}

/// A valid/ready/last stream among the ports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamPort {
    /// The common prefix of the ports' names.
    pub name: String,
    /// `Input`: the module consumes the stream.
    pub dir: Dir,
    /// Beat offered.
    pub valid: PortId,
    /// Beat taken; runs against the direction of the stream.
    pub ready: PortId,
    /// Last beat of a packet.
    pub last: PortId,
    /// The payload's ports.
    pub payload: Vec<PortId>,
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// How it is computed.
    pub op: Op,
    /// Its type: at most as wide as [`rules::result`] says.
    pub ty: Ty,
    /// Where it was written.
    pub place: PlaceId,
}

/// How a node is computed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Op {
    /// A constant. The node's type is the range of this one value, or a word.
    Const(Value),
    /// The value of an input port.
    Input(PortId),
    /// The present value of a register.
    Reg(RegId),
    /// The value of a wire.
    Wire(WireId),
    /// Field `field` of what read port `port` (an index into [`Mem::reads`]) delivers.
    MemRead {
        /// The memory.
        mem: MemId,
        /// Index into `Mem::reads`.
        port: u32,
        /// Index into `Mem::fields`.
        field: u32,
    },
    /// A sum of a constant matrix-vector product.
    Matvec {
        /// The product.
        matvec: MatvecId,
        /// Index into [`Matvec::outputs`].
        output: u32,
    },
    /// Output port of a child.
    Inst(InstId, PortId),
    /// One operand.
    Un(UnOp, NodeId),
    /// Two operands.
    Bin(BinOp, NodeId, NodeId),
    /// `Mux(c, a, b)`: `a` where the word `c` of one bit is 1, else `b`. Both integers, or words of equal width.
    Mux(NodeId, NodeId, NodeId),
    /// `Select(i, xs)`: `xs[i]`. The range of the integer `i` lies in `0..xs.len()`.
    Select(NodeId, Box<[NodeId]>),
    /// `Slice(x, lo)`: as many bits of the word `x` as the node's type has, from bit `lo` up.
    Slice(NodeId, u32),
    /// Words side by side, the most significant first.
    Concat(Box<[NodeId]>),
}

/// Operators of one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum UnOp {
    /// Int → Int: the negative.
    Neg,
    /// Int → Int: the magnitude.
    Abs,
    /// Word → word of the same width: every bit inverted.
    Not,
    /// Word → one bit: all bits are 1. Of an empty word: 1.
    ReduceAnd,
    /// Word → one bit: some bit is 1. Of an empty word: 0.
    ReduceOr,
    /// Word → one bit: an odd number of bits is 1.
    ReduceXor,
    /// Word → Int `0..=width`: how many bits are 1.
    PopCount,
    /// Int → word of the width of the operand's type: the two's-complement bits.
    ToBits,
    /// Word → Int: read as an unsigned number.
    ToUint,
    /// Word → Int: read as two's complement.
    ToSint,
    /// Int → Int of a full power-of-two range: modulo.
    Wrap,
    /// Int → Int: the designer vouches that the value is in the node's range. A [`Check`] goes with it.
    Claim,
    /// Int → Int: the builder has shown that the value is in the node's range wherever it is selected. Only an arm of a
    /// `Mux` or `Select`, a value in a decision tree, or an operand of a guarded memory write.
    Refine,
}

/// Operators of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BinOp {
    /// Int, Int → Int.
    Add,
    /// Int, Int → Int.
    Sub,
    /// Int, Int → Int.
    Mul,
    /// Int, constant Int other than 0 → Int: rounded toward zero.
    Div,
    /// Int, constant Int other than 0 → Int: the remainder of `Div`, with the dividend's sign.
    Rem,
    /// Int, Int → Int.
    Min,
    /// Int, Int → Int.
    Max,
    /// Two Ints, or two words of equal width → one bit.
    Eq,
    /// Two Ints, or two words of equal width → one bit.
    Ne,
    /// Int, Int → one bit.
    Lt,
    /// Int, Int → one bit.
    Le,
    /// Words of equal width.
    And,
    /// Words of equal width.
    Or,
    /// Words of equal width.
    Xor,
    /// By a second operand that is an Int and not negative. Int → Int: times 2 to its power, exact. Word → word of the
    /// same width: zeros enter, high bits are lost.
    Shl,
    /// By a second operand that is an Int and not negative. Int → Int: divided by 2 to its power, rounded toward minus
    /// infinity. Word → word of the same width: zeros enter.
    Shr,
}

/// A register: takes its next value at the clock edge, holds where nothing drives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reg {
    /// Unique in the module.
    pub name: String,
    /// Type.
    pub ty: Ty,
    /// What the type means to a reader.
    pub format: Format,
    /// Clock and reset.
    pub domain: DomainId,
    /// Whether it takes values of other clocks.
    #[serde(default)]
    pub crossing: Crossing,
    /// The value under reset, and at power-up; `None`: not reset. Where the domain has no reset the value still holds at
    /// power-up.
    pub reset: Option<Value>,
    /// The value at power-up of a register without reset value; `None`: [`Ty::power_up`].
    #[serde(default)]
    pub init: Option<Value>,
    /// The next value.
    pub next: Block,
    /// Where it was declared.
    pub place: PlaceId,
}

impl Reg {
    /// What it holds at power-up.
    pub fn power_up(&self) -> Value {
        self.reset.as_ref().or(self.init.as_ref()).cloned().unwrap_or_else(|| self.ty.power_up())
    }
}

/// Whether a register takes values of other clocks than its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Crossing {
    /// It does not.
    #[default]
    No,
    /// It is a stage of a synchroniser: its input may change at any time. Verilog marks it `ASYNC_REG`.
    Synchronizer,
    /// The designer vouches that its input does not change when it takes it.
    Held,
}

/// A named combinational value with a decision tree that drives it on every path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wire {
    /// Unique in the module.
    pub name: String,
    /// Type.
    pub ty: Ty,
    /// What the type means to a reader.
    pub format: Format,
    /// The drivers.
    pub driver: Block,
    /// Where it was declared.
    pub place: PlaceId,
}

/// Statements in program order; the last assignment on a path wins.
pub type Block = Vec<Stmt>;

/// One statement of a decision tree. `seq` counts statements of a module in program order; a `when` that drives several
/// targets has the same `seq` in each, so that a back end can print it once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stmt {
    /// The target takes the value.
    Set {
        /// Order in the module.
        seq: u32,
        /// The value; its type fits the target's.
        value: NodeId,
        /// Where it was written.
        place: PlaceId,
    },
    /// The first arm whose one-bit condition is 1, else `otherwise`.
    When {
        /// Order in the module.
        seq: u32,
        /// Conditions with what they guard.
        arms: Vec<(NodeId, Block)>,
        /// Where no condition holds.
        otherwise: Block,
    },
    /// The arm that lists the subject's value, else `default`.
    Switch {
        /// Order in the module.
        seq: u32,
        /// The value compared.
        subject: NodeId,
        /// Lists of values, none twice, with what they guard.
        arms: Vec<(Vec<Value>, Block)>,
        /// Where no value is equal.
        default: Block,
    },
}

/// A memory of `depth` words; a word is a list of fields, packed with field 0 in the low bits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mem {
    /// Unique in the module.
    pub name: String,
    /// The parts of a word.
    pub fields: Vec<Field>,
    /// Number of words, at least 1.
    pub depth: u64,
    /// Contents at power-up, `init[word][field]`, `depth` words; empty: [`Ty::power_up`] everywhere.
    pub init: Vec<Vec<Value>>,
    /// What a synchronous read returns for a word that is written at the same edge.
    pub collision: Collision,
    /// Read ports.
    pub reads: Vec<MemRead>,
    /// Write ports; where two write a word at one edge, the later one wins.
    pub writes: Vec<MemWrite>,
    /// Where it was declared.
    pub place: PlaceId,
}

/// A part of a memory's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its path in the bundle, empty for a word of one field.
    pub name: String,
    /// Type.
    pub ty: Ty,
}

/// What a synchronous read returns for a word written at the same edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Collision {
    /// The word before the write.
    Old,
    /// The word after the write.
    New,
    /// Not to be relied on: simulators report it (and return the old word).
    Undefined,
}

/// A read port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemRead {
    /// `None`: the word follows the address at once. Else it is taken at the clock edge, where `enable` is 1, and held.
    pub sync: Option<DomainId>,
    /// An Int in `0..depth`.
    pub addr: NodeId,
    /// One bit; `None`: always. Only for synchronous ports.
    pub enable: Option<NodeId>,
    /// Where it was written.
    pub place: PlaceId,
}

/// A write port, at the clock edge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemWrite {
    /// The clock.
    pub domain: DomainId,
    /// An Int; in `0..depth` wherever `enable` is 1.
    pub addr: NodeId,
    /// One value per field.
    pub data: Vec<NodeId>,
    /// One bit.
    pub enable: NodeId,
    /// One bit per field: only fields with a 1 are written. Empty: all.
    pub mask: Vec<NodeId>,
    /// Where it was written.
    pub place: PlaceId,
}

/// An instance of a child module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inst {
    /// Unique in the module.
    pub name: String,
    /// The child.
    pub module: ModuleId,
    /// For each domain of the child, in order, the domain here that drives it.
    pub domains: Vec<DomainId>,
    /// For each input port of the child, in order of port id, the value.
    pub inputs: Vec<(PortId, NodeId)>,
    /// Where it was made.
    pub place: PlaceId,
}

/// Something simulators check at every clock edge outside reset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Unique in the module.
    pub name: String,
    /// What is checked.
    pub kind: CheckKind,
    /// What to say where it fails.
    pub message: String,
    /// The clock (and the reset, under which nothing is checked).
    pub domain: DomainId,
    /// Where it was written.
    pub place: PlaceId,
}

/// What a check demands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CheckKind {
    /// The bit is 1.
    Assert(NodeId),
    /// The bit is 1; a proof may rely on it.
    Assume(NodeId),
    /// The bit is 1 at some time.
    Cover(NodeId),
    /// Where `enable` (one bit; `None`: always) is 1, the operand of the claim `claim` is in the claim's range.
    Claim {
        /// A node [`UnOp::Claim`].
        claim: NodeId,
        /// The conditions under which it was written.
        enable: Option<NodeId>,
    },
    /// A value that came in through an input port is in the port's range.
    InputRange(PortId),
    /// A word read at an edge from a memory with [`Collision::Undefined`] is not written at that edge.
    NoCollision(MemId),
    /// A stream's contract: after an edge with `valid` and not `ready`, `valid` stays and `payload` is unchanged.
    Stable {
        /// One bit.
        valid: NodeId,
        /// One bit.
        ready: NodeId,
        /// Payload and `last`.
        payload: Vec<NodeId>,
    },
}
