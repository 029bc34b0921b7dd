//! The outside of a block: its ports by name, and how those of two sides are compared.

use gatewright_dsl::ty::Ty;
use rust_hdl_core::prelude::*;

/// A port of a rust_hdl block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Port {
    /// Its id among all signals.
    pub id: usize,
    /// The name as rust_hdl writes it in Verilog, with `$` between the parts of an interface.
    pub verilog: String,
    pub width: usize,
    pub signed: bool,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Clock,
    Input,
    Output,
    /// A direction that no port of ours has.
    InOut,
}

impl Port {
    /// The name as our side knows it.
    pub fn name(&self) -> String {
        self.verilog.replace('$', "_")
    }
}

/// Collects the ports of the outermost block.
#[derive(Default)]
struct Outside {
    depth: usize,
    /// Interfaces around, by name.
    around: Vec<String>,
    ports: Vec<Port>,
}

impl Probe for Outside {
    fn visit_start_scope(&mut self, _: &str, _: &dyn Block) {
        self.depth += 1;
    }
    fn visit_end_scope(&mut self, _: &str, _: &dyn Block) {
        self.depth -= 1;
    }
    fn visit_start_namespace(&mut self, name: &str, _: &dyn Block) {
        self.around.push(name.into());
    }
    fn visit_end_namespace(&mut self, _: &str, _: &dyn Block) {
        self.around.pop();
    }
    fn visit_atom(&mut self, name: &str, atom: &dyn Atom) {
        let descriptor = atom.descriptor();
        let kind = match atom.kind() {
            AtomKind::InputParameter if descriptor.name == Clock::descriptor().name => Kind::Clock,
            AtomKind::InputParameter => Kind::Input,
            AtomKind::OutputParameter | AtomKind::OutputPassthrough => Kind::Output,
            AtomKind::InOutParameter => Kind::InOut,
            _ => return,
        };
        if self.depth == 1 {
            let verilog = self.around.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("$");
            let signed = matches!(descriptor.kind, TypeKind::Signed(_));
            self.ports.push(Port { id: atom.id(), verilog, width: atom.bits(), signed, kind });
        }
    }
}

/// The ports of a block, in its order.
pub(crate) fn ports_of(block: &dyn Block) -> Vec<Port> {
    let mut outside = Outside::default();
    block.accept("block", &mut outside);
    outside.ports
}

/// How a port of ours and one of rust_hdl's differ: a sentence, or `None` where they fit. `ours` is input or output.
pub(crate) fn differ(name: &str, ty: Ty, output: bool, theirs: &Port) -> Option<String> {
    let ours = if output { "an output" } else { "an input" };
    match theirs.kind {
        Kind::InOut => return Some(format!("`{name}` goes both ways, for which Gatewright has no port")),
        Kind::Clock => return Some(format!("`{name}` is a clock, and {ours} here")),
        Kind::Input if output => return Some(format!("`{name}` is an input in rust_hdl, and {ours} here")),
        Kind::Output if !output => return Some(format!("`{name}` is an output in rust_hdl, and {ours} here")),
        _ => {}
    }
    if ty.width() as usize != theirs.width {
        return Some(format!(
            "`{name}` has {} in rust_hdl, and {} here ({ty})",
            bits(theirs.width),
            bits(ty.width() as usize)
        ));
    }
    let signed = matches!(ty, Ty::Int(range) if range.is_signed());
    match (ty, theirs.signed) {
        (Ty::Int(_), true) if !signed => Some(format!(
            "`{name}` is `Signed` in rust_hdl, and never negative here ({ty}); write `sint` or another width"
        )),
        (Ty::Int(_), false) if signed => Some(format!(
            "`{name}` is `Bits` in rust_hdl, and can be negative here ({ty}); make it `Signed`, or a `word` here"
        )),
        _ => None,
    }
}

fn bits(n: usize) -> String {
    if n == 1 { "1 bit".into() } else { format!("{n} bits") }
}
