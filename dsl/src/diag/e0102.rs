//! E0102: a value does not fit its place.

use super::{Code, Draft};
use crate::ids::PlaceId;
use crate::hw::when::Target;
use crate::ty::Ty;

pub(crate) const CODE: Code = Code("E0102");

pub(crate) fn new(place: PlaceId, value_place: PlaceId, ty: Ty, target: &Target<'_>) -> Draft {
    let Target { what, ty: wanted, .. } = *target;
    let name = (target.name)();
    let help = match (ty, wanted) {
        (Ty::Int(_), Ty::Int(_)) => {
            format!("widen the {what}, or narrow on purpose with .wrap(), .sat() or .claim()")
        }
        (Ty::Bits(_), Ty::Bits(_)) => "take a slice, or extend with .zero_extend() or .sign_extend()".to_string(),
        (Ty::Int(_), Ty::Bits(_)) => "turn the number into a word with .to_bits()".to_string(),
        (Ty::Bits(_), Ty::Int(_)) => "read the word as a number with .to_uint() or .to_sint()".to_string(),
    };
    let width = what.len().max("value".len());
    let draft = Draft::new(CODE, format!("value does not fit {what} `{name}`"), place, help)
        .note(format!("{:width$} is {ty}", "value"))
        .note(format!("{what:width$} is {wanted}"))
        .other(target.place, format!("`{name}` declared here"));
    if value_place == place { draft } else { draft.other(value_place, "the value is made here") }
}
