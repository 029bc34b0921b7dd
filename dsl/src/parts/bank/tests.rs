//! Maps and their problems.

use super::*;
use crate::diag::testing::*;
use crate::parts::bus::BusTy;
use crate::prelude::*;

#[derive(HwEnum, Clone, Copy, Debug)]
enum Edge {
    Rising,
    Falling,
    Both,
}

/// Somewhere.
#[derive(RegisterBank)]
struct Places {
    /// First.
    first: Switches,
    #[register(at = 0x20, ty = sint(12), reset = -3)]
    second: ReadWrite<Int>,
    /// After the second.
    third: [Channel; 2],
    #[register(at = 8, ty = fixed(8, 4), reset = 1.5)]
    before: ReadWrite<Fixed>,
}

#[derive(RegisterBank)]
struct Channel {
    #[register(at = 4, ty = word(3))]
    raised: WriteOneToClear<Bits>,
    #[register(ty = uint(32))]
    events: Counter,
}

#[derive(Register)]
struct Switches {
    on: ReadWrite<Bool>,
    #[register(reset = Edge::Both)]
    edge: ReadWrite<Enum<Edge>>,
    /// Two
    /// lines.
    #[register(bit = 16)]
    go: [WritePulse<Bool>; 2],
    #[register(ty = uint(3))]
    behind: ReadOnly<Int>,
}

#[test]
fn places() {
    let map = Places::map().unwrap();
    assert_eq!((map.name.as_str(), map.doc.as_str(), map.data_bits), ("places", "Somewhere.", 32));
    let registers: Vec<(&str, u64)> = map.registers.iter().map(|r| (r.name.as_str(), r.offset)).collect();
    let expected = [
        ("first", 0),
        ("second", 0x20),
        ("third_0_raised", 0x28),
        ("third_0_events", 0x2c),
        ("third_1_raised", 0x34),
        ("third_1_events", 0x38),
        ("before", 8),
    ];
    assert_eq!(registers, expected);
    assert_eq!(map.size(), 0x3c);
    assert_eq!(map.address_bits(), 6);
    let fields: Vec<(&str, u32, u32)> =
        map.registers[0].fields.iter().map(|f| (f.name.as_str(), f.lsb, f.width())).collect();
    assert_eq!(fields, [("on", 0, 1), ("edge", 1, 2), ("go_0", 16, 1), ("go_1", 17, 1), ("behind", 18, 3)]);
    assert_eq!(map.registers[0].reset(), 2 << 1);
    assert_eq!(map.registers[0].fields[2].doc, "Two\nlines.");
    assert_eq!(map.register("second").unwrap().reset(), 0xffd);
    assert_eq!(map.register("before").unwrap().reset(), 24);
    let (register, second) = map.field("second").unwrap();
    assert_eq!((register.offset, second.value(0xffff_f800)), (0x20, Value::from(-2048)));
    assert_eq!(second.place(&Value::from(-1)), 0xfff);
}

/// What a description is told, one problem a line.
fn problems<B: RegisterBank>() -> Vec<String> {
    let problems = B::map().unwrap_err();
    assert!(problems.0.iter().all(|p| !p.help.is_empty()));
    problems.0.into_iter().map(|p| p.what).collect()
}

/// Parameters that the macro cannot see.
const FOUR: u64 = 4;
const BITS: u32 = 30;

#[derive(RegisterBank)]
struct Wrong {
    a: ReadWrite<Bool>,
    #[register(at = FOUR)]
    b: ReadWrite<Bool>,
    #[register(at = FOUR)]
    c: Mistakes,
    #[register(at = FOUR + 2)]
    d: Nested,
    a_0: ReadWrite<Bool>,
}

#[derive(RegisterBank)]
struct Twice {
    a: [ReadWrite<Bool>; 1],
    a_0: ReadWrite<Bool>,
}

#[derive(Register)]
struct Mistakes {
    #[register(ty = uint(BITS))]
    wide: ReadWrite<Int>,
    #[register(ty = uint(4))]
    beyond: ReadWrite<Int>,
    #[register(bit = BITS - 1)]
    common: ReadWrite<Bool>,
    #[register(bit = BITS, reset = 3)]
    edge: ReadWrite<Enum<Edge>>,
}

#[derive(Register)]
struct Nested {
    on: ReadWrite<Bool>,
    inner: Switches,
}

#[derive(RegisterBank)]
struct Empty {}

#[test]
fn what_does_not_fit() {
    let expected = [
        "field `c.beyond` takes bits 30 to 33 of 32",
        "fields `c.wide` and `c.common` have bits in common",
        "reset 3 of field `c.edge` is not in 0..=2",
        "registers `b` and `c` are both at 0x4",
        "register `d` is at 0x6, which is no multiple of 4",
        "`d_inner` is a register inside a register",
        "registers `b` and `d` are both at 0x4",
    ];
    assert_eq!(problems::<Wrong>(), expected);
    assert_eq!(problems::<Twice>(), ["two registers are called `a_0`"]);
    assert_eq!(problems::<Empty>(), ["register bank `empty` has no registers"]);
}

#[derive(RegisterBank)]
struct One {
    #[register(at = 16)]
    on: ReadWrite<Bool>,
}

#[test]
fn a_bank_that_cannot_be_attached() {
    expect_error(
        BusTy { address: 8, data: 32 }.requests(),
        |m, i| Twice::attach(m, "regs", i).0, //~ attach
        "E0109: two registers are called `a_0`
        at attach
        help: call one of them otherwise",
    );
    expect_error(
        BusTy { address: 8, data: 64 }.requests(),
        |m, i| One::attach(m, "regs", i).0, //~ attach
        "E0109: register bank `one` has words of 32 bits, the bus of 64
        at attach
        help: give both the same: `#[bank(data_bits = 64)]`",
    );
    expect_error(
        BusTy { address: 4, data: 32 }.requests(),
        |m, i| One::attach(m, "regs", i).0, //~ attach
        "E0109: register bank `one` needs addresses of 5 bits, the bus has 4
        at attach
        help: widen the address",
    );
}

#[derive(RegisterBank)]
struct Given {
    busy: ReadOnly<Bool>,
}

#[test]
fn a_bank_of_one_word_needs_no_address() {
    let codes = codes(BusTy { address: 2, data: 32 }.requests(), |m, i| {
        let (responses, given) = Given::attach(m, "regs", i);
        given.busy.set(true);
        responses
    });
    assert!(codes.is_empty(), "{codes:?}");
}

#[test]
fn a_value_that_hardware_does_not_give() {
    let codes = codes(BusTy { address: 4, data: 32 }.requests(), |m, i| Given::attach(m, "regs", i).0);
    assert_eq!(codes, ["E0206"]);
}

#[test]
fn buses_that_cannot_be_made() {
    use crate::parts::bus::axi::{AxiManager, AxiTy};
    use crate::parts::bus::axi_lite::AxiLiteManager;
    use crate::parts::bus::wishbone::WishbonePipelinedManager;
    let bus = BusTy { address: 16, data: 32 };
    let good = AxiTy { bus, id: 1, transfer: 16, burst: 16, outstanding: 1 };
    assert!(elaborate(&AxiManager(good)).is_ok());
    let bad = [
        AxiTy { bus: BusTy { data: 24, ..bus }, ..good },
        AxiTy { bus: BusTy { address: 2, ..bus }, ..good },
        AxiTy { burst: 257, ..good },
        AxiTy { burst: 0, ..good },
        AxiTy { transfer: 0, ..good },
        AxiTy { outstanding: 0, ..good },
    ];
    for ty in bad {
        let codes = elaborate(&AxiManager(ty)).unwrap_err().codes();
        assert!(codes.iter().all(|code| *code == "E0109"), "{ty:?}: {codes:?}");
    }
    assert_eq!(elaborate(&AxiLiteManager { bus, outstanding: 0 }).unwrap_err().codes(), ["E0109"]);
    assert_eq!(elaborate(&WishbonePipelinedManager { bus, outstanding: 0 }).unwrap_err().codes(), ["E0109"]);
}
