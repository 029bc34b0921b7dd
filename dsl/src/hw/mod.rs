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
