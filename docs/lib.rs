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
    ($($name:ident $path:literal)*; $($other:literal)*) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!($path)]
            mod $name {}
        )*

        #[cfg(test)]
        const PAGES: &[(&str, &str)] = &[
            $(($path, include_str!($path)),)*
            $(($other, include_str!($other)),)*
        ];
    };
}

pages! {
    readme "../README.md"
    contributing "../CONTRIBUTING.md"
    introduction "src/introduction.md"
    first_model "src/first_model.md"
    tour "src/tour.md"
    exact "src/guide/exact.md"
    add_a_layer "src/guide/add_a_layer.md"
    constant_products "src/guide/constant_products.md"
    numbers "src/guide/numbers.md"
    modules "src/guide/modules.md"
    registers "src/guide/registers.md"
    memories "src/guide/memories.md"
    streams "src/guide/streams.md"
    stream_parts "src/guide/stream_parts.md"
    clocks "src/guide/clocks.md"
    checks "src/guide/checks.md"
    simulation "src/guide/simulation.md"
    proofs "src/guide/proofs.md"
    output "src/guide/output.md"
    synthesis "src/guide/synthesis.md"
    pipelining "src/guide/pipelining.md"
    small_parts "src/guide/small_parts.md"
    for_chisel_users "src/guide/for_chisel_users.md"
    for_amaranth_users "src/guide/for_amaranth_users.md"
    for_verilog_users "src/guide/for_verilog_users.md"
    how_the_compiler_is_built "src/guide/how_the_compiler_is_built.md"
    reference "src/reference.md"
    catalogue "src/guide/catalogue.md"
    buses "src/guide/buses.md"
    errors "src/errors/README.md"
    e0101 "src/errors/E0101.md"
    e0102 "src/errors/E0102.md"
    e0103 "src/errors/E0103.md"
    e0104 "src/errors/E0104.md"
    e0105 "src/errors/E0105.md"
    e0106 "src/errors/E0106.md"
    e0107 "src/errors/E0107.md"
    e0108 "src/errors/E0108.md"
    e0109 "src/errors/E0109.md"
    e0110 "src/errors/E0110.md"
    e0111 "src/errors/E0111.md"
    e0112 "src/errors/E0112.md"
    e0113 "src/errors/E0113.md"
    e0201 "src/errors/E0201.md"
    e0202 "src/errors/E0202.md"
    e0203 "src/errors/E0203.md"
    e0204 "src/errors/E0204.md"
    e0205 "src/errors/E0205.md"
    e0206 "src/errors/E0206.md"
    e0207 "src/errors/E0207.md"
    e0208 "src/errors/E0208.md"
    e0209 "src/errors/E0209.md"
    e0210 "src/errors/E0210.md"
    e0211 "src/errors/E0211.md"
    e0212 "src/errors/E0212.md"
    e0213 "src/errors/E0213.md"
    e0214 "src/errors/E0214.md"
    e0215 "src/errors/E0215.md"
    e0216 "src/errors/E0216.md"
    e0217 "src/errors/E0217.md"
    e0218 "src/errors/E0218.md"
    e0219 "src/errors/E0219.md"
    e0220 "src/errors/E0220.md"
    e0221 "src/errors/E0221.md"
    w0301 "src/errors/W0301.md"
    w0302 "src/errors/W0302.md"
    w0303 "src/errors/W0303.md"
    w0304 "src/errors/W0304.md";
    // The blocks of these are documentation tests of another package: `interop`.
    "src/guide/rust_hdl.md"
}

#[cfg(test)]
mod tests;
