//! Timing diagrams as text, for snapshots: one row per pin, one column per cycle.

use gatewright_dsl::ir::Format;
use gatewright_dsl::ty::Ty;
use gatewright_dsl::value::Value;

use super::Record;
use crate::dut::{Dut, Pin};
use crate::error::SimError;

/// Records chosen pins, one settled value per cycle, and prints them.
#[derive(Clone, Debug, Default)]
pub struct TextWave {
    pub(super) rows: Vec<Row>,
    pub(super) first: u64,
    pub(super) cycles: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Row {
    pub name: String,
    pub pin: Pin,
    pub ty: Ty,
    pub format: Format,
    pub values: Vec<Value>,
    /// For the payload and `last` of a stream: its valid and ready.
    pub stream: Option<(Pin, Pin)>,
    /// For those: whether a beat is offered, and whether it moves.
    pub offers: Vec<(bool, bool)>,
}

impl Row {
    /// Drawn as a line.
    pub fn is_line(&self) -> bool {
        self.ty == Ty::BOOL && !matches!(self.format, Format::Enum(_))
    }
    pub fn texts(&self) -> Vec<String> {
        self.values.iter().map(|v| show(v, self.ty, &self.format)).collect()
    }
}

impl TextWave {
    /// Records these pins of a device.
    pub fn new(dut: &(impl Dut + ?Sized), pins: &[&str]) -> Result<TextWave, SimError> {
        let mut rows = Vec::new();
        for name in pins {
            let pin = dut.pin(name)?;
            let info = dut.interface().info(pin)?;
            let (ty, format) = (info.ty, info.format.clone());
            let streams = &dut.interface().streams;
            let stream = streams.iter().find(|s| s.last == pin || s.payload.contains(&pin)).map(|s| (s.valid, s.ready));
            let (values, offers) = (Vec::new(), Vec::new());
            rows.push(Row { name: info.name.clone(), pin, ty, format, values, stream, offers });
        }
        Ok(TextWave { rows, first: dut.cycle(), cycles: 0 })
    }
    /// Records all pins of a device.
    pub fn all(dut: &(impl Dut + ?Sized)) -> Result<TextWave, SimError> {
        let names: Vec<&str> = dut.pins().iter().map(|p| p.name.as_str()).collect();
        TextWave::new(dut, &names)
    }

    /// Takes the values of this cycle, as they are before the edge.
    pub fn sample(&mut self, dut: &mut (impl Dut + ?Sized)) -> Result<(), SimError> {
        for row in &mut self.rows {
            row.values.push(dut.peek(row.pin)?);
            if let Some((valid, ready)) = row.stream {
                let valid = !dut.peek(valid)?.is_zero();
                row.offers.push((valid, valid && !dut.peek(ready)?.is_zero()));
            }
        }
        self.cycles += 1;
        Ok(())
    }
    /// Takes the values of this cycle, then runs the edge.
    pub fn step(&mut self, dut: &mut (impl Dut + ?Sized)) -> Result<(), SimError> {
        self.sample(dut)?;
        dut.step()
    }
}

impl Record for TextWave {
    fn before_edge(&mut self, dut: &mut dyn Dut, _: &[bool]) -> Result<(), SimError> {
        self.sample(dut)
    }
    fn after_edge(&mut self, _: &mut dyn Dut, _: &[bool]) -> Result<(), SimError> {
        Ok(())
    }
}

/// The value as a reader wants it: a name, a real number, hexadecimal for wide words.
pub fn show(value: &Value, ty: Ty, format: &Format) -> String {
    match format {
        Format::Enum(names) => match value.to_usize().and_then(|n| names.get(n)) {
            Some(name) => name.clone(),
            None => value.to_string(),
        },
        Format::Fixed(fraction) => fixed(value, *fraction),
        Format::Plain | Format::Bool => match ty {
            Ty::Bits(w) if w > 4 => {
                let digits = w.div_ceil(4) as usize;
                let words = value.to_words(w);
                let text: String = words.iter().rev().map(|w| format!("{w:08x}")).collect();
                text[text.len().saturating_sub(digits)..].to_string()
            }
            _ => value.to_string(),
        },
    }
}

/// The integer times 2 to the power of minus `fraction`, exactly, in decimal.
fn fixed(value: &Value, fraction: i32) -> String {
    if fraction <= 0 {
        return value.shl(fraction.unsigned_abs()).to_string();
    }
    // n / 2^f = n * 5^f / 10^f
    let places = fraction as usize;
    let digits = (0..fraction).fold(value.abs(), |n, _| &n * &Value::small(5)).to_string();
    let digits = format!("{digits:0>width$}", width = places + 1);
    let (whole, rest) = digits.split_at(digits.len() - places);
    let rest = rest.trim_end_matches('0');
    let sign = if value.is_negative() { "-" } else { "" };
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

/// Bits as lines, other values where they change, with a dot in each cycle in which they do not.
impl std::fmt::Display for TextWave {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cells: Vec<Vec<String>> = self.rows.iter().map(Row::texts).collect();
        let title = "cycle";
        let name_width = self.rows.iter().map(|r| r.name.chars().count()).chain([title.len()]).max().unwrap_or(0);
        // Every column is as wide as its widest entry needs.
        let column = |n: usize| {
            let shown = self.rows.iter().zip(&cells).filter(|(r, c)| !r.is_line() && (n == 0 || c[n] != c[n - 1]));
            let widest = shown.map(|(_, c)| c[n].chars().count()).max().unwrap_or(0);
            widest.max((self.first + n as u64).to_string().len()).max(2) + 1
        };
        let widths: Vec<usize> = (0..self.cycles).map(column).collect();
        let mut line = format!("{title:name_width$} ");
        for (n, &w) in widths.iter().enumerate() {
            line += &format!(" {:<w$}", self.first + n as u64, w = w - 1);
        }
        writeln!(f, "{}", line.trim_end())?;
        for (row, cells) in self.rows.iter().zip(&cells) {
            let mut line = format!("{:name_width$} ", row.name);
            for (n, &w) in widths.iter().enumerate() {
                let same = n > 0 && row.values[n] == row.values[n - 1];
                if row.is_line() {
                    let high = !row.values[n].is_zero();
                    let edge = match (same || n == 0, high) {
                        (true, true) => '‾',
                        (true, false) => '_',
                        (false, true) => '/',
                        (false, false) => '\\',
                    };
                    line.push(edge);
                    line.extend(std::iter::repeat_n(if high { '‾' } else { '_' }, w - 1));
                } else {
                    let text = if same { "." } else { &cells[n] };
                    line += &format!(" {text:<w$}", w = w - 1);
                }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_for_readers() {
        let plain = |v: i64, ty| show(&Value::from(v), ty, &Format::Plain);
        assert_eq!(plain(-5, Ty::Int(gatewright_dsl::ty::sint(8))), "-5");
        assert_eq!(plain(0xabc, Ty::Bits(12)), "abc");
        assert_eq!(plain(0x1, Ty::Bits(33)), "000000001");
        assert_eq!(plain(3, Ty::Bits(2)), "3");
        let fix = |v: i64, f| fixed(&Value::from(v), f);
        assert_eq!(fix(-5, 2), "-1.25");
        assert_eq!(fix(1, 4), "0.0625");
        assert_eq!(fix(16, 4), "1");
        assert_eq!(fix(-1, 1), "-0.5");
        assert_eq!(fix(3, -2), "12");
        let names = Format::Enum(vec!["Idle".into(), "Run".into()]);
        assert_eq!(show(&Value::ONE, Ty::BOOL, &names), "Run");
        assert_eq!(show(&Value::small(3), Ty::Bits(2), &names), "3");
    }
}
