//! The commands for each kind of device, and which of its cells are what.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Counts;

/// Where the counts of cells go.
pub(super) const CELLS: &str = "cells.txt";
/// Where the longest path goes.
pub(super) const PATH: &str = "path.txt";
/// Where the netlist for a placer goes.
pub(super) const NETLIST: &str = "netlist.json";

/// A way to synthesise.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flow {
    /// LUTs of six inputs and carry cells of four bits: `synth_xilinx -family xcup`, without DSP blocks.
    Xcup,
    /// LUTs of four inputs and carry cells of two bits: `synth_ecp5`, without DSP blocks.
    Ecp5,
    /// LUTs of four inputs and carry cells of one bit: `synth_ice40`, without DSP blocks.
    Ice40,
    /// Gates: `synth`, then and, or, exclusive or and choice.
    Generic,
}

/// What cells are for, by their names.
#[derive(Clone, Copy)]
enum Kind {
    Lut,
    Carry,
    FlipFlop,
    ShiftRegister,
    WideMux,
    Memory,
    Inverter,
}

/// Beginnings of names, the first that fits counts.
const XCUP: &[(&str, Kind)] = &[
    ("LUT", Kind::Lut),
    ("CARRY", Kind::Carry),
    ("FD", Kind::FlipFlop),
    ("SRL", Kind::ShiftRegister),
    ("MUXF", Kind::WideMux),
    ("RAM", Kind::Memory),
    ("INV", Kind::Inverter),
];
const ECP5: &[(&str, Kind)] = &[
    ("LUT4", Kind::Lut),
    ("CCU2C", Kind::Carry),
    ("TRELLIS_FF", Kind::FlipFlop),
    ("PFUMX", Kind::WideMux),
    ("L6MUX21", Kind::WideMux),
    ("TRELLIS_DPR16X4", Kind::Memory),
    ("DP16KD", Kind::Memory),
    ("PDPW16KD", Kind::Memory),
];
const ICE40: &[(&str, Kind)] =
    &[("SB_LUT4", Kind::Lut), ("SB_CARRY", Kind::Carry), ("SB_DFF", Kind::FlipFlop), ("SB_RAM", Kind::Memory)];
const GENERIC: &[(&str, Kind)] = &[
    ("$_NOT_", Kind::Inverter),
    ("$_DFF", Kind::FlipFlop),
    ("$_SDFF", Kind::FlipFlop),
    ("$_ALDFF", Kind::FlipFlop),
    ("$_", Kind::Lut),
    ("$mem", Kind::Memory),
];

impl Flow {
    /// All.
    pub const ALL: [Flow; 4] = [Flow::Xcup, Flow::Ecp5, Flow::Ice40, Flow::Generic];

    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Flow::Xcup => "xcup",
            Flow::Ecp5 => "ecp5",
            Flow::Ice40 => "ice40",
            Flow::Generic => "generic",
        }
    }

    /// The file of the result.
    pub fn file(self) -> String {
        format!("synth-{}.json", self.name())
    }

    /// What its logic cells are, of four or six inputs; gates.
    pub fn logic(self) -> &'static str {
        match self {
            Flow::Xcup => "LUT6",
            Flow::Ecp5 | Flow::Ice40 => "LUT4",
            Flow::Generic => "gates",
        }
    }

    /// The folder in which the tools work.
    pub(super) fn folder(self) -> String {
        format!("synth-{}", self.name())
    }

    /// Yosys's commands, for the folder of the Verilog. Its `tee` takes no quotes: results are named from there, too.
    pub(super) fn script(self, top: &str, sources: &[String]) -> String {
        let out = |name: &str| format!("../{}/{name}", self.folder());
        let (synth, registers) = match self {
            Flow::Xcup => (
                format!("synth_xilinx -family xcup -top {top} -flatten -nodsp -noiopad -noclkbuf"),
                "t:FD* %d t:SRL* %d",
            ),
            Flow::Ecp5 => (format!("synth_ecp5 -top {top} -nodsp"), "t:TRELLIS_FF %d"),
            Flow::Ice40 => (format!("synth_ice40 -top {top}"), "t:SB_DFF* %d"),
            Flow::Generic => {
                // The whole script of abc takes many minutes on designs of ten thousand gates.
                let map = "abc -fast -g AND,OR,XOR,MUX";
                (format!("synth -top {top} -flatten -noabc; {map}"), "t:$_DFF* %d t:$_SDFF* %d t:$_ALDFF* %d")
            }
        };
        let mut steps = vec![
            format!("read_verilog -sv -defer {}", sources.join(" ")),
            format!("hierarchy -check -top {top}"),
            synth,
            "opt_clean".to_owned(),
            format!("tee -q -o {} stat", out(CELLS)),
            format!("tee -q -o {} ltp -noff * {registers}", out(PATH)),
        ];
        if matches!(self, Flow::Ecp5 | Flow::Ice40) {
            steps.push(format!("write_json {}", out(NETLIST)));
        }
        steps.join("; ")
    }

    /// Cells by what they are for.
    pub(super) fn counts(self, cells: &BTreeMap<String, u64>) -> Counts {
        let kinds = match self {
            Flow::Xcup => XCUP,
            Flow::Ecp5 => ECP5,
            Flow::Ice40 => ICE40,
            Flow::Generic => GENERIC,
        };
        let mut counts = Counts::default();
        for (name, n) in cells {
            let Some((_, kind)) = kinds.iter().find(|(beginning, _)| name.starts_with(beginning)) else { continue };
            *match kind {
                Kind::Lut => &mut counts.luts,
                Kind::Carry => &mut counts.carries,
                Kind::FlipFlop => &mut counts.flip_flops,
                Kind::ShiftRegister => &mut counts.shift_registers,
                Kind::WideMux => &mut counts.wide_muxes,
                Kind::Memory => &mut counts.memories,
                Kind::Inverter => &mut counts.inverters,
            } += n;
        }
        counts
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
