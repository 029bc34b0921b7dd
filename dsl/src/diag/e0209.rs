//! E0209: a module used while another is being built.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0209");

pub(crate) fn new(place: PlaceId, here: &str) -> Draft {
    Draft::new(CODE, format!("declared in another module while `{here}` is being built"), place,
        "use the `m` that `build` was given")
}
