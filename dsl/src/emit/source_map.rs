//! From lines of the output to places in the source: `source_map.json`.
//!
//! `{"version": 1, "sources": ["src/mac.rs"], "files": {"mac.v": [[12, 0, 8, 13]]}}`: line 12 of `mac.v` comes from
//! line 8, column 13 of source 0. Lines are ascending; a line that is not listed belongs to nothing in particular.

use std::fmt::Write;

use rustc_hash::FxHashMap;

use crate::ids::PlaceId;
use crate::ir::Places;

use super::literal;

/// The map while it grows.
#[derive(Default)]
pub(crate) struct SourceMap<'a> {
    sources: Vec<&'a str>,
    index: FxHashMap<&'a str, u32>,
    files: String,
}

impl<'a> SourceMap<'a> {
    /// Adds the lines of a file.
    pub fn file(&mut self, name: &str, lines: &[(u32, PlaceId)], places: &'a Places) {
        self.files.push_str(if self.files.is_empty() { "\n    " } else { ",\n    " });
        string(&mut self.files, name);
        self.files.push_str(": [");
        self.files.reserve(lines.len() * 20);
        // Most lines come from the file of the line before.
        let mut last: Option<(&str, u32)> = None;
        let mut comma = "[";
        for (line, place) in lines {
            let Some(place) = places.0.get(*place) else { continue };
            let source = match last {
                Some((file, source)) if std::ptr::eq(file, &*place.file) => source,
                _ => *self.index.entry(&place.file).or_insert_with(|| {
                    self.sources.push(&place.file);
                    self.sources.len() as u32 - 1
                }),
            };
            last = Some((&place.file, source));
            self.files.push_str(comma);
            comma = ", [";
            for (number, after) in [(*line, ", "), (source, ", "), (place.line, ", "), (place.column, "]")] {
                literal::decimal(&mut self.files, number);
                self.files.push_str(after);
            }
        }
        self.files.push(']');
    }

    /// The JSON text.
    pub fn finish(self) -> String {
        let mut out = String::from("{\n  \"version\": 1,\n  \"sources\": [");
        for (k, source) in self.sources.iter().enumerate() {
            out.push_str(if k > 0 { ", " } else { "" });
            string(&mut out, source);
        }
        out.push_str("],\n  \"files\": {");
        out.push_str(&self.files);
        out.push_str("\n  }\n}\n");
        out
    }
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if (c as u32) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
