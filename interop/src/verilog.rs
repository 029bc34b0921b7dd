//! Verilog of both sides in one folder.
//!
//! A leaf becomes one file: a module with the black box's name and our names of ports, and in it rust_hdl's modules, which
//! are called after it. So leaves cannot clash with each other or with our modules. rust_hdl's part is as rust_hdl writes
//! it; it is not free of lint warnings as ours is.

use std::fmt::Write;

use gatewright_dsl::emit::{self, EmitOptions, Output, OutputFile, Pin, PinKind};
use gatewright_dsl::ids::ModuleId;
use gatewright_dsl::ir::{Design, Dir, ModuleKind};
use gatewright_dsl::ty::Ty;
use gatewright_sim::verilator::{Options, Sources};
use gatewright_sim::{Interface, Verilated};

use crate::error::InteropError;
use crate::leaf::{AnyLeaf, find};

/// As [`emit`](gatewright_dsl::emit::emit), with the Verilog of the leaves in the place of empty modules. Black boxes that
/// are no leaves keep theirs.
///
/// # Errors
/// Two leaves of one name.
pub fn emit_with(design: &Design, options: &EmitOptions, leaves: &[&dyn AnyLeaf]) -> Result<Output, InteropError> {
    let mut output = emit::emit(design, options);
    for (id, m) in design.modules.iter() {
        let ModuleKind::Extern { model: None, .. } = &m.kind else { continue };
        let Some(leaf) = find(leaves, &m.name)? else { continue };
        let file = OutputFile { name: format!("{}.v", m.name), text: leaf_file(design, id, leaf) };
        deliver(&mut output, &m.name, file);
    }
    Ok(output)
}

/// A model of the design and its leaves in Verilator: rust_hdl's Verilog and ours, compiled together. The design's checks
/// are not evaluated.
///
/// # Errors
/// As [`emit_with`]; Verilator is not there or fails.
pub fn verilated_with(design: &Design, leaves: &[&dyn AnyLeaf], options: &Options) -> Result<Verilated, InteropError> {
    let emitted = EmitOptions { checks: false, source_map: false, comments: false, models: true, ..Default::default() };
    let output = emit_with(design, &emitted, leaves)?;
    let verilog = output.files.into_iter().filter(|f| f.name.ends_with(".v")).map(|f| (f.name, f.text)).collect();
    let interface = Interface::of(design)?;
    Ok(Verilated::of_sources(&Sources::of_verilog(&interface, verilog), interface, options)?)
}

/// Puts a leaf's file where the empty module was, and moves it in the lists.
fn deliver(output: &mut Output, module: &str, file: OutputFile) {
    let stub = format!("blackbox/{module}_stub.v");
    for list in &mut output.files {
        if list.name == "files.f" {
            list.text.push_str(&format!("{}\n", file.name));
        } else if list.name == "blackbox.f" {
            list.text = list.text.lines().filter(|l| *l != stub).map(|l| format!("{l}\n")).collect();
        } else if list.name == "source_map.json" {
            list.text = without_file(&list.text, &stub);
        }
    }
    output.files.retain(|f| !(f.name == "blackbox.f" && f.text.is_empty()));
    match output.files.iter_mut().find(|f| f.name == stub) {
        Some(found) => *found = file,
        None => output.files.push(file),
    }
}

/// A source map without a file that is no more; each file has a line of its own in it.
fn without_file(map: &str, file: &str) -> String {
    let key = format!("    \"{file}\": ");
    let mut kept: Vec<String> = Vec::new();
    for line in map.lines().filter(|l| !l.starts_with(&key)) {
        // No comma before the end of a list.
        if let Some(last) = kept.last_mut().filter(|_| line.trim_start().starts_with('}')) {
            *last = last.trim_end_matches(',').into();
        }
        kept.push(line.into());
    }
    kept.iter().map(|l| format!("{l}\n")).collect()
}

/// A module with our ports around rust_hdl's.
fn leaf_file(design: &Design, id: ModuleId, leaf: &dyn AnyLeaf) -> String {
    let name = &design.modules[id].name;
    let inner = format!("{name}_rust_hdl");
    let (verilog, names) = leaf.verilog(&inner);
    let pins = emit::pins(design, id);
    let mut text = String::from("/* verilator lint_off DECLFILENAME */\n");
    let _ = writeln!(text, "module {name} (");
    for (n, pin) in pins.iter().enumerate() {
        let comma = if n + 1 < pins.len() { "," } else { "" };
        let _ = writeln!(text, "    {}{comma}", declaration(pin));
    }
    text.push_str(");\n");
    let mut connections = Vec::new();
    for pin in &pins {
        let there = match pin.kind {
            PinKind::Clock => leaf.clock(),
            PinKind::Reset(_) => None,
            PinKind::Data(..) => names.iter().find(|(here, _)| *here == pin.name).map(|(_, there)| there.clone()),
        };
        match there {
            Some(there) => connections.push(format!("        .{there} ({})", pin.name)),
            None => {
                let _ = writeln!(text, "    wire _unused = &{{1'b0, {}}};", pin.name);
            }
        }
    }
    let _ = writeln!(text, "    {inner} inner (\n{}\n    );\nendmodule", connections.join(",\n"));
    text.push_str(&verilog);
    text
}

fn declaration(pin: &Pin) -> String {
    let output = matches!(pin.kind, PinKind::Data(_, Dir::Output));
    let signed = if matches!(pin.ty, Ty::Int(range) if range.is_signed()) { "signed " } else { "" };
    let width = match pin.ty.width() {
        1 if signed.is_empty() => String::new(),
        w => format!("[{}:0] ", w - 1),
    };
    format!("{} wire {signed}{width}{}", if output { "output" } else { "input" }, pin.name)
}
