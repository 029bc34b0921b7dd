//! E0103: wrapping to a range that is no power of two.

use super::{Code, Draft};
use crate::ids::PlaceId;
use crate::ty::IntTy;

pub(crate) const CODE: Code = Code("E0103");

pub(crate) fn new(place: PlaceId, ty: IntTy) -> Draft {
    let full = ty.widened_to_full();
    Draft::new(CODE, "wrap needs a full range of its width", place, format!("wrap to {full}, or use .sat() or .claim()"))
        .note(format!("{ty} leaves out some values of its width"))
}
