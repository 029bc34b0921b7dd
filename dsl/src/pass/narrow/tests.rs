use crate::pass::testing::becomes;

#[track_caller]
fn narrows(before: &str, after: &str) {
    becomes("narrow", before, after);
}

#[test]
fn a_counter_that_stops() {
    // Widening overshoots the end of the count, and going down finds it again.
    let module = |count: &str, sum: &str, step: &str| {
        format!(
            "domain domain0 clk output port0 y: 0..=255 = %0
             %0: {count} = reg0 %1: 1..=1 = const 1 %2: {sum} = add %0 %1 %3: 100..=100 = const 100
             %4: bool = lt %0 %3 %5: {step} = refine %2
             reg reg0 r: {count} domain0 reset 0 {{ #0 when %4 {{ #1 set %5 }} }}"
        )
    };
    narrows(&module("0..=255", "1..=256", "0..=100"), &module("0..=100", "1..=101", "1..=100"));
}

#[test]
fn what_is_taken_back_is_taken_back_from_all_that_follows() {
    // A count to 100, and 300 registers behind it.
    let module = |ty: &str, sum: &str, step: &str| {
        let mut text = format!(
            "domain domain0 clk output port0 y: 0..=255 = %306
             %0: {ty} = reg0 %1: 1..=1 = const 1 %2: {sum} = add %0 %1 %3: 100..=100 = const 100
             %4: bool = lt %0 %3 %5: {step} = refine %2 %6: {ty} = reg0 "
        );
        (1..=300).for_each(|r| text += &format!("%{}: {ty} = reg{r} ", r + 6));
        text += &format!("reg reg0 r0: {ty} domain0 reset 0 {{ #0 when %4 {{ #1 set %5 }} }} ");
        (1..=300)
            .for_each(|r| text += &format!("reg reg{r} r{r}: {ty} domain0 reset 0 {{ #{} set %{} }} ", r + 1, r + 5));
        text
    };
    narrows(&module("0..=255", "1..=256", "0..=100"), &module("0..=100", "1..=101", "1..=100"));
}

#[test]
fn registers_that_creep_keep_their_range() {
    // From any range that holds all values, the greatest value comes down by one in each round: without end.
    let module = "domain domain0 clk input port0 n: 0..=4 output port1 y: -1000000..=1000000 = %0
         %0: -1000000..=1000000 = reg0 %1: 0..=4 = port0 %2: -1000000..=1000000 = shr %0 %1 %3: 1..=1 = const 1
         %4: -1000001..=999999 = sub %2 %3 %5: -1000000..=999999 = refine %4 %6: bool = lt %7 %0 %7: -999999..=-999999 = const -999999
         reg reg0 r: -1000000..=1000000 domain0 reset 1000 { #0 when %6 { #1 set %5 } }";
    let before = super::super::testing::module_with(module);
    let after = super::super::testing::apply("narrow", &before);
    let r = after.modules[after.top].regs.values().next().unwrap();
    assert!(r.ty.fits(crate::ty::Ty::Int(crate::ty::range(-1_000_000..=1023))), "{}", r.ty);
}

#[test]
fn a_counter_that_runs_on() {
    let module = "domain domain0 clk output port0 y: 0..=255 = %0
         %0: 0..=255 = reg0 %1: 1..=1 = const 1 %2: 1..=256 = add %0 %1 %3: 0..=255 = wrap %2
         reg reg0 r: 0..=255 domain0 reset 0 { #0 set %3 }";
    narrows(module, module);
}

#[test]
fn ranges_follow_delays_and_feedback() {
    narrows(
        "domain domain0 clk input port0 a: 0..=3 output port1 y: 0..=255 = %2
         %0: 0..=3 = port0 %1: 0..=255 = reg0 %2: 0..=255 = reg1 %3: 0..=100 = wire0
         reg reg0 p: 0..=255 domain0 reset 7 { #0 set %3 } reg reg1 q: 0..=255 domain0 reset 5 { #1 set %1 }
         wire wire0 w: 0..=100 { #2 set %0 }",
        "domain domain0 clk input port0 a: 0..=3 output port1 y: 0..=255 = %2
         %0: 0..=3 = port0 %1: 0..=7 = reg0 %2: 0..=7 = reg1 %3: 0..=3 = wire0
         reg reg0 p: 0..=7 domain0 reset 7 { #0 set %3 } reg reg1 q: 0..=7 domain0 reset 5 { #1 set %1 }
         wire wire0 w: 0..=3 { #2 set %0 }",
    );
}

#[test]
fn what_never_changes_is_constant() {
    // The register is set only to itself and to what it holds already; the flag stays down.
    narrows(
        "domain domain0 clk input port0 e: bool output port1 y: 0..=9 = %0 output port2 f: bool = %2
         %0: 0..=9 = reg0 %1: bool = port0 %2: bool = reg1 %3: 4..=4 = const 4
         reg reg0 p: 0..=9 domain0 reset 4 { #0 when %2 { #1 set %5 } elsewhen %1 { #2 set %0 } }
         reg reg1 q: bool domain0 reset 0 { #3 when %1 { #4 set %4 } }
         %4: bool = ne %0 %3 %5: 4..=4 = const 4",
        "domain domain0 clk input port0 e: bool output port1 y: 0..=9 = %0 output port2 f: bool = %2
         %0: 4..=4 = reg0 %1: bool = port0 %2: bool = const 0
         reg reg0 p: 4..=4 domain0 reset 4 { #0 when %2 { #1 set %4 } elsewhen %1 { #2 set %0 } }
         reg reg1 q: bool domain0 reset 0 { #3 when %1 { #4 set %3 } }
         %3: bool = const 0 %4: 4..=4 = const 4",
    );
}

#[test]
fn a_register_without_reset_begins_nearest_to_zero() {
    narrows(
        "domain domain0 clk input port0 a: -9..=-7 output port1 y: -20..=-3 = %1
         %0: -9..=-7 = port0 %1: -20..=-3 = reg0 reg reg0 p: -20..=-3 domain0 { #0 set %0 }",
        "domain domain0 clk input port0 a: -9..=-7 output port1 y: -20..=-3 = %1
         %0: -9..=-7 = port0 %1: -9..=-3 = reg0 reg reg0 p: -9..=-3 domain0 { #0 set %0 }",
    );
}

#[test]
fn refinements_hold_only_where_they_are_selected() {
    narrows(
        "input port0 a: 0..=9 input port1 b: bool output port2 y: -50..=50 = %4 output port3 z: -50..=50 = %5
         %0: 0..=9 = port0 %1: bool = port1 %2: -5..=3 = refine %0 %3: -1..=-1 = const -1
         %4: -5..=3 = mux %1 %2 %3 %5: 1..=10 = sub %0 %3",
        "input port0 a: 0..=9 input port1 b: bool output port2 y: -50..=50 = %4 output port3 z: -50..=50 = %5
         %0: 0..=9 = port0 %1: bool = port1 %2: 0..=3 = refine %0 %3: -1..=-1 = const -1
         %4: -1..=3 = mux %1 %2 %3 %5: 1..=10 = sub %0 %3",
    );
}

#[test]
fn values_that_never_reach_their_register_fit_it_all_the_same() {
    narrows(
        "domain domain0 clk input port0 a: 0..=3 output port1 y: 0..=99 = %1
         %0: 0..=3 = port0 %1: 0..=99 = reg0 %2: 50..=99 = refine %0 %3: 50..=50 = const 50 %4: bool = le %3 %0
         reg reg0 p: 0..=99 domain0 reset 0 { #0 set %0 #1 when %4 { #2 set %2 } }",
        "domain domain0 clk input port0 a: 0..=3 output port1 y: 0..=99 = %1
         %0: 0..=3 = port0 %1: 0..=3 = reg0 %2: 0..=0 = const 0 %3: bool = const 0
         reg reg0 p: 0..=3 domain0 reset 0 { #0 set %0 #1 when %3 { #2 set %2 } }",
    );
}

#[test]
fn wraps_that_do_nothing_go() {
    narrows(
        "input port0 a: 0..=9 output port1 y: 0..=99 = %3
         %0: 0..=9 = port0 %1: 7..=7 = const 7 %2: 0..=15 = wrap %0 %3: 7..=15 = max %2 %1",
        "input port0 a: 0..=9 output port1 y: 0..=99 = %2 %0: 0..=9 = port0 %1: 7..=7 = const 7 %2: 7..=9 = max %0 %1",
    );
}

#[test]
fn words_keep_their_width() {
    narrows(
        "input port0 b: bits<3> output port1 y: bits<8> = %4
         %0: bits<3> = port0 %1: bits<5> = const 0 %2: bits<8> = concat [%1, %0] %3: 0..=255 = to_uint %2 %4: bits<8> = to_bits %3",
        "input port0 b: bits<3> output port1 y: bits<8> = %4
         %0: bits<3> = port0 %1: bits<5> = const 0 %2: bits<8> = concat [%1, %0] %3: 0..=7 = to_uint %2
         %4: bits<8> = concat [%6, %5] %5: bits<3> = to_bits %3 %6: bits<5> = const 0",
    );
}

#[test]
fn contents_of_a_memory_without_writes() {
    let module = |field: &str, other: &str| {
        format!(
            "domain domain0 clk input port0 a: 0..=2 output port1 y: 0..=99 = %1 output port2 z: 0..=99 = %2
             %0: 0..=2 = port0 %1: {field} = mem0.read0.field0 %2: {other} = mem0.read1.field0
             mem mem0 rom: [x: 5..=99] depth 3 collision old {{ word [7] word [9] word [8]
               read async addr %0 read domain0 addr %0 }}"
        )
    };
    narrows(&module("5..=99", "5..=99"), &module("7..=9", "5..=9"));
}

#[test]
fn switches_lose_values_that_are_not_reached() {
    narrows(
        "input port0 a: 0..=2 output port1 y: 0..=9 = %1 %0: 0..=2 = port0 %1: 0..=9 = wire1 %2: 0..=9 = wire0
         %3: 7..=7 = const 7 wire wire0 w: 0..=9 { #0 set %0 }
         wire wire1 v: 0..=9 { #1 switch %2 { [0, 5] => { #2 set %3 } [6] => { #3 set %0 } default => { #4 set %0 } } }",
        "input port0 a: 0..=2 output port1 y: 0..=9 = %1 %0: 0..=2 = port0 %1: 0..=7 = wire1 %2: 0..=2 = wire0
         %3: 7..=7 = const 7 wire wire0 w: 0..=2 { #0 set %0 }
         wire wire1 v: 0..=7 { #1 switch %2 { [0] => { #2 set %3 } default => { #4 set %0 } } }",
    );
}

#[test]
fn claims_shrink_with_their_operand() {
    let module = |ty: &str| {
        format!(
            "domain domain0 clk input port0 a: 3..=50 output port1 y: 0..=99 = %1
             %0: 3..=50 = port0 %1: {ty} = claim %0 check check0 c: claim %1 domain0 \"\""
        )
    };
    narrows(&module("0..=9"), &module("3..=9"));
    // One that never holds keeps its type.
    narrows(&module("60..=70"), &module("60..=70"));
}
