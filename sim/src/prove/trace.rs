//! Traces: the inputs, clock by clock from power-up, that lead to a failure.

use std::fmt;

use gatewright_dsl::ir::Dir;
use gatewright_dsl::value::Value;

use super::clock::{Clock, Inputs};
use super::machine::Machine;
use super::solver::Model;
use crate::dut::{Dut, DutExt, OnFailure};
use crate::error::{CheckFailure, SimError};

/// A port with its value in each clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The port.
    pub name: String,
    /// One value per clock, before the edge at its end.
    pub values: Vec<Value>,
}

/// What leads from power-up to a failure. Shown as a table with a row per port and a column per clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// What happens in the last clock.
    pub what: String,
    /// The reset's port and where it is active, where there is a reset.
    pub reset: Option<(String, Vec<bool>)>,
    /// The inputs.
    pub inputs: Vec<Row>,
    /// The outputs.
    pub outputs: Vec<Row>,
    /// Where two designs are compared, the outputs of the second one.
    pub others: Vec<Row>,
}

/// What a device did with a trace's inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// The outputs, in the order of [`Trace::outputs`].
    pub outputs: Vec<Row>,
    /// The checks that failed, in each clock.
    pub failures: Vec<CheckFailure>,
}

impl Trace {
    /// The number of clocks.
    pub fn clocks(&self) -> usize {
        self.inputs.iter().chain(&self.outputs).map(|r| r.values.len()).next().unwrap_or(0)
    }

    /// Gives the inputs to a device at power-up, such as an interpreter of the same design.
    ///
    /// # Errors
    /// Where the device has other ports.
    pub fn replay(&self, dut: &mut dyn Dut) -> Result<Replayed, SimError> {
        let mut outputs: Vec<Row> =
            self.outputs.iter().map(|r| Row { name: r.name.clone(), values: Vec::new() }).collect();
        dut.on_failure(OnFailure::Collect);
        for n in 0..self.clocks() {
            if let Some((_, active)) = &self.reset {
                dut.poke_reset(0, active[n])?;
            }
            for row in &self.inputs {
                dut.set(&row.name, row.values[n].clone())?;
            }
            for row in &mut outputs {
                row.values.push(dut.get(&row.name)?);
            }
            dut.step()?;
        }
        Ok(Replayed { outputs, failures: dut.take_failures() })
    }

    /// The trace of a machine's clocks in a model.
    pub(super) fn of(what: String, machine: &Machine<'_>, inputs: &[Inputs], clocks: &[Clock], model: &Model) -> Trace {
        let rows = |dir| {
            let ports = machine.pins.iter().enumerate().filter(move |(_, pin)| pin.dir == dir);
            let rows = ports.map(|(n, pin)| Row {
                name: pin.name.clone(),
                values: clocks.iter().map(|c| model.number(c.pins[n])).collect(),
            });
            rows.collect()
        };
        let active = || inputs.iter().map(|i| model.holds(i.reset)).collect();
        let reset = machine.reset.as_ref().map(|(name, _)| (name.clone(), active()));
        Trace { what, reset, inputs: rows(Dir::Input), outputs: rows(Dir::Output), others: Vec::new() }
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows: Vec<(String, Vec<String>)> = Vec::new();
        let clocks = self.clocks();
        rows.push(("clock".into(), (0..clocks).map(|n| n.to_string()).collect()));
        if let Some((name, active)) = &self.reset
            && active.contains(&true)
        {
            let text = active.iter().map(|&a| if a { "active" } else { "-" }.to_string());
            rows.push((name.clone(), text.collect()));
        }
        let texts = |row: &Row| row.values.iter().map(Value::to_string).collect::<Vec<_>>();
        rows.extend(self.inputs.iter().map(|r| (r.name.clone(), texts(r))));
        let mark = |row: &Row, which: &str| match self.others.is_empty() {
            true => row.name.clone(),
            false => format!("{} ({which})", row.name),
        };
        let differs = |row: &Row| self.others.is_empty() || !self.others.contains(row);
        for row in self.outputs.iter().filter(|r| differs(r)) {
            rows.push((mark(row, "first"), texts(row)));
            let other = self.others.iter().find(|o| o.name == row.name);
            rows.extend(other.map(|o| (mark(o, "second"), texts(o))));
        }
        let name = rows.iter().map(|r| r.0.len()).max().unwrap_or(0);
        let widths: Vec<usize> =
            (0..clocks).map(|n| rows.iter().filter_map(|r| r.1.get(n)).map(String::len).max().unwrap_or(0)).collect();
        writeln!(f, "{}", self.what)?;
        for (head, cells) in &rows {
            write!(f, "{head:name$}")?;
            for (cell, &width) in cells.iter().zip(&widths) {
                write!(f, "  {cell:>width$}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
