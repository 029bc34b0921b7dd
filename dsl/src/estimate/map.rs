//! Gates into look-up tables.
//!
//! Each gate keeps its best cuts: sets of signals from which it can be computed by one LUT, wide ones of several LUTs included.
//! A first round chooses for the least depth, the next ones for area where that depth allows it (J. Cong and Y. Ding, FlowMap,
//! 1994; A. Mishchenko, S. Chatterjee, R. Brayton, Improvements to technology mapping for LUT-based FPGAs, 2007: priority cuts
//! and area flow).

use super::net::{Gate, Lit, Net};

/// Inputs of a LUT at most, wide ones of several included.
const MOST: usize = 9;
/// Cuts that a gate keeps.
const CUTS: usize = 8;
/// Rounds after the first one.
const ROUNDS: usize = 2;

/// What LUTs a device has.
#[derive(Clone, Copy, Debug)]
pub struct Luts {
    /// Inputs of one at most.
    pub narrow: usize,
    /// The same with those that are joined to wide ones.
    pub inputs: usize,
    /// Area by the number of inputs.
    pub area: [f32; MOST + 1],
    /// LUTs of the device by the number of inputs: wide ones are several, joined by multiplexers.
    pub count: [u64; MOST + 1],
}

impl Luts {
    /// Six inputs, and with the multiplexers behind them nine.
    pub const SIX: Luts = Luts {
        narrow: 6,
        inputs: 9,
        area: [0.0, 2.0, 2.0, 3.0, 5.0, 5.0, 5.0, 10.0, 20.0, 40.0],
        count: [0, 1, 1, 1, 1, 1, 1, 2, 4, 8],
    };
    /// Four inputs.
    pub const FOUR: Luts = Luts {
        narrow: 4,
        inputs: 4,
        area: [0.0, 1.0, 1.0, 1.0, 1.0, 9.0, 9.0, 9.0, 9.0, 9.0],
        count: [0, 1, 1, 1, 1, 0, 0, 0, 0, 0],
    };
    /// Four inputs, and with the multiplexers behind them seven.
    pub const FOUR_TO_SEVEN: Luts = Luts {
        narrow: 4,
        inputs: 7,
        area: [0.0, 1.0, 1.0, 1.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0],
        count: [0, 1, 1, 1, 1, 2, 4, 8, 0, 0],
    };
}

#[derive(Clone, Copy)]
struct Cut {
    signals: [u32; MOST],
    len: u8,
    depth: u32,
    flow: f32,
    signature: u64,
}

impl Cut {
    fn of(gate: u32) -> Cut {
        let mut signals = [0; MOST];
        signals[0] = gate;
        Cut { signals, len: 1, depth: 0, flow: 0.0, signature: 1 << (gate % 64) }
    }

    /// Of as many signals as fit, in rising order.
    fn of_all(gates: &[u32]) -> Cut {
        let mut signals = [0; MOST];
        signals[..gates.len()].copy_from_slice(gates);
        let signature = gates.iter().fold(0, |all, gate| all | 1 << (gate % 64));
        Cut { signals, len: gates.len() as u8, depth: 0, flow: 0.0, signature }
    }

    fn signals(&self) -> &[u32] {
        &self.signals[..self.len as usize]
    }

    /// The signals of both, where they are not more than `most`.
    fn with(&self, other: &Cut, most: usize) -> Option<Cut> {
        let signature = self.signature | other.signature;
        if signature.count_ones() as usize > most {
            return None;
        }
        let (a, b) = (self.signals(), other.signals());
        let (mut i, mut j, mut len, mut signals) = (0, 0, 0, [0; MOST]);
        while i < a.len() || j < b.len() {
            if len == most {
                return None;
            }
            let next = match (a.get(i), b.get(j)) {
                (Some(x), Some(y)) if x == y => {
                    j += 1;
                    i += 1;
                    *x
                }
                (Some(x), y) if y.is_none_or(|y| x < y) => {
                    i += 1;
                    *x
                }
                (_, Some(y)) => {
                    j += 1;
                    *y
                }
                (_, None) => break,
            };
            signals[len] = next;
            len += 1;
        }
        Some(Cut { signals, len: len as u8, depth: 0, flow: 0.0, signature })
    }

    fn within(&self, other: &Cut) -> bool {
        self.signature & !other.signature == 0 && self.signals().iter().all(|s| other.signals().contains(s))
    }
}

/// The LUTs that were chosen.
pub struct Cover {
    /// For each gate that is a LUT's output, the LUT's inputs.
    pub luts: Vec<Option<Vec<u32>>>,
}

/// Chooses LUTs so that each signal of `roots` is there.
pub fn cover(net: &Net, roots: &[Lit], luts: &Luts) -> Cover {
    let count = net.gates.len();
    let (best, flow, depth) = (vec![Cut::of(0); count], vec![0.0; count], vec![0; count]);
    let mut mapper = Mapper { net, luts, best, flow, depth };
    let mut needed = vec![false; count];
    roots.iter().for_each(|r| needed[(r >> 1) as usize] = true);
    // How many read each gate, at first in the net, then among the LUTs chosen.
    let mut reads = vec![0_u32; count];
    for gate in 0..count {
        net.for_each_fanin(gate, |f| reads[f as usize] += 1);
        reads[gate] += u32::from(needed[gate]);
    }
    let mut readers: Vec<f32> = reads.into_iter().map(|n| n.max(1) as f32).collect();
    let mut limits: Option<Vec<u32>> = None;
    for _ in 0..=ROUNDS {
        mapper.round(&readers, limits.as_deref());
        let (uses, latest) = mapper.chosen(&needed);
        for (readers, uses) in readers.iter_mut().zip(&uses) {
            *readers = ((*readers + 2.0 * *uses as f32) / 3.0).max(1.0);
        }
        limits = Some(latest);
    }
    let (uses, _) = mapper.chosen(&needed);
    let is_lut = |g: usize| uses[g] > 0 && !matches!(net.gates[g], Gate::Constant | Gate::Leaf);
    Cover { luts: (0..count).map(|g| is_lut(g).then(|| mapper.best[g].signals().to_vec())).collect() }
}

struct Mapper<'n> {
    net: &'n Net,
    luts: &'n Luts,
    best: Vec<Cut>,
    /// Area for a gate's value, shared among its readers.
    flow: Vec<f32>,
    depth: Vec<u32>,
}

impl Mapper<'_> {
    fn round(&mut self, readers: &[f32], limits: Option<&[u32]>) {
        let count = self.net.gates.len();
        let mut cuts: Vec<Vec<Cut>> = Vec::with_capacity(count);
        for gate in 0..count {
            let own = Cut::of(gate as u32);
            if matches!(self.net.gates[gate], Gate::Constant | Gate::Leaf) {
                cuts.push(vec![own]);
                continue;
            }
            let mut found = self.found(gate, &cuts);
            let support = self.net.support(gate).filter(|s| s.len() <= self.luts.inputs);
            found.extend(support.map(|signals| self.assessed(Cut::of_all(signals))));
            let limit = limits.map(|l| l[gate]);
            // The one of the round before is in time.
            found.extend(limit.map(|_| self.assessed(self.best[gate])));
            let late = |c: &Cut| limit.is_some_and(|l| c.depth > l);
            let order = |a: &Cut, b: &Cut| match limit {
                None => (a.depth, a.len).cmp(&(b.depth, b.len)).then(a.flow.total_cmp(&b.flow)),
                Some(_) => {
                    late(a).cmp(&late(b)).then(a.flow.total_cmp(&b.flow)).then((a.depth, a.len).cmp(&(b.depth, b.len)))
                }
            };
            found.sort_by(order);
            let mut kept: Vec<Cut> = Vec::with_capacity(CUTS + 1);
            for cut in found {
                if kept.len() < CUTS && !kept.iter().any(|k| k.within(&cut)) {
                    kept.push(cut);
                }
            }
            self.best[gate] = kept[0];
            self.depth[gate] = kept[0].depth;
            self.flow[gate] = kept[0].flow / readers[gate];
            kept.push(own);
            cuts.push(kept);
        }
    }

    /// All cuts that come of those of the gates that `gate` reads, with their depth and area.
    fn found(&self, gate: usize, cuts: &[Vec<Cut>]) -> Vec<Cut> {
        let mut fanins = Vec::with_capacity(3);
        self.net.for_each_fanin(gate, |f| fanins.push(f));
        let mut found: Vec<Cut> = Vec::new();
        // A table's inputs are mostly fixed points: of the others only what they are themselves counts.
        let wide = fanins.len() > 3;
        for (k, f) in fanins.into_iter().enumerate() {
            let own = [Cut::of(f)];
            let of: &[Cut] = if wide { &own } else { &cuts[f as usize] };
            found = match k {
                0 => of.to_vec(),
                _ => found.iter().flat_map(|a| of.iter().filter_map(|b| a.with(b, self.luts.inputs))).collect(),
            };
        }
        found.into_iter().map(|cut| self.assessed(cut)).collect()
    }

    /// With its depth and area.
    fn assessed(&self, cut: Cut) -> Cut {
        let signals = cut.signals().iter().map(|s| *s as usize);
        let depth = 1 + signals.clone().map(|s| self.depth[s]).max().unwrap_or(0);
        let flow = self.luts.area[cut.len as usize] + signals.map(|s| self.flow[s]).sum::<f32>();
        Cut { depth, flow, ..cut }
    }

    /// How many LUTs and roots read each gate, and how deep each gate may be at most.
    fn chosen(&self, needed: &[bool]) -> (Vec<u32>, Vec<u32>) {
        let count = self.net.gates.len();
        let deepest = (0..count).filter(|g| needed[*g]).map(|g| self.depth[g]).max().unwrap_or(0);
        let mut uses: Vec<u32> = needed.iter().map(|n| u32::from(*n)).collect();
        let mut latest = vec![deepest; count];
        for gate in (0..count).rev() {
            if uses[gate] == 0 || matches!(self.net.gates[gate], Gate::Constant | Gate::Leaf) {
                continue;
            }
            for &signal in self.best[gate].signals() {
                uses[signal as usize] += 1;
                latest[signal as usize] = latest[signal as usize].min(latest[gate].saturating_sub(1));
            }
        }
        (uses, latest)
    }
}
