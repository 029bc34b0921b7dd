//! Many random modules in one design, so that a tool has to be started only once for all of them.

use gatewright_dsl::ir::Design;
use gatewright_dsl::pass::{self, PASSES};
use gatewright_sim::Batch;

use super::generate::{Size, recipe};
use super::harness::{CLOCKS, Failure, Trace, design, expected, first_seed, options, resets, stimulus};
use super::recipe::Recipe;

/// One module of a batch.
pub struct Member {
    /// Its seed.
    pub seed: u64,
    /// What was built.
    pub recipe: Recipe,
    /// Its design, of every second module after all passes.
    pub design: Design,
}

/// The module of a seed, alone.
///
/// # Errors
/// Where the front end refuses it.
pub fn member(recipe: Recipe, seed: u64) -> Result<Member, Failure> {
    let mut design = design(&recipe, &options(seed))?;
    if seed % 2 == 1 {
        let names: Vec<&str> = PASSES.iter().map(|p| p.name).collect();
        pass::run(&mut design, &names).map_err(|e| Failure::Other("pass", e.to_string()))?;
    }
    Ok(Member { seed, recipe, design })
}

impl Member {
    /// The stimulus under these resets, and what the evaluator says.
    ///
    /// # Errors
    /// Where the recipe has no meaning.
    pub fn expected(&self, resets: &[bool]) -> Result<(Vec<super::harness::Clock>, Trace), Failure> {
        let stimulus = stimulus(&self.recipe, self.seed, resets);
        let trace = expected(&self.recipe, &options(self.seed), &stimulus)?;
        Ok((stimulus, trace))
    }
}

/// The resets of a batch, whose modules share them.
pub fn batch_resets(first: u64) -> Vec<bool> {
    resets(first ^ 0x5eed, CLOCKS)
}

/// Calls `f` with batches of at most `size` modules, `count` modules in all, and the first seed of each.
pub fn for_batches(count: u64, size: u64, f: impl Fn(&Batch, &[Member], u64)) {
    let (start, end) = (first_seed(), first_seed() + count);
    let mut first = start;
    while first < end {
        let seeds = first..(first + size).min(end);
        let members: Vec<Member> = seeds
            .map(|seed| member(recipe(seed, Size::MODULE), seed).unwrap_or_else(|e| panic!("seed {seed}: {e}")))
            .collect();
        let batch = Batch::new(members.iter().map(|m| &m.design)).unwrap_or_else(|e| panic!("{e}"));
        f(&batch, &members, first);
        first += size;
    }
}
