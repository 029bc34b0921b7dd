//! Verilator models of fixed designs, compiled by a build script and linked into the program.
//!
//! A build script calls [`compile`] with the designs; the crate includes what it wrote:
//!
//! ```ignore
//! include!(concat!(env!("OUT_DIR"), "/models.rs"));
//! ```
//!
//! There is then a function for each design, `fn name(design: &Design) -> Result<Verilated, SimError>`. Where Verilator
//! is missing the build goes on with a warning, and the functions return an error that says what to install.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use gatewright_dsl::ir::Design;

use super::compile::{CXX_FLAGS, Sources, units, verilate, write};
use super::{Options, Tool, shim};
use crate::error::SimError;

/// Compiles models of these designs and writes `models.rs` into OUT_DIR. The names become functions.
pub fn compile(designs: &[(&str, &Design)]) -> Result<(), SimError> {
    let out = std::env::var_os("OUT_DIR").map(PathBuf::from).ok_or_else(|| SimError::Tool {
        stage: "compiling fixed designs".into(),
        output: "there is no OUT_DIR; call this from a build script".into(),
    })?;
    for name in ["GATEWRIGHT_VERILATOR", "CXX", "PATH"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    let mut rust = String::from("// Models of fixed designs.\n");
    match Tool::find() {
        Ok(tool) => {
            let mut build = library(&tool, &out)?;
            for (name, design) in designs {
                model(&tool, name, design, &out, &mut build)?;
                let (sources, data) = Sources::of(design, "")?;
                linked(&mut rust, name, &sources.digest(&data));
            }
            build
                .try_compile("gatewright_models")
                .map_err(|e| SimError::Tool { stage: "compiling fixed designs".into(), output: e.to_string() })?;
        }
        Err(e) => {
            println!("cargo::warning={e}");
            for (name, _) in designs {
                missing(&mut rust, name);
            }
        }
    }
    write(out.join("models.rs"), &rust)
}

/// The compilation of Verilator's runtime, to which models are added.
fn library(tool: &Tool, out: &Path) -> Result<cc::Build, SimError> {
    let (header, hooks) = (out.join("gatewright.h"), out.join("hooks.cpp"));
    write(header.clone(), shim::HEADER)?;
    write(hooks.clone(), shim::HOOKS)?;
    let mut build = cc::Build::new();
    build.cpp(true).warnings(false).opt_level(1).flag("-include").flag(header);
    for flag in CXX_FLAGS {
        build.flag(flag);
    }
    build.flag("-DVM_TRACE=0").flag("-DVM_TRACE_FST=0").flag("-DVM_TRACE_VCD=0");
    build.include(&tool.include).include(tool.include.join("vltstd"));
    build.file(hooks);
    for name in ["verilated.cpp", "verilated_threads.cpp"] {
        build.file(tool.include.join(name));
    }
    Ok(build)
}

fn prefix(name: &str) -> String {
    format!("Vgw_{name}")
}

fn model(tool: &Tool, name: &str, design: &Design, out: &Path, build: &mut cc::Build) -> Result<(), SimError> {
    let prefix = prefix(name);
    let dir = out.join(name);
    // What an earlier run wrote may not be part of this one.
    let _ = std::fs::remove_dir_all(&dir);
    let (sources, data) = Sources::of(design, &format!("{}/data/", dir.display()))?;
    for (file, text) in &data {
        write(dir.join("data").join(file), text)?;
    }
    let mut files = verilate(tool, &sources, &Options::default(), &prefix, &dir)?;
    let obj = dir.join("obj");
    let interface = obj.join("gw_shim.cpp");
    write(interface.clone(), &shim::interface(&prefix, &sources.wires, false))?;
    files.push(interface);
    for (n, unit) in units(&files).iter().enumerate() {
        let path = obj.join(format!("gw_unit_{name}_{n}.cpp"));
        write(path.clone(), unit)?;
        build.file(path);
    }
    build.include(obj);
    Ok(())
}

fn linked(rust: &mut String, name: &str, digest: &str) {
    let p = prefix(name);
    let _ = write!(
        rust,
        "
/// A model of the fixed design `{name}`.
pub fn {name}(
    design: &gatewright_dsl::ir::Design,
) -> Result<gatewright_sim::Verilated, gatewright_sim::SimError> {{
    use std::ffi::{{c_char, c_void}};
    unsafe extern \"C\" {{
        fn {p}_new() -> *mut c_void;
        fn {p}_free(model: *mut c_void);
        fn {p}_pins(model: *mut c_void, out: *mut *mut c_void);
        fn {p}_eval(model: *mut c_void, length: *mut usize) -> *const c_char;
        fn {p}_open(model: *mut c_void, path: *const c_char);
        fn {p}_dump(model: *mut c_void, time: u64);
    }}
    let functions = gatewright_sim::verilator::Functions {{
        new: {p}_new,
        free: {p}_free,
        pins: {p}_pins,
        eval: {p}_eval,
        open: {p}_open,
        dump: {p}_dump,
    }};
    // SAFETY: the build script compiled these functions for the design with this digest.
    unsafe {{ gatewright_sim::Verilated::linked(functions, \"{digest}\", design) }}
}}
"
    );
}

fn missing(rust: &mut String, name: &str) {
    let _ = write!(
        rust,
        "
/// A model of the fixed design `{name}`, for which Verilator was missing when this was built.
pub fn {name}(
    _: &gatewright_dsl::ir::Design,
) -> Result<gatewright_sim::Verilated, gatewright_sim::SimError> {{
    let tried = \"when this test was built; build again after installing it\".into();
    Err(gatewright_sim::SimError::NoVerilator {{ tried }})
}}
"
    );
}
