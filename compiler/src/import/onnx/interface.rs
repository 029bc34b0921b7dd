//! Inputs and outputs of a graph: their shapes for one sample.

use crate::graph::ValueId;
use crate::import::{Place, Problem};

use super::builder::Builder;
use super::call::Batch;
use super::order::{Order, Source};
use super::proto::{GraphProto, TensorTypeProto, ValueInfoProto};
use super::tensor::{Elem, shape_of};
use super::wrong::{Result, Wrong, wrong};

pub struct Interface<'a> {
    pub inputs: Vec<Input<'a>>,
    pub batch: Batch,
}

pub struct Input<'a> {
    pub name: &'a str,
    pub shape: Vec<usize>,
    pub elem: Elem,
}

fn tensor_type(info: &ValueInfoProto) -> Option<&TensorTypeProto> {
    info.r#type.as_ref()?.tensor_type.as_ref()
}

/// The declared lengths; `None` for one that is a symbol or missing.
fn lengths(info: &ValueInfoProto) -> Option<Vec<Option<i64>>> {
    let shape = tensor_type(info)?.shape.as_ref()?;
    // Negative ones and zero stand for "any" with some writers.
    Some(shape.dim.iter().map(|d| d.dim_value.filter(|&n| n > 0)).collect())
}

/// The shapes for one sample.
///
/// A first axis of another length than 1 counts samples if the outputs have it too; else it is an axis like others. A
/// first axis without a length always counts samples.
pub fn read<'a>(graph: &'a GraphProto, order: &Order, problems: &mut Vec<Problem>) -> Interface<'a> {
    let is_input = |name: &str| matches!(order.sources.get(name), Some(Source::Input));
    let inputs: Vec<&ValueInfoProto> = graph.input.iter().filter(|i| is_input(i.name())).collect();
    if inputs.is_empty() {
        problems.push(wrong("the graph has no inputs").at(Place::File));
    }
    if graph.output.is_empty() {
        problems.push(wrong("the graph has no outputs").at(Place::File));
    }
    let foreign = foreign(&inputs, &graph.output);
    let mut batch = Batch { foreign, many: foreign.is_some() };
    let mut out = Vec::with_capacity(inputs.len());
    for info in inputs {
        match input(info, &mut batch) {
            Ok(input) => out.push(input),
            Err(problem) => problems.push(problem.at(Place::Tensor(info.name().to_owned()))),
        }
    }
    Interface { inputs: out, batch }
}

/// The number of samples other than 1 for which the file is written.
fn foreign(inputs: &[&ValueInfoProto], outputs: &[ValueInfoProto]) -> Option<usize> {
    let first = |info: &ValueInfoProto| lengths(info).filter(|l| l.len() > 1).map(|l| l[0]);
    let mut fixed = inputs.iter().filter_map(|i| first(i).flatten());
    let batch = fixed.next().filter(|&n| n > 1)?;
    // An output without a declared shape says nothing.
    let agrees = |info: &ValueInfoProto| match lengths(info) {
        None => true,
        Some(lengths) => lengths.first().is_some_and(|n| n.is_none_or(|n| n == batch)),
    };
    (fixed.all(|n| n == batch) && outputs.iter().all(agrees)).then(|| usize::try_from(batch).ok()).flatten()
}

fn input<'a>(info: &'a ValueInfoProto, batch: &mut Batch) -> Result<Input<'a>> {
    let Some(declared) = tensor_type(info) else {
        return Err(
            wrong("the input is not a tensor").or("tensors only: sequences, maps and optionals are not supported")
        );
    };
    let elem = Elem::of(declared.elem_type())?;
    let lengths = lengths(info).ok_or_else(|| wrong("the input has no shape").or("export with a fixed shape"))?;
    let mut dims = Vec::with_capacity(lengths.len());
    for (k, length) in lengths.iter().enumerate() {
        dims.push(match length {
            None if k == 0 => {
                batch.many = true;
                1
            }
            None => {
                return Err(wrong(format!("axis {k} of the input has no fixed length"))
                    .or("export with fixed shapes; only the first axis, which counts samples, may be open"));
            }
            Some(n) if k == 0 && lengths.len() > 1 && batch.foreign.is_some_and(|b| *n == b as i64) => 1,
            Some(n) => *n,
        });
    }
    Ok(Input { name: info.name(), shape: shape_of(&dims)?, elem })
}

/// What is wrong with an output for which more than one sample was declared.
pub fn check_output(info: &ValueInfoProto, builder: &Builder, id: ValueId, batch: Batch) -> Option<Wrong> {
    let shape = &builder.graph.values[id.0].shape;
    let foreign = batch.foreign?;
    let declared = lengths(info)?;
    (declared.first() == Some(&i64::try_from(foreign).ok()) && shape.first() != Some(&1)).then(|| {
        wrong(format!(
            "the model is written for {foreign} samples at once, and for one this output has the shape {shape:?}"
        ))
        .or("export it for one sample, or with an open first axis")
    })
}
