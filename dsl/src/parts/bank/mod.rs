//! Register banks: what software sees of a design, described once.
//!
//! `#[derive(RegisterBank)]` on a struct of registers and `#[derive(Register)]` on a struct of fields make a description.
//! Attached to the requests of a bus it is hardware, and the struct's value holds the handles of its fields; its
//! [`map`](RegisterBank::map) is written as a C header ([`c_header`]), as Markdown ([`markdown`]) and as CMSIS-SVD ([`svd`]).
//!
//! ```
//! use gatewright_dsl::parts::bank::*;
//! use gatewright_dsl::parts::bus::BusTy;
//! use gatewright_dsl::parts::bus::axi_lite::{AxiLiteRequests, AxiLiteResponses};
//! use gatewright_dsl::prelude::*;
//!
//! /// The registers of a lamp.
//! #[derive(RegisterBank)]
//! struct Lamp {
//!     /// Switches.
//!     control: Control,
//!     /// Brightness in steps of 1 %.
//!     #[register(ty = range(0..=100), reset = 50)]
//!     brightness: ReadWrite<Int>,
//!     /// How often it was lit.
//!     #[register(at = 0x10, ty = uint(16))]
//!     count: Counter,
//! }
//!
//! /// Switches.
//! #[derive(Register)]
//! struct Control {
//!     /// The lamp is lit.
//!     on: ReadWrite<Bool>,
//!     /// The lamp is defective.
//!     #[register(bit = 8)]
//!     defect: ReadOnly<Bool>,
//! }
//!
//! #[derive(Clone, PartialEq, Eq, Hash)]
//! struct Driver;
//!
//! #[derive(Bundle)]
//! struct In {
//!     s_axi: AxiLiteRequests,
//!     defect: Bool,
//! }
//!
//! #[derive(Bundle)]
//! struct Out {
//!     s_axi: AxiLiteResponses,
//!     light: Int,
//! }
//!
//! impl Generator for Driver {
//!     type In = In;
//!     type Out = Out;
//!     fn shape(&self) -> InShape {
//!         InShape { s_axi: BusTy { address: 5, data: 32 }.axi_lite_requests(), defect: BOOL }
//!     }
//!     fn build(&self, m: &Module, i: In) -> Out {
//!         let (s_axi, lamp) = i.s_axi.serve(m, |requests| Lamp::attach(m, "regs", requests));
//!         lamp.control.defect.set(i.defect);
//!         let on = lamp.control.on.q();
//!         lamp.count.count(on & !m.delay("was_on", on));
//!         Out { s_axi, light: on.mux(lamp.brightness.q(), 0) }
//!     }
//! }
//!
//! assert!(elaborate(&Driver).is_ok());
//! assert_eq!(Lamp::map().unwrap().field("control.defect").unwrap().1.lsb, 8);
//! ```
//!
//! Attributes: `at` is the address of a register or bank in bytes, from the beginning of the bank it stands in (else it
//! follows the one before); `bit` is a field's lowest bit (else it follows the one before); `ty` is the type of an `Int`,
//! `Bits`, `Fixed` or counter; `reset` is the value after reset (else the one nearest to 0). `#[bank(data_bits = 64)]` makes
//! words of 64 bits; else they have 32. Arrays of registers, fields and banks are written `[T; N]`.
//!
//! What can be seen in the source is an error of the compiler:
//!
//! ```compile_fail
//! # use gatewright_dsl::parts::bank::*;
//! # use gatewright_dsl::prelude::*;
//! #[derive(Register)]
//! struct Overlap {
//!     #[register(ty = uint(4))]
//!     low: ReadWrite<Int>,
//!     #[register(bit = 3)]
//!     high: ReadWrite<Bool>,
//! }
//! ```
//!
//! The rest is found when the map is made: [`RegisterBank::map`] returns it, and a design that attaches the bank has a
//! diagnostic.

pub mod c_header;
mod describe;
mod fields;
mod hardware;
mod map;
pub mod markdown;
pub mod svd;
#[cfg(test)]
#[allow(dead_code)]
mod tests;

pub use describe::Describer;
pub use fields::{
    Block, Counter, FieldBits, FieldOptions, FieldValue, ReadOnly, ReadWrite, WriteOneToClear, WritePulse,
};
pub use gatewright_derive::{Register, RegisterBank};
pub use hardware::Attacher;
pub use map::{Access, BankMap, FieldInfo, MapProblem, MapProblems, RegisterInfo};

use super::bus::{Requests, Responses};
use super::misuse::refuse;
use crate::hw::context::Loc;
use crate::hw::module::{Module, abort};
use crate::hw::stream::discard;

/// A bank of registers; `#[derive(RegisterBank)]` implements it.
pub trait RegisterBank: Block<Options = ()> {
    /// Its name, as `front_end`.
    const NAME: &'static str;
    /// Its documentation.
    const DOC: &'static str;
    /// Bits of a word: 8, 16, 32 or 64.
    const DATA_BITS: u32;

    /// Its registers with their places.
    ///
    /// # Errors
    /// All that does not fit or collides.
    fn map() -> Result<BankMap, MapProblems> {
        let mut describer = Describer::new(Self::NAME, Self::DOC, Self::DATA_BITS);
        Self::describe(&(), &mut describer);
        describer.finish()
    }

    /// The registers behind `requests`, under the name `name`, and the responses.
    ///
    /// A response is offered 1 clock after its request was taken; one read and one write pass in each clock. There is
    /// nothing beyond the registers, where reads and writes are answered with a decode error; a register that is only read
    /// answers writes with a subordinate's error. Software reads 0 in bits that are no field.
    ///
    /// A description that is no bank, or a bus that does not fit it, is a diagnostic.
    #[track_caller]
    fn attach(m: &Module, name: &str, requests: Requests) -> (Responses, Self) {
        let loc = Loc::caller();
        let map = match Self::map() {
            Ok(map) => map,
            Err(problems) => {
                for problem in problems.0 {
                    refuse(loc, &problem.what, &problem.help);
                }
                discard(&requests, loc);
                abort()
            }
        };
        let (addr, data) = (requests.writes.payload().addr.width(), requests.writes.payload().data.width());
        if data != map.data_bits {
            let what = format!("register bank `{}` has words of {} bits, the bus of {data}", map.name, map.data_bits);
            refuse(loc, &what, "give both the same: `#[bank(data_bits = 64)]`");
            discard(&requests, loc);
            abort()
        }
        if addr < map.address_bits() {
            let (needed, name) = (map.address_bits(), &map.name);
            let what = format!("register bank `{name}` needs addresses of {needed} bits, the bus has {addr}");
            refuse(loc, &what, "widen the address");
            discard(&requests, loc);
            abort()
        }
        m.scope(name, || {
            let (bank, responses) = hardware::build(m, &map, requests, |a| Self::build(&(), a));
            (responses, bank)
        })
    }
}
