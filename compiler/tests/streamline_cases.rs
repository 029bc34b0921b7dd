//! Small graphs on integers: what the golden model gives is what the graph gives in real numbers. Scales and constants are
//! dyadic, so that `float64` computes without error, where nothing else is said.

use std::sync::Arc;

use gatewright_compiler::eval;
use gatewright_compiler::graph::{Graph, Node, Op, Operand, Rounding, Tensor, Unary, ValueId, ValueInfo, count};
use gatewright_compiler::streamline::{Model, Options, streamline};
use proptest::prelude::*;

/// A graph in the making.
#[derive(Default)]
struct Build {
    graph: Graph,
}

impl Build {
    fn value(&mut self, shape: &[usize]) -> ValueId {
        let name = format!("v{}", self.graph.values.len());
        self.graph.values.push(ValueInfo { name, shape: shape.to_vec() });
        ValueId(self.graph.values.len() - 1)
    }

    fn node(&mut self, op: Op, inputs: Vec<Operand>, shape: &[usize]) -> Operand {
        let output = self.value(shape);
        let name = format!("n{}", self.graph.nodes.len());
        self.graph.nodes.push(Node { name, kind: "test".into(), op, inputs, output });
        Operand::Value(output)
    }

    /// A signed quantiser of this scale.
    fn quant(&mut self, x: Operand, scale: f64, bits: f64, shape: &[usize]) -> Operand {
        let op = Op::Quant { signed: true, narrow: false, rounding: Rounding::HalfEven };
        self.node(op, vec![x, scalar(scale), scalar(0.0), scalar(bits)], shape)
    }

    /// An input behind a quantiser of 5 bits.
    fn input(&mut self, scale: f64, shape: &[usize]) -> Operand {
        let input = self.value(shape);
        self.graph.inputs.push(input);
        self.quant(Operand::Value(input), scale, 5.0, shape)
    }

    fn output(&mut self, x: &Operand) {
        let Operand::Value(id) = x else { panic!("a constant as output") };
        self.graph.outputs.push(*id);
    }
}

fn scalar(value: f64) -> Operand {
    Operand::Const(Arc::new(Tensor::scalar(value)))
}

fn list(data: &[f64]) -> Operand {
    matrix(&[1, data.len()], data)
}

fn matrix(shape: &[usize], data: &[f64]) -> Operand {
    Operand::Const(Arc::new(Tensor { shape: shape.to_vec(), data: data.to_vec() }))
}

fn pick(from: &[(u32, u32)]) -> Op {
    Op::Pick(Arc::new(from.to_vec()))
}

/// Samples for the inputs: eighths from -5 to 5.
fn samples(graph: &Graph) -> Vec<Vec<Tensor>> {
    let mut seed = 1u64;
    let mut number = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((seed >> 40) % 81) as f64 / 8.0 - 5.0
    };
    let mut tensor = |id: &ValueId| {
        let shape = graph.values[id.0].shape.clone();
        Tensor { data: (0..count(&shape)).map(|_| number()).collect(), shape }
    };
    (0..40).map(|_| graph.inputs.iter().map(&mut tensor).collect()).collect()
}

/// The model, whose outputs differ by no more than `tolerance` from those of the graph.
#[track_caller]
fn exact(graph: &Graph, options: &Options, tolerance: f64) -> Model {
    let model = streamline(graph, options).unwrap_or_else(|e| panic!("{e}"));
    model.check().unwrap();
    let samples = samples(graph);
    let found = model.golden(&samples).unwrap();
    for (sample, found) in samples.iter().zip(&found) {
        let wanted = eval::outputs(graph, sample).unwrap();
        for (found, wanted) in found.iter().zip(&wanted) {
            assert_eq!(found.data.len(), wanted.data.len());
            let near = found.data.iter().zip(&wanted.data).all(|(a, b)| (a - b).abs() <= tolerance);
            assert!(near, "{found:?} and not {wanted:?}");
        }
    }
    model
}

/// x, 2 elements on a grid of 1/4, with `constants` around it.
fn around(constants: [f64; 2]) -> (Build, Operand) {
    let mut b = Build::default();
    let x = b.input(0.25, &[1, 2]);
    let y = b.node(pick(&[(0, 0), (1, 0), (1, 1), (0, 1)]), vec![list(&constants), x], &[1, 4]);
    (b, y)
}

#[test]
fn a_constant_on_the_grid_is_an_integer() {
    let (mut b, y) = around([0.75, -2.0]);
    b.output(&y);
    let model = exact(&b.graph, &Options::default(), 0.0);
    let (_, tensor) = model.network.outputs[0];
    let ranges = &model.network.ty(tensor).ranges;
    assert_eq!([ranges[0].only(), ranges[1].only(), ranges[3].only()], [Some(3), None, Some(-8)]);
    let (scale, offset) = model.scales[tensor][0];
    assert_eq!((scale, offset), (0.25, 0.0));
}

#[test]
fn a_constant_off_the_grid_keeps_its_value() {
    for constants in [[0.1, 1e30], [-1e-30, 0.5f64.powi(60)]] {
        let (mut b, y) = around(constants);
        b.output(&y);
        exact(&b.graph, &Options::default(), 0.0);
        // Behind a quantiser, too.
        let (mut b, y) = around(constants);
        let z = b.quant(y, 0.5, 4.0, &[1, 4]);
        b.output(&z);
        exact(&b.graph, &Options::default(), 0.0);
    }
}

#[test]
fn a_choice_between_tensors_and_a_constant() {
    let mut b = Build::default();
    let (x, y) = (b.input(0.5, &[1, 3]), b.input(0.375, &[1, 3]));
    // The numbers of operands count constants.
    let chosen = b.node(pick(&[(2, 0), (0, 1), (1, 0)]), vec![x, scalar(0.625), y], &[1, 3]);
    b.output(&chosen);
    exact(&b.graph, &Options::default(), 0.0);
}

#[test]
fn only_constants_are_chosen() {
    let mut b = Build::default();
    let x = b.input(0.5, &[1, 2]);
    let y = b.node(pick(&[(1, 0), (1, 1)]), vec![x, list(&[3.0, 0.3])], &[1, 2]);
    b.output(&y);
    exact(&b.graph, &Options::default(), 0.0);
}

#[test]
fn behind_an_activation_without_quantiser() {
    let mut b = Build::default();
    let x = b.input(0.25, &[1, 2]);
    let x = b.node(Op::Unary(Unary::Relu), vec![x], &[1, 2]);
    let y = b.node(pick(&[(0, 0), (1, 0), (0, 1)]), vec![x, scalar(-0.5)], &[1, 3]);
    b.output(&y);
    exact(&b.graph, &Options::default(), 0.0);
}

#[test]
fn sums_over_a_constant_off_the_grid_take_no_more_bits() {
    let mut b = Build::default();
    let (x, y) = (b.input(0.5, &[1, 1]), b.input(0.75, &[1, 1]));
    let z = b.node(pick(&[(0, 0), (1, 0), (2, 0)]), vec![x, scalar(0.1), y], &[1, 3]);
    let sum = b.node(Op::Sum { axes: vec![1], keep: false }, vec![z], &[1]);
    b.output(&sum);
    let model = exact(&b.graph, &Options::default(), 1e-12);
    let (_, tensor) = model.network.outputs[0];
    // Quarters: 2 * -16..=15 and 3 * -16..=15.
    let range = model.network.ty(tensor).ranges[0];
    assert_eq!((range.lo, range.hi), (-80, 75));
}

#[test]
fn the_greatest_of_a_constant_far_off_the_grid_is_refused() {
    let (mut b, y) = around([0.1, 0.25]);
    let greatest = b.node(Op::Max { axis: 1, keep: false }, vec![y], &[1]);
    b.output(&greatest);
    let error = streamline(&b.graph, &Options::default()).unwrap_err();
    assert!(error.to_string().contains("no common grid"), "{error}");
}

#[test]
fn positions_with_constants_share_weights() {
    // Two channels of different scales; the second position is padding.
    let mut b = Build::default();
    let x = b.input(0.25, &[1, 1, 2]);
    let x = b.node(Op::Mul, vec![x, matrix(&[1, 1, 2], &[1.0, 3.0])], &[1, 1, 2]);
    let x = b.node(pick(&[(0, 0), (0, 1), (1, 0), (1, 1)]), vec![x, list(&[0.0, 0.5])], &[1, 2, 2]);
    let y = b.node(Op::MatMul, vec![x, matrix(&[2, 3], &[1.0, -2.0, 0.5, 3.0, 1.0, 0.0])], &[1, 2, 3]);
    b.output(&y);
    exact(&b.graph, &Options::default(), 0.0);
}

#[test]
fn a_decision_with_a_constant() {
    let (mut b, y) = around([0.3, 0.25]);
    b.output(&y);
    let model = streamline(&b.graph, &Options { decision: true, ..Options::default() }).unwrap();
    let decided = b.node(Op::ArgMax { axis: 1, keep: false, last: false }, vec![y], &[1]);
    let Operand::Value(id) = decided else { panic!() };
    b.graph.outputs[0] = id;
    let samples = samples(&b.graph);
    for (sample, found) in samples.iter().zip(model.golden(&samples).unwrap()) {
        assert_eq!(found[0].data, eval::outputs(&b.graph, sample).unwrap()[0].data);
    }
}

#[test]
fn tensors_beyond_hardware_are_refused_at_once() {
    let mut b = Build::default();
    let input = b.value(&[5_000_000, 4]);
    b.graph.inputs.push(input);
    b.output(&Operand::Value(input));
    let options = Options { input_types: vec!["int<3>".parse().unwrap()], ..Options::default() };
    let error = streamline(&b.graph, &options).unwrap_err();
    assert!(error.problem.contains("[5000000, 4] has 20000000 elements"), "{error}");
}

fn dyadic() -> impl Strategy<Value = f64> {
    (-40i32..40, 0i32..5).prop_map(|(n, k)| f64::from(n) / f64::from(1 << k))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    /// Any choice among two tensors and two constants, and an operator behind it.
    #[test]
    fn choices(
        from in proptest::collection::vec((0u32..4, 0u32..3), 6),
        scales in (1i32..7, 1i32..7, 0usize..2),
        constants in proptest::collection::vec(dyadic(), 6),
        offset in dyadic(),
        then in 0usize..10,
    ) {
        let mut b = Build::default();
        let x = b.input(f64::from(scales.0) / 8.0, &[1, 3]);
        let y = b.input(f64::from(scales.1) / 4.0, &[1, 3]);
        let y = b.node(Op::Add, vec![y, scalar(offset)], &[1, 3]);
        let (c, d) = (list(&constants[..3]), list(&constants[3..]));
        let operands = if scales.2 == 0 { vec![x, c, y, d] } else { vec![c, d, y, x] };
        let z = b.node(pick(&from), operands, &[1, 3, 2]);
        let weights = [1.0, -2.0, 0.5, 3.0];
        let keep = true;
        let y = match then {
            0 => z,
            1 => b.node(Op::Max { axis: 1, keep }, vec![z], &[1, 1, 2]),
            9 => {
                let z = b.node(Op::Unary(Unary::Neg), vec![z], &[1, 3, 2]);
                b.node(Op::Max { axis: 2, keep }, vec![z], &[1, 3, 1])
            }
            2 => b.node(Op::Sum { axes: vec![1, 2], keep }, vec![z], &[1, 1, 1]),
            3 => b.node(Op::Mean { axes: vec![2], keep }, vec![z], &[1, 3, 1]),
            4 => b.quant(z, 0.75, 4.0, &[1, 3, 2]),
            5 => b.node(Op::Mul, vec![z.clone(), z], &[1, 3, 2]),
            6 => b.node(Op::Add, vec![z.clone(), z], &[1, 3, 2]),
            7 => b.node(Op::Unary(Unary::LeakyRelu(0.25)), vec![z], &[1, 3, 2]),
            _ => {
                // Scales by channel, as weights that positions share need them.
                let z = b.quant(z, 0.125, 8.0, &[1, 3, 2]);
                b.node(Op::MatMul, vec![z, matrix(&[2, 2], &weights)], &[1, 3, 2])
            }
        };
        b.output(&y);
        exact(&b.graph, &Options::default(), 0.0);
    }
}

#[test]
fn low_bits_are_cut_off() {
    for (rounding, from, to) in
        [(Rounding::Floor, 5.0, 3.0), (Rounding::HalfEven, 5.0, 2.0), (Rounding::Ceil, 5.0, 5.0)]
    {
        let mut b = Build::default();
        let x = b.input(0.25, &[1, 3]);
        let parameters = [0.25, 0.0, from, to].map(scalar);
        let y = b.node(Op::Trunc(rounding), [vec![x], parameters.to_vec()].concat(), &[1, 3]);
        b.output(&y);
        exact(&b.graph, &Options::default(), 0.0);
    }
    // Off the grid two roundings would follow each other.
    let mut b = Build::default();
    let x = b.input(0.25, &[1, 3]);
    let y = b.node(Op::Trunc(Rounding::Floor), [vec![x], [0.5, 0.0, 5.0, 3.0].map(scalar).to_vec()].concat(), &[1, 3]);
    b.output(&y);
    let said = streamline(&b.graph, &Options::default()).unwrap_err().to_string();
    assert!(said.contains("not on the grid of its scale"), "{said}");
}

#[test]
fn whole_powers_are_products() {
    for exponent in [1.0, 2.0, 3.0] {
        let mut b = Build::default();
        let x = b.input(0.25, &[1, 3]);
        let x = b.node(Op::Add, vec![x, scalar(0.5)], &[1, 3]);
        let y = b.node(Op::Pow, vec![x, scalar(exponent)], &[1, 3]);
        let y = b.quant(y, 0.5, 8.0, &[1, 3]);
        b.output(&y);
        exact(&b.graph, &Options::default(), 0.0);
    }
    let mut b = Build::default();
    let x = b.input(0.25, &[1, 3]);
    let y = b.node(Op::Pow, vec![x, scalar(0.5)], &[1, 3]);
    let y = b.quant(y, 0.5, 8.0, &[1, 3]);
    b.output(&y);
    let said = streamline(&b.graph, &Options::default()).unwrap_err().to_string();
    assert!(said.contains("whole exponents of 1 to 8"), "{said}");
}

#[test]
fn bounds_that_nothing_reaches_take_no_bits() {
    let widths = |upper: f64| {
        let mut b = Build::default();
        let x = b.input(0.25, &[1, 2]);
        let clip = Op::Unary(Unary::Clip(0.0, upper));
        let y = b.node(clip, vec![x], &[1, 2]);
        let y = b.node(Op::MatMul, vec![y, matrix(&[2, 2], &[1.0, -2.0, 3.0, 0.5])], &[1, 2]);
        b.output(&y);
        let model = exact(&b.graph, &Options::default(), 0.0);
        model.network.nodes.last().unwrap().ty.ranges.iter().map(|r| r.width()).collect::<Vec<_>>()
    };
    assert_eq!(widths(f64::from(f32::MAX)), widths(f64::INFINITY));
}

#[test]
fn no_decision_is_left_to_the_host_unsaid() {
    let decided = Options { decision: true, ..Options::default() };
    let argmax = |b: &mut Build, x| b.node(Op::ArgMax { axis: 1, keep: true, last: false }, vec![x], &[1, 1]);
    // The model's own, under another shape.
    let mut b = Build::default();
    let x = b.input(0.25, &[1, 4]);
    let y = argmax(&mut b, x);
    let y = b.node(pick(&[(0, 0)]), vec![y], &[1]);
    b.output(&y);
    let model = exact(&b.graph, &decided, 0.0);
    assert_eq!(model.indices, [Some(1)]);
    // A softmax with a quantiser behind it.
    let mut b = Build::default();
    let x = b.input(0.25, &[1, 4]);
    let y = b.node(Op::Softmax { axis: 1 }, vec![x], &[1, 4]);
    let y = b.quant(y, 0.125, 5.0, &[1, 4]);
    let y = argmax(&mut b, y);
    b.output(&y);
    assert_eq!(streamline(&b.graph, &Options::default()).unwrap().indices, [Some(1)]);
    let said = streamline(&b.graph, &decided).unwrap_err().to_string();
    assert!(said.contains("left to the host"), "{said}");
}

#[test]
fn decisions_behind_clips_are_in_the_hardware() {
    let mut b = Build::default();
    let x = b.input(0.25, &[1, 4]);
    let x = b.node(Op::Add, vec![x, list(&[0.0, 0.5, -0.25, 0.125])], &[1, 4]);
    let x = b.node(Op::Unary(Unary::Clip(-1.0, 1.5)), vec![x], &[1, 4]);
    let y = b.node(Op::ArgMax { axis: 1, keep: false, last: false }, vec![x], &[1]);
    b.output(&y);
    let model = exact(&b.graph, &Options::default(), 0.0);
    let [(_, tensor)] = model.network.outputs[..] else { panic!("one output") };
    assert_eq!(model.network.ty(tensor).ranges.len(), 1, "the position, and no scores");
}
