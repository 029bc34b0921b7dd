//! From model files to a [`Graph`](crate::graph::Graph): one module per format.

use std::fmt;

pub mod onnx;

/// All that stands in the way of importing a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportError {
    /// What was found: of the file, of tensors, of nodes by their position; at most [`ImportError::MOST`].
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub more: usize,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong there.
    pub what: String,
    /// What could replace it, or how the file can be made right.
    pub instead: Option<String>,
}

/// A place in a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    File,
    /// A tensor of this name: an input, an output, or a constant.
    Tensor(String),
    /// An operator.
    Node {
        /// Its name in the file; may be empty.
        name: String,
        /// What kind it is, with its domain where that is not the standard one.
        operator: String,
        /// Its position among the nodes of the file, from 0.
        index: usize,
        /// Names of the tensors it reads.
        inputs: Vec<String>,
        /// Names of the tensors it makes.
        outputs: Vec<String>,
    },
}

impl ImportError {
    /// The most problems that are listed.
    pub const MOST: usize = 200;

    /// An error with one problem of the file.
    pub fn file(what: impl Into<String>, instead: Option<&str>) -> ImportError {
        let problem = Problem { place: Place::File, what: what.into(), instead: instead.map(str::to_owned) };
        ImportError { problems: vec![problem], more: 0 }
    }

    /// Success, if there are no problems.
    pub(crate) fn none(mut problems: Vec<Problem>) -> Result<(), ImportError> {
        if problems.is_empty() {
            return Ok(());
        }
        problems.sort_by_key(|problem| match problem.place {
            Place::File => (0, 0),
            Place::Tensor(_) => (1, 0),
            Place::Node { index, .. } => (2, index),
        });
        let more = problems.len().saturating_sub(ImportError::MOST);
        problems.truncate(ImportError::MOST);
        Err(ImportError { problems, more })
    }
}

impl std::error::Error for ImportError {}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let count = self.problems.len() + self.more;
        write!(f, "the model cannot be imported: {count} problem{}", if count == 1 { "" } else { "s" })?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        if self.more > 0 {
            write!(f, "\n  and {} more", self.more)?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match &self.place {
            Place::File => {}
            Place::Tensor(name) => write!(f, "tensor `{}`: ", Short(name))?,
            Place::Node { name, operator, index, inputs, outputs } => {
                write!(f, "node {index}")?;
                if !name.is_empty() {
                    write!(f, " `{}`", Short(name))?;
                }
                write!(f, " ({}; {} -> {}): ", Short(operator), List(inputs), List(outputs))?;
            }
        }
        write!(f, "{}", self.what)?;
        match &self.instead {
            Some(way) => write!(f, "\n    = help: {way}"),
            None => Ok(()),
        }
    }
}

/// A name from a file on one line of bounded length.
pub(crate) struct Short<'a>(pub &'a str);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        const MOST: usize = 120;
        for (k, c) in self.0.chars().enumerate() {
            if k == MOST {
                return f.write_str("…");
            }
            if c.is_control() { f.write_str("\u{fffd}")? } else { write!(f, "{c}")? }
        }
        Ok(())
    }
}

struct List<'a>(&'a [String]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        const MOST: usize = 6;
        if self.0.is_empty() {
            return f.write_str("nothing");
        }
        for (k, name) in self.0.iter().take(MOST).enumerate() {
            let name = if name.is_empty() { "(left out)" } else { name };
            write!(f, "{}{}", if k == 0 { "" } else { ", " }, Short(name))?;
        }
        if self.0.len() > MOST { write!(f, ", and {} more", self.0.len() - MOST) } else { Ok(()) }
    }
}
