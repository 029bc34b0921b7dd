//! What rustc and the derives say where the language's rules are rustc's: `compile_fail/*.rs` do not compile, with the
//! messages in the file beside each.
//!
//! Most words are rustc's own and change between its versions, so that they are compared under the version below alone.
//! Under every version the documentation tests of `gatewright_dsl::hw` see to it that the same mistakes do not compile.
//! `TRYBUILD=overwrite cargo test -p gatewright-dsl --test compile_fail` writes the messages anew.

use std::process::Command;

/// The compiler whose words the messages are.
const RUSTC: &str = "rustc 1.95.";

#[test]
fn messages() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().expect("a compiler");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    if !version.starts_with(RUSTC) {
        return eprintln!("SKIPPED: the messages are those of {RUSTC}x, this is {version}");
    }
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
