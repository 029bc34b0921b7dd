//! Expressions. The text of every expression has exactly the width of its node, whatever stands around it: operands are
//! extended or cut in place, so that neither Verilog's widening nor its rule that one unsigned operand makes all
//! unsigned can change a value. Only whole right-hand sides (see [`Text::rhs`]) use Verilog's own widening, where it
//! makes the text shorter or the operator smaller: products, and sums that are one bit wider than their operands.

use std::fmt::Write;

use crate::ids::NodeId;
use crate::ir::{BinOp, Op, UnOp};
use crate::ty::{IntTy, Ty};
use crate::value::Value;

use super::graph::{self, at};
use super::literal;
use super::plan::{Form, common, reached};
use super::text::Text;

/// Widest shift amount that is written as it is: Verilator refuses amounts beyond 32 bits.
pub(crate) const MAX_AMOUNT: u32 = 31;
/// The bits of a wider amount that matter; more than the width of any value.
const AMOUNT_BITS: u32 = 20;

/// What stands around an expression, and so what must be put in parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Around {
    /// Nothing, or brackets and commas.
    Top,
    /// Part of a `?:`.
    Choice,
    /// An operator of two operands.
    Binary,
    /// An operator of one operand.
    Unary,
}

impl Text<'_, '_> {
    fn ty(&self, n: NodeId) -> Ty {
        self.plan.m.nodes[n].ty
    }

    fn op(&self, n: NodeId) -> &Op {
        let m = self.plan.m;
        &m.nodes[n].op
    }

    /// Writes the right-hand side of an assignment of `n` to a target of `width` bits.
    pub fn whole(&mut self, n: NodeId, width: u32) {
        if self.plan.form[at(n)] == Form::Inline && self.plan.width(n) == width && self.plan.natural(n).0 == width {
            self.rhs(n, width);
        } else {
            self.ext(n, width, Around::Top);
        }
    }

    /// Writes what the base of node `n` is assigned.
    pub fn definition(&mut self, n: NodeId) {
        let width = self.plan.natural(n).0;
        self.rhs(n, width);
    }

    /// The operator of `n` as the whole right-hand side for a target of exactly `width` bits.
    fn rhs(&mut self, n: NodeId, width: u32) {
        let plan = self.plan;
        match plan.m.nodes[n].op {
            Op::Bin(op @ (BinOp::Add | BinOp::Sub), a, b) => match self.widens(a, b, width) {
                Some(signed) => {
                    self.native(a, width, signed);
                    self.put(if op == BinOp::Add { " + " } else { " - " });
                    self.native(b, width, signed);
                }
                None => self.expr(n, Around::Top),
            },
            Op::Bin(BinOp::Mul, a, b) => self.product(a, b, width),
            Op::Bin(op @ (BinOp::Div | BinOp::Rem), a, b) => {
                let (_, signed) = common(self.ty(a), self.ty(b));
                self.arithmetic_pair(a, b, width, signed, if op == BinOp::Div { " / " } else { " % " });
            }
            Op::Bin(BinOp::Shr, a, b) if plan.amount(b).is_none() => {
                let signed = self.ty(a).is_signed();
                if signed {
                    self.as_signed(a, width);
                } else {
                    self.ext(a, width, Around::Binary);
                }
                self.put(if signed { " >>> " } else { " >> " });
                self.shift_amount(b);
            }
            Op::Mux(..) => self.choices(n),
            _ => self.expr(n, Around::Top),
        }
    }

    /// A choice, and choices in its last part, one to a line where there are several.
    fn choices(&mut self, n: NodeId) {
        let plan = self.plan;
        let width = plan.width(n);
        let inner = |x: NodeId| {
            matches!(plan.m.nodes[x].op, Op::Mux(..)) && plan.form[at(x)] == Form::Inline && plan.width(x) == width
        };
        let mut at_node = n;
        let Op::Mux(_, _, first) = plan.m.nodes[n].op else { return };
        let lines = inner(first);
        while let Op::Mux(c, a, b) = plan.m.nodes[at_node].op {
            if lines {
                self.end();
                self.put("            ");
            }
            self.ext(c, 1, Around::Binary);
            self.put(" ? ");
            self.ext(a, width, Around::Choice);
            self.put(" :");
            if !inner(b) {
                if lines {
                    self.end();
                    self.put("            ");
                } else {
                    self.put(" ");
                }
                self.ext(b, width, Around::Choice);
                return;
            }
            at_node = b;
        }
    }

    /// The sign of the narrower operands, where Verilog's own widening of a sum's operands by one bit is exact: it
    /// extends by sign where both are declared signed, else by zeros.
    fn widens(&self, a: NodeId, b: NodeId, width: u32) -> Option<bool> {
        let mut narrow = None;
        for x in [a, b] {
            match self.plan.form[at(x)] {
                Form::Const => continue,
                Form::Ref { .. } => {}
                _ => return None,
            }
            let own = self.plan.width(x);
            if own + 1 == width {
                if narrow.is_some_and(|signed| signed != self.ty(x).is_signed()) {
                    return None;
                }
                narrow = Some(self.ty(x).is_signed());
            } else if own != width {
                return None;
            }
        }
        let signed = narrow?;
        let constants = [a, b].iter().filter_map(|x| self.plan.constant(*x)).collect::<Vec<_>>();
        let fit = constants.iter().all(|v| !v.is_negative() && IntTy::full(width, signed).contains(v));
        let names_signed = [a, b].iter().all(|x| self.plan.constant(*x).is_some() || self.reads_signed(*x));
        // A constant is written with the sign of the narrow operand.
        let kept = if signed { names_signed } else { !constants.is_empty() || !names_signed };
        (fit && kept).then_some(signed)
    }

    /// True where the text of a reference counts as signed in Verilog.
    fn reads_signed(&self, n: NodeId) -> bool {
        match self.plan.form[at(n)] {
            Form::Ref { base, lo } => {
                let b = &self.plan.bases[base as usize];
                b.signed && lo == 0 && b.width == self.plan.width(n)
            }
            _ => false,
        }
    }

    fn native(&mut self, n: NodeId, width: u32, signed: bool) {
        match self.plan.constant(n) {
            Some(v) if signed => literal::signed(&mut self.out, &v, width),
            Some(v) => literal::unsigned(&mut self.out, &v, width, false),
            None => self.ext(n, self.plan.width(n), Around::Binary),
        }
    }

    /// A product with the least operands, extended by Verilog itself.
    fn product(&mut self, a: NodeId, b: NodeId, width: u32) {
        let signed = self.ty(a).is_signed() || self.ty(b).is_signed();
        let fits = |x: NodeId| {
            let extra = u32::from(signed && !self.ty(x).is_signed());
            self.plan.constant(x).is_some() || self.plan.width(x) + extra <= width
        };
        if !(fits(a) && fits(b)) {
            self.ext(a, width, Around::Binary);
            self.put(" * ");
            self.ext(b, width, Around::Binary);
            return;
        }
        for (x, between) in [(a, " * "), (b, "")] {
            match self.plan.constant(x) {
                Some(v) if signed => literal::signed(&mut self.out, &v, width),
                Some(v) => literal::unsigned(&mut self.out, &v, width, false),
                None if signed && !self.ty(x).is_signed() => self.as_signed(x, self.plan.width(x) + 1),
                None if signed => self.as_signed(x, self.plan.width(x)),
                // Two unsigned views of signed names would multiply as signed.
                None if self.reads_signed(x) => {
                    self.put("$unsigned(");
                    self.ext(x, self.plan.width(x), Around::Top);
                    self.put(")");
                }
                None => self.ext(x, self.plan.width(x), Around::Binary),
            }
            self.put(between);
        }
    }

    /// Writes `n` at `width` bits so that Verilog takes it as signed.
    fn as_signed(&mut self, n: NodeId, width: u32) {
        if let Some(v) = self.plan.constant(n) {
            literal::signed(&mut self.out, &v, width);
        } else if self.reads_signed(n) && self.plan.width(n) == width {
            self.ext(n, width, Around::Binary);
        } else {
            self.put("$signed(");
            self.ext(n, width, Around::Top);
            self.put(")");
        }
    }

    /// True where the text of `n` at `width` bits is unsigned for sure.
    fn surely_unsigned(&self, n: NodeId, width: u32) -> bool {
        match self.plan.form[at(n)] {
            Form::Ref { .. } => self.plan.width(n) != width || !self.reads_signed(n),
            Form::Inline => self.plan.width(n) != width,
            Form::Const => self.plan.constant(n).is_some_and(|v| !v.is_negative()),
            Form::Dead => true,
        }
    }

    /// Two operands of equal width with an operator to which the sign matters.
    fn arithmetic_pair(&mut self, a: NodeId, b: NodeId, width: u32, signed: bool, op: &str) {
        if signed {
            self.as_signed(a, width);
            self.put(op);
            self.as_signed(b, width);
            return;
        }
        if self.surely_unsigned(a, width) || self.surely_unsigned(b, width) {
            self.ext(a, width, Around::Binary);
        } else {
            self.put("$unsigned(");
            self.ext(a, width, Around::Top);
            self.put(")");
        }
        self.put(op);
        self.ext(b, width, Around::Binary);
    }

    fn shift_amount(&mut self, s: NodeId) {
        match self.plan.form[at(s)] {
            Form::Ref { base, lo } if self.plan.width(s) > MAX_AMOUNT => {
                let width = self.plan.width(s);
                self.put("((|");
                self.bits(base, lo + AMOUNT_BITS, width - AMOUNT_BITS);
                let _ = write!(self.out, ") ? {AMOUNT_BITS}'h");
                literal::hex_digits(&mut self.out, &Value::small(-1), AMOUNT_BITS);
                self.put(" : ");
                self.bits(base, lo, AMOUNT_BITS);
                self.put(")");
            }
            _ => self.ext(s, self.plan.width(s), Around::Binary),
        }
    }

    /// Writes `n` at exactly `width` bits: its low bits, or extended with its sign.
    pub fn ext(&mut self, n: NodeId, width: u32, around: Around) {
        let own = self.plan.width(n);
        match self.plan.form[at(n)] {
            Form::Const => {
                let value = self.plan.constant(n).unwrap_or(Value::ZERO);
                self.constant(&value, self.ty(n), width, around);
            }
            Form::Ref { base, lo } => self.slice(base, lo, own, width, self.ty(n).is_signed()),
            Form::Inline if own == width => self.expr(n, around),
            Form::Inline if own < width => {
                let _ = write!(self.out, "{{{}, ", Zeros(width - own));
                self.expr(n, Around::Top);
                self.put("}");
            }
            // The plan gives a name to what is cut, and orders what lives.
            Form::Inline | Form::Dead => {
                debug_assert!(false, "the plan left {n} without a name");
                self.expr(n, around);
            }
        }
    }

    fn constant(&mut self, value: &Value, ty: Ty, width: u32, around: Around) {
        let start = self.out.len();
        if literal::of_type(&mut self.out, value, ty, width) && around >= Around::Binary {
            self.out.insert(start, '(');
            self.out.push(')');
        }
    }

    /// Bits of a base, cut or extended to `width`.
    fn slice(&mut self, base: u32, lo: u32, own: u32, width: u32, signed: bool) {
        if width <= own {
            self.bits(base, lo, width);
        } else if !signed {
            let _ = write!(self.out, "{{{}, ", Zeros(width - own));
            self.bits(base, lo, own);
            self.put("}");
        } else if own == 1 {
            let _ = write!(self.out, "{{{width}{{");
            self.bits(base, lo, 1);
            self.put("}}");
        } else {
            self.put("{");
            if width - own > 1 {
                let _ = write!(self.out, "{{{}{{", width - own);
            }
            self.bits(base, lo + own - 1, 1);
            self.put(if width - own > 1 { "}}, " } else { ", " });
            self.bits(base, lo, own);
            self.put("}");
        }
    }

    fn open(&mut self, around: Around, least: Around) -> bool {
        let parentheses = around >= least;
        if parentheses {
            self.put("(");
        }
        parentheses
    }

    fn close(&mut self, parentheses: bool) {
        if parentheses {
            self.put(")");
        }
    }

    /// The operator of `n` over its operands, at exactly the width of `n`.
    pub fn expr(&mut self, n: NodeId, around: Around) {
        let plan = self.plan;
        let width = plan.width(n);
        match &plan.m.nodes[n].op {
            Op::Un(op, a) => self.unary(n, *op, *a, width, around),
            Op::Bin(op, a, b) => self.binary(n, *op, *a, *b, width, around),
            Op::Mux(c, a, b) => {
                let p = self.open(around, Around::Choice);
                self.ext(*c, 1, Around::Binary);
                self.put(" ? ");
                self.ext(*a, width, Around::Choice);
                self.put(" : ");
                self.ext(*b, width, if p { Around::Top } else { Around::Choice });
                self.close(p);
            }
            Op::Select(i, xs) => self.select(*i, xs, width, around),
            Op::Slice(a, lo) => self.view(*a, *lo, width, false, around),
            Op::Concat(xs) => self.concat(xs, width, around),
            // These are references or constants; a named one is a copy of what it reads.
            Op::Const(v) => self.constant(v, self.ty(n), width, around),
            op => match *op {
                Op::Input(p) => self.copy(plan.port_base[at(p)], 0, width),
                Op::Reg(r) => self.copy(plan.reg_base[at(r)], 0, width),
                Op::Wire(w) => self.copy(plan.wire_base[at(w)], 0, width),
                Op::Inst(i, p) => {
                    let base = plan.inst_base[at(i)].iter().find(|o| o.0 == p).map_or(super::plan::NONE, |o| o.1);
                    self.copy(base, 0, width);
                }
                Op::MemRead { mem, port, field } => {
                    let lo = plan.m.mems[mem].fields[..field as usize].iter().map(|f| super::graph::width(f.ty)).sum();
                    self.copy(plan.read_base[at(mem)][port as usize], lo, width);
                }
                _ => {}
            },
        }
    }

    fn copy(&mut self, base: u32, lo: u32, width: u32) {
        if base != super::plan::NONE {
            self.bits(base, lo, width);
        }
    }

    /// Bits of the operand from `from` up, extended with zeros or its sign.
    fn view(&mut self, a: NodeId, from: u32, width: u32, signed: bool, around: Around) {
        let own = self.plan.width(a);
        match self.plan.form[at(a)] {
            Form::Ref { base, lo } if from < own => self.slice(base, lo + from, own - from, width, signed),
            Form::Const => {
                let value = self.plan.constant(a).unwrap_or(Value::ZERO).shr(from);
                self.constant(&value, Ty::Bits(width), width, around);
            }
            _ if from == 0 => self.ext(a, width, around),
            _ => self.constant(&Value::ZERO, Ty::Bits(width), width, around),
        }
    }

    fn unary(&mut self, n: NodeId, op: UnOp, a: NodeId, width: u32, around: Around) {
        match op {
            UnOp::Neg => {
                let p = self.open(around, Around::Binary);
                self.put("-");
                self.ext(a, width, Around::Unary);
                self.close(p);
            }
            UnOp::Not if width == 1 => self.negated(a, around),
            UnOp::Not => {
                let p = self.open(around, Around::Unary);
                self.put("~");
                self.ext(a, width, Around::Unary);
                self.close(p);
            }
            UnOp::ReduceAnd | UnOp::ReduceOr | UnOp::ReduceXor => {
                let p = self.open(around, Around::Binary);
                self.put(match op {
                    UnOp::ReduceAnd => "&",
                    UnOp::ReduceOr => "|",
                    _ => "^",
                });
                self.ext(a, self.plan.width(a), Around::Unary);
                self.close(p);
            }
            UnOp::Abs => match self.plan.form[at(a)] {
                Form::Ref { base, lo } if self.ty(a).is_signed() => {
                    let p = self.open(around, Around::Choice);
                    self.bits(base, lo + self.plan.width(a) - 1, 1);
                    self.put(" ? -");
                    self.ext(a, width, Around::Unary);
                    self.put(" : ");
                    self.ext(a, width, Around::Choice);
                    self.close(p);
                }
                _ => self.ext(a, width, around),
            },
            UnOp::PopCount => {
                let Form::Ref { base, lo } = self.plan.form[at(a)] else { return };
                let bits = self.plan.width(a);
                let p = self.open(around, if bits > 1 { Around::Binary } else { Around::Unary });
                self.ones(base, lo, bits, width);
                self.close(p);
            }
            // The bits stay; what is wider is extended by the operand's own sign.
            UnOp::ToBits | UnOp::ToUint | UnOp::Wrap | UnOp::Claim | UnOp::Refine => self.ext(a, width, around),
            UnOp::ToSint => self.view(a, 0, width, self.ty(n).is_signed(), around),
        }
    }

    /// The number of ones among some bits, as a balanced tree of sums.
    fn ones(&mut self, base: u32, lo: u32, bits: u32, width: u32) {
        if bits <= 1 {
            return self.slice(base, lo, bits, width, false);
        }
        let left = bits.div_ceil(2);
        for (k, (from, count)) in [(lo, left), (lo + left, bits - left)].into_iter().enumerate() {
            if k > 0 {
                self.put(" + ");
                self.soft_break();
            }
            // Sums group to the left by themselves.
            let p = count > 1 && (k > 0 || count > 2);
            self.put(if p { "(" } else { "" });
            self.ones(base, from, count, width);
            self.put(if p { ")" } else { "" });
        }
    }

    /// Writes a bit that is 1 where `n` is 0.
    pub fn negated(&mut self, n: NodeId, around: Around) {
        let inline = self.plan.form[at(n)] == Form::Inline;
        match *self.op(n) {
            Op::Un(UnOp::Not, a) if inline => return self.ext(a, 1, around),
            ref op if inline => {
                if let Some((op, a, b)) = inverted(op) {
                    return self.compare(op, a, b, around);
                }
            }
            _ => {}
        }
        let p = self.open(around, Around::Unary);
        self.put("!");
        self.ext(n, 1, Around::Unary);
        self.close(p);
    }

    fn binary(&mut self, n: NodeId, op: BinOp, a: NodeId, b: NodeId, width: u32, around: Around) {
        use BinOp::{Add, And, Div, Eq, Le, Lt, Max, Min, Mul, Ne, Or, Rem, Shl, Shr, Sub, Xor};
        match op {
            Add | Sub | And | Or | Xor => {
                let p = self.open(around, Around::Binary);
                self.left_operand(op, a, width);
                // Adding a negative constant reads better as a difference.
                let negative = self.plan.constant(b).filter(|v| v.is_negative() && matches!(op, Add | Sub));
                let symbol = match (op, &negative) {
                    (Add, None) | (Sub, Some(_)) => " + ",
                    (Sub, None) | (Add, Some(_)) => " - ",
                    (And, _) => {
                        if width == 1 {
                            " && "
                        } else {
                            " & "
                        }
                    }
                    (Or, _) => {
                        if width == 1 {
                            " || "
                        } else {
                            " | "
                        }
                    }
                    _ => " ^ ",
                };
                self.put(symbol);
                match negative {
                    Some(v) => literal::unsigned(&mut self.out, &-&v, width, false),
                    None => self.ext(b, width, Around::Binary),
                }
                self.close(p);
            }
            Eq | Ne | Lt | Le => self.compare(op, a, b, around),
            Min | Max => {
                let (a, b) = if self.plan.constant(a).is_some() { (b, a) } else { (a, b) };
                let (low, high) = if op == Min { (a, b) } else { (b, a) };
                let take_a = self.decided(BinOp::Le, low, high).filter(|le| *le);
                let take_a = take_a.or_else(|| self.decided(BinOp::Lt, low, high));
                match take_a {
                    Some(take_a) => self.ext(if take_a { a } else { b }, width, around),
                    None => {
                        let p = self.open(around, Around::Choice);
                        let (w, signed) = common(self.ty(a), self.ty(b));
                        self.put("(");
                        self.arithmetic_pair(a, b, w, signed, if op == Min { " < " } else { " > " });
                        self.put(") ? ");
                        self.ext(a, width, Around::Choice);
                        self.put(" : ");
                        self.ext(b, width, Around::Choice);
                        self.close(p);
                    }
                }
            }
            Shl => match self.plan.amount(b) {
                Some(0) => self.ext(a, width, around),
                Some(k) if k >= width => self.constant(&Value::ZERO, self.ty(n), width, around),
                Some(k) => {
                    self.put("{");
                    self.ext(a, width - k, Around::Top);
                    let _ = write!(self.out, ", {}}}", Zeros(k));
                }
                None => {
                    let p = self.open(around, Around::Binary);
                    self.ext(a, width, Around::Binary);
                    self.put(" << ");
                    self.shift_amount(b);
                    self.close(p);
                }
            },
            Shr => match self.plan.shift_right(a, b) {
                Some(from) => self.view(a, from, width, self.ty(a).is_signed(), around),
                None => {
                    let p = self.open(around, Around::Binary);
                    self.ext(a, width, Around::Binary);
                    self.put(" >> ");
                    self.shift_amount(b);
                    self.close(p);
                }
            },
            Mul | Div | Rem => {
                // Always a base or a whole right-hand side.
                let p = self.open(around, Around::Binary);
                self.rhs(n, width);
                self.close(p);
            }
        }
    }

    /// The left operand of an operator that groups to the left.
    fn left_operand(&mut self, op: BinOp, a: NodeId, width: u32) {
        let same = self.plan.form[at(a)] == Form::Inline
            && self.plan.width(a) == width
            && match (op, self.op(a)) {
                (BinOp::Add | BinOp::Sub, Op::Bin(BinOp::Add | BinOp::Sub, ..)) => true,
                (_, Op::Bin(inner, ..)) => *inner == op,
                _ => false,
            };
        self.ext(a, width, if same { Around::Choice } else { Around::Binary });
    }

    /// The comparison's result, where the widths alone decide it (tools warn about such comparisons).
    fn decided(&self, op: BinOp, a: NodeId, b: NodeId) -> Option<bool> {
        let all = |n: NodeId| match self.plan.constant(n) {
            Some(v) => IntTy::constant(v),
            None => IntTy::full(self.plan.width(n), self.ty(n).is_signed()),
        };
        graph::decided(op, all(a), all(b))
    }

    /// A comparison.
    pub fn compare(&mut self, op: BinOp, a: NodeId, b: NodeId, around: Around) {
        if let Some(result) = self.decided(op, a, b) {
            self.put(if result { "1'b1" } else { "1'b0" });
            return;
        }
        let p = self.open(around, Around::Binary);
        let (width, signed) = common(self.ty(a), self.ty(b));
        match op {
            BinOp::Eq | BinOp::Ne => {
                self.ext(a, width, Around::Binary);
                self.put(if op == BinOp::Eq { " == " } else { " != " });
                self.ext(b, width, Around::Binary);
            }
            BinOp::Le if signed => self.signed_le(a, b, width),
            _ if self.plan.constant(a).is_some() => {
                self.arithmetic_pair(b, a, width, signed, if op == BinOp::Lt { " > " } else { " >= " });
            }
            _ => self.arithmetic_pair(a, b, width, signed, if op == BinOp::Lt { " < " } else { " <= " }),
        }
        self.close(p);
    }

    /// The signed `a <= b`. Verilator 5.006 takes this for false of equal constants, as those are that arrive through
    /// ports; also where it makes `<=` out of `>=` with a constant. Its `>=` of two others is right, and so is `<`.
    fn signed_le(&mut self, a: NodeId, b: NodeId, width: u32) {
        let one = Value::small(1);
        match (self.plan.constant(a), self.plan.constant(b)) {
            // No overflow: the widths alone would have decided the comparison.
            (_, Some(b)) => {
                self.as_signed(a, width);
                self.put(" < ");
                literal::signed(&mut self.out, &(&b + &one), width);
            }
            (Some(a), None) => {
                self.as_signed(b, width);
                self.put(" > ");
                literal::signed(&mut self.out, &(&a - &one), width);
            }
            (None, None) => self.arithmetic_pair(b, a, width, true, " >= "),
        }
    }

    /// A choice by index: comparisons in a row where they are few, else a tree over the bits of the index.
    fn select(&mut self, i: NodeId, xs: &[NodeId], width: u32, around: Around) {
        let choices = reached(self.ty(i), xs);
        let Some((last, rest)) = choices.split_last() else { return };
        if rest.is_empty() {
            return self.ext(*last, width, around);
        }
        let first = self.ty(i).range().lo();
        if let Some(index) = self.plan.constant(i) {
            let k = (&index - &first).to_usize().filter(|k| *k < choices.len());
            return self.ext(choices[k.unwrap_or(0)], width, around);
        }
        let p = self.open(around, Around::Choice);
        if self.plan.is_long(i) {
            self.select_tree(i, choices, first.to_u64().unwrap_or(0), width);
            return self.close(p);
        }
        for (k, x) in rest.iter().enumerate() {
            let w = self.plan.width(i);
            self.put("(");
            self.ext(i, w, Around::Binary);
            self.put(" == ");
            literal::unsigned(&mut self.out, &(&first + &Value::from(k)), w, false);
            self.put(") ? ");
            self.ext(*x, width, Around::Choice);
            self.put(" : ");
            self.soft_break();
        }
        self.ext(*last, width, Around::Choice);
        self.close(p);
    }

    /// `choices` are those for the indices from `first` up; they differ in their low bits only. As deep as the index
    /// has bits.
    fn select_tree(&mut self, i: NodeId, choices: &[NodeId], first: u64, width: u32) {
        if choices.iter().all(|x| *x == choices[0]) {
            return self.ext(choices[0], width, Around::Choice);
        }
        let last = first + choices.len() as u64 - 1;
        let bit = 63 - (first ^ last).leading_zeros();
        let high = (last >> bit) << bit;
        let (zeros, ones) = choices.split_at((high - first) as usize);
        let Form::Ref { base, lo } = self.plan.form[at(i)] else { return };
        self.bits(base, lo + bit, 1);
        for (part, first, before) in [(ones, high, " ? "), (zeros, first, " : ")] {
            self.put(before);
            self.soft_break();
            let p = part.iter().any(|x| *x != part[0]);
            self.put(if p { "(" } else { "" });
            self.select_tree(i, part, first, width);
            self.put(if p { ")" } else { "" });
        }
    }

    fn concat(&mut self, xs: &[NodeId], width: u32, around: Around) {
        let mut parts: Vec<(NodeId, u32)> = Vec::new();
        for &x in xs.iter().filter(|x| self.plan.width(**x) > 0) {
            match parts.last_mut() {
                Some((last, count)) if *last == x => *count += 1,
                _ => parts.push((x, 1)),
            }
        }
        if let [(only, 1)] = parts[..] {
            return self.ext(only, width, around);
        }
        let single = parts.len() == 1;
        if !single {
            self.put("{");
        }
        for (k, &(x, count)) in parts.iter().enumerate() {
            if k > 0 {
                self.put(", ");
                self.soft_break();
            }
            if count > 1 {
                let _ = write!(self.out, "{{{count}{{");
            }
            self.ext(x, self.plan.width(x), Around::Top);
            if count > 1 {
                self.put("}}");
            }
        }
        if !single {
            self.put("}");
        }
    }
}

/// The comparison that holds where `op` does not.
fn inverted(op: &Op) -> Option<(BinOp, NodeId, NodeId)> {
    match *op {
        Op::Bin(BinOp::Eq, a, b) => Some((BinOp::Ne, a, b)),
        Op::Bin(BinOp::Ne, a, b) => Some((BinOp::Eq, a, b)),
        Op::Bin(BinOp::Lt, a, b) => Some((BinOp::Le, b, a)),
        Op::Bin(BinOp::Le, a, b) => Some((BinOp::Lt, b, a)),
        _ => None,
    }
}

/// So many zero bits.
struct Zeros(u32);

impl std::fmt::Display for Zeros {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            1 => f.write_str("1'b0"),
            n => write!(f, "{n}'d0"),
        }
    }
}
