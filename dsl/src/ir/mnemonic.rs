//! The names of the operators, and of the ways to add, in the text form.

use super::{Adders, BinOp, UnOp};

impl UnOp {
    /// All operators of one operand.
    pub const ALL: [UnOp; 13] = [
        UnOp::Neg,
        UnOp::Abs,
        UnOp::Not,
        UnOp::ReduceAnd,
        UnOp::ReduceOr,
        UnOp::ReduceXor,
        UnOp::PopCount,
        UnOp::ToBits,
        UnOp::ToUint,
        UnOp::ToSint,
        UnOp::Wrap,
        UnOp::Claim,
        UnOp::Refine,
    ];

    /// The operator's name in the text form.
    pub fn mnemonic(self) -> &'static str {
        match self {
            UnOp::Neg => "neg",
            UnOp::Abs => "abs",
            UnOp::Not => "not",
            UnOp::ReduceAnd => "reduce_and",
            UnOp::ReduceOr => "reduce_or",
            UnOp::ReduceXor => "reduce_xor",
            UnOp::PopCount => "pop_count",
            UnOp::ToBits => "to_bits",
            UnOp::ToUint => "to_uint",
            UnOp::ToSint => "to_sint",
            UnOp::Wrap => "wrap",
            UnOp::Claim => "claim",
            UnOp::Refine => "refine",
        }
    }
}

impl Adders {
    /// The name in the text form.
    pub fn mnemonic(self) -> &'static str {
        match self {
            Adders::Two => "two",
            Adders::Three => "three",
            Adders::Compressors => "compressors",
        }
    }
}

impl BinOp {
    /// All operators of two operands.
    pub const ALL: [BinOp; 16] = [
        BinOp::Add,
        BinOp::Sub,
        BinOp::Mul,
        BinOp::Div,
        BinOp::Rem,
        BinOp::Min,
        BinOp::Max,
        BinOp::Eq,
        BinOp::Ne,
        BinOp::Lt,
        BinOp::Le,
        BinOp::And,
        BinOp::Or,
        BinOp::Xor,
        BinOp::Shl,
        BinOp::Shr,
    ];

    /// The operator's name in the text form.
    pub fn mnemonic(self) -> &'static str {
        match self {
            BinOp::Add => "add",
            BinOp::Sub => "sub",
            BinOp::Mul => "mul",
            BinOp::Div => "div",
            BinOp::Rem => "rem",
            BinOp::Min => "min",
            BinOp::Max => "max",
            BinOp::Eq => "eq",
            BinOp::Ne => "ne",
            BinOp::Lt => "lt",
            BinOp::Le => "le",
            BinOp::And => "and",
            BinOp::Or => "or",
            BinOp::Xor => "xor",
            BinOp::Shl => "shl",
            BinOp::Shr => "shr",
        }
    }

    /// True where the operands can change places.
    pub fn commutes(self) -> bool {
        use BinOp::*;
        matches!(self, Add | Mul | Min | Max | Eq | Ne | And | Or | Xor)
    }
}
