//! What is wrong with a node, while the place is not yet known.

use crate::import::{Place, Problem};

use super::proto::NodeProto;

/// A problem without its place.
#[derive(Debug)]
pub struct Wrong {
    pub what: String,
    pub instead: Option<String>,
}

pub type Result<T> = std::result::Result<T, Wrong>;

/// A problem.
pub fn wrong(what: impl Into<String>) -> Wrong {
    Wrong { what: what.into(), instead: None }
}

impl Wrong {
    /// With a way out.
    pub fn or(self, instead: impl Into<String>) -> Wrong {
        Wrong { instead: Some(instead.into()), ..self }
    }

    pub fn at(self, place: Place) -> Problem {
        // Lists from the file may be long.
        const MOST: usize = 500;
        let mut what = self.what;
        if let Some((cut, _)) = what.char_indices().nth(MOST) {
            what.truncate(cut);
            what.push('…');
        }
        Problem { place, what, instead: self.instead }
    }
}

impl From<String> for Wrong {
    fn from(what: String) -> Wrong {
        wrong(what)
    }
}

/// The place of a node.
pub fn place(node: &NodeProto, index: usize) -> Place {
    // Enough names to find it, however many it has.
    const MOST: usize = 64;
    let operator = match node.domain() {
        "" | "ai.onnx" => node.op_type().to_owned(),
        domain => format!("{domain}.{}", node.op_type()),
    };
    Place::Node {
        name: node.name().to_owned(),
        operator,
        index,
        inputs: node.input.iter().take(MOST).cloned().collect(),
        outputs: node.output.iter().take(MOST).cloned().collect(),
    }
}
