//! Random modules as IR: the verifier accepts them, text and serde give them back, and passes keep what they do.

use gatewright_dsl::ir::{Design, parse, print, verify};
use gatewright_dsl::pass::{self, PASSES};
use gatewright_verilator_tests::random::generate::Size;
use gatewright_verilator_tests::random::harness::{
    CLOCKS, Failure, design, expected, for_seeds, interpret, module_count, options, resets, stimulus,
};
use gatewright_verilator_tests::random::recipe::Recipe;

fn verified(design: &Design, after: &str) -> Result<(), Failure> {
    verify::verify(design).map_err(|errors| {
        let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::Other("verifier", format!("after {after}: {}", all.join("\n")))
    })
}

fn round_trips(recipe: &Recipe, seed: u64) -> Result<(), Failure> {
    let design = design(recipe, &options(seed))?;
    verified(&design, "elaboration")?;
    let text = print::print(&design);
    let read = parse::parse(&text).map_err(|e| Failure::Other("parse", format!("{e}\n{text}")))?;
    if read != design || print::print(&read) != text {
        return Err(Failure::Other("text", text));
    }
    let json = serde_json::to_string(&design).map_err(|e| Failure::Other("serde", e.to_string()))?;
    match serde_json::from_str::<Design>(&json) {
        Ok(back) if back == design => Ok(()),
        Ok(_) => Err(Failure::Other("serde", "another design came back".into())),
        Err(e) => Err(Failure::Other("serde", e.to_string())),
    }
}

#[test]
fn verifier_text_and_serde() {
    for_seeds(module_count(800), Size::MODULE, round_trips);
}

fn pass_keeps(recipe: &Recipe, seed: u64, names: &[&str]) -> Result<(), Failure> {
    let options = options(seed);
    let stimulus = stimulus(recipe, seed, &resets(seed, CLOCKS));
    let wanted = expected(recipe, &options, &stimulus)?;
    let mut design = design(recipe, &options)?;
    pass::run(&mut design, names).map_err(|e| Failure::Other("pass", e.to_string()))?;
    verified(&design, &names.join(" "))?;
    let again = design.clone();
    interpret(&design, recipe, &stimulus, &wanted)?;
    pass::run(&mut design, &names[names.len() - 1..]).map_err(|e| Failure::Other("pass", e.to_string()))?;
    if design != again {
        return Err(Failure::Other("twice", format!("{} changes what it has made", names[names.len() - 1])));
    }
    Ok(())
}

#[test]
fn each_pass_keeps_the_meaning() {
    for_seeds(module_count(300), Size::MODULE, |recipe, seed| {
        PASSES.iter().try_for_each(|p| pass_keeps(recipe, seed, &[p.name]))
    });
}

#[test]
fn all_passes_keep_the_meaning() {
    let names: Vec<&str> = PASSES.iter().map(|p| p.name).collect();
    for_seeds(module_count(600), Size::MODULE, |recipe, seed| pass_keeps(recipe, seed, &names));
}
