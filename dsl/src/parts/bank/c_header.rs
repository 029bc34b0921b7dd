//! A register bank as a C header: offsets, masks and a struct that lies over it.
//!
//! Of bank `front_end`, register `control` and field `enable` it has the macros `FRONT_END_CONTROL_OFFSET`,
//! `FRONT_END_CONTROL_RESET`, `FRONT_END_CONTROL_ENABLE_LSB`, `…_WIDTH` and `…_MASK` (within the register), one macro for
//! each value of an enum, and `front_end_regs_t`, a struct of `volatile` words with the registers' names. Registers that
//! software only reads are `const`. It is C99, and C++ takes it.

use std::fmt::Write;

use super::map::{BankMap, RegisterInfo};

/// The words of C and C++ that are no names of members.
const KEYWORDS: &[&str] = &[
    "alignas",
    "alignof",
    "and",
    "asm",
    "auto",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "class",
    "compl",
    "concept",
    "const",
    "constexpr",
    "continue",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "else",
    "enum",
    "explicit",
    "export",
    "extern",
    "false",
    "float",
    "for",
    "friend",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "nullptr",
    "operator",
    "or",
    "private",
    "protected",
    "public",
    "register",
    "requires",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "struct",
    "switch",
    "template",
    "this",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "union",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "while",
    "xor",
];

fn member(name: &str) -> String {
    if KEYWORDS.contains(&name) { format!("{name}_") } else { name.to_string() }
}

/// A comment of one line.
fn comment(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace("*/", "* /").replace("/*", "/ *")
}

/// The header.
pub fn c_header(map: &BankMap) -> String {
    let mut text = String::new();
    let upper = map.name.to_uppercase();
    let suffix = if map.data_bits == 64 { "ull" } else { "u" };
    let mut line = |args: std::fmt::Arguments<'_>| {
        // Writing to a string does not fail.
        let _ = text.write_fmt(args);
        text.push('\n');
    };
    line(format_args!("/* Registers of {}. Made by Gatewright; change the description, not this. */", map.name));
    if !map.doc.is_empty() {
        line(format_args!("/* {} */", comment(&map.doc)));
    }
    line(format_args!("#ifndef {upper}_REGS_H\n#define {upper}_REGS_H\n\n#include <stdint.h>\n"));
    line(format_args!("#define {upper}_SIZE {:#x}u", map.size()));
    for register in map.by_address() {
        let name = format!("{upper}_{}", register.name.to_uppercase());
        line(format_args!("\n/* {}: {} */", register.name, comment(&register.doc)));
        line(format_args!("#define {name}_OFFSET {:#x}u", register.offset));
        line(format_args!("#define {name}_RESET {:#x}{suffix}", register.reset()));
        for field in &register.fields {
            let own = if field.name.is_empty() { "value".to_string() } else { field.name.clone() };
            let full = format!("{name}_{}", own.to_uppercase());
            line(format_args!("/* {own} ({}): {} */", field.access.short(), comment(&field.doc)));
            line(format_args!("#define {full}_LSB {}", field.lsb));
            line(format_args!("#define {full}_WIDTH {}", field.width()));
            line(format_args!("#define {full}_MASK {:#x}{suffix}", field.mask()));
            for (n, value) in field.values().iter().enumerate() {
                let value = crate::hw::names::snake_case(value).to_uppercase();
                line(format_args!("#define {full}_IS_{value} {n}{suffix}"));
            }
        }
    }
    line(format_args!("\n/* All registers in their places. */\ntypedef struct {{"));
    members(map, &mut line);
    line(format_args!("}} {}_regs_t;\n\n#endif", map.name));
    text
}

/// The registers and what is between them.
fn members(map: &BankMap, line: &mut impl FnMut(std::fmt::Arguments<'_>)) {
    let ty = format!("uint{}_t", map.data_bits);
    let mut at = 0;
    for register in map.by_address() {
        let gap = (register.offset - at) / map.bytes();
        if gap > 0 {
            line(format_args!("    {ty} reserved_{at:x}_[{gap}];"));
        }
        at = register.offset + map.bytes();
        line(format_args!("    {}volatile {ty} {};", constant(register), member(&register.name)));
    }
}

fn constant(register: &RegisterInfo) -> &'static str {
    if register.is_writable() { "" } else { "const " }
}
