//! Which names can stand in Verilog as they are.

pub use crate::emit::keywords::{is_identifier, is_reserved as is_keyword};

/// `MatrixVector` becomes `matrix_vector`; a path is cut to its last part, and generic arguments are left out.
pub fn snake_case(type_name: &str) -> String {
    let base = type_name.split('<').next().unwrap_or(type_name);
    let last = base.rsplit("::").next().unwrap_or(base);
    let mut name = String::new();
    let chars: Vec<char> = last.chars().collect();
    for (i, &c) in chars.iter().enumerate() {
        let after_lower = i > 0 && !chars[i - 1].is_uppercase() && chars[i - 1] != '_';
        let before_lower = i > 0 && chars.get(i + 1).is_some_and(|n| n.is_lowercase());
        if c.is_uppercase() && (after_lower || before_lower) && !name.ends_with('_') {
            name.push('_');
        }
        name.extend(c.to_lowercase());
    }
    if is_identifier(&name) { name } else { format!("{name}_module") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types() {
        assert_eq!(snake_case("crate::layers::MatrixVector<u8>"), "matrix_vector");
        assert_eq!(snake_case("FIFO"), "fifo");
        assert_eq!(snake_case("AXIStream"), "axi_stream");
        assert_eq!(snake_case("Fir4Tap"), "fir4_tap");
        assert_eq!(snake_case("Table"), "table_module");
    }
}
