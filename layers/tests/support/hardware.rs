//! Networks in hardware: built, driven through their ports, and compared with the definitions.

use std::sync::Arc;

use gatewright_dsl::ir::{Design, Dir};
use gatewright_dsl::prelude::Options;
use gatewright_dsl::ty::Ty;
use gatewright_dsl::value::Value;
use gatewright_layers::network::{Network, TensorTy};
use gatewright_layers::ports::{int_ty, tensor_names};
use gatewright_layers::target::{Family, Target};
use gatewright_layers::unrolled::{Timed, Unrolled};
use gatewright_sim::rng::Rng;
use gatewright_sim::{Dut, Pin};

/// For the fastest of a few clocks that the network's operations can keep up with.
pub fn fastest<T: Timed>(network: &Arc<Network>, wrap: impl Fn(Unrolled) -> T) -> (Design, u32) {
    for clock in [500.0, 250.0, 125.0, 60.0, 30.0] {
        let target = Target::mhz(clock, Family::Lut6);
        match wrap(Unrolled { network: network.clone(), target }).elaborate(&Options::default()) {
            Ok(done) => return done,
            Err(e) => assert!(e.0.iter().all(|d| d.code.to_string() == "E0217"), "{e}"),
        }
    }
    panic!("{}: no clock will do", network.name)
}

pub fn combinational(network: &Arc<Network>) -> Design {
    let unrolled = Unrolled { network: network.clone(), target: Target::combinational() };
    let (design, latency) = unrolled.elaborate(&Options::default()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(latency, 0);
    design
}

/// The pins of tensors by the names that the ports have, element by element; types are the exact ranges.
fn pins<'t>(dut: &dyn Dut, names: &[String], types: impl Iterator<Item = &'t TensorTy>, dir: Dir) -> Vec<Vec<Pin>> {
    let tensor = |(name, ty): (&String, &TensorTy)| {
        let element = |(n, range)| {
            let pin = dut.pin(&format!("{name}_{n}")).unwrap_or_else(|e| panic!("{e}"));
            let info = &dut.pins()[pin.index()];
            assert_eq!((info.dir, info.ty), (dir, Ty::Int(int_ty(range))), "{}", info.name);
            pin
        };
        ty.ranges.iter().copied().enumerate().map(element).collect()
    };
    names.iter().zip(types).map(tensor).collect()
}

/// The values of one clock, and the expected outputs where they are valid.
type Clock = (Vec<Vec<i64>>, Option<Vec<Vec<i128>>>);

/// A design with its stimulus: samples with gaps between, in which the inputs hold anything.
pub struct Bench {
    pub network: Arc<Network>,
    pub latency: u32,
    clocks: Vec<Clock>,
}

impl Bench {
    pub fn new(network: Arc<Network>, latency: u32, seed: u64, count: usize) -> Bench {
        let mut rng = Rng::new(seed);
        let samples = super::samples(&network, &mut rng, count);
        let outputs = |x: &Vec<Vec<i64>>| {
            let tensors = super::evaluate(&network, x);
            network.outputs.iter().map(|(_, t)| tensors[*t].clone()).collect()
        };
        let clocks = samples.into_iter().map(|x| {
            let y = rng.chance(0.7).then(|| outputs(&x));
            (x, y)
        });
        let clocks = clocks.collect();
        Bench { network, latency, clocks }
    }

    pub fn cycles(&self) -> usize {
        self.clocks.len() + self.latency as usize
    }

    /// Drives the inputs of one clock and compares what comes out.
    pub fn clock(&self, dut: &mut dyn Dut, cycle: usize) {
        let (names, out_names) = tensor_names(&self.network);
        let inputs = pins(dut, &names, self.network.inputs.iter().map(|(_, ty)| ty), Dir::Input);
        let types = self.network.outputs.iter().map(|(_, t)| self.network.ty(*t));
        let outputs = pins(dut, &out_names, types, Dir::Output);
        let (valid, out_valid) = (dut.pin("in_valid").unwrap(), dut.pin("out_valid").unwrap());
        let now = self.clocks.get(cycle);
        dut.poke_i64(valid, i64::from(now.is_some_and(|c| c.1.is_some()))).unwrap();
        for (pin, value) in now.into_iter().flat_map(|(x, _)| inputs.iter().flatten().zip(x.iter().flatten())) {
            dut.poke_i64(*pin, *value).unwrap_or_else(|e| panic!("{e}"));
        }
        let wanted =
            cycle.checked_sub(self.latency as usize).and_then(|c| self.clocks.get(c)).and_then(|c| c.1.as_ref());
        let found = dut.peek(out_valid).unwrap();
        assert_eq!(found, Value::from(wanted.is_some()), "{}: out_valid in cycle {cycle}", self.network.name);
        for (pin, value) in wanted.into_iter().flat_map(|y| outputs.iter().flatten().zip(y.iter().flatten())) {
            let found = dut.peek(*pin).unwrap();
            if found != Value::from(*value) {
                let name = &dut.pins()[pin.index()].name;
                let nodes = self.network.nodes.iter().enumerate();
                let nodes: Vec<_> = nodes.map(|(n, x)| (n + self.network.inputs.len(), &x.layer, &x.inputs)).collect();
                let network = &self.network.name;
                panic!(
                    "{network}, cycle {cycle}: {name} is {found}, wanted {value}, latency {} in {nodes:#?}",
                    self.latency
                );
            }
        }
    }
}
