//! A search for an invariant: property-directed reachability, where an induction over the checks alone does not go
//! through (A. Bradley, "SAT-based model checking without unrolling", 2011; N. Een, A. Mishchenko and R. Brayton,
//! "Efficient implementation of property directed reachability", 2011).
//!
//! A *cube* is a set of bits of the state with their values. Frame `k` is a list of cubes that no state reached in at most `k`
//! clocks lies in. A state from which a check can fail is made into a cube that has to be unreachable, and so are, a
//! frame before, those that lead to it. When two frames are equal, all their cubes are unreachable for ever. What was found
//! is then checked in one question of its own, so that a mistake in the search could not make a proof.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use gatewright_dsl::value::Value;

use super::asserts::{Goal, holds};
use super::error::ProveError;
use super::machine::{Machine, Role};
use super::solver::{Answer, Solver};
use super::terms::{T, Terms};
use super::unroll::{Options, Unrolled};

/// A bit of the state, by number, and its value.
type Literal = (u32, bool);
/// Literals in order.
type Cube = Vec<Literal>;

/// What a search ends with.
pub(super) enum Found {
    /// The goals hold always; by an invariant of so many clauses.
    Invariant(usize),
    /// Some of the goals can fail.
    Fails(Vec<Goal>),
    /// The search was too long.
    Nothing,
}

struct Bit {
    /// Its terms: 1, and inverted; before the edge and after.
    now: [T; 2],
    next: [T; 2],
    init: bool,
}

struct Search {
    b: Terms,
    solver: Solver,
    bits: Vec<Bit>,
    /// The bits of the inputs, each with its inverse.
    inputs: Vec<[T; 2]>,
    /// Inputs are in their ranges and what is assumed holds.
    allowed: T,
    /// The goals' conditions.
    goals: Vec<(Goal, T)>,
    frames: Vec<Vec<Cube>>,
    /// The unknown that switches a frame's clauses on.
    guards: Vec<T>,
    /// Questions that are left, and those since a conversation began.
    questions: u32,
    since: u32,
    effort: u32,
    /// What holds always.
    facts: Vec<T>,
}

/// Looks for an invariant under which `goals` hold, with at most so many questions. `facts` hold always.
pub(super) fn search(
    machine: &Machine<'_>,
    options: &Options,
    goals: &[Goal],
    facts: &[Goal],
) -> Result<Found, ProveError> {
    let mut search = Search::new(machine, options, goals, facts);
    let found = search.run()?;
    if let Found::Invariant(_) = found {
        let clauses: Vec<Cube> = search.frames.concat();
        if !confirmed(machine, options, goals, facts, &clauses)? {
            return Err(ProveError::Solver("the invariant that was found is none".into()));
        }
    }
    Ok(found)
}

/// The bits of a state.
fn bits(b: &mut Terms, state: &[T]) -> Vec<T> {
    let mut bits = Vec::new();
    for &t in state {
        bits.extend((0..b.width(t)).map(|n| b.extract(t, n, 1)));
    }
    bits
}

impl Search {
    fn new(machine: &Machine<'_>, options: &Options, goals: &[Goal], facts: &[Goal]) -> Search {
        let mut b = Terms::default();
        let mut solver = Solver::with_cores(options.effort);
        let start = machine.any_state(&mut b);
        let mut run = Unrolled::new(machine, start);
        let (inputs, within) = machine.any_inputs(&mut b, options.resets);
        run.clock(&mut b, inputs);
        let assumed: Vec<T> = run.checks(0, Role::Assume).map(|c| c.1).collect();
        let assumed = b.all(assumed);
        let allowed = b.and(within, assumed);
        let facts: Vec<T> = facts.iter().map(|&fact| holds(&mut b, &run, 0, fact)).collect();
        facts.iter().for_each(|&t| solver.assert(t));
        let goals = goals.iter().map(|&g| (g, holds(&mut b, &run, 0, g))).collect();
        let init = machine.power_up(&mut b);
        let (now, next, init) = (bits(&mut b, &run.states[0]), bits(&mut b, &run.states[1]), bits(&mut b, &init));
        let mut list = Vec::new();
        for ((now, next), init) in now.into_iter().zip(next).zip(init) {
            // A bit that is a constant is no part of the state.
            if b.constant_of(now).is_none() {
                let (now, next) = ([b.not(now), now], [b.not(next), next]);
                list.push(Bit { now, next, init: b.constant_of(init).is_some_and(|v| !v.is_zero()) });
            }
        }
        let pins = run.inputs[0].pins.iter().map(|n| n.t).chain([run.inputs[0].reset]).collect::<Vec<_>>();
        let pins = bits(&mut b, &pins).into_iter().filter(|&t| b.constant_of(t).is_none()).collect::<Vec<_>>();
        let inputs = pins.into_iter().map(|t| [b.not(t), t]).collect();
        Search {
            b,
            solver,
            bits: list,
            inputs,
            allowed,
            goals,
            frames: Vec::new(),
            guards: Vec::new(),
            questions: options.search,
            since: 0,
            effort: options.effort,
            facts,
        }
    }

    fn add_frame(&mut self) -> Result<(), ProveError> {
        self.frames.push(Vec::new());
        self.guards.push(self.solver.switch(&mut self.b)?);
        Ok(())
    }

    /// A new conversation with z3, once in a while: an answer with values takes longer the more was said before, and
    /// much of that is not needed any more.
    fn begin_anew(&mut self) -> Result<(), ProveError> {
        const QUESTIONS: u32 = 300;
        if self.since < QUESTIONS {
            return Ok(());
        }
        self.since = 0;
        self.solver = Solver::with_cores(self.effort);
        self.facts.iter().for_each(|&t| self.solver.assert(t));
        for k in 0..self.frames.len() {
            self.guards[k] = self.solver.switch(&mut self.b)?;
            for n in 0..self.frames[k].len() {
                let clause = self.clause(&self.frames[k][n]);
                self.solver.clause(&self.b, self.guards[k], &clause)?;
            }
        }
        self.begin()
    }

    /// Frame 0 is the state at power-up.
    fn begin(&mut self) -> Result<(), ProveError> {
        for bit in &self.bits {
            self.solver.clause(&self.b, self.guards[0], &[bit.now[usize::from(bit.init)]])?;
        }
        Ok(())
    }

    fn run(&mut self) -> Result<Found, ProveError> {
        self.add_frame()?;
        self.begin()?;
        let all = self.b.all(self.goals.iter().map(|g| g.1).collect::<Vec<_>>());
        let fails = self.b.not(all);
        let bad = self.b.and(self.allowed, fails);
        let Some(found) = self.bad_state(0, bad)? else { return Ok(Found::Nothing) };
        if let Some((_, failed)) = found {
            return Ok(Found::Fails(failed));
        }
        loop {
            self.add_frame()?;
            let last = self.frames.len() - 1;
            loop {
                let Some(found) = self.bad_state(last, bad)? else { return Ok(Found::Nothing) };
                let Some((cube, failed)) = found else { break };
                match self.block(cube, last)? {
                    None => return Ok(Found::Nothing),
                    Some(false) => return Ok(Found::Fails(failed)),
                    Some(true) => {}
                }
            }
            for k in 1..last {
                for cube in self.frames[k].clone() {
                    match self.leads_to(k, &cube, false)? {
                        None => return Ok(Found::Nothing),
                        // It goes out of frame `k`, being in the next one.
                        Some(Step::Never(_)) => self.keep(cube, k + 1)?,
                        Some(Step::From(_)) => {}
                    }
                }
                if self.frames[k].is_empty() {
                    self.frames.drain(..k + 1);
                    return Ok(Found::Invariant(self.frames.iter().map(Vec::len).sum()));
                }
            }
        }
    }

    /// Questions are counted; `None` where there are no more.
    fn ask(&mut self, wanted: &[T]) -> Result<Option<Answer>, ProveError> {
        if self.questions == 0 {
            return Ok(None);
        }
        self.questions -= 1;
        self.since += 1;
        match self.solver.ask(&self.b, wanted)? {
            Answer::Unknown => Ok(None),
            answer => Ok(Some(answer)),
        }
    }

    fn frame(&self, k: usize) -> Vec<T> {
        self.guards[k..].to_vec()
    }

    /// A state of a frame from which a goal can fail, with the goals that do.
    #[allow(clippy::type_complexity)]
    fn bad_state(&mut self, k: usize, bad: T) -> Result<Option<Option<(Cube, Vec<Goal>)>>, ProveError> {
        self.begin_anew()?;
        let mut wanted = self.frame(k);
        wanted.push(bad);
        match self.ask(&wanted)? {
            None | Some(Answer::Unknown) => Ok(None),
            Some(Answer::No) => Ok(Some(None)),
            Some(Answer::Yes(model)) => {
                let failed = self.goals.iter().filter(|g| !model.holds(g.1)).map(|g| g.0).collect();
                let (state, inputs) = self.read(&model);
                let not = self.b.not(bad);
                Ok(self.lift(state, inputs, not)?.map(|cube| Some((cube, failed))))
            }
        }
    }

    fn read(&self, model: &super::solver::Model) -> (Cube, Vec<T>) {
        let state = self.bits.iter().enumerate().map(|(n, bit)| (n as u32, model.holds(bit.now[1]))).collect();
        (state, self.inputs.iter().map(|t| t[usize::from(model.holds(t[1]))]).collect())
    }

    /// The part of a state that makes `never` impossible with these inputs.
    fn lift(&mut self, state: Cube, inputs: Vec<T>, never: T) -> Result<Option<Cube>, ProveError> {
        let mut wanted = inputs;
        wanted.push(never);
        let of = |s: &Self, l: &Literal| s.bits[l.0 as usize].now[usize::from(l.1)];
        wanted.extend(state.iter().map(|l| of(self, l)));
        match self.ask(&wanted)? {
            Some(Answer::No) => {
                let core = self.solver.core()?;
                Ok(Some(state.into_iter().filter(|l| core.contains(&of(self, l))).collect()))
            }
            // A step is a function of state and inputs.
            Some(_) => Ok(Some(state)),
            None => Ok(None),
        }
    }

    /// Whether a step leads from a frame (and, if `outside`, from outside of the cube) into a cube.
    fn leads_to(&mut self, k: usize, cube: &[Literal], outside: bool) -> Result<Option<Step>, ProveError> {
        self.begin_anew()?;
        let mut wanted = self.frame(k);
        wanted.push(self.allowed);
        let mut guard = None;
        if outside {
            let switch = self.solver.switch(&mut self.b)?;
            let clause = self.clause(cube);
            self.solver.clause(&self.b, switch, &clause)?;
            wanted.push(switch);
            guard = Some(switch);
        }
        let after: Vec<T> = cube.iter().map(|l| self.bits[l.0 as usize].next[usize::from(l.1)]).collect();
        wanted.extend(&after);
        let answer = self.ask(&wanted)?;
        let step = match answer {
            None | Some(Answer::Unknown) => None,
            Some(Answer::Yes(model)) => Some(Step::From(self.read(&model))),
            Some(Answer::No) => {
                let core = self.solver.core()?;
                // What is impossible by itself does not show in the core.
                let used = |t: &T| core.contains(t) || self.b.constant_of(*t).is_some_and(Value::is_zero);
                let kept = cube.iter().zip(&after).filter(|(_, t)| used(t)).map(|(l, _)| *l);
                Some(Step::Never(kept.collect()))
            }
        };
        if let Some(guard) = guard {
            let off = self.b.not(guard);
            self.solver.assert(off);
        }
        Ok(step)
    }

    fn clause(&self, cube: &[Literal]) -> Vec<T> {
        cube.iter().map(|l| self.bits[l.0 as usize].now[usize::from(!l.1)]).collect()
    }

    fn has_init(&self, cube: &[Literal]) -> bool {
        cube.iter().all(|l| self.bits[l.0 as usize].init == l.1)
    }

    /// Shows that a cube cannot be reached in `k` clocks: `Some(false)` where it can, `None` where the search is too
    /// long.
    fn block(&mut self, cube: Cube, k: usize) -> Result<Option<bool>, ProveError> {
        let mut open = BinaryHeap::from([(Reverse(k), cube)]);
        while let Some((Reverse(k), cube)) = open.pop() {
            if k == 0 || self.has_init(&cube) {
                return Ok(Some(false));
            }
            let covered = self.frames[k..].iter().flatten().any(|c| c.iter().all(|l| cube.binary_search(l).is_ok()));
            if covered {
                if k + 1 < self.frames.len() {
                    open.push((Reverse(k + 1), cube));
                }
                continue;
            }
            match self.leads_to(k - 1, &cube, true)? {
                None => return Ok(None),
                Some(Step::From((state, inputs))) => {
                    let after: Vec<T> = cube.iter().map(|l| self.bits[l.0 as usize].next[usize::from(l.1)]).collect();
                    let into = self.b.all(after);
                    let into = self.b.and(into, self.allowed);
                    let not = self.b.not(into);
                    let Some(before) = self.lift(state, inputs, not)? else { return Ok(None) };
                    open.push((Reverse(k), cube));
                    open.push((Reverse(k - 1), before));
                }
                Some(Step::Never(core)) => {
                    let Some(small) = self.generalise(self.apart(core, &cube), k)? else { return Ok(None) };
                    let mut at = k;
                    while at + 1 < self.frames.len() {
                        match self.leads_to(at, &small, true)? {
                            None => return Ok(None),
                            Some(Step::From(_)) => break,
                            Some(Step::Never(_)) => at += 1,
                        }
                    }
                    self.keep(small, at)?;
                    if at + 1 < self.frames.len() {
                        open.push((Reverse(at + 1), cube));
                    }
                }
            }
        }
        Ok(Some(true))
    }

    /// `core`, with a literal of `cube` that keeps the state at power-up out.
    fn apart(&self, mut core: Cube, cube: &Cube) -> Cube {
        if self.has_init(&core) {
            let apart = cube.iter().find(|l| self.bits[l.0 as usize].init != l.1);
            core.extend(apart);
            core.sort_unstable();
        }
        core
    }

    /// Drops literals as long as the cube stays unreachable.
    fn generalise(&mut self, mut cube: Cube, k: usize) -> Result<Option<Cube>, ProveError> {
        let mut n = 0;
        while n < cube.len() && cube.len() > 1 {
            let mut fewer = cube.clone();
            fewer.remove(n);
            if self.has_init(&fewer) {
                n += 1;
                continue;
            }
            match self.leads_to(k - 1, &fewer, true)? {
                None => return Ok(None),
                Some(Step::From(_)) => n += 1,
                Some(Step::Never(core)) => {
                    // Literals before `n` are needed: they stay where they are.
                    cube = self.apart(core, &fewer);
                    n = n.min(cube.len());
                }
            }
        }
        Ok(Some(cube))
    }

    /// Adds a cube to a frame, in place of those inside it.
    fn keep(&mut self, cube: Cube, k: usize) -> Result<(), ProveError> {
        for frame in &mut self.frames[1..=k] {
            frame.retain(|c| !cube.iter().all(|l| c.binary_search(l).is_ok()));
        }
        let clause = self.clause(&cube);
        self.solver.clause(&self.b, self.guards[k], &clause)?;
        self.frames[k].push(cube);
        Ok(())
    }
}

/// What a question about a step finds.
enum Step {
    /// A state and inputs from which it leads there.
    From((Cube, Vec<T>)),
    /// None does; already not into this part of the cube.
    Never(Cube),
}

/// Whether no cube contains the state at power-up, no step leads into one, and the goals hold outside of them.
fn confirmed(
    machine: &Machine<'_>,
    options: &Options,
    goals: &[Goal],
    facts: &[Goal],
    cubes: &[Cube],
) -> Result<bool, ProveError> {
    let mut b = Terms::default();
    let mut solver = Solver::new(options.effort);
    let start = machine.any_state(&mut b);
    let (init, first) = (machine.power_up(&mut b), start.clone());
    let mut run = Unrolled::new(machine, start);
    run.assumed_clock(&mut b, &mut solver, options.resets);
    for &fact in facts {
        let fact = holds(&mut b, &run, 0, fact);
        solver.assert(fact);
    }
    let (now, next, init) = (bits(&mut b, &first), bits(&mut b, &run.states[1]), bits(&mut b, &init));
    let free: Vec<usize> = (0..now.len()).filter(|&n| b.constant_of(now[n]).is_none()).collect();
    let outside = |b: &mut Terms, state: &[T], cube: &Cube| {
        let literals =
            cube.iter().map(|&(n, v)| if v { b.not(state[free[n as usize]]) } else { state[free[n as usize]] });
        let literals: Vec<T> = literals.collect();
        b.any(literals)
    };
    let mut demands: Vec<T> = goals.iter().map(|&g| holds(&mut b, &run, 0, g)).collect();
    for cube in cubes {
        let (here, then, at_first) =
            (outside(&mut b, &now, cube), outside(&mut b, &next, cube), outside(&mut b, &init, cube));
        solver.assert(here);
        demands.push(then);
        if b.constant_of(at_first).is_none_or(Value::is_zero) {
            return Ok(false);
        }
    }
    let all = b.all(demands);
    let some_fails = b.not(all);
    Ok(matches!(solver.ask(&b, &[some_fails])?, Answer::No))
}
