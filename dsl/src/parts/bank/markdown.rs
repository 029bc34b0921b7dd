//! A register bank as Markdown: a table of registers, and one of fields for each.

use std::fmt::Write;

use super::map::{BankMap, FieldInfo};

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace('|', "\\|")
}

fn bits(field: &FieldInfo) -> String {
    match field.width() {
        1 => field.lsb.to_string(),
        width => format!("{}:{}", field.lsb + width - 1, field.lsb),
    }
}

/// The values of an enum, or the range of a number where it is not all of its bits.
fn values(field: &FieldInfo) -> String {
    let names: Vec<String> = field.values().iter().enumerate().map(|(n, name)| format!("{n} = {name}")).collect();
    if !names.is_empty() {
        return format!(" ({})", names.join(", "));
    }
    match field.leaf.ty.as_int() {
        Some(range) if !range.is_full() || range.is_signed() => format!(" ({} to {})", range.lo(), range.hi()),
        _ => String::new(),
    }
}

/// The page.
pub fn markdown(map: &BankMap) -> String {
    let mut text = format!("# Registers of `{}`\n\n", map.name);
    if !map.doc.is_empty() {
        text += &format!("{}\n\n", map.doc);
    }
    text += &format!("Words of {} bits, {} bytes in all.\n\n", map.data_bits, map.size());
    text += "| Address | Register | Reset | Meaning |\n|---|---|---|---|\n";
    for r in map.by_address() {
        // Writing to a string does not fail.
        let _ = writeln!(text, "| {:#x} | `{}` | {:#x} | {} |", r.offset, r.name, r.reset(), cell(&r.doc));
    }
    for r in map.by_address() {
        let _ = write!(text, "\n## `{}` at {:#x}\n\n", r.name, r.offset);
        text += "| Bits | Field | Access | Reset | Meaning |\n|---|---|---|---|---|\n";
        for f in &r.fields {
            let name = if f.name.is_empty() { String::new() } else { format!("`{}`", f.name) };
            let doc = if f.name.is_empty() && f.doc.is_empty() { cell(&r.doc) } else { cell(&f.doc) };
            let (bits, values) = (bits(f), values(f));
            let _ = writeln!(text, "| {bits} | {name} | {} | {} | {doc}{values} |", f.access.short(), f.reset);
        }
    }
    text += "\nRW: software writes and reads. RO: hardware gives the value. W1C: hardware sets, software clears by writing 1. \
        WP: lasts one clock when written, reads 0. CNT: hardware counts, software reads and may write.\n";
    text
}
