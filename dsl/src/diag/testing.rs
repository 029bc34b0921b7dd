//! Generators made of a function, and mistakes compared with what a reader sees of them.
//!
//! A test marks lines with comments, `//~ name`, and expects places by those names, so that it survives being moved.
//! This file is also a module of the tests in `dsl/tests`, and so names the crate.

#![allow(dead_code)]

use std::hash::{Hash, Hasher};
use std::panic::Location;

use gatewright_dsl::diag::{Diagnostic, Diagnostics};
use gatewright_dsl::ir::{Place, verify};
use gatewright_dsl::prelude::*;

/// A generator that is told apart by the line that makes it.
pub struct OneOff<S: Shape, O> {
    shape: S,
    build: fn(&Module, S::Value) -> O,
    at: &'static Location<'static>,
}

impl<S: Shape, O> Clone for OneOff<S, O> {
    fn clone(&self) -> Self {
        OneOff { shape: self.shape.clone(), build: self.build, at: self.at }
    }
}
impl<S: Shape, O> PartialEq for OneOff<S, O> {
    fn eq(&self, other: &Self) -> bool {
        self.shape == other.shape && self.at == other.at
    }
}
impl<S: Shape, O> Eq for OneOff<S, O> {}
impl<S: Shape, O> Hash for OneOff<S, O> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.shape, self.at).hash(state);
    }
}
impl<S: Shape, O: Bundle> Generator for OneOff<S, O> {
    type In = S::Value;
    type Out = O;
    fn shape(&self) -> S {
        self.shape.clone()
    }
    fn build(&self, m: &Module, i: S::Value) -> O {
        (self.build)(m, i)
    }
    fn name(&self) -> String {
        "one_off".to_string()
    }
}

/// A generator with inputs of `shape` that builds with `build`.
#[track_caller]
pub fn one_off<S: Shape, O: Bundle>(shape: S, build: fn(&Module, S::Value) -> O) -> OneOff<S, O> {
    OneOff { shape, build, at: Location::caller() }
}

/// The design, which keeps all invariants.
#[track_caller]
pub fn checked(design: Design) -> Design {
    if let Err(errors) = verify::verify(&design) {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("{}\n{}", errors.join("\n"), gatewright_dsl::ir::print::print_without_places(&design));
    }
    design
}

/// What a one-off generator elaborates to, checked.
#[track_caller]
pub fn build<S: Shape, O: Bundle>(shape: S, build: fn(&Module, S::Value) -> O) -> Design {
    match elaborate(&one_off(shape, build)) {
        Ok(design) => checked(design),
        Err(errors) => panic!("{errors}"),
    }
}

/// The mistakes of a one-off generator.
#[track_caller]
pub fn errors<S: Shape, O: Bundle>(shape: S, build: fn(&Module, S::Value) -> O) -> Diagnostics {
    match elaborate(&one_off(shape, build)) {
        Ok(_) => panic!("no error was found"),
        Err(errors) => errors,
    }
}

/// The codes that a one-off generator provokes; none where it elaborates, and then it keeps all invariants.
#[track_caller]
pub fn codes<S: Shape, O: Bundle>(shape: S, build: fn(&Module, S::Value) -> O) -> Vec<&'static str> {
    match elaborate(&one_off(shape, build)) {
        Ok(design) => {
            checked(design);
            Vec::new()
        }
        Err(errors) => errors.codes(),
    }
}

/// Exactly one mistake, which reads as expected (see [`text`]; indentation does not count).
#[track_caller]
pub fn expect_error<S: Shape, O: Bundle>(shape: S, build: fn(&Module, S::Value) -> O, expected: &str) {
    let errors = errors(shape, build);
    assert_eq!(errors.0.len(), 1, "{errors}");
    expect(&errors.0[0], expected);
}

/// Compares with [`text`].
#[track_caller]
pub fn expect(diagnostic: &Diagnostic, expected: &str) {
    let lines: Vec<&str> = expected.trim().lines().map(str::trim).collect();
    let found = text(diagnostic);
    assert_eq!(found.lines().collect::<Vec<_>>(), lines, "\n{found}");
}

/// Code and title; primary place; notes; other places with labels; callers, without the one that elaborated; the help.
pub fn text(d: &Diagnostic) -> String {
    let mut lines = vec![format!("{}: {}", d.code, d.title)];
    lines.extend(d.place.first().map(|p| format!("at {}", mark(p))));
    lines.extend(d.notes.iter().map(|n| format!("| {n}")));
    lines.extend(d.others.iter().map(|(p, label)| format!("{}: {label}", mark(p))));
    let callers = d.place.iter().skip(1).filter(|p| p.caller.is_some());
    lines.extend(callers.map(|p| format!("in {} at {}", p.scope.as_deref().unwrap_or("?"), mark(p))));
    lines.push(format!("help: {}", d.help));
    lines.join("\n")
}

/// The name of a line: what stands behind `//~`, else the file.
fn mark(place: &Place) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace");
    let source = std::fs::read_to_string(folder.join(&*place.file)).unwrap_or_default();
    let line = source.lines().nth(place.line as usize - 1).unwrap_or_default();
    match line.split_once("//~ ") {
        Some((_, name)) => name.trim().to_string(),
        None => place.file.to_string(),
    }
}
