//! Closures of greatest weight, by maximum flow.

use std::ops::Range;

/// Things with weights, of which some ask for others.
pub(super) struct Closure {
    /// What each thing brings; what remains of it while it flows off.
    gain: Vec<u64>,
    /// What each thing costs; what remains of it.
    cost: Vec<u64>,
    fixed: Vec<bool>,
    /// `(a, b)`: with `a` comes `b`.
    demands: Vec<(u32, u32)>,
}

/// The flow network: from what gains over demands to what costs, after Dinic. Demands carry any amount.
struct Network {
    /// The arcs of each node.
    arcs_of: Vec<u32>,
    to: Vec<u32>,
    /// The arc back.
    mate: Vec<u32>,
    left: Vec<u64>,
    level: Vec<u32>,
    /// The first arc of each node that may still lead on in this phase.
    current: Vec<u32>,
}

const ANY: u64 = u64::MAX / 4;
const FAR: u32 = u32::MAX;

impl Closure {
    pub fn new(things: usize) -> Closure {
        Closure { gain: vec![0; things], cost: vec![0; things], fixed: vec![false; things], demands: Vec::new() }
    }

    pub fn gains(&mut self, thing: usize, weight: u64) {
        self.gain[thing] += weight;
    }

    pub fn costs(&mut self, thing: usize, weight: u64) {
        self.cost[thing] += weight;
    }

    /// It cannot be chosen.
    pub fn fix(&mut self, thing: usize) {
        self.fixed[thing] = true;
    }

    /// With `a` comes `b`.
    pub fn demand(&mut self, a: usize, b: usize) {
        self.demands.push((a as u32, b as u32));
    }

    /// The smallest set closed under demands that gains most; empty where none gains.
    pub fn best(mut self) -> Vec<bool> {
        for (cost, fixed) in self.cost.iter_mut().zip(&self.fixed) {
            if *fixed {
                *cost = ANY;
            }
        }
        // What a thing gains pays for itself first.
        for (gain, cost) in self.gain.iter_mut().zip(&mut self.cost) {
            let paid = (*gain).min(*cost);
            *gain -= paid;
            *cost -= paid;
        }
        let mut network = Network::new(self.gain.len(), &self.demands);
        while network.levels(&self.gain, &self.cost) {
            for thing in 0..self.gain.len() {
                if self.gain[thing] > 0 {
                    network.push(thing, &mut self.gain[thing], &mut self.cost);
                }
            }
        }
        network.level.iter().map(|&level| level != FAR).collect()
    }
}

impl Network {
    fn new(nodes: usize, demands: &[(u32, u32)]) -> Network {
        let mut arcs_of = vec![0_u32; nodes + 1];
        for &(a, b) in demands {
            arcs_of[a as usize + 1] += 1;
            arcs_of[b as usize + 1] += 1;
        }
        for n in 0..nodes {
            arcs_of[n + 1] += arcs_of[n];
        }
        let mut free = arcs_of.clone();
        let arcs = demands.len() * 2;
        let (mut to, mut mate, mut left) = (vec![0; arcs], vec![0; arcs], vec![0; arcs]);
        for &(a, b) in demands {
            let (there, back) = (free[a as usize], free[b as usize]);
            // A demand of a thing for itself would be its own mate.
            debug_assert_ne!(a, b);
            free[a as usize] += 1;
            free[b as usize] += 1;
            (to[there as usize], mate[there as usize], left[there as usize]) = (b, back, ANY);
            (to[back as usize], mate[back as usize]) = (a, there);
        }
        Network { arcs_of, to, mate, left, level: vec![FAR; nodes], current: vec![0; nodes] }
    }

    fn arcs(&self, node: usize) -> Range<usize> {
        self.arcs_of[node] as usize..self.arcs_of[node + 1] as usize
    }

    /// How far each node is from what gains, and whether there is a way from it to what costs.
    fn levels(&mut self, gain: &[u64], cost: &[u64]) -> bool {
        self.level.fill(FAR);
        let mut queue: Vec<u32> = (0..gain.len() as u32).filter(|&n| gain[n as usize] > 0).collect();
        queue.iter().for_each(|&n| self.level[n as usize] = 0);
        let mut found = false;
        let mut next = 0;
        while let Some(&node) = queue.get(next) {
            next += 1;
            found |= cost[node as usize] > 0;
            for arc in self.arcs(node as usize) {
                let to = self.to[arc];
                if self.left[arc] > 0 && self.level[to as usize] == FAR {
                    self.level[to as usize] = self.level[node as usize] + 1;
                    queue.push(to);
                }
            }
        }
        self.current.copy_from_slice(&self.arcs_of[..gain.len()]);
        found
    }

    /// Sends as much of `gain` as shortest ways from `start` take.
    fn push(&mut self, start: usize, gain: &mut u64, cost: &mut [u64]) {
        let mut path: Vec<usize> = Vec::new();
        let mut node = start;
        loop {
            if cost[node] > 0 {
                let amount = path.iter().map(|&arc| self.left[arc]).min().unwrap_or(ANY).min(*gain).min(cost[node]);
                *gain -= amount;
                cost[node] -= amount;
                for &arc in &path {
                    self.left[arc] -= amount;
                    self.left[self.mate[arc] as usize] += amount;
                }
                if *gain == 0 {
                    return;
                }
                // Back to before the first arc that is full.
                if let Some(full) = path.iter().position(|&arc| self.left[arc] == 0) {
                    node = self.to[self.mate[path[full]] as usize] as usize;
                    path.truncate(full);
                }
                continue;
            }
            let ahead = (self.current[node] as usize..self.arcs_of[node + 1] as usize)
                .find(|&arc| self.left[arc] > 0 && self.level[self.to[arc] as usize] == self.level[node] + 1);
            match ahead {
                Some(arc) => {
                    self.current[node] = arc as u32;
                    path.push(arc);
                    node = self.to[arc] as usize;
                }
                None => {
                    self.current[node] = self.arcs_of[node + 1];
                    let Some(arc) = path.pop() else { return };
                    node = self.to[self.mate[arc] as usize] as usize;
                    self.current[node] += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retime::tests::Rng;

    #[test]
    fn best_of_all_subsets() {
        let mut rng = Rng(7);
        let mut chosen = 0;
        for _ in 0..2000 {
            let n = 1 + rng.below(9);
            let weights: Vec<(u64, u64)> =
                (0..n).map(|_| (rng.below(2) * rng.below(9), rng.below(2) * rng.below(9))).collect();
            let demands: Vec<(u64, u64)> =
                (0..rng.below(3 * n)).map(|_| (rng.below(n), rng.below(n))).filter(|(a, b)| a != b).collect();
            let fixed: Vec<bool> = (0..n).map(|_| rng.below(8) == 0).collect();
            let mut closure = Closure::new(n as usize);
            for (thing, &(gain, cost)) in weights.iter().enumerate() {
                closure.gains(thing, gain);
                closure.costs(thing, cost);
                if fixed[thing] {
                    closure.fix(thing);
                }
            }
            demands.iter().for_each(|&(a, b)| closure.demand(a as usize, b as usize));
            let best = closure.best();
            let allowed = |set: u32| {
                let has = |n: u64| set >> n & 1 == 1;
                demands.iter().all(|&(a, b)| !has(a) || has(b)) && (0..n).all(|t| !has(t) || !fixed[t as usize])
            };
            let worth = |set: u32| -> i64 {
                (0..n)
                    .filter(|t| set >> t & 1 == 1)
                    .map(|t| weights[t as usize].0 as i64 - weights[t as usize].1 as i64)
                    .sum()
            };
            let most = (0..1 << n).filter(|&set| allowed(set)).map(worth).max().unwrap();
            let best = best.iter().enumerate().fold(0, |set, (t, &has)| set | u32::from(has) << t);
            assert!(allowed(best));
            assert_eq!(worth(best), most);
            // The smallest: every other best set holds all of it.
            for set in (0..1 << n).filter(|&set| allowed(set) && worth(set) == most) {
                assert_eq!(set & best, best);
            }
            chosen += usize::from(best != 0);
        }
        assert!(chosen > 300, "{chosen}");
    }
}
