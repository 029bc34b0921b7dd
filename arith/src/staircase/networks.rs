//! The networks of a function of bits.

use super::codes::{Codes, cuts, thresholds};
use crate::net::{LUT, Net, Node, Signal};
use crate::truth::{Encoding, Function, implement};

/// Variables of the function that is decomposed.
const MAX_VARS: usize = 12;
/// High bits that may stay as they are.
const MAX_RAW: u32 = 7;
/// Comparisons that may stand for the low bits.
const MAX_CUTS: usize = 3;
/// Bits that choose a threshold.
const MAX_CHOOSING: usize = 7;

/// The function in a segment: the value at its begin, and its steps from there.
type Shape = (i64, Vec<(u64, i64)>);

/// The bits of the code above `low`, as variables.
struct High {
    vars: Vec<Signal>,
    /// The segment, of `2^low` codes, for each value of the variables; none where there is none.
    segments: Vec<Option<u64>>,
}

impl High {
    /// As they are; or the highest ones, of which many say the same, as fewer.
    fn of(codes: &Codes, low: u32, encoded: bool, net: &mut Net) -> Option<High> {
        let raw: Vec<Signal> = (low..codes.bits).map(Signal::Input).collect();
        let count = raw.len() as u32;
        if !encoded {
            return Some(High { vars: raw, segments: (0..1 << count).map(Some).collect() });
        }
        let top = count.checked_sub(LUT as u32).filter(|below| *below > 0)? + low;
        // Segments of 2^top codes that are alike have one class; which the unused ones have does not matter.
        let shape = |segment: u64| {
            let (from, to) = (segment << top, ((segment + 1) << top) - 1);
            let (a, b) = (codes.steps.partition_point(|s| s.0 <= from), codes.steps.partition_point(|s| s.0 <= to));
            let inside: Vec<(u64, i64)> = codes.steps[a..b].iter().map(|s| (s.0 - from, s.1)).collect();
            (!codes.unused(from, to)).then(|| ((codes.at(from), inside), codes.used(from, to)))
        };
        let (mut known, mut examples): (Vec<(Shape, bool)>, Vec<u64>) = Default::default();
        let mut classes = Vec::with_capacity(1 << LUT);
        for segment in 0..1 << LUT {
            let Some((shape, whole)) = shape(segment) else {
                classes.push(None);
                continue;
            };
            // The example of a class has all codes that are used in any of its segments.
            let class = known.iter().position(|k| k.0 == shape && (k.1 || whole)).unwrap_or(known.len());
            match known.get_mut(class) {
                None => {
                    known.push((shape, whole));
                    examples.push(segment);
                }
                Some(k) if !k.1 => {
                    k.1 = true;
                    examples[class] = segment;
                }
                Some(_) => {}
            }
            classes.push(Some(class as u32));
        }
        if known.len() > 1 << (LUT - 1) {
            return None;
        }
        // An unused segment is like the one before it.
        let mut last = classes.iter().flatten().next().copied().unwrap_or(0);
        let mut like_before = |class: Option<u32>| {
            last = class.unwrap_or(last);
            last
        };
        let classes: Vec<u32> = classes.into_iter().map(&mut like_before).collect();
        let below = (top - low) as usize;
        let (bits, code) = Encoding::of(classes.clone()).make(&raw[below..], net);
        let mut class_of = vec![None; 1 << bits.len()];
        code.iter().zip(&classes).for_each(|(code, class)| class_of[*code as usize] = Some(*class));
        let vars: Vec<Signal> = raw[..below].iter().copied().chain(bits).collect();
        let segment = |n: u64| {
            let class = class_of[(n >> below) as usize]?;
            Some(examples[class as usize] << below | (n & ((1 << below) - 1)))
        };
        Some(High { segments: (0..1_u64 << vars.len()).map(segment).collect(), vars })
    }
}

/// One network: the low `low` bits of the code matter only by comparisons with `cuts`.
fn by_cuts(codes: &Codes, low: u32, cuts: &[u64], encoded: bool, results: u32) -> Option<Net> {
    let mut net = Net { inputs: codes.bits, ..Net::default() };
    let bits: Vec<Signal> = (0..low).map(Signal::Input).collect();
    let above = |cut: u64| Node::AtLeast { of: bits.clone(), by: Vec::new(), least: vec![cut] };
    let mut vars: Vec<Signal> = cuts.iter().map(|c| net.push(above(*c))).collect();
    let high = High::of(codes, low, encoded, &mut net)?;
    vars.extend(&high.vars);
    if vars.len() > MAX_VARS {
        return None;
    }
    let mask = (1_u64 << results) - 1;
    let n = cuts.len();
    let word = |index: usize| {
        let state = index & ((1 << n) - 1);
        let high = high.segments[index >> n]? << low;
        // Comparisons hold up to one of them.
        let held = state.trailing_ones() as usize;
        let from = if held == 0 { 0 } else { cuts[held - 1] };
        let to = cuts.get(held).map_or((1 << low) - 1, |c| c - 1);
        (state >> held == 0).then(|| codes.word(high | from, high | to, mask)).flatten()
    };
    let words = (0..1 << vars.len()).map(word).collect();
    net.outputs = implement(&mut net, Function::new(vars, words, results));
    Some(net)
}

/// One network: each segment of `2^low` codes has at most one step, at `thresholds`.
fn by_segments(codes: &Codes, low: u32, thresholds: &[Option<u32>], encoded: bool, results: u32) -> Option<Net> {
    let mut net = Net { inputs: codes.bits, ..Net::default() };
    let bits = |from: u32, to: u32| (from..to).map(Signal::Input).collect::<Vec<_>>();
    let (by, least) = Function::new(bits(low, codes.bits), thresholds.to_vec(), low).reduced().parts();
    if by.len() > MAX_CHOOSING {
        return None;
    }
    let least = least.into_iter().map(|t| u64::from(t.unwrap_or(0))).collect();
    let mut vars = vec![net.push(Node::AtLeast { of: bits(0, low), by, least })];
    let high = High::of(codes, low, encoded, &mut net)?;
    vars.extend(&high.vars);
    if vars.len() > MAX_VARS {
        return None;
    }
    let mask = (1_u64 << results) - 1;
    let word = |index: usize| {
        let segment = high.segments[index >> 1]?;
        let (from, last) = (segment << low, (1 << low) - 1);
        match (index & 1, thresholds[segment as usize].map(u64::from)) {
            (_, None) => codes.word(from, from + last, mask),
            (0, Some(threshold)) => codes.word(from, from + threshold - 1, mask),
            (_, Some(threshold)) => codes.word(from + threshold, from + last, mask),
        }
    };
    let words = (0..1 << vars.len()).map(word).collect();
    net.outputs = implement(&mut net, Function::new(vars, words, results));
    Some(net)
}

/// The networks of one way to see the operand; few of them, or all.
pub(super) fn networks(codes: &Codes, results: u32, all: bool) -> Vec<Net> {
    let mut found = Vec::new();
    let ways = |low: u32| [true, false].into_iter().filter(move |e| *e || all && codes.bits - low <= MAX_RAW);
    for most in [1, MAX_CUTS] {
        let comparisons = (0..codes.bits).rev().find_map(|low| Some((low, cuts(codes, low, most)?)));
        // Several comparisons pay where they stand for many bits.
        if let Some((low, cuts)) = comparisons
            && (most == 1 || all && codes.bits - low <= MAX_RAW)
        {
            found.extend(ways(low).filter_map(|encoded| by_cuts(codes, low, &cuts, encoded, results)));
        }
    }
    let lows = (2..codes.bits).rev().filter_map(|low| Some((low, thresholds(codes, low)?)));
    for (low, thresholds) in lows.take(if all { 2 } else { 1 }) {
        found.extend(ways(low).filter_map(|encoded| by_segments(codes, low, &thresholds, encoded, results)));
    }
    found
}
