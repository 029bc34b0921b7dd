//! Operations where some value does not fit `i64`: on exact integers, by the definitions of `ir::eval`.

use gatewright_dsl::ir::{BinOp, UnOp, eval};
use gatewright_dsl::ty::Ty;
use gatewright_dsl::value::Value;

use super::memory::Store;
use super::program::Slot;

pub(super) enum WideOp {
    Copy(Slot),
    /// With the width of the operand's type.
    Un(UnOp, Slot, u32),
    Bin(BinOp, Slot, Slot),
    Mux(Slot, Slot, Slot),
    Table(Slot, i64, Box<[Slot]>),
    Slice(Slot, u32),
    Join(Slot, Slot, u32),
    Read(u32, Slot),
    /// Values with their weights, and what is added.
    Sum(Box<[(Slot, Value)]>, Value),
}

pub(super) struct Wide {
    pub(super) op: WideOp,
    pub(super) ty: Ty,
    pub(super) dst: Slot,
}

/// The value in a slot.
pub(super) fn read(small: &[i64], wide: &[Value], slot: Slot) -> Value {
    let n = slot.index() as usize;
    if slot.is_wide() { wide[n].clone() } else { Value::small(small[n]) }
}

/// Writes a slot; the value fits it.
pub(super) fn write(small: &mut [i64], wide: &mut [Value], slot: Slot, value: Value) {
    let n = slot.index() as usize;
    if slot.is_wide() {
        wide[n] = value;
    } else {
        small[n] = value.to_i64().unwrap_or_default();
    }
}

impl Wide {
    pub(super) fn run(&self, small: &mut [i64], wide: &mut [Value], stores: &[Store]) {
        let at = |slot: Slot| read(small, wide, slot);
        let value = match &self.op {
            WideOp::Copy(a) => self.ty.cut(&at(*a)),
            WideOp::Un(op, a, w) => eval::unary(*op, &at(*a), Ty::Bits(*w), self.ty),
            WideOp::Bin(op, a, b) => eval::binary(*op, &at(*a), &at(*b), self.ty),
            WideOp::Mux(c, a, b) => self.ty.cut(&if at(*c).is_zero() { at(*b) } else { at(*a) }),
            WideOp::Table(index, lo, entries) => {
                let last = entries.len() - 1;
                let n = (&at(*index) - &Value::small(*lo)).to_usize().map_or(last, |n| n.min(last));
                self.ty.cut(&at(entries[n]))
            }
            WideOp::Slice(a, lo) => eval::slice(&at(*a), *lo, self.ty),
            WideOp::Join(a, b, low) => self.ty.cut(&eval::concat([(&at(*a), 0), (&at(*b), *low)])),
            WideOp::Sum(terms, constant) => {
                let sum = terms.iter().fold(constant.clone(), |sum, (slot, weight)| &sum + &(&at(*slot) * weight));
                self.ty.cut(&sum)
            }
            WideOp::Read(store, addr) => stores[*store as usize].read(&at(*addr)),
        };
        write(small, wide, self.dst, value);
    }
}
