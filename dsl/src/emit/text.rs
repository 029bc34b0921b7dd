//! The text of one Verilog module while it is written: lines, the places they come from, and which bits of each base
//! have been read.

use rustc_hash::FxHashSet;

use crate::ids::PlaceId;

use super::literal;
use super::plan::Plan;

/// Which bits of a base something reads.
#[derive(Clone, Debug, Default)]
pub(crate) enum Used {
    #[default]
    No,
    /// Ranges `from..to`, in any order.
    Bits(Vec<(u32, u32)>),
    All,
}

/// Columns after which a list goes on in the next line.
const BREAK: usize = 100;

/// The text that is being written.
pub(crate) struct Text<'p, 'a> {
    pub plan: &'p Plan<'a>,
    pub out: String,
    pub used: Vec<Used>,
    /// Lines (from 1) with their places, ascending.
    pub places: Vec<(u32, PlaceId)>,
    /// Clocks and resets that the body reads.
    pub clocks: FxHashSet<String>,
    /// Write places beside declarations.
    pub comments: bool,
    line: u32,
    line_start: usize,
}

impl<'p, 'a> Text<'p, 'a> {
    pub fn new(plan: &'p Plan<'a>) -> Self {
        let used = vec![Used::No; plan.bases.len()];
        Text {
            plan,
            out: String::new(),
            used,
            places: Vec::new(),
            clocks: FxHashSet::default(),
            comments: false,
            line: 1,
            line_start: 0,
        }
    }

    pub fn put(&mut self, text: &str) {
        debug_assert!(!text.contains('\n'));
        self.out.push_str(text);
    }

    /// Ends the line.
    pub fn end(&mut self) {
        self.out.push('\n');
        self.line += 1;
        self.line_start = self.out.len();
    }

    /// Writes a whole line.
    pub fn line(&mut self, text: &str) {
        self.put(text);
        self.end();
    }

    /// Notes that the present line comes from `place`.
    pub fn mark(&mut self, place: PlaceId) {
        if self.places.last() != Some(&(self.line, place)) {
            self.places.push((self.line, place));
        }
    }

    /// Goes on in the next line where this one is long.
    pub fn soft_break(&mut self) {
        if self.out.len() - self.line_start > BREAK {
            while self.out.ends_with(' ') {
                self.out.pop();
            }
            self.end();
            self.put("            ");
        }
    }

    pub fn spaces(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n(' ', count));
    }

    /// Writes bits `lo..lo + width` of a base.
    pub fn bits(&mut self, base: u32, lo: u32, width: u32) {
        let plan = self.plan;
        let b = &plan.bases[base as usize];
        self.out.push_str(&b.name);
        let used = &mut self.used[base as usize];
        if lo == 0 && width == b.width {
            *used = Used::All;
            return;
        }
        match used {
            Used::No => *used = Used::Bits(vec![(lo, lo + width)]),
            Used::Bits(ranges) if ranges.last() != Some(&(lo, lo + width)) => ranges.push((lo, lo + width)),
            Used::Bits(_) | Used::All => {}
        }
        self.range(lo, width);
    }

    /// Writes `[hi:lo]` or `[lo]`.
    pub fn range(&mut self, lo: u32, width: u32) {
        self.out.push('[');
        if width != 1 {
            literal::decimal(&mut self.out, lo + width - 1);
            self.out.push(':');
        }
        literal::decimal(&mut self.out, lo);
        self.out.push(']');
    }

    /// The ranges of a base that nothing has read, ascending.
    pub fn unread(&self, base: u32) -> Vec<(u32, u32)> {
        let width = self.plan.bases[base as usize].width;
        let mut ranges = match &self.used[base as usize] {
            Used::All => return Vec::new(),
            Used::No => return vec![(0, width)],
            Used::Bits(ranges) => ranges.clone(),
        };
        ranges.sort_unstable();
        let mut unread = Vec::new();
        let mut next = 0;
        for (from, to) in ranges {
            if from > next {
                unread.push((next, from));
            }
            next = next.max(to);
        }
        if next < width {
            unread.push((next, width));
        }
        unread
    }
}
