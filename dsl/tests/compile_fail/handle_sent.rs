//! A handle belongs to the thread that elaborates.

use gatewright_dsl::prelude::*;

fn elsewhere(x: Int) {
    std::thread::spawn(move || x + 1);
}

fn main() {}
