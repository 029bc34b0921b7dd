//! Named jobs of the workspace.
fn main() {}
