//! What a device offers: delays, for placing pipeline registers, and how it adds.
//!
//! The delays are estimates of one operation with its local wiring, for choosing where registers go; a vendor's timing
//! report is the judge. They follow the structure of the logic (levels of LUTs, bits of a carry chain) with one constant each;
//! the book's page on pipelining says where the constants come from.

use crate::ir::{Adders, BinOp, Op, UnOp};
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

/// Delays in nanoseconds, and how constant products are added. A sum of `n` bits takes `lut + carry + carry_out + n * carry_bit`; in a row of sums each further one
/// takes `lut + carry` and its further bits, since its low bits do not wait for the high ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Device {
    /// One level of LUTs with the wire to it.
    pub lut: f64,
    /// What a sum takes more than a LUT, each time.
    pub carry: f64,
    /// One bit of a carry chain.
    pub carry_bit: f64,
    /// Getting off a carry chain: once in a row of sums.
    pub carry_out: f64,
    /// What a comparison takes more than a sum: its result is the last carry.
    pub compare: f64,
    /// What a register takes of each clock period: clock to output and setup.
    pub register: f64,
    /// Inputs of a LUT.
    pub lut_inputs: u32,
    /// How constant products are added.
    pub adders: Adders,
}

impl Device {
    /// Devices of six-input LUTs with carry chains of the 16 nm generation. Round figures, within a fifth of what Vivado reports
    /// for an UltraScale+ of the slowest speed grade.
    pub const LUT6: Device = Device {
        lut: 0.40,
        carry: 0.20,
        carry_bit: 0.012,
        carry_out: 0.0,
        compare: 0.0,
        register: 0.20,
        lut_inputs: 6,
        adders: Adders::Two,
    };
    /// The same devices under tools that pack a sum of three words into one LUT for each bit, as those of the vendors do and
    /// Yosys does not.
    pub const LUT6_TERNARY: Device = Device { adders: Adders::Three, ..Device::LUT6 };
    /// Devices of four-input LUTs with carry chains of the 40 nm generation. Fitted to what nextpnr says of small circuits on an
    /// ECP5 of speed grade 6, within a sixth.
    pub const LUT4: Device = Device {
        lut: 1.05,
        carry: 0.0,
        carry_bit: 0.035,
        carry_out: 0.65,
        compare: 1.3,
        register: 0.75,
        lut_inputs: 4,
        adders: Adders::Two,
    };
    /// Gates of two inputs and no carry chains. In proportion to the levels of gates that Yosys makes; the nanoseconds
    /// of a gate and a register are round figures for an older process.
    pub const GATES: Device = Device {
        lut: 0.10,
        carry: 0.70,
        carry_bit: 0.033,
        carry_out: 0.0,
        compare: 0.0,
        register: 0.30,
        lut_inputs: 2,
        adders: Adders::Compressors,
    };
}

impl Target {
    /// A LUT6 device at a clock in MHz.
    pub fn lut6(clock_mhz: f64) -> Target {
        Target { clock_mhz, device: Device::LUT6 }
    }
    /// A LUT6 device with carry chains of three words at a clock in MHz.
    pub fn lut6_ternary(clock_mhz: f64) -> Target {
        Target { clock_mhz, device: Device::LUT6_TERNARY }
    }
    /// A LUT4 device at a clock in MHz.
    pub fn lut4(clock_mhz: f64) -> Target {
        Target { clock_mhz, device: Device::LUT4 }
    }
    /// Gates of two inputs at a clock in MHz.
    pub fn gates(clock_mhz: f64) -> Target {
        Target { clock_mhz, device: Device::GATES }
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
        let enter = femtoseconds(self.lut + self.carry);
        let ripple = |bits: u32| femtoseconds(self.carry_out + self.carry_bit * f64::from(bits));
        let sum = |bits: u32| Timing::Ripple { enter, ripple: ripple(bits) };
        // So many rows become two, three to two in a level; then a sum.
        let sum_of = |rows: u32, bits: u32| Timing::Ripple {
            enter: enter + femtoseconds(self.lut * f64::from(compressions(rows))),
            ripple: ripple(bits),
        };
        let bitwise = Timing::Ripple { enter: femtoseconds(self.lut), ripple: 0 };
        // Levels of a tree that joins `n` bits.
        let levels = |n: u32, fan: u32| f64::from(n.max(1)).log(f64::from(fan.max(2))).ceil().max(1.0);
        // The choices of a multiplexer in one LUT: the rest of its inputs chooses.
        let choices_a_level = if self.lut_inputs < 6 { 2_u32 } else { 4 };
        // A table in LUTs: so many address bits at once, then multiplexers of four, which have cells of their own beside LUTs.
        let address_bit = if self.lut_inputs < 4 { 2.0 } else { 0.5 };
        let table = level(1.0 + (f64::from(width(0)) - f64::from(self.lut_inputs)).max(0.0) * address_bit);
        // The last bit shows at the first ones.
        let high_bits = Timing::Level(0);
        match op {
            Op::Const(_) | Op::Input(_) | Op::Reg(_) | Op::Wire(_) | Op::Inst(..) => Timing::WIRE,
            Op::Slice(_, 0) => Timing::WIRE,
            Op::Slice(..) | Op::Concat(_) => high_bits,
            Op::Un(op, _) => match op {
                UnOp::Neg => sum(ty.width()),
                // The sign decides what is added.
                UnOp::Abs => Timing::Level(femtoseconds(self.chain(ty.width()))),
                UnOp::ReduceAnd | UnOp::ReduceOr | UnOp::ReduceXor => level(levels(width(0), self.lut_inputs)),
                UnOp::PopCount => level(2.0 * levels(width(0), 3)),
                // Packed into the LUTs around.
                UnOp::Not => Timing::WIRE,
                UnOp::ToBits | UnOp::ToUint | UnOp::ToSint | UnOp::Wrap | UnOp::Claim | UnOp::Refine => Timing::WIRE,
            },
            Op::Bin(op, ..) => match op {
                BinOp::Add | BinOp::Sub => sum(ty.width()),
                // Half the digits of a constant are 0.
                BinOp::Mul if constant => sum_of(width(1) / 2 + 1, ty.width()),
                BinOp::Mul => sum_of(width(0).min(width(1)), ty.width()),
                BinOp::Div | BinOp::Rem => Timing::Level(femtoseconds(self.chain(wide) * f64::from(width(0)))),
                // The sign decides.
                BinOp::Min | BinOp::Max if zero => level(1.0),
                BinOp::Min | BinOp::Max => Timing::Level(femtoseconds(self.chain(wide) + self.lut)),
                BinOp::Eq | BinOp::Ne => level(levels(2 * wide, self.lut_inputs)),
                BinOp::Lt if zero => high_bits,
                BinOp::Lt | BinOp::Le => Timing::Compare { enter, ripple: ripple(wide) + femtoseconds(self.compare) },
                BinOp::And | BinOp::Or | BinOp::Xor => bitwise,
                BinOp::Shl if constant => Timing::WIRE,
                BinOp::Shr if constant => high_bits,
                BinOp::Shl | BinOp::Shr => level(f64::from(width(1).div_ceil(choices_a_level.ilog2()))),
            },
            Op::Mux(..) => bitwise,
            Op::Select(..) if constant => table,
            Op::Select(_, choices) => level(levels(choices.len() as u32, choices_a_level)),
            Op::MemRead { .. } => table,
            // A region is placed after the additions are written.
            Op::Matvec { .. } => Timing::WIRE,
        }
    }

    /// A LUT with a carry chain behind it.
    fn chain(&self, bits: u32) -> f64 {
        self.lut + self.carry + self.carry_out + self.carry_bit * f64::from(bits)
    }
}

/// How often three rows become two until two are left.
fn compressions(mut rows: u32) -> u32 {
    let mut count = 0;
    while rows > 2 {
        rows -= rows / 3;
        count += 1;
    }
    count
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
        assert_eq!((select(true), select(false)), (0.4, 1.2));
        assert!(Target::lut6(200.0).period().is_some_and(|p| p > 4.0 && p < 5.0));
        assert_eq!(Target::combinational().period(), None);
    }

    /// What Vivado 2021.2 reports of paths on an xczu3eg of speed grade 1 after routing: the means of 18 LUTs (137 ps), 21 wires to them
    /// (266 ps), 8 entries of carry chains up to the next cell (217 ps, and 28 ps of wire); 23 ps for each further cell of eight bits, and
    /// 146 ps to its last sum; 164 ps of a register with its wire, the clock's uncertainty and skew. The last one is a whole path.
    #[test]
    fn delays_of_lut6_are_near_what_a_vendor_reports() {
        use crate::retime::Span;
        let word = |w: u32| Ty::Int(uint(w));
        let bin = |op| Op::Bin(op, NodeId(0), NodeId(1));
        let sum = |w: u32| Device::LUT6.timing(&bin(BinOp::Add), word(w), &[word(w); 2], false, false);
        let less = |w: u32| Device::LUT6.timing(&bin(BinOp::Lt), Ty::BOOL, &[word(w); 2], false, false);
        let level = || Device::LUT6.muxes(1);
        let wire = 266;
        let reported = [
            ("a LUT", vec![level()], 164 + 403),
            ("sum of 16 bits", vec![sum(16)], 164 + 403 + 217 + 28 + 146),
            ("sum of 24 bits", vec![sum(24)], 164 + 403 + 217 + 28 + 51 + 146),
            ("sum of 32 bits", vec![sum(32)], 164 + 403 + 217 + 28 + 2 * 51 + 146),
            // Two bits of each word in a LUT.
            ("less, 16 bits", vec![less(16)], 164 + 403 + 217 + wire),
            ("less, 32 bits", vec![less(32)], 164 + 403 + 217 + 28 + 23 + wire),
            ("sum of 10 bits, LUT, sum of 24 bits", vec![sum(10), level(), sum(24)], 2_633),
        ];
        for (what, path, ps) in reported {
            let ns = f64::from(ps) / 1000.0;
            let end = path.iter().fold(Span::default(), |span, timing| timing.after(span));
            let estimate = nanoseconds(end.last) + Device::LUT6.register;
            println!("| {what} | {ns:.2} | {estimate:.2} |");
            assert!((estimate / ns - 1.0).abs() < 0.2, "{what}: {estimate:.2} ns for {ns:.2} ns");
        }
    }

    /// What nextpnr says of small circuits between registers, in ps: the median of three seeds. `cargo xtask delays`.
    #[test]
    fn delays_of_lut4_are_what_place_and_route_gives() {
        use crate::retime::Span;
        let (word, bit) = (|w: u32| Ty::Int(uint(w)), Ty::BOOL);
        let bin = |op| Op::Bin(op, NodeId(0), NodeId(1));
        let (mux, table) = (Op::Mux(NodeId(0), NodeId(1), NodeId(2)), Op::Select(NodeId(0), vec![NodeId(1)].into()));
        let one = |op: &Op, ty: Ty, operand: Ty, constant: bool| {
            Device::LUT4.timing(op, ty, &[operand, operand], constant, false)
        };
        let sums = |w: u32, count: u32| -> Vec<Timing> {
            (1..=count).map(|n| one(&bin(BinOp::Add), word(w + n), word(w + n - 1), false)).collect()
        };
        let less = |w| vec![one(&bin(BinOp::Lt), bit, word(w), false)];
        let equal = |w| vec![one(&bin(BinOp::Eq), bit, word(w), false)];
        let product = |w: u32, constant| vec![one(&bin(BinOp::Mul), word(2 * w), word(w), constant)];
        let shift = Device::LUT4.timing(&bin(BinOp::Shl), word(16), &[word(16), word(4)], false, false);
        let measured = [
            ("sum of 8 bits", sums(8, 1), 2_810),
            ("sum of 16 bits", sums(16, 1), 3_140),
            ("sum of 32 bits", sums(32, 1), 3_600),
            ("2 sums in a row, 8 bits", sums(8, 2), 3_920),
            ("2 sums in a row, 16 bits", sums(16, 2), 4_320),
            ("2 sums in a row, 32 bits", sums(32, 2), 5_030),
            ("3 sums in a row, 16 bits", sums(16, 3), 5_260),
            ("4 sums in a row, 16 bits", sums(16, 4), 6_170),
            ("less, 8 bits", less(8), 3_670),
            ("less, 16 bits", less(16), 4_380),
            ("less, 32 bits", less(32), 4_950),
            ("equal, 8 bits", equal(8), 2_840),
            ("equal, 16 bits", equal(16), 4_010),
            ("equal, 32 bits", equal(32), 4_320),
            ("multiplexer", vec![one(&mux, word(16), word(16), false)], 1_800),
            ("larger of two, 16 bits", vec![one(&bin(BinOp::Max), word(16), word(16), false)], 4_040),
            ("table of 4 bits", vec![one(&table, word(4), word(4), true)], 1_770),
            ("table of 6 bits", vec![one(&table, word(4), word(6), true)], 2_690),
            ("table of 8 bits", vec![one(&table, word(4), word(8), true)], 4_200),
            ("product, 4 bits", product(4, false), 5_130),
            ("product, 8 bits", product(8, false), 7_760),
            ("times 179, 8 bits", product(8, true), 5_820),
            ("shift of 16 bits by 4 bits", vec![shift], 4_330),
        ];
        for (what, path, ps) in measured {
            let ns = f64::from(ps) / 1000.0;
            let end = path.iter().fold(Span::default(), |span, timing| timing.after(span));
            let estimate = nanoseconds(end.last) + Device::LUT4.register;
            println!("| {what} | {ns:.2} | {estimate:.2} |");
            assert!((estimate / ns - 1.0).abs() < 1.0 / 6.0, "{what}: {estimate:.2} ns for {ns:.2} ns");
        }
    }
}
