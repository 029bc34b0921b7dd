//! A machine over several clocks.

use gatewright_dsl::ir::Dir;
use gatewright_dsl::value::Value;

use super::clock::{Clock, Inputs};
use super::error::ProveError;
use super::machine::{CheckAt, Machine, Role};
use super::operators::{Num, constant};
use super::solver::{Answer, Model, Solver};
use super::terms::{T, Terms};
use super::trace::Trace;

/// What a proof may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Clocks from power-up in which a failure is looked for, at least 1.
    pub depth: u32,
    /// The most clocks that an induction takes as given; 0: none is tried.
    pub induction: u32,
    /// Questions that may be put to z3 in the search for an invariant, where induction is not enough; 0: none is searched.
    pub search: u32,
    /// Whether the reset can become active at any clock after power-up; else it never is.
    pub resets: bool,
    /// What z3 may spend on one question, in its units of resources, a second being some millions; 0: without limit.
    /// A question that takes more has no answer, which makes a result weaker but never wrong.
    pub effort: u32,
}

impl Default for Options {
    fn default() -> Options {
        Options { depth: 20, induction: 4, search: 20_000, resets: true, effort: 100_000_000 }
    }
}

/// A machine from some state on, clock by clock, with what is assumed of it.
pub(super) struct Unrolled<'m, 'a> {
    pub(super) machine: &'m Machine<'a>,
    /// The state before each clock, and after the last.
    pub(super) states: Vec<Vec<T>>,
    pub(super) inputs: Vec<Inputs>,
    pub(super) clocks: Vec<Clock>,
}

impl<'m, 'a> Unrolled<'m, 'a> {
    pub(super) fn new(machine: &'m Machine<'a>, state: Vec<T>) -> Self {
        Unrolled { machine, states: vec![state], inputs: Vec::new(), clocks: Vec::new() }
    }

    /// Adds a clock with these inputs.
    pub(super) fn clock(&mut self, b: &mut Terms, inputs: Inputs) {
        let clock = self.machine.clock(b, &self.states[self.clocks.len()], &inputs);
        self.states.push(clock.next.clone());
        self.inputs.push(inputs);
        self.clocks.push(clock);
    }

    /// Adds a clock with any inputs, and tells the solver their ranges and the design's assumptions.
    pub(super) fn assumed_clock(&mut self, b: &mut Terms, solver: &mut Solver, resets: bool) {
        let (inputs, within) = self.machine.any_inputs(b, resets);
        self.clock(b, inputs);
        solver.assert(within);
        let n = self.clocks.len() - 1;
        self.checks(n, Role::Assume).for_each(|(_, t)| solver.assert(t));
    }

    /// The checks of a role in a clock.
    pub(super) fn checks(&self, clock: usize, role: Role) -> impl Iterator<Item = (&CheckAt, T)> {
        let all = self.machine.checks.iter().zip(self.clocks[clock].checks.iter().copied());
        all.filter(move |(check, _)| check.kind == role)
    }

    /// A part of the state before a clock.
    pub(super) fn element(&self, clock: usize, n: usize) -> Num {
        self.machine.value(&self.states[clock], n)
    }

    /// The condition that a part of the state is in its range before a clock.
    pub(super) fn in_range(&self, b: &mut Terms, clock: usize, n: usize) -> T {
        let value = self.element(clock, n);
        value.is_in(b, self.machine.state[n].ty)
    }

    /// A model of what `model` is one of, in which resets and inputs are at rest wherever they do not matter, the
    /// earlier ones first: for a trace that is easy to read, and the same with another version of z3.
    pub(super) fn at_rest(
        &self,
        b: &mut Terms,
        solver: &mut Solver,
        wanted: &[T],
        model: Model,
    ) -> Result<Model, ProveError> {
        let (mut wanted, mut model) = (wanted.to_vec(), model);
        for inputs in &self.inputs {
            let no_reset = b.bit(false);
            let mut rest = vec![(Num { t: inputs.reset, signed: false }, Value::ZERO, no_reset)];
            for (n, pin) in self.machine.pins.iter().enumerate().filter(|(_, p)| p.dir == Dir::Input) {
                let value = pin.ty.power_up();
                rest.push((inputs.pins[n], value.clone(), constant(b, &value, pin.ty).t));
            }
            for (input, value, still) in rest {
                wanted.push(b.eq(input.t, still));
                if model.number(input) == value {
                    continue;
                }
                match solver.ask(b, &wanted)? {
                    Answer::Yes(better) => model = better,
                    _ => drop(wanted.pop()),
                }
            }
        }
        Ok(model)
    }

    pub(super) fn trace(&self, what: String, model: &Model) -> Trace {
        Trace::of(what, self.machine, &self.inputs, &self.clocks, model)
    }

    /// An error where what was assumed so far cannot be without a reset, under which assumptions do not count.
    pub(super) fn expect_possible(&self, b: &mut Terms, solver: &mut Solver) -> Result<(), ProveError> {
        let running: Vec<T> = self.inputs.iter().map(|i| b.not(i.reset)).collect();
        match solver.ask(b, &running)? {
            Answer::No => {
                Err(ProveError::Contradiction { top: self.machine.name().into(), clocks: self.clocks.len() as u32 })
            }
            _ => Ok(()),
        }
    }
}
