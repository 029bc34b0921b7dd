//! Counting.

use gatewright_dsl::estimate::{self, estimate};
use gatewright_dsl::ids::{Id, NodeId};
use gatewright_dsl::ir::Design;
use gatewright_dsl::pass::expand::expanded;
use gatewright_layers::cost::Cost;
use gatewright_layers::hardware::Hardware;
use gatewright_layers::layer::Layer as Kind;
use gatewright_layers::network::{Network, Range, TensorTy};
use gatewright_layers::target::Family;

use super::survey::{Survey, owners};
use super::words::{self, counted, hull};
use super::{Estimate, FORMAT, HostStep, Layer, Report, Scale, Tensor, Totals, Weights};
use crate::graph::Graph;
use crate::package::Package;
use crate::synth::Flow;

impl Report {
    /// The report of a compiled model and its [`design`](Package::design).
    pub fn of(package: &Package, design: &Design) -> Report {
        let network = &package.model.network;
        let names: Vec<&str> = network.nodes.iter().map(|n| n.name.as_str()).collect();
        // Registers of products stand where they are in hardware.
        let design = &*expanded(design);
        let survey = Survey::of(design, &names);
        let tensors: Vec<Tensor> = (0..network.tensors()).map(|t| tensor(package, t)).collect();
        let found = estimated(package, design, &names);
        let hardware = Hardware::of(network, package.options.target.family);
        let layers: Vec<Layer> = (0..names.len()).map(|k| layer(network, &hardware, k, &survey, &found)).collect();
        let totals = totals(package, &layers, &survey, &found);
        let mut report = Report {
            format: FORMAT,
            name: network.name.clone(),
            source: package.source.clone(),
            architecture: "unrolled".to_owned(),
            interface: package.options.interface,
            totals,
            estimate: whole(package.options.target.family, &found),
            tensors,
            inputs: network.inputs.len(),
            layers,
            outputs: network.outputs.clone(),
            before: host(&package.model.head),
            behind: host(&package.model.tail),
            warnings: Vec::new(),
            assessment: None,
            seen: None,
            measured: Vec::new(),
        };
        report.warnings = warnings(&report);
        report.warnings.extend(bounds(package));
        report
    }
}

/// What the design takes, by layer.
fn estimated(package: &Package, design: &Design, names: &[&str]) -> estimate::Estimate {
    let owners = owners(design, names);
    let owner = |n: NodeId| owners.get(n.index()).copied().flatten();
    estimate(design, cells(package.options.target.family), names.len(), &owner)
}

/// What a design takes, in the cells that a flow counts; none for gates.
pub fn estimate_of(design: &Design, flow: Flow) -> Option<Estimate> {
    let (family, cells) = match flow {
        Flow::Xcup => (Family::Lut6, estimate::Family::Lut6),
        Flow::Ice40 => (Family::Lut4, estimate::Family::Ice40),
        Flow::Ecp5 => (Family::Lut4, estimate::Family::Ecp5),
        Flow::Generic => return None,
    };
    Some(whole(family, &estimate(design, cells, 0, &|_| None)))
}

fn cells(family: Family) -> estimate::Family {
    match family {
        // Of gates there is no estimate: LUTs say how large it is, too.
        Family::Lut6 | Family::Lut6Ternary | Family::Gates => estimate::Family::Lut6,
        Family::Lut4 => estimate::Family::Ice40,
    }
}

fn whole(family: Family, found: &estimate::Estimate) -> Estimate {
    Estimate {
        family,
        luts: found.luts,
        carries: found.carries,
        flip_flops: found.registers,
        shift_registers: found.shift_registers,
        depth: found.depth,
    }
}

/// Outputs that are not exact.
fn bounds(package: &Package) -> impl Iterator<Item = String> {
    let tail = &package.model.tail;
    let inexact = tail.outputs.iter().zip(&package.model.bounds).filter(|(_, bound)| **bound > 0.0);
    inexact.map(|(output, bound)| {
        let name = &tail.values[output.0].name;
        format!(
            "The hardware computes the softmax of `{name}`: each probability is within {bound:.2e} of the exact one. Without \
             --softmax-bits it gives the logits, exactly."
        )
    })
}

fn tensor(package: &Package, t: usize) -> Tensor {
    let network = &package.model.network;
    let ty = network.ty(t);
    let name = match t.checked_sub(network.inputs.len()) {
        Some(node) => &network.nodes[node].name,
        None => &network.inputs[t].0,
    };
    let Range { lo, hi } = hull(&ty.ranges);
    let widths = || ty.ranges.iter().map(|r| r.width());
    let ends = |values: &mut dyn Iterator<Item = f64>| {
        values.fold(None, |ends: Option<(f64, f64)>, v| Some(ends.map_or((v, v), |(a, b)| (a.min(v), b.max(v)))))
    };
    let scales = package.model.scales.get(t).map_or(&[][..], Vec::as_slice);
    let scale = ends(&mut scales.iter().map(|s| s.0)).zip(ends(&mut scales.iter().map(|s| s.1)));
    Tensor {
        name: name.clone(),
        shape: ty.shape.clone(),
        elements: ty.ranges.len(),
        least: lo,
        greatest: hi,
        bits_min: widths().min().unwrap_or(0),
        bits_max: widths().max().unwrap_or(0),
        bits: widths().map(u64::from).sum(),
        constants: ty.ranges.iter().filter(|r| r.only().is_some()).count(),
        scale: scale.map(|(scale, offset)| Scale { scale, offset }),
        seen: None,
    }
}

fn layer(network: &Network, hardware: &Hardware, k: usize, survey: &Survey, found: &estimate::Estimate) -> Layer {
    let node = &network.nodes[k];
    let types: Vec<&TensorTy> = node.inputs.iter().map(|&t| network.ty(t)).collect();
    let weights = match &node.layer {
        Kind::Dense(d) => {
            let data = &d.weights.data;
            let (lo, hi) = (data.iter().min().copied().unwrap_or(0), data.iter().max().copied().unwrap_or(0));
            let nonzero = data.iter().filter(|w| **w != 0).count();
            Some(Weights { count: data.len(), nonzero, bits: Range { lo, hi }.width() })
        }
        _ => None,
    };
    let part = survey.layers.get(k).cloned().unwrap_or_default();
    Layer {
        name: node.name.clone(),
        kind: words::kind(&node.layer, &types, &node.ty),
        reads: node.inputs.clone(),
        why: words::why(&node.layer, &types, &node.ty, &hardware.forms(k)) + &words::tables(hardware, k),
        weights,
        cost: Cost { luts: found.luts_of[k], ..hardware.cost(k) },
        register_bits: part.register_bits,
        clocks: part.stages,
    }
}

fn totals(package: &Package, layers: &[Layer], survey: &Survey, found: &estimate::Estimate) -> Totals {
    let network = &package.model.network;
    let mut cost = layers.iter().fold(Cost::default(), |sum, l| sum.beside(l.cost));
    let mut depths = vec![0; network.inputs.len()];
    for layer in layers {
        let before = layer.reads.iter().map(|&t| depths[t]).max().unwrap_or(0);
        depths.push(before + layer.cost.depth);
    }
    cost.depth = depths.into_iter().max().unwrap_or(0);
    cost.luts = found.luts;
    let clock = Some(package.options.target.clock_mhz()).filter(|c| *c > 0.0);
    let interval = 1;
    Totals {
        nonzero_weights: layers.iter().filter_map(|l| l.weights).map(|w| w.nonzero).sum(),
        weights: layers.iter().filter_map(|l| l.weights).map(|w| w.count).sum(),
        cost,
        registers: survey.registers,
        register_bits: survey.register_bits,
        memory_bits: survey.memory_bits,
        latency_clocks: package.latency,
        clock_mhz: clock,
        latency_ns: clock.map(|c| f64::from(package.latency) * 1000.0 / c),
        interval,
        samples_per_second: clock.map(|c| c * 1e6 / f64::from(interval)),
    }
}

fn host(graph: &Graph) -> Vec<HostStep> {
    let step = |node: &crate::graph::Node| HostStep {
        name: node.name.clone(),
        kind: words::operator(&node.op).to_owned(),
        shape: graph.values.get(node.output.0).map(|v| v.shape.clone()).unwrap_or_default(),
    };
    graph.nodes.iter().map(step).collect()
}

fn warnings(report: &Report) -> Vec<String> {
    let mut all = Vec::new();
    if report.totals.clock_mhz.is_none() {
        all.push("there is no clock rate, so there are no pipeline registers: latency and rate are not known; give --clock-mhz".to_owned());
    }
    if report.totals.clock_mhz.is_some() && report.totals.latency_clocks == 0 {
        all.push(
            "no registers are needed at this clock: the result follows in the sample's own clock, and the latency of 0 does not count the delay of the logic"
                .to_owned(),
        );
    }
    for tensor in report.tensors.iter().skip(report.inputs) {
        if tensor.constants > 0 {
            let (constants, of) = (tensor.constants, counted(tensor.elements, "element"));
            let name = &tensor.name;
            all.push(format!("{constants} of the {of} of `{name}` can have one value only: they take no logic, and the model does not need them"));
        }
    }
    all
}
