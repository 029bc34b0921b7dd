//! What a proof takes a design to do for given inputs: the check of its reading against the simulators.

use gatewright_dsl::ir::{Design, Dir};
use gatewright_dsl::value::Value;

use super::error::ProveError;
use super::machine::{Machine, Role};
use super::operators::{Num, width_of};
use super::solver::{Answer, Solver};
use super::terms::{T, Terms};
use super::unroll::Unrolled;

/// The inputs of a clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Whether the reset is active.
    pub reset: bool,
    /// One value per input port, in order.
    pub inputs: Vec<Value>,
}

/// What happens in a clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// One value per output port, in order.
    pub outputs: Vec<Value>,
    /// Path and name of the checks that fail at the edge.
    pub failures: Vec<(String, String)>,
}

/// What a verified design does from power-up on, as z3 computes it from the terms of a proof. All that is left open to z3 are the
/// inputs, the outputs and the outcomes of checks, and it is told the values of the inputs; so this is equal to what the
/// interpreter does, or one of them is wrong. A simulator is the faster way to run a design.
///
/// # Errors
/// Where z3 is missing or gives up, or the design is none that can be proved; see [`ProveError`].
pub fn run(design: &Design, given: &[Given]) -> Result<Vec<Outcome>, ProveError> {
    let machine = Machine::new(design)?;
    let (mut b, mut solver) = (Terms::default(), Solver::new(0));
    let start = machine.power_up(&mut b);
    let mut unrolled = Unrolled::new(&machine, start);
    let mut found: Vec<(Vec<Num>, Vec<T>)> = Vec::new();
    for given in given {
        let (inputs, _) = machine.any_inputs(&mut b, true);
        let reset = b.bit(given.reset && machine.reset.is_some());
        let told = b.eq(inputs.reset, reset);
        solver.assert(told);
        let mut values = given.inputs.iter();
        for (pin, &n) in machine.pins.iter().zip(&inputs.pins).filter(|(pin, _)| pin.dir == Dir::Input) {
            let value = values.next().cloned().unwrap_or_else(|| pin.ty.power_up());
            let value = b.constant(&value, width_of(pin.ty));
            let told = b.eq(n.t, value);
            solver.assert(told);
        }
        unrolled.clock(&mut b, inputs);
        let clock = &unrolled.clocks[unrolled.clocks.len() - 1];
        let outputs = machine.pins.iter().zip(&clock.pins).filter(|(pin, _)| pin.dir == Dir::Output);
        let outputs: Vec<Num> = outputs.map(|(_, n)| Num { t: open(&mut b, &mut solver, n.t), ..*n }).collect();
        let checks = clock.checks.iter().map(|&t| open(&mut b, &mut solver, t)).collect();
        found.push((outputs, checks));
    }
    let Answer::Yes(model) = solver.ask(&b, &[])? else {
        return Err(ProveError::Solver("there are no outputs for these inputs".into()));
    };
    let failed = |checks: &[T]| {
        let all = machine.checks.iter().zip(checks).filter(|(c, t)| c.kind != Role::Cover && !model.holds(**t));
        all.map(|(c, _)| (c.path.clone(), c.name.clone())).collect()
    };
    let outcomes = found.iter().map(|(outputs, checks)| Outcome {
        outputs: outputs.iter().map(|&n| model.number(n)).collect(),
        failures: failed(checks),
    });
    Ok(outcomes.collect())
}

/// An unknown that is equal to `t`: its value comes from z3, and not from our terms.
fn open(b: &mut Terms, solver: &mut Solver, t: T) -> T {
    let width = b.width(t);
    let open = b.var(width);
    let equal = b.eq(open, t);
    solver.assert(equal);
    open
}
