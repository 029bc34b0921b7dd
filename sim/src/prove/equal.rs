//! Whether two designs do the same.
//!
//! Designs without state are compared in one question. With state, an induction is tried first: parts of the state that
//! have one name are taken to hold one value, and all to be in their ranges; what does not stay so at the next edge is
//! struck from the list, until the rest does. If then outputs and checks must be equal, the designs are, since all that
//! is left on the list held at power-up. Where this does not go through, the first clocks are compared.
//!
//! The designs have to agree wherever the first one's claims hold, also under reset, and its assumptions are kept, which is
//! what [passes](gatewright_dsl::pass) promise.

use std::collections::HashMap;

use gatewright_dsl::ir::{Design, Dir};

use super::error::ProveError;
use super::machine::{Machine, Role};
use super::solver::{Answer, Model, Solver};
use super::terms::{T, Terms};
use super::trace::Trace;
use super::unroll::{Options, Unrolled};

/// What was found out about two designs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Equality {
    /// They do the same, always.
    Proved,
    /// They do the same in so many clocks from power-up; later is not known.
    HoldsTo(u32),
    /// They differ in the last clock of the trace.
    Differs(Trace),
}

impl std::fmt::Display for Equality {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Equality::Proved => f.write_str("equal"),
            Equality::HoldsTo(n) => write!(f, "equal in {n} clocks from power-up"),
            Equality::Differs(trace) => write!(f, "different: {trace}"),
        }
    }
}

/// Two machines with the same ports.
struct Pair<'m, 'a> {
    a: &'m Machine<'a>,
    b: &'m Machine<'a>,
    /// For each port of the second machine, that of the first.
    ports: Vec<usize>,
    /// Checks of both, by index, that have one name.
    checks: Vec<(usize, usize)>,
}

impl<'m, 'a> Pair<'m, 'a> {
    fn new(a: &'m Machine<'a>, b: &'m Machine<'a>) -> Result<Pair<'m, 'a>, ProveError> {
        let mut ports = Vec::new();
        for pin in &b.pins {
            let same = |p: &super::machine::PinOf| p.name == pin.name && p.dir == pin.dir && p.ty == pin.ty;
            let found = a.pins.iter().position(same);
            ports.push(found.ok_or_else(|| {
                ProveError::Ports(format!("the first has no {} `{}`: {}", direction(pin.dir), pin.name, pin.ty))
            })?);
        }
        if let Some((_, pin)) = a.pins.iter().enumerate().find(|(n, _)| !ports.contains(n)) {
            let text = format!("the second has no {} `{}`: {}", direction(pin.dir), pin.name, pin.ty);
            return Err(ProveError::Ports(text));
        }
        if a.reset != b.reset {
            return Err(ProveError::Ports("their resets differ".into()));
        }
        let below = |m: &Machine<'_>, n: usize| {
            let check = &m.checks[n];
            format!("{}.{}", check.path.split_once('.').map_or("", |x| x.1), check.name)
        };
        let theirs: HashMap<String, usize> = (0..b.checks.len()).map(|n| (below(b, n), n)).collect();
        let pairs = (0..a.checks.len()).filter_map(|n| Some((n, *theirs.get(&below(a, n))?)));
        Ok(Pair { a, b, ports, checks: pairs.collect() })
    }

    /// A clock of both with the same inputs, under what is relied on.
    fn clock(
        &self,
        t: &mut Terms,
        solver: &mut Solver,
        resets: bool,
        x: &mut Unrolled<'m, 'a>,
        y: &mut Unrolled<'m, 'a>,
    ) {
        let (inputs, within) = self.a.any_inputs(t, resets);
        let mut same = inputs.clone();
        same.pins = self.ports.iter().map(|&n| inputs.pins[n]).collect();
        x.clock(t, inputs);
        y.clock(t, same);
        solver.assert(within);
        let clock = &x.clocks[x.clocks.len() - 1];
        for (n, check) in self.a.checks.iter().enumerate() {
            let kept = self.checks.iter().any(|c| c.0 == n);
            match check.kind {
                Role::Assume => solver.assert(clock.checks[n]),
                // Also under reset: passes do not look where it is active.
                Role::Range if kept => solver.assert(clock.strict[n]),
                _ => {}
            }
        }
    }

    /// What must hold in a clock, with a word for it: equal outputs, checks of one name that agree, and no failure of a
    /// check that the other design does not have.
    fn demands(&self, t: &mut Terms, clock: usize, x: &Unrolled<'_, '_>, y: &Unrolled<'_, '_>) -> Vec<(String, T)> {
        let (cx, cy) = (&x.clocks[clock], &y.clocks[clock]);
        let mut demands = Vec::new();
        for (n, pin) in self.b.pins.iter().enumerate().filter(|(_, p)| p.dir == Dir::Output) {
            let equal = cx.pins[self.ports[n]].equals(t, cy.pins[n]);
            demands.push((format!("the outputs `{}` differ", pin.name), equal));
        }
        for &(n, k) in &self.checks {
            let equal = t.eq(cx.checks[n], cy.checks[k]);
            demands.push((format!("the checks `{}` differ", self.a.checks[n].name), equal));
        }
        let named = |which: &str, m: &Machine<'_>, n: usize| format!("`{}` of the {which} fails", m.checks[n].name);
        let proper = |m: &Machine<'_>, n: usize| matches!(m.checks[n].kind, Role::Demand | Role::Range);
        for n in (0..self.a.checks.len()).filter(|&n| proper(self.a, n) && !self.checks.iter().any(|c| c.0 == n)) {
            demands.push((named("first", self.a, n), cx.checks[n]));
        }
        for n in (0..self.b.checks.len()).filter(|&n| proper(self.b, n) && !self.checks.iter().any(|c| c.1 == n)) {
            demands.push((named("second", self.b, n), cy.checks[n]));
        }
        demands
    }

    fn trace(&self, what: String, model: &Model, x: &Unrolled<'_, '_>, y: &Unrolled<'_, '_>) -> Trace {
        let mut trace = x.trace(what, model);
        trace.others = y.trace(String::new(), model).outputs;
        trace
    }

    /// True where an induction shows that the designs are equal.
    fn induction(&self, options: &Options) -> Result<bool, ProveError> {
        let mut equal = self.a.matched(self.b);
        let mut ranges: Vec<(bool, usize)> = Vec::new();
        for (second, m) in [(false, self.a), (true, self.b)] {
            ranges
                .extend(m.state.iter().enumerate().filter(|(_, e)| !e.ty.range().is_full()).map(|(n, _)| (second, n)));
        }
        let init = |m: &Machine<'_>, n: usize| m.state[n].init.clone();
        equal.retain(|&(n, k)| init(self.a, n) == init(self.b, k));
        // A pass may have put a constant in the place of what never changes.
        let mut constant: Vec<(bool, usize)> = Vec::new();
        for (second, m) in [(false, self.a), (true, self.b)] {
            constant.extend(m.unchanged().into_iter().map(|n| (second, n)));
        }
        // Each round but the last strikes something from a list.
        loop {
            let (mut terms, mut solver) = (Terms::default(), Solver::new(options.effort));
            let t = &mut terms;
            let (mut first, mut second) = (self.a.any_state(t), self.b.any_state(t));
            for &(is_second, n) in &constant {
                let (m, state) = if is_second { (self.b, &mut second) } else { (self.a, &mut first) };
                state[n] = m.at_power_up(t, n);
            }
            // An equality becomes one unknown where it can, so that equal logic becomes one term.
            let mut given = Vec::new();
            let (mut bound_a, mut bound_b) = (vec![false; first.len()], vec![false; second.len()]);
            for &(n, k) in &equal {
                let (a_ty, b_ty) = (self.a.state[n].ty, self.b.state[k].ty);
                if !std::mem::replace(&mut bound_a[n], true) && !std::mem::replace(&mut bound_b[k], true) {
                    if b_ty.fits(a_ty) {
                        first[n] = self.b.value(&second, k).cut(t, a_ty).t;
                    } else {
                        second[k] = self.a.value(&first, n).cut(t, b_ty).t;
                    }
                }
                let (a, b) = (self.a.value(&first, n), self.b.value(&second, k));
                given.push(a.equals(t, b));
            }
            let (mut x, mut y) = (Unrolled::new(self.a, first), Unrolled::new(self.b, second));
            self.clock(t, &mut solver, options.resets, &mut x, &mut y);
            for &(second, n) in &ranges {
                given.push(if second { y.in_range(t, 0, n) } else { x.in_range(t, 0, n) });
            }
            given.iter().for_each(|&g| solver.assert(g));
            let mut after: Vec<T> = Vec::new();
            for &(n, k) in &equal {
                let (a, b) = (x.element(1, n), y.element(1, k));
                after.push(a.equals(t, b));
            }
            for &(second, n) in &ranges {
                after.push(if second { y.in_range(t, 1, n) } else { x.in_range(t, 1, n) });
            }
            for &(second, n) in &constant {
                let (m, run) = if second { (self.b, &y) } else { (self.a, &x) };
                let init = m.at_power_up(t, n);
                after.push(t.eq(run.states[1][n], init));
            }
            let all = t.all(after.iter().copied());
            let some_fails = t.not(all);
            match solver.ask(t, &[some_fails])? {
                Answer::Unknown => return Ok(false),
                Answer::Yes(model) => {
                    let mut kept = after.iter().map(|&c| model.holds(c));
                    equal.retain(|_| kept.next().unwrap_or(false));
                    ranges.retain(|_| kept.next().unwrap_or(false));
                    constant.retain(|_| kept.next().unwrap_or(false));
                }
                Answer::No => {
                    let demands = self.demands(t, 0, &x, &y);
                    let all = t.all(demands.into_iter().map(|d| d.1));
                    let some_fails = t.not(all);
                    let same = matches!(solver.ask(t, &[some_fails])?, Answer::No);
                    x.expect_possible(t, &mut solver)?;
                    return Ok(same);
                }
            }
        }
    }

    fn bounded(&self, depth: u32, options: &Options) -> Result<Equality, ProveError> {
        let (mut terms, mut solver) = (Terms::default(), Solver::new(options.effort));
        let t = &mut terms;
        let (first, second) = (self.a.power_up(t), self.b.power_up(t));
        let (mut x, mut y) = (Unrolled::new(self.a, first), Unrolled::new(self.b, second));
        for clock in 0..depth as usize {
            self.clock(t, &mut solver, options.resets, &mut x, &mut y);
            let demands = self.demands(t, clock, &x, &y);
            let all = t.all(demands.iter().map(|d| d.1));
            let some_fails = t.not(all);
            match solver.ask(t, &[some_fails])? {
                Answer::No => {}
                Answer::Unknown => return Ok(Equality::HoldsTo(clock as u32)),
                Answer::Yes(model) => {
                    let model = x.at_rest(t, &mut solver, &[some_fails], model)?;
                    let found = demands.into_iter().find(|d| !model.holds(d.1));
                    let what = found.map_or_else(String::new, |d| d.0);
                    return Ok(Equality::Differs(self.trace(what, &model, &x, &y)));
                }
            }
        }
        x.expect_possible(t, &mut solver)?;
        Ok(Equality::HoldsTo(depth))
    }
}

fn direction(dir: Dir) -> &'static str {
    match dir {
        Dir::Input => "input",
        Dir::Output => "output",
    }
}

/// Whether two verified designs with the same ports do the same from power-up on, wherever the first one's claims hold and
/// its assumptions are kept: the same outputs, and the same checks that fail. Checks go together by path and name; one
/// that only one design has must not fail.
///
/// # Errors
/// Where z3 is missing, the ports differ, or a design is none that can be proved; see [`ProveError`].
pub fn equal(first: &Design, second: &Design, options: &Options) -> Result<Equality, ProveError> {
    let (a, b) = (Machine::new(first)?, Machine::new(second)?);
    let pair = Pair::new(&a, &b)?;
    if a.state.is_empty() && b.state.is_empty() {
        // All that there is happens in one clock.
        return Ok(match pair.bounded(1, options)? {
            Equality::HoldsTo(1) => Equality::Proved,
            other => other,
        });
    }
    if pair.induction(options)? { Ok(Equality::Proved) } else { pair.bounded(options.depth.max(1), options) }
}

/// Whether each output of `later` is what the combinational design `first` says of the inputs `latency` clocks before,
/// from any state of `later` on: what [`pipelined`](gatewright_dsl::hw::module::Module::pipelined) promises. `later` has
/// the ports of `first`, by name, and may have more. Claims of `first` are relied on. A trace, if there is one, begins at
/// power-up, and its last clock shows the difference, against the outputs for the inputs of that clock.
///
/// # Errors
/// Where z3 is missing, `first` has state, ports are missing, or a design is none that can be proved; see [`ProveError`].
pub fn equal_later(first: &Design, later: &Design, latency: u32, options: &Options) -> Result<Equality, ProveError> {
    let (a, b) = (Machine::new(first)?, Machine::new(later)?);
    if let Some(element) = a.state.first() {
        return Err(ProveError::State { top: a.name().into(), element: element.name.clone() });
    }
    let find = |pin: &super::machine::PinOf| {
        let found = b.pins.iter().position(|p| p.name == pin.name && p.dir == pin.dir);
        found.ok_or_else(|| ProveError::Ports(format!("the later one has no {} `{}`", direction(pin.dir), pin.name)))
    };
    let ports = a.pins.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    let mut known = 0;
    // From power-up, for a trace; then from any state.
    for any in [false, true] {
        let (mut terms, mut solver) = (Terms::default(), Solver::new(options.effort));
        let t = &mut terms;
        let state = if any { b.any_state(t) } else { b.power_up(t) };
        let mut y = Unrolled::new(&b, state);
        let mut x = Unrolled::new(&a, Vec::new());
        let last = if any { latency } else { latency + 1 };
        for clock in 0..=last as usize {
            y.assumed_clock(t, &mut solver, options.resets);
            let mut inputs = y.inputs[clock].clone();
            inputs.pins = ports.iter().map(|&n| y.inputs[clock].pins[n]).collect();
            // Inputs of the wider ports of `later` that `first` does not take are no question.
            for (pin, &value) in a.pins.iter().zip(&inputs.pins).filter(|(p, _)| p.dir == Dir::Input) {
                solver.assert(value.is_in(t, pin.ty));
            }
            inputs.pins = a.pins.iter().zip(&inputs.pins).map(|(pin, v)| v.cut(t, pin.ty)).collect();
            let at = x.clocks.len();
            x.clocks.push(a.clock(t, &[], &inputs));
            x.inputs.push(inputs);
            x.checks(at, Role::Range).chain(x.checks(at, Role::Assume)).for_each(|c| solver.assert(c.1));
            let Some(before) = clock.checked_sub(latency as usize) else { continue };
            let mut demands = Vec::new();
            for (n, pin) in a.pins.iter().enumerate().filter(|(_, p)| p.dir == Dir::Output) {
                let equal = x.clocks[before].pins[n].equals(t, y.clocks[clock].pins[ports[n]]);
                demands.push((format!("`{}` is not that of {latency} clocks before", pin.name), equal));
            }
            let all = t.all(demands.iter().map(|d| d.1));
            let some_fails = t.not(all);
            match solver.ask(t, &[some_fails])? {
                Answer::No => known = if any { known } else { clock as u32 + 1 },
                Answer::Unknown => return Ok(Equality::HoldsTo(known)),
                Answer::Yes(_) if any => return Ok(Equality::HoldsTo(known)),
                Answer::Yes(model) => {
                    let model = y.at_rest(t, &mut solver, &[some_fails], model)?;
                    let what = demands.into_iter().find(|d| !model.holds(d.1)).map_or_else(String::new, |d| d.0);
                    let mut trace = y.trace(what, &model);
                    trace.others = x.trace(String::new(), &model).outputs;
                    return Ok(Equality::Differs(trace));
                }
            }
        }
        y.expect_possible(t, &mut solver)?;
    }
    Ok(Equality::Proved)
}
