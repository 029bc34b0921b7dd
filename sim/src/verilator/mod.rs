//! Verilator as an engine: models of any design, built and loaded at run time.
//!
//! [`Verilated::new`] emits a design's Verilog, runs Verilator and the C++ compiler, and loads the result. Models are
//! cached by everything they are made from (see `cache`): the same design costs nothing the second time. Verilator is
//! the program that GATEWRIGHT_VERILATOR names, else `verilator` in PATH; without it there is
//! [`SimError::NoVerilator`].
//!
//! Checks are SystemVerilog assertions here. They are reported as the interpreter reports them, without values; cover
//! points are not counted.

#[cfg(feature = "build-script")]
pub mod build_script;
mod cache;
mod compile;
mod log;
mod model;
mod shim;
mod tool;

use std::path::PathBuf;

pub use compile::Sources;
pub use model::{Functions, Verilated};
pub use shim::{Role, Wire};
pub use tool::Tool;

use gatewright_dsl::emit::{self, EmitOptions, PinKind};
use gatewright_dsl::ids::Id;
use gatewright_dsl::ir::{Design, Dir, Domain, ModuleKind};

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
    /// A model of a verified design. Black boxes run as their simulation models.
    pub fn new(design: &Design) -> Result<Verilated, SimError> {
        Verilated::with(design, &Options::default())
    }

    /// A model of a verified design, made by these options.
    pub fn with(design: &Design, options: &Options) -> Result<Verilated, SimError> {
        let (sources, data) = Sources::of(design, "")?;
        let sources = match data.as_slice() {
            [] => sources,
            // The model reads them when it starts, wherever that is.
            data => Sources::of(design, &format!("{}/", compile::keep_data(options, data)?.display()))?.0,
        };
        Verilated::build(&sources, Interface::of(design)?, options, Checks::of(design))
    }

    /// A model that a build script linked into this program (see `build_script`, with the feature of that name); the
    /// design must be the one it was made from.
    ///
    /// # Safety
    /// `functions` are those that the build script made for the design with this digest.
    pub unsafe fn linked(functions: Functions, digest: &str, design: &Design) -> Result<Verilated, SimError> {
        let (sources, data) = Sources::of(design, "")?;
        if sources.digest(&data) != digest {
            let output = format!("the design `{}` is not the one the build script compiled", sources.top);
            return Err(SimError::Tool { stage: "starting a linked model".into(), output });
        }
        // SAFETY: by the contract of this function; equal digests have equal wires.
        unsafe { Verilated::start(functions, Interface::of(design)?, &sources.wires, Checks::of(design)) }
    }

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

/// A file: name and text.
type Text = (String, String);

impl Sources {
    /// The Verilog of a design, and the files that it reads when it runs, whose names get this prefix.
    fn of(design: &Design, data_prefix: &str) -> Result<(Sources, Vec<Text>), SimError> {
        if let Some((path, module)) = without_model(design) {
            return Err(SimError::NoModel { path, module });
        }
        let options = EmitOptions {
            source_map: false,
            // Moving a line in the source is no reason to build again.
            comments: false,
            models: true,
            memory_prefix: data_prefix.to_string(),
            ..EmitOptions::default()
        };
        let output = emit::emit(design, &options);
        let is_verilog = |f: &Text| f.0.ends_with(".v") || f.0.ends_with(".sv");
        let all = output.files.into_iter().filter(|f| !f.name.ends_with(".f")).map(|f| (f.name, f.text));
        let (files, data): (Vec<Text>, Vec<Text>) = all.partition(is_verilog);
        let domains = &design.modules[design.top].domains;
        let mut wires = Vec::new();
        for pin in emit::pins(design, design.top) {
            let missing = || SimError::Malformed(format!("no domain has the clock or reset `{}`", pin.name));
            let reset = |d: &Domain| d.reset.as_ref().is_some_and(|r| r.name == pin.name);
            let role = match pin.kind {
                PinKind::Clock => Role::Clock(domains.values().position(|d| d.clock == pin.name).ok_or_else(missing)?),
                PinKind::Reset(_) => Role::Reset(domains.values().position(reset).ok_or_else(missing)?),
                PinKind::Data(port, Dir::Input) => Role::Input(port.index()),
                PinKind::Data(port, Dir::Output) => Role::Output(port.index()),
            };
            wires.push(Wire { name: pin.name.clone(), width: pin.ty.width(), role });
        }
        Ok((Sources { top: output.top, files, wires }, data))
    }

    /// A hash of the files and the ports.
    fn digest(&self, data: &[Text]) -> String {
        let texts = self.files.iter().chain(data).flat_map(|(name, text)| [name.as_bytes(), text.as_bytes()]);
        let ports = shim::verilog(&self.top, &self.wires);
        cache::digest(texts.chain([ports.as_bytes()]))
    }

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
                    Dir::Input => Role::Input(n),
                    Dir::Output => Role::Output(n),
                };
                wires.push(Wire { name: pin.name.clone(), width: pin.ty.width(), role });
            }
        }
        Sources { top: interface.top.clone(), files, wires }
    }
}

/// A black box without a model somewhere below the top: the path of an instance, and its module.
fn without_model(design: &Design) -> Option<(String, String)> {
    let mut open = vec![(design.top, design.modules[design.top].name.clone())];
    let mut seen: Vec<bool> = design.modules.ids().map(|_| false).collect();
    while let Some((id, path)) = open.pop() {
        if std::mem::replace(&mut seen[id.index()], true) {
            continue;
        }
        let module = &design.modules[id];
        match module.kind {
            ModuleKind::Extern { model: None, .. } => return Some((path, module.name.clone())),
            ModuleKind::Extern { model: Some(model), .. } => open.push((model, path)),
            ModuleKind::Body => {
                open.extend(module.insts.values().map(|i| (i.module, format!("{path}.{}", i.name))));
            }
        }
    }
    None
}
