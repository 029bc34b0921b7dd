//! Diagnostics: what the language says about a user's mistake.
//!
//! One file per code holds its text and the test that provokes it; `docs/src/errors/` has a page for each. A mistake
//! never panics: the operator records a [`Diagnostic`] and returns a poison handle, which every later operator passes
//! on in silence, and `elaborate` returns all diagnostics at once.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::ids::PlaceId;
use crate::ir::{Place, Places};

macro_rules! codes {
    ($($module:ident)*) => {
        $(pub(crate) mod $module;)*
        /// Every code, in order.
        pub const CODES: &[Code] = &[$($module::CODE),*];
    };
}
#[cfg(test)]
mod everything;
#[cfg(test)]
pub(crate) mod testing;

codes! {
    e0101 e0102 e0103 e0104 e0105 e0106 e0107 e0108 e0109 e0110 e0111 e0112 e0113
    e0201 e0202 e0203 e0204 e0205 e0206 e0207 e0208 e0209 e0210 e0211 e0212 e0213 e0214 e0215 e0216 e0217 e0218 e0219 e0220 e0221
    w0301 w0302 w0303 w0304
}

/// The code of a diagnostic, with its place in the docs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub &'static str);

impl Code {
    /// True for codes that do not stop the elaboration.
    pub fn is_warning(self) -> bool {
        self.0.starts_with('W')
    }
}
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// One mistake: what, where, and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The code.
    pub code: Code,
    /// One line that says what is wrong.
    pub title: String,
    /// The place to look at first, with the chain of callers behind it.
    pub place: Vec<Place>,
    /// What to see there, a line each.
    pub notes: Vec<String>,
    /// Other places that matter, each with its label.
    pub others: Vec<(Place, String)>,
    /// The way out.
    pub help: String,
}

/// A diagnostic under construction: places are ids of the table that is still being filled.
#[derive(Debug)]
pub(crate) struct Draft {
    pub code: Code,
    pub title: String,
    pub place: PlaceId,
    pub notes: Vec<String>,
    pub others: Vec<(PlaceId, String)>,
    pub help: String,
}

impl Draft {
    pub fn new(code: Code, title: impl Into<String>, place: PlaceId, help: impl Into<String>) -> Draft {
        Draft { code, title: title.into(), place, notes: Vec::new(), others: Vec::new(), help: help.into() }
    }
    pub fn note(mut self, note: impl Into<String>) -> Draft {
        self.notes.push(note.into());
        self
    }
    pub fn other(mut self, place: PlaceId, label: impl Into<String>) -> Draft {
        self.others.push((place, label.into()));
        self
    }
    pub fn finish(self, places: &Places) -> Diagnostic {
        Diagnostic {
            code: self.code,
            title: self.title,
            place: places.chain(self.place),
            notes: self.notes,
            others: self.others.into_iter().map(|(p, label)| (places.0[p].clone(), label)).collect(),
            help: self.help,
        }
    }
}

impl Places {
    /// A place followed by its callers, innermost first.
    pub fn chain(&self, place: PlaceId) -> Vec<Place> {
        let mut chain = Vec::new();
        let mut next = Some(place);
        while let Some(id) = next
            && let Some(place) = self.0.get(id)
            && chain.len() < 64
        {
            next = place.caller;
            chain.push(place.clone());
        }
        chain
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// All that an elaboration had to say, in the order in which it was found.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

/// As `Display`, so that `unwrap` and a `main` that returns an error show what a reader wants.
impl fmt::Debug for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{self}")
    }
}

impl Diagnostics {
    /// The codes in order.
    pub fn codes(&self) -> Vec<&'static str> {
        self.0.iter().map(|d| d.code.0).collect()
    }
    /// True where there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::error::Error for Diagnostics {}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, d) in self.0.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{d}")?;
        }
        Ok(())
    }
}

/// The source line is shown where the file is found below the present folder or one above it.
fn source_of(file: &str) -> Option<String> {
    let mut folder = std::env::current_dir().ok()?;
    loop {
        if let Ok(text) = std::fs::read_to_string(folder.join(file)) {
            return Some(text);
        }
        if !folder.pop() {
            return None;
        }
    }
}

/// The byte range of the word at a 1-based line and column.
fn span(text: &str, line: u32, column: u32) -> Option<std::ops::Range<usize>> {
    let start_of_line = match line {
        0 => return None,
        1 => 0,
        n => text.match_indices('\n').nth(n as usize - 2)?.0 + 1,
    };
    let rest = text.get(start_of_line..)?;
    let line_text = &rest[..rest.find('\n').unwrap_or(rest.len())];
    let offset = line_text.char_indices().nth(column.saturating_sub(1) as usize)?.0;
    let word = line_text[offset..].find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(line_text.len() - offset);
    let start = start_of_line + offset;
    Some(start..start + word.max(1))
}

/// In the manner of rustc, without colours: one piece of source per file, then what is known, then the way out.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = if self.code.is_warning() { Level::WARNING } else { Level::ERROR };
        let mut group = Group::with_title(level.primary_title(self.title.as_str()).id(self.code.0));
        let mut notes = self.notes.join("\n");
        let first = if self.notes.len() == 1 { std::mem::take(&mut notes) } else { String::new() };
        let shown = self.shown(first);
        let mut files: Vec<&str> = Vec::new();
        for (place, _) in &shown {
            if !files.contains(&&*place.file) {
                files.push(&place.file);
            }
        }
        let sources: Vec<Option<String>> = files.iter().map(|file| source_of(file)).collect();
        for (file, source) in files.iter().zip(&sources) {
            let here = || shown.iter().enumerate().filter(|(_, (place, _))| *place.file == **file);
            let spans: Option<Vec<_>> = source.as_deref().and_then(|text| {
                here().map(|(i, (place, label))| Some((i, span(text, place.line, place.column)?, label))).collect()
            });
            match (source, spans) {
                (Some(text), Some(spans)) => {
                    let mut snippet = Snippet::source(text.as_str()).path(*file);
                    for (i, range, label) in spans {
                        let kind = if i == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
                        let label = (!label.is_empty()).then_some(label.as_str());
                        snippet = snippet.annotation(kind.span(range).label(label));
                    }
                    group = group.element(snippet);
                }
                _ => {
                    for (_, (place, label)) in here() {
                        let origin = Origin::path(*file);
                        group = group.element(origin.line(place.line as usize).char_column(place.column as usize));
                        if !label.is_empty() {
                            group = group.element(Level::NOTE.message(label.as_str()));
                        }
                    }
                }
            }
        }
        if !notes.is_empty() {
            group = group.element(Level::NOTE.message(notes));
        }
        group = group.element(Level::HELP.message(self.help.as_str()));
        writeln!(f, "{}", Renderer::plain().render(&[group]))
    }
}

impl Diagnostic {
    /// The places to show with their labels: the primary one, the others, the callers. Of the callers, the one that
    /// elaborated the design says nothing, unless it is the only place.
    fn shown(&self, first: String) -> Vec<(&Place, String)> {
        let mut shown: Vec<(&Place, String)> = Vec::new();
        if let Some(place) = self.place.first() {
            shown.push((place, first));
        }
        shown.extend(self.others.iter().map(|(p, label)| (p, label.clone())));
        let callers = self.place.iter().skip(1).filter(|p| p.caller.is_some());
        shown.extend(callers.map(|p| {
            let label = p.scope.as_deref().map_or("called here".into(), |s| format!("in `{s}`, which is made here"));
            (p, label)
        }));
        // Of what falls on one spot, the first says most.
        let mut kept: Vec<(&Place, String)> = Vec::new();
        for (place, label) in shown {
            let spot = (&place.file, place.line, place.column);
            match kept.iter_mut().find(|(p, _)| (&p.file, p.line, p.column) == spot) {
                Some((_, said)) if said.is_empty() => *said = label,
                Some(_) => {}
                None => kept.push((place, label)),
            }
        }
        kept
    }
}
