//! The graph as a picture: a box per input, layer and output, one below the other; values that skip boxes run in lanes
//! on the right.

use serde::Serialize;

use super::Report;
use super::text::span;
use super::words::shape;

const WIDTH: i64 = 250;
const HEIGHT: i64 = 44;
const STEP: i64 = 74;
const LANE: i64 = 16;
const EDGE: i64 = 8;

/// Boxes and lines with their places.
#[derive(Serialize)]
pub(super) struct Picture {
    width: i64,
    height: i64,
    boxes: Vec<Box>,
    arrows: Vec<Arrow>,
    lanes: Vec<Lane>,
}

#[derive(Serialize)]
struct Box {
    x: i64,
    y: i64,
    width: i64,
    height: i64,
    class: &'static str,
    name: String,
    kind: String,
    full: String,
}

/// To the next box.
#[derive(Serialize)]
struct Arrow {
    x: i64,
    from: i64,
    to: i64,
    label: String,
}

/// Past some boxes.
#[derive(Serialize)]
struct Lane {
    path: String,
    heads: Vec<String>,
    label: String,
}

fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

impl Picture {
    pub fn of(report: &Report) -> Picture {
        let tensors = report.tensors.len();
        let count = tensors + report.outputs.len();
        let top = |k: usize| EDGE + k as i64 * STEP;
        let mut boxes = Vec::with_capacity(count);
        let mut readers: Vec<Vec<usize>> = vec![Vec::new(); tensors];
        for (k, tensor) in report.tensors.iter().enumerate() {
            let layer = k.checked_sub(report.inputs).and_then(|k| report.layers.get(k));
            let (class, kind) = layer.map_or(("port", "input"), |l| ("layer", l.kind.as_str()));
            boxes.push((class, tensor.name.as_str(), kind.to_owned()));
            for &t in layer.map_or(&[][..], |l| &l.reads) {
                if let Some(readers) = readers.get_mut(t).filter(|r| r.last() != Some(&k)) {
                    readers.push(k);
                }
            }
        }
        for (k, (name, tensor)) in report.outputs.iter().enumerate() {
            boxes.push(("port", name, "output".to_owned()));
            if let Some(readers) = readers.get_mut(*tensor) {
                readers.push(tensors + k);
            }
        }
        let boxes = boxes.into_iter().enumerate().map(|(k, (class, name, kind))| Box {
            x: EDGE,
            y: top(k),
            width: WIDTH,
            height: HEIGHT,
            class,
            name: short(name, 30),
            full: format!("{name}: {kind}"),
            kind: short(&kind, 38),
        });
        let mut picture = Picture {
            width: 0,
            height: count as i64 * STEP,
            boxes: boxes.collect(),
            arrows: Vec::new(),
            lanes: Vec::new(),
        };
        // The last box that each lane runs to.
        let mut busy: Vec<usize> = Vec::new();
        for (from, readers) in readers.iter().enumerate() {
            let tensor = &report.tensors[from];
            let label = format!("{} × {} bit", shape(&tensor.shape), span(tensor.bits_min, tensor.bits_max));
            let bottom = top(from) + HEIGHT;
            if readers.contains(&(from + 1)) {
                let (x, to, label) = (EDGE + WIDTH / 2, top(from + 1), label.clone());
                picture.arrows.push(Arrow { x, from: bottom, to, label });
            }
            let far: Vec<usize> = readers.iter().copied().filter(|r| *r > from + 1).collect();
            let Some(&last) = far.last() else { continue };
            let lane = busy.iter().position(|until| *until <= from).unwrap_or_else(|| {
                busy.push(0);
                busy.len() - 1
            });
            busy[lane] = last;
            let (right, x) = (EDGE + WIDTH, EDGE + WIDTH + 24 + lane as i64 * LANE);
            let start = bottom - 12;
            let end = |to: usize| top(to) + 14;
            let path = format!("M{right} {start}H{x}V{}", end(last));
            let heads = far.iter().map(|&to| format!("M{x} {y}H{}", right + 2, y = end(to))).collect();
            picture.lanes.push(Lane { path, heads, label: format!("{}: {label}", tensor.name) });
        }
        picture.width = EDGE + WIDTH + if busy.is_empty() { EDGE } else { 24 + busy.len() as i64 * LANE };
        picture
    }
}
