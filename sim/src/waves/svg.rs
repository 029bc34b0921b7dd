//! Timing diagrams as pictures: an SVG of what a [`TextWave`] has recorded.
//!
//! The clock is on top; a bit is a line, other values are boxes from change to change with the value inside. Payload and
//! `last` of a stream are drawn while a beat is offered, and filled where it moves. All colours stand out from a light and
//! from a dark page, and there is no background. Equal records give equal bytes.

use std::fmt::Write;

use super::text::{Row, TextWave};

/// Heights and widths in pixels.
const LANE: usize = 26;
const HIGH: usize = 16;
const CYCLE: usize = 36;
const CHAR: usize = 7;
const SLOPE: usize = 3;

const STYLE: &str = "text{font:12px ui-monospace,monospace;fill:#7a7f87}\
                     .name{text-anchor:end}.value{text-anchor:middle;font-size:11px}.cycle{text-anchor:middle;font-size:9px}\
                     path{fill:none;stroke-width:1.5}.clock{stroke:#8a8f97}.bit{stroke:#3d8bd9}.bus{stroke:#c2791f}\
                     .moves{fill:#c2791f;fill-opacity:.25}.grid{stroke:#8a8f97;stroke-width:.5;stroke-opacity:.4}";

/// What a lane shows between two edges.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cell<'t> {
    Level(bool),
    /// A value, and whether a beat moves.
    Box(&'t str, bool),
    /// No meaning.
    Nothing,
}

impl TextWave {
    /// The picture. Rows have the pins' names.
    pub fn svg(&self) -> String {
        let names: Vec<String> = self.rows.iter().map(|row| row.name.clone()).collect();
        self.svg_with_names(&names)
    }

    /// The picture with other names for the rows, in their order; missing ones stay empty.
    pub fn svg_with_names(&self, names: &[impl AsRef<str>]) -> String {
        let texts: Vec<Vec<String>> = self.rows.iter().map(Row::texts).collect();
        let longest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
        let clock = "clock";
        let name_chars = longest(&mut names.iter().map(|n| n.as_ref().chars().count()).chain([clock.len()]));
        let left = name_chars * CHAR + 14;
        let boxed = self.rows.iter().zip(&texts).filter(|(row, _)| !row.is_line()).flat_map(|(_, texts)| texts);
        let cycle = CYCLE.max(longest(&mut boxed.map(|t| t.chars().count())) * CHAR + 8);
        let (width, height) = (left + self.cycles * cycle + 6, (self.rows.len() + 1) * LANE + 20);

        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} \
             {height}\">\n<style>{STYLE}</style>\n"
        );
        let x = |n: usize| left + n * cycle;
        for n in 0..=self.cycles {
            let _ = writeln!(svg, "<path class=\"grid\" d=\"M{} 14V{}\"/>", x(n), height - 4);
            if n < self.cycles {
                let (middle, number) = (x(n) + cycle / 2, self.first + n as u64);
                let _ = writeln!(svg, "<text class=\"cycle\" x=\"{middle}\" y=\"10\">{number}</text>");
            }
        }
        let name = |svg: &mut String, lane: usize, name: &str| {
            let _ = writeln!(
                svg,
                "<text class=\"name\" x=\"{}\" y=\"{}\">{}</text>",
                left - 8,
                top(lane) + 12,
                escaped(name)
            );
        };
        name(&mut svg, 0, clock);
        let (high, low) = (top(0), top(0) + HIGH);
        let mut line = format!("M{left} {low}");
        for n in 0..self.cycles {
            let _ = write!(line, "V{high}H{}V{low}H{}", x(n) + cycle / 2, x(n + 1));
        }
        let _ = writeln!(svg, "<path class=\"clock\" d=\"{line}\"/>");
        for (lane, (row, texts)) in self.rows.iter().zip(&texts).enumerate() {
            name(&mut svg, lane + 1, names.get(lane).map_or("", AsRef::as_ref));
            let cells: Vec<Cell> = (0..self.cycles).map(|n| cell(row, texts, n)).collect();
            draw(&mut svg, &cells, top(lane + 1), &x);
        }
        svg + "</svg>\n"
    }
}

/// The upper end of a lane.
fn top(lane: usize) -> usize {
    18 + lane * LANE
}

fn cell<'t>(row: &Row, texts: &'t [String], n: usize) -> Cell<'t> {
    match row.offers.get(n) {
        Some((false, _)) => Cell::Nothing,
        _ if row.is_line() => Cell::Level(!row.values[n].is_zero()),
        Some((true, moves)) => Cell::Box(&texts[n], *moves),
        None => Cell::Box(&texts[n], false),
    }
}

/// Draws a lane, equal cells side by side as one; but a beat that moves ends its box, as the next one is another.
fn draw(svg: &mut String, cells: &[Cell], top: usize, x: &dyn Fn(usize) -> usize) {
    let (high, low, middle) = (top, top + HIGH, top + HIGH / 2);
    let mut line = String::new();
    let mut at = 0;
    while at < cells.len() {
        let here = cells[at];
        let ends = |n: usize| cells[n] != here || matches!(here, Cell::Box(_, true));
        let end = (at + 1..cells.len()).find(|&n| ends(n)).unwrap_or(cells.len());
        let (from, to) = (x(at), x(end));
        match here {
            Cell::Level(level) => {
                let y = if level { high } else { low };
                // From the lane's height before, where it had one.
                match at.checked_sub(1).map(|before| cells[before]) {
                    Some(Cell::Level(_)) => _ = write!(line, "L{} {y}H{to}", from + SLOPE),
                    _ => _ = write!(line, "M{from} {y}H{to}"),
                }
            }
            Cell::Box(text, moves) => {
                let class = if moves { "bus moves" } else { "bus" };
                let _ = writeln!(
                    svg,
                    "<path class=\"{class}\" d=\"M{from} {middle}L{} {high}H{}L{to} {middle}L{} {low}H{}Z\"/>",
                    from + SLOPE,
                    to - SLOPE,
                    to - SLOPE,
                    from + SLOPE
                );
                let (x, y) = ((from + to) / 2, middle + 4);
                let _ = writeln!(svg, "<text class=\"value\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(text));
            }
            Cell::Nothing => {
                let _ = writeln!(svg, "<path class=\"grid\" d=\"M{from} {middle}H{to}\"/>");
            }
        }
        at = end;
    }
    if !line.is_empty() {
        let _ = writeln!(svg, "<path class=\"bit\" d=\"{line}\"/>");
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use gatewright_dsl::prelude::*;

    use crate::{DutExt, Interpreter, TextWave};

    /// A stream through a register slice, and a bit.
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Part;

    impl Generator for Part {
        type In = StreamIn<Bits>;
        type Out = StreamOut<Bits>;
        fn shape(&self) -> StreamInShape<Bits> {
            StreamInShape { input: StreamTy(word(8)) }
        }
        fn build(&self, m: &Module, i: Self::In) -> Self::Out {
            StreamOut { output: i.input.regslice(m) }
        }
    }

    #[test]
    fn what_is_drawn() {
        let mut dut = Interpreter::new(&elaborate(&Part).unwrap()).unwrap();
        let mut wave = TextWave::new(&dut, &["input_valid", "input_data", "output_data"]).unwrap();
        for (valid, data, ready) in [(0, 7, 0), (1, 0xa5, 0), (1, 0x5a, 1), (0, 0, 1)] {
            dut.set("input_valid", valid).unwrap();
            dut.set("input_data", data).unwrap();
            dut.set("output_ready", ready).unwrap();
            wave.step(&mut dut).unwrap();
        }
        let svg = wave.svg_with_names(&["a < b", "data"]);
        assert_eq!(svg.matches("<path").count(), svg.matches("/>").count());
        // The name, escaped, and no name for the last row.
        assert!(svg.contains(">a &lt; b</text>") && svg.contains("\"></text>"));
        // Low, high for two clocks, low; each cycle is 36 pixels.
        let left = 5 * 7 + 14;
        let x = |n: usize| left + 36 * n;
        let line = format!("M{left} 60H{}L{} 44H{}L{} 60H{}", x(1), x(1) + 3, x(3), x(3) + 3, x(4));
        assert!(svg.contains(&format!("<path class=\"bit\" d=\"{line}\"/>")), "{svg}");
        // Both inputs are taken at once; the first output moves in clock 2, the second in clock 3.
        let filled = svg.matches("class=\"bus moves\"").count();
        assert_eq!((filled, svg.matches(">a5</text>").count(), svg.matches(">5a</text>").count()), (4, 2, 2), "{svg}");
        assert!(!svg.contains(">07</text>"), "a payload without a beat");
        assert_eq!(svg, wave.clone().svg_with_names(&["a < b", "data"]));
        assert!(wave.svg().contains(">output_data</text>"));
    }
}
