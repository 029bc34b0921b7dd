//! A design's own checks: bounded model checking from power-up, then induction over all of them together.
//!
//! The induction takes as given that everything to be proved holds for k clocks, and asks whether something fails in the
//! next. What fails is struck from the list, and the question is put again, until nothing does: the rest is proved, since
//! it held in the first k clocks. That every part of the state is in its range is on the list too, which makes the ranges
//! of the language available to the proof. For what is left, an invariant is searched (`invariant`).

use gatewright_dsl::ir::Design;

use super::error::ProveError;
use super::invariant::{Found, search};
use super::machine::{Machine, Role};
use super::solver::{Answer, Solver};
use super::terms::{T, Terms};
use super::trace::Trace;
use super::unroll::{Options, Unrolled};

/// How something was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// By induction from so many clocks.
    Induction(u32),
    /// By an invariant of so many clauses.
    Invariant(usize),
}

/// What was found out about a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds always.
    Proved(Proof),
    /// It holds in so many clocks from power-up; later is not known.
    HoldsTo(u32),
    /// It fails in the last clock of the trace.
    Fails(Trace),
    /// A cover point that is reached in the last clock of the trace.
    Reached(Trace),
    /// A cover point that is not reached in so many clocks from power-up.
    NotReached(u32),
}

/// A check of a design with what was found out about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The instance, from the top's name down, joined with dots.
    pub path: String,
    /// The check's name in its module.
    pub check: String,
    /// What the check says.
    pub message: String,
    /// File, line and column.
    pub place: String,
    /// What was found out.
    pub verdict: Verdict,
}

impl Checked {
    /// True where it is proved, or a cover point that is reached.
    pub fn is_proved(&self) -> bool {
        matches!(self.verdict, Verdict::Proved(_) | Verdict::Reached(_))
    }
    /// The trace of a failure.
    pub fn failure(&self) -> Option<&Trace> {
        match &self.verdict {
            Verdict::Fails(trace) => Some(trace),
            _ => None,
        }
    }
}

/// One line per check, and the trace of a failure.
impl std::fmt::Display for Checked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}.{}` ", self.path, self.check)?;
        match &self.verdict {
            Verdict::Proved(Proof::Induction(1)) => f.write_str("is proved"),
            Verdict::Proved(Proof::Induction(k)) => write!(f, "is proved, by induction from {k} clocks"),
            Verdict::Proved(Proof::Invariant(n)) => write!(f, "is proved, by an invariant of {n} clauses"),
            Verdict::HoldsTo(n) => write!(f, "holds in {n} clocks from power-up"),
            Verdict::Fails(trace) => write!(f, "fails: {trace}"),
            Verdict::Reached(trace) => write!(f, "is reached in clock {}", trace.clocks().saturating_sub(1)),
            Verdict::NotReached(n) => write!(f, "is not reached in {n} clocks from power-up"),
        }
    }
}

/// Something to be proved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Goal {
    /// A check, by index.
    Check(usize),
    /// That a part of the state is in its range.
    Range(usize),
}

pub(super) fn holds(b: &mut Terms, run: &Unrolled<'_, '_>, clock: usize, goal: Goal) -> T {
    match goal {
        Goal::Check(n) => run.clocks[clock].checks[n],
        Goal::Range(n) => run.in_range(b, clock, n),
    }
}

/// Looks at all assertions, claims, contracts and cover points of a verified design, in the order of instances. What the
/// design assumes, and the ranges of its inputs, are relied on; it begins at power-up.
///
/// # Errors
/// Where z3 is missing, or the design is none that can be proved; see [`ProveError`].
pub fn asserts(design: &Design, options: &Options) -> Result<Vec<Checked>, ProveError> {
    let machine = Machine::new(design)?;
    let mut verdicts: Vec<Option<Verdict>> = machine.checks.iter().map(|_| None).collect();
    let mut goals: Vec<Goal> = Vec::new();
    for (n, check) in machine.checks.iter().enumerate() {
        if matches!(check.kind, Role::Demand | Role::Range) {
            goals.push(Goal::Check(n));
        }
    }
    let partial = machine.state.iter().enumerate().filter(|(_, e)| !e.ty.range().is_full());
    goals.extend(partial.map(|(n, _)| Goal::Range(n)));

    let reached = bounded(&machine, options, &mut goals, &mut verdicts)?;
    for &goal in &goals {
        if let Goal::Check(n) = goal {
            verdicts[n] = Some(Verdict::HoldsTo(reached));
        }
    }
    let facts = induction(&machine, options, &goals, reached, &mut verdicts)?;
    goals.retain(|g| is_open(&verdicts, g));
    while !goals.is_empty() && options.search > 0 {
        match search(&machine, options, &goals, &facts)? {
            Found::Nothing => break,
            Found::Fails(failed) => goals.retain(|g| !failed.contains(g)),
            Found::Invariant(size) => {
                for goal in goals.drain(..) {
                    if let Goal::Check(n) = goal {
                        verdicts[n] = Some(Verdict::Proved(Proof::Invariant(size)));
                    }
                }
            }
        }
    }
    let found = machine.checks.iter().zip(verdicts).filter(|(check, _)| check.kind != Role::Assume);
    let result = found.map(|(check, verdict)| Checked {
        path: check.path.clone(),
        check: check.name.clone(),
        message: check.message.clone(),
        place: check.place.clone(),
        verdict: verdict.unwrap_or(Verdict::NotReached(reached)),
    });
    Ok(result.collect())
}

/// Looks at the first clocks; keeps the goals that hold there. The number of clocks that were looked at.
fn bounded(
    machine: &Machine<'_>,
    options: &Options,
    goals: &mut Vec<Goal>,
    verdicts: &mut [Option<Verdict>],
) -> Result<u32, ProveError> {
    let mut b = Terms::default();
    let mut solver = Solver::new(options.effort);
    let start = machine.power_up(&mut b);
    let mut run = Unrolled::new(machine, start);
    let mut covers: Vec<usize> = (0..machine.checks.len()).filter(|&n| machine.checks[n].kind == Role::Cover).collect();
    let name = |n: usize| format!("`{}.{}`", machine.checks[n].path, machine.checks[n].name);
    for t in 0..options.depth.max(1) as usize {
        run.assumed_clock(&mut b, &mut solver, options.resets);
        loop {
            let now: Vec<(Goal, T)> = goals.iter().map(|&g| (g, holds(&mut b, &run, t, g))).collect();
            let all = b.all(now.iter().map(|x| x.1));
            let some_fails = b.not(all);
            match solver.ask(&b, &[some_fails])? {
                Answer::No => break,
                Answer::Unknown => return Ok(t as u32),
                Answer::Yes(model) => {
                    for &(goal, t) in now.iter().filter(|x| !model.holds(x.1)) {
                        goals.retain(|&g| g != goal);
                        if let Goal::Check(n) = goal {
                            let fails = b.not(t);
                            let Answer::Yes(model) = solver.ask(&b, &[fails])? else { continue };
                            let model = run.at_rest(&mut b, &mut solver, &[fails], model)?;
                            let what = format!("{}: {}", name(n), machine.checks[n].message);
                            verdicts[n] = Some(Verdict::Fails(run.trace(what, &model)));
                        }
                    }
                }
            }
        }
        while !covers.is_empty() {
            let any = b.any(covers.iter().map(|&n| run.clocks[t].checks[n]));
            let Answer::Yes(model) = solver.ask(&b, &[any])? else { break };
            let (found, open) = covers.into_iter().partition(|&n| model.holds(run.clocks[t].checks[n]));
            let found: Vec<usize> = found;
            for n in found {
                let wanted = [run.clocks[t].checks[n]];
                let Answer::Yes(model) = solver.ask(&b, &wanted)? else { continue };
                let model = run.at_rest(&mut b, &mut solver, &wanted, model)?;
                verdicts[n] = Some(Verdict::Reached(run.trace(format!("{} is reached", name(n)), &model)));
            }
            covers = open;
        }
    }
    run.expect_possible(&mut b, &mut solver)?;
    Ok(options.depth.max(1))
}

/// True of a check of which no more is known than that it holds for some clocks.
fn is_open(verdicts: &[Option<Verdict>], goal: &Goal) -> bool {
    matches!(*goal, Goal::Check(n) if matches!(verdicts[n], Some(Verdict::HoldsTo(_))))
}

/// The goals that are proved.
fn induction(
    machine: &Machine<'_>,
    options: &Options,
    goals: &[Goal],
    base: u32,
    verdicts: &mut [Option<Verdict>],
) -> Result<Vec<Goal>, ProveError> {
    let mut b = Terms::default();
    let mut solver = Solver::new(options.effort);
    let start = machine.any_state(&mut b);
    let mut run = Unrolled::new(machine, start);
    run.assumed_clock(&mut b, &mut solver, options.resets);
    let mut facts = Vec::new();
    for k in 1..=options.induction.min(base) as usize {
        if !goals.iter().any(|g| is_open(verdicts, g)) {
            break;
        }
        run.assumed_clock(&mut b, &mut solver, options.resets);
        let mut live = goals.to_vec();
        loop {
            let mut given = Vec::new();
            for t in 0..k {
                let all: Vec<T> = live.iter().map(|&g| holds(&mut b, &run, t, g)).collect();
                given.extend(all);
            }
            let then: Vec<(Goal, T)> = live.iter().map(|&g| (g, holds(&mut b, &run, k, g))).collect();
            let all = b.all(then.iter().map(|x| x.1));
            given.push(b.not(all));
            match solver.ask(&b, &given)? {
                Answer::No => break,
                Answer::Unknown => return Ok(facts),
                Answer::Yes(model) => {
                    let failed: Vec<Goal> = then.iter().filter(|x| !model.holds(x.1)).map(|x| x.0).collect();
                    live.retain(|g| !failed.contains(g));
                }
            }
        }
        facts.clone_from(&live);
        for goal in &live {
            if let Goal::Check(n) = *goal
                && is_open(verdicts, goal)
            {
                verdicts[n] = Some(Verdict::Proved(Proof::Induction(k as u32)));
            }
        }
    }
    Ok(facts)
}
