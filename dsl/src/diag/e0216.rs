//! E0216: state inside a pipelined region.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0216");

pub(crate) fn new(place: PlaceId, region: PlaceId, what: &str) -> Draft {
    Draft::new(CODE, format!("{what} inside a pipelined region"), place,
        "m.pipelined() takes pure generators and places the registers itself; instantiate this one with m.inst()")
        .other(region, "the region begins here")
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn register() {
        expect_error(
            uint(8),
            |m, i| {
                let child = one_off(uint(8), |m, i| m.delay("r", i)); //~ delay
                m.pipelined("region", &child, i, &Target::lut6(200.0)).0 //~ region
            },
            "E0216: register `r` inside a pipelined region
            at delay
            region: the region begins here
            in region at region
            help: m.pipelined() takes pure generators and places the registers itself; instantiate this one with m.inst()",
        );
    }

    #[test]
    fn memories() {
        let written = codes(uint(2), |m, i| {
            let child = one_off(uint(2), |m, i| {
                let mem = m.mem("mem", uint(8), 4).collision(Collision::Old);
                mem.write(i, 1);
                mem.read(i)
            });
            m.pipelined("region", &child, i, &Target::lut6(200.0)).0
        });
        assert_eq!(written, ["E0216"]);
        let read = codes(uint(2), |m, i| {
            let child = one_off(uint(2), |m, i| m.rom("rom", uint(8), [1, 2, 3, 5]).read(i));
            m.pipelined("region", &child, i, &Target::lut6(200.0)).0
        });
        assert_eq!(read, [""; 0], "a table is pure");
        let clocked = codes(uint(2), |m, i| {
            let child = one_off(uint(2), |m, i| m.rom("rom", uint(8), [1, 2, 3, 5]).read_sync(i));
            m.pipelined("region", &child, i, &Target::lut6(200.0)).0
        });
        assert_eq!(clocked, ["E0216"]);
    }

    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Box;
    impl ExternModule for Box {
        type In = Int;
        type Out = Int;
        fn verilog_name(&self) -> String {
            "box".into()
        }
        fn shape(&self) -> IntTy {
            uint(8)
        }
        fn out_shape(&self) -> IntTy {
            uint(8)
        }
    }

    #[test]
    fn black_box() {
        let found = codes(uint(8), |m, i| {
            let child = one_off(uint(8), |m, i| m.extern_inst("b", &Box, i));
            m.pipelined("region", &child, i, &Target::lut6(200.0)).0
        });
        assert_eq!(found, ["E0216"]);
    }
}
