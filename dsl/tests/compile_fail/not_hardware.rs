//! Fields of a bundle are hardware values.

use gatewright_dsl::prelude::*;

#[derive(Bundle)]
struct Ports {
    a: Int,
    ty: IntTy,
}

fn main() {}
