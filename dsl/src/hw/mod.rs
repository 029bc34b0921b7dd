//! What users touch: values, bundles, streams, registers, memories, conditions, modules.

pub mod bits;
pub mod bundle;
pub(crate) mod context;
pub mod elaborate;
pub mod enums;
pub mod external;
mod finish;
pub mod fixed;
pub mod int;
pub mod mem;
pub mod module;
pub mod names;
mod naming;
pub mod pipelined;
mod refine;
pub mod reg;
pub mod select;
pub mod stream;
pub mod when;

pub use context::Raw;
