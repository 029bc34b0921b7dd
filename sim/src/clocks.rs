//! When clocks have their edges.
//!
//! Every engine keeps a [`Timeline`]. A step goes to the next time at which some clock has an edge; clocks whose edges
//! fall together sample before anything changes. As long as no [`Schedule`] is set, all clocks have an edge at every
//! step.

use crate::dut::Interface;
use crate::error::{SimError, near_names};

/// Periods and phases of clocks, in whole units of time of one's own choice. A clock that is not listed stands still.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule(Vec<(String, u64, u64)>);

impl Schedule {
    /// No clock runs.
    pub fn new() -> Schedule {
        Schedule::default()
    }
    /// The clock of this name has its edges at `phase`, `phase + period`, and so on, counted from the time at which the
    /// schedule is set. The period is at least 1.
    pub fn clock(mut self, name: &str, period: u64, phase: u64) -> Schedule {
        self.0.push((name.to_string(), period, phase));
        self
    }
    /// The clocks with their periods and phases.
    pub fn clocks(&self) -> impl Iterator<Item = (&str, u64, u64)> {
        self.0.iter().map(|(name, period, phase)| (name.as_str(), *period, *phase))
    }
}

/// The edges of a device's clocks.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// For each clock of the interface: its period and its next edge. Clocks of one name have one pin.
    edges: Vec<Option<(u64, u64)>>,
    /// The clocks that have an edge at the next step.
    due: Vec<bool>,
    time: u64,
}

impl Timeline {
    /// Every clock has an edge at every step.
    pub fn new(clocks: usize) -> Timeline {
        Timeline { edges: vec![Some((1, 0)); clocks], due: vec![true; clocks], time: 0 }
    }

    /// From now on this schedule holds.
    ///
    /// # Errors
    /// A clock that the device does not have, a period of 0, a clock twice, or none at all.
    pub fn set(&mut self, interface: &Interface, schedule: &Schedule) -> Result<(), SimError> {
        let wrong = |what: String| SimError::Schedule { top: interface.top.clone(), what };
        let mut edges = vec![None; interface.clocks.len()];
        for (name, period, phase) in schedule.clocks() {
            if period == 0 {
                return Err(wrong(format!("clock `{name}` has a period of 0")));
            }
            let mut known = false;
            for (edge, _) in edges.iter_mut().zip(&interface.clocks).filter(|(_, c)| c.clock == name) {
                if edge.is_some() {
                    return Err(wrong(format!("clock `{name}` is listed twice")));
                }
                *edge = Some((period, self.time.saturating_add(phase)));
                known = true;
            }
            if !known {
                let names = interface.clocks.iter().map(|c| c.clock.as_str());
                let near = near_names(name, names).join("`, `");
                return Err(wrong(format!("there is no clock `{name}`; there are `{near}`")));
            }
        }
        if edges.iter().all(Option::is_none) {
            return Err(wrong("no clock runs".into()));
        }
        self.edges = edges;
        self.look();
        Ok(())
    }

    /// The time of the next step.
    pub fn time(&self) -> u64 {
        self.time
    }
    /// Whether the next step is an edge of this clock, an index into the interface's clocks.
    pub fn ticks(&self, clock: usize) -> bool {
        self.due.get(clock).copied().unwrap_or(false)
    }
    /// The step has been made.
    pub fn advance(&mut self) {
        for (edge, due) in self.edges.iter_mut().zip(&self.due) {
            if let (Some((period, next)), true) = (edge, due) {
                *next = next.saturating_add(*period);
            }
        }
        self.time = self.time.saturating_add(1);
        self.look();
    }

    fn look(&mut self) {
        self.time = self.edges.iter().flatten().map(|e| e.1).min().unwrap_or(self.time);
        for (edge, due) in self.edges.iter().zip(&mut self.due) {
            *due = edge.is_some_and(|e| e.1 == self.time);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dut::ClockInfo;

    fn interface(clocks: &[&str]) -> Interface {
        let clock = |name: &&str| ClockInfo { clock: name.to_string(), reset: None };
        Interface::new("top".into(), vec![], vec![], clocks.iter().map(clock).collect())
    }

    fn edges(timeline: &mut Timeline, clocks: usize, steps: usize) -> Vec<(u64, Vec<usize>)> {
        let mut all = Vec::new();
        for _ in 0..steps {
            all.push((timeline.time(), (0..clocks).filter(|&c| timeline.ticks(c)).collect()));
            timeline.advance();
        }
        all
    }

    #[test]
    fn without_a_schedule_all_clocks_run_together() {
        let mut timeline = Timeline::new(2);
        assert_eq!(edges(&mut timeline, 2, 3), [(0, vec![0, 1]), (1, vec![0, 1]), (2, vec![0, 1])]);
    }

    #[test]
    fn periods_phases_and_edges_together() {
        let interface = interface(&["a", "b", "c", "a"]);
        let mut timeline = Timeline::new(4);
        timeline.set(&interface, &Schedule::new().clock("a", 3, 1).clock("b", 2, 0)).unwrap();
        let found = edges(&mut timeline, 4, 6);
        let wanted = [(0, vec![1]), (1, vec![0, 3]), (2, vec![1]), (4, vec![0, 1, 3]), (6, vec![1]), (7, vec![0, 3])];
        assert_eq!(found, wanted);
        // A new schedule counts from now.
        timeline.set(&interface, &Schedule::new().clock("c", 5, 2)).unwrap();
        assert_eq!(edges(&mut timeline, 4, 2), [(10, vec![2]), (15, vec![2])]);
    }

    #[test]
    fn what_is_no_schedule() {
        let interface = interface(&["clk_in", "clk_out"]);
        let mut timeline = Timeline::new(2);
        let mut said = |s: Schedule| timeline.set(&interface, &s).unwrap_err().to_string();
        assert!(said(Schedule::new()).contains("no clock runs"));
        assert!(said(Schedule::new().clock("clk_in", 0, 1)).contains("a period of 0"));
        assert!(said(Schedule::new().clock("clk_in", 1, 1).clock("clk_in", 2, 1)).contains("twice"));
        let unknown = said(Schedule::new().clock("clk", 1, 1));
        assert!(unknown.contains("no clock `clk`") && unknown.contains("clk_in"), "{unknown}");
    }
}
