//! The report for a terminal.

use std::fmt::Write as _;

use super::words::{counted, shape};
use super::{Assessment, Check, Report};

/// A number with four significant digits, and thousands apart.
pub(super) fn number(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return format!("{x}");
    }
    if x.abs() >= 1e15 || x.abs() < 1e-4 {
        return format!("{x:.3e}");
    }
    let digits = (3 - x.abs().log10().floor() as i32).clamp(0, 9) as usize;
    let text = format!("{x:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text };
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), None), |(w, r)| (w, Some(r)));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |w| ("-", w));
    let mut out = format!("{sign}{}", grouped(whole));
    rest.into_iter().for_each(|r| out = format!("{out}.{r}"));
    out
}

/// A whole number, thousands apart.
pub(super) fn whole(n: u64) -> String {
    grouped(&n.to_string())
}

/// More than four digits in groups of three.
fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (k, c) in digits.chars().enumerate() {
        if k > 0 && (digits.len() - k).is_multiple_of(3) && digits.len() > 4 {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// A rate per second with its unit.
pub(super) fn rate(per_second: f64) -> String {
    let (value, unit) = match per_second {
        r if r >= 1e9 => (r / 1e9, "G"),
        r if r >= 1e6 => (r / 1e6, "M"),
        r if r >= 1e3 => (r / 1e3, "k"),
        r => (r, ""),
    };
    format!("{} {unit}", number(value)).trim_end().to_owned()
}

/// A time with its unit.
pub(super) fn time(ns: f64) -> String {
    let (value, unit) = match ns {
        t if t >= 1e9 => (t / 1e9, "s"),
        t if t >= 1e6 => (t / 1e6, "ms"),
        t if t >= 1e3 => (t / 1e3, "µs"),
        t => (t, "ns"),
    };
    format!("{} {unit}", number(value))
}

/// `5`, or `3–5`.
pub(super) fn span(lo: u32, hi: u32) -> String {
    if lo == hi { lo.to_string() } else { format!("{lo}–{hi}") }
}

/// With two decimals.
fn two(x: f64) -> f64 {
    (x * 100.0).round() / 100.0
}

/// Without characters that would steer a terminal.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

impl Assessment {
    /// `rate: 200 M/s of 40 M/s wanted, 5 times enough`.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |what: &str, check: &Check, show: &dyn Fn(f64) -> String, bound: &str| {
            let (found, wanted) = (show(check.found), show(check.wanted));
            let by = match check.margin {
                Some(m) if check.meets && two(m) == 1.0 => ": just what is asked".to_owned(),
                Some(m) if check.meets => format!(": {} times better than asked", number(two(m))),
                Some(m) => {
                    format!(": {} times too {}", number(two(1.0 / m)), if bound == "least" { "slow" } else { "long" })
                }
                None => String::new(),
            };
            format!("{what} {found}, at {bound} {wanted} asked{by}")
        };
        let rate_line = self.rate.as_ref().map(|c| line("rate", c, &|r| format!("{}/s", rate(r)), "least"));
        let latency_line = self.latency.as_ref().map(|c| line("latency", c, &time, "most"));
        rate_line.into_iter().chain(latency_line).collect()
    }

    pub(super) fn verdict(&self) -> &'static str {
        match self.meets {
            Some(true) => "met",
            Some(false) => "not met",
            None => "not checked",
        }
    }
}

impl Report {
    /// How many samples were near a tie, once samples were seen.
    pub(super) fn near_ties(&self) -> Option<String> {
        let seen = self.seen?;
        if seen.values_near_ties == 0 {
            return Some("No value came near a tie of a quantiser.".to_owned());
        }
        let (values, samples) = (whole(seen.values_near_ties), whole(seen.near_ties as u64));
        let of = whole(seen.count as u64);
        Some(format!(
            "Values near a tie of a quantiser: {values}, in {samples} of {of} samples; there float32 may round to the other \
             side, the hardware gives the exact result."
        ))
    }

    /// A table of the layers, totals and warnings, for a terminal.
    pub fn text(&self) -> String {
        let t = &self.totals;
        let mut out = String::new();
        let _ = writeln!(out, "{} from {}, {}", plain(&self.name), plain(&self.source), self.architecture);
        let mut rows = vec![
            ["layer", "kind", "shape", "range", "bits", "weights", "adders", "LUTs", "clocks"]
                .map(str::to_owned)
                .to_vec(),
        ];
        for (k, tensor) in self.tensors.iter().enumerate() {
            let layer = k.checked_sub(self.inputs).and_then(|k| self.layers.get(k));
            let weights = layer.and_then(|l| l.weights).map(|w| format!("{}/{}", w.nonzero, w.count));
            rows.push(vec![
                plain(&tensor.name),
                layer.map_or_else(|| "input".to_owned(), |l| plain(&l.kind)),
                shape(&tensor.shape),
                format!("{}..{}", tensor.least, tensor.greatest),
                span(tensor.bits_min, tensor.bits_max),
                weights.unwrap_or_default(),
                layer.map(|l| whole(l.cost.adders)).unwrap_or_default(),
                layer.map(|l| whole(l.cost.luts)).unwrap_or_default(),
                layer.and_then(|l| l.clocks).map(|(a, b)| span(a, b)).unwrap_or_default(),
            ]);
        }
        out += &table(&rows, 4);
        let c = &t.cost;
        let _ = writeln!(
            out,
            "\n{} adders of {} bits in all, {} comparators, {} operations in a row",
            whole(c.adders),
            whole(c.adder_bits),
            whole(c.comparators),
            c.depth
        );
        let _ = write!(out, "{} registers of {} bits in all", whole(t.registers), whole(t.register_bits));
        let _ = match t.memory_bits {
            0 => writeln!(out),
            bits => writeln!(out, ", memories of {} bits", whole(bits)),
        };
        out += &self.cells();
        match (t.clock_mhz, t.latency_ns, t.samples_per_second) {
            (Some(clock), Some(ns), Some(per_second)) => {
                let clocks = counted(t.latency_clocks as usize, "clock");
                let (ns, clock, per_second) = (time(ns), number(clock), rate(per_second));
                let _ = writeln!(
                    out,
                    "latency {clocks}, {ns} at {clock} MHz; interval {}, {per_second} samples/s",
                    t.interval
                );
            }
            _ if t.latency_clocks > 0 => {
                let clocks = counted(t.latency_clocks as usize, "clock");
                let _ = writeln!(out, "the layers are combinational, without a given clock; latency {clocks}");
            }
            _ => out += "combinational: no registers between inputs and outputs\n",
        }
        if let Some(seen) = self.seen {
            let samples = whole(seen.count as u64);
            let shares = self.tensors.iter().filter_map(|t| t.seen.map(|s| (s.share, t)));
            if let Some((share, least)) = shares.min_by(|a, b| a.0.total_cmp(&b.0)) {
                let (name, percent) = (plain(&least.name), number((share * 1000.0).round() / 10.0));
                let _ = writeln!(out, "{samples} samples seen; least used is the range of {name}, {percent} %");
            }
            self.near_ties().iter().for_each(|line| out += &format!("{line}\n"));
        }
        if let Some(a) = &self.assessment {
            let _ = writeln!(out, "profile {}: {}", plain(&a.profile.name), a.verdict());
            a.lines().iter().for_each(|line| out += &format!("  {line}\n"));
            let remarks = [("platform", &a.profile.platform), ("remarks", &a.profile.remarks)];
            for (what, remark) in remarks.iter().filter(|r| !r.1.is_empty()) {
                out += &format!("  {what}: {}\n", plain(remark));
            }
            a.advice.iter().for_each(|line| out += &format!("  help: {}\n", plain(line)));
        }
        self.warnings.iter().for_each(|line| out += &format!("warning: {}\n", plain(line)));
        out
    }
}

/// Columns from `right` on are aligned to the right.
pub(super) fn table(rows: &[Vec<String>], right: usize) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|s| s.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let cells =
            row.iter().zip(&widths).enumerate().map(|(c, (cell, width))| {
                if c < right { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
            });
        let line: Vec<String> = cells.collect();
        out += line.join("  ").trim_end();
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let cases = [
            (0.0, "0"),
            (5.0, "5"),
            (66.6667, "66.67"),
            (999.96, "1000"),
            (28126.0, "28 126"),
            (-1234567.0, "-1 234 567"),
        ];
        cases.iter().for_each(|(x, text)| assert_eq!(number(*x), *text));
        assert_eq!((number(0.5), number(0.01234), number(2e-7)), ("0.5".into(), "0.01234".into(), "2.000e-7".into()));
        assert_eq!((whole(9999), whole(10000), whole(1234567)), ("9999".into(), "10 000".into(), "1 234 567".into()));
        assert_eq!(
            (time(15.0), time(1e3), time(2.5e6), time(3e9)),
            ("15 ns".into(), "1 µs".into(), "2.5 ms".into(), "3 s".into())
        );
        assert_eq!((rate(2e8), rate(1e3), rate(7.0)), ("200 M".into(), "1 k".into(), "7".into()));
    }
}
