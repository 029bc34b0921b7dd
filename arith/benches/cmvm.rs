//! Constant products of the matrices in `../shared/cmvm`: one line for each search,
//!
//!     MATRIX EFFORT DEPTH-BOUND DEPTH BITS ADDERS SECONDS
//!
//! with CPU seconds of all threads, and the additions in `target/cmvm`, for whoever wants to score them.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use gatewright_arith::ShiftAdds;
use gatewright_arith::cmvm::{Effort, Input, Options, Problem, solve};
use ndarray::Array2;

/// What is searched: a matrix and the bounds on depth. The bounds are those of the peers' best points.
const BOUNDS: &[(&str, &[u32])] = &[
    ("rand_n8_w4_s0", &[4, 5]),
    ("rand_n8_w6_s0", &[5, 6]),
    ("rand_n8_w8_s0", &[5, 6]),
    ("rand_n16_w4_s0", &[5, 6]),
    ("rand_n16_w6_s0", &[6]),
    ("rand_n16_w8_s0", &[6, 7, 8, 9, 10]),
    ("rand_n32_w4_s0", &[6, 7]),
    ("rand_n32_w6_s0", &[7, 8, 13]),
    ("rand_n32_w8_s0", &[7, 8, 9, 10]),
    ("sparse75_n32_w8_s0", &[5, 6, 7]),
    ("sparse75_n64_w8_s0", &[7, 8]),
    ("rand_n64_w4_s0", &[7, 8]),
    ("rand_n64_w6_s0", &[8]),
    ("rand_n64_w8_s0", &[8, 9, 10]),
    ("rand_n128_w8_s0", &[9]),
];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let matrices = root.join("../shared/cmvm/matrices");
    if !matrices.is_dir() {
        println!("SKIPPED: the matrices of ../shared/cmvm are not there");
        return;
    }
    let graphs = root.join("target/cmvm");
    fs::create_dir_all(&graphs).expect("target can be written");
    for (name, bounds) in BOUNDS {
        let matrix: Array2<i32> = ndarray_npy::read_npy(matrices.join(format!("{name}.npy"))).expect("a matrix");
        for &bound in *bounds {
            for (label, effort) in [("fast", Effort::Fast), ("thorough", Effort::Thorough)] {
                let column = |c: ndarray::ArrayView1<i32>| {
                    c.iter().map(|w| i128::from(*w)).enumerate().filter(|w| w.1 != 0).collect()
                };
                let problem = Problem {
                    inputs: vec![Input { range: (-128, 127), arrival: 0 }; matrix.nrows()],
                    outputs: matrix.columns().into_iter().map(column).collect(),
                    depth: Some(bound),
                    ..Problem::default()
                };
                let before = cpu_seconds();
                let adds = solve(&problem, &Options { effort, ..Options::default() }).expect("a list");
                let seconds = cpu_seconds() - before;
                let cost = adds.cost();
                println!("{name} {label} {bound} {} {} {} {seconds:.4}", cost.depth, cost.bits, cost.adders);
                fs::write(graphs.join(format!("{name}-{label}-{bound}.json")), json(&adds))
                    .expect("target can be written");
            }
        }
    }
}

/// Seconds that the threads of this process have run.
fn cpu_seconds() -> f64 {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux");
    let ran = |task: std::io::Result<fs::DirEntry>| {
        let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    };
    tasks.filter_map(ran).sum::<f64>() / 1e9
}

fn json(adds: &ShiftAdds) -> String {
    let list = |items: Vec<String>| items.join(",");
    let ranges = adds.ranges[..adds.inputs()].iter().map(|r| format!("[{},{}]", r.0, r.1)).collect();
    let nodes = adds.steps.iter().map(|s| {
        let (a, b) = (s.a, s.b);
        format!(r#"{{"a":{},"sa":{},"b":{},"sb":{},"sub":{}}}"#, a.value, a.shift, b.value, b.shift, b.negative)
    });
    let outputs = adds.outputs.iter().map(|o| match o {
        Some(t) => format!(r#"{{"node":{},"shift":{},"neg":{}}}"#, t.value, t.shift, t.negative),
        None => "null".to_owned(),
    });
    let mut text = String::new();
    let (nodes, outputs) = (list(nodes.collect()), list(outputs.collect()));
    write!(text, r#"{{"inputs":[{}],"nodes":[{nodes}],"outputs":[{outputs}]}}"#, list(ranges)).expect("a string");
    text
}
