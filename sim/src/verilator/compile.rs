//! From Verilog to a shared library: Verilator, then the C++ compiler; everything cached.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Options;
use super::cache::{Cache, digest};
use super::shim::{self, Wire};
use super::tool::{Job, Tool, command, compiler, run};
use crate::error::SimError;

/// A Verilog design with what is known of its ports.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The top module.
    pub top: String,
    /// All files: name and text. Files ending in `.v` and `.sv` are compiled.
    pub files: Vec<(String, String)>,
    /// The ports of the top module.
    pub wires: Vec<Wire>,
}

/// The class of every model that is loaded at run time.
pub(super) const PREFIX: &str = "Vgw";

/// Compiler options of the runtime and the models.
pub(super) const CXX_FLAGS: &[&str] = &[
    "-std=gnu++17",
    "-fPIC",
    "-fvisibility=hidden",
    "-fvisibility-inlines-hidden",
    "-fno-gnu-unique",
    "-fno-strict-aliasing",
    "-w",
    "-DVERILATOR=1",
    "-DVM_COVERAGE=0",
    "-DVM_SC=0",
];

pub(super) fn write(path: PathBuf, text: &str) -> Result<(), SimError> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|e| SimError::io(parent, e))?;
    }
    fs::write(&path, text).map_err(|e| SimError::io(&path, e))
}

/// A compiler command with the runtime's folders and hooks.
fn cxx(tool: &Tool, header: &Path, trace: bool) -> Command {
    let mut command = command(&compiler());
    command.args(CXX_FLAGS).arg(format!("-DVM_TRACE={}", u8::from(trace))).arg("-DVM_TRACE_FST=0");
    command.arg(format!("-DVM_TRACE_VCD={}", u8::from(trace)));
    command.arg("-include").arg(header);
    command.arg("-I").arg(&tool.include).arg("-I").arg(tool.include.join("vltstd"));
    command
}

/// Verilator's runtime as an archive, compiled once per version.
fn runtime(cache: &Cache, tool: &Tool, trace: bool) -> Result<PathBuf, SimError> {
    let flags = CXX_FLAGS.join(" ");
    let compiler = compiler();
    let compiler_version = run("asking the C++ compiler for its version", command(&compiler).arg("--version"))?;
    let key = digest([
        tool.version.as_bytes(),
        tool.include.to_string_lossy().as_bytes(),
        flags.as_bytes(),
        compiler_version.as_bytes(),
        shim::HEADER.as_bytes(),
        shim::HOOKS.as_bytes(),
        &[u8::from(trace)],
    ]);
    let dir = cache.entry("runtime", &key, "runtime.a", |dir| {
        let header = dir.join("gatewright.h");
        write(header.clone(), shim::HEADER)?;
        write(dir.join("hooks.cpp"), shim::HOOKS)?;
        let mut sources = vec![dir.join("hooks.cpp")];
        // Threads live in a file of their own since version 4.
        let wanted: &[&str] = if trace { &["verilated_vcd_c.cpp"] } else { &[] };
        for name in ["verilated.cpp", "verilated_threads.cpp"].iter().chain(wanted) {
            sources.push(tool.include.join(name));
        }
        let mut archive = Command::new("ar");
        archive.arg("crs").arg(dir.join("runtime.a"));
        for (n, source) in sources.iter().enumerate() {
            let _job = Job::wait();
            let object = dir.join(format!("{n}.o"));
            let mut command = cxx(tool, &header, trace);
            run("compiling Verilator's runtime", command.arg("-O2").arg("-c").arg(source).arg("-o").arg(&object))?;
            archive.arg(object);
        }
        run("making an archive of Verilator's runtime", &mut archive).map(drop)
    })?;
    Ok(dir)
}

/// Arguments of Verilator other than files.
fn verilator_flags(options: &Options, prefix: &str) -> Vec<String> {
    let mut flags: Vec<String> =
        ["--cc", "-O3", "-Wno-fatal", "-Wno-lint", "-Wno-style", "--x-assign", "fast", "--x-initial", "fast"]
            .map(String::from)
            .to_vec();
    flags.extend(["--prefix", prefix, "--top-module", shim::TOP].map(String::from));
    if options.assertions {
        flags.push("--assert".into());
    }
    if options.trace {
        flags.push("--trace".into());
    }
    flags.extend(options.verilator_flags.iter().cloned());
    flags
}

/// Runs Verilator in `dir`, which gets `src/` and `obj/`; the C++ files it wrote.
pub(super) fn verilate(
    tool: &Tool,
    sources: &Sources,
    options: &Options,
    prefix: &str,
    dir: &Path,
) -> Result<Vec<PathBuf>, SimError> {
    let src = dir.join("src");
    write(src.join("gw_top.v"), &shim::verilog(&sources.top, &sources.wires))?;
    let mut command = Command::new(&tool.program);
    command.args(verilator_flags(options, prefix)).arg("--Mdir").arg("obj").arg("src/gw_top.v").current_dir(dir);
    for (name, text) in &sources.files {
        write(src.join(name), text)?;
        if name.ends_with(".v") || (options.assertions && name.ends_with(".sv")) {
            command.arg(format!("src/{name}"));
        }
    }
    {
        let _job = Job::wait();
        run("Verilator", &mut command)?;
    }
    let obj = dir.join("obj");
    let list = fs::read_dir(&obj).map_err(|e| SimError::io(&obj, e))?;
    let mut files: Vec<PathBuf> =
        list.flatten().map(|e| e.path()).filter(|p| p.extension() == Some("cpp".as_ref())).collect();
    files.sort();
    Ok(files)
}

/// Bytes of C++ that make one unit for the compiler: small files cost most of their time in headers.
const UNIT: u64 = 600_000;

/// The compiled library of a design; built where the cache does not have it.
pub(super) fn library(tool: &Tool, sources: &Sources, options: &Options) -> Result<PathBuf, SimError> {
    let cache = Cache::open(options.cache.as_deref())?;
    let runtime = runtime(&cache, tool, options.trace)?;
    let key = model_key(tool, sources, options, &runtime);
    let dir = cache.entry("model", &key, "model.so", |dir| {
        let mut files = verilate(tool, sources, options, PREFIX, dir)?;
        let shim = dir.join("obj").join("gw_shim.cpp");
        write(shim.clone(), &shim::interface(PREFIX, &sources.wires, options.trace))?;
        files.push(shim);
        let objects = compile_units(tool, &files, options, &runtime.join("gatewright.h"), dir)?;
        let mut link = command(&compiler());
        link.args(["-shared", "-Wl,-Bsymbolic", "-Wl,--exclude-libs,ALL", "-o"]).arg(dir.join("model.so"));
        link.args(objects).arg(runtime.join("runtime.a")).arg("-lpthread");
        {
            let _job = Job::wait();
            run("linking the model", &mut link)?;
        }
        let _ = fs::remove_dir_all(dir.join("obj"));
        Ok(())
    })?;
    Ok(dir.join("model.so"))
}

/// The key of a model in the cache: everything it is made from.
fn model_key(tool: &Tool, sources: &Sources, options: &Options, runtime: &Path) -> String {
    let mut parts: Vec<Vec<u8>> = vec![
        tool.version.clone().into_bytes(),
        // Its name is a hash of the compiler and the runtime's text.
        runtime.file_name().unwrap_or_default().to_string_lossy().into_owned().into_bytes(),
        verilator_flags(options, PREFIX).join("\0").into_bytes(),
        options.optimise.clone().into_bytes(),
        shim::verilog(&sources.top, &sources.wires).into_bytes(),
        shim::interface(PREFIX, &sources.wires, options.trace).into_bytes(),
    ];
    for (name, text) in &sources.files {
        parts.push(name.clone().into_bytes());
        parts.push(text.clone().into_bytes());
    }
    digest(parts.iter().map(Vec::as_slice))
}

/// Puts files that a model reads when it runs into the cache; the folder where they lie.
pub(super) fn keep_data(options: &Options, data: &[(String, String)]) -> Result<PathBuf, SimError> {
    let cache = Cache::open(options.cache.as_deref())?;
    let key = digest(data.iter().flat_map(|(name, text)| [name.as_bytes(), text.as_bytes()]));
    cache.entry("data", &key, "list", |dir| {
        for (name, text) in data {
            write(dir.join(name), text)?;
        }
        write(dir.join("list"), &data.iter().map(|d| format!("{}\n", d.0)).collect::<String>())
    })
}

/// The texts of C++ units that include these files, in groups of reasonable size.
pub(super) fn units(files: &[PathBuf]) -> Vec<String> {
    let mut units: Vec<String> = vec![String::new()];
    let mut size = 0;
    for file in files {
        size += fs::metadata(file).map_or(0, |m| m.len());
        if size > UNIT && units.last().is_some_and(|u| !u.is_empty()) {
            units.push(String::new());
            size = 0;
        }
        if let Some(unit) = units.last_mut() {
            *unit += &format!("#include \"{}\"\n", file.file_name().unwrap_or_default().to_string_lossy());
        }
    }
    units
}

fn compile_units(
    tool: &Tool,
    files: &[PathBuf],
    options: &Options,
    header: &Path,
    dir: &Path,
) -> Result<Vec<PathBuf>, SimError> {
    let units = units(files);
    let compile = |n: usize, unit: &str| {
        let source = dir.join("obj").join(format!("gw_unit_{n}.cpp"));
        let object = dir.join("obj").join(format!("gw_unit_{n}.o"));
        write(source.clone(), unit)?;
        let _job = Job::wait();
        let mut command = cxx(tool, header, options.trace);
        command.arg(&options.optimise).arg("-I").arg(dir.join("obj")).arg("-c").arg(source).arg("-o").arg(&object);
        run("compiling the model", &mut command)?;
        Ok(object)
    };
    std::thread::scope(|scope| {
        let jobs: Vec<_> = units.iter().enumerate().map(|(n, unit)| scope.spawn(move || compile(n, unit))).collect();
        jobs.into_iter()
            .map(|j| {
                j.join().unwrap_or_else(|_| {
                    Err(SimError::Tool { stage: "compiling the model".into(), output: "a thread panicked".into() })
                })
            })
            .collect()
    })
}
