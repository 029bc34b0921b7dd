//! Neurons as tables of their input bits.
//!
//! A sum of few narrow elements, and the function of it behind it if nothing else reads the sum, is a function of few bits. As
//! a network of LUTs ([`gatewright_arith::lookup`]) it can take less than its additions and the function's own form.
//!
//! What a sum's additions take is only known for all sums of a matrix together, since they share additions. A neuron
//! whose table takes no more than the form of the function alone is a table in any case; and none is one if its table takes
//! more than all that it takes by itself, sharing nothing. Those between are ranked by what they save if nothing is
//! shared, the matrix is solved without the first ones of them, for a few numbers of these, and the least total counts.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use gatewright_arith::lookup::{self, Lookup, MOST_BITS};
use gatewright_arith::net::{Net, Node};
use gatewright_arith::sum;
use gatewright_dsl::prelude::{Int, concat, uint};

use crate::cost::Cost;
use crate::hardware::Hardware;
use crate::layer::{Dense, Layer, Matrix};
use crate::linear::Row;
use crate::net;
use crate::network::{Network, Range, TensorTy};
use crate::target::Family;

/// A function and the elements that are its operands.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Wired {
    operands: Vec<usize>,
    lookup: Arc<Lookup>,
}

/// Elements of a node that are made of elements of an earlier tensor.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Lookups {
    /// That tensor.
    pub of: usize,
    /// The sums that they stand for, where these are not the node's own.
    pub behind: Option<usize>,
    /// For each element of the node.
    pub elements: Vec<Option<Wired>>,
}

impl Lookups {
    pub fn count(&self) -> usize {
        self.elements.iter().flatten().count()
    }

    pub fn cost(&self) -> Cost {
        let different: HashSet<&Wired> = self.elements.iter().flatten().collect();
        different.into_iter().map(|w| cost(&w.lookup.net, Family::Lut6)).fold(Cost::default(), Cost::beside)
    }

    /// Puts the elements in their places.
    pub fn unrolled(&self, x: &[Int], out: &TensorTy, y: &mut [Int]) {
        for ((wired, range), y) in self.elements.iter().zip(&out.ranges).zip(y) {
            let Some(Wired { operands, lookup }) = wired else { continue };
            let bits = |(element, &(lo, hi)): (&usize, &(i64, i64))| {
                let width = Range { lo, hi }.width();
                x[*element].wrap(uint(width)).to_bits().zero_extend(width)
            };
            let words: Vec<_> = operands.iter().zip(&lookup.operands).rev().map(bits).collect();
            *y = net::element(&lookup.net, concat(&words), lookup.results.0 < 0, *range);
        }
    }
}

/// What a network of tables takes.
fn cost(net: &Net, family: Family) -> Cost {
    let six = net.cost();
    let luts = match family {
        Family::Lut6 | Family::Lut6Ternary => six.luts,
        // A table takes about twelve gates, which is twice what a position of an addition takes.
        Family::Gates => 2 * six.luts,
        // Tables of more than four inputs are several behind multiplexers.
        Family::Lut4 => {
            let table = |node: &Node| match node {
                Node::Table { inputs, .. } if inputs.len() > 4 => (3 << (inputs.len() - 5)) - 1,
                Node::Table { inputs, .. } => u64::from(inputs.len() > 1),
                Node::AtLeast { .. } => 0,
            };
            net.nodes.iter().map(table).sum()
        }
    };
    Cost { luts, depth: six.depth, ..Cost::default() }
}

/// A sum of narrow elements and the function behind it.
#[derive(PartialEq, Eq, Hash)]
struct Neuron {
    /// Weights and ranges.
    terms: Vec<(i128, Range)>,
    constant: i128,
    /// The range of the sum.
    range: Range,
    /// Of one element; none for the sum itself.
    function: Option<Layer>,
}

impl Neuron {
    fn find(&self) -> Option<Lookup> {
        let ranges: Vec<(i64, i64)> = self.terms.iter().map(|(_, r)| (r.lo, r.hi)).collect();
        let sum = |x: &[i64]| self.terms.iter().zip(x).fold(self.constant, |sum, ((w, _), x)| sum + w * i128::from(*x));
        let (found, out) = match &self.function {
            None => (lookup::find(&ranges, |x| sum(x) as i64), self.range),
            Some(function) => {
                let ty = TensorTy::uniform(vec![1], self.range);
                let out = function.output(&[&ty]).ok()?;
                let golden = function.prepared(1 << MOST_BITS, &[&ty], &out);
                (lookup::find(&ranges, |x| golden(1, &[&[sum(x) as i64]])[0]), out.ranges[0])
            }
        };
        // Sums that skip integers may not reach all results; the layers behind count on the whole range.
        found.filter(|found| found.results == (out.lo, out.hi))
    }
}

/// Functions that are kept: costs, reports and hardware ask for the same ones.
const KEPT: usize = 1 << 14;

/// As a network; none where it is no function for a table.
fn found(neuron: Neuron) -> Option<Arc<Lookup>> {
    static KNOWN: LazyLock<Mutex<HashMap<Neuron, Option<Arc<Lookup>>>>> = LazyLock::new(Mutex::default);
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(lookup) = known().get(&neuron) {
        return lookup.clone();
    }
    let lookup = neuron.find().map(Arc::new);
    let mut known = known();
    if known.len() >= KEPT {
        known.clear();
    }
    known.insert(neuron, lookup.clone());
    lookup
}

/// A row of a matrix, at all positions, that could be tables.
struct Candidate {
    row: usize,
    elements: Vec<Wired>,
    /// What the tables take.
    tables: u64,
    /// What the functions behind the sums take.
    functions: Cost,
    /// What the additions take if they share nothing.
    additions: u64,
}

impl Candidate {
    /// Tables take no more than the functions alone.
    fn sure(&self) -> bool {
        self.tables <= self.functions.luts
    }

    /// LUTs that tables save at most.
    fn saves(&self) -> u64 {
        (self.functions.luts + self.additions).saturating_sub(self.tables)
    }
}

/// A dense layer, its operand, and the layer that alone reads its sums, if it is a function of each.
struct Sums<'n> {
    dense: &'n Dense,
    x: &'n TensorTy,
    out: &'n TensorTy,
    reader: Option<&'n Layer>,
    family: Family,
}

impl Sums<'_> {
    fn candidate(&self, row: usize, weights: &Row) -> Option<Candidate> {
        let (rows, cols) = (self.dense.weights.rows, self.dense.weights.cols);
        let mut made = Candidate { row, elements: Vec::new(), tables: 0, functions: Cost::default(), additions: 0 };
        for (position, ranges) in self.x.ranges.chunks_exact(cols).enumerate() {
            let (element, first) = (position * rows + row, position * cols);
            let range = self.out.ranges[element];
            let (fixed, free): (Vec<_>, Vec<_>) = weights.terms.iter().partition(|(i, _)| ranges[*i].only().is_some());
            let bits = free.iter().fold(0_u32, |n, (i, _)| n.saturating_add(ranges[*i].width()));
            if bits > MOST_BITS {
                return None;
            }
            let constant = fixed.iter().fold(weights.constant, |c, (i, w)| c + w * i128::from(ranges[*i].lo));
            let neuron = Neuron {
                terms: free.iter().map(|(i, w)| (*w, ranges[*i])).collect(),
                constant,
                range,
                function: self.reader.and_then(|l| l.of_element(element, range)),
            };
            if let Some(function) = &neuron.function {
                let ty = TensorTy::uniform(vec![1], range);
                made.functions = made.functions.beside(function.cost(&[&ty], &ty));
            }
            let lookup = found(neuron)?;
            made.tables += cost(&lookup.net, self.family).luts;
            let wide: Vec<(i128, i128)> = ranges.iter().map(|r| r.wide()).collect();
            made.additions += sum::rows(&wide, std::slice::from_ref(&free)).luts();
            made.elements.push(Wired { operands: free.iter().map(|(i, _)| first + i).collect(), lookup });
        }
        (made.saves() > 0).then_some(made)
    }

    /// What everything takes where the first `n` of the candidates are tables.
    fn total(&self, candidates: &[Candidate], n: usize) -> (u64, u32) {
        let (tables, others) = candidates.split_at(n);
        let functions = others.iter().map(|c| c.functions).fold(Cost::default(), Cost::beside);
        let different: HashSet<&Wired> = tables.iter().flat_map(|c| &c.elements).collect();
        let tables_cost = different.into_iter().map(|w| cost(&w.lookup.net, self.family));
        let made = tables_cost.fold(self.without(tables).cost(self.x).then(functions), Cost::beside);
        (made.luts, made.depth)
    }

    /// The layer, in which the sums of some rows are 0.
    fn without(&self, tables: &[Candidate]) -> Dense {
        let (cols, mut data, mut bias) =
            (self.dense.weights.cols, self.dense.weights.data.clone(), self.dense.bias.clone());
        for candidate in tables {
            data[candidate.row * cols..][..cols].fill(0);
            bias.get_mut(candidate.row).into_iter().for_each(|b| *b = 0);
        }
        Dense { weights: Arc::new(Matrix { data, ..*self.dense.weights }), bias }
    }

    /// The rows that are tables.
    fn chosen(&self) -> Vec<Candidate> {
        let rows = self.dense.rows();
        let mut candidates: Vec<Candidate> =
            rows.iter().enumerate().filter_map(|(r, row)| self.candidate(r, row)).collect();
        candidates.sort_by_key(|c| (Reverse(c.sure()), Reverse(c.saves())));
        let (sure, all) = (candidates.iter().take_while(|c| c.sure()).count(), candidates.len());
        let mut numbers: Vec<usize> = (0..=STEPS).map(|k| sure + (all - sure) * k / STEPS).collect();
        numbers.dedup();
        // The matrix need not be solved where there is no choice.
        let best = if let [only] = numbers[..] {
            only
        } else {
            numbers.into_iter().min_by_key(|&n| (self.total(&candidates, n), n)).unwrap_or(0)
        };
        candidates.truncate(best);
        candidates
    }
}

/// Numbers of candidates that are tried, less one.
const STEPS: usize = 4;

/// Tables in the place of all neurons for which they are smaller.
pub(crate) fn with_lookups(mut network: Network, family: Family) -> Hardware {
    let mut lookups: Vec<Option<Lookups>> = vec![None; network.nodes.len()];
    for n in 0..network.nodes.len() {
        let (Layer::Dense(dense), [of]) = (&network.nodes[n].layer, &network.nodes[n].inputs[..]) else { continue };
        let (of, tensor) = (*of, network.inputs.len() + n);
        let reader = reader(&network, tensor);
        let behind = reader.map(|m| &network.nodes[m].layer);
        let sums = Sums { dense, x: network.ty(of), out: &network.nodes[n].ty, reader: behind, family };
        let chosen = sums.chosen();
        if chosen.is_empty() {
            continue;
        }
        let rows = dense.weights.rows;
        let without = Layer::Dense(sums.without(&chosen));
        let mut elements = vec![None; network.nodes[n].ty.ranges.len()];
        for Candidate { row, elements: tables, .. } in chosen {
            for (position, wired) in tables.into_iter().enumerate() {
                let element = position * rows + row;
                elements[element] = Some(wired);
                if reader.is_some() {
                    network.nodes[n].ty.ranges[element] = Range::of(0);
                }
            }
        }
        network.nodes[n].layer = without;
        lookups[reader.unwrap_or(n)] = Some(Lookups { of, behind: reader.map(|_| tensor), elements });
    }
    Hardware { network, lookups }
}

/// The node that alone reads a tensor, where it is a function of each element that may take any form.
fn reader(network: &Network, tensor: usize) -> Option<usize> {
    let shown = network.outputs.iter().any(|(_, t)| *t == tensor);
    let mut readers = (0..network.nodes.len()).filter(|&m| network.nodes[m].inputs.contains(&tensor));
    let (Some(only), None, false) = (readers.next(), readers.next(), shown) else { return None };
    network.nodes[only].layer.of_element(0, network.ty(tensor).ranges.first().copied()?).map(|_| only)
}
