//! The invariants of a design. Whoever makes or changes a design keeps them; whoever reads one may rely on them.
//!
//! - **V01** The top exists and has a body.
//! - **V02** Every id lies in its table. A design without a table of places has place 0 everywhere.
//! - **V03** Children, and models of black boxes, stand before the modules that use them; callers before their places.
//! - **V04** A module's name is an identifier and unique in the design; black boxes that differ in their parameters may
//!   share theirs.
//! - **V05** Names in a module are identifiers, and unique among its ports, clocks and resets; its registers; its wires;
//!   its memories; its children; its checks.
//! - **V06** No type is wider than [`MAX_WIDTH`](crate::ty::MAX_WIDTH).
//! - **V07** An input has no driver; an output has one, but in a black box.
//! - **V08** The driver of an output fits its port.
//! - **V09** A node that takes the value of a port, register, wire, field or child has a type inside of the declared one,
//!   and ports are used in their direction.
//! - **V10** Operands are of the kinds that [`rules`](super::rules) want, and a node's type lies inside of the result's.
//! - **V11** The type of a constant integer is the range of this one value; a constant word lies in its width.
//! - **V12** The index of a `select` is an integer inside of the list; choices and result are as for `mux`.
//! - **V13** A slice is a word and lies inside of its operand, a word.
//! - **V14** A concatenation is a word of words and as wide as they are together.
//! - **V15** A wrap leads from an integer to a full power-of-two range.
//! - **V16** A claim leads from an integer to an integer, and at least one check goes with it.
//! - **V17** A refinement leads from an integer to an integer, and is used only as a choice of a `mux` or `select`, a
//!   value in a decision tree, or address or data of a memory write.
//! - **V18** Conditions, enables, masks and checked values are one bit.
//! - **V19** Values fit the registers and wires that they are set to.
//! - **V20** A wire is driven on every path.
//! - **V21** The values of a switch are in the subject's range, and none stands twice.
//! - **V22** Reset values and those at power-up are in the register's range, and a register has only one of the two; contents
//!   of memories are in the field's.
//! - **V23** A memory has at least one field, 1 to 2^24 words, and contents for none or all of them.
//! - **V24** The address of a read is an integer below the depth, of a write an integer; a write has one fitting value per
//!   field, and one mask bit per field or none; only a synchronous read has an enable. Where reads and writes have
//!   different clocks, collisions are undefined.
//! - **V25** An instance gives each domain of its child a domain, and each input of it, in order, a fitting value.
//! - **V26** There is no combinational loop, also not through children.
//! - **V27** Decision trees nest at most [`MAX_NESTING`](super::visit::MAX_NESTING) deep.
//! - **V28** A stream's `valid`, `ready` and `last` are one bit; all but `ready` have its direction, and `ready` the other.
//! - **V29** A claim's check names a claim, an input check an input, a collision check a memory with undefined collisions.
//! - **V30** A black box has ports and domains only; its paths lead from inputs to outputs. Its model has a body, equal
//!   ports and as many domains, and no path that the black box does not declare.
//! - **V31** In a decision tree `seq` rises from statement to statement in the order of the text, into nested ones too.
//! - **V32** The inputs of a matrix-vector product are integers. Its steps name inputs and steps before them, its sums name
//!   values there are, and neither shifts by more than [`MAX_WIDTH`](crate::ty::MAX_WIDTH). The inputs that a sum has weights
//!   for rise.
//! - **V33** The weights of a sum are those that its graph of additions computes.
//! - **V34** No coefficient and no value of the graph, also as [`expand`](crate::pass::expand) writes it, is wider than
//!   [`MAX_WIDTH`](crate::ty::MAX_WIDTH).
//!
//! - **V35** In a matrix-vector product with stages, every input, step and sum has one, and none is before those that it is
//!   computed from. An input has a node for each stage up to that of each sum that reaches it; each of them is a register
//!   of the product's clock, without reset, that takes the one before, or both are one constant.
//!
//! V27, V01 to V03, V06, V32 and the numbers of stages are looked at first; where they are broken, the others are not looked at.

use std::fmt;

use super::order::{Loop, Summaries, order, summarise};
use super::{Design, Dir, Module, ModuleKind};
use crate::ids::{Id, ModuleId, PlaceId};

mod ids;
mod matvecs;
mod module;
mod nodes;
mod state;

/// How many errors are collected.
pub const MAX_ERRORS: usize = 100;

/// A broken invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    /// The number of the invariant.
    pub rule: u8,
    /// The module's name, empty where it is about the design.
    pub module: String,
    /// What in the module, as the text form writes it.
    pub what: String,
    /// What is wrong.
    pub message: String,
    /// Where that was written.
    pub place: PlaceId,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "V{:02}", self.rule)?;
        for part in [&self.module, &self.what] {
            if !part.is_empty() {
                write!(f, " {part}")?;
            }
        }
        write!(f, ": {}", self.message)
    }
}
impl std::error::Error for VerifyError {}

/// Checks all invariants; gives the first [`MAX_ERRORS`] that are broken.
pub fn verify(design: &Design) -> Result<(), Vec<VerifyError>> {
    let mut errors = Errors(Vec::new());
    ids::check(design, &mut errors);
    if errors.0.is_empty() {
        module::check_names(design, &mut errors);
        for id in design.modules.ids() {
            let mut c = Checker { design, m: &design.modules[id], errors: &mut errors };
            c.ports();
            c.nodes();
            c.matvecs();
            c.state();
        }
        loops(design, &mut errors);
    }
    if errors.0.is_empty() { Ok(()) } else { Err(errors.0) }
}

/// What was found so far.
struct Errors(Vec<VerifyError>);

impl Errors {
    fn push(&mut self, rule: u8, module: &str, what: impl fmt::Display, place: PlaceId, message: impl fmt::Display) {
        if self.0.len() < MAX_ERRORS {
            let (module, what, message) = (module.to_string(), what.to_string(), message.to_string());
            self.0.push(VerifyError { rule, module, what, message, place });
        }
    }
}

/// Checks one module whose ids are in range.
struct Checker<'a> {
    design: &'a Design,
    m: &'a Module,
    errors: &'a mut Errors,
}

impl Checker<'_> {
    fn fail(&mut self, rule: u8, what: impl fmt::Display, place: PlaceId, message: impl fmt::Display) {
        self.errors.push(rule, &self.m.name, what, place, message);
    }
}

/// V26, and V30 as far as it is about paths.
fn loops(design: &Design, errors: &mut Errors) {
    let mut summaries = Summaries::new();
    for (id, m) in design.modules.iter() {
        match order(m, &summaries) {
            Ok(order) => {
                let summary = summarise(m, &order, &summaries);
                summaries.push(summary);
                model_paths(design, id, &summaries, errors);
            }
            Err(Loop(items)) => {
                let shown: Vec<String> = items.iter().take(20).map(ToString::to_string).collect();
                let more = if items.len() > 20 { format!(" and {} more", items.len() - 20) } else { String::new() };
                let message = format!("a combinational loop through {}{more}", shown.join(", "));
                errors.push(26, &m.name, shown[0].as_str(), m.place, message);
                // Parents are checked as if nothing passed through.
                let mut summary = super::order::Summary::default();
                summary.depends.resize(m.ports.len(), Vec::new());
                summaries.push(summary);
            }
        }
    }
}

fn model_paths(design: &Design, id: ModuleId, summaries: &Summaries, errors: &mut Errors) {
    let m = &design.modules[id];
    let ModuleKind::Extern { model: Some(model), .. } = m.kind else {
        return;
    };
    for (port, p) in m.ports.iter().filter(|(_, p)| p.dir == Dir::Output) {
        let declared = &summaries[id].depends[port.index()];
        let Some(in_model) = summaries[model].depends.get(port.index()) else {
            continue;
        };
        if let Some(input) = in_model.iter().find(|input| declared.binary_search(input).is_err()) {
            let message = format!("the model has a path from {input} that the black box does not declare");
            errors.push(30, &m.name, port, p.place, message);
        }
    }
}
