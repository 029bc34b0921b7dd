//! What users touch: values, bundles, streams, registers, memories, conditions, modules.
//!
//! Handles belong to the elaboration of a thread, and no handle can be sent to another one:
//!
//! ```
//! fn any<T>() {}
//! any::<gatewright_dsl::prelude::Int>();
//! ```
//!
//! ```compile_fail,E0277
//! fn sent<T: Send>() {}
//! sent::<gatewright_dsl::prelude::Int>();
//! ```
//!
//! ```compile_fail,E0277
//! fn sent<T: Send>() {}
//! sent::<gatewright_dsl::prelude::Mem<gatewright_dsl::prelude::Int>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn sent<T: Send>() {}
//! sent::<gatewright_dsl::prelude::Reg<gatewright_dsl::prelude::Bool>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn shared<T: Sync>() {}
//! shared::<gatewright_dsl::prelude::Module>();
//! ```
//!
//! A stream is used once, and every field of a bundle is given:
//!
//! ```compile_fail,E0382
//! # use gatewright_dsl::prelude::*;
//! fn twice(m: &Module, s: Stream<Int>) -> (Stream<Int>, Stream<Int>) {
//!     (s.fifo(m, 4), s.regslice(m))
//! }
//! ```
//!
//! ```compile_fail,E0063
//! # use gatewright_dsl::prelude::*;
//! #[derive(Bundle)]
//! struct Pair {
//!     a: Int,
//!     b: Int,
//! }
//! fn shape() -> PairShape {
//!     PairShape { a: uint(8) }
//! }
//! ```
//!
//! The words of the compiler for these and other mistakes are in `tests/compile_fail`.
//!
//! Nor are handles compared or ordered by Rust, which would compare ids of wires:
//!
//! ```compile_fail,E0369
//! # use gatewright_dsl::prelude::*;
//! fn same(a: Int, b: Int) -> bool {
//!     a == b
//! }
//! ```

pub mod bits;
pub mod bundle;
pub(crate) mod clock;
pub(crate) mod context;
pub mod elaborate;
pub mod enums;
pub mod external;
mod finish;
pub mod fixed;
pub mod int;
pub mod linear;
pub mod mem;
pub mod module;
pub mod names;
mod naming;
pub mod pipelined;
pub mod product;
mod refine;
pub mod reg;
pub mod select;
pub mod stream;
pub mod when;

pub use context::Raw;
