//! Constant products beside the peers: bits of adders, depth and time, and the plot of depth against bits in the book.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::golden::output;
use crate::{Result, cargo, python};

/// The peers' best points: the best of da4ml 0.6.0 and alkaid 0.8.2 at each depth, and the CPU seconds of that run on the machine
/// on which they were measured once; `cargo xtask bench-cmvm peers` measures them anew.
const PEERS: &[(&str, &[Point])] = &[
    ("rand_n8_w4_s0", &[(4, 628, 0.002), (5, 626, 0.002)]),
    ("rand_n8_w6_s0", &[(5, 902, 0.002), (6, 861, 0.004)]),
    ("rand_n8_w8_s0", &[(5, 1247, 0.007), (6, 1216, 0.009)]),
    ("rand_n16_w4_s0", &[(5, 2316, 0.01), (6, 2207, 0.02)]),
    ("rand_n16_w6_s0", &[(6, 3374, 0.04)]),
    ("rand_n16_w8_s0", &[(6, 4971, 0.03), (8, 4789, 0.05)]),
    ("rand_n32_w4_s0", &[(6, 9012, 0.08), (7, 8498, 0.17)]),
    ("rand_n32_w6_s0", &[(7, 13484, 0.17), (8, 12934, 0.32), (13, 12810, 0.54)]),
    ("rand_n32_w8_s0", &[(7, 17857, 0.29), (9, 17014, 0.76)]),
    ("sparse75_n32_w8_s0", &[(5, 5758, 0.03), (6, 5528, 0.04), (7, 5412, 0.07)]),
    ("sparse75_n64_w8_s0", &[(7, 20458, 0.30), (8, 20412, 0.92)]),
    ("rand_n64_w4_s0", &[(7, 33462, 1.1), (8, 31629, 4.8)]),
    ("rand_n64_w6_s0", &[(8, 46811, 10.7)]),
    ("rand_n64_w8_s0", &[(8, 65222, 5.4), (9, 62545, 22.5), (10, 62389, 13.9)]),
    ("rand_n128_w8_s0", &[(9, 239828, 164.0)]),
];

/// Matrices whose trade of depth against bits is drawn.
const DRAWN: &[&str] = &["rand_n16_w8_s0", "rand_n32_w8_s0"];

/// Depth, bits, CPU seconds.
type Point = (u32, u64, f64);

/// One search of ours.
struct Found {
    matrix: String,
    effort: String,
    bound: u32,
    point: Point,
}

/// Measures, scores and prints a table; with `peers` the peers run here, too (some minutes).
pub fn bench(root: &Path, peers: bool) -> Result {
    let python = python::with_packages(root, "cmvm", &root.join("xtask/cmvm-requirements.txt"))?;
    let shared = root.join("../shared/cmvm");
    let mut own = cargo("bench");
    own.args(["--quiet", "--package", "gatewright-arith", "--bench", "cmvm"]);
    let found: Vec<Found> = output(&mut own)?.lines().filter_map(of_line).collect();
    if found.is_empty() {
        return Err("the matrices of ../shared/cmvm are not there".to_owned());
    }
    for f in &found {
        let graph = root.join(format!("target/cmvm/{}-{}-{}.json", f.matrix, f.effort, f.bound));
        let matrix = shared.join(format!("matrices/{}.npy", f.matrix));
        let said = output(Command::new(&python).arg(shared.join("score.py")).arg(matrix).arg(&graph))?;
        let (depth, bits, _) = f.point;
        if !said.contains(&format!("\"bits\": {bits}, \"depth\": {depth}")) {
            return Err(format!("{}: bits {bits}, depth {depth}, and score.py says {said}", f.matrix));
        }
    }
    let measured = if peers { measured(root, &python, &shared)? } else { BTreeMap::new() };
    print(&found, &measured);
    let picture = root.join("docs/src/guide/constant_products_depth.svg");
    fs::write(&picture, plot(&found)).map_err(|e| format!("{} cannot be written: {e}", picture.display()))
}

fn of_line(line: &str) -> Option<Found> {
    let [matrix, effort, bound, depth, bits, _, seconds] = line.split(' ').collect::<Vec<_>>()[..] else { return None };
    let point = (depth.parse().ok()?, bits.parse().ok()?, seconds.parse().ok()?);
    Some(Found { matrix: matrix.into(), effort: effort.into(), bound: bound.parse().ok()?, point })
}

/// All runs of the peers on this machine.
fn measured(root: &Path, python: &Path, shared: &Path) -> Result<BTreeMap<String, Vec<Point>>> {
    let mut all: BTreeMap<String, Vec<Point>> = BTreeMap::new();
    for (matrix, _) in PEERS {
        // Takes ten minutes and more, and unlimited depth does not finish.
        if matrix.contains("n128") {
            continue;
        }
        println!("bench-cmvm: the peers on {matrix}");
        let mut run = Command::new(python);
        run.arg(root.join("xtask/cmvm_peers.py")).arg(shared.join("score.py"));
        for line in output(run.arg(shared.join(format!("matrices/{matrix}.npy"))))?.lines() {
            let [name, _, _, depth, bits, _, seconds] = line.split(' ').collect::<Vec<_>>()[..] else { continue };
            let (Ok(depth), Ok(bits), Ok(seconds)) = (depth.parse(), bits.parse(), seconds.parse()) else { continue };
            all.entry(name.to_owned()).or_default().push((depth, bits, seconds));
        }
    }
    Ok(all)
}

fn print(found: &[Found], measured: &BTreeMap<String, Vec<Point>>) {
    println!("\nBits of full adders within a depth; CPU seconds of all threads. All graphs scored by score.py.");
    println!(
        "Time of the peers: {}.\n",
        if measured.is_empty() { "from a table, of another machine" } else { "measured here" }
    );
    println!(
        "{:<20} {:>5} {:>8} {:>8} | {:>8} {:>6} {:>8} {:>7} | {:>8} {:>6} {:>8} {:>7}",
        "", "depth", "peers", "s", "fast", "ratio", "s", "ratio", "thorough", "ratio", "s", "ratio"
    );
    let mut ratios = [Vec::new(), Vec::new()];
    for (matrix, points) in PEERS {
        for &(depth, bits, seconds) in *points {
            let within = measured.get(*matrix).into_iter().flatten().filter(|p| p.0 <= depth);
            let (bits, seconds) = within.min_by_key(|p| p.1).map_or((bits, seconds), |p| (p.1, p.2));
            let mut line = format!("{matrix:<20} {depth:>5} {bits:>8} {seconds:>8.3}");
            for (effort, ratios) in ["fast", "thorough"].iter().zip(&mut ratios) {
                let ours = found.iter().find(|f| f.matrix == *matrix && f.bound == depth && f.effort == *effort);
                let Some(Found { point: (_, own, time), .. }) = ours else { continue };
                let (fewer, faster) = (*own as f64 / bits as f64, time / seconds);
                ratios.push(fewer);
                line += &format!(" | {own:>8} {fewer:>6.3} {time:>8.3} {faster:>7.3}");
            }
            println!("{line}");
        }
    }
    let mean = |r: &Vec<f64>| r.iter().sum::<f64>() / r.len().max(1) as f64;
    println!("\nmean ratio of bits: fast {:.3}, thorough {:.3}", mean(&ratios[0]), mean(&ratios[1]));
}

/// Depth against bits, each matrix's in units of the peers' fewest.
fn plot(found: &[Found]) -> String {
    const SIZE: (f64, f64) = (640.0, 360.0);
    let x = |depth: u32| 70.0 + (f64::from(depth) - 5.0) * 90.0;
    let y = |ratio: f64| 320.0 - (ratio - 0.84) * 1400.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        SIZE.0, SIZE.1
    );
    for depth in 6..=10 {
        let x = x(depth);
        let _ = writeln!(svg, "<text x=\"{x}\" y=\"340\" text-anchor=\"middle\">{depth}</text>");
    }
    for step in 0..5 {
        let ratio = 0.85 + 0.05 * f64::from(step);
        let y = y(ratio);
        let _ = writeln!(
            svg,
            "<path d=\"M70 {y:.0}H560\" stroke=\"#ddd\"/><text x=\"62\" y=\"{:.0}\" text-anchor=\"end\">{ratio:.2}</text>",
            y + 4.0
        );
    }
    svg += "<text x=\"315\" y=\"357\" text-anchor=\"middle\">adders in a row</text>\n\
            <text x=\"16\" y=\"180\" text-anchor=\"middle\" transform=\"rotate(-90 16 180)\">bits, of the peers' fewest</text>\n";
    for (matrix, colour) in DRAWN.iter().zip(["#1f5fa8", "#b04a16"]) {
        let points = PEERS.iter().find(|p| p.0 == *matrix).map_or(&[][..], |p| p.1);
        let fewest = points.iter().map(|p| p.1).min().unwrap_or(1) as f64;
        for &(depth, bits, _) in points {
            let (x, y) = (x(depth), y(bits as f64 / fewest));
            let _ = writeln!(
                svg,
                "<circle cx=\"{x}\" cy=\"{y:.1}\" r=\"5\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>"
            );
        }
        for (effort, dash) in [("fast", "6 4"), ("thorough", "none")] {
            let line: Vec<String> = found
                .iter()
                .filter(|f| f.matrix == *matrix && f.effort == effort)
                .map(|f| format!("{} {:.1}", x(f.bound), y(f.point.1 as f64 / fewest)))
                .collect();
            let path = line.join("L");
            let _ = writeln!(
                svg,
                "<path d=\"M{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>"
            );
        }
        let size = if matrix.contains("n16") { 16 } else { 32 };
        let at = 30 + 18 * i32::from(size == 32);
        let _ = writeln!(
            svg,
            "<text x=\"330\" y=\"{at}\" fill=\"{colour}\">{size} × {size}, 8 bits: ○ peers, - - fast, — thorough</text>"
        );
    }
    svg + "</svg>\n"
}
