//! The book's code: every `rust` block of a page is compiled and run by `cargo test`.
//!
//! A page is listed here once; the tests see to it that none is forgotten, that links lead somewhere, and that every
//! block says what it holds. Lines that begin with `# ` inside a block are run and not shown, as in any Rust
//! documentation.

// Examples that the book's blocks use without showing them again.
#[path = "../examples/blinker.rs"]
#[allow(dead_code)]
pub mod blinker;
#[path = "../examples/gcd.rs"]
#[allow(dead_code)]
pub mod gcd;
#[path = "../examples/mac.rs"]
#[allow(dead_code)]
pub mod mac;

/// Makes a page's blocks into documentation tests, and its text into an entry of `PAGES`.
macro_rules! pages {
    ($($name:ident $path:literal)*) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!($path)]
            mod $name {}
        )*

        #[cfg(test)]
        const PAGES: &[(&str, &str)] = &[$(($path, include_str!($path))),*];
    };
}

pages! {
    readme "../README.md"
    contributing "../CONTRIBUTING.md"
    introduction "src/introduction.md"
    tour "src/tour.md"
    numbers "src/guide/numbers.md"
    modules "src/guide/modules.md"
    registers "src/guide/registers.md"
    memories "src/guide/memories.md"
    streams "src/guide/streams.md"
    checks "src/guide/checks.md"
    simulation "src/guide/simulation.md"
    output "src/guide/output.md"
    pipelining "src/guide/pipelining.md"
    errors "src/errors/README.md"
}

#[cfg(test)]
mod tests;
