//! Names that are no derive and no attribute.

use gatewright_dsl::prelude::*;

#[derive(Bundel)]
struct Misspelt {
    a: Int,
}

#[derive(Bundle)]
struct Attributed {
    #[bundle(name = "b")]
    a: Int,
}

fn main() {}
