//! Who may pass an arbiter, clock by clock, as a list of inputs in the order of their rights.

use gatewright_dsl::ir::Dir;
use gatewright_dsl::parts::arbiter::{Grant, Policy};
use gatewright_dsl::prelude::Value;
use gatewright_sim::dut::StreamPins;
use gatewright_sim::stream::Agent;
use gatewright_sim::{Dut, SimError};

/// Compares the arbiter's choice in each clock, and counts who passes before a waiting input.
pub struct Turns {
    inputs: Vec<StreamPins>,
    output: StreamPins,
    policy: Policy,
    grant: Grant,
    /// The inputs, those with more right first.
    order: Vec<usize>,
    /// Who keeps the grant.
    holder: Option<usize>,
    /// Beats or packets of others since the input has offered.
    before: Vec<u64>,
    pub longest_wait: u64,
}

impl Turns {
    pub fn new(dut: &dyn Dut, inputs: usize, policy: Policy, grant: Grant) -> Result<Turns, SimError> {
        let interface = dut.interface();
        let pins = |n| interface.stream(&format!("inputs_{n}"), Dir::Input).cloned();
        Ok(Turns {
            inputs: (0..inputs).map(pins).collect::<Result<_, _>>()?,
            output: interface.stream("output", Dir::Output)?.clone(),
            policy,
            grant,
            order: (0..inputs).collect(),
            holder: None,
            before: vec![0; inputs],
            longest_wait: 0,
        })
    }
}

impl Agent for Turns {
    fn drive(&mut self, _: &mut dyn Dut) -> Result<(), SimError> {
        Ok(())
    }
    fn observe(&mut self, dut: &mut dyn Dut) -> Result<bool, SimError> {
        let mut offers = Vec::new();
        for pins in &self.inputs {
            offers.push(!dut.peek(pins.valid)?.is_zero());
        }
        let ready = !dut.peek(self.output.ready)?.is_zero();
        let valid = !dut.peek(self.output.valid)?.is_zero();
        let wanted = match self.holder {
            Some(holder) => Some(holder).filter(|&k| offers[k]),
            None => self.order.iter().copied().find(|&k| offers[k]),
        };
        assert_eq!(valid, wanted.is_some(), "cycle {}", dut.cycle());
        for (k, pins) in self.inputs.iter().enumerate() {
            let moves = offers[k] && !dut.peek(pins.ready)?.is_zero();
            assert_eq!(moves, ready && wanted == Some(k), "input {k} at cycle {}", dut.cycle());
        }
        let Some(source) = wanted else { return Ok(false) };
        assert_eq!(dut.peek(self.output.payload[0])?, Value::from(source as i64), "cycle {}", dut.cycle());
        let last = !dut.peek(self.inputs[source].last)?.is_zero();
        let over = ready && (self.grant == Grant::Beat || last);
        self.holder = Some(source).filter(|_| !over);
        if over {
            if self.policy == Policy::RoundRobin {
                let inputs = self.order.len();
                self.order = (1..=inputs).map(|n| (source + n) % inputs).collect();
            }
            for (k, before) in self.before.iter_mut().enumerate() {
                *before = if k == source || !offers[k] { 0 } else { *before + 1 };
                self.longest_wait = self.longest_wait.max(*before);
            }
        }
        Ok(false)
    }
    fn release(&mut self, _: &mut dyn Dut) -> Result<(), SimError> {
        Ok(())
    }
    fn is_done(&self) -> bool {
        true
    }
    fn waits_for(&self) -> String {
        String::new()
    }
}
