//! Steepest ascent: from the earliest schedule toward later ones, as long as that saves registers.

use super::arrival::tails;
use super::flow::Closure;
use super::{Graph, Kind};

/// How long each value lives: from its stage to the last one in which it is used.
pub(super) struct Lives {
    pub stages: Vec<u32>,
    last: Vec<u32>,
    /// The first stage in which each value can be there: of a view earlier than its own where it is made again.
    ready: Vec<u32>,
    is_output: Vec<bool>,
    latency: u32,
}

impl Lives {
    pub fn new(graph: &Graph, stages: Vec<u32>, latency: u32) -> Lives {
        let n = graph.vertices.len();
        let mut is_output = vec![false; n];
        graph.outputs.iter().for_each(|&v| is_output[v] = true);
        let mut lives = Lives { stages, last: vec![0; n], ready: vec![0; n], is_output, latency };
        lives.update(graph);
        lives
    }

    /// Brings what follows from the stages up to date.
    fn update(&mut self, graph: &Graph) {
        for (v, vertex) in graph.vertices.iter().enumerate() {
            self.ready[v] = match vertex.kind {
                Kind::View => vertex.operands.iter().map(|&u| self.ready[u]).max().unwrap_or(0),
                _ => self.stages[v],
            };
            self.last[v] = if self.is_output[v] { self.latency } else { 0 };
        }
        for (v, vertex) in graph.vertices.iter().enumerate().rev() {
            if vertex.bits.is_none() {
                self.stages[v] = self.stages[v].max(self.last[v]);
            }
            self.last[v] = self.last[v].max(self.stages[v]);
            for &u in &vertex.operands {
                self.last[u] = self.last[u].max(self.stages[v]);
            }
        }
    }

    pub fn bits(&self, graph: &Graph) -> u64 {
        let spans = self.stages.iter().zip(&self.last).map(|(stage, last)| u64::from(last - stage));
        graph.vertices.iter().zip(spans).map(|(v, span)| v.bits.unwrap_or(0) * span).sum()
    }

    /// Moves what saves most to the next stage, regarding `pairs` that have to be in different stages. False where nothing saves.
    pub fn step(&mut self, graph: &Graph, pairs: &[Vec<u32>]) -> bool {
        let mut closure = self.closure(graph, |_| true);
        for (u, later) in pairs.iter().enumerate() {
            for &v in later.iter().filter(|&&v| self.stages[v as usize] == self.stages[u] + 1) {
                closure.demand(u, v as usize);
            }
        }
        self.take(graph, &closure.best())
    }

    /// Moves over one cut at a time, the last one first, until no cut alone saves anything.
    pub fn cut_by_cut(&mut self, graph: &Graph, period: u64) {
        let mut saves = true;
        while saves {
            saves = false;
            for cut in (1..=self.latency).rev() {
                let tails = tails(graph, &self.ready, cut);
                let mut closure = self.closure(graph, |stage| stage + 1 == cut);
                for (v, vertex) in graph.vertices.iter().enumerate() {
                    // A view can stay before the cut and be made again behind it.
                    if vertex.kind == Kind::Once && tails[v] > period {
                        closure.fix(v);
                    }
                }
                saves |= self.take(graph, &closure.best());
            }
        }
    }

    fn take(&mut self, graph: &Graph, chosen: &[bool]) -> bool {
        let mut any = false;
        for (stage, _) in self.stages.iter_mut().zip(chosen).filter(|(_, chosen)| **chosen) {
            *stage += 1;
            any = true;
        }
        if any {
            self.update(graph);
        }
        any
    }

    /// What goes to the next stage, of what is in stages that `may`. Things are the stages of the vertices, then the last stages of their
    /// values, then the first stages in which views can be there.
    fn closure(&self, graph: &Graph, may: impl Fn(u32) -> bool) -> Closure {
        let n = graph.vertices.len();
        let (last, view) = (|v: usize| n + v, |v: usize| 2 * n + v);
        let mut closure = Closure::new(3 * n);
        for (v, vertex) in graph.vertices.iter().enumerate() {
            let stage = self.stages[v];
            let is_view = vertex.kind == Kind::View;
            if may(stage) {
                closure.gains(v, vertex.bits.unwrap_or(0));
                if self.last[v] == stage && vertex.bits.is_some() {
                    closure.demand(v, last(v));
                }
                if vertex.kind == Kind::Source || (!is_view && self.is_output[v] && stage == self.latency) {
                    closure.fix(v);
                }
                for &u in &vertex.operands {
                    match graph.vertices[u].bits {
                        Some(_) if self.last[u] == stage => closure.demand(v, last(u)),
                        None if self.stages[u] == stage => closure.demand(v, u),
                        _ => {}
                    }
                }
            } else {
                closure.fix(v);
            }
            if may(self.last[v]) {
                closure.costs(last(v), vertex.bits.unwrap_or(0));
            } else {
                closure.fix(last(v));
            }
            // From here on, when the value can be there.
            let there = if is_view { view(v) } else { v };
            if !may(self.ready[v]) {
                closure.fix(there);
                continue;
            }
            if is_view {
                if self.ready[v] == stage {
                    closure.demand(there, v);
                }
                if self.is_output[v] && self.ready[v] == self.latency {
                    closure.fix(there);
                }
            }
            for &u in vertex.operands.iter().filter(|&&u| self.ready[u] == self.ready[v]) {
                closure.demand(if graph.vertices[u].kind == Kind::View { view(u) } else { u }, there);
            }
        }
        closure
    }
}
