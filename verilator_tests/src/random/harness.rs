//! Running recipes on engines and comparing what they do with the evaluator.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use gatewright_dsl::ir::Design;
use gatewright_dsl::prelude::{Options, Polarity, ResetKind, Value, elaborate_with};
use gatewright_sim::rng::Rng;
use gatewright_sim::{Dut, Interpreter, Pin};
use num_bigint::BigInt;

use super::build::take_misfits;
use super::choose::value_in;
use super::evaluate::{Broken, State};
use super::generate::{Size, recipe};
use super::recipe::Recipe;
use super::shrink::shrink;
use super::typing::typing;

/// The inputs of one clock.
#[derive(Clone, Debug)]
pub struct Clock {
    /// One value per input.
    pub inputs: Vec<BigInt>,
    /// Whether the reset is active.
    pub reset: bool,
}

/// The outputs, clock by clock.
pub type Trace = Vec<Vec<BigInt>>;

/// What went wrong.
#[derive(Clone, Debug)]
pub enum Failure {
    /// The recipe itself is at fault, so this is a mistake of the generator (or the evaluator).
    Recipe(String),
    /// The front end refused a module that it must take.
    Refused(String),
    /// The front end gave a value another type.
    Types(Vec<String>),
    /// An engine refused the design or reported a check that failed.
    Engine(String),
    /// Something panicked.
    Panic(String),
    /// An engine's outputs differ from the evaluator's.
    Differs(String),
    /// The verifier, a pass, the text form or a tool is not content.
    Other(&'static str, String),
}

impl Failure {
    /// Failures of one kind count as the same while shrinking.
    pub fn kind(&self) -> String {
        match self {
            Failure::Refused(text) => {
                // With the code of the first error.
                return format!("refused {}", text.split(['[', ']']).nth(1).unwrap_or_default());
            }
            Failure::Recipe(_) => "recipe",
            Failure::Types(_) => "types",
            Failure::Engine(_) => "engine",
            Failure::Panic(_) => "panic",
            Failure::Differs(_) => "differs",
            Failure::Other(kind, _) => kind,
        }
        .to_string()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Types(all) => write!(f, "types: {}", all.join("\n")),
            Failure::Recipe(s)
            | Failure::Refused(s)
            | Failure::Engine(s)
            | Failure::Panic(s)
            | Failure::Differs(s)
            | Failure::Other(_, s) => write!(f, "{}: {s}", self.kind()),
        }
    }
}

/// How many modules the tests make: `usual`, or what `GATEWRIGHT_RANDOM_MODULES` says.
pub fn module_count(usual: u64) -> u64 {
    std::env::var("GATEWRIGHT_RANDOM_MODULES").ok().and_then(|v| v.parse().ok()).unwrap_or(usual)
}

/// The first seed: 0, or what `GATEWRIGHT_RANDOM_SEED` says.
pub fn first_seed() -> u64 {
    std::env::var("GATEWRIGHT_RANDOM_SEED").ok().and_then(|v| v.parse().ok()).unwrap_or(0)
}

/// Clock and reset, of each kind in turn.
pub fn options(seed: u64) -> Options {
    match seed % 5 {
        0 | 4 => Options::default(),
        1 => Options::reset("rst_n", ResetKind::Async, Polarity::Low),
        2 => Options::reset("rst", ResetKind::Async, Polarity::High),
        _ if seed.is_multiple_of(2) => Options::reset("resetn", ResetKind::Sync, Polarity::Low),
        _ => Options::no_reset(),
    }
}

/// Whether the reset is active at each clock: never at first, so that the values at power-up are seen.
pub fn resets(seed: u64, clocks: usize) -> Vec<bool> {
    let mut rng = Rng::new(seed.wrapping_mul(0x9e37_79b9).wrapping_add(77));
    let mut active = false;
    (0..clocks)
        .map(|n| {
            active = n >= 2 && if active { rng.chance(0.4) } else { rng.chance(0.06) };
            active
        })
        .collect()
}

/// Random inputs. Each input has a stream of its own: more inputs do not change those before.
pub fn stimulus(recipe: &Recipe, seed: u64, resets: &[bool]) -> Vec<Clock> {
    let columns: Vec<Vec<BigInt>> = recipe
        .inputs
        .iter()
        .enumerate()
        .map(|(n, ty)| {
            let mut rng = Rng::new(seed ^ (n as u64 + 1).wrapping_mul(0x5851_f42d_4c95_7f2d));
            let range = ty.range();
            let mut held = value_in(&mut rng, &range);
            let mut column = Vec::with_capacity(resets.len());
            for _ in resets {
                if rng.chance(0.8) {
                    held = value_in(&mut rng, &range);
                }
                column.push(held.clone());
            }
            column
        })
        .collect();
    resets
        .iter()
        .enumerate()
        .map(|(t, &reset)| Clock { inputs: columns.iter().map(|c| c[t].clone()).collect(), reset })
        .collect()
}

/// What the evaluator says.
///
/// # Errors
/// Where the recipe has no meaning.
pub fn expected(recipe: &Recipe, options: &Options, stimulus: &[Clock]) -> Result<Trace, Failure> {
    let typed = typing(recipe).ok_or_else(|| Failure::Recipe("the recipe breaks a rule".into()))?;
    let kind = options.domain.reset.as_ref().map(|r| r.kind);
    let mut state = State::power_up(recipe);
    stimulus
        .iter()
        .map(|clock| state.step(recipe, &typed, &clock.inputs, clock.reset, kind))
        .collect::<Result<Trace, Broken>>()
        .map_err(|b| Failure::Recipe(format!("{b:?}")))
}

fn caught<T>(what: &str, f: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().cloned();
        let text = text.or_else(|| payload.downcast_ref::<&str>().map(|s| s.to_string()));
        Err(Failure::Panic(format!("{what}: {}", text.unwrap_or_default())))
    })
}

/// The recipe through the front end.
///
/// # Errors
/// Where the front end refuses it, or gives a value another type than the language says.
pub fn design(recipe: &Recipe, options: &Options) -> Result<Design, Failure> {
    take_misfits();
    let (design, _) =
        caught("front end", || elaborate_with(recipe, options).map_err(|e| Failure::Refused(e.to_string())))?;
    match take_misfits() {
        misfits if misfits.is_empty() => Ok(design),
        misfits => Err(Failure::Types(misfits)),
    }
}

/// Steps `dut` through the stimulus and returns its outputs: the pins from `first` on are the module's inputs, then its
/// outputs.
///
/// # Errors
/// Where the engine reports something.
pub fn run(dut: &mut dyn Dut, outputs: usize, stimulus: &[Clock]) -> Result<Trace, Failure> {
    let failed = |e: gatewright_sim::SimError| Failure::Engine(e.to_string());
    let has_reset = dut.interface().clocks.first().is_some_and(|c| c.reset.is_some());
    let mut trace = Vec::with_capacity(stimulus.len());
    for clock in stimulus {
        if has_reset {
            dut.poke_reset(0, clock.reset).map_err(failed)?;
        }
        for (n, v) in clock.inputs.iter().enumerate() {
            dut.poke_value(Pin(n as u32), &Value::from(v.clone())).map_err(failed)?;
        }
        let first = clock.inputs.len();
        let peek = |n| dut.peek(Pin((first + n) as u32)).map(|v| v.to_bigint()).map_err(failed);
        trace.push((0..outputs).map(peek).collect::<Result<Vec<_>, _>>()?);
        dut.step().map_err(failed)?;
    }
    Ok(trace)
}

/// An error that names the first difference.
///
/// # Errors
/// Where there is one.
pub fn same(engine: &str, found: &Trace, wanted: &Trace) -> Result<(), Failure> {
    for (t, (f, w)) in found.iter().zip(wanted).enumerate() {
        if let Some(n) = (0..w.len()).find(|&n| f.get(n) != Some(&w[n])) {
            let text = format!("clock {t}, output {n}: {engine} has {:?}, the evaluator {}", f.get(n), w[n]);
            return Err(Failure::Differs(text));
        }
    }
    if found.len() == wanted.len() { Ok(()) } else { Err(Failure::Differs(format!("{engine}: too few clocks"))) }
}

/// The interpreter on a design of `recipe` against a trace.
///
/// # Errors
/// Where it differs.
pub fn interpret(design: &Design, recipe: &Recipe, stimulus: &[Clock], wanted: &Trace) -> Result<(), Failure> {
    let found = caught("interpreter", || {
        let mut dut = Interpreter::new(design).map_err(|e| Failure::Engine(e.to_string()))?;
        run(&mut dut, recipe.outputs.len(), stimulus)
    })?;
    same("the interpreter", &found, wanted)
}

/// How many clocks a module runs.
pub const CLOCKS: usize = 24;

/// The front end and the interpreter on one recipe.
///
/// # Errors
/// What is wrong.
pub fn check_interpreter(recipe: &Recipe, seed: u64) -> Result<(), Failure> {
    let options = options(seed);
    let stimulus = stimulus(recipe, seed, &resets(seed, CLOCKS));
    let wanted = expected(recipe, &options, &stimulus)?;
    let design = design(recipe, &options)?;
    interpret(&design, recipe, &stimulus, &wanted)
}

/// Puts every seed's recipe through `check`; panics with the seed and a small recipe where it fails.
pub fn for_seeds(count: u64, size: Size, check: impl Fn(&Recipe, u64) -> Result<(), Failure>) {
    let first = first_seed();
    for seed in first..first + count {
        let recipe = recipe(seed, size);
        if let Err(failure) = check(&recipe, seed) {
            panic!("{}", report(&recipe, seed, &failure, 4000, &check));
        }
    }
}

/// What to say about a failure: the seed, a small recipe that fails in the same way (found in so many tries), and how.
pub fn report(
    recipe: &Recipe,
    seed: u64,
    failure: &Failure,
    tries: usize,
    check: &dyn Fn(&Recipe, u64) -> Result<(), Failure>,
) -> String {
    let small = shrink(recipe, tries, &|r| check(r, seed).is_err_and(|f| f.kind() == failure.kind()));
    let now = check(&small, seed).err().map_or_else(|| "does not fail again".into(), |f| f.to_string());
    let ir = design(&small, &options(seed))
        .map_or_else(|e| format!("(no design: {e})"), |d| gatewright_dsl::ir::print::print_without_places(&d));
    format!(
        "seed {seed} fails; see it again with GATEWRIGHT_RANDOM_SEED={seed} GATEWRIGHT_RANDOM_MODULES=1\n\
         {failure}\n\nsmaller ({} steps): {now}\n{small:?}\n\n{ir}",
        small.steps()
    )
}
