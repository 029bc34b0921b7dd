//! What a device offers: delays, for placing pipeline registers.
//!
//! The delays are estimates of one operation with its local wiring, for choosing where registers go; a vendor's timing
//! report is the judge. They follow the structure of the logic (levels of LUTs, bits of a carry chain) with one constant each.

use crate::ir::{BinOp, Op, UnOp};
use crate::retime::{Timing, femtoseconds, nanoseconds};
use crate::ty::Ty;

/// The wanted clock and the device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// Clock rate in MHz; 0 for no registers at all.
    pub clock_mhz: f64,
    /// The device's delays.
    pub device: Device,
}

/// Delays in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Device {
    /// One level of LUTs with the wire to it.
    pub lut: f64,
    /// Getting on and off a carry chain.
    pub carry: f64,
    /// One bit of a carry chain.
    pub carry_bit: f64,
    /// What a register takes of each clock period: clock to output and setup.
    pub register: f64,
    /// Inputs of a LUT.
    pub lut_inputs: u32,
}

impl Device {
    /// Devices of six-input LUTs with carry chains of the 16 nm generation.
    pub const LUT6: Device = Device { lut: 0.40, carry: 0.20, carry_bit: 0.012, register: 0.20, lut_inputs: 6 };
    /// Devices of four-input LUTs with carry chains of the 40 nm generation.
    pub const LUT4: Device = Device { lut: 0.95, carry: 0.45, carry_bit: 0.065, register: 0.75, lut_inputs: 4 };
}

impl Target {
    /// A LUT6 device at a clock in MHz.
    pub fn lut6(clock_mhz: f64) -> Target {
        Target { clock_mhz, device: Device::LUT6 }
    }
    /// A LUT4 device at a clock in MHz.
    pub fn lut4(clock_mhz: f64) -> Target {
        Target { clock_mhz, device: Device::LUT4 }
    }
    /// No registers: the whole region is combinational.
    pub fn combinational() -> Target {
        Target::lut6(0.0)
    }
    /// The time for logic between two registers, in nanoseconds; `None` for no registers.
    pub fn period(&self) -> Option<f64> {
        (self.clock_mhz > 0.0).then(|| 1000.0 / self.clock_mhz - self.device.register)
    }
}

impl Device {
    /// The delay of one operation in nanoseconds, from the last bit of its operands to the last of its result. `operands` are
    /// the types of its operands, in order; `constant` says that the second one is a constant, and of a selection that all
    /// its choices are.
    pub fn delay(&self, op: &Op, ty: Ty, operands: &[Ty], constant: bool) -> f64 {
        nanoseconds(self.timing(op, ty, operands, constant, false).whole())
    }

    /// So many multiplexers in a row.
    pub(crate) fn muxes(&self, count: u32) -> Timing {
        Timing::Level(femtoseconds(self.lut * f64::from(count)))
    }

    /// When the bits of a result follow those of the operands. `zero`: the constant is 0.
    pub(crate) fn timing(&self, op: &Op, ty: Ty, operands: &[Ty], constant: bool, zero: bool) -> Timing {
        let width = |n: usize| operands.get(n).map_or(1, |t| t.width().max(1));
        let wide = width(0).max(width(1));
        let level = |levels: f64| Timing::Level(femtoseconds(self.lut * levels));
        let enter = |chains: f64| femtoseconds((self.lut + self.carry) * chains);
        let ripple = |bits: u32| femtoseconds(self.carry_bit * f64::from(bits));
        // Adders in a row overlap: the second one's low bits need not wait for the first one's high bits.
        let chains = |chains: f64, bits: u32| Timing::Ripple { enter: enter(chains), ripple: ripple(bits) };
        let bitwise = Timing::Ripple { enter: femtoseconds(self.lut), ripple: 0 };
        // Levels of a tree that joins `n` bits.
        let levels = |n: u32, fan: u32| f64::from(n.max(1)).log(f64::from(fan.max(2))).ceil().max(1.0);
        // A table in LUTs: so many address bits a level, then multiplexers of four.
        let table = level(1.0 + (f64::from(width(0)) - f64::from(self.lut_inputs)).max(0.0) / 2.0);
        // The last bit shows at the first ones.
        let high_bits = Timing::Level(0);
        match op {
            Op::Const(_) | Op::Input(_) | Op::Reg(_) | Op::Wire(_) | Op::Inst(..) => Timing::WIRE,
            Op::Slice(_, 0) => Timing::WIRE,
            Op::Slice(..) | Op::Concat(_) => high_bits,
            Op::Un(op, _) => match op {
                UnOp::Neg => chains(1.0, ty.width()),
                // The sign decides what is added.
                UnOp::Abs => Timing::Level(femtoseconds(self.chain(ty.width()))),
                UnOp::ReduceAnd | UnOp::ReduceOr | UnOp::ReduceXor => level(levels(width(0), self.lut_inputs)),
                UnOp::PopCount => level(2.0 * levels(width(0), 3)),
                // Packed into the LUTs around.
                UnOp::Not => Timing::WIRE,
                UnOp::ToBits | UnOp::ToUint | UnOp::ToSint | UnOp::Wrap | UnOp::Claim | UnOp::Refine => Timing::WIRE,
            },
            Op::Bin(op, ..) => match op {
                BinOp::Add | BinOp::Sub => chains(1.0, ty.width()),
                BinOp::Mul if constant => chains(levels(width(1).div_ceil(2), 2), ty.width()),
                BinOp::Mul => chains(levels(width(0).min(width(1)), 2), ty.width()),
                BinOp::Div | BinOp::Rem => Timing::Level(femtoseconds(self.chain(wide) * f64::from(width(0)))),
                // The sign decides.
                BinOp::Min | BinOp::Max if zero => level(1.0),
                BinOp::Min | BinOp::Max => Timing::Level(femtoseconds(self.chain(wide) + self.lut)),
                BinOp::Eq | BinOp::Ne => level(levels(2 * wide, self.lut_inputs)),
                BinOp::Lt if zero => high_bits,
                BinOp::Lt | BinOp::Le => Timing::Compare { enter: enter(1.0), ripple: ripple(wide) },
                BinOp::And | BinOp::Or | BinOp::Xor => bitwise,
                BinOp::Shl if constant => Timing::WIRE,
                BinOp::Shr if constant => high_bits,
                BinOp::Shl | BinOp::Shr => level(f64::from(width(1).div_ceil(2))),
            },
            Op::Mux(..) => bitwise,
            Op::Select(..) if constant => table,
            Op::Select(_, choices) => level(levels(choices.len() as u32, 4)),
            Op::MemRead { .. } => table,
        }
    }

    /// A LUT with a carry chain behind it.
    fn chain(&self, bits: u32) -> f64 {
        self.lut + self.carry + self.carry_bit * f64::from(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::NodeId;
    use crate::ty::{sint, uint};

    #[test]
    fn wider_operations_take_longer_and_constants_less() {
        let op = |op| Op::Bin(op, NodeId(0), NodeId(1));
        let delay = |o, w, constant| Device::LUT6.delay(&op(o), Ty::Int(sint(w)), &[Ty::Int(sint(w)); 2], constant);
        assert!(delay(BinOp::Add, 8, false) < delay(BinOp::Add, 32, false));
        assert!(delay(BinOp::Mul, 16, true) < delay(BinOp::Mul, 16, false));
        assert_eq!(delay(BinOp::Shl, 8, true), 0.0);
        let choices = vec![NodeId(1); 64].into();
        let select = Op::Select(NodeId(0), choices);
        let select = |constant| Device::LUT6.delay(&select, Ty::Int(sint(8)), &[Ty::Int(uint(6))], constant);
        // One LUT for each bit, or a tree of multiplexers.
        assert_eq!((select(true), select(false)), (Device::LUT6.lut, 3.0 * Device::LUT6.lut));
        assert!(Target::lut6(200.0).period().is_some_and(|p| p > 4.0 && p < 5.0));
        assert_eq!(Target::combinational().period(), None);
    }
}
