//! The report as one page that needs nothing else.

use minijinja::{AutoEscape, Environment};
use serde::Serialize;

use super::picture::Picture;
use super::text::{number, rate, span, time, whole};
use super::words::{counted, shape};
use super::{HostStep, Report, Scale};
use crate::package::Interface;

const PAGE: &str = include_str!("page.html");

/// What the page shows, as text.
#[derive(Serialize)]
struct View<'a> {
    name: &'a str,
    source: &'a str,
    about: String,
    tiles: Vec<(&'static str, String, String)>,
    picture: Picture,
    layers: Vec<Row<'a>>,
    bars: Vec<Bar<'a>>,
    ranges: Vec<RangeBar<'a>>,
    seen: Option<String>,
    near_ties: Option<String>,
    ports: Vec<Port<'a>>,
    before: Vec<Step<'a>>,
    behind: Vec<Step<'a>>,
    warnings: &'a [String],
    profile: Option<ProfileView<'a>>,
    family: &'static str,
    measured: Vec<Measured>,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    kind: &'a str,
    shape: String,
    range: String,
    bits: String,
    why: &'a str,
    weights: String,
    adders: String,
    adder_bits: String,
    comparators: String,
    luts: String,
    registers: String,
    depth: u32,
    clocks: String,
}

#[derive(Serialize)]
struct Bar<'a> {
    name: &'a str,
    value: String,
    percent: String,
}

#[derive(Serialize)]
struct RangeBar<'a> {
    name: &'a str,
    provided: String,
    seen: String,
    share: String,
    left: String,
    width: String,
    zero: Option<String>,
}

#[derive(Serialize)]
struct Port<'a> {
    direction: &'static str,
    name: &'a str,
    shape: String,
    bits: String,
    range: String,
    scale: String,
}

#[derive(Serialize)]
struct Step<'a> {
    name: &'a str,
    kind: &'a str,
    shape: String,
}

/// A synthesis: heading, a table with its own heading, remarks.
#[derive(Serialize)]
struct Measured {
    head: String,
    rows: Vec<Vec<String>>,
    remarks: Vec<String>,
}

#[derive(Serialize)]
struct ProfileView<'a> {
    name: &'a str,
    title: &'a str,
    verdict: &'static str,
    class: &'static str,
    lines: Vec<String>,
    platform: &'a str,
    remarks: &'a str,
    advice: &'a [String],
}

fn percent(part: f64) -> String {
    format!("{:.2}", (part * 100.0).clamp(0.0, 100.0))
}

/// `integer × 0.25 − 1`.
fn scale_words(scale: &Option<Scale>) -> String {
    let ends = |(a, b): (f64, f64)| if a == b { number(a) } else { format!("({} … {})", number(a), number(b)) };
    match scale {
        None => "a step on the way".to_owned(),
        Some(Scale { scale, offset: (0.0, 0.0) }) => format!("integer × {}", ends(*scale)),
        Some(Scale { scale, offset }) => format!("integer × {} + {}", ends(*scale), ends(*offset)),
    }
}

fn steps(all: &[HostStep]) -> Vec<Step<'_>> {
    all.iter().map(|s| Step { name: &s.name, kind: &s.kind, shape: shape(&s.shape) }).collect()
}

impl Report {
    /// One page of HTML with pictures, which loads nothing.
    ///
    /// # Errors
    /// Never for what [`Report::of`] makes: the page's template is a part of this program.
    pub fn html(&self) -> Result<String, minijinja::Error> {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.add_template("page.html", PAGE)?;
        environment.get_template("page.html")?.render(self.view())
    }

    fn view(&self) -> View<'_> {
        let interface = match self.interface {
            Interface::Plain => "plain ports with a valid flag",
            Interface::Stream => "AXI4-Stream",
        };
        View {
            name: &self.name,
            source: &self.source,
            about: format!("{}, {interface}", self.architecture),
            tiles: self.tiles(),
            picture: Picture::of(self),
            layers: self.rows(),
            bars: self.bars(),
            ranges: self.ranges(),
            seen: self.seen.map(|s| whole(s.count as u64)),
            near_ties: self.near_ties(),
            ports: self.ports(),
            before: steps(&self.before),
            behind: steps(&self.behind),
            warnings: &self.warnings,
            family: self.estimate.lut_inputs(),
            measured: self
                .measured
                .iter()
                .map(|m| m.said())
                .map(|(head, rows, remarks)| Measured { head, rows, remarks })
                .collect(),
            profile: self.assessment.as_ref().map(|a| ProfileView {
                name: &a.profile.name,
                title: &a.profile.title,
                verdict: a.verdict(),
                class: match a.meets {
                    Some(true) => "good",
                    Some(false) => "bad",
                    None => "open",
                },
                lines: a.lines(),
                platform: &a.profile.platform,
                remarks: &a.profile.remarks,
                advice: &a.advice,
            }),
        }
    }

    fn tiles(&self) -> Vec<(&'static str, String, String)> {
        let t = &self.totals;
        let latency = match (t.latency_ns, t.clock_mhz) {
            (Some(ns), Some(clock)) => {
                (time(ns), format!("{} at {} MHz", counted(t.latency_clocks as usize, "clock"), number(clock)))
            }
            _ if t.latency_clocks > 0 => (counted(t.latency_clocks as usize, "clock"), "no clock given".to_owned()),
            _ => ("combinational".to_owned(), "no clock given".to_owned()),
        };
        let samples = t.samples_per_second.map_or_else(|| "–".to_owned(), |r| format!("{}/s", rate(r)));
        let c = &t.cost;
        let mut registers = format!("{} registers", whole(t.registers));
        if t.memory_bits > 0 {
            registers += &format!(", and {} bits of memories", whole(t.memory_bits));
        }
        let zeros = t.weights - t.nonzero_weights.min(t.weights);
        vec![
            ("Latency", latency.0, latency.1),
            ("Samples", samples, format!("interval {}", t.interval)),
            (
                "LUTs, estimated",
                whole(c.luts),
                format!("{} carry cells, {} cells in a row", whole(self.estimate.carries), self.estimate.depth),
            ),
            ("Adders", whole(c.adders), format!("{} bits, {} comparators", whole(c.adder_bits), whole(c.comparators))),
            ("Register bits", whole(t.register_bits), registers),
            ("Weights", whole(t.weights as u64), format!("{} are zero", whole(zeros as u64))),
        ]
    }

    fn rows(&self) -> Vec<Row<'_>> {
        let rows = self.layers.iter().zip(self.tensors.iter().skip(self.inputs));
        rows.map(|(l, t)| Row {
            name: &l.name,
            kind: &l.kind,
            shape: shape(&t.shape),
            range: format!("{} … {}", t.least, t.greatest),
            bits: span(t.bits_min, t.bits_max),
            why: &l.why,
            weights: l.weights.map(|w| format!("{} of {}, {} bit", w.nonzero, w.count, w.bits)).unwrap_or_default(),
            adders: whole(l.cost.adders),
            adder_bits: whole(l.cost.adder_bits),
            comparators: whole(l.cost.comparators),
            luts: whole(l.cost.luts),
            registers: whole(l.register_bits),
            depth: l.cost.depth,
            clocks: l.clocks.map(|(a, b)| span(a, b)).unwrap_or_default(),
        })
        .collect()
    }

    fn bars(&self) -> Vec<Bar<'_>> {
        let most = self.layers.iter().map(|l| l.cost.luts).max().unwrap_or(0).max(1) as f64;
        let layers = self.layers.iter();
        layers
            .map(|l| Bar { name: &l.name, value: whole(l.cost.luts), percent: percent(l.cost.luts as f64 / most) })
            .collect()
    }

    fn ranges(&self) -> Vec<RangeBar<'_>> {
        let bar = |t: &'_ super::Tensor| {
            let span = (i128::from(t.greatest) - i128::from(t.least)).max(1) as f64;
            let at = |v: i64| (i128::from(v) - i128::from(t.least)) as f64 / span;
            let (left, right) = match (&t.seen, t.least == t.greatest) {
                (Some(_), true) => (0.0, 1.0),
                (Some(s), false) => (at(s.least), at(s.greatest)),
                (None, _) => (0.0, 0.0),
            };
            let inside = t.least < 0 && t.greatest > 0;
            (percent(left), percent(right - left), inside.then(|| percent(at(0))))
        };
        self.tensors
            .iter()
            .map(|t| {
                let (left, width, zero) = bar(t);
                RangeBar {
                    name: &t.name,
                    provided: format!("{} … {}", t.least, t.greatest),
                    seen: t.seen.map(|s| format!("{} … {}", s.least, s.greatest)).unwrap_or_default(),
                    share: t
                        .seen
                        .map(|s| format!("{} %", number((s.share * 1000.0).round() / 10.0)))
                        .unwrap_or_default(),
                    left,
                    width,
                    zero,
                }
            })
            .collect()
    }

    fn ports(&self) -> Vec<Port<'_>> {
        let inputs = self.tensors.iter().take(self.inputs).map(|t| ("in", t.name.as_str(), t));
        let outputs = self.outputs.iter().filter_map(|(n, t)| self.tensors.get(*t).map(|t| ("out", n.as_str(), t)));
        inputs
            .chain(outputs)
            .map(|(direction, name, t)| Port {
                direction,
                name,
                shape: shape(&t.shape),
                bits: span(t.bits_min, t.bits_max),
                range: format!("{} … {}", t.least, t.greatest),
                scale: scale_words(&t.scale),
            })
            .collect()
    }
}
