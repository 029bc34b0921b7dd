//! The real models on Verilator, all in one build: each clock of the stored samples against the golden model, which the
//! compiler's tests compare with the stored outputs.

#![allow(missing_docs)]

#[path = "../../compiler/tests/support/mod.rs"]
mod support;

use gatewright_compiler::import::onnx;
use gatewright_compiler::package::{Options as CompileOptions, Package};
use gatewright_dsl::ir::Design;
use gatewright_dsl::value::Value;
use gatewright_layers::network::{Batch as Integers, TensorTy};
use gatewright_layers::ports::tensor_names;
use gatewright_layers::target::{Family, Target};
use gatewright_sim::verilator::Options;
use gatewright_sim::{Batch, Dut, Pin, SimError, Verilated};
use support::{array, models, rows};

/// Samples of each model.
const SAMPLES: usize = 40;

/// Name, input type, and bits of a softmax in the hardware.
const MODELS: [(&str, Option<&str>, Option<u32>); 5] = [
    ("digits_mlp_w4a4", None, None),
    ("tfc_1w1a", None, None),
    ("tfc_2w2a", None, None),
    ("jet_tagging_qkeras", Some("fixed<14,4>"), Some(8)),
    ("jets_deepsets_w6a6", None, None),
];

struct Run {
    package: Package,
    inputs: Vec<Integers>,
    golden: Vec<Integers>,
}

fn compiled((name, input_type, softmax_bits): (&str, Option<&str>, Option<u32>)) -> Option<(Design, Run)> {
    let folder = models()?.join(name);
    let graph = onnx::read(&folder.join("model.onnx")).unwrap_or_else(|e| panic!("{e}"));
    let input_types = input_type.map(|t| vec![t.parse().unwrap()]).unwrap_or_default();
    let target = Target::mhz(200.0, Family::Lut6);
    let options = CompileOptions { input_types, softmax_bits, target, ..CompileOptions::default() };
    let (package, design) = Package::compile(&graph, name, options).unwrap_or_else(|e| panic!("{name}: {e}"));
    let samples = rows(&array(&folder.join("inputs.npy"))).into_iter().take(SAMPLES);
    let inputs = package.model.integers(&samples.map(|x| vec![x]).collect::<Vec<_>>()).unwrap();
    let golden = package.model.network.outputs(SAMPLES, &inputs).unwrap();
    Some((design, Run { package, inputs, golden }))
}

#[test]
fn every_clock_is_the_golden_models() {
    let all: Option<Vec<_>> = MODELS.into_iter().map(compiled).collect();
    let Some(all) = all else { return };
    let batch = Batch::new(all.iter().map(|(design, _)| design)).unwrap_or_else(|e| panic!("{e}"));
    let options = Options { optimise: "-O0".into(), ..Options::default() };
    let mut dut = match Verilated::with(&batch.design, &options) {
        Ok(dut) => dut,
        // Where Verilator is missing the test is skipped, but not in CI.
        Err(e @ SimError::NoVerilator { .. }) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {e}");
            return;
        }
        Err(e) => panic!("{e}"),
    };
    let latest = all.iter().map(|(_, run)| run.package.latency as usize).max().unwrap_or(0);
    let pins: Vec<Pins> = (0..all.len()).map(|n| Pins::of(&all[n].1, &mut dut, &batch, n)).collect();
    dut.reset(true).unwrap();
    dut.step().unwrap();
    dut.reset(false).unwrap();
    for clock in 0..SAMPLES + latest {
        for (n, (_, run)) in all.iter().enumerate() {
            let mut view = batch.view(&mut dut, n).unwrap_or_else(|| panic!("design {n}"));
            pins[n].clock(run, &mut view, clock);
        }
        dut.step().unwrap_or_else(|e| panic!("clock {clock}: {e}"));
    }
}

struct Pins {
    inputs: Vec<Vec<Pin>>,
    outputs: Vec<Vec<Pin>>,
    valid: Pin,
    out_valid: Pin,
}

impl Pins {
    fn of(run: &Run, dut: &mut Verilated, batch: &Batch, n: usize) -> Pins {
        let view = batch.view(dut, n).unwrap();
        let network = &run.package.model.network;
        let (ins, outs) = tensor_names(network);
        let pins = |name: &String, ty: &TensorTy| -> Vec<Pin> {
            (0..ty.ranges.len()).map(|e| view.pin(&format!("{name}_{e}")).unwrap_or_else(|e| panic!("{e}"))).collect()
        };
        Pins {
            inputs: ins.iter().zip(&network.inputs).map(|(name, (_, ty))| pins(name, ty)).collect(),
            outputs: outs.iter().zip(&network.outputs).map(|(name, (_, t))| pins(name, network.ty(*t))).collect(),
            valid: view.pin("in_valid").unwrap(),
            out_valid: view.pin("out_valid").unwrap(),
        }
    }

    /// A sample in each of the first clocks; its result `latency` clocks later, and none else.
    fn clock(&self, run: &Run, dut: &mut dyn Dut, clock: usize) {
        dut.poke_i64(self.valid, i64::from(clock < SAMPLES)).unwrap();
        for (pins, batch) in self.inputs.iter().zip(&run.inputs).filter(|_| clock < SAMPLES) {
            for (pin, value) in pins.iter().zip(&batch[clock * pins.len()..]) {
                dut.poke_i64(*pin, *value).unwrap();
            }
        }
        let name = &run.package.source;
        let due = clock.checked_sub(run.package.latency as usize).filter(|sample| *sample < SAMPLES);
        assert_eq!(dut.peek(self.out_valid).unwrap(), Value::from(due.is_some()), "{name}, clock {clock}");
        let Some(sample) = due else { return };
        for (pins, golden) in self.outputs.iter().zip(&run.golden) {
            for (e, pin) in pins.iter().enumerate() {
                let wanted = Value::from(golden[sample * pins.len() + e]);
                assert_eq!(dut.peek(*pin).unwrap(), wanted, "{name}, sample {sample}, element {e}");
            }
        }
    }
}
