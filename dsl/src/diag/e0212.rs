//! E0212: modules that contain themselves.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0212");

pub(crate) fn new(place: PlaceId, name: &str, chain: &[String], limit: usize) -> Draft {
    let shown: Vec<&str> = chain.iter().rev().take(8).rev().map(String::as_str).collect();
    let dots = if chain.len() > 8 { "… > " } else { "" };
    Draft::new(CODE, format!("module `{name}` is nested in itself without end"), place,
        format!("a recursive generator needs a smallest case; at most {limit} levels are built"))
        .note(format!("being built: {dots}{}", shown.join(" > ")))
}
