//! The random modules are worth their time: they use the whole language, and what they compute changes.

use std::collections::BTreeSet;

use gatewright_verilator_tests::random::generate::{Size, recipe};
use gatewright_verilator_tests::random::harness::{CLOCKS, expected, options, resets, stimulus};
use gatewright_verilator_tests::random::recipe::{Collide, Expr, ReadKind, Recipe, Step};
use gatewright_verilator_tests::random::ty::Type;

/// `Arith(Add, 1, 2)` becomes `Arith Add`, `Neg(1)` becomes `Neg`.
fn word(expr: &Expr) -> String {
    let text = format!("{expr:?}");
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    match expr {
        Expr::Round(mode, ..) | Expr::FixedRound(mode, ..) => format!("{} {mode}", words[0]),
        Expr::WordShift(left, ..) | Expr::WordShiftConst(left, ..) => format!("{} {left}", words[0]),
        _ if words.get(1).is_some_and(|w| w.chars().all(char::is_alphabetic)) && !matches!(expr, Expr::Flag(_)) => {
            format!("{} {}", words[0], words[1])
        }
        _ => words[0].to_string(),
    }
}

fn add(recipe: &Recipe, seen: &mut BTreeSet<String>) {
    recipe.each_step(&mut |step| {
        seen.insert(match step {
            Step::Let { expr, .. } => word(expr),
            Step::Set { .. } => "set".into(),
            Step::When { arms, otherwise } => format!("when {} {}", arms.len(), otherwise.is_some()),
            Step::Switch { default, .. } => format!("switch {}", default.is_some()),
            Step::Scope(..) => "scope".into(),
            Step::Read { mem, kind, .. } => {
                let kind = match kind {
                    ReadKind::Async => "async",
                    ReadKind::Sync => "sync",
                    ReadKind::When(_) => "enabled",
                };
                format!("read {kind} {:?}", recipe.mems[*mem].collision)
            }
            Step::Write { mask, .. } => format!("write {}", mask.is_some()),
            Step::Inst { .. } => "inst".into(),
            Step::Assert(_) => "assert".into(),
        });
    });
    recipe.children.iter().for_each(|c| add(c, seen));
}

#[test]
fn every_operator_and_statement_occurs() {
    let mut seen = BTreeSet::new();
    (0..600).for_each(|seed| add(&recipe(seed, Size::MODULE), &mut seen));
    let mut wanted: Vec<String> = Vec::new();
    let mut all = |first: &str, seconds: &[&str]| wanted.extend(seconds.iter().map(|s| format!("{first} {s}")));
    all("Arith", &["Add", "Sub", "Mul", "Min", "Max", "Shl", "Shr"]);
    all("ArithConst", &["Add", "Sub", "Mul", "Min", "Max", "Shl", "Shr", "Div", "Rem"]);
    all("ConstArith", &["Add", "Sub", "Mul"]);
    all("FixedArith", &["Add", "Sub", "Mul"]);
    for compare in ["Compare", "CompareConst", "FixedCompare"] {
        all(compare, &["Eq", "Ne", "Lt", "Le", "Gt", "Ge"]);
    }
    all("Narrow", &["Sat", "Symmetric", "Zero", "Claim", "Wrap"]);
    all("FixedNarrow", &["Sat", "Symmetric", "Zero", "Wrap"]);
    for round in ["Round", "FixedRound"] {
        all(round, &["0", "1", "2", "3", "4", "5", "6", "7"]);
    }
    all("Logic", &["And", "Or", "Xor", "Eq", "Ne"]);
    all("Reduce", &["All", "Any", "Parity"]);
    all("WordShift", &["true", "false"]);
    all("WordShiftConst", &["true", "false"]);
    all("when", &["1 true", "1 false", "2 true", "3 true"]);
    all("switch", &["true", "false"]);
    all("write", &["true", "false"]);
    for kind in ["read async", "read sync", "read enabled"] {
        all(kind, &["Old", "New"]);
    }
    all("read", &["async Undefined", "enabled Undefined"]);
    let single = "Input Reg Wire Lit Word Flag Real Variant Neg Abs NextWrapping IntBit Sum ToBits ToUint ToSint Ones Not \
                  Slice WordBit Concat FromBools ZeroExtend SignExtend BoolInt BoolBits Mux Select FixedNew FixedInt \
                  FixedNeg FixedScale EnumInt EnumIs EnumEq set scope inst assert";
    wanted.extend(single.split_whitespace().map(String::from));
    let missing: Vec<&String> = wanted.iter().filter(|w| !seen.contains(*w)).collect();
    assert!(missing.is_empty(), "never made: {missing:?}; made: {seen:?}");
    assert!([Collide::Old, Collide::New].iter().all(|c| seen.contains(&format!("read sync {c:?}"))));
}

#[test]
fn widths_are_mixed() {
    let mut widths = BTreeSet::new();
    let (mut negative, mut asymmetric) = (0, 0);
    for seed in 0..600 {
        let recipe = recipe(seed, Size::MODULE);
        for ty in recipe.inputs.iter().chain(recipe.regs.iter().map(|r| &r.ty)) {
            let range = ty.range();
            widths.insert(range.width());
            if let Type::Int(r) = ty {
                negative += u32::from(r.hi < 0.into());
                asymmetric += u32::from(r.lo != 0.into() && r.lo != -&r.hi && r.lo != -&r.hi - 1);
            }
        }
    }
    for w in [1, 2, 8, 31, 32, 33, 63, 64, 65, 128, 200] {
        assert!(widths.contains(&w), "no value of {w} bits among {widths:?}");
    }
    assert!(negative > 20 && asymmetric > 60, "{negative} {asymmetric}");
}

#[test]
fn most_outputs_change() {
    let (mut outputs, mut change) = (0, 0);
    for seed in 0..300 {
        let recipe = recipe(seed, Size::MODULE);
        let stimulus = stimulus(&recipe, seed, &resets(seed, CLOCKS));
        let trace = expected(&recipe, &options(seed), &stimulus).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        for n in 0..recipe.outputs.len() {
            outputs += 1;
            change += usize::from(trace.iter().any(|t| t[n] != trace[0][n]));
        }
    }
    assert!(change * 2 > outputs, "only {change} of {outputs} outputs change");
}
