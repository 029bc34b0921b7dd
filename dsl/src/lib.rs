//! Gatewright's language: hardware described as Rust values.
//!
//! A [`Generator`](prelude::Generator) is a plain value that builds a module from its inputs; numbers are
//! [`Int`](prelude::Int)s with exact ranges, so nothing is ever cut off silently; everything with state is declared
//! on `m`, the module being built. [`elaborate`](prelude::elaborate) turns a generator into a checked
//! [`Design`](ir::Design), which back ends print, simulate and prove.
//!
//! ```
//! use gatewright_dsl::prelude::*;
//!
//! /// Counts from 0 to `top` and starts again.
//! #[derive(Clone, PartialEq, Eq, Hash)]
//! struct Counter {
//!     top: u64,
//! }
//!
//! #[derive(Bundle)]
//! struct CounterIn {
//!     enable: Bool,
//! }
//!
//! impl Generator for Counter {
//!     type In = CounterIn;
//!     type Out = Int;
//!
//!     fn shape(&self) -> CounterInShape {
//!         CounterInShape { enable: BOOL }
//!     }
//!
//!     fn build(&self, m: &Module, i: CounterIn) -> Int {
//!         let count = m.reg("count", range(0..=self.top)).reset(0);
//!         m.when(i.enable, || count.set(count.q().next_wrapping(self.top + 1)));
//!         count.q()
//!     }
//! }
//!
//! let design = elaborate(&Counter { top: 9 }).unwrap();
//! assert_eq!(design.modules[design.top].regs.len(), 1);
//! ```

// The derive macros name this crate.
extern crate self as gatewright_dsl;

pub mod check;
pub mod diag;
pub mod emit;
pub mod estimate;
pub mod hw;
pub mod ids;
pub mod ir;
pub mod parts;
pub mod pass;
mod retime;
pub mod target;
pub mod ty;
pub mod value;

/// Everything that a description of hardware needs.
pub mod prelude {
    pub use crate::hw::bits::{BOOL, Bits, BitsTy, Bool, BoolTy, bits, concat, from_bools, word};
    pub use crate::hw::bundle::{Bundle, Shape, ToHw};
    pub use crate::hw::elaborate::{Options, elaborate, elaborate_with};
    pub use crate::hw::enums::{Enum, EnumTy, HwEnum};
    pub use crate::hw::external::ExternModule;
    pub use crate::hw::fixed::{Fixed, FixedTy, fixed, fixed_lit, ufixed};
    pub use crate::hw::int::{Int, Rounding, lit, reduce, sum};
    pub use crate::hw::linear::{LinearOutput, ShiftAdd, const_matvec};
    pub use crate::hw::mem::Mem;
    pub use crate::hw::module::{Generator, Module};
    pub use crate::hw::product::product_in_parts;
    pub use crate::hw::reg::{Reg, Wire};
    pub use crate::hw::select::select;
    pub use crate::hw::stream::{Beat, Stream, StreamIn, StreamInShape, StreamOut, StreamOutShape, StreamTy};
    pub use crate::ir::{Collision, Crossing, Design, Domain, Param, Polarity, ResetKind};
    pub use crate::target::Target;
    pub use crate::ty::{IntTy, Ty, range, sint, uint};
    pub use crate::value::Value;
}
