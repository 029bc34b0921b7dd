//! What was estimated beside what a synthesiser counted.

use std::fmt::Write as _;

use gatewright_layers::target::Family;

use super::text::{number, table, whole};
use super::{Estimate, Report};
use crate::synth::{Counts, Synthesis};

/// A row: what it is, what was counted, what was estimated.
type Row = (&'static str, u64, Option<u64>);

impl Synthesis {
    /// The numbers that were counted, with what was estimated of each.
    fn rows(&self) -> Vec<Row> {
        let Counts { luts, carries, flip_flops, shift_registers, wide_muxes, memories, inverters } = self.counts;
        let of = |f: fn(&Estimate) -> u64| self.estimate.as_ref().map(f);
        let mut rows = vec![
            (self.flow.logic(), luts, of(|e| e.luts)),
            ("carry cells", carries, of(|e| e.carries)),
            ("flip-flops", flip_flops, of(|e| e.flip_flops)),
        ];
        let shifted = of(|e| e.shift_registers);
        let more = [
            ("shift registers", shift_registers, shifted),
            ("wide multiplexers", wide_muxes, None),
            ("memory cells", memories, None),
            ("inverters", inverters, None),
        ];
        rows.extend(more.into_iter().filter(|(_, n, estimate)| *n > 0 || estimate.is_some_and(|e| e > 0)));
        rows.extend(self.depth.map(|depth| ("depth in cells", depth, of(|e| u64::from(e.depth)))));
        rows
    }

    /// Estimated LUTs for each that was counted.
    pub fn ratio(&self) -> Option<f64> {
        let estimate = self.estimate.as_ref().filter(|_| self.counts.luts > 0)?;
        Some(estimate.luts as f64 / self.counts.luts as f64)
    }

    /// The heading, a table of what was counted beside what was estimated with their ratio, and remarks.
    pub(super) fn said(&self) -> (String, Vec<Vec<String>>, Vec<String>) {
        let head = format!(
            "{} for {}, {} s",
            self.yosys.split(" (").next().unwrap_or("Yosys"),
            self.flow,
            number(self.seconds)
        );
        let cells = |(what, counted, estimated): Row| {
            let ratio = estimated.filter(|_| counted > 0).map(|e| format!("{:.2}", e as f64 / counted as f64));
            vec![what.to_owned(), whole(counted), estimated.map(whole).unwrap_or_default(), ratio.unwrap_or_default()]
        };
        let mut rows = vec![["", "counted", "estimated", "ratio"].map(str::to_owned).to_vec()];
        rows.extend(self.rows().into_iter().map(cells));
        let mut remarks = Vec::new();
        if let Some(clock) = &self.clock {
            let (mhz, seconds) = (number(clock.mhz), number(clock.seconds));
            remarks.push(format!("clock: {mhz} MHz at most after {}, {seconds} s", clock.tool));
        }
        remarks.extend(self.no_clock.iter().map(|why| format!("clock: not measured; {why}")));
        remarks.extend(self.other_version());
        (head, rows, remarks)
    }

    /// The result for a terminal.
    pub fn text(&self) -> String {
        let (head, rows, remarks) = self.said();
        let mut out = format!("{head}\n");
        table(&rows, 1).lines().for_each(|line| out += &format!("  {line}\n"));
        remarks.iter().for_each(|line| out += &format!("  {line}\n"));
        out
    }
}

impl Estimate {
    /// Inputs of a LUT, in words.
    pub(super) fn lut_inputs(&self) -> &'static str {
        match self.family {
            Family::Lut6 | Family::Lut6Ternary | Family::Gates => "six",
            Family::Lut4 => "four",
        }
    }
}

impl Report {
    /// The estimate of the whole design, and what was measured.
    pub(super) fn cells(&self) -> String {
        let mut out = String::new();
        let e = &self.estimate;
        let (luts, kind) = (whole(e.luts), e.lut_inputs());
        let _ = write!(out, "estimated: {luts} LUTs of {kind} inputs, {} carry cells", whole(e.carries));
        let _ = write!(out, ", {} flip-flops", whole(e.flip_flops));
        if e.shift_registers > 0 {
            let _ = write!(out, ", {} shift registers", whole(e.shift_registers));
        }
        let _ = writeln!(out, ", {} cells in a row", e.depth);
        self.measured.iter().for_each(|m| out += &m.text());
        out
    }
}
