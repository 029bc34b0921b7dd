//! Step functions as networks of lookup tables and comparisons, in hardware.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use gatewright_arith::net::Node;
use gatewright_arith::staircase::{self, Plan, Staircase};
use gatewright_dsl::prelude::{Int, uint};

use crate::cost::Cost;
use crate::layer::StepFunction;
use crate::net;
use crate::network::Range;

/// Plans that are kept: costs, reports and hardware ask for the same ones.
const KEPT: usize = 1 << 14;

/// The plan of a function that has been made for `range`, and its cost.
pub(crate) fn find(function: &StepFunction, range: Range) -> Option<(Plan, Cost)> {
    static PLANS: LazyLock<Mutex<HashMap<Staircase, Option<Plan>>>> = LazyLock::new(Mutex::default);
    let Range { lo, hi } = range;
    let staircase = Staircase { lo, hi, first: function.first, steps: function.steps.clone() };
    let plans = || PLANS.lock().unwrap_or_else(PoisonError::into_inner);
    let known = plans().get(&staircase).cloned();
    let plan = known.unwrap_or_else(|| {
        let plan = staircase::plan(&staircase);
        let mut plans = plans();
        if plans.len() >= KEPT {
            plans.clear();
        }
        plans.insert(staircase, plan.clone());
        plan
    })?;
    let cost = plan.cost();
    let comparators = plan.net.nodes.iter().filter(|n| matches!(n, Node::AtLeast { .. })).count() as u64;
    let moved = u64::from(plan.offset != 0);
    let adder_bits = moved * u64::from(plan.net.inputs);
    Some((plan, Cost { adders: moved, adder_bits, comparators, luts: cost.luts, depth: cost.depth }))
}

/// The function of `x`, whose values are those of `out`.
pub(crate) fn element(plan: &Plan, x: Int, out: Range) -> Int {
    let moved = if plan.offset == 0 { x } else { x + plan.offset };
    net::element(&plan.net, moved.wrap(uint(plan.net.inputs)).to_bits(), plan.signed, out)
}
