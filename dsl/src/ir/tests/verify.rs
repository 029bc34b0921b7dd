//! One design that keeps all invariants, and each of them broken in it.

use std::collections::BTreeSet;

use crate::ids::{Id, NodeId, PlaceId};
use crate::ir::parse::parse;
use crate::ir::print::print;
use crate::ir::verify::{MAX_ERRORS, VerifyError, verify};
use crate::ir::visit::MAX_NESTING;
use crate::ir::*;
use crate::value::Value;

const GOOD: &str = include_str!("good.txt");

fn errors(text: &str) -> Vec<VerifyError> {
    verify(&parse(text).unwrap_or_else(|e| panic!("{e}"))).err().unwrap_or_default()
}

/// Replacing `from`, which stands once, by `to` breaks this invariant and no other.
#[track_caller]
fn breaks(rule: u8, from: &str, to: &str) -> Vec<VerifyError> {
    assert_eq!(GOOD.matches(from).count(), 1, "`{from}` stands once");
    let found = errors(&GOOD.replace(from, to));
    let rules: BTreeSet<u8> = found.iter().map(|e| e.rule).collect();
    assert_eq!(rules, BTreeSet::from([rule]), "{found:#?}");
    found
}

#[test]
fn the_good_design_is_good() {
    assert_eq!(errors(GOOD), []);
    assert_eq!(print(&parse(GOOD).unwrap()), GOOD);
}

#[test]
fn v01_top() {
    breaks(1, "top module2", "top module9");
    breaks(1, "top module2", "top module1");
}

#[test]
fn v02_ids() {
    let found = breaks(2, "eq %12 %21", "eq %12 %99");
    assert_eq!(found[0].to_string(), "V02 top %22: %99 does not exist");
    assert_eq!(found[0].place, PlaceId(1));
    breaks(2, "%0 go: bool = port0", "%0 go: bool = port9");
    breaks(2, "%4: 0..=9 = reg0", "%4: 0..=9 = reg1");
    breaks(2, "= wire1", "= wire2");
    breaks(2, "mem0.read0.field0", "mem7.read0.field0");
    breaks(2, "mem0.read0.field0", "mem0.read2.field0");
    breaks(2, "mem0.read0.field0", "mem0.read0.field2");
    breaks(2, "matvec0.sum0", "matvec1.sum0");
    breaks(2, "matvec0.sum0", "matvec0.sum4");
    breaks(2, "matvec matvec0 [%4, %2] @1", "matvec matvec0 [%4, %99] @1");
    breaks(2, "matvec matvec0 [%4, %2] @1", "matvec matvec0 [%4, %2] @2");
    breaks(2, "inst0.port2", "inst1.port2");
    breaks(2, "inst0.port2", "inst0.port9");
    breaks(2, "= %14 @1", "= %99 @1");
    breaks(2, "payload [port2]", "payload [port20]");
    breaks(2, "#10 when %22", "#10 when %27");
    breaks(2, "#11 set %18 @1", "#11 set %99 @1");
    breaks(2, "#11 set %18 @1", "#11 set %18 @2");
    breaks(2, "0..=9 domain0 reset 3", "0..=9 domain2 reset 3");
    breaks(2, "read domain1", "read domain2");
    breaks(2, "data [%7, %0]", "data [%7, %77]");
    breaks(2, "module1 [domain0]", "module1 [domain2]");
    breaks(2, "module1 [domain0]", "module3 [domain0]");
    breaks(2, "port1 = %9", "port1 = %77");
    breaks(2, "input_range port2", "input_range port6");
    breaks(2, "no_collision mem1", "no_collision mem2");
    breaks(2, "ready %0 payload [%2]", "ready %0 payload [%77]");
    breaks(2, "[port0 -> port2]", "[port0 -> port3]");
    breaks(2, "  wire wire0", "  name %99 x\n  wire wire0");
    breaks(2, "in @0", "in @2");
    let without = GOOD.split("places").next().unwrap();
    assert_eq!(errors(without).len(), MAX_ERRORS.min(errors(without).len()));
    assert!(errors(without).iter().all(|e| e.rule == 2) && !errors(without).is_empty());
    assert_eq!(errors(&without.replace("@1", "@0")), []);
}

#[test]
fn v03_order() {
    breaks(3, "plus: module1", "plus: module2");
    breaks(3, "model module0", "model module1");
    breaks(3, "in @0", "in @1");
}

#[test]
fn v04_module_names() {
    breaks(4, "adder_model", "\"adder model\"");
    breaks(4, "adder_model", "top");
    breaks(4, "adder_model", "adder");
    let twice = GOOD
        .replace("module module2 top", "extern module2 adder { } module module3 top")
        .replace("design top module2", "design top module3");
    assert_eq!(errors(&twice), []);
}

#[test]
fn v05_names() {
    breaks(5, "output port4 sum", "output port4 word");
    breaks(5, "output port4 sum", "output port4 \"\"");
    breaks(5, "output port4 sum", "output port4 fast");
    breaks(5, "output port4 sum", "output port4 rst");
    breaks(5, "wire1 v:", "wire1 w:");
    breaks(5, "mem1 other", "mem1 store");
    breaks(5, "check0 small", "check0 stable");
    breaks(5, "reg0 r:", "reg0 \"1r\":");
    breaks(5, "inst0 plus", "inst0 \"plus.1\"");
    breaks(5, "%0 go:", "%0 \"go on\":");
}

#[test]
fn v06_widths() {
    breaks(6, "port5 word: bits<8>", "port5 word: bits<4294967295>");
    breaks(6, "%21: bits<8>", "%21: bits<65537>");
    breaks(6, "[x: 0..=255]", "[x: bits<65537>]");
    breaks(6, "reg0 r: 0..=9", "reg0 r: bits<65537>");
    breaks(6, "wire0 w: 0..=9", "wire0 w: bits<65537>");
}

#[test]
fn v07_ports() {
    breaks(7, "in_last: bool as bool", "in_last: bool as bool = %0");
    breaks(7, "word: bits<8> = %14", "word: bits<8>");
    let late = GOOD.replace("  stream in", "  input port6 late: bool @1\n  stream in");
    assert_eq!(errors(&late), []);
}

#[test]
fn v08_drivers_fit() {
    breaks(8, "sum: -5..=300", "sum: -5..=255");
    breaks(8, "word: bits<8>", "word: bits<9>");
    breaks(8, "word: bits<8>", "word: 0..=255");
}

#[test]
fn v09_leaves() {
    breaks(9, "%1: bool = port1", "%1: bool = port3");
    breaks(9, "%0: 0..=255 = port0 @0", "%0: 0..=256 = port0 @0");
    let wider = GOOD.replace("%4: 0..=9 = reg0", "%4: -1..=9 = reg0");
    assert_eq!(errors(&wider)[0].to_string(), "V09 top %4: sint<5> [-1..=9] is not inside of uint<4> [0..=9]");
    breaks(9, "%24: 0..=255 = wire1", "%24: 0..=255 = wire0");
    breaks(9, "%15: 0..=9 = mem0.read0", "%15: 0..=10 = mem0.read0");
    breaks(9, "%17: 0..=256 = inst0.port2", "%17: 0..=256 = inst0.port0");
}

#[test]
fn v10_rules() {
    breaks(10, "%6: 1..=10 = add %4 %5", "%6: 1..=11 = add %4 %5");
    breaks(10, "%6: 1..=10 = add %4 %5", "%6: 1..=10 = add %4 %0");
    breaks(10, "div %2 %19", "div %2 %9");
    breaks(10, "eq %12 %21", "eq %12 %13");
    breaks(10, "shl %12 %9", "shl %12 %20");
    breaks(10, "%12: bits<8> = to_bits %2", "%12: bits<8> = to_bits %25");
    breaks(10, "mux %0 %7 %3", "mux %0 %7 %0");
    breaks(10, "%22: bool = eq %12 %21", "%22: bool = reduce_or %2");
}

#[test]
fn v11_constants() {
    breaks(11, "const -4", "const -5");
    breaks(11, "const 255", "const 256");
    breaks(11, "const 255", "const -1");
}

#[test]
fn v12_select() {
    breaks(12, "select %9 [%2, %3, %4, %5]", "select %9 [%2, %3, %4]");
    breaks(12, "select %9 [%2, %3, %4, %5]", "select %0 [%2, %3, %4, %5]");
    breaks(12, "select %9 [%2, %3, %4, %5]", "select %9 [%2, %0, %4, %5]");
    breaks(12, "%10: 0..=255", "%10: 0..=256");
    breaks(12, "select %9 [%2, %3, %4, %5]", "select %9 []");
}

#[test]
fn v13_slice() {
    breaks(13, "slice %12 4", "slice %12 5");
    breaks(13, "slice %12 4", "slice %12 4294967295");
    breaks(13, "slice %12 4", "slice %2 4");
}

#[test]
fn v14_concat() {
    breaks(14, "concat [%13, %13]", "concat [%13, %13, %0]");
    breaks(14, "concat [%13, %13]", "concat [%13, %11]");
}

#[test]
fn v15_wrap() {
    breaks(15, "%11: 0..=15 = wrap %2", "%11: 0..=14 = wrap %2");
    breaks(15, "%11: 0..=15 = wrap %2", "%11: 0..=15 = wrap %0");
}

#[test]
fn v16_claim() {
    breaks(16, "  check check0 small: claim %9 enable %0 domain0", "  check check0 small: assert %0 domain0");
    breaks(16, "claim %4", "claim %0");
}

#[test]
fn v17_refine() {
    breaks(17, "max %17 %24", "max %17 %7");
    breaks(17, "= %25 @1", "= %7 @1");
    breaks(17, "port0 = %2", "port0 = %7");
    breaks(17, "ready %0 payload [%2]", "ready %0 payload [%7]");
    breaks(17, "%7: 0..=9 = refine %6", "%7: 0..=9 = refine %0");
}

#[test]
fn v18_bits() {
    breaks(18, "mux %0 %7 %3", "mux %12 %7 %3");
    breaks(18, "#1 when %0", "#1 when %12");
    breaks(18, "elsewhen %1", "elsewhen %4");
    breaks(18, "addr %9 enable %0", "addr %9 enable %2");
    breaks(18, "enable %1 mask [%0, %1]", "enable %2 mask [%0, %1]");
    breaks(18, "mask [%0, %1]", "mask [%0, %12]");
    breaks(18, "assert %0", "assert %2");
    breaks(18, "claim %9 enable %0", "claim %9 enable %2");
    breaks(18, "stable valid %0", "stable valid %2");
}

#[test]
fn v19_values_fit() {
    breaks(19, "#0 set %8", "#0 set %2");
    breaks(19, "#11 set %18", "#11 set %12");
}

#[test]
fn v20_driven() {
    breaks(20, "    #0 set %8 @1\n", "");
    breaks(20, "#9 set %5 @1", "");
    breaks(20, "[0, 1] =>", "[0] =>");
    breaks(20, "#6 set %2 @1", "");
}

#[test]
fn v21_switch() {
    breaks(21, "[0, 1] =>", "[0, 1, 4] =>");
    breaks(21, "[2] =>", "[2, 1] =>");
}

#[test]
fn v22_values() {
    breaks(22, "reset 3", "reset 10");
    let found = breaks(22, "domain0 reset 3", "domain0 init 10");
    assert_eq!(found[0].to_string(), "V22 top reg0: the value at power-up 10 is not in uint<4> [0..=9]");
    breaks(22, "reset 3", "reset 3 init 4");
    breaks(22, "word [3, 0]", "word [10, 0]");
    breaks(22, "word [3, 0]", "word [3, 2]");
}

#[test]
fn v23_memories() {
    breaks(23, "    word [3, 0]\n", "");
    breaks(23, "word [3, 0]", "word [3]");
    let none = GOOD.replace("    word [1, 0]\n    word [2, 1]\n    word [3, 0]\n    word [4, 0]\n", "");
    assert_eq!(errors(&none), []);
    let rules = |text: &str| errors(text).iter().map(|e| e.rule).collect::<Vec<_>>();
    assert_eq!(rules(&none.replace("depth 4", "depth 0")), [23]);
    let other = GOOD.replace("[x: 0..=255]", "[]").replace("data [%2]", "data []");
    assert_eq!(rules(&other), [23]);
}

#[test]
fn v24_memory_ports() {
    breaks(24, "read async addr %9", "read async addr %4");
    breaks(24, "read async addr %9", "read async addr %9 enable %0");
    breaks(24, "addr %6 data", "addr %0 data");
    breaks(24, "data [%7, %0]", "data [%7]");
    breaks(24, "data [%7, %0]", "data [%2, %0]");
    breaks(24, "mask [%0, %1]", "mask [%0]");
    breaks(24, "read domain0 addr %9", "read domain1 addr %9");
}

#[test]
fn v25_instances() {
    breaks(25, "module1 [domain0]", "module1 []");
    breaks(25, "[port0 = %2, port1 = %9]", "[port0 = %2]");
    breaks(25, "[port0 = %2, port1 = %9]", "[port1 = %9, port0 = %2]");
    breaks(25, "[port0 = %2, port1 = %9]", "[port0 = %2, port1 = %9, port2 = %2]");
    breaks(25, "[port0 = %2, port1 = %9]", "[port0 = %2, port1 = %6]");
}

#[test]
fn v26_loops() {
    breaks(26, "#6 set %2", "#6 set %24");
    breaks(26, "%24: 0..=255 = wire1", "%24: 0..=255 = max %24 %2");
    let through_child = GOOD.replace("%11: 0..=15 = wrap %2", "%11: 0..=255 = wrap %17");
    assert_eq!(errors(&through_child), []);
    let found = errors(&through_child.replace("port0 = %2,", "port0 = %11,"));
    assert_eq!(found[0].to_string(), "V26 top %11: a combinational loop through %11, %17");
    // The black box declares no path from its second input.
    let no_path = GOOD.replace("%11: 0..=15 = wrap %2", "%11: 0..=3 = wrap %17").replace("port1 = %9]", "port1 = %11]");
    assert_eq!(errors(&no_path), []);
}

#[test]
fn v27_nesting() {
    let nested = |deep: usize| {
        let mut text = String::new();
        (0..deep).for_each(|n| text += &format!("#{n} when %0 {{ "));
        text += "#1000 set %3 @1 ";
        (0..deep).for_each(|n| text += &format!("}} otherwise {{ #{} set %3 @1 }} ", n + 1001));
        let start = GOOD.find("    #0 set %8").unwrap();
        let end = GOOD.find("  wire wire1").unwrap();
        format!("{}{text} }}{}", &GOOD[..start], &GOOD[end..])
    };
    assert_eq!(errors(&nested(MAX_NESTING - 1)), []);
    // Deeper texts are refused by the parser, so the last levels are added here.
    let mut design = parse(&nested(MAX_NESTING - 1)).unwrap();
    let top = design.top;
    for _ in 0..2 {
        let wire = design.modules[top].wires.values_mut().next().unwrap();
        let block = std::mem::take(&mut wire.driver);
        wire.driver = vec![Stmt::When { seq: 0, arms: vec![(NodeId::new(0), block)], otherwise: vec![] }];
    }
    assert_eq!(verify(&design).unwrap_err()[0].rule, 27);
}

#[test]
fn v28_streams() {
    breaks(28, "valid port0 ready port3", "valid port3 ready port3");
    breaks(28, "valid port0 ready port3", "valid port2 ready port3");
    breaks(28, "valid port0 ready port3", "valid port0 ready port1");
    breaks(28, "payload [port2]", "payload [port5]");
}

#[test]
fn v29_checks() {
    breaks(29, "check4 stable: stable valid %0 ready %0 payload [%2]", "check4 stable: claim %11");
    breaks(29, "input_range port2", "input_range port4");
    breaks(29, "no_collision mem1", "no_collision mem0");
}

#[test]
fn v30_black_boxes() {
    breaks(30, "[port0 -> port2]", "[port2 -> port0, port0 -> port2]");
    breaks(30, "[port0 -> port2]", "[port1 -> port2]");
    let other_model = GOOD.replacen("input port1 b: 0..=3", "input port1 c: 0..=3", 1);
    assert_eq!(errors(&other_model).iter().map(|e| e.rule).collect::<Vec<_>>(), [30]);
    breaks(30, "output port2 y: 0..=256 @0\n", "output port2 y: 0..=256 @0\n  %0: bool = const 0 @0\n");
}

#[test]
fn v31_seq() {
    breaks(31, "#1 when %0", "#0 when %0");
    breaks(31, "#2 set %4", "#1 set %4");
    breaks(31, "#9 set %5", "#8 set %5");
}

#[test]
fn sums_have_their_ranges() {
    breaks(10, "%26: 5..=269 =", "%26: 4..=269 =");
    breaks(10, "%26: 5..=269 =", "%26: 5..=270 =");
    breaks(10, "%26: 5..=269 =", "%26: bits<9> =");
}

#[test]
fn v32_names_in_products() {
    let found = breaks(32, "x2 = x0 shl 1 add x1", "x2 = x0 shl 1 add x2");
    assert_eq!(found[0].to_string(), "V32 top matvec0: x2 names a value that does not stand before it");
    breaks(32, "x2 = x0 shl 1 add x1", "x2 = x9 shl 1 add x1");
    breaks(32, "x2 = x0 shl 1 add x1", "x2 = x0 shl 65537 add x1");
    let found = breaks(32, "5 from x3", "5 from x5");
    assert_eq!(found[0].to_string(), "V32 top matvec0: sum0 names a value that does not stand before it");
    breaks(32, "from neg x2 shl 2", "from neg x2 shl 65537");
    breaks(32, "[1 x0, 1 x1] 5", "[1 x1, 1 x0] 5");
    breaks(32, "[1 x0, 1 x1] 5", "[1 x0, 1 x0] 5");
    breaks(32, "[1 x0, 1 x1] 5", "[1 x0, 1 x2] 5");
    breaks(32, "matvec matvec0 [%4, %2] @1", "matvec matvec0 [%12, %2] @1");
    breaks(17, "matvec matvec0 [%4, %2] @1", "matvec matvec0 [%7, %2] @1");
    let black_box = "extern module1 adder clocked model module0 params [WIDTH = 8] paths [port0 -> port2] @0 {";
    breaks(30, black_box, &format!("{black_box} matvec matvec0 [] {{ }}"));
}

#[test]
fn v33_weights_are_those_of_the_graph() {
    let found = breaks(33, "[0 x0, 0 x1] 1", "[0 x0, 1 x1] 1");
    assert_eq!(found[0].to_string(), "V33 top matvec0: the graph of sum2 has other weights");
    breaks(33, "[0 x0, 0 x1] 1", "[0 x0] 1");
    breaks(33, "[-8 x0, -4 x1] 0", "[8 x0, 4 x1] 0");
    breaks(33, "[-8 x0, -4 x1] 0 from neg x2 shl 2", "[-8 x0, -4 x1] 0 from neg x2 shl 3");
    breaks(33, "[-8 x0, -4 x1] 0 from neg x2 shl 2", "[-8 x0, -4 x1] 0 from neg x3 shl 2");
    breaks(33, "sum [] -3", "sum [1 x0] -3");
    breaks(33, "x4 = x3 sub x3", "x4 = x3 add x3");
}

#[test]
fn v34_nothing_is_too_wide() {
    // The graph and the weights agree, and the sum is no node.
    let wide = |shift: u32, weight: Value| {
        let design = GOOD.replace("x4 = x3 sub x3", &format!("x4 = x3 sub x3 x5 = x0 shl {shift} add x0"));
        errors(&design.replace("sum [] -3", &format!("sum [] -3 sum [{weight} x0] 0 from x5")))
    };
    let weight = |shift: u32| &Value::pow2(shift) + &Value::ONE;
    assert_eq!(wide(65_000, weight(65_000)), []);
    let found = wide(65_530, weight(65_530));
    assert_eq!(found.iter().map(|e| e.rule).collect::<Vec<_>>(), [34]);
    assert_eq!(found[0].to_string(), "V34 top matvec0: x5 takes more than 65536 bits");
    assert_eq!(wide(65_536, weight(65_536)).iter().map(|e| e.rule).collect::<Vec<_>>(), [34]);
    // The weights are others, too.
    let sum = errors(&GOOD.replace("from neg x2 shl 2", "from neg x2 shl 65530"));
    assert_eq!(sum.iter().map(|e| e.rule).collect::<Vec<_>>(), [34, 33]);
    assert_eq!(sum[0].to_string(), "V34 top matvec0: sum1 takes more than 65536 bits");
}

/// A product with stages.
const STAGED: &str = "design top module0 module module0 m {
    domain domain0 clk domain domain1 other input port0 a: 0..=3 input port1 b: 0..=3 output port2 y: 0..=9 = %4
    %0: 0..=3 = port0 %1: 0..=3 = port1 %2: 0..=3 = reg0 %3: 0..=3 = reg1 %4: 0..=9 = matvec0.sum0
    reg reg0 p: 0..=3 domain0 { #0 set %0 } reg reg1 q: 0..=3 domain0 { #1 set %1 }
    matvec matvec0 [%0, %1] stages domain0 pipe [2 [%2], 2 [%3]] {
      x2 = x0 shl 1 add x1 at 2 sum [2 x0, 1 x1] 0 from x2 at 3 } }";

/// Replacing `from` by `to` in it breaks V35 alone, with this message.
#[track_caller]
fn misplaces(from: &str, to: &str, message: &str) {
    assert_eq!(STAGED.matches(from).count(), 1, "`{from}` stands once");
    let found = errors(&STAGED.replace(from, to));
    assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), [format!("V35 m matvec0: {message}")]);
}

#[test]
fn v35_stages() {
    assert_eq!(errors(STAGED), []);
    let nowhere = |what: &str| format!("{what} is in a stage in which what it is computed from is not there");
    misplaces("at 2", "at 1", &nowhere("x2"));
    misplaces("at 2", "at 4", &nowhere("x2"));
    misplaces("at 3", "at 4", &nowhere("sum0"));
    misplaces("[2 [%2], 2", "[3 [%2], 2", &nowhere("x2"));
    misplaces("from x2 at 3", "from x2 at 1", &nowhere("sum0"));
    misplaces("2 [%3]]", "2 []]", &nowhere("sum0"));
    misplaces(", 2 [%3]]", "]", "an input, a step or a sum has no stage, or there are more stages");
    let other = "%2 does not have the value that x0 had in %0 a clock before";
    misplaces("#0 set %0", "#0 set %1", other);
    misplaces("p: 0..=3 domain0", "p: 0..=3 domain1", other);
    misplaces("p: 0..=3 domain0", "p: 0..=3 domain0 reset 0", other);
    misplaces("%2: 0..=3 = reg0", "%2: 0..=3 = port0", other);
    misplaces("{ #0 set %0 }", "{ #0 set %0 #1 set %0 }", other);
    // Constants are there in all stages.
    assert_eq!(
        errors(
            &STAGED
                .replace("[%0, %1]", "[%2, %1]")
                .replace("%2: 0..=3 = reg0", "%2: 2..=2 = const 2")
                .replace("%4: 0..=9", "%4: 4..=7")
        ),
        []
    );
    assert_eq!(
        errors(&STAGED.replace("stages domain0", "stages domain7")).iter().map(|e| e.rule).collect::<Vec<_>>(),
        [2]
    );
}

#[test]
fn errors_are_collected_up_to_a_limit() {
    let text = GOOD.replace("%2: 0..=255 = port2", "%2: 0..=256 = port2").replace("reset 3", "reset 10");
    assert_eq!(errors(&text).iter().map(|e| e.rule).collect::<BTreeSet<_>>(), BTreeSet::from([9, 10, 19, 22, 24, 25]));
    let mut nodes = String::from("design top module0 module module0 m {");
    (0..500).for_each(|n| nodes += &format!("%{n}: 1..=1 = const 0 "));
    assert_eq!(errors(&(nodes + "}")).len(), MAX_ERRORS);
}
