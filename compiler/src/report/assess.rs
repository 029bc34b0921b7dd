//! A design against a profile.

use serde::{Deserialize, Serialize};

use super::Report;
use super::text::number;
use crate::profile::Profile;

/// Whether a profile is met.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Assessment {
    /// What is asked.
    pub profile: Profile,
    /// None where the clock is not known, or where nothing is asked.
    pub meets: Option<bool>,
    /// Samples per second; more is better.
    pub rate: Option<Check>,
    /// Nanoseconds; less is better.
    pub latency: Option<Check>,
    /// What would help, where it is not met.
    pub advice: Vec<String>,
}

/// One number against what is asked.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Check {
    /// What is asked.
    pub wanted: f64,
    /// What the design has.
    pub found: f64,
    /// How many times better than asked: at least 1 where it is met. None where the design takes no time at all.
    pub margin: Option<f64>,
    /// Whether it is met.
    pub meets: bool,
}

impl Report {
    /// Compares with a profile at the assumed clock.
    pub fn assess(&mut self, profile: &Profile) {
        let totals = &self.totals;
        let check = |wanted: Option<f64>, found: Option<f64>, more: bool| {
            let (wanted, found) = (wanted?, found?);
            let margin = if more { found / wanted } else { wanted / found };
            let meets = if more { found >= wanted } else { found <= wanted };
            Some(Check { wanted, found, margin: Some(margin).filter(|m| m.is_finite()), meets })
        };
        let rate = check(profile.event_rate_hz, totals.samples_per_second, true);
        let latency = check(profile.latency_ns, totals.latency_ns, false);
        let checks: Vec<bool> = [rate, latency].iter().flatten().map(|c| c.meets).collect();
        let meets = if checks.is_empty() { None } else { Some(checks.iter().all(|m| *m)) };
        let mut advice = Vec::new();
        let asks = profile.event_rate_hz.is_some() || profile.latency_ns.is_some();
        if asks && totals.clock_mhz.is_none() {
            advice.push(
                "give the clock of the hardware with --clock-mhz: without it there is neither a rate nor a latency"
                    .to_owned(),
            );
        }
        if let Some(rate) = rate.filter(|c| !c.meets) {
            // To the kHz above, in which clocks are given.
            let mhz = (rate.wanted * f64::from(totals.interval) / 1e3).ceil() / 1e3;
            let copies = (rate.wanted / rate.found).ceil();
            advice.push(format!(
                "the interval is {} already: give a clock of {mhz} MHz or more (--clock-mhz {mhz}), or use {copies} copies in turn",
                totals.interval
            ));
        }
        if let (Some(latency), Some(clock)) = (latency.filter(|c| !c.meets), totals.clock_mhz) {
            let clocks = (latency.wanted * clock / 1000.0).floor();
            advice.push(format!(
                "{} clocks of {} ns fit into {} ns, and the design takes {}: fewer operations in a row would help",
                clocks,
                number(1000.0 / clock),
                number(latency.wanted),
                totals.latency_clocks
            ));
            advice.extend(self.deepest());
            advice.push(
                "fewer bits for weights and activations, and fewer weights that are not zero, make sums shallower"
                    .to_owned(),
            );
            advice.push(
                "on a device whose logic is faster, the same network needs fewer registers for this clock".to_owned(),
            );
        }
        self.assessment = Some(Assessment { profile: profile.clone(), meets, rate, latency, advice });
    }

    /// The layers that have the most operations in a row.
    fn deepest(&self) -> Option<String> {
        let mut layers: Vec<_> = self.layers.iter().filter(|l| l.cost.depth > 0).collect();
        layers.sort_by_key(|l| std::cmp::Reverse(l.cost.depth));
        let most: Vec<String> =
            layers.iter().take(3).map(|l| format!("`{}` with {} in a row", l.name, l.cost.depth)).collect();
        (!most.is_empty())
            .then(|| format!("the deepest layers are {} (of {} in all)", most.join(", "), self.totals.cost.depth))
    }
}
