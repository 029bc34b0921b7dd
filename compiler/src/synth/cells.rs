//! Reading what Yosys prints.

use std::collections::BTreeMap;

/// The cells of the last module in the output of `stat`. Current versions print the number first.
pub(super) fn of_report(text: &str) -> BTreeMap<String, u64> {
    let mut cells = BTreeMap::new();
    for line in text.lines() {
        if line.trim_start().starts_with("===") {
            cells.clear();
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let (name, number) = match words[..] {
            [a, b] if a.bytes().all(|c| c.is_ascii_digit()) => (b, a),
            [a, b] => (a, b),
            // Newer versions give an area beside the number.
            [a, _, b] if a.bytes().all(|c| c.is_ascii_digit()) => (b, a),
            _ => continue,
        };
        let is_kind = |c: u8| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'_';
        let plain = !name.is_empty() && name.bytes().all(is_kind) && !name.as_bytes()[0].is_ascii_digit();
        if let (true, Ok(number)) = (plain || name.starts_with('$'), number.parse()) {
            cells.insert(name.to_owned(), number);
        }
    }
    cells
}

/// The length in the output of `ltp`.
pub(super) fn longest(text: &str) -> Option<u64> {
    let rest = text.rsplit_once("(length=")?.1;
    rest.split_once(')')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "\n12. Printing statistics.\n\n=== top ===\n\n   Number of wires:                 17\n   \
        Number of wire bits:             41\n   Number of memories:               0\n   Number of cells:                 12\n     \
        CARRY4                          1\n     FDRE                            3\n     LUT2                            4\n     \
        LUT6                            4\n     $_DFF_P_                        2\n";
    const NEW: &str = "\n=== top ===\n\n        +----------Local Count, excluding submodules.\n        |\n       17 wires\n       \
        41 wire bits\n       12 cells\n        1   CARRY4\n        3   FDRE\n        4   LUT2\n        4   LUT6\n        2   $_DFF_P_\n";

    #[test]
    fn cells_are_read_from_old_and_new_reports() {
        for text in [OLD, NEW] {
            let cells = of_report(text);
            let expected = [("CARRY4", 1), ("FDRE", 3), ("LUT2", 4), ("LUT6", 4), ("$_DFF_P_", 2)];
            assert_eq!(cells, expected.map(|(k, n)| (k.to_owned(), n)).into(), "{text}");
        }
        assert!(of_report("ERROR: nothing here\n").is_empty());
    }

    #[test]
    fn the_last_module_counts() {
        let text = format!("{OLD}\n=== design hierarchy ===\n\n   top  1\n\n     LUT6  7\n");
        assert_eq!(of_report(&text), [("LUT6".to_owned(), 7)].into());
    }

    #[test]
    fn the_longest_path_is_read() {
        let text = "\nLongest topological path in top (length=21):\n    0: \\x\n    1: a (via b)\n";
        assert_eq!(longest(text), Some(21));
        assert_eq!(longest("nothing"), None);
    }
}
