//! Verilator as an engine: models of any design, built and loaded at run time.
//!
//! [`Verilated::new`] emits a design's Verilog, runs Verilator and the C++ compiler, and loads the result. Models are
//! cached by everything they are made from (see `cache`): the same design costs nothing the second time. Verilator is
//! the program that GATEWRIGHT_VERILATOR names, else `verilator` in PATH; without it there is
//! [`SimError::NoVerilator`].
//!
//! Checks are SystemVerilog assertions here. They are reported as the interpreter reports them, without values; cover
//! points are not counted.

mod cache;
mod compile;
mod log;
mod model;
mod shim;
mod tool;

use std::path::PathBuf;

pub use compile::Sources;
pub use model::Verilated;
pub use shim::{Role, Wire};
pub use tool::Tool;

use self::log::Checks;
use crate::dut::Interface;
use crate::error::SimError;

/// How a model is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// Evaluate the design's checks.
    pub assertions: bool,
    /// Make a model that can write its own trace.
    pub trace: bool,
    /// The C++ compiler's option for optimisation.
    pub optimise: String,
    /// More arguments for Verilator.
    pub verilator_flags: Vec<String>,
    /// The program; `None`: [`Tool::find`].
    pub verilator: Option<PathBuf>,
    /// The cache's folder; `None`: GATEWRIGHT_CACHE, else `gatewright` in the user's cache folder.
    pub cache: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            assertions: true,
            trace: false,
            optimise: "-O1".into(),
            verilator_flags: Vec::new(),
            verilator: None,
            cache: None,
        }
    }
}

impl Options {
    fn tool(&self) -> Result<Tool, SimError> {
        self.verilator.as_ref().map_or_else(Tool::find, Tool::at)
    }
}

impl Verilated {
    /// A model of Verilog that comes from elsewhere, with the ports of `interface`.
    pub fn of_sources(sources: &Sources, interface: Interface, options: &Options) -> Result<Verilated, SimError> {
        let checks = Checks::unknown(&interface.top);
        Verilated::build(sources, interface, options, checks)
    }

    fn build(
        sources: &Sources,
        interface: Interface,
        options: &Options,
        checks: Checks,
    ) -> Result<Verilated, SimError> {
        let library = compile::library(&options.tool()?, sources, options)?;
        Verilated::load(&library, compile::PREFIX, interface, &sources.wires, checks)
    }
}

impl Sources {
    /// Verilog files whose top has the ports that `interface` names: clocks and resets, and data ports with wires.
    pub fn of_verilog(interface: &Interface, files: Vec<(String, String)>) -> Sources {
        let mut wires = Vec::new();
        for (n, clock) in interface.clocks.iter().enumerate() {
            wires.push(Wire { name: clock.clock.clone(), width: 1, role: Role::Clock(n) });
            if let Some(reset) = &clock.reset {
                wires.push(Wire { name: reset.name.clone(), width: 1, role: Role::Reset(n) });
            }
        }
        for (n, pin) in interface.pins.iter().enumerate() {
            if pin.ty.as_constant().is_none() {
                let role = match pin.dir {
                    gatewright_dsl::ir::Dir::Input => Role::Input(n),
                    gatewright_dsl::ir::Dir::Output => Role::Output(n),
                };
                wires.push(Wire { name: pin.name.clone(), width: pin.ty.width(), role });
            }
        }
        Sources { top: interface.top.clone(), files, wires }
    }
}
