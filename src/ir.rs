//! `gatewright ir`: reads the text form of a design, runs passes on it, and prints what comes out, or its Verilog.

use std::path::PathBuf;

use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_dsl::ir::Design;
use gatewright_dsl::ir::parse::parse;
use gatewright_dsl::ir::print::print;
use gatewright_dsl::ir::verify::{MAX_ERRORS, verify};
use gatewright_dsl::pass;

use crate::{Failure, output};

/// What `gatewright ir` takes.
#[derive(clap::Args)]
pub struct Arguments {
    /// The text form of a design; `-` reads the standard input.
    #[arg(required_unless_present = "list")]
    file: Option<PathBuf>,
    /// Passes to run, in this order, separated by commas.
    #[arg(long = "pass", value_name = "NAMES", value_delimiter = ',')]
    passes: Vec<String>,
    /// Check the invariants of what is read, and of what comes out. What is read is always checked before a pass
    /// and before Verilog is written.
    #[arg(long)]
    verify: bool,
    /// Where to write; without it, or for `-`, the standard output.
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Write JSON instead of text.
    #[arg(long)]
    json: bool,
    /// Write the Verilog of the result to a folder, instead of text
    #[arg(long, value_name = "DIR", conflicts_with_all = ["output", "json"])]
    verilog: Option<PathBuf>,
    /// List the passes.
    #[arg(long, conflicts_with_all = ["file", "passes", "verify", "output", "json", "verilog"])]
    list: bool,
}

/// Runs the sub-command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let standard = PathBuf::from("-");
    if arguments.list {
        let lines = pass::PASSES.iter().map(|p| format!("{:8}{}\n", p.name, p.summary));
        return output::write(&standard, &lines.collect::<String>());
    }
    let Some(file) = &arguments.file else {
        return Err(Failure::Unusable("no file was given".into()));
    };
    let names: Vec<&str> = arguments.passes.iter().map(|n| n.trim()).filter(|n| !n.is_empty()).collect();
    for name in &names {
        pass::find(name).map_err(|e| Failure::Unusable(e.to_string()))?;
    }
    let text = output::read(file)?;
    let shown = if *file == standard { "standard input".into() } else { file.display().to_string() };
    let mut design = parse(&text).map_err(|e| {
        Failure::Unusable(format!("{shown}:{}:{}: expected {}, found {}", e.line, e.column, e.expected, e.found))
    })?;
    if arguments.verify || arguments.verilog.is_some() || !names.is_empty() {
        verified(&design, &shown)?;
    }
    pass::run(&mut design, &names).map_err(|e| Failure::Unusable(e.to_string()))?;
    if arguments.verify {
        verified(&design, "the result")?;
    }
    if let Some(dir) = &arguments.verilog {
        let files = emit(&design, &EmitOptions::default());
        return files.write_to(dir).map_err(|e| Failure::Unusable(e.to_string()));
    }
    let written = if arguments.json {
        let json = serde_json::to_string_pretty(&design);
        json.map_err(|e| Failure::Unusable(format!("cannot write JSON: {e}")))? + "\n"
    } else {
        print(&design)
    };
    output::write(arguments.output.as_ref().unwrap_or(&standard), &written)
}

fn verified(design: &Design, shown: &str) -> Result<(), Failure> {
    let Err(errors) = verify(design) else {
        return Ok(());
    };
    let mut message = format!("{shown} breaks invariants of the intermediate representation\n");
    for e in &errors {
        message += &format!("  {e}\n");
        if let Some(place) = design.places.0.get(e.place) {
            message += &format!("    --> {}:{}:{}\n", place.file, place.line, place.column);
        }
    }
    if errors.len() == MAX_ERRORS {
        message += "  and perhaps more\n";
    }
    Err(Failure::Finding(message))
}
