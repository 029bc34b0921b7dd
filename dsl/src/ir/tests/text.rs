//! The text form: round trips and errors.

use proptest::prelude::*;

use super::arbitrary;
use crate::ids::*;
use crate::ir::parse::parse;
use crate::ir::print::{print, print_module, print_without_places};
use crate::ir::*;
use crate::ty::{Ty, range, uint};
use crate::value::Value;

/// The lines stand in a module's body as they are printed.
#[track_caller]
fn round_trip(body: &str) {
    let text = format!("design top module0\n\nmodule module0 m @0 {{\n{body}}}\n");
    let design = parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    assert_eq!(print(&design), text);
    let short = print_without_places(&design);
    assert_eq!(print_without_places(&parse(&short).unwrap()), short);
}

#[test]
fn one_line_each() {
    round_trip("");
    round_trip("  domain domain0 clk\n");
    round_trip("  domain domain0 clk reset rst_n async low\n  domain domain1 fast reset rst sync high\n");
    round_trip("  input port0 a: 0..=255 @3\n  output port1 b: bits<4> = %7 @0\n");
    round_trip("  input port0 \"a b\": bool as bool @3\n");
    round_trip("  input port0 a: -8..=7 as fixed -3 @3\n  input port1 b: 0..=2 as enum [Idle, Run, \"3\"] @3\n");
    round_trip("  stream x input valid port0 ready port1 last port2 payload [port3, port4]\n");
    round_trip("  %0: 5..=5 = const 5 @1\n  %1: bits<0> = const 0 @1\n");
    round_trip("  %0 sum: -170141183460469231731687303715884105728..=4 = add %1 %2 @1\n");
    round_trip("  %0: 0..=1 = port0 @1\n  %1: 0..=1 = reg12 @1\n  %2: 0..=1 = wire3 @1\n");
    round_trip("  %0: 0..=1 = mem0.read3.field1 @1\n  %1: bool = inst0.port3 @2\n");
    round_trip("  %0: 0..=1 = mux %1 %2 %3 @1\n  %1: 0..=1 = select %0 [%1, %2] @1\n");
    round_trip("  %0: bits<3> = slice %1 4 @1\n  %1: bits<9> = concat [] @1\n  %2: bits<9> = concat [%0] @1\n");
    round_trip("  name %99 \"far away\"\n");
    round_trip("  wire wire0 w: bool @2 {\n    #0 set %3 @1\n  }\n");
    round_trip("  reg reg0 r: 0..=9 as bool domain1 reset -4 @2 {\n  }\n");
    round_trip(
        "  reg reg0 r: 0..=9 domain0 @2 {\n    #0 when %1 {\n    } elsewhen %2 {\n    } otherwise {\n      #1 set %3 @1\n    }\n  }\n",
    );
    round_trip("  wire wire0 w: bool @2 {\n    #0 when otherwise {\n      #7 set %0 @1\n    }\n  }\n");
    round_trip(
        "  wire wire0 w: bool @2 {\n    #0 switch %0 {\n      [0, -1] => {\n        #1 set %1 @1\n      }\n      [] => {\n      }\n      default => {\n        #2 set %3 @1\n      }\n    }\n  }\n",
    );
    round_trip(
        "  mem mem0 m: [\"\": 0..=9, tag: bool] depth 18446744073709551615 collision undefined @3 {\n    word [1, 0]\n    word []\n    read domain0 addr %0 enable %1 @1\n    read async addr %0 @1\n    write domain0 addr %0 data [%1, %2] enable %3 mask [%4] @1\n  }\n",
    );
    round_trip("  inst inst0 f: module3 [domain0] [port0 = %1, port2 = %4] @5\n");
    round_trip("  check check0 a: assert %1 domain0 \"it \\\"holds\\\"\\n\\u{7f}\" @5\n");
    round_trip("  check check0 a: claim %1 enable %2 domain0 \"\" @5\n  check check1 b: claim %1 domain0 \"\" @5\n");
    round_trip(
        "  check check0 a: input_range port0 domain0 \"\" @5\n  check check1 b: no_collision mem0 domain0 \"\" @5\n",
    );
    round_trip("  check check0 a: stable valid %0 ready %1 payload [%2, %3] domain0 \"\" @5\n");
}

#[test]
fn black_boxes_and_places() {
    let text = "\
design top module7

extern module0 DSP48 clocked model module1 params [A = -3, \"b c\" = \"text\"] paths [port0 -> port1] @0 {
}

extern module1 \"\" paths [] @4294967295 {
}

places {
  @0 \"src/lib.rs\" 3:5
  @1 \"src\\\\a.rs\" 4294967295:0 in @0 scope \"fifo\"
}
";
    let design = parse(text).unwrap();
    assert_eq!(print(&design), text);
    assert_eq!(design.places.0[PlaceId(1)].caller, Some(PlaceId(0)));
    assert_eq!(design.places.0[PlaceId(1)].file.as_ref(), "src\\a.rs");
}

#[test]
fn what_is_read_is_what_is_meant() {
    let text = "design top module0 ; the top\nmodule module0 m { // no places\n input port0 a: 0..=255 %0: 1..=256 = add %1 %1 %1: bits<12> = const 5 }";
    let m = parse(text).unwrap().modules.values().next().cloned().unwrap();
    assert_eq!(m.ports[PortId(0)].ty, Ty::Int(uint(8)));
    assert_eq!(m.nodes[NodeId(0)].ty, Ty::Int(range(1..=256)));
    assert_eq!(m.nodes[NodeId(0)].op, Op::Bin(BinOp::Add, NodeId(1), NodeId(1)));
    assert_eq!(m.nodes[NodeId(1)], Node { op: Op::Const(Value::from(5)), ty: Ty::Bits(12), place: PlaceId(0) });
}

#[test]
fn module_text_knows_children_by_name_only() {
    let text = |first: &str, child: &str| {
        let text = format!(
            "design top module2 module module0 {first} {{}} module module1 {child} {{}} \
             module module2 top {{ inst inst0 i: module{} [] [] }}",
            usize::from(first != "x")
        );
        let design = parse(&text).unwrap();
        print_module(&design.modules[ModuleId(2)], &design.modules)
    };
    assert_eq!(text("other", "x"), text("x", "other"));
    assert_eq!(text("x", "other"), "module {\n  inst inst0 i: x [] []\n}\n");
}

#[track_caller]
fn refused(text: &str, error: &str) {
    assert_eq!(parse(text).unwrap_err().to_string(), error);
}

#[test]
fn errors_say_what_was_expected() {
    refused("", "line 1, column 1: expected `design`, found the end of the text");
    refused(
        "design top module0 }",
        "line 1, column 20: expected `module`, `extern`, `places` or the end of the text, found `}`",
    );
    let inside = |line: &str| format!("design top module0\nmodule module0 m {{\n  {line}\n}}\n");
    let found = |line: &str, error: &str| refused(&inside(line), &format!("line 3, column {error}"));
    found("%1: bool = const 0", "3: expected `%0`, for entries stand in order, found `%1`");
    found("%0: 5..=4 = const 4", "11: expected a number not below 5, found `4`");
    found("%0: 5..6 = const 4", "8: expected `..=`, found `.`");
    found("%0: int = const 4", "7: expected a type: `lo..=hi`, `bits<n>` or `bool`, found `int`");
    found("%0: bool = foo %1", "14: expected an operator, found `foo`");
    found("%0: bool = and %1 and", "21: expected a node such as `%0`, found `and`");
    found("%0: bits<4294967296> = const 0", "12: expected a number below 2^32, found `4294967296`");
    found("wire wire0 w: bool { set %3 }", "24: expected a statement such as `#0 set %0`, or `}`, found `set`");
    found("\"ünd\" x", "3: expected a declaration, a node or `}`, found \"ünd\"");
    found("ü", "3: expected a declaration, a node or `}`, found `ü`");
    found("input port0 ä: bool", "15: expected a name, found `ä`");
    found("input port0 \"\\q\": bool", "15: expected a string with the escapes of Rust, found \"\\q\"");
    found("domain domain0 clk reset r sync medium", "35: expected `high` or `low`, found `medium`");
    refused("design top module0 module module0 \"m", "line 1, column 35: expected a name, found a string without end");
    let deep = inside(&format!("wire wire0 w: bool {{ {} }}", "#0 when %0 { ".repeat(100_000)));
    assert!(parse(&deep).unwrap_err().expected.starts_with("at most 500 levels"));
    let long = inside(&format!("%0: 0..={} = const 0", "9".repeat(1_000_000)));
    assert_eq!(parse(&long).unwrap_err().expected, "a shorter number");
}

proptest! {
    #[test]
    fn any_design_round_trips(design in arbitrary::design()) {
        let text = print(&design);
        match parse(&text) {
            Ok(back) => prop_assert_eq!(back, design, "{}", text),
            Err(e) => prop_assert!(false, "{e}\n{text}"),
        }
    }

    #[test]
    fn any_design_round_trips_through_serde(design in arbitrary::design()) {
        let text = serde_json::to_string(&design).unwrap();
        prop_assert_eq!(serde_json::from_str::<Design>(&text).unwrap(), design);
    }

    /// What is left of a text after damage is refused or read, and what is read prints.
    #[test]
    fn damage_never_panics(
        design in arbitrary::design(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0usize..6, "[%@#{}\\[\\]0-9a-z\"\\\\. ]{0,3}"), 1..4),
    ) {
        let mut text: Vec<char> = print(&design).chars().collect();
        for (at, length, put) in cuts {
            let from = at.index(text.len());
            let to = (from + length).min(text.len());
            text.splice(from..to, put.chars());
        }
        if let Ok(read) = parse(&text.into_iter().collect::<String>()) {
            prop_assert_eq!(parse(&print(&read)), Ok(read));
        }
    }
}

/// A million nodes in time that is felt as none; the bound is loose because machines are shared.
#[test]
fn linear_in_the_number_of_nodes() {
    let mut text = String::from("design top module0\n\nmodule module0 m @0 {\n  %0: 0..=255 = port0 @1\n");
    for n in 1..1_000_000 {
        text += &format!("  %{n}: 0..=255 = min %{} %{} @{n}\n", n - 1, n / 2);
    }
    text += "}\n";
    let start = std::time::Instant::now();
    let design = parse(&text).unwrap();
    let parsed = start.elapsed();
    assert_eq!(print(&design), text);
    eprintln!("10^6 nodes: parse {parsed:?}, print {:?}", start.elapsed() - parsed);
    assert!(start.elapsed().as_secs() < 60);
}
