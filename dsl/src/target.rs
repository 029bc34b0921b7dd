//! What a device offers: delays, for placing pipeline registers.
//!
//! The delays are estimates of one operation with its local wiring, for choosing where registers go; a vendor's timing
//! report is the judge. They follow the structure of the logic (levels of LUTs, bits of a carry chain) with one constant each.

use crate::ir::{BinOp, Op, UnOp};
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
    /// The delay of one operation in nanoseconds. `operands` are the types of its operands, in order; `constant` says
    /// that the second one is a constant, and of a selection that all its choices are.
    pub fn delay(&self, op: &Op, ty: Ty, operands: &[Ty], constant: bool) -> f64 {
        let width = |n: usize| operands.get(n).map_or(1, |t| t.width().max(1));
        let wide = width(0).max(width(1));
        let chain = |bits: u32| self.lut + self.carry + self.carry_bit * f64::from(bits);
        // Levels of a tree that joins `n` bits.
        let levels = |n: u32, fan: u32| f64::from(n.max(1)).log(f64::from(fan.max(2))).ceil().max(1.0);
        // A table in LUTs: six address bits a level, then multiplexers of four.
        let table = self.lut * (1.0 + (f64::from(width(0)) - f64::from(self.lut_inputs)).max(0.0) / 2.0);
        match op {
            Op::Const(_) | Op::Input(_) | Op::Reg(_) | Op::Wire(_) | Op::Inst(..) => 0.0,
            Op::Slice(..) | Op::Concat(_) => 0.0,
            Op::Un(op, _) => match op {
                UnOp::Neg | UnOp::Abs => chain(ty.width()),
                UnOp::ReduceAnd | UnOp::ReduceOr | UnOp::ReduceXor => self.lut * levels(width(0), self.lut_inputs),
                UnOp::PopCount => self.lut * 2.0 * levels(width(0), 3),
                // Packed into the LUTs around.
                UnOp::Not => 0.0,
                UnOp::ToBits | UnOp::ToUint | UnOp::ToSint | UnOp::Wrap | UnOp::Claim | UnOp::Refine => 0.0,
            },
            Op::Bin(op, ..) => match op {
                BinOp::Add | BinOp::Sub => chain(ty.width()),
                BinOp::Mul if constant => chain(ty.width()) * levels(width(1).div_ceil(2), 2),
                BinOp::Mul => chain(ty.width()) * levels(width(0).min(width(1)), 2),
                BinOp::Div | BinOp::Rem => chain(wide) * f64::from(width(0)),
                BinOp::Min | BinOp::Max => chain(wide) + self.lut,
                BinOp::Eq | BinOp::Ne => self.lut * levels(2 * wide, self.lut_inputs),
                BinOp::Lt | BinOp::Le => chain(wide),
                BinOp::And | BinOp::Or | BinOp::Xor => self.lut,
                BinOp::Shl | BinOp::Shr if constant => 0.0,
                BinOp::Shl | BinOp::Shr => self.lut * f64::from(width(1).div_ceil(2)),
            },
            Op::Mux(..) => self.lut,
            Op::Select(..) if constant => table,
            Op::Select(_, choices) => self.lut * levels(choices.len() as u32, 4),
            Op::MemRead { .. } => table,
            // A region is placed after the additions are written.
            Op::Matvec { .. } => 0.0,
        }
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
