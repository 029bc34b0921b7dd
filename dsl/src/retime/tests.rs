//! Against all schedules there are.

use super::*;

/// A small generator of random numbers (xorshift64*).
pub(super) struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    /// Below `n`; 0 where there is nothing below.
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 { 0 } else { self.next() % n }
    }
}

fn timing(rng: &mut Rng) -> Timing {
    let (enter, ripple) = (1 + rng.below(4), rng.below(4));
    match rng.below(4) {
        _ if rng.below(8) == 0 => Timing::WIRE,
        0 => Timing::Level(enter),
        1 => Timing::Ripple { enter, ripple },
        _ => Timing::Compare { enter, ripple },
    }
}

/// A random graph in which every vertex fits a period of 7.
fn random(rng: &mut Rng, sources: u64, once: u64, views: u64) -> Graph {
    let mut graph = Graph::default();
    for _ in 0..sources {
        let bits = Some(1 + rng.below(6));
        graph.vertices.push(Vertex { kind: Kind::Source, timing: Timing::WIRE, bits, operands: Vec::new() });
    }
    let (mut once, mut views) = (once, views);
    while once + views > 0 {
        let n = graph.vertices.len() as u64;
        // Nearby operands make long paths.
        let operand = |rng: &mut Rng| loop {
            let v = (n - 1 - rng.below(n.min(3))) as usize;
            if graph.vertices[v].kind != Kind::Once || graph.vertices[v].bits.is_some() {
                break v;
            }
        };
        let mut operands = vec![operand(rng)];
        if rng.below(3) > 0 {
            operands.push(operand(rng));
        }
        let bits = Some(1 + rng.below(9));
        let is_view = rng.below(once + views) < views;
        *(if is_view { &mut views } else { &mut once }) -= 1;
        graph.vertices.push(if is_view {
            let timing = if rng.below(2) == 0 { Timing::WIRE } else { Timing::Level(0) };
            let bits = bits.filter(|_| rng.below(5) > 0);
            Vertex { kind: Kind::View, timing, bits, operands }
        } else {
            Vertex { kind: Kind::Once, timing: timing(rng), bits, operands }
        });
        // A table with two fields.
        if !is_view && rng.below(6) == 0 {
            let port = graph.vertices.len() - 1;
            graph.vertices[port].bits = None;
            for bits in [bits, Some(2)] {
                graph.vertices.push(Vertex { kind: Kind::View, timing: Timing::WIRE, bits, operands: vec![port] });
            }
        }
    }
    let n = graph.vertices.len();
    // What nobody uses leaves, and a bit of the rest.
    let users = graph.users();
    let port = |v: usize| graph.vertices[v].kind == Kind::Once && graph.vertices[v].bits.is_none();
    graph.outputs = (0..n).filter(|&v| users[v].is_empty() || (!port(v) && rng.below(8) == 0)).collect();
    graph
}

/// The last bits of all vertices of one stage, where what `held` says comes from registers; `None` where an operand is missing.
/// Bit by bit over a value of three bits, of which a ripple crosses two borders: nothing of [`Timing`] is used.
fn settle(graph: &Graph, stages: &[u32], stage: u32, held: u64) -> Option<(u64, u64)> {
    let mut there = held;
    let mut times = vec![[0_u64; 3]; graph.vertices.len()];
    let mut worst = 0;
    for (v, vertex) in graph.vertices.iter().enumerate() {
        let here = vertex.kind == Kind::View || stages[v] == stage;
        let all = vertex.operands.iter().all(|&u| there >> u & 1 == 1);
        if !here || held >> v & 1 == 1 {
            continue;
        }
        if !all {
            if vertex.kind == Kind::View {
                continue;
            }
            return None;
        }
        there |= 1 << v;
        let operand = |bit: usize| vertex.operands.iter().map(|&u| times[u][bit]).max().unwrap_or(0);
        let all_bits = (0..3).map(operand).max().unwrap_or(0);
        times[v] = match vertex.timing {
            Timing::Level(delay) => [all_bits + delay; 3],
            Timing::Ripple { enter, ripple } | Timing::Compare { enter, ripple } => {
                let mut carry = operand(0) + enter;
                let mut bits = [carry; 3];
                for (bit, time) in bits.iter_mut().enumerate().skip(1) {
                    // The whole ripple at the last border, since only the first and the last bit are looked at.
                    carry = (carry + if bit == 2 { ripple } else { 0 }).max(operand(bit) + enter);
                    *time = carry;
                }
                if matches!(vertex.timing, Timing::Compare { .. }) { [bits[2]; 3] } else { bits }
            }
        };
        worst = worst.max(times[v][2]);
    }
    Some((there, worst))
}

/// The fewest bits of registers of a legal schedule, over all stages of all vertices and all sets of registers at each cut.
fn by_search(graph: &Graph, period: u64, latency: u32) -> Option<u64> {
    let n = graph.vertices.len();
    let once: Vec<usize> = (0..n).filter(|&v| graph.vertices[v].kind == Kind::Once).collect();
    let bits: Vec<Option<u64>> = graph.vertices.iter().map(|v| v.bits).collect();
    let weight = |set: u64| (0..n).filter(|v| set >> v & 1 == 1).map(|v| bits[v]).sum::<Option<u64>>();
    let mut best: Option<u64> = None;
    let mut stages = vec![0_u32; n];
    'schedules: for code in 0..(u64::from(latency) + 1).pow(once.len() as u32) {
        let mut rest = code;
        for &v in &once {
            stages[v] = (rest % (u64::from(latency) + 1)) as u32;
            rest /= u64::from(latency) + 1;
            if graph.vertices[v].operands.iter().any(|&u| stages[u] > stages[v] && graph.vertices[u].kind == Kind::Once)
            {
                continue 'schedules;
            }
        }
        let sources = (0..n).filter(|&v| graph.vertices[v].kind == Kind::Source).fold(0, |set, v| set | 1 << v);
        let mut reached = vec![(sources, 0_u64)];
        for stage in 0..=latency {
            let mut next: Vec<(u64, u64)> = Vec::new();
            for (held, cost) in reached {
                let Some((there, worst)) = settle(graph, &stages, stage, held) else { continue };
                if worst > period {
                    continue;
                }
                if stage == latency {
                    if graph.outputs.iter().all(|&v| there >> v & 1 == 1) && best.is_none_or(|b| cost < b) {
                        best = Some(cost);
                    }
                    continue;
                }
                // Every set of what is there.
                let mut set = there;
                loop {
                    if let Some(weight) = weight(set)
                        && best.is_none_or(|b| cost + weight < b)
                    {
                        match next.iter_mut().find(|(s, _)| *s == set) {
                            Some((_, known)) => *known = (*known).min(cost + weight),
                            None => next.push((set, cost + weight)),
                        }
                    }
                    if set == 0 {
                        break;
                    }
                    set = (set - 1) & there;
                }
            }
            reached = next;
        }
    }
    best
}

/// That every stage ends within the period when each value is registered behind its stage as the schedule says, and how many bits this takes.
fn cost(graph: &Graph, period: u64, schedule: &Schedule) -> u64 {
    let n = graph.vertices.len();
    let mut wanted: Vec<u32> = vec![0; n];
    graph.outputs.iter().for_each(|&v| wanted[v] = schedule.latency);
    for v in (0..n).rev() {
        wanted[v] = wanted[v].max(schedule.stages[v]);
        for &u in &graph.vertices[v].operands {
            wanted[u] = wanted[u].max(schedule.stages[v]);
        }
    }
    let mut bits = 0;
    for stage in 0..=schedule.latency {
        let carried = (0..n).filter(|&v| schedule.stages[v] < stage && stage <= wanted[v]);
        let held = carried.clone().fold(0, |set, v| set | 1 << v);
        bits += carried.map(|v| graph.vertices[v].bits.expect("what can be registered")).sum::<u64>();
        let sources =
            (0..n).filter(|&v| stage == 0 && graph.vertices[v].kind == Kind::Source).fold(0, |set, v| set | 1 << v);
        let (there, worst) = settle(graph, &schedule.stages, stage, held | sources).expect("operands");
        assert!(worst <= period, "stage {stage}: {worst} of {period}");
        if stage == schedule.latency {
            assert!(graph.outputs.iter().all(|&v| there >> v & 1 == 1));
        }
    }
    bits
}

#[test]
fn no_schedule_has_fewer_registers() {
    let mut rng = Rng(11);
    let (mut before, mut after, mut cut_by_cut, mut several) = (0, 0, 0, 0);
    for round in 0..1500 {
        let (sources, once, views) = (1 + rng.below(2), 4 + rng.below(3), rng.below(3));
        let graph = random(&mut rng, sources, once, views);
        let period = 7 + rng.below(3);
        let earliest = graph.earliest(period);
        assert_eq!(cost(&graph, period, &earliest), earliest.bits);
        let found = graph.fewest_registers(period, &earliest, EFFORT);
        assert_eq!(cost(&graph, period, &found), found.bits);
        assert_eq!(Some(found.bits), by_search(&graph, period, found.latency), "round {round}: {graph:?}");
        // There is no faster one.
        if let Some(faster) = found.latency.checked_sub(1) {
            assert_eq!(by_search(&graph, period, faster), None, "round {round}");
        }
        let single = graph.fewest_registers(period, &earliest, 0);
        assert_eq!(cost(&graph, period, &single), single.bits);
        assert!(single.bits <= earliest.bits && found.bits <= single.bits);
        if found.latency == 1 {
            assert_eq!(single.bits, found.bits, "one cut alone is cut best");
        }
        before += earliest.bits;
        after += found.bits;
        cut_by_cut += single.bits;
        several += usize::from(found.latency > 1);
    }
    println!("{before} bits at the earliest, {cut_by_cut} cut by cut, {after} at the least; {several} of several cuts");
    assert!(several > 150 && after < before, "{several}");
}

#[test]
fn larger_graphs_keep_the_period() {
    let mut rng = Rng(5);
    for _ in 0..60 {
        let views = rng.below(8);
        let graph = random(&mut rng, 3, 20, views);
        let earliest = graph.earliest(8);
        let found = graph.fewest_registers(8, &earliest, EFFORT);
        assert_eq!(cost(&graph, 8, &found), found.bits);
        assert!(found.bits <= earliest.bits);
        // Once more from there saves nothing.
        assert_eq!(graph.fewest_registers(8, &found, EFFORT), found);
    }
}
