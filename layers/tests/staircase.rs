//! Step functions as staircases: hardware on every value of their ranges, offsets in the sums before, and what has none.

#![allow(missing_docs)]

use std::sync::Arc;

use gatewright_dsl::ir::Design;
use gatewright_dsl::prelude::Options;
use gatewright_layers::layer::{Dense, Form, Layer, Made, Matrix, StepFunction, Steps};
use gatewright_layers::network::{Network, Range, TensorTy};
use gatewright_layers::target::Target;
use gatewright_layers::unrolled::{Timed, Unrolled};
use gatewright_sim::{Dut, Interpreter};

fn function(first: i64, up: i64, positions: &[i64]) -> StepFunction {
    let steps = positions.iter().enumerate().map(|(n, p)| (*p, first + up * (n as i64 + 1))).collect();
    StepFunction { first, steps }
}

fn staircases(functions: Vec<StepFunction>) -> Steps {
    let of = (0..functions.len() as u32).collect();
    Steps { functions: Arc::new(functions), of: Arc::new(of), form: Form::Staircase }
}

fn combinational(network: Network) -> Design {
    let unrolled = Unrolled { network: Arc::new(network), target: Target::combinational() };
    unrolled.elaborate(&Options::default()).unwrap_or_else(|e| panic!("{e}")).0
}

/// The value by counting the steps at or below `x`.
fn counted(f: &StepFunction, x: i64) -> i64 {
    f.steps.iter().rfind(|s| s.0 <= x).map_or(f.first, |s| s.1)
}

#[test]
fn hardware_equals_the_steps_everywhere() {
    let jets: Vec<i64> = (0..63).map(|n| -43 + 8 * n - n % 2).collect();
    let uneven: Vec<i64> = (0..63).map(|n| 242 + (n * 3342 + 31) / 62).collect();
    let irregular = [-207, -169, -132, -94, -56, -18, 19, 57, 95, 133, 171, 208, 246, 284, 322];
    let cases = [
        (-9431, 9439, function(0, 1, &jets)),
        (-5597, 5623, function(0, 1, &uneven)),
        (-2821, 1581, function(0, 1, &irregular)),
        (-2821, 1581, function(7, -1, &irregular)),
        (-233, 233, function(-1, 1, &[-58, -47])),
        (-43, 43, function(1, -1, &[3, 8])),
        (-370, 414, function(0, 1, &[-7])),
        (1000, 1012, function(-3, 5, &[1001, 1002, 1010])),
        (-12, -5, function(100, 1, &[-8])),
        (-300, 300, StepFunction { first: 2, steps: vec![(-90, 5), (-20, 1), (17, 9), (18, 0), (200, 6)] }),
    ];
    let (ranges, functions): (Vec<Range>, Vec<StepFunction>) =
        cases.into_iter().map(|(lo, hi, f)| (Range { lo, hi }, f)).unzip();
    let x = TensorTy { shape: vec![ranges.len()], ranges: ranges.clone() };
    let steps = staircases(functions.clone());
    assert!(steps.forms(&x).iter().all(|(made, _)| matches!(made, Made::Staircase(_))));
    let mut net = Network { name: "stairs".into(), inputs: vec![("x".into(), x)], ..Network::default() };
    let y = net.push("act".into(), Layer::Steps(steps), vec![0]).unwrap();
    net.outputs.push(("y".into(), y));
    let mut dut = Interpreter::new(&combinational(net)).unwrap();
    let pins = |dut: &Interpreter, name: &str| -> Vec<_> {
        (0..ranges.len()).map(|n| dut.pin(&format!("{name}_{n}")).unwrap()).collect()
    };
    let (inputs, outputs) = (pins(&dut, "x"), pins(&dut, "y"));
    let longest = ranges.iter().map(|r| r.hi - r.lo).max().unwrap();
    for n in 0..=longest {
        let values: Vec<i64> = ranges.iter().map(|r| r.lo + n % (r.hi - r.lo + 1)).collect();
        for (pin, value) in inputs.iter().zip(&values) {
            dut.poke_i64(*pin, *value).unwrap();
        }
        dut.step().unwrap();
        for ((pin, f), x) in outputs.iter().zip(&functions).zip(&values) {
            assert_eq!(dut.peek(*pin).unwrap(), counted(f, *x).into(), "{f:?} at {x}");
        }
    }
}

/// The operand's offset is a constant of the sum before, where nothing else reads that sum.
#[test]
fn offsets_go_into_sums() {
    let network = |shown: bool, functions: Vec<StepFunction>| {
        let x = TensorTy::uniform(vec![2, 3], Range { lo: -8, hi: 7 });
        let mut net = Network { name: "moved".into(), inputs: vec![("x".into(), x)], ..Network::default() };
        let weights = Arc::new(Matrix { rows: 2, cols: 3, data: vec![1, 3, -2, -4, 1, 1] });
        let sum = net.push("fc".into(), Layer::Dense(Dense { weights, bias: vec![] }), vec![0]).unwrap();
        let of = if functions.len() == 4 { vec![0, 1, 2, 3] } else { vec![0, 1, 0, 1] };
        let steps = Steps { functions: Arc::new(functions), of: Arc::new(of), form: Form::Staircase };
        let y = net.push("act".into(), Layer::Steps(steps), vec![sum]).unwrap();
        net.outputs.push(("y".into(), y));
        if shown {
            net.outputs.push(("sum".into(), sum));
        }
        net
    };
    // Signs of 3 + x and of x - 11, so that both want an offset, which is the same at both positions or not.
    let alike = vec![function(0, 1, &[-3]), function(0, 1, &[11])];
    let unlike = vec![function(0, 1, &[-3]), function(0, 1, &[11]), function(0, 1, &[-5]), function(0, 1, &[11])];
    for (net, moved) in [
        (network(false, alike.clone()), [true, true, true, true]),
        (network(true, alike), [false; 4]),
        (network(false, unlike), [false, true, false, true]),
    ] {
        let golden = net.clone();
        let design = combinational(net);
        let top = &design.modules[design.top];
        let named = |name: &str| top.names.iter().find(|(_, n)| *n == name).map(|(node, _)| top.nodes[*node].ty);
        for (n, moved) in moved.into_iter().enumerate() {
            let ty = named(&format!("net_fc_{n}")).unwrap_or_else(|| panic!("no sum {n}"));
            let own = golden.ty(1).ranges[n];
            assert_eq!(ty.range().lo() != own.lo.into(), moved, "sum {n}: {ty:?}");
        }
        let mut dut = Interpreter::new(&design).unwrap();
        for sample in 0..200_i64 {
            let x: Vec<i64> = (0..6).map(|k| (sample * (7 + 2 * k) + k * k * sample / 3) % 16 - 8).collect();
            for (n, x) in x.iter().enumerate() {
                let pin = dut.pin(&format!("x_{n}")).unwrap();
                dut.poke_i64(pin, *x).unwrap();
            }
            dut.step().unwrap();
            let tensors = golden.run(1, vec![Arc::new(x)]).unwrap();
            for (name, tensor) in &golden.outputs {
                for (n, wanted) in tensors[*tensor].iter().enumerate() {
                    let pin = dut.pin(&format!("{name}_{n}")).unwrap();
                    assert_eq!(dut.peek(pin).unwrap(), (*wanted).into(), "{name}_{n} of sample {sample}");
                }
            }
        }
    }
}

#[test]
fn what_has_no_staircase_is_said() {
    let x = TensorTy::uniform(vec![1], Range { lo: 0, hi: 1 << 30 });
    let error = Layer::Steps(staircases(vec![function(0, 1, &[5, 77])])).output(&[&x]).unwrap_err();
    let wanted = "no network of few tables and comparisons equals its function on 0..=1073741824";
    assert!(error.to_string().contains(wanted), "{error}");
}
