//! Constant matrix-vector products with few and narrow adders.
//!
//! An output is a sum of shifted inputs, one for each signed digit of its weights. Two terms that occur together in several
//! outputs, at the same distance and with the same relation of signs, are worth an adder of their own: the pattern that
//! saves most becomes a value like an input, again and again ([`greedy`]; M. Potkonjak and others, Multiple constant
//! multiplications, 1996; C. Sun and others, da4ml, 2025). What sets this search apart:
//!
//! - All shortest signed-digit forms of a weight are open until its digits are taken, not the canonical one alone
//!   ([`word`]): `3` serves those who need `4 - 1` and those who need `2 + 1`.
//! - A pattern's worth is what is saved in the bits of adders ([`CostModel`]), from exact ranges.
//! - Counts are taken on words of digits and only when a pattern comes to the top, which makes a run some hundred times
//!   as fast as re-counting; the time goes into runs with other random choices, and into undoing parts of the best one and
//!   sharing anew ([`improve`]).
//! - What remains of each output is added in the order that costs least within the bound on depth ([`tree`]).
//! - Equal values are one, on whatever ways they came about.
//! - Beside carry chains, single bits come in as carries of other additions ([`carries`]).
//! - Where outputs resemble each other, their differences are searched as well ([`related`]).
//!
//! ```
//! use gatewright_arith::cmvm::{Input, Options, Problem, solve};
//!
//! // 5x + 3y and 5x - 3y, of two inputs in -8..=7.
//! let inputs = vec![Input { range: (-8, 7), arrival: 0 }; 2];
//! let problem = Problem { inputs, outputs: vec![vec![(0, 5), (1, 3)], vec![(0, 5), (1, -3)]], ..Problem::default() };
//! let adds = solve(&problem, &Options::default())?;
//! assert_eq!(adds.evaluate(&[2, 1]), [13, 7]);
//! assert_eq!(adds.cost().adders, 4);
//! # Ok::<(), gatewright_arith::cmvm::Error>(())
//! ```

mod carries;
mod cost;
mod delay;
pub mod exact;
mod greedy;
mod improve;
mod list;
mod random;
mod related;
mod search;
mod state;
mod tree;
mod word;

use crate::shift_adds::ShiftAdds;

pub(crate) use cost::Adder;
pub use cost::CostModel;
pub use delay::{Delay, DelayBound};

/// One input: its range and the adders before it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Input {
    /// Both ends inclusive.
    pub range: (i128, i128),
    /// Adders that it has come through: it is that much later than inputs of 0.
    pub arrival: u32,
}

/// A constant matrix and what its inputs are like.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Problem {
    /// The inputs.
    pub inputs: Vec<Input>,
    /// For each output its weights that are not zero: `(input, weight)`, each input at most once.
    pub outputs: Vec<Vec<(usize, i128)>>,
    /// Greatest number of adders on a path, arrivals included.
    pub depth: Option<u32>,
    /// Greatest delay of these additions.
    pub delay: Option<DelayBound>,
    /// How adders are counted.
    pub cost: CostModel,
}

/// How much is tried.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Effort {
    /// One run; some more for small matrices.
    #[default]
    Fast,
    /// About ten times as much.
    Thorough,
}

/// How the search goes.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Options {
    /// How much is tried. The result is the same on every machine.
    pub effort: Effort,
    /// Goes on until this time has passed (and at least as long as one run takes), whatever the effort. The result then
    /// depends on the machine. A bound on delay may take several searches of this time, and inputs of one bit beside carry
    /// chains take two.
    pub seconds: Option<f64>,
    /// Of the random choices.
    pub seed: u64,
}

/// Why there is no list of additions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Error {
    /// An output names an input that is not there, or one twice.
    Input {
        /// The output.
        output: usize,
        /// The input that it names.
        input: usize,
    },
    /// A range whose end comes before its start.
    EmptyRange {
        /// The input.
        input: usize,
    },
    /// Weights and ranges that lead to sums of 2^120 or more.
    TooWide {
        /// The output.
        output: usize,
    },
    /// No tree of an output is that flat.
    Depth {
        /// The output.
        output: usize,
        /// The least depth.
        least: u32,
    },
    /// The flattest trees found are too slow.
    Delay {
        /// The least delay found.
        least: u64,
    },
    /// More than 16 million values.
    TooLarge,
    /// What was found does not have the coefficients: a mistake in this program.
    Wrong,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Error::Input { output, input } => {
                write!(f, "output {output} names input {input}, which is not there or is named before")
            }
            Error::EmptyRange { input } => write!(f, "the range of input {input} is empty"),
            Error::TooWide { output } => write!(f, "output {output} takes 120 bits or more"),
            Error::Depth { output, least } => {
                write!(f, "output {output} takes at least {least} adders in a row; allow a depth of {least} or more")
            }
            Error::Delay { least } => {
                write!(f, "no additions were found that are as fast as that; allow a delay of {least} or more")
            }
            Error::TooLarge => write!(f, "the matrix takes more than {} values", state::MAX_VALUES),
            Error::Wrong => write!(f, "the additions found do not compute the matrix; please report this"),
        }
    }
}

impl std::error::Error for Error {}

/// Additions that compute the outputs.
///
/// The coefficients of what is returned have been compared with the problem's. With all options but
/// [`seconds`](Options::seconds) equal, equal problems have equal results.
///
/// # Errors
/// Where the problem is none, or its depth cannot be kept.
pub fn solve(problem: &Problem, options: &Options) -> Result<ShiftAdds, Error> {
    check(problem)?;
    let adds = match problem.delay {
        None => at_depth(problem, options)?,
        Some(bound) => in_time(problem, bound, options)?,
    };
    match adds.coefficients() == wanted(problem) {
        true => Ok(adds),
        false => Err(Error::Wrong),
    }
}

/// Of the additions within the bound on depth, and with fewer adders in a row as long as it takes, the first that are fast
/// enough.
fn in_time(problem: &Problem, bound: DelayBound, options: &Options) -> Result<ShiftAdds, Error> {
    let mut problem = problem.clone();
    let mut least = u64::MAX;
    loop {
        let adds = at_depth(&problem, options)?;
        let delay = bound.of.whole(&adds, &problem);
        if delay <= bound.most {
            return Ok(adds);
        }
        least = least.min(delay);
        let arrivals = problem.inputs.iter().map(|i| i.arrival).collect();
        let deepest = adds.depths(arrivals).into_iter().max().unwrap_or(0);
        problem.depth = problem.depth.unwrap_or(u32::MAX).min(deepest).checked_sub(1);
        if problem.depth.is_none() || check(&problem).is_err() {
            return Err(Error::Delay { least });
        }
    }
}

fn at_depth(problem: &Problem, options: &Options) -> Result<ShiftAdds, Error> {
    let adds = match related::tree(problem) {
        None => carries::solve(problem, options),
        Some(parents) => {
            // Three searches share the time.
            let options = Options { seconds: options.seconds.map(|s| s / 3.0), ..*options };
            let related = |options| related::solve(problem, &parents, options);
            let mut ways = vec![carries::solve(problem, &options), related(&options)];
            if options.effort == Effort::Thorough {
                // The best differences do not always make the best sums.
                ways.push(related(&Options { effort: Effort::Fast, ..options }));
            }
            ways.into_iter().flatten().min_by_key(|adds| adds.price(problem.cost))
        }
    };
    adds.ok_or(Error::TooLarge)
}

fn greatest_weight(problem: &Problem) -> u128 {
    problem.outputs.iter().flatten().map(|t| t.1.unsigned_abs()).max().unwrap_or(0)
}

/// The outputs' weights by input, without zeros.
fn wanted(problem: &Problem) -> Vec<Vec<(usize, i128)>> {
    let sorted = |output: &Vec<(usize, i128)>| {
        let mut terms: Vec<_> = output.iter().copied().filter(|t| t.1 != 0).collect();
        terms.sort_unstable();
        terms
    };
    problem.outputs.iter().map(sorted).collect()
}

fn check(problem: &Problem) -> Result<(), Error> {
    if let Some(input) = problem.inputs.iter().position(|i| i.range.0 > i.range.1) {
        return Err(Error::EmptyRange { input });
    }
    if problem.inputs.len() >= state::MAX_VALUES {
        return Err(Error::TooLarge);
    }
    let mut named = vec![usize::MAX; problem.inputs.len()];
    for (output, terms) in problem.outputs.iter().enumerate() {
        let (mut magnitude, mut kraft) = (0_u128, 0_u128);
        for &(input, weight) in terms {
            match named.get_mut(input) {
                Some(n) if *n != output => *n = output,
                _ => return Err(Error::Input { output, input }),
            }
            let Input { range: (lo, hi), arrival } = problem.inputs[input];
            let most = lo.unsigned_abs().max(hi.unsigned_abs()).max(1);
            magnitude = magnitude.saturating_add(weight.unsigned_abs().saturating_mul(most));
            kraft = kraft.saturating_add((crate::csd::digits(weight).len() as u128) << arrival.min(100));
        }
        if magnitude >= 1 << 120 {
            return Err(Error::TooWide { output });
        }
        let least = kraft.next_power_of_two().trailing_zeros();
        if problem.depth.is_some_and(|depth| least > depth) {
            return Err(Error::Depth { output, least });
        }
    }
    Ok(())
}
