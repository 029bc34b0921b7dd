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
    // A count up to 5000 and down to 0 in a larger register: after the leap to 8191, each round down takes off one.
    let module = "domain domain0 clk input port0 up: bool output port1 y: 0..=8191 = %0
         %0: 0..=8191 = reg0 %1: bool = port0 %2: 1..=1 = const 1 %3: 1..=8192 = add %0 %2 %4: 5000..=5000 = const 5000
         %5: 1..=5000 = min %3 %4 %6: -1..=8190 = sub %0 %2 %7: 0..=0 = const 0 %8: 0..=8190 = max %6 %7
         %9: 0..=8190 = mux %1 %5 %8 reg reg0 r: 0..=8191 domain0 reset 0 { #0 set %9 }";
    narrows(module, module);
}

#[test]
fn an_average_that_forgets() {
    // Going down, the range is halved in each round until it fits what comes in.
    let module = |q: &str, half: &str, sum: &str| {
        format!(
            "domain domain0 clk input port0 x: 0..=9 output port1 y: 0..=65535 = %0
             %0: {q} = reg0 %1: 0..=9 = port0 %2: 1..=1 = const 1 %3: {half} = shr %0 %2 %4: {sum} = add %3 %1
             reg reg0 r: {q} domain0 reset 0 {{ #0 set %4 }}"
        )
    };
    narrows(&module("0..=65535", "0..=32767", "0..=32776"), &module("0..=18", "0..=9", "0..=18"));
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

#[test]
fn sums_of_what_is_narrow() {
    let module = |w: &str, sum: &str, next: &str| {
        format!(
            "input port0 a: -3..=2 output port1 y: -1000..=1000 = %3
             %0: -3..=2 = port0 %1: {w} = wire0 %2: {sum} = matvec0.sum0 %3: {next} = neg %2
             wire wire0 w: {w} {{ #0 set %0 }}
             matvec matvec0 [%1, %0] {{
               x2 = x0 shl 2 sub x1 x3 = x0 sub x0 sum [4 x0, -1 x1] 7 from x2 sum [0 x0] 0 from x3 }}"
        )
    };
    // The inputs are taken to be independent.
    narrows(&module("-100..=100", "-395..=410", "-410..=395"), &module("-3..=2", "-7..=18", "-18..=7"));
}
