//! A rust_hdl block as a leaf of our design.

use std::hash::Hash;

use gatewright_dsl::hw::bundle::{Leaf as LeafTy, Role};
use gatewright_dsl::prelude::*;
use rust_hdl_core::prelude::{Block, ModuleDefines, check_all, simulate};

use crate::error::InteropError;
use crate::outside::{self, Kind, Port};
use crate::word::Wire;

/// A rust_hdl block described as a plain value: what it is called, how it is made, and what its ports are here.
///
/// The names of ports are those of `In` and `Out`, paths joined with `_`, and have to be rust_hdl's (where an interface
/// of rust_hdl has `$` between, there is `_` here). Widths have to be equal; a `Signed` port is a range with negative
/// numbers here, a `Bits` port one without, and either may be a `word`. The clock, if there is one, is none of the ports:
/// it is the clock where the leaf is instantiated.
pub trait RustHdl: Clone + Eq + Hash + 'static {
    /// The inputs.
    type In: Bundle;
    /// The outputs.
    type Out: Bundle;
    /// The block.
    type Block: Block + 'static;
    /// The name of the module in Verilog. Values that differ need different names: by the name alone a black box is known
    /// in a finished design.
    fn name(&self) -> String;
    /// Makes the block. Its widths are parameters of its type, so that a value here is often a type of its own there.
    fn block(&self) -> Self::Block;
    /// All signals at the block's edge, in any order, the clock too.
    fn wires<'a>(&self, block: &'a mut Self::Block) -> Vec<&'a mut dyn Wire>;
    /// The types of the inputs.
    fn shape(&self) -> <Self::In as Bundle>::Shape;
    /// The types of the outputs. Simulators check that values lie in their ranges.
    fn out_shape(&self) -> <Self::Out as Bundle>::Shape;
    /// Pairs of port names (input, output) with a combinational path; `None` where any may have one. Only with all paths
    /// named can the leaf stand in a loop that registers inside of it cut. [`Cosim`](crate::Cosim) reports a path that is
    /// not named.
    fn paths(&self) -> Option<Vec<(String, String)>> {
        None
    }
}

/// A rust_hdl block as a black box, for [`Module::extern_inst`]. Ports that do not fit are reported (E0109) where it is
/// instantiated.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Leaf<T>(pub T);

impl<T: RustHdl> ExternModule for Leaf<T> {
    type In = T::In;
    type Out = T::Out;
    fn verilog_name(&self) -> String {
        self.0.name()
    }
    fn shape(&self) -> <T::In as Bundle>::Shape {
        self.0.shape()
    }
    fn out_shape(&self) -> <T::Out as Bundle>::Shape {
        self.0.out_shape()
    }
    fn clocked(&self) -> bool {
        outside::ports_of(&self.0.block()).iter().any(|p| p.kind == Kind::Clock)
    }
    fn paths(&self) -> Option<Vec<(String, String)>> {
        self.0.paths()
    }
    /// No model: [`Cosim`](crate::Cosim) runs the block itself. It is checked here, once for each design.
    fn model(&self, m: &Module, _: T::In) -> Option<T::Out> {
        if let Err(e) = self.check() {
            m.refuse(&e.to_string(), "make the ports of both sides the same: names, directions, widths and signs");
        }
        None
    }
}

/// A port of ours.
struct Ours {
    name: String,
    ty: Ty,
    output: bool,
}

fn ours<S: Shape>(shape: &S, output: bool, empty: &str) -> Vec<Ours> {
    let mut all = Vec::new();
    shape.leaves(&mut Default::default(), &mut |path, leaf: LeafTy| {
        let joined = path.joined();
        let name = match joined.chars().next() {
            None => empty.to_string(),
            Some(c) if c.is_ascii_digit() => format!("{empty}_{joined}"),
            Some(_) => joined,
        };
        all.push(Ours { name, ty: leaf.ty, output: output != (leaf.role == Role::Ready) });
    });
    all
}

impl<T: RustHdl> Leaf<T> {
    /// Whether the block's ports are those that `In` and `Out` say, and rust_hdl's own checks pass. Instantiation does
    /// the same.
    ///
    /// # Errors
    /// All that does not fit.
    pub fn check(&self) -> Result<(), InteropError> {
        let block = self.0.name();
        let mut made = self.0.block();
        made.connect_all();
        check_all(&made).map_err(|e| InteropError::Refused { block: block.clone(), what: format!("{e:?}") })?;
        let ports = outside::ports_of(&made);
        let clocks: Vec<String> = ports.iter().filter(|p| p.kind == Kind::Clock).map(Port::name).collect();
        if clocks.len() > 1 {
            return Err(InteropError::Clocks { name: block, clocks });
        }
        let mut found = Vec::new();
        let mut ours_all = ours(&self.0.shape(), false, "in");
        ours_all.extend(ours(&self.0.out_shape(), true, "out"));
        for port in &ours_all {
            match ports.iter().find(|p| p.name() == port.name) {
                None => found.push(format!("rust_hdl's block has no port `{}`", port.name)),
                Some(theirs) => found.extend(outside::differ(&port.name, port.ty, port.output, theirs)),
            }
        }
        let wires: Vec<usize> = self.0.wires(&mut made).iter().map(|w| w.id()).collect();
        for port in &ports {
            let name = port.name();
            if port.kind != Kind::Clock && !ours_all.iter().any(|o| o.name == name) {
                let what = if port.kind == Kind::Output { "output" } else { "input" };
                found.push(format!("rust_hdl's {what} `{name}` is missing here"));
            }
            if !wires.contains(&port.id) {
                found.push(format!("`wires` leaves out `{name}`"));
            }
        }
        if found.is_empty() { Ok(()) } else { Err(InteropError::Ports { block, found }) }
    }
}

/// What simulators and writers need of a leaf, whatever its type.
pub trait AnyLeaf {
    /// The module's name in Verilog.
    fn name(&self) -> String;
    /// A block that runs.
    fn model(&self) -> Result<Box<dyn Model>, InteropError>;
    /// The block's Verilog, with `name` as its module, and the names of its ports here and there.
    fn verilog(&self, name: &str) -> (String, Vec<(String, String)>);
    /// The name of its clock there, where it has one.
    fn clock(&self) -> Option<String>;
}

/// A block that runs.
pub trait Model {
    /// Sets an input by its name here.
    fn set(&mut self, port: &str, value: &Value);
    /// Sets the clock.
    fn set_clock(&mut self, level: bool);
    /// An output by its name here.
    fn get(&mut self, port: &str) -> Value;
    /// Lets values settle; false where they do not.
    fn settle(&mut self) -> bool;
}

struct Running<T: RustHdl> {
    leaf: T,
    block: T::Block,
    /// The position of each port among the wires; the clock's.
    places: Vec<(String, usize)>,
    clock: Option<usize>,
}

/// rust_hdl's own simulation gives up after as many.
const ROUNDS: usize = 100;

impl<T: RustHdl> Model for Running<T> {
    fn set(&mut self, port: &str, value: &Value) {
        if let Some((_, n)) = self.places.iter().find(|(name, _)| name == port) {
            self.leaf.wires(&mut self.block)[*n].set(value);
        }
    }
    fn set_clock(&mut self, level: bool) {
        if let Some(n) = self.clock {
            self.leaf.wires(&mut self.block)[n].set(&level.into());
        }
    }
    fn get(&mut self, port: &str) -> Value {
        let place = self.places.iter().find(|(name, _)| name == port);
        place.map_or(Value::ZERO, |(_, n)| self.leaf.wires(&mut self.block)[*n].get())
    }
    fn settle(&mut self) -> bool {
        simulate(&mut self.block, ROUNDS)
    }
}

impl<T: RustHdl> AnyLeaf for Leaf<T> {
    fn name(&self) -> String {
        self.0.name()
    }
    fn model(&self) -> Result<Box<dyn Model>, InteropError> {
        self.check()?;
        let mut block = self.0.block();
        block.connect_all();
        let ports = outside::ports_of(&block);
        let ids: Vec<usize> = self.0.wires(&mut block).iter().map(|w| w.id()).collect();
        let mut places = Vec::new();
        let mut clock = None;
        for port in ports {
            let Some(n) = ids.iter().position(|id| *id == port.id) else { continue };
            if port.kind == Kind::Clock {
                clock = Some(n);
            } else {
                places.push((port.name(), n));
            }
        }
        Ok(Box::new(Running { leaf: self.0.clone(), block, places, clock }))
    }
    fn verilog(&self, name: &str) -> (String, Vec<(String, String)>) {
        let mut block = self.0.block();
        block.connect_all();
        let mut defines = ModuleDefines::default();
        block.accept(name, &mut defines);
        let data = outside::ports_of(&block).into_iter().filter(|p| p.kind != Kind::Clock);
        (defines.defines(), data.map(|p| (p.name(), p.verilog)).collect())
    }
    fn clock(&self) -> Option<String> {
        outside::ports_of(&self.0.block()).into_iter().find(|p| p.kind == Kind::Clock).map(|p| p.verilog)
    }
}

/// The leaf of this name.
pub(crate) fn find<'a>(leaves: &[&'a dyn AnyLeaf], name: &str) -> Result<Option<&'a dyn AnyLeaf>, InteropError> {
    let mut found = leaves.iter().filter(|l| l.name() == name);
    let first = found.next();
    if found.next().is_some() {
        return Err(InteropError::SameName(name.into()));
    }
    Ok(first.copied())
}
