use crate::pass::testing::becomes;

/// Inputs `%0` to `%5` of several kinds, an expression in `%6` and what follows, and the output that shows it.
#[track_caller]
fn folds(ty: &str, before: &str, after: &str) {
    let module = |expression: &str| {
        let last = expression.matches(" = ").count() + 5;
        // An expression that is only an input is written as such.
        let shown = if expression.starts_with('%') && !expression.contains('=') {
            expression.to_string()
        } else {
            format!("%{last}")
        };
        let nodes = if expression.contains('=') { expression } else { "" };
        format!(
            "input port0 u: 0..=9 input port1 s: -8..=7 input port2 w: bits<8> input port3 b: bool input port4 c: bool
             input port5 p: 100..=200 output port6 y: {ty} = {shown}
             %0 u: 0..=9 = port0 %1 s: -8..=7 = port1 %2 w: bits<8> = port2 %3 b: bool = port3 %4 c: bool = port4
             %5 p: 100..=200 = port5 {nodes}"
        )
    };
    becomes("fold", &module(before), &module(after));
}

#[test]
fn constants() {
    folds("5..=5", "%6: 2..=2 = const 2 %7: 3..=3 = const 3 %8: 5..=5 = add %6 %7", "%6: 5..=5 = const 5");
    folds(
        "bits<4>",
        "%6: -3..=-3 = const -3 %7: bits<3> = to_bits %6 %8: bits<1> = const 1 %9: bits<4> = concat [%8, %7]",
        "%6: bits<4> = const 13",
    );
    folds("-2..=-2", "%6: -7..=-7 = const -7 %7: 3..=3 = const 3 %8: -2..=-2 = div %6 %7", "%6: -2..=-2 = const -2");
    folds("0..=255", "%6: 300..=300 = const 300 %7: 0..=255 = wrap %6", "%6: 44..=44 = const 44");
}

#[test]
fn neutral_operands() {
    folds("0..=9", "%6: 0..=0 = const 0 %7: 0..=9 = add %0 %6 %8: 0..=9 = sub %7 %6", "%0");
    folds("-9..=0", "%6: 0..=0 = const 0 %7: -9..=0 = sub %6 %0", "%6: -9..=0 = neg %0");
    folds("0..=9", "%6: 1..=1 = const 1 %7: 0..=9 = mul %6 %0 %8: 0..=9 = div %7 %6", "%0");
    folds("-9..=0", "%6: -1..=-1 = const -1 %7: -9..=0 = mul %0 %6", "%6: -9..=0 = neg %0");
    folds("0..=0", "%6: 0..=0 = const 0 %7: 0..=0 = mul %0 %6", "%6: 0..=0 = const 0");
    folds("0..=9", "%6: 0..=0 = const 0 %7: 0..=9 = shl %0 %6 %8: 0..=9 = shr %7 %6", "%0");
    folds("-9..=9", "%6: -9..=9 = sub %0 %0", "%6: 0..=0 = const 0");
    folds(
        "3..=12",
        "%6: 1..=1 = const 1 %7: 1..=10 = add %0 %6 %8: 2..=2 = const 2 %9: 3..=12 = add %8 %7",
        "%6: 3..=3 = const 3 %7: 3..=12 = add %0 %6",
    );
    folds("0..=9", "%6: 10..=10 = const 10 %7: 0..=9 = rem %0 %6", "%0");
    folds("0..=8", "%6: 9..=9 = const 9 %7: 0..=8 = rem %0 %6", "%6: 9..=9 = const 9 %7: 0..=8 = rem %0 %6");
}

#[test]
fn signs() {
    folds("-8..=8", "%6: -7..=8 = neg %1 %7: -8..=7 = neg %6", "%1");
    folds("0..=9", "%6: 0..=9 = abs %0", "%0");
    folds("0..=9", "%6: -9..=0 = neg %0 %7: 0..=9 = abs %6", "%0");
    folds("0..=8", "%6: -7..=8 = neg %1 %7: 0..=8 = abs %6", "%6: 0..=8 = abs %1");
}

#[test]
fn ranges_decide() {
    folds("bool", "%6: bool = lt %0 %5", "%6: bool = const 1");
    folds("bool", "%6: bool = le %5 %0", "%6: bool = const 0");
    folds("bool", "%6: bool = ne %5 %0", "%6: bool = const 1");
    folds("bool", "%6: 9..=9 = const 9 %7: bool = le %0 %6", "%6: bool = const 1");
    folds("bool", "%6: 9..=9 = const 9 %7: bool = lt %0 %6", "%6: 9..=9 = const 9 %7: bool = lt %0 %6");
    folds("bool", "%6: bool = lt %0 %0", "%6: bool = const 0");
    folds("bool", "%6: bool = eq %2 %2", "%6: bool = const 1");
    folds("0..=9", "%6: 0..=9 = min %5 %0", "%0");
    folds("100..=200", "%6: 100..=200 = max %5 %0", "%5");
    folds("0..=9", "%6: 0..=9 = max %1 %0", "%6: 0..=9 = max %1 %0");
}

#[test]
fn words_and_bits() {
    folds("bits<8>", "%6: bits<8> = not %2 %7: bits<8> = not %6", "%2");
    folds(
        "bits<8>",
        "%6: bits<8> = const 0 %7: bits<8> = or %6 %2 %8: bits<8> = xor %7 %6 %9: bits<8> = and %8 %8",
        "%2",
    );
    folds("bits<8>", "%6: bits<8> = const 255 %7: bits<8> = xor %6 %2", "%6: bits<8> = not %2");
    folds("bits<8>", "%6: bits<8> = not %2 %7: bits<8> = or %6 %2", "%6: bits<8> = const 255");
    folds("bits<8>", "%6: bits<8> = not %2 %7: bits<8> = and %6 %2", "%6: bits<8> = const 0");
    folds("bits<8>", "%6: 8..=8 = const 8 %7: bits<8> = shl %2 %6", "%6: bits<8> = const 0");
    folds("bool", "%6: bool = const 1 %7: bool = eq %3 %6", "%3");
    folds("bool", "%6: bool = const 0 %7: bool = eq %6 %3", "%6: bool = not %3");
    folds("bool", "%6: bool = reduce_xor %3", "%3");
    folds("0..=1", "%6: 0..=1 = pop_count %3", "%6: 0..=1 = to_uint %3");
    folds("bits<8>", "%6: 0..=255 = to_uint %2 %7: bits<8> = to_bits %6", "%2");
    folds("bits<8>", "%6: -128..=127 = to_sint %2 %7: bits<8> = to_bits %6", "%2");
    folds("0..=15", "%6: bits<4> = to_bits %0 %7: 0..=15 = to_uint %6", "%0");
    folds("-8..=7", "%6: bits<4> = to_bits %1 %7: -8..=7 = to_sint %6", "%1");
    folds(
        "-8..=7",
        "%6: bits<4> = to_bits %0 %7: -8..=7 = to_sint %6",
        "%6: bits<4> = to_bits %0 %7: -8..=7 = to_sint %6",
    );
    folds("0..=15", "%6: 0..=15 = wrap %0", "%0");
    folds("0..=15", "%6: 0..=63 = wrap %5 %7: 0..=15 = wrap %6", "%6: 0..=15 = wrap %5");
}

#[test]
fn slices_and_concatenations() {
    folds("bits<8>", "%6: bits<8> = slice %2 0 %7: bits<8> = concat [%6]", "%2");
    folds("bits<2>", "%6: bits<5> = slice %2 2 %7: bits<2> = slice %6 3", "%6: bits<2> = slice %2 5");
    folds("bits<3>", "%6: bits<10> = concat [%3, %2, %4] %7: bits<3> = slice %6 2", "%6: bits<3> = slice %2 1");
    folds("bits<9>", "%6: bits<10> = concat [%3, %2, %4] %7: bits<9> = slice %6 1", "%6: bits<9> = concat [%3, %2]");
    let across = "%6: bits<10> = concat [%3, %2, %4] %7: bits<2> = slice %6 0";
    folds("bits<2>", across, across);
    folds(
        "bits<8>",
        "%6: bits<3> = slice %2 5 %7: bits<4> = slice %2 1 %8: bool = slice %2 0 %9: bits<8> = concat [%6, %7, %8]",
        "%2",
    );
    folds(
        "bits<9>",
        "%6: bool = const 1 %7: bits<7> = const 5 %8: bits<9> = concat [%6, %7, %3]",
        "%6: bits<8> = const 133 %7: bits<9> = concat [%6, %3]",
    );
}

#[test]
fn choices() {
    folds("-8..=9", "%6: bool = const 1 %7: -8..=9 = mux %6 %0 %1", "%0");
    folds("0..=9", "%6: 0..=9 = mux %3 %0 %0", "%0");
    folds("4..=4", "%6: 4..=4 = const 4 %7: 4..=4 = const 4 %8: 4..=4 = mux %3 %6 %7", "%6: 4..=4 = const 4");
    folds("-8..=9", "%6: bool = not %3 %7: -8..=9 = mux %6 %0 %1", "%6: -8..=9 = mux %3 %1 %0");
    folds("-8..=200", "%6: -8..=9 = mux %3 %0 %1 %7: -8..=200 = mux %3 %6 %5", "%6: 0..=200 = mux %3 %0 %5");
    folds("bool", "%6: bool = const 1 %7: bool = const 0 %8: bool = mux %3 %6 %7", "%3");
    folds("bool", "%6: bool = const 1 %7: bool = const 0 %8: bool = mux %3 %7 %6", "%6: bool = not %3");
    folds("bool", "%6: bool = const 1 %7: bool = mux %3 %6 %4", "%6: bool = or %3 %4");
    folds("bool", "%6: bool = const 0 %7: bool = mux %3 %4 %6", "%6: bool = and %3 %4");
    folds("0..=200", "%6: 1..=1 = const 1 %7: 0..=9 = select %6 [%5, %0, %1]", "%0");
    folds(
        "0..=200",
        "%6: 0..=1 = to_uint %3 %7: 0..=200 = select %6 [%5, %0, %1]",
        "%6: 0..=1 = to_uint %3 %7: 0..=200 = select %6 [%5, %0]",
    );
    folds("0..=9", "%6: 0..=1 = to_uint %3 %7: 0..=9 = select %6 [%0, %0, %1]", "%0");
}

#[test]
fn narrower_operands_keep_the_width_of_words() {
    folds(
        "bits<8>",
        "%6: bool = const 1 %7: 0..=200 = mux %6 %0 %5 %8: bits<8> = to_bits %7",
        "%6: bits<4> = const 0 %7: bits<4> = to_bits %0 %8: bits<8> = concat [%6, %7]",
    );
    folds(
        "bits<9>",
        "%6: bool = const 1 %7: -8..=200 = mux %6 %1 %5 %8: bits<9> = to_bits %7",
        "%6: bits<4> = to_bits %1 %7: bool = slice %6 3 %8: bits<9> = concat [%7, %7, %7, %7, %7, %6]",
    );
}

#[test]
fn refinements_stay_guarded() {
    let guarded =
        "%6: bool = const 1 %7: 0..=3 = refine %0 %8: 0..=9 = mux %6 %7 %5".replace("0..=9 = mux", "0..=200 = mux");
    folds("0..=200", &guarded, "%0");
    let needed =
        "%6: 7..=7 = const 7 %7: bool = lt %0 %6 %8: 0..=6 = refine %0 %9: 6..=6 = const 6 %10: 0..=6 = mux %7 %8 %9";
    folds("0..=6", needed, needed);
    folds("-8..=15", "%6: 0..=15 = refine %0 %7: -8..=15 = mux %3 %6 %1", "%6: -8..=9 = mux %3 %0 %1");
}

#[test]
fn claims_that_hold_go_with_their_checks() {
    let module = |rest: &str| {
        format!("domain domain0 clk input port0 a: 0..=9 input port1 e: bool output port2 y: 0..=15 = {rest}")
    };
    becomes(
        "fold",
        &module(
            "%2 %0: 0..=9 = port0 %1: bool = port1 %2: 0..=15 = claim %0 check check0 c: claim %2 enable %1 domain0 \"\"",
        ),
        &module("%0 %0: 0..=9 = port0"),
    );
    let kept = module(
        "%2 %0: 0..=9 = port0 %1: bool = port1 %2: 0..=3 = claim %0 check check0 c: claim %2 enable %1 domain0 \"\"",
    );
    becomes("fold", &kept, &kept);
    becomes(
        "fold",
        &module(
            "%2 %0: 0..=9 = port0 %1: bool = const 1 %2: 3..=3 = claim %0 check check0 c: claim %2 enable %1 domain0 \"\"",
        ),
        &module("%1 %0: 0..=9 = port0 %1: 3..=3 = const 3 %2: 3..=3 = claim %0 check check0 c: claim %2 domain0 \"\""),
    );
}

#[test]
fn proved_assertions_go() {
    let module = |rest: &str| format!("domain domain0 clk input port0 a: 0..=9 {rest}");
    becomes(
        "fold",
        &module(
            "%0: 0..=9 = port0 %1: 10..=10 = const 10 %2: bool = lt %0 %1 %3: bool = lt %1 %0
            check check0 t: assert %2 domain0 \"\" check check1 f: assert %3 domain0 \"\"",
        ),
        &module("%0: bool = const 0 check check0 f: assert %0 domain0 \"\""),
    );
}

#[test]
fn names_survive() {
    // The named sum stays to be seen, and what used it uses the port.
    becomes(
        "fold",
        "input port0 a: 0..=9 output port1 y: 0..=9 = %2 %0: 0..=9 = port0 %1: 0..=0 = const 0 %2 sum: 0..=9 = add %0 %1",
        "input port0 a: 0..=9 output port1 y: 0..=9 = %0 %0: 0..=9 = port0 %1: 0..=0 = const 0 %2 sum: 0..=9 = add %0 %1",
    );
    // A node without a name takes over the name of what it replaces.
    becomes(
        "fold",
        "input port0 a: bits<4> output port1 y: bits<4> = %3
         %0: bits<4> = port0 %1: bits<4> = and %0 %2 %2: bits<4> = const 3 %3 low: bits<4> = slice %1 0",
        "input port0 a: bits<4> output port1 y: bits<4> = %1
         %0: bits<4> = port0 %1 low: bits<4> = and %0 %2 %2: bits<4> = const 3",
    );
    becomes(
        "fold",
        "output port0 y: 3..=3 = %2 %0: 1..=1 = const 1 %1: 2..=2 = const 2 %2 three: 3..=3 = add %0 %1",
        "output port0 y: 3..=3 = %0 %0 three: 3..=3 = const 3",
    );
}

#[test]
fn trees() {
    let module = |tree: &str, nodes: &str| {
        format!(
            "domain domain0 clk input port0 a: 0..=9 input port1 b: bool output port2 y: 0..=9 = %0
            %0: 0..=9 = wire0 %1: 0..=9 = port0 %2: bool = port1 {nodes} wire wire0 w: 0..=9 {{ {tree} }}"
        )
    };
    let constants = "%3: bool = const 0 %4: bool = const 1 %5: 5..=5 = const 5";
    #[track_caller]
    fn check(before: String, after: String) {
        becomes("fold", &before, &after);
    }
    check(module("#0 set %1 #1 set %5", constants), module("#1 set %3", "%3: 5..=5 = const 5"));
    check(
        module(
            "#0 set %1 #1 when %3 { #2 set %5 } elsewhen %2 { #3 set %5 } elsewhen %4 { #4 set %1 } otherwise { #5 set %5 }",
            constants,
        ),
        module("#1 when %2 { #3 set %3 } otherwise { #4 set %1 }", "%3: 5..=5 = const 5"),
    );
    check(module("#0 set %1 #1 when %4 { #2 set %5 }", constants), module("#2 set %3", "%3: 5..=5 = const 5"));
    check(module("#0 set %1 #1 when %2 { #2 when %3 { #3 set %5 } }", constants), module("#0 set %1", ""));
    check(
        module("#0 switch %5 { [5] => { #1 set %5 } default => { #2 set %1 } }", constants),
        module("#1 set %3", "%3: 5..=5 = const 5"),
    );
    check(
        module("#0 switch %2 { [0] => { #1 set %5 } [1] => { #2 set %1 } default => { #3 set %5 } }", constants),
        module("#0 switch %2 { [0] => { #1 set %3 } [1] => { #2 set %1 } }", "%3: 5..=5 = const 5"),
    );
    check(
        module("#0 set %1 #1 when %2 { } elsewhen %4 { #2 set %5 }", constants),
        module("#0 set %1 #1 when %2 { } otherwise { #2 set %3 }", "%3: 5..=5 = const 5"),
    );
}

#[test]
fn sums_of_constants() {
    becomes(
        "fold",
        "input port0 a: 0..=9 output port1 y: 17..=17 = %3 output port2 z: 7..=16 = %4
         %0: 0..=9 = port0 %1: 2..=2 = const 2 %2: 3..=3 = const 3 %3: 17..=17 = matvec0.sum0
         %4: 7..=16 = matvec0.sum1 %5: 5..=5 = add %1 %2
         matvec matvec0 [%0, %1, %5] {
           x3 = x2 shl 1 add x1 x4 = x0 add x1 sum [1 x1, 2 x2] 5 from x3 sum [1 x0, 1 x1] 5 from x4 }",
        "input port0 a: 0..=9 output port1 y: 17..=17 = %3 output port2 z: 7..=16 = %4
         %0: 0..=9 = port0 %1: 2..=2 = const 2 %2: 5..=5 = const 5 %3: 17..=17 = const 17 %4: 7..=16 = matvec0.sum1
         matvec matvec0 [%0, %1, %2] {
           x3 = x2 shl 1 add x1 x4 = x0 add x1 sum [1 x1, 2 x2] 5 from x3 sum [1 x0, 1 x1] 5 from x4 }",
    );
}
