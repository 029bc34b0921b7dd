//! The catalogue of standard parts: that its page has every part, that its timing diagrams are what simulations give now,
//! and that its figures are what Yosys gives now. `cargo xtask catalogue` writes diagrams and figures anew.

mod parts;
mod waves;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use gatewright_dsl::prelude::Design;
use gatewright_sim::synth::{Cells, Family, cells};

const PAGE: &str = include_str!("../src/guide/catalogue.md");
const BEGIN: &str = "<!-- figures -->\n";
const END: &str = "<!-- end of figures -->\n";

fn guide() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guide")
}

/// Whether to write instead of comparing.
fn writes() -> bool {
    std::env::var_os("GATEWRIGHT_CATALOGUE").is_some_and(|job| job == "write")
}

/// The files of the standard parts: the name of the module below `parts`, and the text.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dsl/src/parts");
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let below = path.strip_prefix(&root).unwrap().with_extension("");
            let module = below.iter().next().unwrap().to_string_lossy().into_owned();
            // Descriptions of registers for software are no hardware, and have a page of their own.
            if !["mod", "misuse", "bank"].contains(&module.as_str()) && path.extension().is_some_and(|e| e == "rs") {
                sources.push((module, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    sources.sort();
    sources
}

#[test]
fn every_part_is_on_the_page() {
    let mut count = 0;
    for (module, text) in sources() {
        assert!(PAGE.contains(&format!("`{module}::")), "nothing of `{module}` is in the catalogue");
        let text = text.split("#[cfg(test)]").next().unwrap();
        // Generators by their name; functions that build something by theirs.
        let is_public = |name: &&str| {
            let name = name.split(|c: char| !c.is_alphanumeric()).next().unwrap();
            let mut declared = text.split("\npub struct ").skip(1);
            declared.any(|d| d.strip_prefix(name).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric)))
        };
        let generators = text.lines().filter_map(|line| line.split(" Generator for ").nth(1)).filter(is_public);
        let functions = text.lines().filter_map(|line| line.strip_prefix("pub fn "));
        for part in generators.chain(functions) {
            let part = part.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            // What a test bench or a drawing takes, and what other parts are made of.
            if ["lfsr_after", "diagrams", "Commander"].contains(&part) {
                continue;
            }
            let names = |line: &str| line.contains(&format!("`{module}::")) && line.contains(&format!("::{part}`"));
            let row = PAGE.lines().any(|line| line.starts_with("| ") && names(line));
            assert!(row, "`{module}::{part}` has no row in the catalogue");
            count += 1;
        }
    }
    assert!(count > 40, "parts were found");
}

#[test]
fn every_figure_is_of_a_part_on_the_page() {
    let table = PAGE.split(BEGIN).next().unwrap();
    let named: BTreeSet<&str> = parts::all().iter().map(|entry| entry.name).collect();
    for name in named {
        assert!(table.contains(&format!("`{name}`")), "`{name}` has figures and no row");
    }
}

#[test]
fn timing_diagrams_are_what_simulations_give() {
    let folder = guide().join("waves");
    let pictures = waves::all().unwrap();
    for (name, svg) in &pictures {
        let path = folder.join(format!("{name}.svg"));
        if writes() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, svg).unwrap();
        }
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(stored == *svg, "{} differs: run `cargo xtask catalogue` and look at it", path.display());
        assert!(PAGE.contains(&format!("](waves/{name}.svg)")), "{name}.svg is not on the page");
    }
    let files = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(files, pictures.len(), "a picture is of nothing any more");
}

/// The table of figures.
fn figures() -> String {
    let entries = parts::all();
    let designs: Vec<&Design> = entries.iter().map(|entry| &entry.design).collect();
    let of = |family: Family| -> Vec<Cells> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("catalogue_{family:?}"));
        cells(&designs, family, &folder).unwrap_or_else(|e| panic!("{e}"))
    };
    let (six, four) = (of(Family::Lut6), of(Family::Lut4));
    let mut text = String::from(
        "| Part | At | LUT6 | CARRY | FF | Memory | LUT4 | CCU2C | FF | Memory |\n|---|---|--:|--:|--:|---|--:|--:|--:|---|\n",
    );
    for ((entry, six), four) in entries.iter().zip(&six).zip(&four) {
        let columns = |cells: &Cells| {
            format!("{} | {} | {} | {}", cells.luts(), cells.carries(), cells.registers(), cells.memories())
        };
        let _ = writeln!(text, "| `{}` | {} | {} | {} |", entry.name, entry.size, columns(six), columns(four));
    }
    text
}

#[test]
#[ignore = "takes Yosys a while; `cargo xtask catalogue` writes the figures, and with `check` compares them"]
fn figures_are_what_yosys_gives() {
    let (before, rest) = PAGE.split_once(BEGIN).unwrap();
    let (stored, behind) = rest.split_once(END).unwrap();
    let now = figures();
    if writes() {
        std::fs::write(guide().join("catalogue.md"), format!("{before}{BEGIN}{now}{END}{behind}")).unwrap();
    } else {
        assert!(stored == now, "the figures differ:\n{now}");
    }
}
