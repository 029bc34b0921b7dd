//! What Yosys makes of designs: cells by kind, one run for many designs.
//!
//! Each design is synthesised by itself, flat, without DSP blocks. The figures hold for one version of Yosys and are not a
//! vendor's; they serve to compare designs with each other.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_dsl::ir::Design;

use crate::batch::Batch;

/// A family of chips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// LUTs of 6 inputs, CARRY8, block RAM of 18 and 36 kbit: `synth_xilinx -family xcup`.
    Lut6,
    /// LUTs of 4 inputs, carry cells of two bits, block RAM of 16 kbit: `synth_ecp5`.
    Lut4,
    /// LUTs of 4 inputs, carry cells of one bit, block RAM of 4 kbit: `synth_ice40`.
    Ice40,
}

impl Family {
    /// Those of whose memories the catalogue tells.
    pub const ALL: [Family; 2] = [Family::Lut6, Family::Lut4];

    fn script(self) -> &'static str {
        match self {
            Family::Lut6 => "synth_xilinx -family xcup -top batch -flatten -nodsp -noiopad -noclkbuf",
            Family::Lut4 => "synth_ecp5 -top batch -nodsp",
            Family::Ice40 => "synth_ice40 -top batch",
        }
    }
}

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// Yosys is not installed.
    #[error("yosys did not start: {0}")]
    NoYosys(std::io::Error),
    /// Files could not be written or read.
    #[error("{0}")]
    Files(std::io::Error),
    /// Yosys refused the design.
    #[error("yosys failed:\n{0}")]
    Failed(String),
}

/// How many cells of each kind a design has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells(pub BTreeMap<String, u64>);

impl Cells {
    /// All cells whose name begins with one of these.
    pub fn count(&self, names: &[&str]) -> u64 {
        let of = |kind: &String| names.iter().any(|name| kind.starts_with(name));
        self.0.iter().filter(|(kind, _)| of(kind)).map(|(_, n)| n).sum()
    }
    /// Look-up tables of any number of inputs.
    pub fn luts(&self) -> u64 {
        self.count(&["LUT", "SB_LUT4"])
    }
    /// Carry cells.
    pub fn carries(&self) -> u64 {
        self.count(&["CARRY", "CCU2C", "SB_CARRY"])
    }
    /// Flip-flops.
    pub fn registers(&self) -> u64 {
        self.count(&["FD", "TRELLIS_FF", "SB_DFF"])
    }
    /// Block RAMs.
    pub fn block_rams(&self) -> u64 {
        self.count(BLOCK_RAM)
    }
    /// LUT RAMs.
    pub fn lut_rams(&self) -> u64 {
        self.count(LUT_RAM)
    }
    /// Memories and shift registers with their numbers, in order of name; empty where there are none.
    pub fn memories(&self) -> String {
        let is_memory = |kind: &str| [BLOCK_RAM, LUT_RAM, &["SRL"]].concat().iter().any(|name| kind.starts_with(name));
        let found = self.0.iter().filter(|(kind, _)| is_memory(kind));
        found.map(|(kind, n)| format!("{n} {kind}")).collect::<Vec<_>>().join(", ")
    }
}

const BLOCK_RAM: &[&str] = &["RAMB", "DP16KD", "PDPW16KD"];
const LUT_RAM: &[&str] = &["RAM32", "RAM64", "RAM128", "RAM256", "RAM512", "TRELLIS_DPR16X4"];

/// The cells of each design, in their order; files are left in `folder`.
pub fn cells(designs: &[&Design], family: Family, folder: &Path) -> Result<Vec<Cells>, SynthError> {
    let batch = Batch::new(designs.iter().copied()).map_err(|e| SynthError::Failed(e.to_string()))?;
    let output = emit(&batch.design, &EmitOptions::default());
    let _ = std::fs::remove_dir_all(folder);
    output.write_to(folder).map_err(|e| SynthError::Files(std::io::Error::other(e.to_string())))?;
    let top = &batch.design.modules[batch.design.top];
    let names: Vec<&str> = top.insts.values().map(|i| batch.design.modules[i.module].name.as_str()).collect();
    let files: Vec<&str> = output.files.iter().map(|f| f.name.as_str()).filter(|f| f.ends_with(".v")).collect();
    // Designs stay apart, and what is in them becomes flat.
    let script = format!(
        "read_verilog {}; hierarchy -check -top batch; setattr -mod -set keep_hierarchy 1 {}; {}; opt_clean; \
         tee -q -o stat.txt stat",
        files.join(" "),
        names.join(" "),
        family.script()
    );
    let run = Command::new("yosys").current_dir(folder).args(["-q", "-p", &script]).output();
    let run = run.map_err(SynthError::NoYosys)?;
    if !run.status.success() {
        return Err(SynthError::Failed(String::from_utf8_lossy(&run.stderr).into_owned()));
    }
    let report = std::fs::read_to_string(folder.join("stat.txt")).map_err(SynthError::Files)?;
    let sections = sections(&report);
    let of = |name: &&str| sections.get(*name).cloned().ok_or_else(|| SynthError::Failed(format!("nothing on {name}")));
    names.iter().map(of).collect()
}

/// The cells under each module's heading.
fn sections(report: &str) -> BTreeMap<String, Cells> {
    let mut found: BTreeMap<String, Cells> = BTreeMap::new();
    let mut here: Option<String> = None;
    for line in report.lines() {
        if let Some(name) = line.trim().strip_prefix("===").and_then(|rest| rest.strip_suffix("===")) {
            here = Some(name.trim().to_string());
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        if let ([kind, number], Some(name)) = (&words[..], &here)
            && let (true, Ok(number)) = (kind.starts_with(|c: char| c.is_ascii_uppercase()), number.parse())
        {
            found.entry(name.clone()).or_default().0.insert(kind.to_string(), number);
        } else if let Some(name) = &here {
            found.entry(name.clone()).or_default();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read() {
        let report = "\n7. Printing statistics.\n\n=== d0_fifo ===\n\n   Number of wires:  9\n   Number of cells:  12\n     \
                      FDRE   7\n     LUT2     3\n     LUT6  2\n     RAM32M16  1\n     SRL16E 1\n\n=== batch ===\n\n     d0_fifo   1\n";
        let sections = sections(report);
        let fifo = &sections["d0_fifo"];
        assert_eq!((fifo.luts(), fifo.registers(), fifo.lut_rams(), fifo.block_rams()), (5, 7, 1, 0));
        assert_eq!(fifo.memories(), "1 RAM32M16, 1 SRL16E");
        assert_eq!(sections["batch"], Cells::default());
    }
}
