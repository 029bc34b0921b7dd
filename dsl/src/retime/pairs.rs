//! Vertices at the ends of a path that is longer than a period: registers have to be between them.

use super::arrival::Span;
use super::{Graph, Kind};

/// For each vertex those that have to be in a later stage, as far as this does not follow from the pairs of its users or from the
/// order along an edge. `None` where more than `effort` vertices would have to be visited.
pub(super) fn find(graph: &Graph, period: u64, effort: usize) -> Option<Vec<Vec<u32>>> {
    let users = graph.users();
    let mut pairs = vec![Vec::new(); graph.vertices.len()];
    let mut spans = vec![Span::default(); graph.vertices.len()];
    // Bit v: a path to v is known. Vertices are numbered in order, so the lowest one is next.
    let mut open = vec![0_u64; graph.vertices.len().div_ceil(64)];
    let mut visits = 0;
    for (start, vertex) in graph.vertices.iter().enumerate() {
        let whole = vertex.timing.whole();
        // A source stays where it is, and behind wires paths are no longer than behind what they lead to.
        if vertex.kind != Kind::Once || whole == 0 {
            continue;
        }
        let reach = |from: usize, span: Span, spans: &mut [Span], open: &mut [u64]| {
            for &x in &users[from] {
                let x = x as usize;
                let (word, bit) = (x / 64, 1 << (x % 64));
                spans[x] = if open[word] & bit == 0 { span } else { spans[x].join(span) };
                open[word] |= bit;
            }
        };
        reach(start, vertex.timing.after(Span::default()), &mut spans, &mut open);
        let mut word = start / 64;
        while word < open.len() {
            if open[word] == 0 {
                word += 1;
                continue;
            }
            let v = word * 64 + open[word].trailing_zeros() as usize;
            open[word] &= open[word] - 1;
            visits += 1;
            let end = graph.vertices[v].timing.after(spans[v]);
            if end.last <= period || graph.vertices[v].kind == Kind::View {
                reach(v, end, &mut spans, &mut open);
            } else if end.last - whole <= period {
                pairs[start].push(v as u32);
            }
        }
        if visits > effort {
            return None;
        }
    }
    Some(pairs)
}
