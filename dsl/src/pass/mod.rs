//! Passes: each rewrites a verified design into a simpler one that does the same wherever claims and input ranges hold.
//!
//! A pass keeps every invariant of the [verifier](crate::ir::verify), changes no port, and keeps the nodes that the user
//! named. Passes run by name, and running one twice is running it once.

use std::fmt;

use crate::ir::Design;

pub mod dead;
pub mod expand;
pub mod fold;
pub mod name;
pub mod narrow;
pub mod rewrite;
pub mod share;
#[cfg(test)]
pub(crate) mod testing;

/// A pass that can be run by name.
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// The pass.
    pub run: fn(&mut Design),
}

/// All passes, in an order that makes sense.
pub const PASSES: &[Pass] = &[
    Pass { name: "narrow", summary: "shrink ranges to what values can reach", run: narrow::run },
    Pass { name: "fold", summary: "compute constants, simplify what algebra or ranges decide", run: fold::run },
    Pass { name: "share", summary: "one node for equal ones", run: share::run },
    Pass { name: "dead", summary: "drop what nothing observable needs", run: dead::run },
    Pass { name: "expand", summary: "write matrix-vector products as their additions", run: expand::run },
    Pass { name: "name", summary: "name the nodes that become Verilog wires", run: name::run },
];

/// A name that no pass has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPass(pub String);

impl fmt::Display for UnknownPass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = PASSES.iter().map(|p| p.name).collect();
        write!(f, "there is no pass `{}`; the passes are {}", self.0, names.join(", "))
    }
}
impl std::error::Error for UnknownPass {}

/// The pass of this name.
pub fn find(name: &str) -> Result<Pass, UnknownPass> {
    PASSES.iter().copied().find(|p| p.name == name).ok_or_else(|| UnknownPass(name.to_string()))
}

/// Runs the named passes in order; runs none where a name is not known. The design has passed the verifier.
pub fn run(design: &mut Design, names: &[impl AsRef<str>]) -> Result<(), UnknownPass> {
    let passes: Vec<Pass> = names.iter().map(|n| find(n.as_ref())).collect::<Result<_, _>>()?;
    passes.iter().for_each(|p| (p.run)(design));
    Ok(())
}
