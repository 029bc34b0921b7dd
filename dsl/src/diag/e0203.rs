//! E0203: a name that cannot stand in Verilog.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0203");

pub(crate) fn new(place: PlaceId, name: &str, what: &str) -> Draft {
    let why = if crate::hw::names::is_keyword(name) { "it is a reserved word of Verilog" } else {
        "a name has letters, digits and `_`, and does not begin with a digit"
    };
    Draft::new(CODE, format!("{what} cannot be named `{name}`"), place, "choose another name").note(why)
}
