//! Nodes of sums and their words, with constants computed at once.

use super::{Nodes, Plan, Result, Word};
use crate::ids::NodeId;
use crate::ir::rules::{self, RuleError};
use crate::ir::{BinOp, Op, UnOp, eval};
use crate::ty::{IntTy, Ty};
use crate::value::Value;

/// Where nodes are made.
pub(super) struct Write<'a, N> {
    pub nodes: &'a mut N,
}

impl<N: Nodes> Write<'_, N> {
    pub fn ty(&self, x: NodeId) -> Ty {
        self.nodes.ty(x)
    }

    /// The word of an input, as its plan says: that of the widest of its stages.
    pub fn input(&mut self, x: NodeId, plan: &Plan) -> Result<NodeId> {
        let ty = self.nodes.ty(x).range();
        if plan.offset.is_zero() {
            return self.known(x, plan.range);
        }
        let width = plan.offset.bits(false);
        let mut bits = self.unary(UnOp::ToBits, x)?;
        if ty.width() < width {
            let sign = if ty.is_signed() { self.slice(bits, ty.width() - 1, 1) } else { self.zeros(1) };
            for _ in ty.width()..width {
                bits = self.concat(sign, bits);
            }
        }
        let bits = self.top_inverted(bits)?;
        let word = self.unary(UnOp::ToUint, bits)?;
        self.known(word, plan.range)
    }

    pub fn inverted(&mut self, x: &Word) -> Result<Word> {
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

    /// `word + constant`, which lies in `range`. A constant that is half of what the width holds inverts one bit.
    pub fn added(&mut self, word: NodeId, constant: Value, range: IntTy) -> Result<NodeId> {
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
            let bits = self.top_inverted(bits)?;
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

    /// The word with its highest bit inverted.
    pub fn top_inverted(&mut self, bits: NodeId) -> Result<NodeId> {
        let top = self.nodes.ty(bits).width() - 1;
        let sign = self.slice(bits, top, 1);
        let sign = self.unary(UnOp::Not, sign)?;
        if top == 0 {
            return Ok(sign);
        }
        let rest = self.slice(bits, 0, top);
        Ok(self.concat(sign, rest))
    }

    pub fn shifted(&mut self, x: NodeId, by: u32) -> Result<NodeId> {
        if by == 0 {
            return Ok(x);
        }
        let by = self.lit(by.into());
        self.binary(BinOp::Shl, x, by)
    }

    /// The bits of a word of one bit, also of a constant.
    pub fn single_bit(&mut self, x: NodeId) -> Result<NodeId> {
        let bits = self.unary(UnOp::ToBits, x)?;
        Ok(if self.ty(bits).width() == 0 { self.zeros(1) } else { bits })
    }

    /// The word shifted, and a bit below.
    pub fn with_bit_below(&mut self, x: NodeId, shift: u32, bit: NodeId) -> Result<NodeId> {
        let mut low = bit;
        if shift > 0 {
            let zeros = self.zeros(shift);
            low = self.concat(zeros, bit);
        }
        let bits = self.unary(UnOp::ToBits, x)?;
        let bits = self.concat(bits, low);
        self.unary(UnOp::ToUint, bits)
    }

    pub fn with_zeros_below(&mut self, x: NodeId, zeros: u32) -> Result<NodeId> {
        let (bits, zeros) = (self.unary(UnOp::ToBits, x)?, self.zeros(zeros));
        let bits = self.concat(bits, zeros);
        self.unary(UnOp::ToUint, bits)
    }

    pub fn zeros(&mut self, width: u32) -> NodeId {
        self.nodes.constant(Value::ZERO, Ty::Bits(width))
    }

    pub fn lit(&mut self, value: Value) -> NodeId {
        let ty = Ty::Int(IntTy::constant(value.clone()));
        self.nodes.constant(value, ty)
    }

    pub fn unary(&mut self, op: UnOp, x: NodeId) -> Result<NodeId> {
        let x_ty = self.nodes.ty(x);
        let ty = rules::unary(op, x_ty).unwrap_or(Err(RuleError::Kind))?;
        Ok(match self.nodes.value(x) {
            Some(v) => self.nodes.constant(eval::unary(op, &v, x_ty, ty), ty),
            None => self.nodes.push(Op::Un(op, x), ty),
        })
    }

    pub fn binary(&mut self, op: BinOp, a: NodeId, b: NodeId) -> Result<NodeId> {
        let ty = rules::binary(op, self.nodes.ty(a), self.nodes.ty(b), None)?;
        Ok(match (self.nodes.value(a), self.nodes.value(b)) {
            (Some(x), Some(y)) => self.nodes.constant(eval::binary(op, &x, &y, ty), ty),
            _ => self.nodes.push(Op::Bin(op, a, b), ty),
        })
    }

    pub fn slice(&mut self, x: NodeId, lo: u32, width: u32) -> NodeId {
        let ty = Ty::Bits(width);
        match self.nodes.value(x) {
            _ if self.nodes.ty(x) == ty => x,
            Some(v) => self.nodes.constant(eval::slice(&v, lo, ty), ty),
            None => self.nodes.push(Op::Slice(x, lo), ty),
        }
    }

    pub fn concat(&mut self, high: NodeId, low: NodeId) -> NodeId {
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
    pub fn known(&mut self, x: NodeId, range: IntTy) -> Result<NodeId> {
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
