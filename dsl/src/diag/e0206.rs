//! E0206: a wire that is not driven on some path.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0206");

pub(crate) fn new(place: PlaceId, name: &str, never: bool, path: Vec<(Option<PlaceId>, String)>) -> Draft {
    let (title, help) = match never {
        true => (format!("wire `{name}` is never driven"), "drive it with .set()"),
        false => (format!("wire `{name}` is not driven on every path"), "give it a value before the m.when(), or add the missing arm"),
    };
    let mut draft = Draft::new(CODE, title, place, help);
    for (at, text) in path {
        draft = match at {
            Some(at) => draft.other(at, format!("not driven where {text}")),
            None => draft.note(format!("not driven where {text}")),
        };
    }
    draft
}
