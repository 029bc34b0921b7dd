//! What the derives refuse, with the way out.

use gatewright_dsl::prelude::*;

#[derive(Bundle)]
enum Choice {
    One,
    Two,
}

#[derive(Bundle)]
struct Tuple(Int, Int);

#[derive(Bundle)]
struct Nothing;

#[derive(HwEnum, Clone, Copy)]
struct Number {
    a: Int,
}

#[derive(HwEnum, Clone, Copy)]
enum Payload {
    Empty,
    Full(u8),
}

#[derive(HwEnum, Clone, Copy)]
enum Coded {
    First = 3,
}

#[derive(HwEnum, Clone, Copy)]
enum Empty {}

fn main() {}
